"""Structured logs: facts with ids, once, where they become true. Never a secret, never a private incident's words."""

import dataclasses
import logging
import re
import sys
from contextlib import AbstractContextManager

sys.modules.setdefault("rich", None)  # type: ignore[arg-type]  # else structlog loads a syntax highlighter for tracebacks we print plainly
import structlog  # noqa: E402

if sys.modules["rich"] is None:
    del sys.modules["rich"]

FREE_TEXT = frozenset({"why", "sentence"})
"""Fields of facts that may hold a private incident's words."""
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
    for noisy in ("apscheduler", "alembic", "slack_sdk", "slack_bolt", "asyncio", "aiohttp.access"):
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


def about_work(about: str) -> None:
    """What the rest of this task logs carries what it is about: `incident=42` for "incident:42"."""
    kind, _, number = about.partition(":")
    named = {"incident": int(number)} if kind == "incident" and number.isdecimal() else {"about": about}
    structlog.contextvars.bind_contextvars(**named if about else {})


def fact(logger: structlog.stdlib.BoundLogger, fact: object) -> None:
    """One line for a fact that is true from now on: `PageAcknowledged(7, 42, "ana")` is `page acknowledged page=7 incident=42 by=ana`."""
    if not dataclasses.is_dataclass(fact):
        return
    name = re.sub(r"(?<!^)(?=[A-Z])", " ", type(fact).__name__).lower()
    fields = {field.name: getattr(fact, field.name) for field in dataclasses.fields(fact) if field.name not in FREE_TEXT}
    told = {key.removesuffix("_id") if key in ("incident_id", "page_id") else key: value for key, value in fields.items()}
    logger.info(name, **{key: value if isinstance(value, int | float) else str(value) for key, value in told.items() if value is not None})


def _hide_secrets(_: object, __: str, fields: structlog.typing.EventDict) -> structlog.typing.EventDict:
    return {name: "…" if any(word in name.lower() for word in SECRET_NAMES) else value for name, value in fields.items()}
