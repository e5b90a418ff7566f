"""Lookups of the configuration, and the defaults that are the company's promises when it says nothing."""

from datetime import timedelta

import pytest
from pydantic import ValidationError

from bot.config.escalation import EscalationPolicy
from bot.config.models import AlertRoute, Config
from bot.config.values import Target, duration_text, parse_duration

CONFIG = Config.model_validate(
    {
        "people": {
            "ana": {"name": "Ana", "slack": "U0ANA000000", "phone": "+1 (555) 010-0001", "email": "Ana@Example.com"},
            "bo": {"name": "Bo"},
        },
        "teams": {"payments": {"name": "Payments", "policies": {"sev1": "quick"}}, "db": {"name": "Databases"}},
        "services": {
            "checkout": {"name": "Check-out", "owner": "payments", "aliases": ["Shop", "queue"]},
            "queue": {"name": "Job queue"},
        },
        "policies": {"quick": {"steps": [{"after": 0, "targets": ["primary", "person:bo"]}, {"after": "90s", "targets": ["team:db"]}]}},
        "alerts": {"main": {"key": "first-key"}, "other": {"key": "second-key"}},
    }
)


def ladder(severity: int) -> list[tuple[float, list[str]]]:
    """Steps of the default policy as minutes and targets."""
    steps = Config().policy(severity).steps
    return [(step.after / timedelta(minutes=1), [str(target) for target in step.targets]) for step in steps]


def test_the_default_ladders_are_the_products() -> None:
    assert ladder(1) == [(0, ["primary"]), (3, ["secondary"]), (8, ["manager", "expert"]), (15, ["executive"])]
    assert ladder(2) == [(0, ["primary"]), (5, ["secondary"]), (15, ["manager", "expert"]), (30, ["executive"])]
    assert ladder(3) == [(0, ["primary"]), (30, ["primary"]), (60, ["secondary"])]
    assert ladder(4) == []


def test_by_default_each_level_pages_its_secondary_before_the_time_to_answer_is_over() -> None:
    for severity in (1, 2):
        level = Config().severity.level(severity)
        assert Config().policy(severity).steps[1].after < level.answer_within


def test_by_default_an_urgent_page_leaves_by_sms_at_once() -> None:
    rules = CONFIG.people["bo"].rules
    assert [rule.method for rule in rules.group("urgent") if rule.after_s == 0] == ["slack", "sms", "push", "email", "webhook"]
    assert "voice" not in [rule.method for rule in rules.group("normal")]


def test_a_webhook_is_a_persons_own_or_their_teams() -> None:
    hook = {"url": "https://hooks.example.com/team", "key": "k"}
    config = Config.model_validate(
        {
            "people": {
                "ana": {"name": "Ana", "webhook": {**hook, "url": "https://hooks.example.com/ana"}},
                "bo": {"name": "Bo"},
                "kim": {"name": "Kim"},
            },
            "teams": {"db": {"name": "Databases", "members": ["ana", "bo"], "webhook": hook}},
        }
    )
    addresses = {name: config.address(person, "webhook") for name, person in config.people.items()}
    assert addresses == {"ana": "https://hooks.example.com/ana", "bo": "https://hooks.example.com/team", "kim": None}


def test_a_push_address_comes_from_the_environment_one_or_several() -> None:
    person = Config.model_validate({"people": {"ana": {"name": "Ana", "push": "ntfy://a/b  pover://c@d"}}}).people["ana"]
    assert Config().address(person, "push") == "ntfy://a/b\npover://c@d"
    assert "pover" not in repr(person)


def test_a_person_is_found_by_every_mark() -> None:
    ana = CONFIG.people["ana"]
    assert CONFIG.person("ANA") is ana
    assert CONFIG.person_by_slack("U0ANA000000") is ana
    assert CONFIG.person_by_phone("+15550100001") is ana
    assert CONFIG.person_by_email(" ana@example.COM") is ana
    assert CONFIG.person("zoe") is CONFIG.person_by_slack("") is CONFIG.person_by_phone("") is CONFIG.person_by_email("") is None


@pytest.mark.parametrize("name", ["checkout", "Checkout", "CHECK-OUT", "shop", " Shop "])
def test_a_service_is_found_by_id_name_and_alias_in_any_case(name: str) -> None:
    assert CONFIG.service(name) is CONFIG.services["checkout"]


def test_an_id_wins_over_another_services_alias() -> None:
    assert CONFIG.service("queue") is CONFIG.services["queue"]


def test_a_service_without_owner_has_none() -> None:
    assert CONFIG.owner(CONFIG.services["checkout"]) is CONFIG.team("Payments")
    assert CONFIG.owner(CONFIG.services["queue"]) is None


def test_a_teams_own_policy_comes_before_the_severitys() -> None:
    assert CONFIG.policy(1, CONFIG.teams["payments"]).id == "quick"
    assert CONFIG.policy(2, CONFIG.teams["payments"]).id == "sev2"
    assert CONFIG.policy(1).id == CONFIG.policy(1, CONFIG.teams["db"]).id == "sev1"


def test_an_alert_source_is_found_by_its_whole_key_only() -> None:
    found = CONFIG.alert_source("alertmanager", "second-key")
    assert found is not None and found.id == "other"
    assert [CONFIG.alert_source("alertmanager", key) for key in ("", "second", "second-key ", "\ud800")] == [None] * 4
    assert CONFIG.alert_source("grafana", "second-key") is None


def test_a_route_matches_whole_values_and_a_missing_label_is_empty() -> None:
    route = AlertRoute(match={"env": "prod"}, match_re={"job": "api-.*|web", "canary": ""}, team="db")
    assert route.matches({"env": "prod", "job": "api-1"})
    assert not route.matches({"env": "prod", "job": "my-web"})
    assert not route.matches({"env": "prod", "job": "web", "canary": "yes"})
    assert not route.matches({"job": "web"})


def test_nothing_can_be_changed_once_it_is_read() -> None:
    with pytest.raises(ValidationError):
        CONFIG.people["ana"].name = "Eve"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("text", "seconds"), [("0", 0), (0, 0), ("30s", 30), ("5m", 300), ("1h30m", 5400), ("1h 30m", 5400), ("1w", 604800), ("2D", 172800)]
)
def test_durations_are_read_and_written_back(text: object, seconds: int) -> None:
    value = parse_duration(text)
    assert value.total_seconds() == seconds
    assert parse_duration(duration_text(value)) == value


@pytest.mark.parametrize("text", ["", "5", 5, "m", "5 minutes", "-5m", "1.5h", "5m?", True, None, "99999w"])
def test_what_is_no_duration_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match=r"duration"):
        parse_duration(text)


@pytest.mark.parametrize(
    "text",
    [
        "primary",
        "expert",
        "person:ana",
        "team:db",
        "rotation:week",
        "everybody:week",
        "members:db",
        "usergroup:sre",
        "channel:general",
        "webhook:x",
    ],
)
def test_targets_are_read_and_written_back(text: str) -> None:
    assert str(Target.model_validate(text)) == text


def test_a_channel_and_a_user_group_are_read_as_people_write_them() -> None:
    assert [str(Target.model_validate(text)) for text in ("channel:#sre", "usergroup:@sre")] == ["channel:sre", "usergroup:sre"]
    for wrong, sentence in (("channel:The Room", "is not a Slack channel"), ("usergroup:@S R E", "is not a Slack user group")):
        with pytest.raises(ValueError, match=sentence):
            Target.model_validate(wrong)


@pytest.mark.parametrize("severity", ["sev2", "SEV-2", "sev 2", 2])
def test_severities_are_read_in_every_spelling(severity: object) -> None:
    config = Config.model_validate({"severity": {"decision": {"unknown": {"otherwise": severity}}}})
    assert config.severity.decision.unknown.otherwise == 2


def repeated(written: object) -> EscalationPolicy:
    return EscalationPolicy.model_validate({"id": "p", "steps": [{"after": 0, "targets": ["primary"]}], "repeats": written})


@pytest.mark.parametrize(("written", "repeats"), [(0, 0), (100, 100), ("forever", -1)])
def test_a_ladder_repeats_a_number_of_times_or_forever(written: object, repeats: int) -> None:
    assert repeated(written).repeats == repeats


@pytest.mark.parametrize("written", [-1, 101, "always", True, 1.5])
def test_what_is_no_number_of_repetitions_is_refused(written: object) -> None:
    with pytest.raises(ValidationError, match="write 0 to 100, or forever"):
        repeated(written)
