"""Figure 2: failure patterns as Venn diagrams of equal circles and as UpSet bars, per class.

Circles are equal and fixed: circles true to area cannot show every pattern, and regions with
nobody in them would vanish; here a zero keeps its place.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from rtvol.outcomes.factors import word
from rtvol.outcomes.figures.canvas import SMALL, TEXT, TWO_COLUMNS, new_figure, text_at, title_of
from rtvol.outcomes.results import Cell, shown
from rtvol.outcomes.tables.patterns import KINDS, PATTERNS, Pattern, pattern_counts

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from rtvol.outcomes.cohort import Cohort

_COLOURS = {"LR": "#0b5fa5", "IHR": "#c8501e", "EHR": "#3c7d3c"}
_RADIUS, _SPREAD = 1.0, 0.62
_ANGLES = {"LR": 150, "IHR": 30, "EHR": 270}
_CENTRES = {
    kind: (_SPREAD * math.cos(math.radians(a)), _SPREAD * math.sin(math.radians(a)))
    for kind, a in _ANGLES.items()
}


def draw_patterns(cohort: Cohort, banner: str = "", suppress_below: int = 0) -> Figure:
    """Draw a Venn diagram and UpSet bars for each disease class.

    Parameters
    ----------
    cohort
        The data.
    banner
        Said on top when the data is made up.
    suppress_below
        Smaller counts are printed as `< n`.
    """
    counts = pattern_counts(cohort)
    figure = new_figure(TWO_COLUMNS, 5.3, banner)
    grid = figure.add_gridspec(3, len(counts), height_ratios=[4, 2, 1.1])
    for column, (kind, found) in enumerate(counts.items()):
        total = sum(found.values())
        title = f"{'AB'[column]}  {word(kind)} (n = {total} patients)"
        _draw_venn(figure.add_subplot(grid[0, column]), title, found, suppress_below)
        bars = figure.add_subplot(grid[1, column])
        dots = figure.add_subplot(grid[2, column], sharex=bars)
        _draw_bars(bars, found, suppress_below)
        _draw_dots(dots)
    return figure


def _place(pattern: Pattern) -> tuple[float, float]:
    """Where a region's count stands: away from the circles that do not hold it."""
    inside = [_CENTRES[kind] for kind, there in zip(KINDS, pattern, strict=True) if there]
    if not inside:
        return 1.72, -1.45
    if len(inside) == len(KINDS):
        return 0.0, 0.0
    x, y = (sum(point[axis] for point in inside) / len(inside) for axis in (0, 1))
    # alone: outward of its centre; two together: outward of the middle of theirs
    reach = 1.95 if len(inside) == 1 else 2.15
    return x * reach, y * reach


def _draw_venn(axes: Any, title: str, found: dict[Pattern, int], below: int) -> None:
    from matplotlib.patches import Circle

    total = sum(found.values())
    for kind, (x, y) in _CENTRES.items():
        colour = _COLOURS[kind]
        axes.add_patch(Circle((x, y), _RADIUS, facecolor=colour, alpha=0.16, linewidth=0))
        axes.add_patch(Circle((x, y), _RADIUS, fill=False, edgecolor=colour, linewidth=1.0))
        ever = sum(n for pattern, n in found.items() if pattern[KINDS.index(kind)])
        angle = math.radians(_ANGLES[kind])
        reach = _SPREAD + _RADIUS + 0.12
        where = {150: ("right", "bottom"), 30: ("left", "bottom"), 270: ("center", "top")}[
            _ANGLES[kind]
        ]
        label = f"{kind} {shown(Cell(f'{ever} / {total}', ever or None), below)}"
        text_at(
            axes, reach * math.cos(angle), reach * math.sin(angle), label, color=colour,
            fontweight="bold", fontsize=TEXT, ha=where[0], va=where[1],
        )  # fmt: skip
    for pattern, number in found.items():
        x, y = _place(pattern)
        text = shown(Cell(str(number), number or None), below)
        text = text if any(pattern) else f"none: {text}"
        text_at(axes, x, y, text, ha="center", va="center", fontsize=TEXT + 1)
    axes.set(xlim=(-2.5, 2.5), ylim=(-2.05, 1.65), aspect="equal")
    title_of(axes, title)
    axes.axis("off")


def _draw_bars(axes: Any, found: dict[Pattern, int], below: int) -> None:
    heights = [0 if 0 < found[p] < below else found[p] for p in PATTERNS]
    axes.bar(range(len(PATTERNS)), heights, color="#555555", width=0.6)
    top = max([*heights, 1])
    for place, pattern in enumerate(PATTERNS):
        text = shown(Cell(str(found[pattern]), found[pattern] or None), below)
        text_at(
            axes, place, heights[place] + 0.03 * top, text, ha="center", va="bottom", fontsize=SMALL
        )
    axes.yaxis.get_major_locator().set_params(integer=True)
    axes.set(ylabel="patients", ylim=(0, 1.22 * top))
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelbottom=False, bottom=False)


def _draw_dots(axes: Any) -> None:
    for place, pattern in enumerate(PATTERNS):
        rows = [row for row, there in enumerate(pattern) if there]
        axes.scatter([place] * 3, range(3), color="#dddddd", s=22, zorder=1)
        axes.scatter([place] * len(rows), rows, color="black", s=22, zorder=3)
        if len(rows) > 1:
            axes.plot([place, place], [rows[0], rows[-1]], color="black", linewidth=1.1, zorder=2)
    axes.set_yticks(range(3), KINDS)
    axes.set(ylim=(2.6, -0.6))
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0, labelbottom=False)
