"""What a listener answers. The door performs it after the commit and the acknowledgement; a listener itself does no I/O."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View


@dataclass(frozen=True)
class Say:
    """Words for who asked, seen by them alone unless `public`. `text` is the fallback and the notification when there are blocks.

    After a submission, which has no place of its own, they go to `channel`; without one the modal itself shows them.
    """

    text: str
    blocks: Sequence[Block] = ()
    public: bool = False
    replace: bool = False
    """Put it in the place of the message that was clicked."""
    channel: str = ""
    thread: str = ""
    """The thread in `channel` where it belongs."""


@dataclass(frozen=True)
class OpenModal:
    """Open a modal (on top of the present one, if the click came from a modal)."""

    view: View


@dataclass(frozen=True)
class UpdateModal:
    """Put this view in the place of the modal that was clicked or submitted."""

    view: View


@dataclass(frozen=True)
class FieldErrors:
    """What is wrong in a submitted modal: a sentence per block id. The transaction is rolled back, so that it can be sent again."""

    errors: Mapping[str, str]


@dataclass(frozen=True)
class ShowHome:
    """What the person's home tab shows."""

    view: View


@dataclass(frozen=True)
class Options:
    """What a select offers for what was typed: pairs of value and label, at most 100."""

    options: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Nothing:
    """No words. A submitted modal closes, and with `close_all` those beneath it as well."""

    close_all: bool = False


Reply = Say | OpenModal | UpdateModal | FieldErrors | ShowHome | Options | Nothing
