"""Local failure and death without it, stacked: what becomes of all lesions over time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rtvol.outcomes.figures.canvas import new_figure, text_at
from rtvol.outcomes.figures.survival import at_risk, ticks_of
from rtvol.outcomes.results import Cell, shown
from rtvol.outcomes.tables.curves import incidence_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from rtvol.outcomes.endpoints import Endpoint


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
    figure = new_figure(6.4, 4.8, banner)
    grid = figure.add_gridspec(2, 1, height_ratios=[6, 0.9], hspace=0.02)
    axes, below = figure.add_subplot(grid[0]), figure.add_subplot(grid[1])
    below.sharex(axes)
    _draw_areas(axes, endpoint)
    ticks = ticks_of(endpoint)
    axes.set(xlim=(0, ticks[-1]), ylim=(0, 100), ylabel=f"% of {endpoint.unit}s")
    axes.set_xticks(ticks)
    axes.tick_params(labelbottom=False)
    axes.set_title("Local failure with death competing", loc="left", fontsize=10, fontweight="bold")
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="upper left", fontsize=8, frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    below.set(ylim=(1.2, -0.9), yticks=[])
    below.spines[:].set_visible(False)
    below.tick_params(length=0, pad=8)
    below.set_xlabel(f"months from {endpoint.origin}", fontsize=8.5)
    words = f"{endpoint.unit}s at risk"
    text_at(below, 0, -0.5, words, ha="left", va="center", fontsize=8, style="italic")
    for months in ticks:
        left = at_risk(endpoint, float(months))
        text = shown(Cell(str(left), left), suppress_below)
        text_at(below, months, 0.6, text, ha="center", va="center", fontsize=8, clip_on=False)
    return figure


def _draw_areas(axes: Any, endpoint: Endpoint) -> None:
    failure, death = incidence_of(endpoint), incidence_of(endpoint, cause=2)
    if failure is None or death is None:
        axes.text(0.5, 0.5, "nobody followed", ha="center", transform=axes.transAxes)
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
    axes.step(time, naive, where="post", color="black", linestyle=":", linewidth=1.4, label=label)
