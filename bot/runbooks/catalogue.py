"""Which runbooks there are, and the scene on which one would run: hosts, versions, playbooks as they are at this moment."""

import asyncio
import hashlib
import json
import os
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path

import aiohttp

from bot import log, resources
from bot.config.models import Config
from bot.config.runbooks import PrometheusServer, Runbook
from bot.config.values import clip, nearest
from bot.directory.service import Directory
from bot.errors import InvalidInput, NotFound
from bot.runbooks.approval import Bound, digest
from bot.runbooks.parameters import Known, Value, typed
from bot.runbooks.rerun import narrowed
from bot.runbooks.runner import CannotRead, Inventory, PlaybookRunner, RunSpec
from bot.runbooks.secrets import Secrets

ANSWERS_WITHIN_S = 5
PLAIN_HOST = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
"""The limit of a run is made of such names; `*`, `~…`, `!…`, `a:b`, `a,b` and `web[0]` would mean others there."""
CHOICES_WITHIN_S = 5
"""Somebody waits for a form; what is not known by then is typed."""
logger = log.get(__name__)


@dataclass(frozen=True)
class Scene:
    """What a run of one runbook would find now."""

    runbook: Runbook
    environment: str
    inventory: Path
    playbook: Path
    known: Known
    inventory_digest: str
    playbooks_digest: str

    def bound(self, words: Mapping[str, str], only: Collection[str] = ()) -> Bound:
        """What would run with these words, on `only` these hosts if any are named. `InvalidInput` with everything that is wrong."""
        values = typed(self.runbook, words, self.known)
        return Bound(
            runbook=digest(self.runbook.model_dump_json()),
            playbooks=self.playbooks_digest,
            inventory=self.inventory_digest,
            versions=f"ansible-core {version('ansible-core')}",
            environment=self.environment,
            hosts=narrowed(self._hosts(values), only),
            parameters=values,
        )

    def _hosts(self, values: Mapping[str, Value]) -> tuple[str, ...]:
        hosts = sorted(self.known.hosts(self.runbook.group))
        if not hosts:
            raise InvalidInput(f"Nothing was run: the inventory of {self.environment} has no host in group {self.runbook.group}.")
        chosen = values.get(self.runbook.limit) if self.runbook.limit else None
        if chosen is not None and chosen not in hosts:
            raise InvalidInput(f"Nothing was run: {chosen} is not in group {self.runbook.group}.")
        found = (str(chosen),) if chosen is not None else tuple(hosts)
        if odd := [host for host in found if not PLAIN_HOST.fullmatch(host) or host in self.known.groups]:
            raise InvalidInput(
                f"Nothing was run: '{clip(odd[0])}' in the inventory of {self.environment} is no plain name of one host: Ansible could "
                "take it for a pattern or a group. Name it by letters, digits, '.', '_' and '-', and say its address by ansible_host."
            )
        return found


class Catalogue:
    """The runbooks of the configuration that holds now. `home` is its directory, from which paths count; `runner` reads inventories."""

    def __init__(self, directory: Directory, home: Path, runner: PlaybookRunner, secrets: Secrets) -> None:
        self._directory = directory
        self._home = home
        self._runner = runner
        self._secrets = secrets

    @property
    def runbooks(self) -> Mapping[str, Runbook]:
        """All of them, by id."""
        return self._directory.config.runbooks

    def find(self, name: str) -> Runbook:
        """The runbook of this name. `NotFound` with the nearest names."""
        found = self.runbooks.get(name.strip().lower())
        if found is None:
            raise NotFound(f"There is no runbook {clip(name)!r}{nearest(name, self.runbooks)}")
        return found

    def suggested(self, service: str | None, alerts: Collection[str]) -> list[Runbook]:
        """The runbooks that were written for this service or one of these alerts, those for the alerts first."""
        by_alert = [one for one in self.runbooks.values() if set(one.alerts) & set(alerts)]
        named = self._directory.service(service) if service else None
        of_service = [self.runbooks[name] for name in (named.runbooks if named else ()) if name in self.runbooks]
        by_service = [one for one in self.runbooks.values() if service in one.services]
        return list({one.id: one for one in (*by_alert, *of_service, *by_service)}.values())

    def environment(self, runbook: Runbook, asked: str) -> str:
        """Where it is to run: where it was asked for, else its own default."""
        allowed = self.environments(runbook)
        if asked and asked not in allowed:
            raise InvalidInput(f"Nothing was run: {runbook.id} does not run in {clip(asked)!r}{nearest(asked, allowed)}")
        return asked or allowed[0]

    def environments(self, runbook: Runbook) -> tuple[str, ...]:
        """Where it may run, the default first. `InvalidInput` when there is no such place."""
        found = runbook.environments or tuple(self._directory.config.environments)
        if not found:
            raise InvalidInput(f"Nothing was run: {runbook.id} has nowhere to run, since no environment is configured.")
        return found

    async def options(self, runbook: Runbook, environment: str) -> dict[str, tuple[str, ...]]:
        """What may be chosen for a parameter there. One is left out where that cannot be had soon, or anything may be typed.

        Not inside a transaction."""
        found = {name: tuple(one.values) for name, one in runbook.parameters.items() if one.type == "choice"}
        found |= {name: tuple(self._directory.config.services) for name, one in runbook.parameters.items() if one.type == "service"}
        try:
            async with asyncio.timeout(CHOICES_WITHIN_S):
                if any(one.type == "host" for one in runbook.parameters.values()):
                    groups, _ = await self._listed(environment)
                    hosts = {name: one.group or "all" for name, one in runbook.parameters.items() if one.type == "host"}
                    found |= {name: tuple(groups.get(group, ())) for name, group in hosts.items()}
                for name, lookup in ((name, one.lookup) for name, one in runbook.parameters.items() if one.lookup):
                    found[name] = await looked_up(lookup)
        except (TimeoutError, InvalidInput) as trouble:
            logger.info("choices not known", runbook=runbook.id, why=str(trouble) or "took too long")
        return found

    async def scene(self, runbook: Runbook, environment: str) -> Scene:
        """Look at everything that decides what would run. `InvalidInput` when it cannot be found. Not inside a transaction."""
        config = self._directory.config
        if environment not in config.environments:
            raise InvalidInput(f"Nothing was run: there is no environment {environment} any more.")
        inventory = self._home / config.environments[environment].inventory
        playbook = self._playbook(runbook)
        await self._secrets.learn(environment)
        groups, inventory_digest = await self._listed(environment)
        lookups = {name: one.lookup for name, one in runbook.parameters.items() if one.lookup}
        versions = {name: await looked_up(lookup) for name, lookup in lookups.items()}
        trees = [self._home / "playbooks", resources.path("playbooks")]
        playbooks = await asyncio.to_thread(tree_digest, trees)
        return Scene(
            runbook, environment, inventory, playbook, Known(groups, tuple(config.services), versions), inventory_digest, playbooks
        )

    def spec(self, scene: Scene, bound: Bound, run_id: str, *, is_dry: bool) -> RunSpec:
        """What the engine is told."""
        handed = self._secrets.handed(scene.environment)
        return RunSpec(run_id, scene.playbook, scene.inventory, bound.hosts, bound.parameters, is_dry, handed)

    def check_spec(self, playbook: str, environment: str, bound: Bound, run_id: str) -> RunSpec:
        """What the engine is told of a playbook that only looks, where a run is or was at work."""
        found = playbook_file(playbook, self._home)
        if found is None or environment not in self._directory.config.environments:
            raise InvalidInput(f"The playbook {playbook} is missing.")
        inventory = self._home / self._directory.config.environments[environment].inventory
        return RunSpec(run_id, found, inventory, bound.hosts, bound.parameters, environ=self._secrets.handed(environment))

    def reverse(self, runbook: str) -> Runbook | None:
        """What takes back a run of this runbook."""
        found = self.runbooks.get(runbook)
        return self.runbooks.get(found.reverse.runbook) if found is not None and found.reverse is not None else None

    def announced_for(self, rule: str) -> timedelta:
        """How long a rule's run is announced before it starts with nobody having approved it."""
        found = self._directory.config.remediations.get(rule)
        return found.starts_after if found else timedelta(0)

    def place(self, environment: str) -> str | None:
        """The queue whose workers run things there; None where the bot itself does."""
        found = self._directory.config.environments.get(environment)
        return found.queue if found else None

    def prometheus(self, environment: str) -> PrometheusServer | None:
        """What watches an environment."""
        found = self._directory.config.environments.get(environment)
        return found.prometheus if found else None

    async def _listed(self, environment: str) -> tuple[dict[str, tuple[str, ...]], str]:
        """The hosts of each group by Ansible's own reading, and a digest of all that the inventory says."""
        inventory = self._home / self._directory.config.environments[environment].inventory
        try:
            raw = await self._runner.inventory(inventory, self._secrets.handed(environment))
        except (CannotRead, OSError) as no:
            raise InvalidInput(f"Nothing was run: the inventory {inventory} cannot be read: {clip(str(no), 300)}") from None
        return groups_of(raw), digest(json.dumps(raw, sort_keys=True))

    def _playbook(self, runbook: Runbook) -> Path:
        found = playbook_file(runbook.playbook, self._home)
        if found is None:
            raise InvalidInput(f"Nothing was run: the playbook {runbook.playbook} of {runbook.id} is missing.")
        return found


def playbook_file(name: str, home: Path) -> Path | None:
    """The file of a playbook: of this installation, else one that comes with Tocsin."""
    candidates = (home / "playbooks" / name, resources.path("playbooks") / name)
    return next((path for path in candidates if path.is_file()), None)


def missing_files(config: Config, home: Path) -> Iterable[tuple[tuple[str, ...], str]]:
    """What runbooks and environments name and is not there, for `tocsin check`."""
    for runbook in config.runbooks.values():
        named = {("playbook",): runbook.playbook, ("verify", "playbook"): runbook.verify.playbook if runbook.verify else None}
        for where, playbook in named.items():
            if playbook is not None and playbook_file(playbook, home) is None:
                words = f"runbook '{runbook.id}' has the playbook '{playbook}', which is missing; put it into playbooks/."
                yield ("runbooks", runbook.id, *where), words
    for environment in config.environments.values():
        if not (home / environment.inventory).exists():
            yield (
                ("environments", environment.id, "inventory"),
                f"environment '{environment.id}' has the inventory '{environment.inventory}', which is missing; runs there are refused.",
            )
        password = environment.vault_password_file
        if password is not None and environment.queue is None and not (home / password).is_file():
            yield (
                ("environments", environment.id, "vault_password_file"),
                f"environment '{environment.id}' has the vault password in '{password}', which is missing; runs there are refused.",
            )


def groups_of(raw: Inventory) -> dict[str, tuple[str, ...]]:
    """The hosts of each group, those of the groups within it included."""

    def hosts(group: str, above: frozenset[str]) -> set[str]:
        said = raw.get(group, {})
        inner = (hosts(child, above | {group}) for child in said.get("children", ()) if child not in above)
        return set(said.get("hosts", ())).union(*inner)

    return {group: tuple(sorted(hosts(group, frozenset()))) for group in {"all", *raw} if group != "_meta"}


async def looked_up(lookup: str) -> tuple[str, ...]:
    """The versions that exist: entries of a directory, or what an address lists."""
    if lookup.startswith("/"):
        try:
            return tuple(sorted(await asyncio.to_thread(os.listdir, lookup)))
        except OSError as error:
            raise InvalidInput(f"Nothing was run: the versions in {lookup} cannot be read ({error.strerror or error}).") from None
    try:
        timeout = aiohttp.ClientTimeout(total=ANSWERS_WITHIN_S)
        async with aiohttp.ClientSession(timeout=timeout) as session, session.get(lookup) as answer:
            answer.raise_for_status()
            found = await answer.json(content_type=None)
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        raise InvalidInput(f"Nothing was run: {lookup} does not list versions ({type(error).__name__}).") from None
    return tuple(str(one) for one in found) if isinstance(found, list) else ()


def tree_digest(trees: Iterable[Path]) -> str:
    """A digest of every file below these directories, by its name and content."""
    found = hashlib.sha256()
    for tree in trees:
        for path in sorted(path for path in tree.rglob("*") if path.is_file() and "__pycache__" not in path.parts):
            content = path.read_bytes()
            found.update(f"{path.relative_to(tree)}\0{len(content)}\0".encode() + content)
    return found.hexdigest()
