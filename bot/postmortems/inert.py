"""Other people's words, made inert: whatever stands in them, they are one line of text in a Markdown document and nothing else."""

import re
import unicodedata

LIMIT = 2_000  # characters of one text; what is left out is said
LINE_BREAK = " ⏎ "

# Characters that change how the text around them is read: bidirectional marks, embeddings, overrides and isolates; invisible tags.
REORDERING = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f]")
BREAKS = re.compile("\r\n|[\n\r\v\f\x85\u2028\u2029]")
ESCAPED = str.maketrans(
    {letter: f"\\{letter}" for letter in "\\`*_{}[]()#!~$^"}
    # Entities where a backslash would not do: in tables, and where the document is read as HTML or by Slack.
    | {"<": "&lt;", ">": "&gt;", "&": "&amp;", "|": "&#124;"}
)
LIST_NUMBER = re.compile(r"^(\d{1,9})([.)])")


def escape_markdown(text: str, limit: int = LIMIT) -> str:
    """The text as one line of Markdown that shows it and does nothing else: no markup, link, image, HTML, mention or template."""
    line = one_line(text, limit).translate(ESCAPED).replace("{%", "{\\%")
    if line[:1] in {"-", "+", "="}:
        line = "\\" + line
    return LIST_NUMBER.sub(r"\1\\\2", line)


def one_line(text: str, limit: int = LIMIT) -> str:
    """The text on one line, without control and reordering characters, and cut at `limit` characters with a word about the rest."""
    shown = text[:limit]
    left_out = len(text) - len(shown)
    shown = shown.encode("utf-8", "replace").decode()
    shown = REORDERING.sub("", BREAKS.sub("\n", shown)).replace("\t", " ")
    shown = "".join(letter for letter in shown if letter == "\n" or unicodedata.category(letter) != "Cc")
    lines = (" ".join(line.split()) for line in shown.split("\n"))
    joined = LINE_BREAK.join(line for line in lines if line)
    return f"{joined} … ({left_out:,} more characters left out)" if left_out else joined
