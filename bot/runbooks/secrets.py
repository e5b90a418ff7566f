"""What is secret about runs: handed to Ansible by name, known in order to be hidden, shown to nobody.

Known are: the bot's own tokens and passwords, the variables that an environment hands to its runs, the password of its vault, and
everything that the vault's files beside its inventory and beside the playbooks say.
"""

import asyncio
import json
import re
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

import yaml

from bot import resources
from bot.config.runbooks import Environment
from bot.config.values import clip
from bot.directory.service import Directory
from bot.errors import InvalidInput
from bot.runbooks.hiding import Hiding
from bot.runbooks.homes import bare_environment

VAULT = re.compile(r"\$ANSIBLE_VAULT;[^\n]+\n(?:[ \t]*[0-9a-f]+[ \t]*(?:\n|$))+")
LARGEST = 2_000_000
OPENS_WITHIN_S = 30


class Secrets:
    """Secrets of every environment. `home` is the configuration's directory, `environ` the process's, `own` the bot's own secrets."""

    def __init__(self, directory: Directory, home: Path, environ: Mapping[str, str], own: Iterable[str]) -> None:
        self._directory = directory
        self._home = home
        self._environ = environ
        self._own = frozenset(own)
        self._opened: dict[tuple[bytes, tuple[str, ...]], frozenset[str]] = {}
        self._known: frozenset[str] = frozenset()
        self._hiding: Hiding | None = None

    def hiding(self) -> Hiding:
        """Hides what is known so far."""
        return self._hiding or Hiding(self._own)

    def handed(self, environment: str) -> dict[str, str]:
        """The variables that Ansible gets for an environment. `InvalidInput` when one of them is not set here."""
        about = self._directory.config.environments[environment]
        if missing := [name for name in about.env if name not in self._environ]:
            raise InvalidInput(f"Nothing was run: {environment} hands {', '.join(missing)} to its runs, which is not set here. Set it.")
        password = self._password_file(about)
        vault = {} if password is None else {"ANSIBLE_VAULT_PASSWORD_FILE": str(password)}
        return {**{name: self._environ[name] for name in about.env}, **vault}

    async def learn(self, environment: str | None = None) -> None:
        """Look at all that is secret now. `InvalidInput` when the vault of this environment cannot be opened: what it says could not be
        hidden. What is secret in others may be known to other machines alone."""
        found = set(self._own)
        for about in self._directory.config.environments.values():
            found |= {self._environ[name] for name in about.env if name in self._environ}
            try:
                found |= await self._of_vault(about)
            except InvalidInput:
                if about.id == environment:
                    raise
        if self._hiding is None or found != self._known:
            self._known = frozenset(found)
            self._hiding = Hiding({form for value in found for form in (value, quote(value, safe=""))})

    async def known(self) -> Hiding:
        """Hides everything, also in a process that found a run which another had begun; what cannot be learned is not waited for."""
        if self._hiding is None:
            await self.learn()
        return self.hiding()

    def _password_file(self, about: Environment) -> Path | None:
        return None if about.vault_password_file is None else self._home / about.vault_password_file

    async def _of_vault(self, about: Environment) -> frozenset[str]:
        if (password := self._password_file(about)) is None:
            return frozenset()
        try:
            said = await asyncio.to_thread(password.read_bytes)
            texts = await asyncio.to_thread(vaults, self._places(about))
        except OSError as error:
            why = error.strerror or str(error)
            raise InvalidInput(f"Nothing was run: {clip(str(error.filename), 200)}, for the vault of {about.id}: {why}.") from None
        if (said, texts) not in self._opened:
            self._opened[said, texts] = frozenset(leaves(await opened(password, texts)))
        return self._opened[said, texts]

    def _places(self, about: Environment) -> Sequence[Path]:
        inventory = self._home / about.inventory
        return (inventory, inventory.parent / "group_vars", inventory.parent / "host_vars", self._home / "playbooks")


def vaults(places: Iterable[Path]) -> tuple[str, ...]:
    """Every vaulted text in these files and in those below these directories, whole or inside of other YAML."""
    files = {path for place in places for path in ((place,) if place.is_file() else place.rglob("*")) if path.is_file()}
    found = set()
    for path in sorted(files):
        if path.stat().st_size <= LARGEST and "$ANSIBLE_VAULT;" in (text := path.read_text(errors="replace")):
            found |= {"\n".join(line.strip() for line in one.group().splitlines()) for one in VAULT.finditer(text)}
    return tuple(sorted(found))


def leaves(texts: Collection[str]) -> Iterator[str]:
    """Every single value in these texts, and those that are one value themselves."""
    for text in texts:
        yield text
        try:
            yield from _scalars(yaml.load(text, yaml.BaseLoader))
        except yaml.YAMLError:
            continue


def _scalars(part: object) -> Iterator[str]:
    if isinstance(part, Mapping):
        for one in part.values():
            yield from _scalars(one)
    elif isinstance(part, list):
        for one in part:
            yield from _scalars(one)
    elif isinstance(part, str):
        yield part


async def opened(password: Path, texts: Sequence[str]) -> list[str]:
    """What the password opens of these, and the password itself."""
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, str(resources.path("playbooks") / "tools" / "unvault.py")),
        env=bare_environment(),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    asked = json.dumps({"password_file": str(password), "texts": texts})
    try:
        async with asyncio.timeout(OPENS_WITHIN_S):
            said, trouble = await program.communicate(asked.encode())
    except TimeoutError:
        program.kill()
        said, trouble = b"", f"no answer within {OPENS_WITHIN_S} s".encode()
    if program.returncode != 0:
        why = clip(trouble.decode(errors="replace").strip(), 300)
        raise InvalidInput(f"Nothing was run: the vault password file {password} cannot be used: {why}")
    return [text for text in json.loads(said) if text is not None]
