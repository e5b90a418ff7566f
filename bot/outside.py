"""What is outside of this installation, by its settings: Slack, phones, mail, trackers, Ansible; and whether each is there."""

from socket import gethostname

from bot.accounts.openid import Provider
from bot.accounts.web import STALE
from bot.clock import Clock, WallClock
from bot.config.settings import Settings
from bot.db import BOT, Database
from bot.directory.service import Directory
from bot.incidents.service import Incidents
from bot.paging.channels.backup import Backup
from bot.paging.channels.email import EmailChannel
from bot.paging.channels.push import PushChannel
from bot.paging.channels.slack import SlackChannel
from bot.paging.channels.sms import SmsChannel
from bot.paging.channels.twilio import Twilio
from bot.paging.channels.voice import VoiceChannel
from bot.paging.channels.webhook import WebhookChannel
from bot.paging.doctor import Probe
from bot.paging.notice import PageChannel
from bot.paging.senders import Sender
from bot.paging.sink import SinkChannel
from bot.runbooks.account import account
from bot.runbooks.ansible import LocalRunner
from bot.runbooks.fast import FastRunner
from bot.runbooks.forkserver import server_under
from bot.runbooks.runner import PlaybookRunner
from bot.runbooks.secrets import Secrets as RunSecrets
from bot.slack.gateway import Failed, Ok, SlackGateway, web_client
from bot.slack.manifest import SIGN_IN_RETURN
from bot.trackers.github import GitHub
from bot.trackers.tracker import Tracker, Unconnected


def provider(settings: Settings) -> Provider | None:
    """How Slack knows us where people may sign in with it."""
    if settings.slack_client_id is None:
        return None
    return Provider(slack_site(settings), settings.slack_client_id, settings.url + SIGN_IN_RETURN)


def slack_site(settings: Settings) -> str:
    """The address that Slack's API stands under; in the sandbox, everything does."""
    return settings.slack_api_url.removesuffix("/").removesuffix("/api")


def signing_in(settings: Settings, clock: Clock) -> SlackGateway:
    """A way to Slack without the bot's token: what goes wrong there says nothing of the bot."""
    return SlackGateway(web_client(None, settings.slack_api_url), clock=clock)


def twilio(settings: Settings) -> Twilio | None:
    """Twilio, where it is configured."""
    if settings.twilio_account_sid is None or settings.twilio_auth_token is None or settings.twilio_from is None:
        return None
    return Twilio(settings.twilio_api_url, settings.twilio_account_sid, settings.twilio_auth_token.get_secret_value(), settings.twilio_from)


def tracker(settings: Settings) -> Tracker:
    """GitHub, where its token is set."""
    if settings.github_token is None:
        return Unconnected()
    return GitHub(settings.github_api_url, settings.github_token.get_secret_value())


def probes(settings: Settings) -> dict[str, Probe]:
    """How each configured provider is asked whether it would take a page."""

    async def slack() -> str:
        gateway = SlackGateway(web_client(settings.slack_bot_token.get_secret_value(), settings.slack_api_url))
        try:
            answer = await gateway.call("auth.test")
            return "" if isinstance(answer, Ok) else f"{answer.why} See SLACK_BOT_TOKEN."
        finally:
            await gateway.close()

    async def sign_in() -> str:
        """A code that is none: Slack looks at who asks first."""
        asker = signing_in(settings, WallClock())
        given = settings.slack_client_secret.get_secret_value() if settings.slack_client_secret else ""
        try:
            answer = await asker.call("openid.connect.token", client_id=settings.slack_client_id, client_secret=given, code="doctor")
        finally:
            await asker.close()
        return "" if isinstance(answer, Ok) or (isinstance(answer, Failed) and answer.code in STALE) else answer.why

    async def phone() -> str:
        if (carrier := twilio(settings)) is None:
            return "no phone provider is configured: nobody is woken. See TWILIO_ACCOUNT_SID"
        try:
            return await carrier.probe()
        finally:
            await carrier.close()

    found: dict[str, Probe] = {"Slack API": slack, "Twilio": phone}
    if settings.slack_client_id is not None:
        found["signing in"] = sign_in
    if settings.smtp_url is not None:
        found["mail server"] = EmailChannel(settings.smtp_url.get_secret_value(), settings.mail_sender).probe
    return found


def page_channels(
    settings: Settings, gateway: SlackGateway, twilio: Twilio | None, directory: Directory, clock: Clock
) -> list[PageChannel]:
    """The ways in which this installation reaches people."""
    channels: list[PageChannel] = [SlackChannel(gateway), PushChannel(), WebhookChannel(directory.webhook_key, clock), SinkChannel()]
    if twilio is not None:
        backup = Backup(settings.backup_phone) if settings.backup_phone else None
        channels += [SmsChannel(twilio, backup), VoiceChannel(twilio, backup)]
    if settings.smtp_url is not None:
        channels.append(EmailChannel(settings.smtp_url.get_secret_value(), settings.mail_sender))
    return channels


def playbook_runner(settings: Settings, database: Database, incidents: Incidents, machine: str, secrets: RunSecrets) -> PlaybookRunner:
    """Who runs playbooks on this machine."""
    if settings.runner == "plain":
        return LocalRunner(settings.runs, secrets.hiding, account(settings.runs_user))

    async def tell(why: str) -> None:
        async with database.begin(actor=BOT) as tx:
            await incidents.tell_ops(
                tx,
                f"Runbooks start slowly on {gethostname()}, in a second rather than at once, but they run: {why}",
                key=f"runner:{machine}",
            )

    return FastRunner(settings.runs, server_under(account(settings.runs_user)), tell, secrets.hiding)


def senders(settings: Settings) -> dict[str, Sender]:
    """The senders that have a limit, by the method that they serve."""
    limits = {
        "sms": (settings.twilio_from, settings.twilio_sms_per_second),
        "voice": (settings.twilio_from, settings.twilio_calls_per_second),
        "email": (settings.mail_sender, settings.smtp_per_second),
    }
    return {method: Sender(f"{method}:{name}", rate) for method, (name, rate) in limits.items() if rate}
