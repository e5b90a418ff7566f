"""The environment of a process: everything missing or wrong is told at once, and no secret is ever shown."""

from pathlib import Path

import pytest

from bot.config.settings import Settings, describe, read
from bot.errors import ConfigInvalid

SECRET = "0123456789abcdef-secret"


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """The least that a process needs, in Socket Mode."""
    return {
        "SLACK_BOT_TOKEN": "xoxb-bot-secret",
        "SLACK_APP_TOKEN": "xapp-app-secret",
        "TOCSIN_CONFIG": str(tmp_path),
        "TOCSIN_URL": "https://tocsin.example.com/",
        "TOCSIN_SECRET": SECRET,
    }


def problems(environ: dict[str, str]) -> list[str]:
    with pytest.raises(ConfigInvalid) as caught:
        read(environ)
    return [problem.removeprefix("environment: ") for problem in caught.value.problems]


def test_the_least_is_enough(environ: dict[str, str]) -> None:
    settings = read(environ)
    assert settings.is_socket_mode and settings.twilio_account_sid is None
    assert (settings.slack_api_url, settings.port, settings.log) == ("https://slack.com/api/", 8080, "json")
    assert settings.mail_sender == "tocsin@tocsin.example.com"


def test_addresses_are_joined_with_paths_without_a_double_slash(environ: dict[str, str]) -> None:
    settings = read(environ | {"SLACK_API_URL": "http://127.0.0.1:8080/api", "TWILIO_API_URL": "http://127.0.0.1:8080/twilio/"})
    assert settings.slack_api_url == "http://127.0.0.1:8080/api/"
    assert (settings.twilio_api_url, settings.url) == ("http://127.0.0.1:8080/twilio", "https://tocsin.example.com")


def test_everything_that_is_missing_is_told_at_once() -> None:
    told = problems({})
    assert [problem.split(" ")[0] for problem in told] == [
        "SLACK_APP_TOKEN",
        "SLACK_BOT_TOKEN",
        "TOCSIN_CONFIG",
        "TOCSIN_URL",
        "TOCSIN_SECRET",
    ]


def test_an_empty_variable_is_an_absent_one(environ: dict[str, str]) -> None:
    assert read(environ | {"SMTP_URL": "", "TWILIO_FROM": " "}).smtp_url is None


WRONG = {
    "tokens swapped": ({"SLACK_BOT_TOKEN": "xapp-1"}, "SLACK_BOT_TOKEN does not start with xoxb-; copy the Bot User OAuth Token"),
    "an address without scheme": ({"TOCSIN_URL": "tocsin.example.com"}, "TOCSIN_URL must start with https:// or http://"),
    "an address with a query": ({"TOCSIN_URL": "https://tocsin.example.com/?a=1"}, "TOCSIN_URL must be a plain address"),
    "an impossible port in an address": ({"SLACK_API_URL": "http://127.0.0.1:99999/"}, "SLACK_API_URL is not a usable address"),
    "a guessable secret": (
        {"TOCSIN_SECRET": "short"},
        "TOCSIN_SECRET is shorter than 16 characters; make one with `openssl rand -hex 32`.",
    ),
    "the same secret twice": ({"TOCSIN_PREVIOUS_SECRET": SECRET}, "TOCSIN_PREVIOUS_SECRET is the same as TOCSIN_SECRET"),
    "a configuration that is not there": ({"TOCSIN_CONFIG": "/nowhere"}, "TOCSIN_CONFIG is /nowhere, which is not a directory"),
    "mail without a domain": ({"TOCSIN_MAIL_LISTEN": "0.0.0.0:25"}, "TOCSIN_MAIL_LISTEN is of no use without TOCSIN_MAIL_DOMAIN"),
    "a mail domain that nobody listens for": (
        {"TOCSIN_MAIL_DOMAIN": "tocsin.example.com"},
        "TOCSIN_MAIL_DOMAIN needs TOCSIN_MAIL_LISTEN or TOCSIN_MAIL_KEY",
    ),
    "a strange mail domain": ({"TOCSIN_MAIL_DOMAIN": "a@b", "TOCSIN_MAIL_LISTEN": "0.0.0.0:25"}, "TOCSIN_MAIL_DOMAIN is not a mail domain"),
    "no port": ({"TOCSIN_MAIL_DOMAIN": "x.example", "TOCSIN_MAIL_LISTEN": "0.0.0.0"}, "TOCSIN_MAIL_LISTEN is no host and port"),
    "half of signing in": ({"SLACK_CLIENT_ID": "1.2"}, "SLACK_CLIENT_SECRET must be set, too"),
    "signing in where anybody listens": (
        {"SLACK_CLIENT_ID": "1.2", "SLACK_CLIENT_SECRET": "s", "TOCSIN_URL": "http://tocsin.example.com"},
        "TOCSIN_URL must begin with https:// where SLACK_CLIENT_ID is set",
    ),
    "half of Twilio": ({"TWILIO_ACCOUNT_SID": "AC1"}, "TWILIO_AUTH_TOKEN and TWILIO_FROM must be set, too"),
    "a sender that is no number": (
        {"TWILIO_ACCOUNT_SID": "AC1", "TWILIO_AUTH_TOKEN": "t", "TWILIO_FROM": "Tocsin"},
        "TWILIO_FROM 'Tocsin' is not a phone number",
    ),
    "a mail server without scheme": (
        {"SMTP_URL": "mail.example.com:25"},
        "SMTP_URL must start with smtp:// or smtps:// or smtp+starttls://",
    ),
    "a database without directory": ({"DATABASE_URL": "sqlite:////nowhere/tocsin.db"}, "DATABASE_URL names a file in /nowhere"),
    "a database in memory": ({"DATABASE_URL": "sqlite://"}, "DATABASE_URL must name a file"),
    "another kind of database": ({"DATABASE_URL": "mysql://host/tocsin"}, "DATABASE_URL must start with postgresql:// or postgres://"),
    "a server without database": ({"DATABASE_URL": "postgresql://host"}, "DATABASE_URL names no database"),
    "a port that is no number": ({"TOCSIN_PORT": "http"}, "TOCSIN_PORT must be a whole number."),
    "a port out of range": ({"TOCSIN_PORT": "70000"}, "TOCSIN_PORT is wrong: input should be less than or equal to 65535."),
    "another log": ({"TOCSIN_LOG": "xml"}, "TOCSIN_LOG must be 'json' or 'text'."),
    "a slip of the pen": (
        {"TOCSIN_PREVIOUS_SECRT": SECRET + "2"},
        "TOCSIN_PREVIOUS_SECRT is not a setting; did you mean TOCSIN_PREVIOUS_SECRET?",
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_each_mistake_is_told_by_the_variables_name(environ: dict[str, str], wrong: str) -> None:
    change, told = WRONG[wrong]
    found = problems(environ | change)
    assert len(found) == 1
    assert found[0].startswith(told)


def test_http_mode_needs_the_signing_secret(environ: dict[str, str]) -> None:
    del environ["SLACK_APP_TOKEN"]
    assert "SLACK_SIGNING_SECRET" in problems(environ)[0]
    assert not read(environ | {"SLACK_SIGNING_SECRET": "a-signing-secret"}).is_socket_mode


def test_variables_of_other_tools_are_left_alone(environ: dict[str, str]) -> None:
    read(environ | {"TOCSIN_TEST_POSTGRES": "postgresql://x/y", "TWILIO_REGION": "ie1", "SLACK_WEBHOOK_URL": "https://x"})


@pytest.mark.parametrize(
    ("given", "driven"),
    [
        ("sqlite:////DIR/tocsin.db", "sqlite+inline:////DIR/tocsin.db"),
        ("postgresql://u:p%40ss@host:5433/tocsin", "postgresql+asyncpg://u:p%40ss@host:5433/tocsin"),
        ("postgres://host/tocsin?sslmode=require", "postgresql+asyncpg://host/tocsin?ssl=require"),
    ],
)
def test_the_database_gets_its_async_driver(environ: dict[str, str], tmp_path: Path, given: str, driven: str) -> None:
    here = str(tmp_path)[1:]
    settings = read(environ | {"DATABASE_URL": given.replace("DIR", here)})
    assert settings.database_driver_url == driven.replace("DIR", here)


def test_secrets_are_never_shown(environ: dict[str, str]) -> None:
    hidden = {
        "SLACK_SIGNING_SECRET": "signing-hidden",
        "SLACK_CLIENT_ID": "1.2",
        "SLACK_CLIENT_SECRET": "client-hidden",
        "TWILIO_ACCOUNT_SID": "AC1",
        "TWILIO_AUTH_TOKEN": "twilio-hidden",
        "TWILIO_FROM": "+15550100000",
        "SMTP_URL": "smtp://me:mail-hidden@host",
        "DATABASE_URL": "postgresql://me:data-hidden@host/x",
        "TOCSIN_PREVIOUS_SECRET": "previous-hidden-long-enough",
        "TOCSIN_SANDBOX_TOKEN": "sandbox-hidden",
        "TOCSIN_HOST": "127.0.0.1",
    }
    settings = read(environ | hidden)
    for shown in (repr(settings), str(settings), settings.model_dump_json()):
        assert "hidden" not in shown and "xoxb" not in shown and "xapp" not in shown and SECRET not in shown


def test_a_wrong_secret_is_not_shown_in_the_problem(environ: dict[str, str]) -> None:
    wrong = {
        "SLACK_BOT_TOKEN": "hidden-1",
        "SLACK_APP_TOKEN": "hidden-2",
        "TOCSIN_SECRET": "hidden-3",
        "SMTP_URL": "hidden-4",
        "DATABASE_URL": "hidden-5",
    }
    told = problems(environ | wrong)
    assert len(told) == 5 and "hidden" not in "".join(told)


def test_the_sandboxs_open_doors_are_for_this_machine_alone(environ: dict[str, str]) -> None:
    (told,) = problems(environ | {"TOCSIN_SANDBOX_TOKEN": "left over"})
    assert told.startswith("TOCSIN_SANDBOX_TOKEN opens every page")
    assert problems(environ | {"TOCSIN_SANDBOX_TOKEN": "left over", "TOCSIN_HOST": "10.0.0.1"}) == [told]


def test_help_lists_every_variable_but_the_sandboxs_own() -> None:
    listed = {variable.name for variable in describe()}
    known = {field.alias for field in Settings.model_fields.values()}
    assert known - listed == {"TOCSIN_SANDBOX_TOKEN", "TOCSIN_SANDBOX_OFFSET_S"}
    assert all(variable.meaning for variable in describe())
    assert {variable.name for variable in describe() if variable.required} == {
        "SLACK_BOT_TOKEN",
        "TOCSIN_CONFIG",
        "TOCSIN_URL",
        "TOCSIN_SECRET",
    }
