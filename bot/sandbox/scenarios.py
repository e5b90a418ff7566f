"""What can be made to happen with one click. Each scenario is a list of calls that anybody may make to the sandbox's own address."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.sandbox import drills

Json = Mapping[str, object]


@dataclass(frozen=True)
class Step:
    """One call to the sandbox's own address."""

    path: str
    body: Json
    method: str = "POST"


@dataclass(frozen=True)
class Scenario:
    """`lasts` is a state that is switched on and off; the others happen once. `says` tells what to look at."""

    name: str
    title: str
    says: str
    lasts: bool = False

    @property
    def menu(self) -> str:
        """The menu in which it stands; "" beside them."""
        return "2023" if self.name in {drill.name for drill in drills.OF_2023} else "fleet" if self.name in drills.ALERTS else ""


ALL = (
    Scenario("alert", "An alert fires", "Alertmanager posts one critical alert. Whoever is on call for the service is paged."),
    Scenario(
        "site_down",
        "The site is down",
        "Twelve alerts of three services fire at once, and Lee declares a SEV1. Alerts of one service share one incident.",
    ),
    Scenario(
        "slack_ratelimited",
        "Slack is rate-limiting",
        "Every call to Slack is told to come back in 10 s. The page leaves by SMS all the same; switch it off, and the channel catches up.",
        lasts=True,
    ),
    Scenario(
        "slack_down",
        "Slack is down",
        "Every call to Slack fails. Declare, or let an alert fire: the page leaves by SMS, call and mail all the same.",
        lasts=True,
    ),
    Scenario(
        "sms_fails",
        "SMS provider fails",
        "The carrier refuses every text. The next way is taken at once: the phone rings.",
        lasts=True,
    ),
    Scenario(
        "nobody_answers",
        "Nobody answers",
        "Every call goes to voicemail. An alert fires and a quarter of an hour passes: the ladder climbs to the manager.",
        lasts=True,
    ),
    *(Scenario(drill.name, drill.title, drill.help, lasts=True) for drill in (*drills.ALL, *drills.OF_2023)),
)
BY_NAME = {scenario.name: scenario for scenario in ALL}

RATE_LIMIT: Json = {"service": "slack", "status": 429, "retry_after_s": 10, "count": 0}
OUTAGE: Json = {"service": "slack", "status": 503, "count": 0}
NO_SMS: Json = {"service": "sms", "status": 503, "count": 0}
FAULTS = {"slack_ratelimited": RATE_LIMIT, "slack_down": OUTAGE, "sms_fails": NO_SMS}

# None of these services is the one that the tour declares about: an alert about that would join its incident and page nobody.
ALERTS = (
    ("StorageAlmostFull", "storage", "A storage pool is 97 % full"),
    ("SignInSlow", "auth", "Signing in takes 9 s at the 95th percentile"),
    ("GatewayErrorsHigh", "api-gateway", "One request in five fails"),
)
UNHEARD = (
    ("UploadsFailing", "file-sync", "One upload in four fails"),
    ("DownloadsSlow", "file-sync", "Downloads take a minute"),
    ("SyncStuck", "file-sync", "Nothing has been synced for 5 min"),
)
STORM = (
    ("CheckoutDown", "checkout", "Nobody can pay"),
    ("GatewayDown", "api-gateway", "The gateway answers 502"),
    ("SignInDown", "auth", "Nobody can sign in"),
)
INSTANCES = 4
WAITS_S = (300.0, 300.0, 330.0)


def steps_on(name: str, now: datetime, turn: int, people: Sequence[str]) -> list[Step]:
    """What is done to start a scenario. `turn` counts how often before, so that each alert is another one."""
    match name:
        case "alert":
            return [webhook([ALERTS[turn % len(ALERTS)]], now, turn)]
        case "site_down":
            storm = [webhook([kind] * INSTANCES, now, turn) for kind in STORM]
            return [*storm, Step("/control/command", {"user": "lee", "channel": "general", "text": "/inc sev1 the whole site is down"})]
        case "nobody_answers":
            silent = [Step(f"/control/phones/{user}/policy", {"calls": "voicemail"}) for user in people]
            passing = [Step("/control/clock", {"advance_s": seconds}) for seconds in WAITS_S]
            return [*silent, webhook([UNHEARD[turn % len(UNHEARD)]], now, turn), *passing]
        case _ if name in drills.ALERTS:
            return [Step("/control/fleet", {"fault": name}), webhook([drills.ALERTS[name]], now, turn)]
        case _:
            return [Step("/control/fault", FAULTS[name])]


def steps_off(name: str, people: Sequence[str]) -> list[Step]:
    """What is done to end a scenario that lasts."""
    if name == "nobody_answers":
        return [Step(f"/control/phones/{user}/policy", {"calls": "ring"}) for user in people]
    if name in drills.ALERTS:
        return [Step("/control/fleet", {}, "DELETE")]
    return [Step("/control/fault", FAULTS[name], "DELETE")]


def webhook(alerts: Sequence[tuple[str, str, str]], now: datetime, turn: int) -> Step:
    """What Alertmanager posts when these alerts begin to fire together."""
    fired = [alert(*one, now, f"{turn}-{position}") for position, one in enumerate(alerts)]
    common = {"alertname": alerts[0][0], "service": alerts[0][1], "severity": "critical"}
    body = {
        "version": "4",
        "status": "firing",
        "receiver": "tocsin",
        "groupKey": f'{{}}:{{alertname="{alerts[0][0]}"}}',
        "groupLabels": {"alertname": alerts[0][0]},
        "commonLabels": common,
        "commonAnnotations": {},
        "externalURL": "http://alertmanager.example.com",
        "truncatedAlerts": 0,
        "alerts": fired,
    }
    return Step("/hooks/alertmanager/sandbox", body)


def alert(kind: str, service: str, summary: str, now: datetime, which: str) -> Json:
    labels = {"alertname": kind, "service": service, "severity": "critical", "instance": f"{service}-{which}"}
    return {
        "status": "firing",
        "labels": labels,
        "annotations": {"summary": summary},
        "startsAt": now.isoformat(),
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "http://prometheus.example.com/graph",
        "fingerprint": hashlib.md5(repr(sorted(labels.items())).encode(), usedforsecurity=False).hexdigest()[:16],
    }
