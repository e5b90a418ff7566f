"""What became of something a person did."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.sandbox.workspace.wire import Json


@dataclass(frozen=True)
class Outcome:
    """`error` is Slack's word and `shown` the sentence the person sees, when something went wrong; `more` is what else to tell."""

    ok: bool = True
    error: str | None = None
    shown: str | None = None
    more: Json = field(default_factory=dict)

    def to_json(self) -> Json:
        return {"ok": self.ok, "error": self.error, "shown": self.shown} | self.more


def refused(error: str, shown: str, **more: object) -> Outcome:
    return Outcome(False, error, shown, dict(more))
