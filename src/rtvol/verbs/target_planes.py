"""On which planes targets are written: those of the CT, else those of the structure set."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rtvol import codes
from rtvol.geometry import continue_planes, fill_planes, grid_box_mm
from rtvol.margins.setting import FARTHEST_MM

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rtvol.case import Case
    from rtvol.errors import Finding
    from rtvol.geometry import Edges
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
    finding = codes.PLANES_FROM_CONTOURS.warn(where="RTSTRUCT", seen=seen)
    if contours_mm.size < 2:
        return contours_mm, (finding,)
    filled_mm = fill_planes(contours_mm)
    low, high = filled_mm[0] - FARTHEST_MM, filled_mm[-1] + FARTHEST_MM
    return continue_planes(filled_mm, low, high), (finding,)


def image_edges(case: Case) -> Edges | None:
    """Return how far the CT reaches along patient x and y, mm, pixel edges included."""
    if case.ct is None:
        return None
    along_x, along_y, _ = grid_box_mm(case.ct.grid, beyond=0.5)
    return along_x, along_y
