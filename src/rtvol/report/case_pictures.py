"""A case as pictures for slides: the planes it opens on, and each target where most is cut."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rtvol.report.lettering import folded, shortened
from rtvol.report.panels import GROUND, PlaneCut, draw_panel, extent_of, unit
from rtvol.report.paper import drawing_rules, picture_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from rtvol.report.drawn import DrawnStructure
    from rtvol.report.places import Spot
    from rtvol.report.stage import CaseStage

#: Width of a picture in pixels, and how many of them are an inch.
PIXELS, DOTS = 1600, 100
#: Parts of a picture, inches: the key at the right, the line above, the rim.
KEY, HEAD, RIM = 3.4, 0.8, 0.15
LEAST_HEIGHT, MOST_HEIGHT = 6.0, 14.0
LETTERS = 13.0


def opening_cuts(stage: CaseStage) -> dict[str, PlaneCut]:
    """Return the three planes a page opens on, by name."""
    first = stage.places[0]
    return {
        plane: PlaneCut(plane, first.at_mm, first.label)
        for plane in ("axial", "coronal", "sagittal")
    }


def most_cut(places: Iterable[Spot]) -> list[Spot]:
    """Return of each target that organs cut the place where most is taken."""
    best: dict[str, Spot] = {}
    for place in places:
        known = best.get(place.target)
        if place.target and (known is None or place.weight > known.weight):
            best[place.target] = place
    return list(best.values())


def case_pictures(stage: CaseStage) -> dict[str, bytes]:
    """Return PNG files by name: axial, coronal, sagittal, cut-1, cut-2, ...

    Raises
    ------
    ExtraMissing
        matplotlib is not installed.
    """
    cuts = opening_cuts(stage)
    for number, place in enumerate(most_cut(stage.places), start=1):
        cuts[f"cut-{number}"] = PlaneCut("axial", place.at_mm, place.label)
    with drawing_rules():
        return {name: picture_of(_slide(stage, cut), "png", DOTS) for name, cut in cuts.items()}


def draw_key(
    axes: Axes, seen: Sequence[DrawnStructure], levels: Sequence[Mapping[str, Any]], size: float
) -> None:
    """Draw the key of outlines and isodoses into axes of its own, on the pictures' ground."""
    from matplotlib.lines import Line2D

    handles: list[Artist] = []
    labels = []
    width = axes.get_window_extent().width / axes.figure.dpi * 72 - 44 - 3 * size
    pens = [(one.label, one.pen.colour, one.pen.width, one.pen.dashes, one.pen.tag) for one in seen]
    pens += [(one["label"], one["colour"], one["width"], one["dashes"], "") for one in levels]
    for label, colour, thickness, dashes, tag in pens:
        style: Any = (0, tuple(dashes)) if dashes else "solid"
        handles.append(Line2D([], [], color=unit(colour), linewidth=thickness, linestyle=style))
        words = f"[{tag}] {shortened(label)}" if tag else shortened(label)
        labels.append(" " + "\n".join(folded(words, width, size)))
    axes.axis("off")
    lines = sum(label.count("\n") + 1 for label in labels)
    room = axes.get_window_extent().height / axes.figure.dpi * 72
    size = max(min(size, room / max(lines, 1) / 1.75), 4.5)
    axes.legend(
        handles, labels, loc="upper left", borderaxespad=0.0, facecolor=GROUND, labelcolor="white",
        edgecolor=GROUND, framealpha=1.0, fontsize=size, handlelength=44 / size,
    )  # fmt: skip


def _slide(stage: CaseStage, cut: PlaneCut) -> Figure:
    from matplotlib.figure import Figure

    across, high = extent_of(stage, cut.plane)
    width = PIXELS / DOTS
    room = width - KEY - 3 * RIM
    height = min(max(room * high / across + HEAD + RIM, LEAST_HEIGHT), MOST_HEIGHT)
    figure = Figure(figsize=(width, height), dpi=DOTS, facecolor="black")
    axes = figure.add_axes(
        (RIM / width, RIM / height, room / width, (height - HEAD - RIM) / height)
    )
    seen = draw_panel(axes, stage, cut, LETTERS)
    axes.title.set_color("white")
    key = figure.add_axes(
        ((width - KEY - RIM) / width, RIM / height, KEY / width, (height - HEAD - RIM) / height)
    )
    draw_key(key, seen, stage.levels, LETTERS - 1)
    words = shortened(stage.name, 32)
    figure.text(
        (width - KEY - RIM) / width, 1 - 0.35 / height, words, color="white", fontsize=LETTERS,
        fontweight="bold",
    )  # fmt: skip
    return figure
