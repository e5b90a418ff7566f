"""The README does what it says: its tour is typed into a real sandbox, and whatever it names exists."""

import importlib.util
import os
import re
import subprocess
from pathlib import Path

import pytest

from bot.config.settings import describe, read
from bot.sandbox.launcher import first_screen
from tests.stranger import ROOT, TOCSIN, Running, bare_environ, needs, said, sandbox, until

README = (ROOT / "README.md").read_text()
DOCUMENTS = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/configuration.md"]
TOUR = re.findall(r"^```sh tour\n(.*?)^```$", README, re.S | re.M)
INCIDENT = "inc-1-checkout-is-down"


def declared(running: Running) -> None:
    until(lambda: running.channel_of(1) == INCIDENT, "the incident's channel is there")
    until(lambda: any("#1 SEV1 checkout is down" in text for text in running.texts(INCIDENT)), "the card stands in it")


def paged(running: Running) -> None:
    until(lambda: running.texted("ana"), "Ana has an SMS")
    [text] = running.texted("ana")
    assert "SEV1 #1 checkout is down" in text
    assert f"{running.url}/p/" in text
    assert "Reply 1a" in text
    assert running.texted("bo") == []


def escalated(running: Running) -> None:
    until(lambda: running.texted("bo"), "Bo has an SMS, too")
    assert "SEV1 #1 checkout is down" in running.texted("bo")[0]


def acknowledged(running: Running) -> None:
    until(lambda: any("<@U0BO0000000> acknowledged" in text for text in running.texts(INCIDENT)), "the card says who acknowledged")
    until(lambda: any("handled by Bo Lindqvist" in text for text in running.texted("ana")), "Ana is told that Bo handles it")


def updated(running: Running) -> None:
    wanted = "rolling back, watching for 10 minutes"
    until(lambda: any("*Update* by <@U0KIM000000>" in text and wanted in text for text in running.texts(INCIDENT)), "the update is posted")


def resolved(running: Running) -> None:
    until(lambda: any("*Resolved* by <@U0KIM000000>" in text for text in running.texts(INCIDENT)), "the channel says resolved")
    link = re.compile(rf"{re.escape(running.url)}(/postmortems/1\?k=[\w.-]+)")
    until(lambda: link.search("".join(running.texts(INCIDENT))), "the postmortem's link is posted")
    [found, *_] = link.findall("".join(running.texts(INCIDENT)))
    page = subprocess.run(["curl", "-sf", f"{running.url}{found}"], capture_output=True, text=True, check=True).stdout
    assert "checkout is down" in page
    assert "config rolled back" in page


OUTCOMES = [declared, paged, escalated, acknowledged, updated, resolved]


def test_the_tour_does_what_it_promises(tmp_path: Path) -> None:
    needs("curl", "curl")
    assert len(TOUR) == len(OUTCOMES), "each step of the tour has its outcome here"
    with sandbox(tmp_path / "data") as running:
        for step, promised in zip(TOUR, OUTCOMES, strict=True):
            type_it(step, running)
            promised(running)


def test_what_else_to_try_is_accepted(tmp_path: Path) -> None:
    needs("curl", "curl")
    others = re.findall(r"^```sh more\n(.*?)^```$", README, re.S | re.M)
    assert others
    with sandbox(tmp_path / "data") as running:
        for line in others:
            type_it(line, running)
        until(lambda: running.texted("ana"), "with Slack down, Ana still has an SMS")
        assert not running.channel_of(2), "Slack was to be down"


def test_what_is_typed_about_on_call_is_shown_in_full(tmp_path: Path) -> None:
    needs("curl", "curl")
    [lines] = re.findall(r"^```sh oncall\n(.*?)^```$", README, re.S | re.M)
    expected = [
        "primary: Ana Silva",
        "You stand in as Payments primary: *Sat ",
        "Ask Kim Ji-woo to take your time as Payments primary: *Sat ",
        "In place of the schedule of Payments primary: *Sat ",
        "*Payments primary*, ",
    ]
    with sandbox(tmp_path / "data") as running:
        for line, words in zip(lines.splitlines(), expected, strict=True):
            assert words in type_it(line, running)


def test_what_the_first_screen_says_to_type_works(tmp_path: Path) -> None:
    needs("curl", "curl")
    with sandbox(tmp_path / "data") as running:
        declare, look = re.findall(r"^ +(curl .*)$", first_screen(running.url, tmp_path, headless=True), re.M)
        subprocess.run(["bash", "-c", declare], capture_output=True, check=True, timeout=60)
        until(lambda: running.texted("ana"), "Ana has an SMS")
        seen = subprocess.run(["bash", "-c", look], capture_output=True, text=True, check=True, timeout=60).stdout
        assert "SEV1 #1 checkout is down" in seen


def type_it(step: str, running: Running) -> str:
    """A step literally as it stands, but for the port; what curl was answered, which must be no refusal."""
    assert "127.0.0.1:8080" in step
    typed = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", step.replace("http://127.0.0.1:8080", running.url).replace("127.0.0.1:8080", running.url)],
        cwd=ROOT, env=bare_environ(), capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert typed.returncode == 0, f"{step}\n{typed.stdout}\n{typed.stderr}"
    assert typed.stdout.strip(), step
    assert '"error": "' not in typed.stdout, f"{step}\n{typed.stdout}"
    return typed.stdout


def test_run_help_names_every_variable() -> None:
    helped = said([*TOCSIN, "run", "--help"]).stdout
    missing = [variable.name for variable in describe() if variable.name not in helped]
    assert missing == []
    assert {"SLACK_BOT_TOKEN", "TOCSIN_SECRET", "DATABASE_URL", "TOCSIN_PREVIOUS_SECRET"} <= set(re.findall(r"[A-Z]+_[A-Z_]+", helped))


def test_the_variables_of_the_readme_exist() -> None:
    known = {variable.name for variable in describe()}
    named = set(re.findall(r"\b(?:SLACK|TWILIO|SMTP|DATABASE|TOCSIN)_[A-Z_]+\b", README))
    assert named
    assert named <= known


def test_the_environment_of_the_readme_is_a_sound_one(tmp_path: Path) -> None:
    [block] = [block for block in re.findall(r"^```sh\n(.*?)^```$", README, re.S | re.M) if "SLACK_BOT_TOKEN" in block]
    exports = (
        block.replace("tocsin run\n", "")
        .replace("TOCSIN_SECRET=…", "TOCSIN_SECRET=0123456789abcdef0123456789abcdef")
        .replace("…", "5550100000")
    )
    exports = exports.replace("/etc/tocsin", str(tmp_path))
    shown = subprocess.run(
        ["bash", "-c", f"{exports}\nenv -0"], env={"PATH": os.defpath}, capture_output=True, text=True, check=True
    ).stdout
    settings = read(dict(line.split("=", 1) for line in shown.rstrip("\0").split("\0")))
    assert settings.is_socket_mode
    assert settings.twilio_account_sid
    assert settings.smtp_url is not None
    assert settings.database_driver_url.startswith("postgresql")


def test_the_commands_of_the_documents_exist() -> None:
    helped = said([*TOCSIN, "--help"]).stdout
    commands = set(re.findall(r"^  (\w+) ", helped, re.M))
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    for document in DOCUMENTS:
        for code in code_in((ROOT / document).read_text()):
            assert set(re.findall(r"(?:^|\s)tocsin ([a-z]+)", code)) <= commands, f"{document}: {code}"
            assert set(re.findall(r"(?:^|[;&] *)make ([a-z]+)", code)) <= targets, f"{document}: {code}"
            for module in re.findall(r"python -m ([\w.]+)", code):
                assert importlib.util.find_spec(module), f"{document}: {code}"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_the_files_that_a_document_links_to_and_names_exist(document: str) -> None:
    text = (ROOT / document).read_text()
    links = [link for link in re.findall(r"\]\(([^)#\s]+)", text) if "://" not in link]
    named = [
        code
        for code in re.findall(r"`([^`\s]+)`", text)
        if re.fullmatch(r"(bot|tests|docs|templates|requirements|deploy|bench)/[\w./-]+", code)
    ]
    missing = [name for name in links if not ((ROOT / document).parent / name).exists()]
    missing += [name for name in named if not (ROOT / name).exists()]
    assert missing == []


def code_in(text: str) -> list[str]:
    """The lines of code blocks, and what stands in backticks."""
    blocks = re.findall(r"^```[^\n]*\n(.*?)^```$", text, re.S | re.M)
    rest = re.sub(r"^```.*?^```$", "", text, flags=re.S | re.M)
    return [line.strip() for block in blocks for line in block.splitlines()] + re.findall(r"`([^`\n]+)`", rest)
