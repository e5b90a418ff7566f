"""YAML files → one raw tree of plain values, and the file and line of every part. Whatever a file holds, out come values or problems."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from bot.config.values import clip

Raw = str | int | float | bool | None | list["Raw"] | dict[str, "Raw"]
Loc = tuple[str | int, ...]

DEEPEST = 12  # the models need six; a file deeper than this is a mistake, and thousands of levels would exhaust the parser
LARGEST = 4_000_000  # bytes; ten thousand people fit
PLAIN = {"null": re.compile(r"~|null|Null|NULL|"), "true": re.compile(r"true|True|TRUE"), "false": re.compile(r"false|False|FALSE")}
INTEGER = re.compile(r"-?(0|[1-9]\d{0,14})")
SURROGATE = re.compile("[\ud800-\udfff]")
TAGS = {f"tag:yaml.org,2002:{name}" for name in ("null", "bool", "int", "float", "str", "timestamp", "merge", "value")}
DECIMAL = re.compile(r"-?(0|[1-9]\d{0,14})\.\d{1,15}")


@dataclass(frozen=True)
class Place:
    """Where something stands in a file."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True)
class Problem:
    """Something wrong, and where. Sorted and printed as `file:line: sentence`."""

    place: Place
    sentence: str

    def __str__(self) -> str:
        return f"{self.place}: {self.sentence}"


def refusal(event: yaml.Event, problem: str) -> yaml.MarkedYAMLError:
    """What YAML allows and configuration does not."""
    return yaml.MarkedYAMLError(problem=problem, problem_mark=cast("yaml.Mark", event.start_mark))


class Flat(yaml.SafeLoader):
    """PyYAML's parser without what configuration does not need: no anchors, no bottomless nesting."""

    depth = 0

    def compose_node(self, parent: Node | None, index: int) -> Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise refusal(event, "anchors (&name) and aliases (*name) are not used here; write it out")
        if self.depth > DEEPEST:
            raise refusal(event, "this is nested too deeply")
        if isinstance(event, yaml.ScalarEvent) and SURROGATE.search(event.value):
            raise refusal(event, "an escape such as \\uD800 is half a character")
        self.depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1


@dataclass
class Tree:
    """What all files say together."""

    raw: dict[str, Raw] = field(default_factory=dict)
    places: dict[Loc, Place] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def place(self, loc: Loc) -> Place:
        """The nearest known place: of the part itself, else of what it stands in."""
        for length in range(len(loc), 0, -1):
            if loc[:length] in self.places:
                return self.places[loc[:length]]
        return next(iter(self.places.values()), Place("configuration", 1))

    def wrong(self, file: str, node: Node, sentence: str) -> None:
        self.problems.append(Problem(Place(file, node.start_mark.line + 1), sentence))


def read(files: Mapping[Path, str], sections: frozenset[str]) -> Tree:
    """Read files (path → name to show) into one tree. `sections` are the top-level keys whose entries may be spread over files."""
    tree = Tree()
    for path, name in files.items():
        root = parsed(tree, path, name)
        if isinstance(root, MappingNode):
            merge(tree, name, root, sections)
        elif root is not None:
            tree.wrong(
                name, root, "a configuration file starts with sections such as 'people:' or 'services:', not with a list or a value."
            )
    return tree


def read_entry(tree: Tree, path: Path, name: str, section: str, key: str) -> None:
    """Add a file that is one entry of a section, called `key`."""
    root, before = parsed(tree, path, name), tree.raw.setdefault(section, {})
    here: Loc = (section, key)
    if not isinstance(root, MappingNode):
        tree.problems.append(
            Problem(Place(name, 1), f"a file in '{section}/' is one {section.removesuffix('s')}: lines such as 'title: …'.")
        )
    elif isinstance(before, dict) and key in before:
        tree.wrong(name, root, f"{section} '{clip(key)}' stands already in {tree.places[here]}; keep one of the two.")
    elif isinstance(before, dict):
        tree.places.setdefault((section,), Place(name, 1))
        tree.places[here] = Place(name, 1)
        before[key] = convert(tree, name, root, here)


def read_text(tree: Tree, path: Path, section: str, key: str) -> None:
    """Add a file that is the text of one entry of a section, called `key`; each of its lines has a place."""
    before = tree.raw.setdefault(section, {})
    try:
        text = path.read_bytes()[:LARGEST].decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        tree.problems.append(Problem(Place(str(path), 1), f"the file cannot be read as UTF-8 text ({error}); save it as UTF-8."))
        return
    if isinstance(before, dict):
        before[key] = text
        tree.places[(section, key)] = Place(str(path), 1)
        for line in range(1, text.count("\n") + 2):
            tree.places[(section, key, line)] = Place(str(path), line)


def parsed(tree: Tree, path: Path, name: str) -> Node | None:
    """The file as YAML nodes; `None`, with a problem noted unless it is empty, if there are none."""
    try:
        content = path.read_bytes()
    except OSError as error:
        tree.problems.append(Problem(Place(name, 1), f"the file cannot be read ({error.strerror or error}); check its permissions."))
        return None
    if len(content) > LARGEST:
        tree.problems.append(Problem(Place(name, 1), f"the file is larger than {LARGEST // 1_000_000} MB; split it."))
        return None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        tree.problems.append(Problem(Place(name, line), "this is not UTF-8 text; save the file as UTF-8."))
        return None
    problem = unprintable(text, name)
    if problem:
        tree.problems.append(problem)
        return None
    return composed(tree, text, name)


def unprintable(text: str, name: str) -> Problem | None:
    """PyYAML refuses control characters without a line number, so they are looked for first."""
    found = yaml.reader.Reader.NON_PRINTABLE.search(text)
    if found is None:
        return None
    line = text.count("\n", 0, found.start()) + 1
    return Problem(Place(name, line), f"character U+{ord(found.group()):04X} cannot stand in YAML; delete it.")


def composed(tree: Tree, text: str, name: str) -> Node | None:
    loader = Flat(text)
    try:
        return loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        tree.problems.append(Problem(Place(name, mark.line + 1 if mark else 1), yaml_sentence(error)))
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError):  # escapes like "\UFFFFFFFF" end in Python's own errors
        tree.problems.append(Problem(Place(name, loader.line + 1), "this is not valid YAML; check the quotes and escapes around here."))
    finally:
        loader.dispose()
    return None


def yaml_sentence(error: yaml.MarkedYAMLError) -> str:
    """PyYAML's complaint with the usual cause in plain words."""
    problem = (error.problem or "it cannot be read").strip()
    if "\\t" in problem:
        return "a tab stands where YAML wants spaces; indent with spaces."
    if "expected <block end>" in problem or "did not find expected" in problem:
        return f"the indentation does not fit the lines before ({problem}); align it with its neighbours."
    if "mapping values are not allowed" in problem:
        return "a second ':' stands in this line, or the indentation is off; put text that holds ': ' in quotes."
    if "could not find expected ':'" in problem:
        return "a ':' is missing after a key near here."
    if "expected a single document" in (error.context or ""):
        return "a second '---' starts another document; write one document a file."
    sentence = clip(problem, 160)
    return sentence if sentence.endswith(".") else f"this is not valid YAML: {sentence}."


def merge(tree: Tree, name: str, root: MappingNode, sections: frozenset[str]) -> None:
    """Add a file's sections to the tree; entries of one section may come from several files."""
    for key, key_node, value_node in pairs(tree, name, root):
        is_new, before = key not in tree.raw, tree.raw.get(key)
        if is_new:
            tree.places[(key,)] = Place(name, key_node.start_mark.line + 1)
        value = convert(tree, name, value_node, (key,))
        if is_new:
            tree.raw[key] = value
        elif key in sections and isinstance(before, dict) and isinstance(value, dict):
            before.update(value)
        elif key in sections and value is None:
            continue
        elif key in sections and before is None:
            tree.raw[key] = value
        else:
            tree.wrong(name, key_node, f"'{clip(key)}' stands already in {tree.places[(key,)]}; keep one of the two.")


def pairs(tree: Tree, name: str, node: MappingNode) -> Iterator[tuple[str, Node, Node]]:
    """The entries of a mapping, without those whose key is no text or was there before."""
    seen: dict[str, int] = {}
    for key_node, value_node in node.value:
        if not isinstance(key_node, ScalarNode):
            tree.wrong(name, key_node, "a list or mapping cannot be a key; did braces or '?' get in by mistake?")
            continue
        key, line = str(key_node.value), key_node.start_mark.line + 1
        if key in seen:
            tree.wrong(name, key_node, f"'{clip(key)}' stands here twice (first in line {seen[key]}); keep one of the two.")
            continue
        seen[key] = line
        yield key, key_node, value_node


def convert(tree: Tree, name: str, node: Node, loc: Loc) -> Raw:
    """A node as plain values, noting the place of everything in it."""
    if isinstance(node, MappingNode):
        return dict(entries(tree, name, node, loc))
    if isinstance(node, SequenceNode):
        items: list[Raw] = []
        for index, item in enumerate(node.value):
            tree.places[(*loc, index)] = Place(name, item.start_mark.line + 1)
            items.append(convert(tree, name, item, (*loc, index)))
        return items
    if not isinstance(node, ScalarNode):
        return None
    if node.tag not in TAGS:
        tree.wrong(name, node, f"the tag {clip(node.tag)} means nothing here; write the plain value.")
    return scalar(node)


def entries(tree: Tree, name: str, node: MappingNode, loc: Loc) -> Iterator[tuple[str, Raw]]:
    for key, key_node, value_node in pairs(tree, name, node):
        here = (*loc, key)
        if here in tree.places and len(here) == 2:  # an entry of a section that another file has, too
            tree.wrong(name, key_node, f"{loc[0]} '{clip(key)}' stands already in {tree.places[here]}; keep one of the two.")
            continue
        tree.places[here] = Place(name, key_node.start_mark.line + 1)
        yield key, convert(tree, name, value_node, here)


def scalar(node: ScalarNode) -> Raw:
    """A plain value in the manner of YAML 1.2: `no`, `22:00`, `+1555…` and dates stay text, as people mean them."""
    text = str(node.value)
    if node.style is not None:
        return text
    if PLAIN["null"].fullmatch(text):
        return None
    if PLAIN["true"].fullmatch(text) or PLAIN["false"].fullmatch(text):
        return text.lower() == "true"
    if INTEGER.fullmatch(text):
        return int(text)
    if DECIMAL.fullmatch(text):
        return float(text)
    return text
