"""Figure 1: Kaplan-Meier panels, overall and by group, with numbers at risk below each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rtvol.outcomes.figures.canvas import FAINT, STYLES, new_figure, text_at
from rtvol.outcomes.printing import p_value
from rtvol.outcomes.results import Cell, shown
from rtvol.outcomes.tables.comparison import test_name
from rtvol.outcomes.tables.curves import curve_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure

    from rtvol.outcomes.endpoints import Endpoint
    from rtvol.outcomes.stats import SurvivalCurve
    from rtvol.outcomes.tables.comparison import Comparison

#: Where fewer are at risk the curve is drawn faint.
FEW = 5
STEP_MONTHS = (6, 12, 24, 36, 60)
MOST_TICKS = 7
HIGH_PERCENT = 72.0


@dataclass(frozen=True)
class Panel:
    """One panel: an endpoint, overall and by the groups of a comparison."""

    title: str
    comparison: Comparison

    @property
    def lines(self) -> tuple[tuple[str, Endpoint], ...]:
        """Overall first, then each level."""
        one = self.comparison
        levels = enumerate(one.factor.levels)
        return (("All", one.endpoint), *((level, one.level(i)) for i, level in levels))

    @property
    def tests(self) -> tuple[str, ...]:
        """Named tests with their p."""
        one = self.comparison
        naive = " (naive)" if one.endpoint.unit == "lesion" else ""
        lines = [f"log-rank{naive} p {p_value(one.logrank.p)}"] if one.logrank else []
        if one.fit is not None:
            lines += [f"{test_name(one.fit)} p {p_value(term.p)}" for term in one.fit.terms[:1]]
        return tuple(lines)


def draw_survival(panels: Sequence[Panel], banner: str = "", suppress_below: int = 0) -> Figure:
    """Draw the panels side by side, each with its numbers at risk.

    Parameters
    ----------
    panels
        From left to right.
    banner
        Said on top when the data is made up.
    suppress_below
        Smaller numbers at risk are printed as `< n`.
    """
    figure = new_figure(4.6 * len(panels), 5.2, banner)
    rows = max(len(panel.lines) for panel in panels)
    grid = figure.add_gridspec(2, len(panels), height_ratios=[3.4, 0.32 * rows + 0.35], hspace=0.02)
    for column, panel in enumerate(panels):
        axes = figure.add_subplot(grid[0, column])
        below = figure.add_subplot(grid[1, column], sharex=axes)
        ticks = ticks_of(panel.comparison.endpoint)
        for (label, endpoint), style in zip(panel.lines, STYLES, strict=False):
            curve = curve_of(endpoint)
            if curve is None:  # the level stands in the legend and has its zeros below
                axes.step([], [], label=f"{label} (nobody)", **style)
            else:
                _draw_curve(axes, curve, label, style, with_band=label == "All")
        _dress(axes, panel, "ABCDEFGH"[column], ticks)
        _draw_at_risk(below, panel, ticks, suppress_below)
    return figure


def ticks_of(endpoint: Endpoint) -> np.ndarray:
    """Months at which numbers at risk are printed, from 0 to the end of follow-up."""
    last = max(1.0, float(endpoint.months.max(initial=0.0)))
    step = next((s for s in STEP_MONTHS if last / s <= MOST_TICKS), 120)
    return np.arange(0, last + step * 0.999, step)


def at_risk(endpoint: Endpoint, months: float) -> int:
    """Units with entry < t <= exit, as in the curve; at the origin those that enter there."""
    entered = np.ones(len(endpoint.patients), dtype=bool)
    if endpoint.entry_months is not None:
        entered = endpoint.entry_months < months if months else endpoint.entry_months <= 0
    return int((entered & (endpoint.months >= months)).sum())


def _draw_curve(
    axes: Any, curve: SurvivalCurve, label: str, style: dict[str, Any], *, with_band: bool
) -> None:
    time = np.concatenate([[0.0], curve.time])
    percent = 100 * np.concatenate([[1.0], curve.survival])
    left = np.concatenate([[curve.n], curve.n_risk])
    few = int(np.argmax(left < FEW)) if (left < FEW).any() else len(time)
    if with_band:
        lower = 100 * np.concatenate(
            [[1.0], np.where(np.isnan(curve.lower), curve.survival, curve.lower)]
        )
        upper = 100 * np.concatenate(
            [[1.0], np.where(np.isnan(curve.upper), curve.survival, curve.upper)]
        )
        axes.fill_between(
            time[:few],
            lower[:few],
            upper[:few],
            step="post",
            color="black",
            alpha=0.10,
            linewidth=0,
        )
    axes.step(time[:few], percent[:few], where="post", label=label, **style)
    if few < len(time):
        faint = {**style, "color": FAINT}
        axes.step(time[max(few - 1, 0) :], percent[max(few - 1, 0) :], where="post", **faint)
    ticks = curve.n_censored > 0
    colours = np.where(curve.n_risk[ticks] < FEW, FAINT, style["color"])
    axes.scatter(
        curve.time[ticks], 100 * curve.survival[ticks], marker="|", s=22, linewidths=0.9, c=colours
    )


def _dress(axes: Any, panel: Panel, letter: str, ticks: np.ndarray) -> None:
    axes.set_title(
        f"{letter}  {panel.title}", loc="left", fontsize=10, fontweight="bold"
    ).set_parse_math(False)
    axes.set(xlim=(0, ticks[-1]), ylim=(0, 102), yticks=range(0, 101, 20))
    axes.set_ylabel(f"% of {panel.comparison.endpoint.unit}s")
    axes.set_xticks(ticks)
    axes.tick_params(labelbottom=False)
    axes.spines[["top", "right"]].set_visible(False)
    legend = axes.legend(
        title="\n".join((panel.comparison.factor.label, *panel.tests)), loc=_free_corner(axes),
        fontsize=8, title_fontsize=8, frameon=True, framealpha=0.85, edgecolor="none",
        handlelength=2.6, alignment="left",
    )  # fmt: skip
    for text in (*legend.get_texts(), legend.get_title()):
        text.set_parse_math(False)


def _free_corner(axes: Any) -> str:
    """Corner for the legend: on the right above curves that fall, below those that stay high."""
    middle = 0.4 * axes.get_xlim()[1]
    heights = []
    for line in axes.get_lines():
        x, y = np.asarray(line.get_xdata()), np.asarray(line.get_ydata())
        if len(x) and x[0] <= middle:
            heights.append(float(y[np.searchsorted(x, middle, side="right") - 1]))
    return "upper right" if max(heights, default=0.0) < HIGH_PERCENT else "lower left"


def _draw_at_risk(axes: Any, panel: Panel, ticks: np.ndarray, suppress_below: int) -> None:
    lines = panel.lines
    axes.set_ylim(len(lines) - 0.4, -1.2)
    axes.set_yticks(range(len(lines)), [label for label, _ in lines], fontsize=8)
    axes.set_xticks(ticks)
    axes.tick_params(length=0, labelsize=8.5)
    axes.tick_params(axis="y", pad=15)
    axes.spines[:].set_visible(False)
    unit = panel.comparison.endpoint.unit
    axes.set_xlabel(f"months from {panel.comparison.endpoint.origin}", fontsize=8.5)
    text_at(axes, 0, -0.9, f"{unit}s at risk", ha="left", va="center", fontsize=8, style="italic")
    for row, ((_, endpoint), style) in enumerate(zip(lines, STYLES, strict=False)):
        for months in ticks:
            left = at_risk(endpoint, float(months))
            text = shown(Cell(str(left), left), suppress_below)
            text_at(
                axes,
                months,
                row,
                text,
                ha="center",
                va="center",
                fontsize=8,
                color=style["color"],
                clip_on=False,
            )
    for label, style in zip(axes.get_yticklabels(), STYLES, strict=False):
        label.set_color(style["color"])
        label.set_parse_math(False)
