"""Everything that is shown in Slack fits Slack, and nothing that people wrote does anything there."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from slack_sdk.models.blocks import Block

from bot.config.loader import load
from bot.config.models import Config
from bot.incidents import blocks, forms
from bot.incidents.declaration import shortened
from bot.incidents.grammar import parse
from bot.incidents.intents import Act, Ask, Declare, Look, Mention, MentionKind, OpenForm, Place, Unknown
from bot.incidents.lifecycle import WORKED_ON, IncidentState
from bot.incidents.models import Incident
from bot.incidents.names import channel_name, headline
from bot.incidents.severity import Severity
from bot.incidents.standing import Standing
from bot.incidents.verbs import TABLE, VERBS, Argument
from tests.incidents.blockkit import problems_of_message, problems_of_modal

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
CONFIG = Path(__file__).parents[2] / "bot" / "sandbox" / "config"
HOSTILE = [
    "checkout is down",
    "<!channel> <!here> <!subteam^S1> <@U0ANA000000> <#C1|x> <https://evil.example|click>",
    "<script>alert(1)</script>",
    "{{7*7}} {actor} {words} {promise} {root}",
    "\u202egnp.exe\u202c \u2066x\u2069 שלום عربى",
    "🔥👩‍👩‍👧‍👦" * 300,
    "&" * 3000,
    "<" * 40_000,
    "x" * 40_000,
    "line\nline\r\n\tline " * 500,
    "*_~`" * 200 + "```",
    "\ud83d",
]

WITH_FORM = {Argument.TEXT, Argument.SEVERITY, Argument.STATE, Argument.PERSON, Argument.TARGET}
MARKUP = ("<!channel", "<!here", "<!subteam", "<@U0ANA", "<#C1|", "<https://evil", "<script", "\u202e")


@pytest.fixture(scope="module")
def config() -> Config:
    return load(CONFIG, {})


@pytest.fixture(params=HOSTILE, ids=lambda text: ascii(text)[:24])
def words(request: pytest.FixtureRequest) -> str:
    """What somebody typed."""
    text: str = request.param
    return text


def incident(words: str, **more: object) -> Incident:
    base = {
        "id": 42, "title": shortened(words)[0], "state": IncidentState.INVESTIGATING, "severity": 1, "rule": words[:500],
        "is_confirmed": False, "service": "checkout", "team": "payments", "origin": "slack", "declared_by": "kim", "declared_at": NOW,
        "channel_id": "C1", "card_ts": "1.2", "last_update": words, "next_update_at": NOW + timedelta(minutes=30),
        "channel_trouble": words,
    }  # fmt: skip
    return Incident(**(base | more))


def standing(config: Config, one: Incident, words: str) -> Standing:
    return Standing(
        incident=one,
        level=config.severity.level(one.severity),
        service=config.service("checkout"),
        team=config.team("payments"),
        commander="<@U0KIM000000>",
        is_acting=True,
        duties={},
        responders=tuple(f"<@U{n:010}>" for n in range(60)),
        invited=7,
        acknowledged_by=None,
        declared_by="<@U0KIM000000>",
        paging=(f"Ana could not be reached: {words}",) * 20,
        page_id=1,
        page_url="https://tocsin.example.com/i/42?k=" + "k" * 80,
        is_asked=True,
        more=(),
    )


def rendered(shown: list[Block]) -> list[dict[str, object]]:
    return [block.to_dict() for block in shown]


def is_inert(part: object) -> bool:
    """Is there no markup in what Slack reads, other than our own mentions, dates and links?"""
    if isinstance(part, list):
        return all(is_inert(one) for one in part)
    if not isinstance(part, dict):
        return True
    if part.get("type") == "mrkdwn":
        text = str(part["text"])
        return not any(
            bad in text for bad in ("<!channel", "<!here", "<!subteam", "<@U0ANA", "<#C1|", "<https://evil", "<script", "\u202e")
        )
    return all(is_inert(one) for one in part.values())


@pytest.mark.parametrize("state", list(IncidentState))
def test_the_card_fits_and_is_inert(config: Config, words: str, state: IncidentState) -> None:
    shown = rendered(blocks.card(standing(config, incident(words, state=state), words)))
    assert problems_of_message(shown) == []
    assert is_inert(shown)


def test_the_card_prints_the_rule_with_its_values(config: Config) -> None:
    one = incident("checkout is slow", rule="typed by a person about a tier-0 or tier-1 service (tier 0)", severity=2)
    shown = str(rendered(blocks.card(standing(config, one, "x"))))
    assert "SEV2, major degradation (unconfirmed) — typed by a person about a tier-0 or tier-1 service (tier 0)" in shown
    assert "Confirm SEV2" in shown and "Make it SEV1" in shown


def test_sentences_fit_and_are_inert(config: Config, words: str) -> None:
    one = incident(words)
    for text in (
        blocks.said("*Update* by {actor}{words}\n{promise}", "<@U0KIM000000>", words, NOW),
        blocks.one_line(one),
        blocks.facts(standing(config, one, words)),
        blocks.no_channel(standing(config, incident(words, channel_id=None), words)),
        headline(one),
    ):
        assert is_inert({"type": "mrkdwn", "text": text})
        assert problems_of_message(rendered(blocks.sentence(text or "nothing"))) == []
    assert len(blocks.topic(one)) <= 250 and is_inert({"type": "mrkdwn", "text": blocks.topic(one)})
    assert problems_of_message([blocks.promote_button(42).to_dict()]) == []


def test_what_was_typed_does_not_fill_our_own_gaps() -> None:
    said = blocks.said("*Resolved* by {actor}{words}.", "<@U0KIM000000>", "{promise} {actor} {words}", NOW)
    assert said == "*Resolved* by <@U0KIM000000>: {promise} {actor} {words}."


def test_offers_fit_and_carry_what_they_offer(words: str) -> None:
    place = Place(incident=None, mine=(42,), open=frozenset({42}), services=frozenset({"checkout"}))
    for line in (f"status {words}", f"update {words}", f"private {words}", f"reslove {words}", "checkout", f"help {words}", words):
        intent = parse(line, place)
        match intent:
            case Ask(text, declare, instead):
                shown = rendered(forms.offer(text, declare, instead))
            case Unknown(declare=declare):
                shown = rendered(forms.offer("?", declare, None))
            case Declare() as declare:
                shown = rendered(forms.join_or_separate("?", 42, declare))
            case Act() | OpenForm() | Look():
                continue
        assert problems_of_message(shown) == [], line
        again = forms.offered_declaration(forms.packed(declare)).declare
        assert declare.title.startswith(again.title) or again.title.startswith(declare.title[: len(again.title)])
        assert (again.severity, again.service, again.private) == (declare.severity, declare.service, declare.private)


def test_the_form_that_declares_fits(config: Config, words: str) -> None:
    for severity in (None, Severity(3)):
        view = forms.declaration(config, words, severity=severity, reply_to="https://hooks.slack.com/" + "x" * 500).to_dict()
        assert problems_of_modal(view) == []
        required = [block["block_id"] for block in view["blocks"] if block["type"] == "input" and not block.get("optional")]
        assert required == ["title"]


@pytest.mark.parametrize("verb", [verb.name for verb in TABLE if not verb.acts_alone])
def test_every_verbs_form_fits(verb: str) -> None:
    for words in (HOSTILE[1], HOSTILE[5], HOSTILE[8]):
        many = [incident(words, id=number) for number in range(1, 102)]
        assert problems_of_modal(forms.verb_form(verb, None, many, words, "C1").to_dict()) == []
        for state in WORKED_ON if VERBS[verb].argument in WITH_FORM else ():
            assert problems_of_modal(forms.verb_form(verb, incident(words, state=state), (), words, "C1").to_dict()) == []


def test_what_a_button_carries_round_trips() -> None:
    page = Act(42, "page", "come", mentions=(Mention(MentionKind.SLACK_USER, "U1"), Mention(MentionKind.TEAM, "payments")))
    assert forms.spoken(page) == (42, "page <@U1> @payments come")
    number, line = forms.offered_action("42 status mitigating")
    assert (number, line) == (42, "status mitigating")


def test_channel_names_are_slacks(words: str) -> None:
    for attempt in range(5):
        name = channel_name("inc", 42, words, False, attempt)
        assert name.startswith("inc-42") and len(name) <= 80 and name == name.lower() and name.replace("-", "").isalnum() and name.isascii()
        assert channel_name("inc", 42, words, True, attempt) == ("inc-42" if not attempt else f"inc-42-{attempt + 1}")
