"""Contours against the images they claim to lie on: what does not fit is said, once per kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rtvol import codes
from rtvol.geometry import ON_PLANE_MM, planes_at
from rtvol.io.headers import printable
from rtvol.io.listing import listed, names_of, targets_first

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from rtvol.case import ImageSeries
    from rtvol.errors import Finding
    from rtvol.structures import Contour, Roi, StructureSet

#: Neighbouring contours so many slices apart leave a slice out.
GAP = 1.5


def _count(rs: StructureSet, is_odd: Callable[[Contour], bool]) -> str:
    """ROIs with odd contours and how many, targets first; empty when there are none."""
    counted = [(roi, sum(map(is_odd, roi.contours))) for roi in targets_first(rs.rois)]
    return listed(
        [f"{printable(roi.name)} ({odd} of {len(roi.contours)})" for roi, odd in counted if odd]
    )


def _is_outside(roi: Roi, ct: ImageSeries, planes_mm: NDArray[np.float64]) -> bool:
    """Whether a contour lies beyond the image: past its end planes or its pixel edges."""
    reach = ct.grid.plane_spacing_mm / 2 + ON_PLANE_MM
    low, high = planes_mm.min() - reach, planes_mm.max() + reach
    rows, columns = ct.grid.shape_ji
    for contour in roi.contours:
        if not low <= contour.z_mm <= high:
            return True
        flat = np.column_stack([contour.xy_mm, np.full(len(contour.xy_mm), contour.z_mm)])
        i, j, _ = ct.grid.to_plane_frame(flat).T
        if min(i.min(), j.min()) < -1 or i.max() > columns or j.max() > rows:
            return True
    return False


def _is_sparse(roi: Roi, slices_mm: NDArray[np.float64]) -> bool:
    """Whether most neighbouring contours lie two slices apart or more, with one between them."""
    drawn = roi.planes_mm
    if drawn.size < 2:
        return False
    ordered = np.sort(slices_mm)
    before = np.searchsorted(ordered, drawn[:-1] + ON_PLANE_MM)
    until = np.searchsorted(ordered, drawn[1:] - ON_PLANE_MM)
    is_wide = np.diff(drawn) > GAP * float(np.median(np.diff(ordered)))
    return bool(((until > before) & is_wide).mean() > 0.5)


def _missing_images(
    rs: StructureSet, ct: ImageSeries, here: frozenset[str], unread: str
) -> Iterator[Finding]:
    """Warn when images that contours, or the structure set, refer to are not those found."""
    referred = {c.image_uid for roi in rs.rois for c in roi.contours if c.image_uid}
    is_known = bool(referred.intersection(here)) if referred else ct.series_uid in rs.series_uids
    where = f"not here but for kinds that are not read ({unread})" if unread else "not here"
    if not is_known and (referred or rs.series_uids):
        fits = "its frame of reference fits" if rs.frame_uid == ct.frame_uid else "they are taken"
        seen = f"the structure set refers to images that are {where}; {fits} those found"
        mend = "check that these are the images the contours were drawn on"
        yield codes.REFERENCE_BROKEN.warn(where="RTSTRUCT", seen=seen, mend=mend)
    elif referred - here:
        seen = f"{len(referred - here)} of {len(referred)} images that contours refer to are "
        seen += f"{where}, or no part of the series used"
        yield codes.REFERENCE_BROKEN.warn(
            where="CT", seen=seen, mend="export the whole image series"
        )


def check_against_images(rs: StructureSet, ct: ImageSeries, unread: str = "") -> Iterator[Finding]:
    """Compare contours with the transverse series they were drawn on.

    `unread` are images the structure set refers to that are of a kind not read, in words.

    Yields
    ------
    Finding
        Warnings: `roi-outside-ct`, `contour-off-plane`, `contour-gap`, `reference-broken`,
        `reference-contradicts`; the first three only for a series of several slices.
    """
    planes = ct.grid.planes_mm[:, 2]
    place = {one.sop_uid: z for one, z in zip(ct.slices, planes.tolist(), strict=True)}

    def is_off(contour: Contour) -> bool:
        is_within = planes.min() < contour.z_mm < planes.max()
        return bool(is_within and planes_at(contour.z_mm, planes) < 0)

    def contradicts(contour: Contour) -> bool:
        here: float = place.get(contour.image_uid, contour.z_mm)
        return abs(here - contour.z_mm) > ON_PLANE_MM

    yield from _missing_images(rs, ct, frozenset(place), unread)
    contradicting = _count(rs, contradicts)
    if contradicting:
        seen = f"contours refer to a slice at another place: {contradicting}"
        mend = "check the contours against the images; their own position is used"
        yield codes.REFERENCE_CONTRADICTS.warn(where="RTSTRUCT", seen=seen, mend=mend)
    if planes.size < 2:
        return
    outside = [roi for roi in rs.rois if _is_outside(roi, ct, planes)]
    if outside:
        seen = f"contours reach beyond the images: {names_of(outside)}"
        yield codes.ROI_OUTSIDE_CT.warn(where="CT", seen=seen, mend="export the whole image series")
    off = _count(rs, is_off)
    if off:
        seen = f"contours lie between the slices: {off}"
        mend = "check that these are the images the contours were drawn on"
        yield codes.CONTOUR_OFF_PLANE.warn(where="RTSTRUCT", seen=seen, mend=mend)
    sparse = [roi for roi in rs.rois if _is_sparse(roi, planes)]
    if sparse:
        seen = f"drawn on every second slice or fewer: {names_of(sparse)}"
        mend = "contour the slices between, or accept what lies between as interpolated"
        yield codes.CONTOUR_GAP.warn(where="RTSTRUCT", seen=seen, mend=mend)
