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

#: Letters of the key: so many points where it has room, and least.
KEY_POINTS, LEAST_POINTS = 9.5, 4.0
#: Heights in the key, parts of a letter's size: of a line, and between two entries.
KEY_LINE, KEY_SPACE = 1.25, 0.4
#: Widths: of a line of the key and of the foot, points.
KEY_WIDTH, FOOT_WIDTH = 190.0, 780.0
#: Where the curves are on a page of their own: left, bottom, width and height, parts of it.
CHART_BOX = (0.06, 0.17, 0.64, 0.76)
#: So much of a name is in the key.
MOST_SIGNS = 90
#: The foot has so many lines.
MOST_LINES = 6


def chart_figure(
    title: str, chart: Mapping[str, Any], note: str, missing: Sequence[str] = ()
) -> Figure:
    """Draw the curves of one case on a page of its own; no name is read as a formula."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=PAGE_INCHES)
    axes = figure.add_axes(CHART_BOX)
    draw_chart(axes, chart)
    axes.set_title(shortened(title, 90), loc="left", fontweight="bold")
    foot = [note, *(f"No curve: {line}" for line in missing)]
    lines = [line for text in foot for line in folded(text, FOOT_WIDTH, 8)]
    lines = [*lines[:MOST_LINES], "..."] if len(lines) > MOST_LINES + 1 else lines
    figure.text(0.02, 0.1, "\n".join(lines), fontsize=8, va="top")
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
    _draw_key(axes, len(chart["curves"]))


def _draw_key(axes: Axes, count: int) -> None:
    """Draw the key beside the chart, in letters that let it end where the chart ends."""
    handles, labels = axes.get_legend_handles_labels()
    lines = sum(label.count("\n") + 1 for label in labels)
    room = axes.get_window_extent().height / axes.figure.dpi * 72
    size = room / (lines * KEY_LINE + count * KEY_SPACE)
    columns = 1 if size >= LEAST_POINTS else 2
    size = max(min(KEY_POINTS, size * columns), LEAST_POINTS)
    axes.legend(
        handles, labels, loc="upper left", bbox_to_anchor=(1.01, 1.0), frameon=False,
        fontsize=size, handlelength=44 / size, labelspacing=KEY_SPACE, ncols=columns,
        borderaxespad=0.0, borderpad=0.0,
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
