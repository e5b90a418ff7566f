"""What the picture of an incident shows, as facts and in words; and that it is drawn the same each time."""

from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from bot.postmortems.lines import Entry
from bot.postmortems.picture import Curve, Lane, Mark, Picture, Shape, in_words, picture
from bot.postmortems.pictures import MAKER
from bot.postmortems.themes import CARD, NIGHT, PAPER, themed
from bot.press.press import Press

START = datetime(2026, 3, 2, 9, tzinfo=UTC)


def after(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def entry(kind: str, text: str, minutes: float) -> Entry:
    return Entry(kind, text, "Kim", after(minutes), after(minutes))


LIFE = (
    entry("declared", "declared SEV2: checkout is <down> & out", 0),
    entry("severity", "SEV2 because core function unusable", 0),
    entry("severity", "severity SEV2 → SEV1: half of checkouts fail", 12),
    entry("severity", "SEV1 confirmed: half of checkouts fail", 13),
    entry("state", "investigating → mitigating", 30),
    entry("resolved", "rolled back", 50),
    entry("undone", "took back that it was resolved", 52),
    entry("state", "mitigating → monitoring", 60),
    entry("resolved", "rolled back", 90),
    entry("reopened", "it is back", 100),
    entry("resolved", "for good", 126),
)


def drawn(*lanes: Lane, curve: Curve | None = None, zone: tzinfo = UTC, ends: float = 126) -> Picture:
    stones = [(after(-11), "impact started"), (after(0), "declared"), (after(ends), "resolved")]
    found = picture(7, "checkout is <down> & out", LIFE, stones, lanes, zone, curve)
    assert found is not None
    return found


def test_severity_and_state_are_read_from_what_was_written_down() -> None:
    shown = drawn()
    assert [(at, level) for at, level in shown.severities] == [(after(0), 2), (after(12), 1)]
    assert [(at.minute + 60 * (at.hour - 9), state) for at, state in shown.states] == [
        (0, "investigating"), (30, "mitigating"), (50, "resolved"), (52, "mitigating"), (60, "monitoring"),
        (90, "resolved"), (100, "investigating"), (126, "resolved"),
    ]  # fmt: skip
    assert (shown.start, shown.end) == (after(-11), after(126))


def test_what_came_long_after_the_end_is_counted_and_what_came_an_hour_before_is_shown() -> None:
    shown = drawn(Lane("Changes", Shape.CHANGE, (Mark(after(-400), "old"), Mark(after(-40), "v42"), Mark(after(900), "v43"))))
    assert [mark.words for mark in shown.lanes[0].marks] == ["v42"]
    assert shown.start == after(-40)
    assert shown.later == 1
    assert "1 mark after the end is not drawn." in in_words(shown)


def test_the_words_say_what_the_picture_shows_in_the_readers_zone() -> None:
    pages = Lane("Pages", Shape.PAGE, tuple(Mark(after(n), f"Ana, SMS {n}") for n in range(9)))
    runs = Lane("Runs", Shape.RUN, (Mark(after(40), "1 Roll back: succeeded, recovered", after(44)),))
    curve = Curve("Error rate", ((after(0), 0.004), (after(10), 0.37), (after(20), None), (after(30), 0.0)))
    said = in_words(drawn(pages, runs, curve=curve, zone=ZoneInfo("Europe/Berlin")))
    assert said.startswith(
        "Incident #7, checkout is <down> & out: 2026-03-02 09:49 to 2026-03-02 12:06 Europe/Berlin, 2 h 17 min. "
        "Severity: SEV2 from 10:00, then SEV1 from 10:12. State: investigating from 10:00, then mitigating from 10:30,"
    )
    assert "Pages: 9, the first and the last: Ana, SMS 0 10:00; Ana, SMS 8 10:08." in said
    assert "Runs: 1 Roll back: succeeded, recovered 10:40 to 10:44." in said
    assert "Error rate: at most 37 % at 10:10, 0 % in the end." in said


def test_nothing_is_drawn_of_nothing() -> None:
    assert picture(7, "x", (), (), (), UTC) is None


async def test_it_is_drawn_the_same_to_the_byte_and_follows_the_readers_theme() -> None:
    press = Press()
    lanes = [
        Lane(shape.value, shape, tuple(Mark(after(n / 3), f"{shape} {n}", after(n / 3 + 1), n % 5 == 0) for n in range(300)))
        for shape in Shape
    ]
    shown = drawn(*lanes, curve=Curve("Error rate", trouble="Prometheus does not answer (TimeoutError)."))
    svg, png = await press.make(MAKER, shown)  # type: ignore[misc]
    assert (svg, png) == await press.make(MAKER, shown)
    assert png.startswith(b"\x89PNG") and svg.startswith("<?xml")
    assert "<script" not in svg and "2026" not in svg.partition("<defs>")[0], "no date of drawing"
    both = themed(svg)
    assert "prefers-color-scheme: dark" in both and f": {PAPER};" not in both and f'="{CARD}"' not in both
    for day, night in NIGHT.items():
        if day in svg:
            assert f"var(--{day[1:]})" in both and f"--{day[1:]}:{night};" in both


async def test_any_words_can_be_drawn() -> None:
    hostile = ("日本の決済が止まっている", "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 $x^2$ \\frac{1}{2} 🔥", "x" * 5000, "\x07 bell", "</svg><script>")
    lane = Lane("Pages", Shape.PAGE, tuple(Mark(after(n * 20), words) for n, words in enumerate(hostile)))
    shown = picture(7, " ".join(hostile), LIFE, [(after(0), "declared")], [lane], UTC)
    svg, _ = await Press().make(MAKER, shown)  # type: ignore[misc]
    assert svg.count("</svg>") == 1 and "<script" not in svg
