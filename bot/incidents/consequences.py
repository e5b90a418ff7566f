"""What a change of severity starts and what it stops, in words."""

from bot.config.severity import Level
from bot.config.values import duration_text

TOLD = {
    "executives": ("executives are told of it", "executives are given the all-clear"),
    "customers": ("a notice for customers is drafted, to be approved", "no notice for customers is drafted"),
    "tracking": ("it is followed in the tracking channel", "nobody new follows it in the tracking channel"),
}
"""Who hears, with what that starts and stops. A private incident is told to executives alone, a drill to nobody."""


def consequences(before: Level, after: Level, *, is_private: bool, is_drill: bool) -> str:
    """Cadence, audience and responders: "Started: …. Stopped: …."; empty where nothing changes. Paging speaks for itself."""
    started, stopped = [], []
    if after.update_every and after.update_every != before.update_every:
        started.append(f"an update every {duration_text(after.update_every)}")
    elif before.update_every and not after.update_every:
        stopped.append("no updates are owed")
    if after.responders_wanted > before.responders_wanted:
        started.append(f"{after.responders_wanted} responders are wanted")
    elif after.responders_wanted < before.responders_wanted:
        stopped.append(f"{after.responders_wanted} responders are enough")
    for hearer, (begins, ends) in TOLD.items():
        if is_drill or (is_private and hearer != "executives"):
            continue
        if hearer in after.hears and hearer not in before.hears:
            started.append(begins)
        elif hearer in before.hears and hearer not in after.hears:
            stopped.append(ends)
    parts = [f"Started: {', '.join(started)}." if started else "", f"Stopped: {', '.join(stopped)}." if stopped else ""]
    return " ".join(part for part in parts if part)
