"""How a group of alerts is called."""

from collections import Counter
from collections.abc import Iterable

from bot.alerts.sources import Signal, one_line

TITLE_LENGTH = 150


def title_of(signals: Iterable[Signal], truncated: int = 0) -> str:
    """A title for the incident: `DiskAlmostFull: Disk / is almost full` for one alert, `QueueBacklog ×40 on queue` for many."""
    alerts = tuple(signals)
    if len(alerts) == 1 and not truncated:
        return cut(one_line(alerts[0].title))
    names = Counter(one_line(alert.name) for alert in alerts).most_common()
    more = "+" if truncated else ""
    if len(names) == 1:
        text = f"{names[0][0]} ×{len(alerts)}{more}"
    elif len(names) == 2:
        text = ", ".join(f"{name} ×{count}" for name, count in names) + (" and more" if truncated else "")
    else:
        text = f"{names[0][0]} and {len(alerts) - names[0][1]}{more} other alerts"
    service = service_of(alerts)
    return cut(f"{text} on {one_line(service)}" if service else text)


def service_of(signals: Iterable[Signal]) -> str | None:
    """The service that most of the alerts name."""
    named = Counter(signal.service for signal in signals if signal.service)
    return named.most_common(1)[0][0] if named else None


def cut(text: str) -> str:
    return text if len(text) <= TITLE_LENGTH else text[: TITLE_LENGTH - 1].rstrip() + "…"
