"""Pictures to check targets by: axial slices with contours, as a physicist looks at them.

Radiological display whatever the position in the scanner: the patient's right is on the
picture's left, anterior is up (patient LPS: x grows to the right of the picture, y downwards).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from rtvol.errors import ExtraMissing, GeometryError
from rtvol.geometry import ON_PLANE_MM

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from rtvol.frames import PlaneFrame
    from rtvol.geometry import Grid
    from rtvol.structures import Roi
    from rtvol.volumes import Image

#: Soft tissue as abdominal CTs are looked at: centre and width in HU.
WINDOW_HU = (40.0, 400.0)
#: How much is shown around the first outline, in mm.
BORDER_MM = 35.0
SCALE_BAR_MM = 20.0
PANEL_INCHES = 4.2
DOTS_PER_INCH = 130

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class DrawnOutline:
    """One region to draw: its contours, the words in the legend, its colour and line.

    `line` is a style of matplotlib, or dashes in points.
    """

    roi: Roi
    label: str
    colour: Colour
    line: Literal["-", "--", ":"] | tuple[float, ...] = "-"
    width: float = 1.6

    @property
    def style(self) -> Literal["-", "--", ":"] | tuple[float, tuple[float, ...]]:
        """Its line as matplotlib takes it."""
        return self.line if isinstance(self.line, str) else (0.0, self.line)


def draw_slices(
    path: Path,
    image: Image,
    outlines: Sequence[DrawnOutline],
    *,
    planes_mm: Sequence[float],
    title: str = "",
) -> None:
    """Write a PNG with one panel per plane: the image with every outline on it.

    Parameters
    ----------
    path
        The PNG file.
    image
        Image, HU, on planes of the first outline's orientation; any patient position, any in-plane
        rotation.
    outlines
        What to draw; the view is `BORDER_MM` around the first one. Later ones lie on top; those on
        planes of another orientation are left out.
    planes_mm
        Planes to show, mm in the frame of the first outline; the nearest image plane is taken for
        each.
    title
        A line above the panels.

    Raises
    ------
    ExtraMissing
        `extra-missing` when matplotlib is not installed.
    GeometryError
        `grid-mismatch` when the image planes are not those of the first outline.
    """
    figure_class = _matplotlib_figure()
    frame = outlines[0].roi.frame
    image = image.seen_from(frame)
    if not image.grid.is_axial:
        raise GeometryError(
            "grid-mismatch",
            seen="the image lies on planes of another orientation than the contours",
            mend="draw on the images the contours were drawn on",
        )
    outlines = [outline for outline in outlines if outline.roi.frame == frame]
    box = _view(outlines[0].roi)
    figure = figure_class(
        figsize=(
            PANEL_INCHES * len(planes_mm),
            PANEL_INCHES * (box[3] - box[2]) / (box[1] - box[0]) + 1.0,
        ),
        dpi=DOTS_PER_INCH,
        layout="constrained",
    )
    panels = figure.subplots(1, len(planes_mm), squeeze=False)[0]
    for axes, plane_mm in zip(panels, planes_mm, strict=True):
        _draw_panel(axes, image, outlines, plane_mm, box)
    _draw_legend(figure, outlines)
    if title:
        figure.suptitle(_plain(title), fontsize=10, parse_math=False)
    figure.savefig(path, format="png")


def planes_through(roi: Roi, count: int = 3) -> tuple[float, ...]:
    """Return planes (mm in its frame) that show a region: evenly from its lower to its upper part.

    Raises
    ------
    ValueError
        When the region has no contour.
    """
    planes = roi.planes_mm
    if planes.size == 0:
        raise ValueError("a region without contours has no planes")
    wanted = (np.arange(count) + 0.5) / count * (planes.size - 1)
    return tuple(float(planes[index]) for index in np.unique(np.rint(wanted).astype(int)))


def sample_plane(
    image: Image, x_mm: NDArray[np.float64], y_mm: NDArray[np.float64], plane_mm: float
) -> NDArray[np.float64]:
    """Return the image on a lattice of x and y, from the nearest image plane.

    Parameters
    ----------
    image
        Image with its place in a frame of its planes (patient LPS for axial ones).
    x_mm, y_mm
        Lattice (I,), (J,) in plane, in mm.
    plane_mm
        The plane, in mm along the normal.

    Returns
    -------
    NDArray
        (J, I) bilinear values; NaN outside the image.
    """
    grid = image.grid
    k = _nearest_plane(grid, plane_mm)
    x, y = np.meshgrid(x_mm, y_mm)
    z = float(grid.planes_mm[k, 2])
    points = np.stack([x, y, np.full_like(x, z)], axis=-1).reshape(-1, 3)
    local = grid.to_plane_frame(points)
    i, j = local[:, 0], local[:, 1]
    rows, columns = grid.shape_ji
    inside = (i >= 0) & (i <= columns - 1) & (j >= 0) & (j <= rows - 1)
    i0 = np.clip(np.floor(i).astype(int), 0, max(columns - 2, 0))
    j0 = np.clip(np.floor(j).astype(int), 0, max(rows - 2, 0))
    i1, j1 = np.minimum(i0 + 1, columns - 1), np.minimum(j0 + 1, rows - 1)
    u, v = i - i0, j - j0
    plane = image.values[k]
    values = (plane[j0, i0] * (1 - u) + plane[j0, i1] * u) * (1 - v) + (
        plane[j1, i0] * (1 - u) + plane[j1, i1] * u
    ) * v
    return np.where(inside, values, np.nan).reshape(x.shape)


def _nearest_plane(grid: Grid, plane_mm: float) -> int:
    return int(np.argmin(np.abs(grid.planes_mm[:, 2] - plane_mm)))


def _view(roi: Roi) -> tuple[float, float, float, float]:
    """Lowest and highest x, lowest and highest y of the picture, in mm."""
    points = np.concatenate([contour.xy_mm for contour in roi.contours])
    (x_low, y_low), (x_high, y_high) = points.min(axis=0), points.max(axis=0)
    return (
        float(x_low) - BORDER_MM,
        float(x_high) + BORDER_MM,
        float(y_low) - BORDER_MM,
        float(y_high) + BORDER_MM,
    )


def _draw_panel(
    axes: Axes,
    image: Image,
    outlines: Sequence[DrawnOutline],
    plane_mm: float,
    box: tuple[float, float, float, float],
) -> None:
    x_low, x_high, y_low, y_high = box
    step = min(image.grid.spacing_mm)
    x_mm, y_mm = np.arange(x_low, x_high, step), np.arange(y_low, y_high, step)
    low, high = WINDOW_HU[0] - WINDOW_HU[1] / 2, WINDOW_HU[0] + WINDOW_HU[1] / 2
    axes.imshow(
        sample_plane(image, x_mm, y_mm, plane_mm),
        cmap="gray",
        vmin=low,
        vmax=high,
        origin="upper",
        extent=(x_mm[0] - step / 2, x_mm[-1] + step / 2, y_mm[-1] + step / 2, y_mm[0] - step / 2),
        interpolation="bilinear",
    )
    axes.set_facecolor("black")
    for outline in outlines:
        for contour in outline.roi.contours:
            if abs(contour.z_mm - plane_mm) <= ON_PLANE_MM:
                ring = np.vstack([contour.xy_mm, contour.xy_mm[:1]])
                axes.plot(
                    ring[:, 0],
                    ring[:, 1],
                    color=_unit(outline.colour),
                    linestyle=outline.style,
                    linewidth=outline.width,
                )
    axes.set(xlim=(x_low, x_high), ylim=(y_high, y_low), xticks=[], yticks=[])
    frame = outlines[0].roi.frame
    place = f"z = {plane_mm:.1f} mm" if frame.is_axial else frame.place(plane_mm)
    axes.set_title(place, fontsize=9)
    _draw_orientation(axes, frame)
    _draw_scale(axes, box)


def _draw_orientation(axes: Axes, frame: PlaneFrame) -> None:
    """Say where the patient's right, left, anterior and posterior are, or superior and inferior."""
    edges = ((-1, 0, 0.02, 0.5), (1, 0, 0.98, 0.5), (0, -1, 0.5, 0.98), (0, 1, 0.5, 0.02))
    for along, down, x, y in edges:
        axes.text(
            x,
            y,
            frame.letters((along, down, 0)),
            transform=axes.transAxes,
            color="yellow",
            fontsize=10,
            horizontalalignment={0.02: "left", 0.98: "right"}.get(x, "center"),
            verticalalignment={0.02: "bottom", 0.98: "top"}.get(y, "center"),
        )


def _draw_scale(axes: Axes, box: tuple[float, float, float, float]) -> None:
    x, y = box[0] + 0.06 * (box[1] - box[0]), box[3] - 0.05 * (box[3] - box[2])
    axes.plot([x, x + SCALE_BAR_MM], [y, y], color="white", linewidth=2.5, solid_capstyle="butt")
    axes.text(x, y - 2, f"{SCALE_BAR_MM:.0f} mm", color="white", fontsize=8)


def _draw_legend(figure: object, outlines: Sequence[DrawnOutline]) -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], color=_unit(o.colour), linestyle=o.style, linewidth=o.width)
        for o in outlines
    ]
    # A label that starts with an underscore would be left out, and a dollar would start a formula.
    legend = figure.legend(  # type: ignore[attr-defined]
        handles,
        [" " + _plain(o.label) for o in outlines],
        loc="outside lower center",
        ncols=min(len(outlines), 6),
        fontsize=8,
        frameon=False,
    )
    for text in legend.get_texts():
        text.set_parse_math(False)


def _plain(text: str) -> str:
    """Text every font can draw: other signs would be empty boxes and a warning each."""
    return "".join(sign if sign.isprintable() and ord(sign) < 0x250 else "?" for sign in text)


def _unit(colour: Colour) -> tuple[float, float, float]:
    red, green, blue = colour
    return (red / 255, green / 255, blue / 255)


def _matplotlib_figure() -> type:
    """Return the figure class; without pyplot, so that no window and no global state arises."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ExtraMissing(
            "extra-missing",
            where="pictures",
            seen="matplotlib is not installed",
            mend='pip install "rtvol[report]"',
        ) from error
    return Figure
