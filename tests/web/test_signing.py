"""Signed links: bound to purpose, thing and person; they expire; a changed secret breaks none of them for a day."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.clock import FakeClock
from bot.db import BOT, ActorId, Database
from bot.web.signing import LinkAltered, LinkExpired, Links, Secrets, accepted_secrets

ANA = ActorId("ana")
HOUR = timedelta(hours=1)


def door(clock: FakeClock, secrets: Secrets | None = None) -> Links:
    return Links(secrets or Secrets("first secret"), "https://inc.example.org/", clock)


def token_of(link: str) -> str:
    return link.split("?k=")[1]


def test_a_link_opens_for_what_and_whom_it_was_made(clock: FakeClock) -> None:
    link = door(clock).link("pages", "7", person=ANA, lasts=HOUR)
    assert link.startswith("https://inc.example.org/pages/7?k=")
    grant = door(clock).open(token_of(link), "pages", "7")
    assert (grant.person, grant.expires_at) == (ANA, clock.now() + HOUR)


def test_a_link_fits_into_a_text_message_beside_its_words(clock: FakeClock) -> None:
    assert len(door(clock).link("pages", "123456", person=ActorId("annabel.lee"), lasts=HOUR)) <= 120


@pytest.mark.parametrize(
    "other", [("pages", "8"), ("pages", "7", "1"), ("postmortems", "7"), ("pages",)], ids=["other id", "more", "other purpose", "no id"]
)
def test_a_link_opens_nothing_else(clock: FakeClock, other: tuple[str, ...]) -> None:
    token = door(clock).token("pages", "7", person=ANA, lasts=HOUR)
    with pytest.raises(LinkAltered, match=r"Reply ACK\."):
        door(clock).open(token, *other, way_out="Reply ACK.")


def test_an_expired_link_says_when_and_what_to_do_instead(clock: FakeClock) -> None:
    token = door(clock).token("pages", "7", person=ANA, lasts=HOUR)
    clock.advance(HOUR - timedelta(seconds=1))
    door(clock).open(token, "pages", "7")
    clock.advance(timedelta(seconds=1))
    with pytest.raises(LinkExpired, match=r"expired on 2 March at 10:00 UTC\. Use the newest link"):
        door(clock).open(token, "pages", "7")


@given(st.data())
def test_no_changed_link_opens(data: st.DataObject) -> None:
    clock = FakeClock()
    token = door(clock).token("pages", "7", person=ANA, lasts=HOUR)
    place = data.draw(st.integers(0, len(token) - 1))
    letter = data.draw(st.sampled_from("abcXYZ019-_.").filter(lambda letter: letter != token[place]))
    with pytest.raises(LinkAltered):
        door(clock).open(token[:place] + letter + token[place + 1 :], "pages", "7")


@pytest.mark.parametrize("change", [lambda t: "", lambda t: t[:-3], lambda t: t + "é", lambda t: "." * 50, lambda t: "a" * 100_000])
def test_garbage_is_refused_in_words(clock: FakeClock, change: Callable[[str], str]) -> None:
    token = door(clock).token("pages", "7", person=ANA, lasts=HOUR)
    with pytest.raises(LinkAltered):
        door(clock).open(change(token), "pages", "7")


async def test_the_previous_secret_counts_for_a_day_from_the_change(database: Database, clock: FakeClock) -> None:
    async with database.begin(actor=BOT) as tx:
        before = await accepted_secrets(tx, "old", previous=None)
    token = door(clock, before).token("pages", "7", person=ANA, lasts=timedelta(days=30))
    clock.advance(timedelta(days=10))
    async with database.begin(actor=BOT) as tx:
        await accepted_secrets(tx, "new", previous="old")
    clock.advance(timedelta(hours=23))
    async with database.begin(actor=BOT) as tx:  # a restart, or another replica, does not start the day anew
        after = await accepted_secrets(tx, "new", previous="old")
    assert door(clock, after).open(token, "pages", "7").person == ANA
    clock.advance(timedelta(hours=1))
    with pytest.raises(LinkAltered):
        door(clock, after).open(token, "pages", "7")


async def test_a_secret_that_is_not_given_any_more_counts_no_more(database: Database, clock: FakeClock) -> None:
    token = door(clock, Secrets("old")).token("pages", "7", person=ANA, lasts=HOUR)
    async with database.begin(actor=BOT) as tx:
        secrets = await accepted_secrets(tx, "new", previous=None)
    with pytest.raises(LinkAltered):
        door(clock, secrets).open(token, "pages", "7")
