"""The alert that the watchdog raises once a minute, worded as Alertmanager words them. Nobody can post to its source: no key is its own."""

from datetime import datetime

from pydantic import SecretStr

from bot.alerts.sources import Webhook, alertmanager
from bot.config.models import AlertSource

SOURCE = AlertSource(id="watchdog", key=SecretStr("not-taken-at-any-door"))
NAME = "TocsinWatchdog"


def webhook(since: datetime) -> Webhook:
    """One firing alert that began at `since`."""
    alert = {
        "status": "firing",
        "labels": {"alertname": NAME},
        "annotations": {"summary": "A synthetic page: nobody is called."},
        "startsAt": since.isoformat(),
        "endsAt": "0001-01-01T00:00:00Z",
        "fingerprint": NAME,
    }
    return alertmanager({"version": "4", "groupKey": NAME, "receiver": "watchdog", "alerts": [alert]})
