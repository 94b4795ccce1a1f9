"""A cut-point looked for in the data: its curves, and the statistic over all cuts tried."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rtvol.outcomes.figures.canvas import (
    STYLES,
    TWO_COLUMNS,
    new_figure,
    title_of,
)
from rtvol.outcomes.figures.risktable import Line, draw_risk_table, dress, ticks_of
from rtvol.outcomes.printing import p_value, plain
from rtvol.outcomes.tables.curves import curve_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from rtvol.outcomes.stats import OptimalCut
    from rtvol.outcomes.tables.cuts import Searched


def draw_cut(found: Searched, banner: str = "", suppress_below: int = 0) -> Figure:
    """Draw the curves on both sides of the best cut, and the statistic over the cuts tried.

    Parameters
    ----------
    found
        A search that found a cut.
    banner
        Said on top when the data is made up.
    suppress_below
        Smaller numbers at risk are printed as `< n`.
    """
    cut = found.cut
    assert cut is not None  # noqa: S101  for the checker: only searches with a cut are drawn
    figure = new_figure(TWO_COLUMNS, 2.95 + (0.2 if banner else 0), banner)
    grid = figure.add_gridspec(2, 2, height_ratios=[2.0, 0.55], hspace=0.02)
    axes = figure.add_subplot(grid[0, 0])
    below = figure.add_subplot(grid[1, 0], sharex=axes)
    ticks = ticks_of(found.endpoint)
    lines = [
        Line(f"{sign} {plain(cut.cut)}", found.endpoint.take(side), look)
        for sign, side, look in (
            ("<=", found.values <= cut.cut, STYLES[1]),
            (">", found.values > cut.cut, STYLES[2]),
        )
    ]
    for line in lines:
        curve = curve_of(line.endpoint)
        if curve is not None:
            axes.step([0.0, *curve.time], [100.0, *(100 * curve.survival)], where="post",
                      **line.style)  # fmt: skip
    dress(axes, ticks, f"% of {found.endpoint.unit}s without event")
    said = (found.factor.label, f"corrected p {p_value(cut.corrected.p)}")
    title_of(axes, f"A  {found.endpoint.event_name.capitalize()}, data-driven cut", said)
    draw_risk_table(below, lines, ticks, suppress_below)
    _draw_search(figure.add_subplot(grid[:, 1]), found, cut)
    return figure


def _draw_search(axes: Any, found: Searched, cut: OptimalCut) -> None:
    if cut.cut_lower is not None and cut.cut_upper is not None:
        axes.axvspan(cut.cut_lower, cut.cut_upper, color="black", alpha=0.08, linewidth=0)
    axes.plot(cut.tried, cut.statistics, color="#0b5fa5", linewidth=1.0, marker="o", markersize=2)
    axes.axvline(cut.cut, color="black", linewidth=0.8, linestyle="--")
    axes.set_xlabel(f"cut of {found.factor.label}").set_parse_math(False)
    axes.set_ylabel("standardised log-rank statistic")
    axes.set_ylim(0, None)
    axes.spines[["top", "right"]].set_visible(False)
    title_of(axes, f"B  The {cut.n_cuts} cuts that were tried")
