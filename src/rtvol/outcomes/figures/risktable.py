"""Numbers at risk below a panel; their labels, with a piece of the line, are the legend."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rtvol.outcomes.figures.canvas import SMALL, text_at
from rtvol.outcomes.results import Cell, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rtvol.outcomes.endpoints import Endpoint

STEP_MONTHS = (3, 6, 12, 24, 36, 60)
MOST_TICKS = 6
#: Where the piece of line ends and begins, points left of the axis.
SAMPLE = (8, 27)
#: Letters of a line of the x label.
WRAP = 32


@dataclass(frozen=True)
class Line:
    """A group of a panel: its label, its rows, how it is drawn."""

    label: str
    endpoint: Endpoint
    style: dict[str, Any]


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


def draw_risk_table(
    axes: Any,
    lines: Sequence[Line],
    ticks: np.ndarray,
    suppress_below: int,
    *,
    with_labels: bool = True,
) -> None:
    """Print numbers at risk under the ticks, a row for each line.

    Parameters
    ----------
    axes
        Shares its x axis with the panel above.
    lines
        From top to bottom.
    ticks
        Months.
    suppress_below
        Smaller numbers are printed as `< n`.
    with_labels
        Whether the groups are named; panels side by side name the same ones once.
    """
    endpoint = lines[0].endpoint
    axes.set_ylim(len(lines) - 0.4, -1.3)
    labels = [line.label if with_labels else "" for line in lines]
    axes.set_yticks(range(len(lines)), labels, fontsize=SMALL)
    axes.set_xticks(ticks)
    axes.tick_params(length=0)
    axes.tick_params(axis="y", pad=SAMPLE[1] + 3)
    axes.spines[:].set_visible(False)
    words = textwrap.fill(f"months from {endpoint.origin}", WRAP)
    axes.set_xlabel(words, fontsize=SMALL)
    text_at(
        axes, 0, -0.95, f"{endpoint.unit}s at risk", ha="left", va="center", fontsize=SMALL,
        style="italic",
    )  # fmt: skip
    for row, line in enumerate(lines):
        look = {"arrowstyle": "-", "shrinkA": 0, "shrinkB": 0, **line.style}
        axes.annotate(
            "", (-SAMPLE[0], row), (-SAMPLE[1], row), xycoords=("axes points", "data"),
            textcoords=("axes points", "data"), arrowprops=look, annotation_clip=False,
        )  # fmt: skip
        for months in ticks:
            left = at_risk(line.endpoint, float(months))
            text_at(
                axes, months, row, shown(Cell(str(left), left), suppress_below), ha="center",
                va="center", fontsize=SMALL, color=line.style["color"], clip_on=False,
            )  # fmt: skip
    for label, line in zip(axes.get_yticklabels(), lines, strict=True):
        label.set_color(line.style["color"])
        label.set_parse_math(False)


def dress(axes: Any, ticks: np.ndarray, ylabel: str) -> None:
    """Give a panel of percents over months its axes."""
    axes.set(xlim=(0, ticks[-1]), ylim=(0, 102), yticks=range(0, 101, 20))
    axes.set_ylabel(ylabel)
    axes.set_xticks(ticks)
    axes.tick_params(labelbottom=False)
    axes.spines[["top", "right"]].set_visible(False)
