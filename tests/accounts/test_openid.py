"""What is believed of what comes back from Slack, and where a sign-in may lead."""

import time
from urllib.parse import parse_qs, urljoin, urlsplit

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.accounts.openid import Attempt, NotBelieved, Provider, believed, local_path
from bot.errors import NotAllowed

SLACK = Provider("https://slack.com", "1.2", "https://tocsin.example/signin/slack/return")
ATTEMPT = Attempt.begin("/account")
TOLD = {
    "iss": "https://slack.com", "aud": "1.2", "sub": "U0KIM000000", "iat": 0, "exp": 300, "nonce": ATTEMPT.nonce,
    "https://slack.com/team_id": "T1", "name": "Kim Ji-woo", "email": "kim@example.com",
    "email_verified": True,
}  # fmt: skip


def token(**changed: object) -> str:
    """A token; `iat` and `exp` in seconds from now."""
    now = int(time.time())
    claims = {name: now + value if type(value) is int else value for name, value in (TOLD | changed).items() if value is not None}
    return jwt.encode(claims, "0" * 32, algorithm="HS256")


def test_what_slack_says_to_us_now_about_this_attempt_is_believed() -> None:
    told = believed(token(), SLACK, ATTEMPT, "T1")
    assert (told.slack_user, told.team, told.name, told.email) == ("U0KIM000000", "T1", "Kim Ji-woo", "kim@example.com")


@pytest.mark.parametrize("said", [False, None, "yes"])
def test_an_address_that_slack_has_not_seen_to_be_theirs_is_nobodys(said: object) -> None:
    assert believed(token(email_verified=said), SLACK, ATTEMPT, "T1").email == ""


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "https://evil.example"}, {"aud": "another app"}, {"aud": ["1.2", "another app"]}, {"exp": -120}, {"nonce": "another"},
        {"exp": None}, {"iss": None}, {"aud": None}, {"nonce": None}, {"sub": None}, {"iat": 3600},
    ],
    ids=str,
)  # fmt: skip
def test_what_is_for_others_or_of_another_time_is_not(changed: dict[str, object]) -> None:
    with pytest.raises(NotBelieved, match="Begin again"):
        believed(token(**changed), SLACK, ATTEMPT, "T1")


def test_no_token_at_all_is_not_believed() -> None:
    with pytest.raises(NotBelieved):
        believed("", SLACK, ATTEMPT, "T1")


def test_who_is_of_another_workspace_is_refused_by_its_name() -> None:
    with pytest.raises(NotAllowed, match="a member of Elsewhere"):
        believed(token(**{"https://slack.com/team_id": "T2", "https://slack.com/team_name": "Elsewhere"}), SLACK, ATTEMPT, "T1")


def test_an_attempt_survives_its_cookie_and_tells_nobody_its_secret() -> None:
    attempt = Attempt.begin("/postmortems/7?k=a.b-c&x=%20")
    assert Attempt.read(attempt.cookie) == attempt
    asked = parse_qs(urlsplit(SLACK.address(attempt, "T1")).query)
    assert asked["state"] == [attempt.state] and asked["code_challenge_method"] == ["S256"] and asked["team"] == ["T1"]
    assert len({attempt.state, attempt.nonce, attempt.verifier, attempt.challenge}) == 4
    assert attempt.secret not in repr(attempt) and attempt.secret not in str(asked) and attempt.verifier not in str(asked)


@pytest.mark.parametrize(
    "elsewhere",
    ["//evil.example", "https://evil.example", "/\\evil.example", "\\\\evil", "javascript:1", "", "evil", "/\t/evil", "/signin/slack"],
)
def test_nothing_leads_elsewhere(elsewhere: str) -> None:
    assert local_path(elsewhere) == "/account"


@given(st.one_of(st.text(), st.text("/\\.:@#?evil\t\r\n ", max_size=12).map(lambda rest: "/" + rest)))
def test_whatever_is_asked_for_one_stays_on_our_site(asked: str) -> None:
    assert urlsplit(urljoin("https://tocsin.example/signin", local_path(asked))).netloc == "tocsin.example"
