"""Nothing that is drawn covers anything else."""

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from bot.postmortems.layout import Placed, Point, place

LEFT, RIGHT = 98.0, 562.0
xs = st.floats(LEFT + 5, RIGHT - 5)
words = st.sampled_from(["Ana, SMS", "Bo Chen, phone", "resolved", "a long story about what was done with the database that night", ""])


def measure(text: str) -> float:
    return 4.4 * len(text)


@st.composite
def points(draw: st.DrawFn) -> Point:
    x = draw(xs)
    return Point(x, draw(words), draw(st.none() | st.floats(x, RIGHT)), draw(st.booleans()))


@given(st.lists(points(), max_size=150), st.integers(1, 5), st.sampled_from([0.0, 7.2]))
def test_marks_and_labels_of_a_row_never_touch_and_none_is_lost(many: list[Point], rows: int, together: float) -> None:
    placed = place(many, LEFT, RIGHT, measure, rows, together)
    assert sum(one.count for one in placed) == len(many)
    for one in placed:
        assert one.row < rows
        low, high = one.box(measure)
        assert low >= LEFT - 9 and (high <= RIGHT or one.until > RIGHT - 9 or not one.label)
    for one, other in combinations(sorted(placed, key=lambda each: (each.row, each.x)), 2):
        if one.row == other.row:
            assert one.box(measure)[1] < other.box(measure)[0]


@given(st.lists(points(), min_size=1, max_size=60))
def test_what_stands_for_several_says_how_many(many: list[Point]) -> None:
    for one in place(many, LEFT, RIGHT, measure):
        if one.count > 2 and one.label:
            assert f"×{one.count}" in one.label


def test_what_has_room_says_all_it_has_to_say() -> None:
    [both, late] = place([Point(150, "Ana, SMS"), Point(156, "Bo, SMS"), Point(540, "resolved")], LEFT, RIGHT, measure)
    assert both.label == "Ana, SMS; Bo, SMS"
    assert (late.label, late.is_left) == ("resolved", True), "there is no room to the right of it"


def test_of_those_that_are_drawn_as_one_the_failed_are_counted() -> None:
    [one] = place([Point(150, "Ana, SMS"), Point(150, "Bo, SMS", is_bad=True), Point(151, "Cy, SMS")], LEFT, RIGHT, measure)
    assert one == Placed(150, 151, 0, 3, "×3, 1 failed", 157.5)
