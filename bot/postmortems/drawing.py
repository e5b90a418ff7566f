"""The picture of an incident, drawn by Matplotlib in a process of its own (`bot/press`): the same facts give the same bytes.

Everything is drawn in points on one sheet, so that what `layout.py` says has room has room.
"""

import io
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, fontManager
from matplotlib.patches import Polygon, Rectangle
from matplotlib.text import Text

from bot.postmortems.layout import AIR, SIGN, Placed, Point, clipped, place
from bot.postmortems.picture import Clock, Lane, Picture, Shape, share
from bot.postmortems.themes import CARD, FAINT, GOOD, INK, LINE, PAPER, QUIET, TROUBLE

WIDTH, LEFT, RIGHT, TOP = 576.0, 98.0, 14.0, 30.0
ROW, GAP, AXIS = 13.0, 7.0, 30.0
STEP_HEIGHT, STATE_ROWS, CURVE_HEIGHT = 9.0, 2, 46.0
SMALL, PLAIN, LARGE = 7.5, 8.0, 11.0
DOTS_PER_INCH = 200
FALLBACKS = ("Noto Sans CJK JP", "Noto Sans CJK SC", "WenQuanYi Zen Hei", "Noto Sans", "Noto Sans Thai", "Noto Sans Devanagari")
"""Fonts for letters that the bundled one lacks, where this machine has them."""
STEPS = (
    *(timedelta(seconds=n) for n in (15, 30)),
    *(timedelta(minutes=n) for n in (1, 2, 5, 10, 15, 30)),
    *(timedelta(hours=n) for n in (1, 2, 3, 6, 12)),
    *(timedelta(days=n) for n in (1, 2, 7, 14, 28, 91, 365)),
)
MOST_TICKS = 9


def draw(shown: Picture) -> tuple[str, bytes]:
    """The picture as SVG and as PNG."""
    mpl.rcdefaults()
    known = set(fontManager.get_font_names())
    mpl.rcParams.update(
        {
            "font.family": ["DejaVu Sans", *(name for name in FALLBACKS if name in known)],
            "svg.hashsalt": "tocsin",
            "svg.fonttype": "path",
            "text.parse_math": False,
            "hatch.linewidth": 0.6,
        }
    )
    sheet = Sheet(shown)
    sheet.fill()
    return sheet.svg(), sheet.png()


class Sheet:
    """A sheet of paper that grows downwards as lanes are added; y counts points from the top."""

    def __init__(self, shown: Picture) -> None:
        self._shown = shown
        self._clock = Clock(shown)
        self._figure = Figure(figsize=(1, 1), dpi=72)
        self._renderer = FigureCanvasAgg(self._figure).get_renderer()  # type: ignore[no-untyped-call]
        self._axes = self._figure.add_axes((0, 0, 1, 1))
        self._axes.set_axis_off()
        self._y = TOP
        self._widths: dict[tuple[str, float, str], float] = {}
        span = (shown.end - shown.start).total_seconds()
        pad = span * 0.02
        self._begin, self._scale = shown.start.timestamp() - pad, (WIDTH - LEFT - RIGHT) / (span + 2 * pad)

    # Paper

    def svg(self) -> str:
        made = io.BytesIO()
        self._figure.savefig(made, format="svg", metadata={"Date": None, "Creator": None}, facecolor=PAPER)
        return made.getvalue().decode()

    def png(self) -> bytes:
        made = io.BytesIO()
        self._figure.savefig(made, format="png", dpi=DOTS_PER_INCH, metadata={"Software": None}, facecolor=PAPER)
        return made.getvalue()

    def fill(self) -> None:
        """Everything, from the top to the axis of time, and then the sheet is cut to its length."""
        shown = self._shown
        self._write(10, 16, self._heading(), size=LARGE, weight="bold")
        self._milestones()
        top = self._y
        self._severity()
        self._states()
        for lane in shown.lanes:
            self._lane(lane)
        if shown.curve is not None:
            self._curve()
        self._axis(top)
        self._figure.set_size_inches(WIDTH / 72, self._y / 72)
        self._axes.set_xlim(0, WIDTH)
        self._axes.set_ylim(self._y, 0)

    def _heading(self) -> str:
        """Number and title, as much of them as one line takes."""
        words = clipped(f"#{self._shown.number} {self._shown.title}", 200)
        while self._wide(words, LARGE, "bold") > WIDTH - 20 - RIGHT:
            words = clipped(words, len(words) - 2)
        return words

    # Lanes

    def _milestones(self) -> None:
        """Their names at the top, each at the foot of nothing but its own line."""
        points = [Point(self._x(at), f"{what} {self._clock.of(at)}") for at, what in self._shown.milestones]
        placed = place(points, LEFT, WIDTH - RIGHT, self._wide, rows=7, together=0)
        self._title("Milestones", (max((one.row for one in placed), default=0) + 1) * ROW)
        for one in placed:
            y = self._y + one.row * ROW + ROW / 2
            self._axes.plot([one.x, one.x], [y, y], marker="v", markersize=5, color=INK, zorder=4)
            self._label(one, y)
        self._stones = [(one.x, self._y + one.row * ROW + ROW / 2) for one in placed]
        self._y += (max((one.row for one in placed), default=0) + 1) * ROW + GAP

    def _severity(self) -> None:
        """A step for each level: the worse, the higher and the darker."""
        levels = self._shown.severities
        if not levels:
            return
        worst, least = min(level for _, level in levels), max(level for _, level in levels)
        rows = least - worst + 1
        height, foot = rows * (STEP_HEIGHT + 3), self._y + rows * (STEP_HEIGHT + 3)
        self._write(10, self._y + height / 2, "Severity", weight="bold", va="center")
        for level in range(worst, least + 1):
            self._write(LEFT - 8, self._level(level, foot, least), f"SEV{level}", size=SMALL, colour=QUIET, ha="right", va="center")
        ends = [at for at, _ in levels[1:]] + [self._shown.end]
        for (at, level), until in zip(levels, ends, strict=True):
            y = self._level(level, foot, least)
            self._axes.add_patch(Rectangle((self._x(at), y - 4), self._x(until) - self._x(at), foot - y + 4, fc=FAINT, ec="none", zorder=2))
            self._axes.plot([self._x(at), self._x(until)], [y - 4, y - 4], color=INK, linewidth=5 - level, solid_capstyle="butt", zorder=3)
        for (_, before), (at, after) in pairwise(levels):
            ys = [self._level(before, foot, least) - 4, self._level(after, foot, least) - 4]
            self._axes.plot([self._x(at)] * 2, ys, color=INK, linewidth=1, zorder=3)
        self._y = foot + GAP

    def _level(self, level: int, foot: float, least: int) -> float:
        return foot - (least - level) * (STEP_HEIGHT + 3) - 6

    def _states(self) -> None:
        """A band, with each state's name where it begins."""
        states = self._shown.states
        points = [Point(self._x(at), state) for at, state in states]
        placed = place(points, LEFT, WIDTH - RIGHT, self._wide, STATE_ROWS) if points else ()
        rows = max((one.row for one in placed), default=0) + 1
        self._title("State", 8 + rows * ROW)
        ends = [at for at, _ in states[1:]] + [self._shown.end]
        for number, ((at, _), until) in enumerate(zip(states, ends, strict=True)):
            box = Rectangle(
                (self._x(at), self._y), self._x(until) - self._x(at), 7, fc=(CARD, FAINT)[number % 2], ec=QUIET, lw=0.6, zorder=2
            )
            self._axes.add_patch(box)
        for one in placed:
            y = self._y + 8 + one.row * ROW + ROW / 2
            self._axes.plot([one.x, one.x], [self._y, y], color=QUIET, linewidth=0.8, zorder=2)
            self._label(one, y)
        self._y += 8 + rows * ROW + GAP

    def _lane(self, lane: Lane) -> None:
        """The lane's marks, each with what it is where there is room."""
        points = [
            Point(self._x(mark.at), mark.words, min(self._x(mark.until), WIDTH - RIGHT) if mark.until else None, mark.is_bad)
            for mark in lane.marks
        ]
        placed = place(points, LEFT, WIDTH - RIGHT, self._wide, rows=4 if len(points) > 3 else 3)
        rows = max((one.row for one in placed), default=0) + 1
        self._title(lane.title, rows * ROW, f"{len(lane.marks):,}", lane.shape)
        for one in placed:
            y = self._y + one.row * ROW + ROW / 2
            self._sign(lane.shape, one.x, y, one.until, is_bad=one.is_bad)
            self._label(one, y)
        self._y += rows * ROW + GAP

    def _curve(self) -> None:
        curve = self._shown.curve
        assert curve is not None
        known = [value for _, value in curve.values if value is not None]
        self._title(curve.title, CURVE_HEIGHT)
        if not known:
            self._write(LEFT, self._y + CURVE_HEIGHT / 2, clipped(curve.trouble or "Nothing was measured.", 90), colour=QUIET, va="center")
            self._y += CURVE_HEIGHT + GAP
            return
        most, foot = max(known) or 0.01, self._y + CURVE_HEIGHT - 4
        for value in (0.0, most):
            y = foot - value / most * (CURVE_HEIGHT - 8)
            self._axes.plot([LEFT, WIDTH - RIGHT], [y, y], color=LINE, linewidth=0.6, zorder=1)
            self._write(LEFT - 8, y, share(value), size=SMALL, colour=QUIET, ha="right", va="center")
        for stretch in stretches(curve.values):
            xs = [self._x(at) for at, _ in stretch]
            ys = [foot - value / most * (CURVE_HEIGHT - 8) for _, value in stretch]
            self._axes.fill_between(xs, ys, foot, color=FAINT, linewidth=0, zorder=2)
            self._axes.plot(xs, ys, color=TROUBLE, linewidth=1.2, zorder=3, marker="o" if len(xs) == 1 else None, markersize=2)
        self._y = foot + 4 + GAP

    def _axis(self, top: float) -> None:
        """The lines of the milestones, ticks of round times, and in which zone they are."""
        for x, y in self._stones:
            self._axes.plot([x, x], [y, self._y], color=QUIET, linewidth=0.7, linestyle=(0, (2, 2)), zorder=1)
        self._axes.plot([LEFT, WIDTH - RIGHT], [self._y, self._y], color=INK, linewidth=0.8)
        day = None
        for at in ticks(self._shown):
            x, local = self._x(at), at.astimezone(self._shown.zone)
            self._axes.plot([x, x], [top, self._y], color=LINE, linewidth=0.5, zorder=0)
            self._axes.plot([x, x], [self._y, self._y + 3], color=INK, linewidth=0.8)
            has_seconds = local.second != 0
            self._write(x, self._y + 5, f"{local:%H:%M:%S}" if has_seconds else f"{local:%H:%M}", size=SMALL, ha="center", va="top")
            if local.date() != day:
                day = local.date()
                self._write(x, self._y + 15, f"{local:%a %d %b}", size=SMALL, colour=QUIET, ha="center", va="top")
        self._write(10, self._y + 5, clipped(f"Time, {self._clock.zone}", 20), size=SMALL, colour=QUIET, va="top")
        self._y += AXIS
        said = ["Crossed out or hatched: failed."] if any(mark.is_bad for lane in self._shown.lanes for mark in lane.marks) else []
        said += [f"Not drawn: {self._shown.later:,} after the end."] if self._shown.later else []
        if said:
            self._write(10, self._y, " ".join(said), size=SMALL, colour=QUIET, va="center")
            self._y += ROW

    # Pens

    def _x(self, at: datetime) -> float:
        return LEFT + (at.timestamp() - self._begin) * self._scale

    def _title(self, title: str, height: float, number: str = "", shape: Shape | None = None) -> None:
        """What a lane is, with its sign and how many there are, and a line under it."""
        x, y = 10.0, self._y + ROW / 2
        if shape is not None:
            self._sign(shape, x + SIGN / 2, y, x + SIGN / 2)
            x += SIGN + 4
        self._write(x, y, title, weight="bold", va="center")
        if number:
            self._write(x + self._wide(title, weight="bold") + 4, y, number, size=SMALL, colour=QUIET, va="center")
        foot = self._y + height + GAP / 2
        self._axes.plot([10, WIDTH - RIGHT], [foot, foot], color=LINE, linewidth=0.6, zorder=0)

    def _label(self, one: Placed, y: float) -> None:
        if one.label:
            self._write(one.text_x, y, one.label, ha="right" if one.is_left else "left", va="center")

    def _sign(self, shape: Shape, x: float, y: float, until: float, *, is_bad: bool = False) -> None:
        """A lane's own sign; what came to grief is crossed out. What lasted is as long as it did."""
        half = SIGN / 2 - 0.5
        fill: dict[str, Any] = {"fc": INK, "ec": INK, "lw": 0.8, "zorder": 4}
        hollow = fill | {"fc": PAPER}
        match shape:
            case Shape.RUN:
                kind: dict[str, Any] = {"fc": CARD, "hatch": "xxxx"} if is_bad else {"fc": GOOD}
                wide = max(until - x, 2.0)
                self._axes.add_patch(Rectangle((x - half, y - half), wide + 2 * half, 2 * half, ec=INK, lw=0.8, zorder=4, **kind))
                return
            case Shape.PAGE:
                self._polygon([(x - half, y + half), (x, y - half), (x + half, y + half)], fill)
            case Shape.ALERT:
                self._polygon([(x - half, y - half), (x + half, y - half), (x, y + half)], fill | {"fc": TROUBLE})
            case Shape.CHANGE:
                self._polygon([(x - half, y), (x, y - half), (x + half, y), (x, y + half)], hollow)
            case Shape.UPDATE:
                self._axes.add_patch(Rectangle((x - half, y - half + 1), 2 * half, 2 * half - 2, **hollow))
                self._axes.plot([x - half, x, x + half], [y - half + 1, y, y - half + 1], color=INK, linewidth=0.8, zorder=5)
            case Shape.ANSWER:
                self._axes.plot([x - half, x - 1, x + half], [y, y + half, y - half], color=INK, linewidth=1.8, zorder=4)
            case Shape.PERSON:
                self._axes.plot([x], [y], marker="o", markersize=SIGN - 2, color=INK, markerfacecolor=PAPER, markeredgewidth=1.2, zorder=4)
        if is_bad:
            for rise in (1, -1):
                self._axes.plot([x - half, x + half], [y - rise * half, y + rise * half], color=TROUBLE, linewidth=1.2, zorder=5)
        if until > x + 1:
            self._axes.plot([x + half, until + half], [y, y], color=INK, linewidth=1, zorder=3)

    def _polygon(self, corners: Sequence[tuple[float, float]], look: dict[str, Any]) -> None:
        self._axes.add_patch(Polygon(corners, closed=True, joinstyle="miter", **look))

    def _write(self, x: float, y: float, text: str, *, size: float = PLAIN, colour: str = INK, **more: Any) -> None:
        around = {"boxstyle": "square,pad=0.1", "fc": PAPER, "ec": "none"}  # lines pass behind what is written
        self._axes.text(x, y, text, fontsize=size, color=colour, zorder=6, bbox=around, **more)

    def _wide(self, text: str, size: float = PLAIN, weight: str = "normal") -> float:
        """How wide a text is, in points."""
        key = (text, size, weight)
        if key not in self._widths:
            letters = Text(0, 0, text, fontproperties=FontProperties(size=size, weight=weight), figure=self._figure)
            self._widths[key] = letters.get_window_extent(self._renderer).width + AIR / 4
        return self._widths[key]


def stretches(values: Sequence[tuple[datetime, float | None]]) -> Iterator[list[tuple[datetime, float]]]:
    """The curve's parts between its gaps."""
    part: list[tuple[datetime, float]] = []
    for at, value in values:
        if value is None:
            if part:
                yield part
            part = []
        else:
            part.append((at, value))
    if part:
        yield part


def ticks(shown: Picture) -> Iterator[datetime]:
    """Round times of the reader's clock, no more than fit beside each other."""
    span = shown.end - shown.start
    step = next((one for one in STEPS if span / one <= MOST_TICKS), span / MOST_TICKS)
    local = shown.start.astimezone(shown.zone)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)
    at = midnight + (shown.start - midnight) // step * step
    while at <= shown.end:
        if at >= shown.start:
            yield at
        at += step
