"""Secret values on their way out: what is known to be secret is replaced before anybody reads it and before it is kept."""

import json
import re
from collections.abc import Iterable

MASK = "[secret]"
SHORTEST = 6
"""Characters: to replace every "on" or "8080" would make nonsense of all that people read, and hides nothing that is secret."""


class Hiding:
    """Replaces known values, each wherever it stands: as it is, as JSON writes it, and each line of one that has several."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        written = {form for value in values for form in _forms(value) if len(form) >= SHORTEST}
        longest_first = sorted(written, key=lambda form: (-len(form), form))
        self.values = frozenset(longest_first)
        self._longest = max((len(form.encode()) for form in written), default=0)
        self._in_text = re.compile("|".join(map(re.escape, longest_first))) if written else None
        self._in_bytes = re.compile(b"|".join(re.escape(form.encode()) for form in longest_first)) if written else None

    def text(self, text: str) -> str:
        """The text without the values."""
        return self._in_text.sub(MASK, text) if self._in_text else text

    def content(self, content: bytes) -> bytes:
        """The same for what may be no text at all."""
        return self._in_bytes.sub(MASK.encode(), content) if self._in_bytes else content

    def json(self, part: object) -> object:
        """The same for what was read from JSON; names of fields stay."""
        match part:
            case str():
                return self.text(part)
            case dict():
                return {name: self.json(one) for name, one in part.items()}
            case list():
                return [self.json(one) for one in part]
            case int() if str(part) in self.values:
                return MASK
            case _:
                return part

    def cut(self, content: bytes, at: int) -> int:
        """Where `content` may be cut in two, at `at` or before, so that no value is cut: half a value would not be known again."""
        look_from = max(0, at - self._longest)
        while self._in_bytes and (found := self._in_bytes.search(content, look_from)) and found.start() < at:
            if found.end() > at:
                at, look_from = found.start(), max(0, found.start() - self._longest)
            else:
                look_from = found.start() + 1
        return at


def _forms(value: str) -> Iterable[str]:
    lines = [value.strip(), *(line.strip() for line in value.splitlines())]
    return [*lines, *(json.dumps(line)[1:-1] for line in lines), *(json.dumps(line, ensure_ascii=False)[1:-1] for line in lines)]
