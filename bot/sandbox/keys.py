"""What opens the doors between Tocsin and the sandbox: accounts, tokens, addresses. Light, because it is read before all else is."""

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True)
class Account:
    """One account with the carrier. `numbers` are the senders it may use, the first one its usual."""

    sid: str
    token: str
    numbers: tuple[str, ...]


ACCOUNT = Account(
    sid="AC" + hashlib.md5(b"tocsin sandbox", usedforsecurity=False).hexdigest(),
    token=hashlib.md5(b"tocsin sandbox token", usedforsecurity=False).hexdigest(),
    numbers=("+15550100000", "+15550109999"),
)
BOT_TOKEN = "xoxb-tocsin"
APP_TOKEN = "xapp-tocsin"
CLIENT_ID = "1000000000000.2000000000000"
CLIENT_SECRET = "5a4db0c5ec1e75a4db0c5ec1e75a4db0"
MAIL_DOMAIN = "mail.sandbox"
MAIL_KEY = "sandbox-mail-key"
SIGNING_SECRET = "sandbox-signing-secret"
GITHUB_TOKEN = "ghp_sandbox"
GITHUB_SECRET = "sandbox-github-secret"


def environ(url: str, smtp_port: int, mail_port: int = 0) -> dict[str, str]:
    """The variables that point a bot at the sandbox at this address. `mail_port`: where the bot is to take mail; 0 lets it choose."""
    return {
        "SLACK_BOT_TOKEN": BOT_TOKEN,
        "SLACK_APP_TOKEN": APP_TOKEN,
        "SLACK_CLIENT_ID": CLIENT_ID,
        "SLACK_CLIENT_SECRET": CLIENT_SECRET,
        "SLACK_API_URL": f"{url}/api/",
        "TWILIO_ACCOUNT_SID": ACCOUNT.sid,
        "TWILIO_AUTH_TOKEN": ACCOUNT.token,
        "TWILIO_FROM": ACCOUNT.numbers[0],
        "TWILIO_API_URL": f"{url}/twilio/",
        "TWILIO_SMS_PER_SECOND": "0",  # the sandbox's carrier takes as many as come
        "TWILIO_CALLS_PER_SECOND": "0",
        "SMTP_URL": f"smtp://127.0.0.1:{smtp_port}",
        "GITHUB_TOKEN": GITHUB_TOKEN,
        "GITHUB_WEBHOOK_SECRET": GITHUB_SECRET,
        "GITHUB_API_URL": f"{url}/github",
        "TOCSIN_MAIL_DOMAIN": MAIL_DOMAIN,
        "TOCSIN_MAIL_LISTEN": f"127.0.0.1:{mail_port}",
        "TOCSIN_MAIL_KEY": MAIL_KEY,
        "TOCSIN_URL": url,
    }
