"""On which planes targets are written: those of the CT, else those of the structure set."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from rtvol import codes
from rtvol.geometry import grid_box_mm

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rtvol.case import Case
    from rtvol.errors import Finding
    from rtvol.margins import TargetRecipe
    from rtvol.structures import Roi


def target_planes(
    case: Case, gtvs: Sequence[Roi], recipe: TargetRecipe
) -> tuple[NDArray[np.float64], tuple[Finding, ...]]:
    """Return the planes (patient z in mm, ascending) that targets of these GTVs are written on.

    The planes of the CT when it covers the GTVs. Else those of all contours of the structure set,
    continued at their usual spacing as far as the margins reach, with the finding
    `planes-from-contours`.
    """
    drawn_mm = np.concatenate([roi.planes_mm for roi in gtvs])
    images_mm = np.sort(case.ct.grid.planes_mm[:, 2]) if case.ct else np.empty(0)
    if images_mm.size > 1:
        half_mm = float(np.median(np.diff(images_mm))) / 2
        if images_mm[0] - half_mm <= drawn_mm.min() and drawn_mm.max() <= images_mm[-1] + half_mm:
            return images_mm, ()
    contours_mm = np.unique(
        np.round(np.concatenate([roi.planes_mm for roi in case.structures.rois]), 2)
    )
    reach_mm = recipe.ctv.largest_mm + recipe.ptv.largest_mm
    seen = "no CT" if not images_mm.size else "a CT that does not cover the GTV"
    finding = codes.PLANES_FROM_CONTOURS.warn(where="RTSTRUCT", seen=seen)
    return _continued(contours_mm, drawn_mm, reach_mm), (finding,)


def image_edges(case: Case) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """Return how far the CT reaches along patient x and y, mm, pixel edges included."""
    if case.ct is None:
        return None
    along_x, along_y, _ = grid_box_mm(case.ct.grid, beyond=0.5)
    return along_x, along_y


def _continued(
    planes_mm: NDArray[np.float64], drawn_mm: NDArray[np.float64], reach_mm: float
) -> NDArray[np.float64]:
    """Planes continued at their usual spacing until they hold what grows from `drawn_mm`."""
    if planes_mm.size < 2:
        return planes_mm
    step_mm = float(np.median(np.diff(planes_mm)))
    below = math.ceil((planes_mm[0] - drawn_mm.min() + reach_mm) / step_mm) + 1
    above = math.ceil((drawn_mm.max() + reach_mm - planes_mm[-1]) / step_mm) + 1
    return np.concatenate(
        [
            planes_mm[0] - step_mm * np.arange(max(below, 0), 0, -1),
            planes_mm,
            planes_mm[-1] + step_mm * np.arange(1, max(above, 0) + 1),
        ]
    )
