"""Figure 1: Kaplan-Meier panels, overall and by group, with numbers at risk below each."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rtvol.outcomes.figures.canvas import (
    FAINT,
    STYLES,
    TWO_COLUMNS,
    new_figure,
    title_of,
)
from rtvol.outcomes.figures.risktable import Line, draw_risk_table, dress, ticks_of
from rtvol.outcomes.printing import p_value
from rtvol.outcomes.tables.comparison import test_name
from rtvol.outcomes.tables.curves import curve_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure

    from rtvol.outcomes.stats import SurvivalCurve
    from rtvol.outcomes.tables.comparison import Comparison

#: Where fewer are at risk the curve is drawn faint.
FEW = 5
#: Letters of a line of a panel's title.
TITLE_LETTERS = 24


@dataclass(frozen=True)
class Panel:
    """One panel: an endpoint, overall and by the groups of a comparison.

    `said` stands under the factor's name; the named tests when empty.
    """

    title: str
    comparison: Comparison
    said: tuple[str, ...] = ()

    @property
    def lines(self) -> tuple[Line, ...]:
        """Overall first, then each level."""
        one = self.comparison
        levels = enumerate(one.factor.levels)
        parts = (("All", one.endpoint), *((level, one.level(i)) for i, level in levels))
        return tuple(
            Line(label, part, look) for (label, part), look in zip(parts, STYLES, strict=False)
        )

    @property
    def tests(self) -> tuple[str, ...]:
        """Named tests with their p."""
        if self.said:
            return self.said
        one = self.comparison
        naive = " (naive)" if one.endpoint.unit == "lesion" else ""
        lines = [f"log-rank{naive} p {p_value(one.logrank.p)}"] if one.logrank else []
        if one.fit is not None and len(one.fit.terms) == 1:
            name = test_name(one.fit).replace("Cox Wald, cluster-robust by patient", "Cox, robust")
            lines += [f"{name} p {p_value(term.p)}" for term in one.fit.terms]
        return tuple(lines)


def draw_survival(
    panels: Sequence[Panel],
    banner: str = "",
    suppress_below: int = 0,
    width_inch: float = TWO_COLUMNS,
) -> Figure:
    """Draw the panels side by side, each with its numbers at risk.

    Parameters
    ----------
    panels
        From left to right.
    banner
        Said on top when the data is made up.
    suppress_below
        Smaller numbers at risk are printed as `< n`.
    width_inch
        Width of the figure.
    """
    rows = max(len(panel.lines) for panel in panels)
    figure = new_figure(width_inch, 2.85 + 0.16 * rows + (0.2 if banner else 0), banner)
    grid = figure.add_gridspec(2, len(panels), height_ratios=[2.0, 0.16 * rows + 0.2], hspace=0.02)
    for column, panel in enumerate(panels):
        axes = figure.add_subplot(grid[0, column])
        below = figure.add_subplot(grid[1, column], sharex=axes)
        ticks = ticks_of(panel.comparison.endpoint)
        for line in panel.lines:
            curve = curve_of(line.endpoint)
            if curve is not None:
                _draw_curve(axes, curve, line.style, with_band=line.label == "All")
        unit = panel.comparison.endpoint.unit
        dress(axes, ticks, f"% of {unit}s")
        letter = f"{'ABCDEFGH'[column]} " if len(panels) > 1 else ""
        title = textwrap.fill(f"{letter}{panel.title}", TITLE_LETTERS)
        title_of(axes, title, (panel.comparison.factor.label, *panel.tests))
        first = [line.label for line in panels[0].lines]
        is_named = column > 0 and [line.label for line in panel.lines] == first
        draw_risk_table(below, panel.lines, ticks, suppress_below, with_labels=not is_named)
    return figure


def _draw_curve(axes: Any, curve: SurvivalCurve, look: dict[str, Any], *, with_band: bool) -> None:
    time = np.concatenate([[0.0], curve.time])
    percent = 100 * np.concatenate([[1.0], curve.survival])
    left = np.concatenate([[curve.n], curve.n_risk])
    few = int(np.argmax(left < FEW)) if (left < FEW).any() else len(time)
    if with_band:
        lower, upper = (
            100 * np.concatenate([[1.0], np.where(np.isnan(limit), curve.survival, limit)])
            for limit in (curve.lower, curve.upper)
        )
        axes.fill_between(
            time[:few], lower[:few], upper[:few], step="post", color="black", alpha=0.10,
            linewidth=0,
        )  # fmt: skip
    axes.step(time[:few], percent[:few], where="post", **look)
    if few < len(time):
        start = max(few - 1, 0)
        axes.step(time[start:], percent[start:], where="post", **{**look, "color": FAINT})
    ticks = curve.n_censored > 0
    colours = np.where(curve.n_risk[ticks] < FEW, FAINT, look["color"])
    axes.scatter(
        curve.time[ticks], 100 * curve.survival[ticks], marker="|", s=14, linewidths=0.7, c=colours
    )
