"""Settings of one process, from its environment: read once, frozen, all that is wrong told at once. Secrets never show in a repr."""

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import SplitResult, parse_qsl, unquote, urlencode, urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from bot.config.values import Duration, clip, duration_text, email_address, phone_number
from bot.errors import ConfigInvalid

SHORTEST_SECRET = 16  # characters; shorter ones can be guessed, and they sign links that need no login
LOOPBACK = ("127.0.0.1", "::1", "localhost")


def split(value: str, schemes: tuple[str, ...], example: str) -> SplitResult:
    """The parts of an address with one of these schemes and a host that makes sense."""
    try:
        parts = urlsplit(value)
        sound = parts.port is None or parts.port > 0
    except ValueError:
        raise ValueError(f"is not a usable address; write it like {example}.") from None
    if parts.scheme not in schemes:
        raise ValueError(f"must start with {' or '.join(f'{scheme}://' for scheme in schemes)}; write it like {example}.")
    if not sound or not parts.hostname or re.search(r"\s", value):
        raise ValueError(f"is not a usable address; write it like {example}.")
    return parts


def base_url(value: str) -> str:
    """An http(s) address without query, ending in one slash: paths are added to it."""
    parts = split(value, ("https", "http"), "https://tocsin.example.com")
    if parts.query or parts.fragment or parts.username:
        raise ValueError("must be a plain address, without user name, '?' or '#'.")
    return value.rstrip("/") + "/"


def bare_url(value: str) -> str:
    """Like `base_url`, but ending in no slash."""
    return base_url(value).rstrip("/")


def web_address(value: str) -> str:
    """Any http(s) address."""
    split(value, ("https", "http"), "https://hc.example.com/ping/abc")
    return value


def mail_server(value: SecretStr) -> SecretStr:
    split(value.get_secret_value(), ("smtp", "smtps", "smtp+starttls"), "smtp+starttls://user:password@mail.example.com:587")
    return value


def database_address(value: SecretStr) -> SecretStr:
    """A SQLite file whose directory is there, or a PostgreSQL server."""
    text = value.get_secret_value()
    if text.startswith("sqlite:"):
        found = re.fullmatch(r"sqlite:///([^?]+)", text)
        if found is None or found.group(1).startswith(":memory:"):
            raise ValueError("must name a file: sqlite:///tocsin.db here, or sqlite:////var/lib/tocsin/tocsin.db anywhere.")
        folder = Path(found.group(1)).parent
        if not folder.is_dir():
            raise ValueError(f"names a file in {clip(str(folder))}, which is not a directory; create it.")
        return value
    address, _, query = text.partition("?")
    by_socket = "host" in dict(parse_qsl(query)) and re.match(r"postgres(ql)?://([^/@]*@)?/", text)
    example = "postgresql://user:password@host/tocsin, or sqlite:///tocsin.db"
    parts = urlsplit(address) if by_socket else split(text, ("postgresql", "postgres"), example)
    if not parts.path.strip("/"):
        raise ValueError("names no database; end it with /tocsin or whatever yours is called.")
    return value


def directory(value: Path) -> Path:
    if not value.is_dir():
        raise ValueError(f"is {clip(str(value))}, which is not a directory; name the one that holds your YAML files.")
    return value


def long_enough(value: SecretStr) -> SecretStr:
    if len(value.get_secret_value()) < SHORTEST_SECRET:
        raise ValueError(f"is shorter than {SHORTEST_SECRET} characters; make one with `openssl rand -hex 32`.")
    return value


def begins(prefix: str, where: str) -> AfterValidator:
    """A token of the right sort: the commonest mistake is to give one for the other."""

    def check(value: SecretStr) -> SecretStr:
        if not value.get_secret_value().startswith(prefix):
            raise ValueError(f"does not start with {prefix}; {where}")
        return value

    return AfterValidator(check)


def domain_name(value: str) -> str:
    if not re.fullmatch(r"(?=.{3,200}$)[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", value):
        raise ValueError("is not a mail domain; write it like tocsin.example.com.")
    return value.lower()


def host_and_port(value: str) -> str:
    found = re.fullmatch(r"(\[[0-9a-fA-F:]+\]|[^\s:]+):(\d{1,5})", value)
    if found is None or int(found[2]) > 65535:
        raise ValueError("is no host and port; write it like 0.0.0.0:25.")
    return value


def sms_sender(value: str) -> str:
    return str(phone_number(value))


BaseUrl = Annotated[str, AfterValidator(base_url)]
BareUrl = Annotated[str, AfterValidator(bare_url)]
WebAddress = Annotated[str, AfterValidator(web_address)]
Secret = Annotated[SecretStr, AfterValidator(long_enough)]
PerSecond = Annotated[float, Field(ge=0, le=10_000, allow_inf_nan=False)]


@dataclass(frozen=True)
class BackupPhone:
    """A second provider for texts and calls, as templates of the requests that it wants."""

    sms_url: str | None
    sms_body: SecretStr
    voice_url: str | None
    voice_body: SecretStr
    sender: str
    authorization: SecretStr | None
    accepted: str


def pattern(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"is no regular expression ({error}); mend it.") from None
    return value


class Settings(BaseModel):
    """What a process is told by its environment. `read` makes it."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True, validate_default=True)

    slack_bot_token: Annotated[SecretStr, begins("xoxb-", "copy the Bot User OAuth Token from the app's OAuth page.")] = Field(
        alias="SLACK_BOT_TOKEN", description="Bot token of the Slack app (`xoxb-…`)."
    )
    slack_app_token: Annotated[SecretStr, begins("xapp-", "make an app-level token with connections:write.")] | None = Field(
        default=None,
        alias="SLACK_APP_TOKEN",
        description="App-level token (`xapp-…`). When set, Slack is reached by Socket Mode and needs no public address.",
    )
    slack_signing_secret: SecretStr | None = Field(
        default=None,
        alias="SLACK_SIGNING_SECRET",
        description="Signing secret, for HTTP mode at `/slack/events`; needed when there is no app-level token.",
    )
    slack_api_url: BaseUrl = Field(default="https://slack.com/api/", alias="SLACK_API_URL", description="Address of Slack's Web API.")
    slack_client_id: Annotated[str, Field(pattern=r"^[\x21-\x7e]{1,200}$")] | None = Field(
        default=None,
        alias="SLACK_CLIENT_ID",
        description="Client ID of the Slack app (Basic Information): people sign in to pages with Slack. "
        "Empty: signed links are the only way.",
    )
    slack_client_secret: SecretStr | None = Field(
        default=None,
        alias="SLACK_CLIENT_SECRET",
        description="Client secret of the Slack app. Its settings must list `<TOCSIN_URL>/signin/slack/return` as a redirect URL.",
    )
    twilio_account_sid: str | None = Field(
        default=None, alias="TWILIO_ACCOUNT_SID", description="Twilio account, for SMS and calls. Give all three of Twilio's or none."
    )
    twilio_auth_token: SecretStr | None = Field(
        default=None, alias="TWILIO_AUTH_TOKEN", description="Token of that account; also checks the signatures of its webhooks."
    )
    twilio_from: Annotated[str, AfterValidator(sms_sender)] | None = Field(
        default=None, alias="TWILIO_FROM", description="Number that texts and calls come from, as `+15550100000`."
    )
    # A number that may send one a second queues the rest at Twilio, first come, first served: an urgent text would stand behind a storm.
    twilio_sms_per_second: PerSecond = Field(
        default=1,
        alias="TWILIO_SMS_PER_SECOND",
        description="Texts that this number may send in a second, all replicas together (US long code: 1, toll-free: 3, short code: 100). "
        "What waits goes by urgency; the first page of an incident never waits. 0: no limit.",
    )
    twilio_calls_per_second: PerSecond = Field(
        default=1, alias="TWILIO_CALLS_PER_SECOND", description="The same for calls, which Twilio limits for each account. 0: no limit."
    )
    twilio_api_url: BareUrl = Field(default="https://api.twilio.com", alias="TWILIO_API_URL", description="Address of Twilio's REST API.")
    backup_sms_url: WebAddress | None = Field(
        default=None,
        alias="BACKUP_SMS_URL",
        description="A second provider, for when Twilio does not answer: where a text is posted to. Empty: there is none.",
    )
    backup_sms_body: SecretStr = Field(
        default=SecretStr('{"from": "{from}", "to": "{to}", "text": "{text}"}'),
        alias="BACKUP_SMS_BODY",
        description="What is posted, JSON or a form, with `{to}`, `{from}` and `{text}`.",
    )
    backup_voice_url: WebAddress | None = Field(
        default=None, alias="BACKUP_VOICE_URL", description="The same for calls that speak `{text}`. They hear no keys."
    )
    backup_voice_body: SecretStr = Field(
        default=SecretStr('{"from": "{from}", "to": "{to}", "text": "{text}"}'),
        alias="BACKUP_VOICE_BODY",
        description="What is posted for a call.",
    )
    backup_from: str = Field(default="Tocsin", alias="BACKUP_FROM", description="Sender that the second provider shows.")
    backup_authorization: SecretStr | None = Field(
        default=None, alias="BACKUP_AUTHORIZATION", description="Its `Authorization` header, like `Basic …`."
    )
    backup_accepted: Annotated[str, AfterValidator(pattern)] = Field(
        default="",
        alias="BACKUP_ACCEPTED",
        description="A regular expression that its answer matches when it took a text, for those that refuse with HTTP 200.",
    )
    smtp_url: Annotated[SecretStr, AfterValidator(mail_server)] | None = Field(
        default=None,
        alias="SMTP_URL",
        description="Mail server: `smtp://`, `smtps://` or `smtp+starttls://user:password@host:port`. Empty: no e-mail.",
    )
    smtp_per_second: PerSecond = Field(
        default=0, alias="SMTP_PER_SECOND", description="Mails that the server takes from us in a second. 0: no limit."
    )
    mail_from: Annotated[str, AfterValidator(email_address)] | None = Field(
        default=None, alias="TOCSIN_MAIL_FROM", description="Sender of e-mail. Default: `tocsin@` and the host of TOCSIN_URL."
    )
    mail_domain: Annotated[str, AfterValidator(domain_name)] | None = Field(
        default=None,
        alias="TOCSIN_MAIL_DOMAIN",
        description="Domain whose mail reaches this bot, as `tocsin.example.com`: a page by e-mail can then be answered by a reply. "
        "Needs one of the next two.",
    )
    mail_listen: Annotated[str, AfterValidator(host_and_port)] | None = Field(
        default=None,
        alias="TOCSIN_MAIL_LISTEN",
        description="`host:port` where the bot itself takes that mail by SMTP: name it in the domain's MX record, or let your mail server "
        "hand it on.",
    )
    mail_key: Secret | None = Field(
        default=None,
        alias="TOCSIN_MAIL_KEY",
        description="Or let a provider or your mail server post each mail, raw, to `/hooks/mail/<this key>`; 16 characters or more.",
    )
    github_token: SecretStr | None = Field(
        default=None,
        alias="GITHUB_TOKEN",
        description="Token that reads and writes issues, where the configuration names repositories for action items (`issues`).",
    )
    github_webhook_secret: Secret | None = Field(
        default=None,
        alias="GITHUB_WEBHOOK_SECRET",
        description="Secret of a webhook for the event *Issues*, as JSON, at `/hooks/github`. Without it changes are found within 5 min.",
    )
    github_api_url: BareUrl = Field(
        default="https://api.github.com",
        alias="GITHUB_API_URL",
        description="Address of GitHub's REST API; of GitHub Enterprise Server `https://<host>/api/v3`.",
    )
    database_url: Annotated[SecretStr, AfterValidator(database_address)] = Field(
        default=SecretStr("sqlite:///tocsin.db"),
        alias="DATABASE_URL",
        description="A SQLite file, or `postgresql://user:password@host/name`.",
    )
    config: Annotated[Path, AfterValidator(directory)] = Field(alias="TOCSIN_CONFIG", description="Directory of the YAML configuration.")
    runs: Path = Field(
        default=Path("runs"),
        alias="TOCSIN_RUNS",
        description="Directory in which runs of runbooks work; it is made when the first one starts.",
    )
    runs_kept: Duration = Field(
        default=timedelta(0),
        alias="TOCSIN_RUNS_KEPT",
        description="How long the directory of a run that ended stays there, as `12h`. Default: it goes at once, for its output and files "
        "are in the database.",
    )
    runs_user: Annotated[str, Field(min_length=1)] | None = Field(
        default=None,
        alias="TOCSIN_RUNS_USER",
        description="Account of this machine under which runs work when the bot is root, as `tocsin-runs`: it reaches nothing of the "
        "bot's. It must be able to read playbooks and inventories; its keys are its own. Empty: the bot's account.",
    )
    runner: Literal["fast", "plain"] = Field(
        default="fast",
        alias="TOCSIN_RUNNER",
        description="How runs of runbooks start: `fast` forks them from a process that has Ansible loaded (on Linux; it begins with the "
        "first run and takes 60 MB), `plain` starts an Ansible for each, which takes a second.",
    )
    url: BareUrl = Field(alias="TOCSIN_URL", description="Public address of this bot; links and webhook signatures are made with it.")
    secret: Secret = Field(alias="TOCSIN_SECRET", description="Signs links; 16 characters or more, the same for all replicas.")
    previous_secret: Secret | None = Field(
        default=None, alias="TOCSIN_PREVIOUS_SECRET", description="The secret before a change; links it signed stay valid for a day."
    )
    host: Annotated[str, Field(min_length=1)] = Field(default="0.0.0.0", alias="TOCSIN_HOST", description="Address to listen on.")
    port: Annotated[int, Field(ge=0, le=65535)] = Field(
        default=8080, alias="TOCSIN_PORT", description="Port to listen on; 0 takes a free one."
    )
    heartbeat_url: WebAddress | None = Field(
        default=None,
        alias="TOCSIN_HEARTBEAT_URL",
        description="Address outside that is fetched every minute while all is well and synthetic pages arrive; "
        "it should alarm when that stops.",
    )
    log: Literal["json", "text"] = Field(
        default="json", alias="TOCSIN_LOG", description="Form of the log: `json` for machines, `text` for people."
    )
    sandbox_token: SecretStr | None = Field(
        default=None, alias="TOCSIN_SANDBOX_TOKEN", description="Opens the sandbox's own doors.", json_schema_extra={"hidden": True}
    )
    sandbox_offset_s: Annotated[float, Field(ge=0, allow_inf_nan=False)] = Field(
        default=0,
        alias="TOCSIN_SANDBOX_OFFSET_S",
        description="How far the sandbox's clock runs ahead.",
        json_schema_extra={"hidden": True},
    )

    @property
    def is_socket_mode(self) -> bool:
        """Whether Slack is reached by Socket Mode rather than HTTP."""
        return self.slack_app_token is not None

    @property
    def backup_phone(self) -> BackupPhone | None:
        """The second provider for texts and calls."""
        if self.backup_sms_url is None and self.backup_voice_url is None:
            return None
        return BackupPhone(
            self.backup_sms_url,
            self.backup_sms_body,
            self.backup_voice_url,
            self.backup_voice_body,
            self.backup_from,
            self.backup_authorization,
            self.backup_accepted,
        )

    @property
    def phone_senders(self) -> tuple[str, ...]:
        """Every number that texts and calls come from, the second provider's too where it is one."""
        senders = (self.twilio_from, self.backup_from if self.backup_phone else None)
        return tuple(sender for sender in senders if sender and sender.startswith("+"))

    @property
    def mail_sender(self) -> str:
        """Sender address of e-mail."""
        return self.mail_from or f"tocsin@{urlsplit(self.url).hostname}"

    @property
    def mail_receiver(self) -> tuple[str, int] | None:
        """Host and port where mail is taken by SMTP."""
        if self.mail_listen is None:
            return None
        host, _, port = self.mail_listen.rpartition(":")
        return host.strip("[]"), int(port)

    @property
    def database_driver_url(self) -> str:
        """The database's address with its async driver, as SQLAlchemy takes it. Holds the password."""
        return with_driver(self.database_url.get_secret_value())

    @property
    def secrets(self) -> frozenset[str]:
        """Everything that this process must never show: its tokens and keys, and the passwords within addresses."""
        held = (getattr(self, name) for name in type(self).model_fields)
        values = {value.get_secret_value() for value in held if isinstance(value, SecretStr)}
        passwords = {urlsplit(value).password for value in values if "://" in value}
        return frozenset(values | {unquote(password) for password in passwords if password} | {one for one in passwords if one})

    @property
    def sandbox_offset(self) -> timedelta:
        """How far the sandbox's clock runs ahead of the wall."""
        return timedelta(seconds=self.sandbox_offset_s)


def with_driver(url: str) -> str:
    """`sqlite:` → `sqlite+inline:`, `postgresql:` → `postgresql+asyncpg:`; libpq's `sslmode` is asyncpg's `ssl`."""
    scheme, _, rest = url.partition(":")
    if scheme == "sqlite":
        return f"sqlite+inline:{rest}"
    address, _, query = rest.partition("?")
    asked = urlencode([("ssl" if key == "sslmode" else key, value) for key, value in parse_qsl(query)])
    return f"postgresql+asyncpg:{address}" + (f"?{asked}" if asked else "")


def read(environ: Mapping[str, str]) -> Settings:
    """Settings from an environment. Raises `ConfigInvalid` with everything that is missing or wrong, as `environment: NAME sentence`."""
    given = {name: value.strip() for name, value in environ.items() if value.strip()}  # an empty variable is an absent one
    problems = [*togetherness(given), *misspelt(given)]
    settings = None
    try:
        settings = Settings.model_validate(given)
    except ValidationError as error:
        problems += [complaint(detail) for detail in error.errors(include_url=False, include_input=False)]
    if settings is None or problems:
        raise ConfigInvalid([f"environment: {problem}" for problem in problems])
    return settings


def togetherness(given: Mapping[str, str]) -> Iterator[str]:
    """What only makes sense with another."""
    if "SLACK_APP_TOKEN" not in given and "SLACK_SIGNING_SECRET" not in given:
        yield "SLACK_APP_TOKEN (Socket Mode) or SLACK_SIGNING_SECRET (HTTP mode) must be set, or nothing that Slack says can be trusted."
    twilio = ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_FROM")
    missing = [name for name in twilio if name not in given]
    if 0 < len(missing) < len(twilio):
        yield f"{' and '.join(missing)} must be set, too: Twilio needs all of {', '.join(twilio)}, or none to go without SMS and calls."
    client = [name for name in ("SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET") if name not in given]
    if len(client) == 1:
        yield f"{client[0]} must be set, too: signing in with Slack needs both, or none to go on with signed links alone."
    if not client and not is_safe(given.get("TOCSIN_URL", "")):
        yield (
            "TOCSIN_URL must begin with https:// where SLACK_CLIENT_ID is set: Slack sends nobody back to plain HTTP, and cookies would be "
            "read on the way."
        )
    roads = [name for name in ("TOCSIN_MAIL_LISTEN", "TOCSIN_MAIL_KEY") if name in given]
    if roads and "TOCSIN_MAIL_DOMAIN" not in given:
        yield f"{' and '.join(roads)} is of no use without TOCSIN_MAIL_DOMAIN, the domain of the addresses that pages are answered at."
    if "TOCSIN_MAIL_DOMAIN" in given and not roads:
        yield "TOCSIN_MAIL_DOMAIN needs TOCSIN_MAIL_LISTEN or TOCSIN_MAIL_KEY, or answers to pages would go where nobody takes them."
    if "TOCSIN_SANDBOX_TOKEN" in given and given.get("TOCSIN_HOST") not in LOOPBACK:
        yield "TOCSIN_SANDBOX_TOKEN opens every page without its signed link; unset it, or let only this machine in: TOCSIN_HOST=127.0.0.1."
    if given.get("TOCSIN_SECRET") is not None and given.get("TOCSIN_SECRET") == given.get("TOCSIN_PREVIOUS_SECRET"):
        yield "TOCSIN_PREVIOUS_SECRET is the same as TOCSIN_SECRET; remove it, or give the one from before the change."


def is_safe(url: str) -> bool:
    """Whether a cookie can travel there unread: by https, or within this machine. What is no address at all is another complaint."""
    try:
        parts = urlsplit(url)
        return parts.scheme != "http" or parts.hostname in LOOPBACK
    except ValueError:
        return True


def misspelt(given: Mapping[str, str]) -> Iterator[str]:
    """Names that are nearly one of ours, which is not set: an unread secret is found at once, and other tools' names are left alone."""
    known = [name for name, _ in variables() if name not in given]
    ours = {name for name, _ in variables()}
    for name in sorted(given):
        near = [] if name in ours else difflib.get_close_matches(name, known, n=1, cutoff=0.85)
        if near and name.startswith(near[0].split("_")[0]):
            yield f"{clip(name)} is not a setting; did you mean {near[0]}?"


def complaint(detail: ErrorDetails) -> str:
    """One pydantic error as a sentence that starts with the variable's name. The value is never shown: it may be a secret."""
    name, kind = str(detail["loc"][0]), detail["type"]
    if kind == "missing":
        return f"{name} is not set: {meaning_of(name)}"
    if kind == "value_error":
        return f"{name} {detail['ctx']['error']}"
    if kind == "int_parsing":
        return f"{name} must be a whole number."
    if kind == "literal_error":
        return f"{name} must be {detail['ctx']['expected']}."
    return f"{name} is wrong: {detail['msg'][:1].lower()}{detail['msg'][1:]}."


@dataclass(frozen=True)
class Variable:
    """One environment variable for help and documentation. `default` is empty where there is none."""

    name: str
    meaning: str
    default: str
    required: bool


def variables() -> Iterator[tuple[str, FieldInfo]]:
    for field in Settings.model_fields.values():
        if field.alias:
            yield field.alias, field


def meaning_of(name: str) -> str:
    return next((field.description or "" for known, field in variables() if known == name), "")


def describe() -> list[Variable]:
    """Every environment variable, without those that only the sandbox uses."""
    shown = [(name, field) for name, field in variables() if not field.json_schema_extra]
    return [Variable(name, field.description or "", default_text(field), field.is_required()) for name, field in shown]


def default_text(field: FieldInfo) -> str:
    if field.is_required() or field.default is None:
        return ""
    if isinstance(field.default, timedelta):
        return duration_text(field.default)
    return str(field.default.get_secret_value() if isinstance(field.default, SecretStr) else field.default)


def declare_settings(environ: Mapping[str, str]) -> tuple[str, str]:
    """Address and secret of the running bot, which is all that declaring from outside needs. Raises `ConfigInvalid`."""
    missing = [f"environment: {name} is not set: {meaning_of(name)}" for name in ("TOCSIN_URL", "TOCSIN_SECRET") if not environ.get(name)]
    if missing:
        raise ConfigInvalid(missing)
    return environ["TOCSIN_URL"].rstrip("/"), environ["TOCSIN_SECRET"]
