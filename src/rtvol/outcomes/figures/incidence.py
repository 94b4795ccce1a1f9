"""Competing risks: failure and death stacked, and the incidence of failures by group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rtvol.outcomes.figures.canvas import (
    ONE_COLUMN,
    STYLES,
    TWO_COLUMNS,
    new_figure,
    text_at,
    title_of,
)
from rtvol.outcomes.figures.risktable import Line, draw_risk_table, dress, ticks_of
from rtvol.outcomes.printing import p_value
from rtvol.outcomes.tables.curves import incidence_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure

    from rtvol.outcomes.endpoints import Endpoint
    from rtvol.outcomes.tables.competing import Competing


def draw_incidence(endpoint: Endpoint, banner: str = "", suppress_below: int = 0) -> Figure:
    """Stack the incidence of failure and of death before it, with 1 - KM as a dotted line.

    Parameters
    ----------
    endpoint
        A competing-risks endpoint (`lf_cif`).
    banner
        Said on top when the data is made up.
    suppress_below
        Smaller numbers at risk are printed as `< n`.
    """
    figure = new_figure(ONE_COLUMN, 3.3, banner)
    grid = figure.add_gridspec(2, 1, height_ratios=[6, 1.1], hspace=0.02)
    axes = figure.add_subplot(grid[0])
    below = figure.add_subplot(grid[1], sharex=axes)
    ticks = ticks_of(endpoint)
    _draw_areas(axes, endpoint)
    dress(axes, ticks, f"% of {endpoint.unit}s")
    title_of(axes, "Local failure, death competing")
    if axes.get_legend_handles_labels()[0]:
        handles, labels = axes.get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", frameon=False, ncols=1)
    draw_risk_table(below, [Line("All", endpoint, STYLES[0])], ticks, suppress_below)
    return figure


def _draw_areas(axes: Any, endpoint: Endpoint) -> None:
    failure, death = incidence_of(endpoint), incidence_of(endpoint, cause=2)
    if failure is None or death is None:
        text_at(axes, 0.5, 0.5, "nobody followed", ha="center", transform=axes.transAxes)
        return
    time = np.concatenate([[0.0], failure.time])
    failed, died, naive = (
        100 * np.concatenate([[0.0], values])
        for values in (failure.incidence, death.incidence, failure.one_minus_km)
    )
    top = failed + died
    for low, high, colour, alpha, label in (
        (np.zeros_like(failed), failed, "#c8501e", 0.75, "local failure"),
        (failed, top, "#8a8a8a", 0.55, "death without it"),
    ):
        axes.fill_between(
            time, low, high, step="post", color=colour, alpha=alpha, linewidth=0, label=label
        )
    label = "1 - KM of failure (deaths censored)"
    axes.step(time, naive, where="post", color="black", linestyle=":", linewidth=1.2, label=label)


def draw_competing(found: Sequence[Competing], banner: str = "", suppress_below: int = 0) -> Figure:
    """Draw the incidence of each failure by group, with limits and Gray's test.

    Parameters
    ----------
    found
        From left to right.
    banner
        Said on top when the data is made up.
    suppress_below
        Smaller numbers at risk are printed as `< n`.
    """
    rows = max(len(one.factor.levels) for one in found)
    figure = new_figure(TWO_COLUMNS, 2.7 + 0.16 * rows + (0.2 if banner else 0), banner)
    grid = figure.add_gridspec(2, len(found), height_ratios=[2.0, 0.16 * rows + 0.2], hspace=0.02)
    for column, one in enumerate(found):
        axes = figure.add_subplot(grid[0, column])
        below = figure.add_subplot(grid[1, column], sharex=axes)
        ticks = ticks_of(one.endpoint)
        lines = [
            Line(level, one.level(index), look)
            for (index, level), look in zip(enumerate(one.factor.levels), STYLES[1:], strict=False)
        ]
        for line in lines:
            _draw_curve(axes, line)
        dress(axes, ticks, f"incidence, % of {one.endpoint.unit}s")
        name = one.endpoint.event_name
        naive = " (naive)" if one.endpoint.unit == "lesion" else ""
        said = (one.factor.label, f"Gray{naive} p {p_value(one.gray.p if one.gray else None)}")
        title_of(axes, f"{'ABC'[column]}  {name[0].upper()}{name[1:]}", said)
        draw_risk_table(below, lines, ticks, suppress_below, with_labels=column == 0)
    return figure


def _draw_curve(axes: Any, line: Line) -> None:
    curve = incidence_of(line.endpoint)
    if curve is None:
        return
    time = np.concatenate([[0.0], curve.time])
    middle = 100 * np.concatenate([[0.0], curve.incidence])
    lower, upper = (
        100 * np.concatenate([[0.0], np.where(np.isnan(limit), curve.incidence, limit)])
        for limit in (curve.lower, curve.upper)
    )
    axes.fill_between(
        time, lower, upper, step="post", color=line.style["color"], alpha=0.13, linewidth=0
    )
    axes.step(time, middle, where="post", **line.style)
