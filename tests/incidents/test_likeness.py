"""What makes two incidents alike."""

from hypothesis import given
from hypothesis import strategies as st

from bot.incidents.likeness import Like, Told, like, words

PAST = [
    Told(1, "checkout is down", "checkout"),
    Told(2, "redis failover did not finish", "sessions"),
    Told(3, "search is slow", "search"),
    Told(4, "Redis: failover took 9 minutes", None),
    Told(5, "redis memory is full", "sessions"),
    Told(6, "login page is down", "login"),
]


def numbers(title: str, service: str | None = None) -> list[int]:
    return [one.number for one in like(Told(9, title, service), PAST, most=5)]


def test_rare_words_in_common_make_incidents_alike_and_words_that_all_have_do_not() -> None:
    assert numbers("redis failover is stuck") == [4, 2]
    assert numbers("everything is down") == []
    assert numbers("upload fails") == []


def test_the_same_service_is_enough_and_adds_to_words() -> None:
    assert numbers("customers are logged out", "sessions") == [5, 2]
    assert like(Told(9, "redis failover again", "sessions"), PAST, most=1) == [Like(2, "the same service; both say “failover”, “redis”")]


def test_an_incident_is_not_like_itself() -> None:
    assert [one.number for one in like(PAST[1], PAST, most=5)] == [5, 4]


PASTS = st.lists(st.builds(Told, st.integers(1, 50), st.text(max_size=30), st.sampled_from([None, "a", "b"])), max_size=20)


@given(PASTS, st.integers(0, 5))
def test_there_are_never_more_than_asked_for_each_once_and_each_with_a_reason(past: list[Told], most: int) -> None:
    unique = list({one.number: one for one in past}.values())
    found = like(Told(0, "redis a b 42", "a"), unique, most)
    assert len(found) <= most
    assert len({one.number for one in found}) == len(found)
    assert all(one.why for one in found)


def test_what_says_nothing_is_no_word() -> None:
    assert words("The checkout is DOWN, for EU!") == {"checkout", "eu"}
