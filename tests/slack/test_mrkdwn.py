"""Documents in Markdown, as Slack shows them: harmless whatever they hold."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.slack.mrkdwn import mrkdwn

DOCUMENT = """## Meaning
The *release* is **bad** & `code <x>`, see
[the docs](https://example.com/a|b) or [this](javascript:alert(1)).

- one
  - two
- <!channel> three

3. first
4. second

> quoted

## Impact
Everybody waits.

```
kubectl get <pods>
```
"""
SHOWN = """*Meaning*
The _release_ is *bad* &amp; `code &lt;x&gt;`, see <https://example.com/a%7Cb|the docs> or [this](javascript:alert(1)).

• one
      • two
• &lt;!channel&gt; three
3. first
4. second
> quoted

*Impact*
Everybody waits.

```
kubectl get &lt;pods&gt;
```"""


def test_headings_lists_code_and_links_come_out_as_slack_writes_them() -> None:
    assert mrkdwn(DOCUMENT) == SHOWN


@settings(deadline=None)  # the parser is loaded with its first use
@given(st.lists(st.sampled_from([*DOCUMENT.splitlines(keepends=True), "<@U1>", "<!here|x>", "[a](http://b c)", "&lt;", "*", "```", "|"])))
def test_nothing_that_anybody_writes_pings_or_becomes_another_link(parts: list[str]) -> None:
    assert all(re.fullmatch(r"<https?://[^<>| ]+\|[^<>|]*>", found) for found in re.findall(r"<[^>]*>?", mrkdwn("".join(parts))))
