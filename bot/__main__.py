"""The command line: `tocsin run | sandbox | check | simulate | declare | doctor | page | migrate`."""

import asyncio
import gc
import getpass
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from bot.clock import pin_zones
from bot.errors import ConfigInvalid, TocsinError

cli = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,  # a log wants a plain traceback
    help="Tocsin runs incidents in Slack. To begin: `tocsin sandbox`. For a real workspace: `tocsin check`, then `tocsin run --help`.",
)

pages = typer.Typer(no_args_is_help=True, help="Pages: who was told, and how that went.")
cli.add_typer(pages, name="page")


def environment() -> str:
    """The environment variables, for help."""
    from bot.config.settings import describe

    lines = []
    for variable in describe():
        more = " (required)" if variable.required else f" (default {variable.default})" if variable.default else ""
        lines.append(f"{variable.name}{more}: {variable.meaning}")
    return "The process is configured by its environment:\n\n" + "\n\n".join(lines)


@cli.command(epilog=environment() if "--help" in sys.argv else None, short_help="Run the bot; its --help lists the environment.")
def run() -> None:
    """Run the bot until it is told to stop (SIGTERM or Ctrl-C), then let what runs finish."""
    gc.disable()  # what loading makes is no garbage, and looking for some takes a quarter of the start
    from bot.app import run as run_bot

    gc.freeze()
    gc.enable()
    asyncio.run(run_bot(os.environ))


@cli.command(short_help="Run runbooks on another machine, for one queue.")
def worker(queue: Annotated[str, typer.Option(help="The queue, as `environments` name it.")]) -> None:
    """Run the runs of one queue on this machine, until told to stop (SIGTERM or Ctrl-C). Needs the bot's DATABASE_URL (PostgreSQL) and
    configuration (TOCSIN_CONFIG), and none of its tokens."""
    from bot.elsewhere import run as run_worker

    asyncio.run(run_worker(os.environ, queue))


@cli.command(short_help="Try it here: the bot, a Slack, phones, a mailbox.")
def sandbox(
    port: Annotated[int, typer.Option(help="Port of the workspace, on 127.0.0.1.")] = 8080,
    data: Annotated[Path, typer.Option(help="Where the workspace and the bot keep their state.")] = Path(".tocsin/sandbox"),
    headless: Annotated[bool, typer.Option("--headless", help="Without the page: only the APIs.")] = False,
) -> None:
    """Run the bot with a Slack workspace, phones and a mailbox of its own, all on this machine."""
    from bot.sandbox.launcher import main as launch

    raise typer.Exit(launch(port=port, data=data, headless=headless))


@cli.command(short_help="Check the YAML: every problem, with file and line.")
def check(
    directory: Annotated[Path | None, typer.Argument(help="The YAML directory; TOCSIN_CONFIG when left out.")] = None,
    against: Annotated[Path | None, typer.Option(help="Another YAML directory: print who is on call differs from it in 8 weeks.")] = None,
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON Schema for editors instead.")] = False,
) -> None:
    """Check the configuration: every problem at once, with file and line, and who is on call in the next 8 weeks.

    With DATABASE_URL, or --against, it prints who is on call differs once this configuration is loaded.
    """
    from bot.config.schema import json_schema

    if schema:
        import json

        typer.echo(json.dumps(json_schema(), indent=2))
        return
    where = directory or Path(os.environ.get("TOCSIN_CONFIG", "config"))
    from bot.app import checked

    report = checked(os.environ, where, against)
    typer.echo(report.text())
    raise typer.Exit(0 if report.is_sound else 1)


@cli.command(short_help="Declare an incident without Slack.")
def declare(
    words: Annotated[list[str], typer.Argument(help="As after /inc: sev1 checkout is down")],
    by: Annotated[str, typer.Option("--as", help="Who declares it: an id from the configuration.")] = "",
) -> None:
    """Declare an incident without Slack, as `/inc` would. Needs TOCSIN_URL and TOCSIN_SECRET of the running bot."""
    from bot.incidents.api import declare_at

    typer.echo(asyncio.run(declare_at(os.environ, " ".join(words), by or getpass.getuser())))


@cli.command(short_help="Who would be paged, how and when.")
def simulate(
    service: Annotated[str, typer.Option(help="The service that breaks: id, name or alias.")],
    severity: Annotated[str, typer.Option(help="1 to 4, or sev1 to sev4.")],
    at: Annotated[str, typer.Option(help="When: 2027-03-14T02:30 with --zone, or with an offset: 2027-03-14T02:30-05:00.")],
    zone: Annotated[str, typer.Option(help="The zone of --at, and in which times are printed: America/New_York.")] = "",
    silent: Annotated[list[str] | None, typer.Option(help="Who would not answer, while everybody else does; may be given again.")] = None,
    answer_after: Annotated[str, typer.Option(help="How long people take to answer: 90s. Left out, nobody answers, or after 1m.")] = "",
    directory: Annotated[Path | None, typer.Option(help="The YAML directory; TOCSIN_CONFIG when left out.")] = None,
) -> None:
    """Print who would be paged for a service, how and when, to the second, until the ladder is exhausted.

    With DATABASE_URL, overrides and swaps count; without it, only the YAML does.
    """
    from bot.app import simulate as simulate_page
    from bot.paging.rehearsal import Question, moment

    where = directory or Path(os.environ.get("TOCSIN_CONFIG", "config"))
    question = Question(service, severity, moment(at, zone), tuple(silent or ()), answer_after)
    typer.echo(asyncio.run(simulate_page(os.environ, where, question)))


@cli.command(short_help="Does paging work right now, and what is wrong if not?")
def doctor() -> None:
    """Say in one screen whether paging works right now, and what is wrong if not. Run it where the bot runs, with its environment."""
    from bot import log
    from bot.app import doctor as examine

    log.configure("text", "CRITICAL")  # what it finds stands on the screen
    screen, is_well = asyncio.run(examine(os.environ))
    typer.echo(screen)
    raise typer.Exit(0 if is_well else 1)


@pages.command(short_help="How paging for an incident went, attempt by attempt.")
def show(incident: Annotated[int, typer.Argument(help="The incident's number.")]) -> None:
    """Print every attempt to reach somebody for an incident: when, how, how it ended and why."""
    from bot.app import page_story

    typer.echo(asyncio.run(page_story(os.environ, incident)))


@cli.command(short_help="Bring the database to the newest revision.")
def migrate() -> None:
    """Bring the database to the newest revision. `run` does this, too."""
    from bot.app import migrate as migrate_database

    asyncio.run(migrate_database(os.environ))
    typer.echo("The database is up to date.")


def main() -> None:
    """Run a command; what is wrong with the configuration is told whole, and nothing of our own shows a traceback."""
    pin_zones()
    try:
        cli()
    except ConfigInvalid as invalid:
        typer.echo(f"{len(invalid.problems)} problem{'s' if len(invalid.problems) != 1 else ''} with the configuration:", err=True)
        for problem in invalid.problems:
            typer.echo(f"  {problem}", err=True)
        sys.exit(1)
    except TocsinError as error:
        typer.echo(str(error), err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
