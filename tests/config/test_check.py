"""What `tocsin check` prints."""

from pathlib import Path

from bot import resources
from bot.config.check import check

SANDBOX = Path(__file__).resolve().parents[2] / "bot" / "sandbox" / "config"
FORGETFUL = """\
people:
  ana: {name: Ana, slack: U0ANA000000}
  bo: {name: Bo, phone: +15550100002}
  kim: {name: Kim}
teams:
  db: {name: Databases}
services:
  queue: {name: Queue}
alerts:
  main: {key: in-the-file}
  other: {key_env: NOT_HERE}
"""


def test_problems_are_counted_and_listed(tmp_path: Path) -> None:
    (tmp_path / "all.yaml").write_text("people:\n  ana: {name: Ana, zone: Mars}\ncompny: x\n")
    report = check(tmp_path, {})
    assert not report.is_sound
    lines = report.text().splitlines()
    assert lines[0] == f"2 problems in {tmp_path}:"
    assert lines[1].startswith(f"{tmp_path}/all.yaml:2: person 'ana', 'zone': 'Mars' is not a time zone")
    assert lines[2].startswith(f"{tmp_path}/all.yaml:3: the configuration has no setting 'compny'")


def test_a_single_problem_is_singular(tmp_path: Path) -> None:
    assert check(tmp_path, {}).text().startswith(f"1 problem in {tmp_path}:")


def test_what_looks_forgotten_is_a_warning_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "all.yaml").write_text(FORGETFUL)
    report = check(tmp_path, {})
    assert report.is_sound
    told = [warning.removeprefix(f"{tmp_path}/all.yaml:") for warning in report.warnings]
    assert [warning.split(";")[0] for warning in told] == [
        "1: 'fallback' is empty",
        "1: 'executives' is empty",
        "1: 'audiences.customer_approvers' is empty",
        "2: person 'ana' has no phone",
        "3: person 'bo' has no Slack id",
        "4: person 'kim' has no Slack id, phone, e-mail or push address, and counts as nobody when paged.",
        "6: team 'db' has no rotation on call",
        "6: team 'db' has no manager",
        "8: service 'queue' has no owner",
        "10: the key of alert source 'main' stands in the file",
    ]


def test_the_sandbox_is_summed_up() -> None:
    lines = check(SANDBOX, {}).text().splitlines()
    shipped = len(list(resources.path("runbooks").glob("*.yaml")))
    parts = "6 people, 4 teams, 8 services, 7 rotations, 0 schedules, 4 policies, 1 alert source"
    assert lines[0] == f"{SANDBOX} is sound: {parts}, {shipped} runbooks."
    assert lines[1] == "3 warnings:"
    assert any("takes 'push' from SANDBOX_PUSH_ANA, which is not set here" in line for line in lines)


def test_push_addresses_that_apprise_cannot_read_and_secrets_in_files_are_warned_of(tmp_path: Path) -> None:
    (tmp_path / "all.yaml").write_text(
        "people:\n"
        "  ana:\n    name: Ana\n    slack: U0ANA000000\n    phone: +15550100001\n    push: ntfys://ntfy.sh/ana pigeon://secret\n"
        "    webhook: {url: https://hooks.example.com/ana, key: in-the-file}\n"
        "  bo: {name: Bo, slack: U0BO0000000, phone: +15550100002, push_env: PUSH_BO}\n"
    )
    told = [warning.removeprefix(f"{tmp_path}/all.yaml:") for warning in check(tmp_path, {"PUSH_BO": "ntfys://ntfy.sh/bo"}).warnings]
    assert told[4:] == [
        "6: the push address of person 'ana' stands in the file; keep one with a secret in the environment (push_env).",
        "6: Apprise does not understand the pigeon:// address of person 'ana'; no push will reach them by it.",
        "7: the webhook's key of person 'ana' stands in the file; keep real ones in the environment (key_env).",
    ]
