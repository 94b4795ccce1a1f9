"""Slices of a case on paper: image, outlines and isodoses of one plane, as its page shows them.

Radiological display whatever the position in the scanner: the patient's right is on the left of
axial and coronal pictures, anterior is up or on the left, superior is up. What lies on turned
planes is shown on these.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from rtvol.report.framing import frame_entry
from rtvol.report.lettering import printable
from rtvol.report.view import NO_DOSE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from rtvol.report.drawn import DrawnStructure
    from rtvol.report.palette import Colour
    from rtvol.report.stage import CaseStage

    Window = tuple[tuple[float, float], tuple[float, float]]

Plane = Literal["axial", "coronal", "sagittal"]
#: Of each plane: the axis across it, the one to the right of the picture and the one along its
#: height.
AXES: dict[str, tuple[str, str, str]] = {
    "axial": ("z", "x", "y"),
    "coronal": ("y", "x", "z"),
    "sagittal": ("x", "y", "z"),
}
SCALE_MM = 20.0
CROSS = {"color": "white", "linewidth": 0.5, "linestyle": (0, (1, 3)), "alpha": 0.8}
YELLOW, GROUND = "#ffe14d", "#11161c"


@dataclass(frozen=True)
class PlaneCut:
    """One picture: which plane through which point (of the stage, mm), and what is said of it."""

    plane: Plane
    at_mm: tuple[float, float, float]
    words: str = ""


def draw_panel(axes: Axes, stage: CaseStage, cut: PlaneCut, size: float) -> list[DrawnStructure]:
    """Draw one plane with letters of so many points; returns the structures that are seen on it."""
    across, right, high = AXES[cut.plane]
    at = dict(zip("xyz", cut.at_mm, strict=True))
    number = stage.nearest(across, at[across])
    place = float(stage.line(across)[number])
    _draw_image(axes, stage, cut.plane, number)
    for level, values in _isodoses(stage, across, place):
        u, v = (getattr(stage.dose, f"{axis}_mm") for axis in (right, high))
        style = (0, tuple(level["dashes"])) if level["dashes"] else "solid"
        axes.contour(
            u, v, values, levels=[level["gy"]], colors=[unit(level["colour"])],
            linewidths=[level["width"]], linestyles=[style],
        )  # fmt: skip
    window = (_edges(stage.line(right)), _edges(stage.line(high)))
    which = (cut.plane, number)
    seen = [one for one in stage.drawn if one.is_on and _draw_rings(axes, one, which, window)]
    axes.axhline(at[high], **CROSS)  # type: ignore[arg-type]  # a dict of keywords
    axes.axvline(at[right], **CROSS)  # type: ignore[arg-type]  # a dict of keywords
    _frame(axes, stage, cut.plane, size)
    frame = frame_entry(stage.frame)
    word = frame["words"][list(AXES).index(cut.plane)]
    heading = f"{word} {frame['names'][across]} = {place:.1f} mm"
    axes.set_title(f"{heading}\n{printable(cut.words)}" if cut.words else heading, fontsize=size)
    return seen


def extent_of(stage: CaseStage, plane: Plane) -> tuple[float, float]:
    """Return width and height of a plane's picture, mm."""
    _, right, high = AXES[plane]
    edges = [_edges(stage.line(axis)) for axis in (right, high)]
    return edges[0][1] - edges[0][0], edges[1][1] - edges[1][0]


def unit(colour: Colour | str) -> tuple[float, float, float]:
    """Return a colour, of the palette or as a page has it, as matplotlib takes it."""
    parts = map(int, colour[4:-1].split(",")) if isinstance(colour, str) else colour
    red, green, blue = (part / 255 for part in parts)
    return red, green, blue


def _draw_image(axes: Axes, stage: CaseStage, plane: Plane, number: int) -> None:
    pixels, (_, right, high) = stage.view.pixels, AXES[plane]
    axes.set_facecolor("black")
    if pixels is None:
        return
    axis = {"axial": 0, "coronal": 1, "sagittal": 2}[plane]
    codes = np.take(pixels.codes, number, axis)
    heights = stage.line(high)
    # planes need not be equally far apart: each row of the picture shows the nearest
    step = float(np.diff(heights).min()) if heights.size > 1 else 1.0
    low, top = _edges(heights)
    rows = np.arange(low + step / 2, top, step)
    nearest = abs(rows[:, None] - heights[None, :]).argmin(axis=1)
    centre, width = stage.window
    first, last = _edges(stage.line(right))
    axes.imshow(
        pixels.levels[codes[nearest]], cmap="gray", vmin=centre - width / 2,
        vmax=centre + width / 2, origin="lower", interpolation="bilinear",
        extent=(first, last, low, low + step * rows.size),
    )  # fmt: skip


def _edges(line: NDArray[np.float64]) -> tuple[float, float]:
    """Return where the outermost voxels end, mm."""
    gaps = np.diff(line)[[0, -1]] if line.size > 1 else np.array([1.0, 1.0])
    return float(line[0] - gaps[0] / 2), float(line[-1] + gaps[1] / 2)


def _isodoses(
    stage: CaseStage, across: str, place: float
) -> list[tuple[Mapping[str, Any], NDArray[np.float64]]]:
    """Return the isodoses that meet a plane, each with the dose on the plane, Gy."""
    dose = stage.dose
    if dose is None:
        return []
    line = getattr(dose, f"{across}_mm")
    if not line[0] <= place <= line[-1]:
        return []
    gy = np.where(dose.codes == NO_DOSE, np.nan, dose.codes * dose.step_gy)
    gy = np.moveaxis(gy, "zyx".index(across), 0)
    above = min(max(int(np.searchsorted(line, place)), 1), line.size - 1) if line.size > 1 else 0
    below = max(above - 1, 0)
    span = line[above] - line[below]
    share = (place - line[below]) / span if span else 0.0
    values = gy[below] + share * (gy[above] - gy[below])
    if min(values.shape) < 2 or not np.isfinite(values).any():
        return []
    low, top = np.nanmin(values), np.nanmax(values)
    masked: Any = np.ma.masked_invalid(values)
    return [(level, masked) for level in stage.levels if low < level["gy"] < top]


def _draw_rings(axes: Axes, one: DrawnStructure, cut: tuple[Plane, int], window: Window) -> bool:
    """Draw the rings of a structure on one plane; returns whether any reaches into the window."""
    plane, number = cut
    rings = [ring for at, ring in getattr(one.outlines, plane) if at == number]
    pen = one.pen
    is_seen = False
    for ring in rings:
        closed = np.vstack([ring, ring[:1]])
        axes.plot(
            closed[:, 0], closed[:, 1], color=unit(pen.colour), linewidth=pen.width,
            linestyle=(0, pen.dashes) if pen.dashes else "solid",
        )  # fmt: skip
        inside = [(low < ring[:, n]) & (ring[:, n] < high) for n, (low, high) in enumerate(window)]
        is_seen |= bool((inside[0] & inside[1]).any())
    return is_seen


def _letters(stage: CaseStage, plane: Plane) -> tuple[str, str, str, str]:
    """Return what lies at left, right, top and bottom of a picture."""
    _, right, high = AXES[plane]
    ways = frame_entry(stage.frame)["ways"]
    low, top = ways[high]
    above, below = (low, top) if plane == "axial" else (top, low)
    return ways[right][0], ways[right][1], above, below


def _frame(axes: Axes, stage: CaseStage, plane: Plane, size: float) -> None:
    """Set the window on the patient, its letters and a scale."""
    _, right, high = AXES[plane]
    (left_mm, right_mm), (low_mm, top_mm) = (_edges(stage.line(axis)) for axis in (right, high))
    bottom, top = (top_mm, low_mm) if plane == "axial" else (low_mm, top_mm)
    axes.set(xlim=(left_mm, right_mm), ylim=(bottom, top), xticks=[], yticks=[], aspect="equal")
    spots: Sequence[tuple[float, float, str, str]] = (
        (0.015, 0.5, "left", "center"),
        (0.985, 0.5, "right", "center"),
        (0.5, 0.985, "center", "top"),
        (0.5, 0.015, "center", "bottom"),
    )
    for letter, (x, y, ha, va) in zip(_letters(stage, plane), spots, strict=True):
        axes.text(
            x, y, letter, transform=axes.transAxes, color=YELLOW, fontsize=size + 1,
            fontweight="bold", ha=ha, va=va,
        )  # fmt: skip
    x = left_mm + 0.05 * (right_mm - left_mm)
    y = bottom + 0.04 * (top - bottom)
    axes.plot([x, x + SCALE_MM], [y, y], color="white", linewidth=2.2, solid_capstyle="butt")
    axes.annotate(
        f"{SCALE_MM:.0f} mm", (x, y), xytext=(0, 3), textcoords="offset points", color="white",
        fontsize=size - 1,
    )  # fmt: skip
