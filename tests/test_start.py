"""A start loads what every incident needs and nothing else: seconds count when the bot is restarted in the middle of one."""

import subprocess
import sys

LATER = {
    "rich": "structlog's tracebacks, which we print plainly",
    "pygments": "what highlights those",
    "alembic": "migrations, when there are any",
    "dateparser": "times that people type",
    "holidays": "the configuration's check",
    "matplotlib": "plots",
    "aiosmtpd": "answers by e-mail, where the bot takes them itself",
    "ansible_runner": "runbooks",
}


def test_what_is_not_needed_at_once_is_not_loaded_at_once() -> None:
    program = f"import sys, bot.__main__, bot.app; print(*[name for name in {list(LATER)} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], check=True, timeout=60, capture_output=True, text=True)
    assert done.stdout.split() == []
