"""Structured logs: facts with ids, once, where they become true. Never a secret, never a private incident's words."""

import logging
import sys
from contextlib import AbstractContextManager

import structlog

SECRET_NAMES = ("token", "secret", "password", "signature", "authorization")


def configure(style: str = "json", level: str = "INFO") -> None:
    """Send all logs, ours and the libraries', to standard error as `json` lines or readable `text`."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _hide_secrets,
    ]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer() if style == "json" else structlog.dev.ConsoleRenderer(colors=False)
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer]
        )
    )
    logging.basicConfig(handlers=[handler], level=level, force=True)
    for noisy in ("aiosqlite", "apscheduler", "alembic", "slack_sdk", "slack_bolt", "asyncio", "aiohttp.access"):
        logging.getLogger(noisy).setLevel("WARNING")
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def get(name: str) -> structlog.stdlib.BoundLogger:
    """The logger of one module."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger


def about(incident: int) -> AbstractContextManager[None]:
    """Everything logged inside carries this incident's number."""
    return structlog.contextvars.bound_contextvars(incident=incident)


def _hide_secrets(_: object, __: str, fields: structlog.typing.EventDict) -> structlog.typing.EventDict:
    return {name: "…" if any(word in name.lower() for word in SECRET_NAMES) else value for name, value in fields.items()}
