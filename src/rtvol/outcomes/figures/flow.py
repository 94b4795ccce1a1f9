"""The flow of patients as boxes: screened, excluded by reason, analysed, lesions."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from rtvol.outcomes.figures.canvas import TEXT, TWO_COLUMNS, new_figure
from rtvol.outcomes.results import shown

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from rtvol.outcomes.results import Sheet

_BOX = {"boxstyle": "square,pad=0.5", "facecolor": "white", "edgecolor": "black", "linewidth": 0.7}


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
    figure = new_figure(TWO_COLUMNS, 4.0, banner)
    axes = figure.add_subplot()
    axes.set(xlim=(0, 10), ylim=(1, 10))
    axes.axis("off")
    kept = _box(axes, 3, 5.2, f"analysed\nn = {patients[3]} patients")
    if screened:
        first = _box(axes, 3, 9, f"screened\nn = {screened[0][3]} patients")
        _arrow(axes, first, kept)
    if excluded:
        texts = [
            f"n = {n}: {label.removeprefix('excluded: ')}" + (f"\n({note})" if note else "")
            for label, note, _, n in excluded
        ]
        wrapped = [
            "\n".join(textwrap.fill(part, 40) for part in text.split("\n")) for text in texts
        ]
        _arrow(axes, (3, 7.15), _box(axes, 5.3, 7.15, "excluded\n" + "\n".join(wrapped), "left"))
    _arrow(axes, kept, _box(axes, 3, 1.9, f"analysed\nn = {lesions[3]} lesions"))
    per = "\n".join(f"{label}: {n}" for label, _, _, n in groups)
    _arrow(axes, (3, 3.55), _box(axes, 5.3, 3.55, f"patients\n{per}", "left"))
    return figure


def _box(axes: Any, x: float, y: float, text: str, align: str = "center") -> Any:
    made = axes.text(x, y, text, ha=align, va="center", fontsize=TEXT, bbox=_BOX, linespacing=1.4)
    made.set_parse_math(False)
    return made


def _arrow(axes: Any, start: Any, end: Any) -> None:
    """Draw an arrow from a box or a point to a box, from edge to edge."""
    from_box = not isinstance(start, tuple)
    look = {
        "arrowstyle": "-|>", "color": "black", "linewidth": 0.7, "shrinkA": 0, "shrinkB": 0,
        "patchA": start.get_bbox_patch() if from_box else None, "patchB": end.get_bbox_patch(),
    }  # fmt: skip
    begin = start.get_position() if from_box else start
    axes.annotate("", end.get_position(), begin, arrowprops=look)
