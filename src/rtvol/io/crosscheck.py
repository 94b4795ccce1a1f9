"""Contours against the images they claim to lie on: what does not fit is said, once per kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rtvol import codes
from rtvol.geometry import ON_PLANE_MM, planes_at, seen_from
from rtvol.io.headers import printable
from rtvol.io.listing import listed, names_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from rtvol.case import ImageSeries
    from rtvol.errors import Finding
    from rtvol.structures import Contour, Roi, StructureSet

#: Neighbouring contours so many slices apart leave a slice out.
GAP = 1.5


def _listed_counts(counted: Iterable[tuple[Roi, int]]) -> str:
    """ROIs with odd contours and how many, targets first; empty when there are none."""
    odd = sorted(counted, key=lambda pair: not pair[0].is_target)
    return listed(
        [f"{printable(roi.name)} ({many} of {len(roi.contours)})" for roi, many in odd if many]
    )


def _is_outside(roi: Roi, ct: ImageSeries, planes_mm: NDArray[np.float64]) -> bool:
    """Whether a contour lies beyond the images: past their end planes or their pixel edges."""
    reach = ct.grid.plane_spacing_mm / 2 + ON_PLANE_MM
    grid = seen_from(ct.grid, roi.frame)
    low, high = planes_mm.min() - reach, planes_mm.max() + reach
    rows, columns = grid.shape_ji
    for contour in roi.contours:
        if not low <= contour.z_mm <= high:
            return True
        i, j, _ = grid.to_plane_frame(contour.points_mm).T
        if min(i.min(), j.min()) < -1 or i.max() > columns or j.max() > rows:
            return True
    return False


def _is_sparse(roi: Roi, slices_mm: NDArray[np.float64]) -> bool:
    """Whether most neighbouring contours lie two slices apart or more, with one between them."""
    drawn = roi.planes_mm
    if drawn.size < 2:
        return False
    before = np.searchsorted(slices_mm, drawn[:-1] + ON_PLANE_MM)
    until = np.searchsorted(slices_mm, drawn[1:] - ON_PLANE_MM)
    is_wide = np.diff(drawn) > GAP * float(np.median(np.diff(slices_mm)))
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


def _own_images(
    rs: StructureSet, ct: ImageSeries, images: Sequence[ImageSeries]
) -> dict[int, ImageSeries]:
    """Return the images each region lies on, by its place in the set: those of its orientation."""
    every = (ct, *(one for one in images if one is not ct))
    found = {}
    for at, roi in enumerate(rs.rois):
        own = next((one for one in every if one.frame == roi.frame), None)
        if own is not None:
            found[at] = own
    return found


def check_against_images(
    rs: StructureSet, ct: ImageSeries, images: Sequence[ImageSeries] = (), unread: str = ""
) -> Iterator[Finding]:
    """Compare contours with the series they were drawn on: of one orientation with them.

    Parameters
    ----------
    rs
        The regions, in the frames of their images (`rtvol.io.plane_fit.on_images`).
    ct, images
        The series of the case, and all of its frame of reference.
    unread
        Images the structure set refers to that are of a kind not read, in words.

    Yields
    ------
    Finding
        Warnings: `roi-outside-ct`, `contour-off-plane`, `contour-gap`, `reference-broken`,
        `reference-contradicts`, `roi-without-images`; the first three only for a series of several
        slices.
    """
    on = _own_images(rs, ct, images)
    yield from _references(rs, (ct, *on.values()), ct, unread)
    bare = [roi for at, roi in enumerate(rs.rois) if at not in on and roi.contours]
    if bare:
        seen = f"drawn on planes that no images here lie on: {names_of(bare)}"
        mend = "export the images they were drawn on; until then planes are the contours' own"
        yield codes.ROI_WITHOUT_IMAGES.warn(where="RTSTRUCT", seen=seen, mend=mend)
    owned = [(rs.rois[at], one.planes_mm, one) for at, one in on.items()]
    several = [(roi, planes, one) for roi, planes, one in owned if planes.size > 1]
    outside = [roi for roi, planes, one in several if _is_outside(roi, one, planes)]
    if outside:
        seen = f"contours reach beyond the images: {names_of(outside)}"
        yield codes.ROI_OUTSIDE_CT.warn(where="CT", seen=seen, mend="export the whole image series")
    off = _listed_counts((roi, _count_off(roi, planes)) for roi, planes, _ in several)
    if off:
        seen = f"contours lie between the slices: {off}"
        mend = "check that these are the images the contours were drawn on"
        yield codes.CONTOUR_OFF_PLANE.warn(where="RTSTRUCT", seen=seen, mend=mend)
    drawn = rs.form == "RTSTRUCT"  # voxels say how high they are
    sparse = [roi for roi, planes, _ in several if drawn and _is_sparse(roi, planes)]
    if sparse:
        seen = f"drawn on every second slice or fewer: {names_of(sparse)}"
        mend = "contour the slices between, or accept what lies between as interpolated"
        yield codes.CONTOUR_GAP.warn(where="RTSTRUCT", seen=seen, mend=mend)


def _count_off(roi: Roi, planes_mm: NDArray[np.float64]) -> int:
    """Count the contours between the first and the last image that lie on none."""
    low, high = planes_mm[0], planes_mm[-1]
    within = [c.z_mm for c in roi.contours if low < c.z_mm < high]
    return int((planes_at(within, planes_mm) < 0).sum()) if within else 0


def _references(
    rs: StructureSet, series: Iterable[ImageSeries], ct: ImageSeries, unread: str
) -> Iterator[Finding]:
    """Compare contours with the very images they refer to."""
    places = {
        image.key: (one.frame, z)
        for one in {id(one): one for one in series}.values()
        for image, z in zip(one.slices, one.file_planes_mm.tolist(), strict=True)
    }
    here = frozenset(uid for key in places for uid in (key, key.partition(":")[0]))
    yield from _missing_images(rs, ct, here, unread)

    def contradicts(roi: Roi, contour: Contour) -> bool:
        frame, here = places.get(contour.image_uid, (roi.frame, contour.z_mm))
        return frame != roi.frame or abs(here - contour.z_mm) > ON_PLANE_MM

    contradicting = _listed_counts(
        (roi, sum(contradicts(roi, contour) for contour in roi.contours)) for roi in rs.rois
    )
    if contradicting:
        seen = f"contours refer to a slice at another place: {contradicting}"
        mend = "check the contours against the images; their own position is used"
        yield codes.REFERENCE_CONTRADICTS.warn(where="RTSTRUCT", seen=seen, mend=mend)
