"""What rooms above put on the pages of rooms below them: ways to pages of their own."""

from dataclasses import dataclass


@dataclass(frozen=True)
class PageLink:
    """A button that leads elsewhere, or, without a `url`, a line of text. What is `urgent` stands before everything else; what is only
    `more` of the same is folded up."""

    label: str
    url: str = ""
    small: str = ""
    urgent: bool = False
    more: bool = False
