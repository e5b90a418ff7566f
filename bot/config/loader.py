"""A directory of YAML → `Config`, or every problem at once, each with its file and line."""

import hashlib
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from pydantic import ValidationError

from bot import resources
from bot.config.escalation import DEFAULT_POLICIES
from bot.config.models import NAMED, Config
from bot.config.references import Checker
from bot.config.sentences import sentence
from bot.config.tree import Loc, Place, Problem, Raw, Tree, read, read_entry, read_text
from bot.config.values import clip, nearest
from bot.errors import ConfigInvalid

TEMPLATE = ".md.j2"
SINGULAR = {
    "people": "person",
    "teams": "team",
    "webhooks": "webhook",
    "programs": "program",
    "environments": "environment",
    "remediations": "rule",
}


def load(directory: Path, environ: Mapping[str, str]) -> Config:
    """Read every `*.yaml` in `directory`. Raises `ConfigInvalid` with all problems as `file:line: sentence`."""
    before = digest(directory)  # first: whatever is written while we read differs from it, and will be read again
    return build(gather(directory), environ).known_as(before)


def digest(directory: Path) -> str:
    """What the files of a directory hold, as a short text that any change to them changes."""
    found = hashlib.sha256()
    try:
        for path in all_files(directory):
            found.update(repr((str(path.relative_to(directory)), path.read_bytes())).encode())
    except OSError as error:
        found.update(repr(error).encode())
    return found.hexdigest()


def all_files(directory: Path) -> list[Path]:
    """Everything that is read."""
    return [*files(directory), *runbook_files(directory), *template_files(directory)]


def files(directory: Path) -> list[Path]:
    """The files that are read as sections, in their order."""
    return sorted(path for path in directory.iterdir() if path.suffix in (".yaml", ".yml") and path.is_file() and path.name[0] != ".")


def runbook_files(directory: Path) -> list[Path]:
    """The files that are one runbook each."""
    return files(directory / "runbooks") if (directory / "runbooks").is_dir() else []


def template_files(directory: Path) -> list[Path]:
    """The files that are one template of postmortems each."""
    folder = directory / "postmortems"
    found = folder.iterdir() if folder.is_dir() else ()
    return sorted(path for path in found if path.name.endswith(TEMPLATE) and path.is_file() and path.name[0] != ".")


def gather(directory: Path) -> Tree:
    """What the files of a directory say, not yet validated."""
    try:
        found = files(directory)
    except OSError as error:
        raise ConfigInvalid(
            [f"{directory}:1: the configuration directory cannot be read ({error.strerror or error}); set TOCSIN_CONFIG."]
        ) from None
    if not found:
        raise ConfigInvalid(
            [f"{directory}:1: there is no .yaml file in the configuration directory; start with people, teams and services."]
        )
    tree = read({path: str(path) for path in found}, frozenset(NAMED))
    add_runbooks(tree, directory)
    for path in template_files(directory):
        read_text(tree, path, "postmortem_templates", path.name.removesuffix(TEMPLATE))
    if not tree.places:
        tree.places[()] = Place(str(found[0]), 1)
    return tree


def add_runbooks(tree: Tree, directory: Path) -> None:
    """Each file of the directory's `runbooks/` is one runbook; so is each that comes with Tocsin and is asked for."""
    own = runbook_files(directory)
    for path in own:
        read_entry(tree, path, str(path), "runbooks", path.stem)
    asked, shipped = tree.raw.get("shipped_runbooks"), resources.path("runbooks")
    known = {path.stem: path for path in shipped.glob("*.yaml")}
    for index, name in enumerate(asked if isinstance(asked, list) else ()):
        if not isinstance(name, str) or name in {path.stem for path in own}:
            continue
        if name in known:
            read_entry(tree, known[name], str(known[name]), "runbooks", name)
        else:
            place = tree.place(("shipped_runbooks", index))
            tree.problems.append(Problem(place, f"'shipped_runbooks' names '{clip(name)}', which Tocsin has not{nearest(name, known)}"))


def build(tree: Tree, environ: Mapping[str, str], *, keys_may_be_unset: bool = False) -> Config:
    """Validate a tree. Entries are judged one by one, so that a wrong one does not hide what is wrong between the others."""
    raw = {key: value for key, value in tree.raw.items() if value is not None}  # an empty section is an absent one
    known = {section: ids(raw.get(section)) for section in NAMED}
    known["policies"] = {*known["policies"], *DEFAULT_POLICIES}
    problems = [*tree.problems, *misplaced_ids(tree, raw), *fill_keys(tree, raw, environ, keys_may_be_unset)]
    config, refused = validated(tree, raw)
    problems += refused
    problems += [Problem(tree.place(loc), words) for loc, words in Checker(config, known).findings()]
    if not known["people"] and not problems:
        problems.append(Problem(tree.place(("people",)), "nobody is under 'people', so nobody could be paged; add at least one person."))
    if problems:
        raise ConfigInvalid(in_order(problems))
    return config


def in_order(problems: Collection[Problem]) -> list[str]:
    """Each problem once, in the order of the files' lines."""
    ordered = sorted(problems, key=lambda problem: (problem.place.file, problem.place.line))
    return list(dict.fromkeys(str(problem) for problem in ordered))


def ids(section: Raw) -> set[str]:
    return set(section) if isinstance(section, dict) else set()


def named_entries(raw: Mapping[str, Raw]) -> Iterator[tuple[str, str, dict[str, Raw]]]:
    """Section, id and content of every entry that is a mapping."""
    for section in NAMED:
        for key, entry in entries.items() if isinstance(entries := raw.get(section), dict) else ():
            if isinstance(entry, dict):
                yield section, key, entry


def misplaced_ids(tree: Tree, raw: Mapping[str, Raw]) -> Iterator[Problem]:
    for section, key, entry in named_entries(raw):
        if entry.pop("id", key) != key:
            yield Problem(
                tree.place((section, key, "id")), f"'{clip(key)}' has another 'id' inside; the id is what stands before the colon."
            )


def fill_keys(tree: Tree, raw: Mapping[str, Raw], environ: Mapping[str, str], may_be_unset: bool) -> Iterator[Problem]:
    """Replace `key_env` by the key that the environment holds, and `push_env` by the addresses."""
    for section, key, entry in named_entries(raw):
        who = f"{'alert source' if section == 'alerts' else SINGULAR.get(section, section)} '{clip(key)}'"
        if section in ("alerts", "webhooks", "programs"):
            yield from filled(tree, (section, key), entry, "key", who, environ, may_be_unset)
        if isinstance(webhook := entry.get("webhook"), dict):
            yield from filled(tree, (section, key, "webhook"), webhook, "key", f"the webhook of {who}", environ, may_be_unset)
        if section == "people":  # one person's missing address must not keep everybody's pages from going out
            yield from filled(tree, (section, key), entry, "push", who, environ, may_be_unset=True)
        if isinstance(server := entry.get("prometheus"), dict):  # nor must a graph's
            for name in ("url", "authorization"):
                yield from filled(tree, (section, key, "prometheus"), server, name, f"the Prometheus of {who}", environ, may_be_unset=True)
    publishing = raw.get("publishing")
    if isinstance(publishing, dict) and isinstance(git := publishing.get("git"), dict):
        yield from filled(tree, ("publishing", "git"), git, "token", "the git repository of postmortems", environ, may_be_unset=True)


def filled(
    tree: Tree, loc: Loc, entry: dict[str, Raw], name: str, who: str, environ: Mapping[str, str], may_be_unset: bool
) -> Iterator[Problem]:
    """Fill in `name` from the variable that `<name>_env` says."""
    variable = entry.get(f"{name}_env")
    if not isinstance(variable, str):
        return
    place = tree.place((*loc, f"{name}_env"))
    if name in entry:
        yield Problem(place, f"{who} has both '{name}' and '{name}_env'; keep one.")
    elif environ.get(variable):
        entry[name] = environ[variable]
    elif not may_be_unset:
        yield Problem(
            place,
            f"{who} takes its {name} from {clip(variable)}, which is not set; set it and restart the bot.",
        )


def validated(tree: Tree, raw: Mapping[str, Raw]) -> tuple[Config, list[Problem]]:
    """The configuration without its refused parts, and why they were refused."""
    left: dict[str, Raw] = {section: dict(entries) if isinstance(entries, dict) else entries for section, entries in raw.items()}
    problems: list[Problem] = []
    while True:
        try:
            return Config.model_validate(left), problems
        except ValidationError as error:
            details = error.errors(include_url=False)
            problems += [Problem(tree.place(detail["loc"]), sentence(detail)) for detail in details]
            for detail in details:
                drop(left, detail["loc"])


def drop(raw: dict[str, Raw], loc: Loc) -> None:
    """Leave out the refused entry, or the whole section when it holds none."""
    section = raw.get(str(loc[0]))
    if loc[0] in NAMED and len(loc) > 1 and isinstance(section, dict) and loc[1] in section:
        del section[str(loc[1])]
    else:  # also when the key is so odd that validation names it differently: something must go, or this would never end
        raw.pop(str(loc[0]), None)
