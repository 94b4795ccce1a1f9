"""Dose-response: fitted curves, what was seen in groups of dose, D50 with its limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rtvol.outcomes.figures.canvas import ONE_COLUMN, SMALL, new_figure, text_at, title_of
from rtvol.outcomes.printing import fixed, interval, plain

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from rtvol.outcomes.stats import DoseResponseFit
    from rtvol.outcomes.tables.dose import DoseFits

#: Groups with fewer at risk at the time meant are drawn hollow.
FEW = 5
_LOOKS = {
    "logistic": {"color": "#0b5fa5", "linestyle": "-", "linewidth": 1.5},
    "probit": {"color": "#c8501e", "linestyle": "--", "linewidth": 1.3},
}


def draw_dose(found: DoseFits, banner: str = "", suppress_below: int = 0) -> Figure:
    """Draw the censored-likelihood curves without volume, the first with its 95 % band.

    Parameters
    ----------
    found
        Fits and groups.
    banner
        Said on top when the data is made up.
    suppress_below
        Groups of fewer lesions are left out, and the ticks of so few.
    """
    figure = new_figure(ONE_COLUMN, 3.2, banner)
    axes = figure.add_subplot()
    low, high = (float(f(found.dose)) if found.dose.size else 0.0 for f in (np.min, np.max))
    reach = 0.08 * max(high - low, 1.0)
    grid = np.linspace(max(0.0, low - reach), high + reach, 200)
    for number, link in enumerate(found.asked.links):
        fit = found.fits.get((link, "censored", False))
        if fit is not None:
            _draw_fit(axes, grid, fit, with_band=number == 0)
    shown = [g for g in found.groups if g.control.value is not None and g.n >= suppress_below]
    for group in shown:
        _draw_group(axes, group.dose, group)
    for kind, height in ((1, 0.0), (2, 100.0)):
        doses = _known(found, kind)
        if doses.size < suppress_below:
            continue
        axes.plot(doses, np.full(doses.size, height), "|", color="#555555", markersize=4,
                  clip_on=False)  # fmt: skip
    name = "BED" if found.asked.dose == "bed" else "EQD2"
    axes.set(xlim=(grid[0], grid[-1]), ylim=(-2, 102), yticks=range(0, 101, 20))
    axes.set_xlabel(f"{name} of the prescription, {found.unit}").set_parse_math(False)
    axes.set_ylabel(f"% controlled at {plain(found.asked.months)} months")
    axes.spines[["top", "right"]].set_visible(False)
    title_of(axes, "Local control against dose")
    if axes.get_legend_handles_labels()[0]:
        handles, labels = axes.get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", frameon=False, handlelength=2.2)
    else:
        text_at(axes, 0.5, 0.5, "no curve could be fitted", ha="center", transform=axes.transAxes)
    return figure


def _known(found: DoseFits, kind: int) -> NDArray[np.float64]:
    months, event = found.endpoint.months, found.endpoint.event
    failed = event & (months <= found.asked.months)
    held = ~failed & (months >= found.asked.months)
    return found.dose[failed if kind == 1 else held]


def _draw_fit(
    axes: Any, grid: NDArray[np.float64], fit: DoseResponseFit, *, with_band: bool
) -> None:
    from scipy.special import expit, ndtr

    curve = expit if fit.link == "logistic" else ndtr
    design = np.column_stack([np.ones_like(grid), grid])
    linear = design @ fit.coef
    label = fit.link
    if fit.d50.value is not None:
        limits = interval(fit.d50.lower, fit.d50.upper, 0)
        label += f": D50 {fixed(fit.d50.value, 0)} ({limits})"
    look = _LOOKS[fit.link]
    axes.plot(grid, 100 * curve(linear), label=label, **look)
    if not with_band:
        return
    lower, upper = fit.band(design)
    axes.fill_between(
        grid, 100 * curve(lower), 100 * curve(upper), color=look["color"], alpha=0.13, linewidth=0
    )


def _draw_group(axes: Any, dose: float, group: Any) -> None:
    value = 100 * group.control.value
    ends = [group.control.lower, group.control.upper]
    low, high = (value if end is None else 100 * end for end in ends)
    is_few = (group.control.n_risk or 0) < FEW
    axes.errorbar(
        [dose], [value], [[max(0.0, value - low)], [max(0.0, high - value)]], fmt="o",
        color="#777777" if is_few else "black", markerfacecolor="white" if is_few else "black",
        markersize=3.5, linewidth=0.8, capsize=2, clip_on=False,
    )  # fmt: skip
    text_at(axes, dose, value, f" {group.n}", fontsize=SMALL, ha="left", va="bottom")
