"""Files with front matter, merged: what programs read is ours, save for the lines that people added; the document is merged by blocks."""

import re

from bot.postmortems.merging import Merged, merge, tidy

_FRONT = re.compile(r"\A---\n(.*?\n)---\n+", re.DOTALL)
_KEY = re.compile(r"^([\w-]+):")


def merge_files(base: str, standing: str, offered: str) -> Merged:
    """Bring what `offered` changed since `base` into the file as it is `standing`."""
    (_, old), (theirs, found), (ours, new) = split(base), split(standing), split(offered)
    result = merge(tidy(old), tidy(found), tidy(new))
    return Merged(f"{front(theirs, ours)}{result.markdown}", result.conflicts)


def split(text: str) -> tuple[str, str]:
    """The lines of the front matter, and the rest."""
    found = _FRONT.match(text)
    return (found[1], text[found.end() :]) if found else ("", text)


def front(theirs: str, ours: str) -> str:
    """Our lines, and after them those under keys that are not ours, with what is indented below these."""
    if not ours:
        return ""
    mine = {found[1] for line in ours.splitlines() if (found := _KEY.match(line))}
    kept, is_theirs = [], False
    for line in theirs.splitlines():
        if key := _KEY.match(line):
            is_theirs = key[1] not in mine
        if is_theirs:
            kept.append(line)
    return "\n".join(["---", *ours.splitlines(), *kept, "---", "", ""])
