"""The two halves of the fleet's store agree on who leads and never drop an order without a word."""

from pathlib import Path

import pytest

from bot.sandbox.fleet.store import Kept, Store, kept_in, replaced


@pytest.fixture
def halves(tmp_path: Path) -> tuple[Store, Store]:
    """A primary and its standby, which talk when a test lets them."""
    for name, role in (("db1", "primary"), ("db2", "standby")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "role").write_text(role)
    return Store(tmp_path / "db1", 0), Store(tmp_path / "db2", 0)


def become(store: Store, role: str) -> None:
    replaced(store.home / "role", role)


def talk(one: Store, other: Store) -> None:
    """Each hears of the other what it asks every tenth of a second."""
    for mine, peer in ((one, other), (other, one)):
        mine.heard(peer.log(mine.kept.position))


def test_the_standby_copies_what_the_primary_takes_and_takes_nothing_itself(halves: tuple[Store, Store]) -> None:
    primary, standby = halves
    assert [primary.order(), primary.order(), standby.order()] == [1, 2, None]
    assert standby.status().position == 0
    talk(primary, standby)
    assert (standby.status().position, kept_in(standby.home)) == (2, Kept(1, 2, 0))
    assert standby.status().lag_s > 0  # it was behind when it heard
    talk(primary, standby)
    assert standby.status().lag_s == 0


def test_a_primary_that_was_replaced_gives_way_as_soon_as_it_hears_of_it(halves: tuple[Store, Store]) -> None:
    old, new = halves
    old.order()
    talk(old, new)
    become(new, "primary")
    assert new.order() == 2
    talk(old, new)
    assert (old.order(), old.status().role, new.status().epoch) == (None, "fenced", 2)
    become(old, "standby")
    talk(old, new)
    assert (old.status().position, old.status().epoch) == (2, 2)


def test_orders_that_the_new_primary_never_got_are_kept_and_named(halves: tuple[Store, Store]) -> None:
    old, new = halves
    for _ in range(3):
        old.order()
    become(new, "primary")
    talk(old, new)
    become(old, "standby")
    talk(old, new)
    assert (old.status().role, old.status().position) == ("fenced", 3)
    assert old.status().says == "it has 3 orders that the new primary never got"


def test_who_leads_again_after_a_failed_promotion_has_the_newest_epoch(halves: tuple[Store, Store]) -> None:
    old, new = halves
    become(old, "fenced")
    become(new, "primary")
    new.status()
    talk(old, new)
    become(new, "standby")
    become(old, "primary")
    assert (old.order(), old.status().epoch) == (1, 3)
    talk(old, new)
    assert (new.status().epoch, new.status().position) == (3, 1)
