"""Dose-volume histograms drawn by matplotlib: lines that differ without colour, and their key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rtvol.report.lettering import folded, printable, shortened
from rtvol.report.palette import on_paper
from rtvol.report.paper import PAGE_INCHES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Letters of the key: so many points where it has room, and least; lines of the key on a page.
KEY_POINTS, LEAST_POINTS, KEY_LINES = 9.5, 4.5, 42
#: Widths: of a line of the key and of the foot, points.
KEY_WIDTH, FOOT_WIDTH = 190.0, 800.0
#: So much of a name is in the key.
MOST_SIGNS = 90


def chart_figure(
    title: str, chart: Mapping[str, Any], note: str, missing: Sequence[str] = ()
) -> Figure:
    """Draw the curves of one case on a page of its own; no name is read as a formula."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=PAGE_INCHES, layout="constrained")
    axes = figure.add_subplot()
    draw_chart(axes, chart)
    axes.set_title(shortened(title, 90), loc="left", fontweight="bold")
    foot = [note, *(f"No curve: {line}" for line in missing)]
    lines = [line for text in foot for line in folded(text, FOOT_WIDTH, 8)]
    figure.supxlabel("\n".join(lines[:12]), fontsize=8, x=0.01, ha="left")
    return figure


def draw_chart(axes: Axes, chart: Mapping[str, Any]) -> None:
    """Draw curves and goals with their key, as a page's script does (`chart.js`)."""
    for number, curve in enumerate(chart["curves"]):
        colour = _paper(curve["colour"])
        dashes = (0, tuple(curve["dashes"])) if curve["dashes"] else "solid"
        (line,) = axes.plot(
            chart["dose_gy"], curve["percent"], color=colour, linestyle=dashes,
            linewidth=curve["width"], label=_key(curve),
        )  # fmt: skip
        line.set_gid(f"curve-{number}")
        if curve["tag"]:
            _draw_tag(axes, curve, colour)
    for mark in chart["marks"]:
        _draw_mark(axes, mark)
    axes.set(xlabel=f"Dose, {chart.get('unit', 'Gy')}", ylabel="Volume, %", ylim=(0, 102))
    axes.set_xlim(0, None)
    axes.grid(visible=True, linewidth=0.4, alpha=0.6)
    lines = sum(_key(curve).count("\n") + 1 for curve in chart["curves"])
    size = max(min(KEY_POINTS, KEY_POINTS * KEY_LINES / lines), LEAST_POINTS)
    columns = 1 if lines * LEAST_POINTS <= KEY_LINES * KEY_POINTS else 2
    axes.legend(
        loc="upper left", bbox_to_anchor=(1.01, 1.0), frameon=False, fontsize=size,
        handlelength=44 / size, ncols=columns, borderaxespad=0.0,
    )  # fmt: skip


def words_figure(title: str, head: str, lines: Sequence[str]) -> Figure:
    """Return a page of words."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=PAGE_INCHES)
    figure.text(0.06, 0.92, shortened(title, 90), fontweight="bold", fontsize=13)
    text = [part for line in lines for part in folded(line, 720, 10)]
    figure.text(0.06, 0.86, "\n".join([f"{head}:", *text]), fontsize=10, va="top")
    return figure


def _key(curve: Mapping[str, Any]) -> str:
    """Return a curve's words in the key; a first space keeps a leading underscore in it."""
    tag = f"[{curve['tag']}] " if curve["tag"] else ""
    return " " + "\n".join(folded(tag + shortened(curve["name"], MOST_SIGNS), KEY_WIDTH, 9.5))


def _draw_tag(axes: Axes, curve: Mapping[str, Any], colour: tuple[float, ...]) -> None:
    box = {"boxstyle": "round,pad=0.12", "facecolor": "white", "edgecolor": "none", "alpha": 0.85}
    dose, percent = curve["tag_at"]
    axes.text(
        dose, percent, curve["tag"], color=colour, fontsize=6.5, fontweight="bold",
        ha="center", va="center", bbox=box,
    )  # fmt: skip


def _draw_mark(axes: Axes, mark: Mapping[str, Any]) -> None:
    """Draw a goal: an arrow to the side that the curve must be on, filled where it failed."""
    kinds = {"right": ">", "left": "<", "up": "^", "down": "v"}
    fill = "#a00018" if mark["verdict"] == "fail" else "none"
    axes.plot(
        [mark["dose_gy"]], [mark["percent"]], kinds[mark["way"]], markersize=7,
        markerfacecolor=fill, markeredgecolor="#a00018", clip_on=False, zorder=5,
    )  # fmt: skip
    axes.annotate(
        printable(str(mark["goal"] + 1)), (mark["dose_gy"], mark["percent"]), fontsize=7,
        fontweight="bold", xytext=(5, 5), textcoords="offset points",
    )  # fmt: skip


def _paper(colour: str) -> tuple[float, ...]:
    red, green, blue = (int(part) for part in colour[4:-1].split(","))
    return tuple(part / 255 for part in on_paper((red, green, blue)))
