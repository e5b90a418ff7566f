"""When a canvas may hold what people wrote: also where Slack does not say who edited it last."""

import pytest

from bot.publishing.canvas import Seen


@pytest.mark.parametrize(("last_editor", "may_hold"), [("U0TOCSIN000", False), ("U0KIM000000", True), ("", True)])
def test_only_a_canvas_that_tocsin_edited_last_is_replaced_as_a_whole(last_editor: str, may_hold: bool) -> None:
    seen = Seen(url="", download="", owner="U0TOCSIN000", last_editor=last_editor)
    assert seen.may_hold_edits is may_hold
