"""The part of the patient that a page shows: voxels in patient order, cropped, in 8 bits.

Whatever the position in the scanner, x grows to the patient's left, y to the back, z to the head;
of turned planes x grows along their rows, y along their columns, z along their normal.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from rtvol import io
from rtvol.dvh.nodes import dose_nodes, doses_at
from rtvol.geometry import ON_PLANE_MM, SAME_COSINE, crop_grid, grid_box_mm
from rtvol.report.slices import sample_plane

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rtvol.case import Case, ImageSeries
    from rtvol.dvh.nodes import Nodes
    from rtvol.frames import Box
    from rtvol.geometry import Grid
    from rtvol.volumes import Dose, Image

    Axis = NDArray[np.float64]

#: A page shows at most so many voxels; beyond, pixels are joined in plane.
MOST_VOXELS = 3_500_000
#: HU that the 256 codes of a CT stand for: steps of 2.5 HU in soft tissue, coarse in air and bone.
HU_LEVELS = np.concatenate(
    [np.arange(-1024.0, -200, 16), np.arange(-200.0, 250, 2.5), np.geomspace(250, 3071, 24)]
)
#: Soft tissue: centre and width in HU.
CT_WINDOW = (40.0, 400.0)
#: Pixels of a page without images, mm.
BLANK_MM = 1.0
#: The last code of a dose: not known there.
NO_DOSE = 65535


@dataclass(frozen=True, eq=False)
class Pixels:
    """An image as a page holds it.

    Attributes
    ----------
    codes
        (K, J, I) uint8.
    levels
        (256,) what each code stands for: HU of a CT, stored units of other images.
    modality
        CT, MR, ...
    joined
        So many pixels were joined along rows and along columns.
    """

    codes: NDArray[np.uint8]
    levels: NDArray[np.float64]
    modality: str
    joined: int = 1


@dataclass(frozen=True, eq=False)
class View:
    """What a page shows: voxel centres (patient LPS, mm, ascending) and the image, if there is one.

    `planes_mm` are z of the axial planes; they need not be equally far apart.
    """

    x_mm: Axis
    y_mm: Axis
    planes_mm: Axis
    pixels: Pixels | None = None

    @property
    def window(self) -> tuple[float, float]:
        """Centre and width that the image opens with, in its unit."""
        pixels = self.pixels
        if pixels is None or pixels.modality == "CT":
            return CT_WINDOW
        low, high = float(pixels.levels[0]), float(pixels.levels[-1])
        return (low + high) / 2, high - low


@dataclass(frozen=True, eq=False)
class DoseCodes:
    """A dose as a page holds it: (K, J, I) uint16, Gy per code, `NO_DOSE` where it is not known."""

    x_mm: Axis
    y_mm: Axis
    z_mm: Axis
    codes: NDArray[np.uint16]
    step_gy: float


def make_view(case: Case, box: Box, planes_mm: Axis) -> View:
    """Return the images of a case within a box; black ones on planes given that have none near.

    Raises
    ------
    CaseRejected
        As `rtvol.io.read_image`.
    """
    series = _between(case.ct, box[2]) if case.ct is not None else None
    if series is None:
        x, y = (np.arange(low, high + BLANK_MM, BLANK_MM) for low, high in box[:2])
        return View(x, y, planes_mm)
    values, (x, y, z) = _upright(io.read_image(series), box)
    joined = int(np.ceil(np.sqrt(values.size / MOST_VOXELS)))
    if joined > 1:
        values, x, y = _joined(values, x, y, joined)
    codes, levels = _coded(values, series.modality)
    z, codes = _with_planes(z, codes, planes_mm)
    return View(x, y, z, Pixels(codes, levels, series.modality, joined))


def code_dose(dose: Dose, box: Box) -> DoseCodes | None:
    """Return a dose around a box: its own samples where its axes are the patient's, else new ones.

    None where the dose grid lies beyond the box.
    """
    nodes = dose_nodes(dose, box)
    if not nodes.values_gy.size:
        return None
    if nodes.is_straight:
        (x, y, z), values = nodes.axes_mm, nodes.values_gy.astype(np.float64)
    else:
        step = min(dose.grid.spacing_mm)
        x, y, z = (np.arange(low, high + step, step) for low, high in box)
        values = _resampled(nodes, x, y, z)
    step_gy = max(float(np.nanmax(values, initial=0.0)), 1e-6) / (NO_DOSE - 1)
    known = np.isfinite(values)
    codes = np.full(values.shape, NO_DOSE, np.uint16)
    codes[known] = np.rint(np.clip(values[known], 0, None) / step_gy).astype(np.uint16)
    return DoseCodes(x, y, z, codes, step_gy)


def _resampled(nodes: Nodes, x: Axis, y: Axis, z: Axis) -> NDArray[np.float64]:
    """Trilinear dose (K, J, I) in Gy on the patient's axes; NaN where it is not known."""
    points = np.stack(np.meshgrid(z, y, x, indexing="ij")[::-1], axis=-1).reshape(-1, 3)
    return doses_at(points, nodes).reshape(z.size, y.size, x.size)


def _between(series: ImageSeries, side: tuple[float, float]) -> ImageSeries | None:
    """Return the planes of a series near a range of z: no others are read; None where none is."""
    heights, (low, high) = series.grid.planes_mm[:, 2], side
    met = np.flatnonzero((heights >= low - ON_PLANE_MM) & (heights <= high + ON_PLANE_MM))
    if not met.size:
        return None
    first, count = int(met[0]), int(met[-1] - met[0] + 1)
    grid = crop_grid(series.grid, (first, 0, 0), (count, *series.grid.shape_ji))
    return replace(series, grid=grid, slices=series.slices[first : first + count])


def _upright(image: Image, box: Box) -> tuple[NDArray[np.float32], tuple[Axis, Axis, Axis]]:
    """Values (z, y, x) within a box, in patient order, and where they are."""
    grid = image.grid
    axes = _straight_axes(grid)
    if axes is None:  # turned in plane, or planes that slide: bilinear onto straight axes
        step = min(grid.spacing_mm)
        x, y = (
            np.arange(max(side[0], low), min(side[1], high), step)
            for side, (low, high) in zip(box[:2], grid_box_mm(grid)[:2], strict=True)
        )
        z = grid.heights_mm
        planes = [sample_plane(image, x, y, height) for height in z]
        values = np.nan_to_num(np.array(planes, np.float32), nan=float(image.values.min()))
        return values, (x, y, z)
    order, turned = _turns(grid)
    values = image.values.transpose(order)
    values = values[tuple(slice(None, None, -1) if back else slice(None) for back in turned)]
    x, y = (axis[_around(axis, side)] for axis, side in zip(axes[:2], box[:2], strict=True))
    cut = values[:, _around(axes[1], box[1]), _around(axes[0], box[0])]
    return cut, (x, y, axes[2])


def _with_planes(
    z: Axis, codes: NDArray[np.uint8], wanted_mm: Axis
) -> tuple[Axis, NDArray[np.uint8]]:
    """Put black planes where contours lie that no image is near to: farther than half a gap."""
    near = float(np.diff(z).max()) / 2 if z.size > 1 else 0.0
    away = abs(wanted_mm[:, None] - z[None, :]).min(axis=1)
    more = wanted_mm[away > near + ON_PLANE_MM]
    if not more.size:
        return z, codes
    every = np.concatenate([z, more])
    order = np.argsort(every)
    blank = np.zeros((more.size, *codes.shape[1:]), np.uint8)
    return every[order], np.concatenate([codes, blank])[order]


def _turns(grid: Grid) -> tuple[list[int], list[bool]]:
    """Which axis of the array lies along z, y and x, and whether it runs backwards."""
    directions = np.array([grid.normal, grid.column, grid.row])
    order = [int(abs(directions[:, axis]).argmax()) for axis in (2, 1, 0)]
    return order, [bool(directions[at, 2 - n] < 0) for n, at in enumerate(order)]


def _straight_axes(grid: Grid) -> tuple[Axis, Axis, Axis] | None:
    """Voxel centres along x, y, z, ascending; None where the axes are not the patient's."""
    directions = np.array([grid.normal, grid.column, grid.row])
    if any(grid.shear) or abs(directions).max(axis=1).min() < 1 - SAME_COSINE:
        return None
    steps = (
        grid.offsets_mm,
        np.arange(grid.shape_ji[0]) * grid.spacing_mm[0],
        np.arange(grid.shape_ji[1]) * grid.spacing_mm[1],
    )
    order, turned = _turns(grid)
    z, y, x = (
        np.sort(grid.origin_mm[2 - n] + (-1 if back else 1) * steps[at])
        for n, (at, back) in enumerate(zip(order, turned, strict=True))
    )
    return x, y, z


def _around(axis: Axis, side: tuple[float, float]) -> slice:
    """Positions within a range and one more on each side; two at least."""
    first = max(int(np.searchsorted(axis, side[0])) - 1, 0)
    last = min(int(np.searchsorted(axis, side[1])) + 1, axis.size)
    first = min(first, max(axis.size - 2, 0))
    return slice(first, max(last, min(first + 2, axis.size)))


def _joined(
    values: NDArray[np.float32], x: Axis, y: Axis, count: int
) -> tuple[NDArray[np.float32], Axis, Axis]:
    """Mean of count x count pixels; what is left over at the far edges goes."""
    rows, columns = y.size // count, x.size // count
    cut = values[:, : rows * count, : columns * count]
    blocks = cut.reshape(values.shape[0], rows, count, columns, count)
    means = blocks.mean(axis=(2, 4), dtype=np.float32)
    return (
        means,
        x[: columns * count].reshape(columns, count).mean(axis=1),
        y[: rows * count].reshape(rows, count).mean(axis=1),
    )


def _coded(
    values: NDArray[np.float32], modality: str
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Codes of the nearest levels: of a CT by HU, else 256 between the least and greatest value."""
    if modality == "CT":
        whole = np.arange(-1024, 3072)
        edges = (HU_LEVELS[1:] + HU_LEVELS[:-1]) / 2
        table = np.searchsorted(edges, whole).astype(np.uint8)
        return table[np.clip(np.rint(values), -1024, 3071).astype(np.int16) + 1024], HU_LEVELS
    low, high = float(values.min()), float(values.max())
    levels = np.linspace(low, max(high, low + 1e-3), 256)
    share = (values - low) * np.float32(255 / (levels[-1] - low))
    return np.rint(share).astype(np.uint8), levels
