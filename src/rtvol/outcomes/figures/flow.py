"""The flow of patients as boxes: screened, excluded by reason, analysed, lesions."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from rtvol.outcomes.figures.canvas import new_figure, text_at
from rtvol.outcomes.results import shown

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from rtvol.outcomes.results import Sheet

_BOX = {"boxstyle": "square,pad=0.5", "facecolor": "white", "edgecolor": "black", "linewidth": 1}


def draw_flow(sheet: Sheet, banner: str = "", suppress_below: int = 0) -> Figure:
    """Draw the sheet `flow` as a diagram.

    Parameters
    ----------
    sheet
        The flow table.
    banner
        Said on top when the data is made up.
    suppress_below
        Smaller counts are printed as `< n`.
    """
    steps = [tuple(shown(cell, suppress_below) for cell in line) for line in sheet.lines]
    screened = [step for step in steps if step[0] == "screened"]
    excluded = [step for step in steps if step[0].startswith("excluded")]
    groups = [step for step in steps if step[0].startswith("with ")]
    patients, lesions = [step for step in steps if step[0] == "analysed"]
    figure = new_figure(7.2, 4.6, banner)
    axes = figure.add_subplot()
    axes.set(xlim=(0, 10), ylim=(1, 10))
    axes.axis("off")
    if screened:
        _box(axes, 3, 9, f"screened\nn = {screened[0][3]} patients")
        _arrow(axes, (3, 8.3), (3, 6.0))
    if excluded:
        texts = [
            f"n = {n}: {label.removeprefix('excluded: ')}" + (f"\n({note})" if note else "")
            for label, note, _, n in excluded
        ]
        wrapped = [
            "\n".join(textwrap.fill(part, 40) for part in text.split("\n")) for text in texts
        ]
        _box(axes, 5.3, 7.15, "excluded\n" + "\n".join(wrapped), align="left")
        _arrow(axes, (3, 7.15), (5.1, 7.15))
    _box(axes, 3, 5.2, f"analysed\nn = {patients[3]} patients")
    _arrow(axes, (3, 4.5), (3, 2.7))
    per = "\n".join(f"{label}: {n}" for label, _, _, n in groups)
    _arrow(axes, (3, 3.6), (5.1, 3.6))
    _box(axes, 5.3, 3.6, f"patients\n{per}", align="left")
    _box(axes, 3, 1.9, f"analysed\nn = {lesions[3]} lesions")
    return figure


def _box(axes: Any, x: float, y: float, text: str, align: str = "center") -> None:
    text_at(axes, x, y, text, ha=align, va="center", fontsize=9, bbox=_BOX, linespacing=1.4)


def _arrow(axes: Any, start: tuple[float, float], end: tuple[float, float]) -> None:
    axes.annotate(
        "", end, start, arrowprops={"arrowstyle": "-|>", "color": "black", "linewidth": 1}
    )
