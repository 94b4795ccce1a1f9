"""On which planes targets are written: those of their images, else those of the structure set."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rtvol import codes
from rtvol.geometry import continue_planes, fill_planes, grid_box_mm, seen_from
from rtvol.margins.setting import FARTHEST_MM, WrittenPlanes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from rtvol.case import Case, ImageSeries
    from rtvol.errors import Finding
    from rtvol.frames import PlaneFrame
    from rtvol.geometry import Edges
    from rtvol.structures import Roi


def target_planes(
    case: Case, gtvs: Sequence[Roi], organs: Iterable[Roi] = ()
) -> tuple[dict[PlaneFrame, WrittenPlanes], tuple[Finding, ...]]:
    """Return the planes that targets of these GTVs, and organs, are written on, by their frame.

    The planes of the images of that frame when they cover the GTVs there. Else those of all
    contours of the structure set in that frame, with planes put where some are missing and
    continued as far as any margin reaches, with the finding `planes-from-contours`.
    """
    found: dict[PlaneFrame, WrittenPlanes] = {}
    findings: list[Finding] = []
    for frame in dict.fromkeys(gtv.frame for gtv in gtvs):
        drawn_mm = np.concatenate([gtv.planes_mm for gtv in gtvs if gtv.frame == frame])
        images = case.images_in(frame)
        edges_mm = None if images is None else image_edges(images)
        images_mm = np.empty(0) if images is None else images.planes_mm
        if _cover(images_mm, drawn_mm):
            found[frame] = WrittenPlanes(images_mm, edges_mm=edges_mm)
            continue
        seen = "no CT" if case.ct is None else "no images on the planes of the GTV"
        seen = "a CT that does not cover the GTV" if images_mm.size else seen
        findings.append(codes.PLANES_FROM_CONTOURS.warn(where="RTSTRUCT", seen=seen))
        own_mm = _contour_planes(case, frame)
        found[frame] = WrittenPlanes(own_mm, are_images=False, edges_mm=edges_mm)
    for organ in organs:
        images = case.images_in(organ.frame)
        if organ.frame not in found and images is not None and images.planes_mm.size > 1:
            found[organ.frame] = WrittenPlanes(images.planes_mm, edges_mm=image_edges(images))
    return found, tuple(dict.fromkeys(findings))


def _cover(images_mm: NDArray[np.float64], drawn_mm: NDArray[np.float64]) -> bool:
    """Whether contours lie between the first and the last image, half a spacing more at each."""
    if images_mm.size < 2:
        return False
    half_mm = float(np.median(np.diff(images_mm))) / 2
    low, high = images_mm[0] - half_mm, images_mm[-1] + half_mm
    return bool(low <= drawn_mm.min() and drawn_mm.max() <= high)


def _contour_planes(case: Case, frame: PlaneFrame) -> NDArray[np.float64]:
    rois = [roi.planes_mm for roi in case.structures.rois if roi.frame == frame]
    contours_mm: NDArray[np.float64] = np.unique(np.round(np.concatenate(rois), 2))
    if contours_mm.size < 2:
        return contours_mm
    filled_mm = fill_planes(contours_mm)
    return continue_planes(filled_mm, filled_mm[0] - FARTHEST_MM, filled_mm[-1] + FARTHEST_MM)


def image_edges(images: ImageSeries) -> Edges:
    """Return how far images reach along x and y of their frame, mm, pixel edges included."""
    along_x, along_y, _ = grid_box_mm(seen_from(images.grid, images.frame), beyond=0.5)
    return along_x, along_y
