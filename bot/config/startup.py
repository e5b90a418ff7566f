"""What a process needs before it starts: its settings and the configuration they point at, with the problems of both told together."""

from collections.abc import Mapping
from pathlib import Path

from bot.config.loader import load
from bot.config.models import Config
from bot.config.settings import Settings, read
from bot.errors import ConfigInvalid


def configured(environ: Mapping[str, str]) -> tuple[Settings, Config]:
    """Settings and configuration. Raises `ConfigInvalid` with every problem of the environment and of the YAML."""
    problems: list[str] = []
    settings = config = None
    try:
        settings = read(environ)
    except ConfigInvalid as invalid:
        problems += invalid.problems
    directory = Path(environ.get("TOCSIN_CONFIG", "").strip() or "/nowhere/named")
    if directory.is_dir():  # otherwise the settings have said so
        try:
            config = load(directory, environ)
        except ConfigInvalid as invalid:
            problems += invalid.problems
    if settings is None or config is None:
        raise ConfigInvalid(problems)
    return settings, config
