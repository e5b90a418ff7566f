"""The small values of the configuration: ids, durations, zones, phone numbers, targets. Parsed from text, refused with a sentence."""

import difflib
import re
import zoneinfo
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, time, timedelta
from functools import lru_cache
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    SecretStr,
    WithJsonSchema,
    model_validator,
)

ROLES = ("primary", "secondary", "lead", "manager", "expert", "executive", "fallback")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
LONGEST = timedelta(days=3660)


class Strict(BaseModel):
    """What every part of the configuration is: frozen, and closed to words it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, validate_default=False, regex_engine="python-re")


class Filled(Strict):
    """A model whose parts keep the rest of their defaults where only some of a part is written."""

    @model_validator(mode="before")
    @classmethod
    def keep_what_is_not_said(cls, value: object) -> object:
        if not isinstance(value, dict):
            return value
        defaults = {name: dict(field.default) for name, field in cls.model_fields.items() if isinstance(field.default, Strict)}
        return {key: defaults[key] | said if key in defaults and isinstance(said, dict) else said for key, said in value.items()}


def nearest(word: str, known: Iterable[str]) -> str:
    """A trailing "; did you mean 'x'?" or, without anything near, a list of what is known if that is short."""
    names = sorted(known)
    if len(word) > 80:  # nothing is that long, and the comparison is quadratic
        return "."
    found = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    if found:
        return f"; did you mean '{found[0]}'?"
    return f" (known: {', '.join(names)})." if 0 < len(names) <= 12 else "."


def parse_duration(value: object) -> timedelta:
    """Read `45s`, `5m`, `1h30m`, `1w` or `0`. Other numbers are refused, for nobody can tell minutes from seconds."""
    if isinstance(value, timedelta):
        return value
    text = str(value).strip().lower()
    if text == "0":
        return timedelta(0)
    parts = re.findall(r"(\d{1,9})\s*([smhdw])", text)
    if not parts or re.sub(r"\d{1,9}\s*[smhdw]\s*", "", text):
        raise ValueError(f"'{clip(text)}' is not a duration; write it like 30s, 5m, 1h30m or 1w.")
    total = sum(int(number) * UNIT_SECONDS[unit] for number, unit in parts)
    if total > LONGEST.total_seconds():
        raise ValueError(f"'{clip(text)}' is longer than ten years; write a shorter duration.")
    return timedelta(seconds=total)


def duration_text(value: timedelta) -> str:
    """The shortest way to write a duration in the configuration: 90 minutes are `1h30m`."""
    left, text = int(value.total_seconds()), ""
    for unit in ("w", "d", "h", "m", "s"):
        number, left = divmod(left, UNIT_SECONDS[unit])
        text += f"{number}{unit}" if number else ""
    return text or "0"


def counted(number: int, noun: str) -> str:
    """`1 person`, `1,200 people`."""
    plural = {"person": "people", "policy": "policies"}.get(noun, f"{noun}s")
    return f"{number:,} {noun if number == 1 else plural}"


def clip(text: str, longest: int = 60) -> str:
    """The text, short enough and clean enough for an error message."""
    clean = text.encode("utf-8", "replace").decode()
    clean = "".join(letter if letter.isprintable() else "?" for letter in clean)
    return clean if len(clean) <= longest else clean[: longest - 1] + "…"


@lru_cache(maxsize=1)
def zones() -> frozenset[str]:
    """The IANA time zones this machine knows."""
    return frozenset(zoneinfo.available_timezones())


def known_zone(name: str) -> str:
    if name not in zones():
        found = difflib.get_close_matches(name, zones(), n=1) if len(name) < 80 else []
        hint = f"did you mean '{found[0]}'?" if found else "write it like Europe/Berlin or UTC."
        raise ValueError(f"'{clip(name)}' is not a time zone; {hint}")
    return name


def phone_number(value: object) -> object:
    """Numbers as E.164; spaces, dots, dashes and brackets are dropped."""
    if not isinstance(value, str | int):
        return value
    number = re.sub(r"[\s().-]", "", str(value))
    if not re.fullmatch(r"\+[1-9]\d{6,14}", number):
        raise ValueError(f"'{clip(str(value))}' is not a phone number; write it with its country code, like +4915550100001.")
    return number


def email_address(value: str) -> str:
    if not re.fullmatch(r"[^\s@<>,;\"]+@[^\s@<>,;\"]+", value) or len(value) > 254:
        raise ValueError(f"'{clip(value)}' is not an e-mail address; write it like ana@example.com.")
    return value


def slack_user(value: str) -> str:
    if not re.fullmatch(r"[UW][A-Z0-9]{2,}", value):
        raise ValueError(
            f"'{clip(value)}' is not a Slack member id; open the person's profile, ⋮, Copy member ID (it looks like U024BE7LH)."
        )
    return value


def slack_channel(value: str) -> str:
    name = value.removeprefix("#")
    if not re.fullmatch(r"[^\s#@,.<>A-Z]{1,80}|[CG][A-Z0-9]{6,}", name):
        raise ValueError(f"'{clip(value)}' is not a Slack channel; write its name (lower case, no spaces) or its id.")
    return name


def user_group(value: str) -> str:
    handle = value.removeprefix("@")
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,20}|S[A-Z0-9]{6,}", handle):
        raise ValueError(f"'{clip(value)}' is not a Slack user group; write its handle, like @sre, or its id.")
    return handle


def github_login(value: str) -> str:
    name = value.removeprefix("@")
    if not re.fullmatch(r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,38})", name):
        raise ValueError(f"'{clip(value)}' is not a name on GitHub; write it like octocat.")
    return name


def repository(value: str) -> str:
    name = value.removeprefix("https://github.com/").removesuffix(".git").strip("/")
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,39}/(?!\.+$)[A-Za-z0-9._-]{1,100}", name):
        raise ValueError(f"'{clip(value)}' is not a repository; write it like owner/name.")
    return name


def web_address(value: str) -> str:
    if not re.fullmatch(r"https?://[^\s<>\"|]+", value):
        raise ValueError(f"'{clip(value)}' is not a web address; it starts with https:// and holds no spaces.")
    return value


def push_addresses(value: object) -> object:
    """Addresses as Apprise writes them, one or several; in one text, blanks part them. What they say is secret, so no message shows it."""
    texts = value.split() if isinstance(value, str) else value
    for text in texts if isinstance(texts, list | tuple) else ():
        if isinstance(text, str) and not re.fullmatch(r"[a-zA-Z][a-zA-Z0-9+-]*://\S+", text):
            raise ValueError("one of the push addresses has no service before '://'; write them like ntfys://ntfy.sh/my-topic.")
    return texts


def identifier(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,62}", value):
        raise ValueError(f"'{clip(value)}' cannot be an id; use lower-case letters, digits, dots and dashes, 63 at most.")
    return value


def severity_number(value: object) -> object:
    """`sev2`, `SEV-2` and `2` are all 2."""
    if isinstance(value, bool):
        raise ValueError("a severity is one of sev1, sev2, sev3, sev4.")
    found = re.fullmatch(r"(?:sev[- ]?)?([1-4])", str(value).strip().lower()) if isinstance(value, str | int) else None
    if found is None:
        raise ValueError(f"'{clip(str(value))}' is not a severity; write sev1, sev2, sev3 or sev4.")
    return int(found.group(1))


def local_moment(value: object) -> object:
    """A wall-clock moment without offset, `2026-01-05 09:00`; its zone stands beside it."""
    if isinstance(value, datetime):
        moment = value
    else:
        try:
            moment = datetime.fromisoformat(str(value).strip())
        except ValueError:
            raise ValueError(f"'{clip(str(value))}' is not a date and time; write it like 2026-01-05 09:00.") from None
    if moment.tzinfo is not None:
        raise ValueError(f"'{clip(str(value))}' carries an offset; write the local time and name the zone in 'zone'.")
    return moment


def wall_time(value: object) -> object:
    if isinstance(value, time):
        return value
    found = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", str(value).strip())
    if found is None:
        raise ValueError(f"'{clip(str(value))}' is not a time of day; write it like 22:00.")
    return time(int(found.group(1)), int(found.group(2)))


DURATION_SCHEMA = {
    "type": ["string", "integer"],
    "pattern": r"^\s*(0|(\d+\s*[smhdw]\s*)+)$",
    "maximum": 0,
    "examples": ["5m", "1h30m", "1w"],
}

Id = Annotated[str, AfterValidator(identifier)]
Duration = Annotated[
    timedelta, BeforeValidator(parse_duration), PlainSerializer(duration_text, return_type=str), WithJsonSchema(DURATION_SCHEMA)
]
Zone = Annotated[str, AfterValidator(known_zone)]
Phone = Annotated[str, BeforeValidator(phone_number), WithJsonSchema({"type": "string", "pattern": r"^\+[1-9][\d\s().-]+$"})]
Email = Annotated[str, AfterValidator(email_address)]
SlackUser = Annotated[str, AfterValidator(slack_user)]
SlackChannel = Annotated[str, AfterValidator(slack_channel)]
WebAddress = Annotated[str, AfterValidator(web_address)]
GitHubLogin = Annotated[str, AfterValidator(github_login)]
Repository = Annotated[str, AfterValidator(repository)]
PUSH_SCHEMA = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
PushAddresses = Annotated[tuple[SecretStr, ...], BeforeValidator(lambda value: push_addresses(value)), WithJsonSchema(PUSH_SCHEMA)]
EnvName = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$")]
SeverityNumber = Annotated[int, BeforeValidator(severity_number), WithJsonSchema({"enum": ["sev1", "sev2", "sev3", "sev4", 1, 2, 3, 4]})]
LocalMoment = Annotated[datetime, BeforeValidator(local_moment), WithJsonSchema({"type": "string", "examples": ["2026-01-05 09:00"]})]
WallTime = Annotated[time, BeforeValidator(wall_time), WithJsonSchema({"type": "string", "pattern": r"^([01]?\d|2[0-3]):[0-5]\d$"})]
GROUP_SCHEMA = {"anyOf": [{"type": "null"}, {"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
WEEKDAY_SCHEMA = {"type": "string", "examples": ["mon", "sat"]}
Group = Annotated[tuple[Id, ...], BeforeValidator(lambda value: group(value)), WithJsonSchema(GROUP_SCHEMA)]
Weekday = Annotated[int, BeforeValidator(lambda value: weekday(value)), WithJsonSchema(WEEKDAY_SCHEMA)]
Tier = Annotated[int, Field(ge=0, le=3)]
Percent = Annotated[float, Field(ge=0, le=100)]
Line = Annotated[str, Field(min_length=1, max_length=200)]


NAMED_TARGETS = {
    "person": "id",
    "team": "id",
    "members": "team",
    "rotation": "id",
    "schedule": "id",
    "everybody": "schedule",
    "usergroup": "handle",
    "channel": "name",
    "webhook": "id",
}
"""What a target may name, and how its name is called."""
TARGET_NAMES: Mapping[str, Callable[[str], str]] = {"usergroup": lambda name: user_group(name), "channel": lambda name: slack_channel(name)}
TargetKind = Literal["role", "person", "team", "members", "rotation", "schedule", "everybody", "usergroup", "channel", "webhook"]


class Target(Strict):
    """Whom an escalation step pages: a role around the incident, somebody by name, many at once, or a Slack channel."""

    kind: TargetKind = Field(description="What `name` is.")
    name: str = Field(description="A role, an id, a user group's handle, or a channel's name.")

    @model_validator(mode="before")
    @classmethod
    def from_text(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        kind, colon, name = value.strip().partition(":")
        if not colon and kind in ROLES:
            return {"kind": "role", "name": kind}
        if colon and kind in NAMED_TARGETS and name.strip():
            return {"kind": kind, "name": TARGET_NAMES.get(kind, str)(name.strip())}
        if near := difflib.get_close_matches(kind, NAMED_TARGETS if colon else ROLES, n=1):
            raise ValueError(f"'{clip(value)}' is no target; did you mean '{near[0]}{colon}{clip(name)}'?")
        named = ", ".join(f"{one}:<{what}>" for one, what in NAMED_TARGETS.items())
        raise ValueError(f"'{clip(value)}' is no target; write {', '.join(ROLES)}, or {named}.")

    def __str__(self) -> str:
        return self.name if self.kind == "role" else f"{self.kind}:{self.name}"


def group(value: object) -> object:
    """One turn's people: an id, a list of ids, or `none`."""
    if value is None or value == "none":
        return ()
    return (value,) if isinstance(value, str) else value


def weekday(value: object) -> object:
    if str(value).strip().lower()[:3] not in WEEKDAYS or len(str(value)) > 9:
        raise ValueError(f"'{clip(str(value))}' is not a day of the week; write mon, tue, wed, thu, fri, sat or sun.")
    return WEEKDAYS.index(str(value).strip().lower()[:3])


class TurnLength(Strict):
    """How long a turn of a rotation lasts, in steps of the local calendar (a day may have 23 hours)."""

    count: Annotated[int, Field(ge=1, le=1000)] = Field(description="How many units.")
    unit: Literal["hour", "day", "week", "month"] = Field(description="The step of the local calendar.")

    @model_validator(mode="before")
    @classmethod
    def from_text(cls, value: object) -> object:
        if isinstance(value, TurnLength | dict):
            return value
        found = re.fullmatch(r"(\d{1,4})\s*(h|d|w|mo)", str(value).strip().lower())
        if found is None or not 1 <= int(found.group(1)) <= 1000:
            raise ValueError(f"'{clip(str(value))}' is not the length of a turn; write it like 12h, 1d, 1w or 1mo.")
        return {"count": int(found.group(1)), "unit": {"h": "hour", "d": "day", "w": "week", "mo": "month"}[found.group(2)]}

    def __str__(self) -> str:
        return f"{self.count}{ {'hour': 'h', 'day': 'd', 'week': 'w', 'month': 'mo'}[self.unit] }"
