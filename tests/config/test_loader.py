"""A directory of YAML becomes a configuration, or a list of sentences that say where to look and what to do."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.config.loader import load
from bot.config.models import Config
from bot.errors import ConfigInvalid

Write = Callable[..., Path]

ROOT = Path(__file__).resolve().parents[2]
SOUND = """\
company: Example
zone: Europe/Berlin
fallback: ["person:ana"]
people:
  ana: {name: Ana, slack: U0ANA000000, phone: +1 555 010 0001, email: ana@example.com}
  bo: {name: Bo, zone: Asia/Seoul}
teams:
  payments:
    name: Payments
    members: [ana, bo]
    oncall: {primary: week}
services:
  checkout:
    name: Checkout
    tier: 0
    owner: payments
    aliases: [Shop]
rotations:
  week: {start: 2026-01-05 09:00, length: 1w, participants: [ana, bo]}
alerts:
  main: {key_env: ALERT_KEY, service: checkout}
"""
ENVIRON = {"ALERT_KEY": "a-long-key"}


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write files into a configuration directory: `write(company="…", teams="…")`."""

    def writing(**files: str) -> Path:
        for name, text in files.items():
            (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
        return tmp_path

    return writing


def problems(directory: Path) -> list[str]:
    """What is wrong with a directory, without the path before the file's name."""
    with pytest.raises(ConfigInvalid) as caught:
        load(directory, ENVIRON)
    return [problem.removeprefix(f"{directory}/") for problem in caught.value.problems]


def sound(write: Write, text: str = SOUND) -> Config:
    return load(write(all=text), ENVIRON)


def test_a_sound_directory_loads(write: Write) -> None:
    config = sound(write)
    assert config.people["ana"].phone == "+15550100001"
    assert config.rotations["week"].start == datetime.fromisoformat("2026-01-05 09:00")
    assert config.rotations["week"].length.unit == "week"


def test_the_companys_zone_holds_where_none_is_named(write: Write) -> None:
    config = sound(write)
    assert (config.people["ana"].zone, config.people["bo"].zone, config.rotations["week"].zone) == (
        "Europe/Berlin",
        "Asia/Seoul",
        "Europe/Berlin",
    )


def test_an_alert_key_comes_from_the_environment_and_stays_out_of_sight(write: Write) -> None:
    config = sound(write)
    source = config.alert_source("alertmanager", "a-long-key")
    assert source is not None and source.id == "main"
    assert "a-long-key" not in repr(config)


def test_entries_of_one_section_may_be_spread_over_files(write: Write) -> None:
    directory = write(all=SOUND, kim="people:\n  kim: {name: Kim}\n")
    assert list(load(directory, ENVIRON).people) == ["ana", "bo", "kim"]


def test_an_empty_section_is_no_section(write: Write) -> None:
    assert sound(write, SOUND + "executives:\npolicies:\n").policies.keys() == {"sev1", "sev2", "sev3", "sev4"}


def test_a_level_keeps_the_defaults_it_does_not_mention(write: Write) -> None:
    level = sound(write, SOUND + "severity: {sev1: {answer_within: 3m}}\n").severity.level(1)
    assert (level.answer_within, level.responders_wanted) == (timedelta(minutes=3), 10)


def test_plain_values_mean_what_they_look_like(write: Write) -> None:
    """YAML 1.1 would read `no` as false, `22:00` as 1320 and a phone number as an integer without its plus."""
    text = SOUND + "  second: {key: 'secret-2', routes: [{match: {country: no, on: off}, team: payments}]}\n"
    text = text.replace("    aliases: [Shop]", "    aliases: [no]\n    quiet_hours: {from: 22:00, to: 07:00}")
    config = sound(write, text)
    assert config.alerts["second"].routes[0].match == {"country": "no", "on": "off"}
    assert config.services["checkout"].aliases == ("no",)
    quiet = config.services["checkout"].quiet_hours
    assert quiet is not None and (quiet.start.hour, quiet.end.hour, quiet.zone) == (22, 7, "Europe/Berlin")


CHANGES = {
    "an unknown section": (
        "company: Example",
        "compny: Example",
        "all.yaml:1: the configuration has no setting 'compny'; did you mean 'company'?",
    ),
    "an unknown key": (
        "aliases: [Shop]",
        "alias: [Shop]",
        "all.yaml:17: service 'checkout' has no setting 'alias'; did you mean 'aliases'?",
    ),
    "a missing key": ("    name: Checkout\n", "", "all.yaml:13: service 'checkout' needs 'name'; add it."),
    "a wrong type": ("tier: 0", "tier: high", "all.yaml:15: service 'checkout', 'tier' is 'high', but must be a whole number."),
    "out of range": ("tier: 0", "tier: 7", "all.yaml:15: service 'checkout', 'tier' is '7': input should be less than or equal to 3."),
    "text instead of a list": (
        "[ana, bo]\n    oncall",
        "ana\n    oncall",
        "all.yaml:10: team 'payments', 'members' is 'ana', but must be a list; write each item on a line of its own after '- ', or [a, b].",
    ),
    "a number for a name": (
        "name: Bo,",
        "name: 42,",
        "all.yaml:6: person 'bo', 'name' is '42', but must be text; put it in quotes if it looks like a number.",
    ),
    "an entry without settings": ("  bo: {name: Bo, zone: Asia/Seoul}", "  bo:", "all.yaml:6: person 'bo' needs 'name'; add it."),
    "an entry that is a word": (
        "  bo: {name: Bo, zone: Asia/Seoul}",
        "  bo: Bo",
        "all.yaml:6: person 'bo' is 'Bo', but must be a mapping; write 'key: value' lines under it.",
    ),
    "an unknown person": (
        "participants: [ana, bo]",
        "participants: [ana, boo]",
        "all.yaml:19: rotation 'week' names person 'boo', which is not under 'people'; did you mean 'bo'?",
    ),
    "an unknown team": (
        "owner: payments",
        "owner: payment",
        "all.yaml:16: service 'checkout' names team 'payment', which is not under 'teams'; did you mean 'payments'?",
    ),
    "an unknown rotation": (
        "primary: week",
        "primary: day",
        "all.yaml:11: team 'payments' names rotation 'day', which is not under 'rotations' (known: week).",
    ),
    "an unknown service": (
        "service: checkout",
        "service: chekout",
        "all.yaml:21: alert source 'main' names service 'chekout', which is not under 'services'; did you mean 'checkout'?",
    ),
    "an unknown policy": (
        "    oncall:",
        "    policies: {sev1: quick}\n    oncall:",
        "all.yaml:11: team 'payments' names policy 'quick', which is not under 'policies' (known: sev1, sev2, sev3, sev4).",
    ),
    "a bad zone": (
        "Asia/Seoul",
        "Asia/Soul",
        "all.yaml:6: person 'bo', 'zone': 'Asia/Soul' is not a time zone; did you mean 'Asia/Seoul'?",
    ),
    "a bad phone": (
        "+1 555 010 0001",
        "0555 010 0001",
        "all.yaml:5: person 'ana', 'phone': '0555 010 0001' is not a phone number; write it with its country code, like +4915550100001.",
    ),
    "an empty rotation": (
        "participants: [ana, bo]",
        "participants: []",
        "all.yaml:19: rotation 'week', 'participants' is empty; add at least one entry.",
    ),
    "an unknown target": (
        'fallback: ["person:ana"]',
        "fallback: [anna]",
        "all.yaml:3: 'fallback[1]': 'anna' is no target; write primary, secondary, lead, manager, expert, executive, fallback, "
        "or person:<id>, team:<id>, members:<team>, rotation:<id>, schedule:<id>, everybody:<schedule>, usergroup:<handle>, "
        "channel:<name>, webhook:<id>.",
    ),
    "a slip in a kind of target": (
        '["person:ana"]',
        '["menbers:payments"]',
        "all.yaml:3: 'fallback[1]': 'menbers:payments' is no target; did you mean 'members:payments'?",
    ),
    "a team that is not there, all of it": (
        '["person:ana"]',
        '["members:payment"]',
        "all.yaml:3: 'fallback' names team 'payment', which is not under 'teams'; did you mean 'payments'?",
    ),
    "everybody of a schedule that is not there": (
        '["person:ana"]',
        '["everybody:weeks"]',
        "all.yaml:3: 'fallback' names rotation 'weeks', which is not under 'rotations'; did you mean 'week'?",
    ),
    "a webhook that is not there": (
        "teams:",
        "webhooks:\n  status: {url: https://x.example, key: a key}\n"
        "policies:\n  own: {steps: [{after: 0, targets: ['webhook:statu']}]}\nteams:",
        "all.yaml:10: policy 'own' names webhook 'statu', which is not under 'webhooks'; did you mean 'status'?",
    ),
    "a fallback that is nobody": (
        '["person:ana"]',
        '["channel:general"]',
        "all.yaml:3: 'fallback' names channel:general, where nobody in particular is called; name people, a team or a schedule.",
    ),
    "a target nobody knows": (
        '["person:ana"]',
        '["person:anna"]',
        "all.yaml:3: 'fallback' names person 'anna', which is not under 'people'; did you mean 'ana'?",
    ),
    "a duplicate id": (
        "  bo: {name: Bo",
        "  ana: {name: Twin}\n  bo: {name: Bo",
        "all.yaml:6: 'ana' stands here twice (first in line 5); keep one of the two.",
    ),
    "a duplicate key": (
        "    tier: 0",
        "    tier: 0\n    tier: 1",
        "all.yaml:16: 'tier' stands here twice (first in line 15); keep one of the two.",
    ),
    "one phone for two": (
        "zone: Asia/Seoul}",
        "phone: +15550100001}",
        "all.yaml:6: person 'bo' has the phone number of 'ana'; an answer must tell who gave it.",
    ),
    "one Slack id for two": (
        "zone: Asia/Seoul}",
        "slack: U0ANA000000}",
        "all.yaml:6: person 'bo' has the Slack id of 'ana'; an answer must tell who gave it.",
    ),
    "one address for two": (
        "zone: Asia/Seoul}",
        "email: ANA@example.com}",
        "all.yaml:6: person 'bo' has the e-mail address of 'ana'; an answer must tell who gave it.",
    ),
    "an offset in a local time": (
        "2026-01-05 09:00",
        "2026-01-05T09:00+01:00",
        "all.yaml:19: rotation 'week', 'start': '2026-01-05T09:00+01:00' carries an offset; "
        "write the local time and name the zone in 'zone'.",
    ),
    "a bare number for a duration": (
        "company: Example",
        "incidents: {undo_for: 5}",
        "all.yaml:1: 'incidents.undo_for': '5' is not a duration; write it like 30s, 5m, 1h30m or 1w.",
    ),
    "a bad id": (
        "  bo: {name: Bo",
        "  Bo B: {name: B}\n  bo: {name: Bo",
        "all.yaml:6: person 'Bo B': 'Bo B' cannot be an id; use lower-case letters, digits, dots and dashes, 63 at most.",
    ),
    "an id inside": (
        "name: Bo,",
        "name: Bo, id: bob,",
        "all.yaml:6: 'bo' has another 'id' inside; the id is what stands before the colon.",
    ),
    "an unset key": (
        "ALERT_KEY",
        "OTHER_KEY",
        "all.yaml:21: alert source 'main' takes its key from OTHER_KEY, which is not set; set it and restart the bot.",
    ),
    "no key": (
        "key_env: ALERT_KEY, ",
        "",
        "all.yaml:21: alert source 'main': an alert source needs a 'key' or a 'key_env'; without one nobody can post to it.",
    ),
    "the same rotation twice": (
        "{primary: week}",
        "{primary: week, secondary: week}",
        "all.yaml:11: team 'payments' has the same rotation as primary and secondary; the second page would wake the same person.",
    ),
    "a service that needs itself": (
        "    aliases: [Shop]",
        "    dependencies: [checkout]",
        "all.yaml:17: service 'checkout' depends on itself; remove it from 'dependencies'.",
    ),
    "a slow rule": (
        "zone: Asia/Seoul}",
        "phone: +15550100002, rules: {urgent: [{method: sms, after: 3m}]}}",
        "all.yaml:6: person 'bo' is told of urgent pages after 3m at the earliest, "
        "but policy 'sev1' goes on after 3m; make the first delay shorter.",
    ),
    "a rule by a method that the person has no address for": (
        "zone: Asia/Seoul}",
        "email: bo@example.com, rules: {urgent: [{method: slack}, {method: voice, after: 1m}]}}",
        "all.yaml:6: person 'bo' is told by voice, but has no 'phone'; add it, or remove the rule.",
    ),
    "a push address that is none": (
        "zone: Asia/Seoul}",
        "push: [ntfys://ntfy.sh/bo, my secret topic]}",
        "all.yaml:6: person 'bo', 'push': one of the push addresses has no service before '://'; write them like ntfys://ntfy.sh/my-topic.",
    ),
    "a webhook that nobody could check": (
        "zone: Asia/Seoul}",
        "webhook: {url: https://hooks.example.com/bo}}",
        "all.yaml:6: person 'bo', 'webhook': a webhook needs a 'key' or a 'key_env'; "
        "without a signature its receiver cannot tell who posts.",
    ),
    "a webhook whose key is not here": (
        "members: [ana, bo]",
        "members: [ana, bo]\n    webhook: {url: https://hooks.example.com/team, key_env: NOT_HERE}",
        "all.yaml:11: the webhook of team 'payments' takes its key from NOT_HERE, which is not set; set it and restart the bot.",
    ),
    "a ladder that goes back": (
        "teams:",
        "policies:\n  quick: {steps: [{after: 5m, targets: [primary]}, {after: 5m, targets: [secondary]}]}\nteams:",
        "all.yaml:8: policy 'quick': step at 5m comes after the step at 5m; 'after' counts from the start, "
        "so each step needs a later time than the one before.",
    ),
    "a tab": ("\n    tier: 0", "\n\ttier: 0", "all.yaml:15: a tab stands where YAML wants spaces; indent with spaces."),
    "an alias": (
        "tier: 0",
        "tier: *low",
        "all.yaml:15: this is not valid YAML: anchors (&name) and aliases (*name) are not used here; write it out.",
    ),
    "a tag": (
        "tier: 0",
        "tier: !!python/name:os.system 0",
        "all.yaml:15: the tag tag:yaml.org,2002:python/name:os.system means nothing here; write the plain value.",
    ),
    "a bottomless list": ("tier: 0", f"tier: {'[' * 30}{']' * 30}", "all.yaml:15: this is not valid YAML: this is nested too deeply."),
    "a second document": ("teams:", "---\nteams:", "all.yaml:7: a second '---' starts another document; write one document a file."),
}


@pytest.mark.parametrize("change", CHANGES)
def test_each_mistake_is_told_with_its_line(write: Write, change: str) -> None:
    before, after, told = CHANGES[change]
    assert SOUND.count(before) >= 1
    assert problems(write(all=SOUND.replace(before, after, 1))) == [told]


def test_all_problems_are_told_at_once_in_the_order_of_the_lines(write: Write) -> None:
    text = (
        SOUND.replace("Asia/Seoul", "Mars")
        .replace("tier: 0", "tier: x")
        .replace("owner: payments", "owner: nobody")
        .replace("[ana, bo]}", "[ana, zoe]}")
    )
    lines = [problem.split(": ")[0] for problem in problems(write(all=text))]
    assert lines == ["all.yaml:6", "all.yaml:15", "all.yaml:19"]


def test_an_entry_that_is_refused_is_still_known_to_the_others(write: Write) -> None:
    told = problems(write(all=SOUND.replace("  ana: {name: Ana,", "  ana: {nam: Ana,")))
    assert told == ["all.yaml:5: person 'ana' needs 'name'; add it.", "all.yaml:5: person 'ana' has no setting 'nam'; did you mean 'name'?"]


def test_an_entry_that_is_refused_does_not_hide_what_is_wrong_with_its_neighbours(write: Write) -> None:
    told = problems(
        write(all=SOUND.replace("tier: 0", "tier: x").replace("rotations:", "  other: {name: Other, owner: nobody}\nrotations:"))
    )
    assert [problem.split(" ")[:3] for problem in told] == [
        ["all.yaml:15:", "service", "'checkout',"],
        ["all.yaml:18:", "service", "'other'"],
    ]


def test_an_entry_in_two_files_is_told_with_both_places(write: Write) -> None:
    told = problems(write(all=SOUND, more="people:\n  ana: {name: Other}\n"))
    assert len(told) == 1
    assert told[0].startswith("more.yaml:2: people 'ana' stands already in ") and told[0].endswith("all.yaml:5; keep one of the two.")


def test_a_plain_section_in_two_files_is_told(write: Write) -> None:
    told = problems(write(all=SOUND, more="company: Other\n"))
    assert told[0].startswith("more.yaml:1: 'company' stands already in ")


def test_every_file_with_broken_syntax_is_told(write: Write) -> None:
    told = problems(write(a="people: {ana: [\n", b="teams: ]\n", c="- a list\n"))
    assert [problem.split(":")[0] for problem in told] == ["a.yaml", "b.yaml", "c.yaml"]


def test_a_directory_that_is_not_there_or_empty_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid, match=r"nowhere:1: the configuration directory cannot be read"):
        load(tmp_path / "nowhere", {})
    with pytest.raises(ConfigInvalid, match=r"there is no \.yaml file"):
        load(tmp_path, {})


def test_a_configuration_without_people_is_refused(write: Write) -> None:
    assert problems(write(all="company: Example\n")) == [
        "all.yaml:1: nobody is under 'people', so nobody could be paged; add at least one person."
    ]


@pytest.mark.parametrize("key", ["'4711 tell/me'", "47114711", "[4711]"])
def test_a_secret_key_never_stands_in_a_problem(write: Write, key: str) -> None:
    told = problems(write(all=SOUND.replace("key_env: ALERT_KEY", f"key: {key}")))
    assert len(told) == 1 and "4711" not in told[0]


def test_the_sandbox_configuration_is_sound() -> None:
    """Its comments promise who is on call; the people must be the ones that its workspace has."""
    config = load(ROOT / "bot" / "sandbox" / "config", {})
    assert list(config.people) == ["ana", "bo", "kim", "lee", "bea", "max"]
    team = config.owner(config.services["checkout"])
    assert team is not None and team.oncall is not None and team.oncall.secondary is not None
    assert config.rotations[team.oncall.primary].participants == (("ana",),)
    assert config.rotations[team.oncall.secondary].participants == (("bo",),)
