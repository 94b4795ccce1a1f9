"""On which planes targets are written: those of the CT, else those of the structure set."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rtvol.errors import Finding
from rtvol.geometry import continue_planes, fill_planes
from rtvol.margins.setting import FARTHEST_MM

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rtvol.case import Case
    from rtvol.structures import Roi


def target_planes(
    case: Case, gtvs: Sequence[Roi]
) -> tuple[NDArray[np.float64], tuple[Finding, ...]]:
    """Return the planes (patient z in mm, ascending) that targets of these GTVs are written on.

    The planes of the CT when it covers the GTVs. Else those of all contours of the structure set,
    with planes put where some are missing and continued as far as any margin reaches, with the
    finding `planes-from-contours`.
    """
    drawn_mm = np.concatenate([roi.planes_mm for roi in gtvs])
    images_mm = case.images_mm if case.images_mm is not None else np.empty(0)
    if images_mm.size > 1:
        half_mm = float(np.median(np.diff(images_mm))) / 2
        if images_mm[0] - half_mm <= drawn_mm.min() and drawn_mm.max() <= images_mm[-1] + half_mm:
            return images_mm, ()
    contours_mm = np.unique(
        np.round(np.concatenate([roi.planes_mm for roi in case.structures.rois]), 2)
    )
    seen = "no CT" if not images_mm.size else "a CT that does not cover the GTV"
    finding = Finding("planes-from-contours", where="RTSTRUCT", seen=seen)
    if contours_mm.size < 2:
        return contours_mm, (finding,)
    filled_mm = fill_planes(contours_mm)
    low, high = filled_mm[0] - FARTHEST_MM, filled_mm[-1] + FARTHEST_MM
    return continue_planes(filled_mm, low, high), (finding,)


def image_edges(case: Case) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """Return how far the CT reaches along patient x and y, mm, pixel edges included."""
    if case.ct is None:
        return None
    grid = case.ct.grid
    rows, columns = grid.shape_ji
    column, row = np.array([-0.5, columns - 0.5]), np.array([-0.5, rows - 0.5])
    along = np.outer(column * grid.spacing_mm[1], grid.row)
    down = np.outer(row * grid.spacing_mm[0], grid.column)
    corners = np.array(grid.origin_mm) + (along[:, None] + down[None]).reshape(-1, 3)
    (x_low, y_low, _), (x_high, y_high, _) = corners.min(axis=0), corners.max(axis=0)
    return (float(x_low), float(x_high)), (float(y_low), float(y_high))
