"""Roi -> PlaneStack: contours sorted by plane, each with the slab of space it stands for."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from rtvol import codes
from rtvol.errors import CaseRejected, Finding
from rtvol.geometry import ON_PLANE_MM, WIDE_GAP, planes_at, wider_beside
from rtvol.solids.doubts import ring_findings
from rtvol.solids.planes import PlaneStack

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rtvol.structures import Contour, Roi

#: Gaps that differ by no more are equally wide: positions are written to 0.01 mm.
SAME_GAP_MM = 0.05
#: A contour this near to an image was drawn on it, mm: both positions may be off by a plane's.
ON_IMAGE_MM = 2 * ON_PLANE_MM
#: What is made of wide gaps: what it means, and how to mend it.
LEFT_OUT = (
    "slices were left out throughout; taken as one part",
    "compare with the slices; contour those between if any are missing",
)
MISSING = (
    "planes are missing; taken as separate parts",
    "contour the slices between if the parts belong together",
)
#: Findings name as many heights.
MOST_NAMED = 4
#: Beside a gap as wide, one up to this many spacings of the images is that of every other slice.
EVERY_OTHER = 2.05
#: So is one of any width where all of at least so many gaps are alike.
ALIKE_GAPS = 3
#: Planes nearer than this, with gaps beside them that are so many times wider, are one slice.
NEAR_PLANES_MM, NEAR_PLANES_PART = 1.0, 0.25
#: Lobes lie farther apart than their planes; so do slices when this part of the gaps is so wide.
MANY_GAPS = 0.2


def stack_planes(
    roi: Roi,
    *,
    images_mm: NDArray[np.float64] | None = None,
    spacing_mm: float | None = None,
    cap_limit_mm: float = math.inf,
) -> tuple[PlaneStack, tuple[Finding, ...]]:
    """Sort the contours of a region by plane and give each plane its slab.

    Each slab reaches midway to the neighbouring planes, however far they are; the ends, and the
    ends of lobes parted by missing planes, reach half the spacing there (facts: Pepin 2022).
    Planes are missing where the images have a slice that is not contoured, or where the gap is
    wider than 1.5 spacings of the images there; without images, than 1.5 times both gaps beside it.
    Contours that say how far they reach (voxels of a segmentation) reach so far: what lies beyond
    is empty, and parts them.

    Parameters
    ----------
    roi
        The region; identical rings stored twice on a plane count once.
    images_mm
        Planes (S,) of the images it was drawn on, patient z in mm, ascending; None without.
    spacing_mm
        Slice spacing in mm for a region drawn on one plane only, where there are no images.
    cap_limit_mm
        The ends reach at most this far: 0 for none (Eclipse 8), 1.5 for the rule of ProKnow.

    Returns
    -------
    PlaneStack and the findings `contour-duplicate`, `contour-gap`, `roi-single-slice`,
    `contour-self-crossing`, `contour-overlap` and `contour-spike`.

    Raises
    ------
    CaseRejected
        `roi-empty` without contours; `roi-single-slice` when nothing tells the thickness;
        `contour-near-planes`; `contour-self-crossing` and `contour-duplicate` where the volume
        depends on what was meant (`rtvol.solids.doubts`).
    """
    if roi.is_empty:
        raise CaseRejected(
            "roi-empty",
            where=f"ROI {roi.name}",
            seen="no closed contour",
            mend="contour it, or name another ROI",
        )
    findings: list[Finding] = []
    planes = _drop_duplicates(_group(roi.contours), roi.name, findings)
    z = np.array([np.mean([c.z_mm for c in plane]) for plane in planes])
    slabs = _stated_slabs(planes, z) or _slabs(z, roi.name, (images_mm, spacing_mm), findings)
    below, above, lobe = slabs
    first = np.diff(lobe, prepend=-1) > 0
    last = np.diff(lobe, append=lobe[-1] + 1) > 0
    below[first] = np.minimum(below[first], cap_limit_mm)
    above[last] = np.minimum(above[last], cap_limit_mm)
    rings = [[contour.xy_mm for contour in plane] for plane in planes]
    stack = PlaneStack.of(rings, z_mm=z, below_mm=below, above_mm=above, lobe=lobe, frame=roi.frame)
    findings += ring_findings(stack, roi.name)
    return stack, tuple(findings)


def _group(contours: tuple[Contour, ...]) -> list[list[Contour]]:
    planes: list[list[Contour]] = []
    for contour in sorted(contours, key=lambda c: c.z_mm):
        if planes and contour.z_mm - planes[-1][0].z_mm < ON_PLANE_MM:
            planes[-1].append(contour)
        else:
            planes.append([contour])
    return planes


def _ring_key(contour: Contour) -> bytes:
    """Return the same bytes for a ring whatever its first point and direction."""
    points = np.round(contour.xy_mm, 3) + 0.0
    return points[np.lexsort(points.T)].tobytes()


def _drop_duplicates(
    planes: list[list[Contour]], name: str, findings: list[Finding]
) -> list[list[Contour]]:
    kept = [
        list({_ring_key(c): c for c in plane}.values()) if len(plane) > 1 else plane
        for plane in planes
    ]
    dropped = sum(map(len, planes)) - sum(map(len, kept))
    if dropped:
        findings.append(
            codes.CONTOUR_DUPLICATE.warn(
                where=f"ROI {name}",
                seen=f"{dropped} contours repeat another one on their plane and are left out",
                mend="delete the copies in the planning system",
            )
        )
    return kept


def _stated_slabs(
    planes: list[list[Contour]], z: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]] | None:
    """Return how far below and above each plane reaches, and its lobe, as its contours say."""
    stated = [[c.slab_mm for c in plane if c.slab_mm is not None] for plane in planes]
    if not all(stated):
        return None
    below, above = np.array([np.max(each, axis=0) for each in stated]).T
    parted = np.diff(z) > above[:-1] + below[1:] + ON_PLANE_MM
    return below.copy(), above.copy(), np.concatenate([[0], np.cumsum(parted)]).astype(np.int64)


def _slabs(
    z: NDArray[np.float64],
    name: str,
    known: tuple[NDArray[np.float64] | None, float | None],
    findings: list[Finding],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    images_mm, spacing_mm = known
    images = images_mm if images_mm is not None and images_mm.size > 1 else None
    if z.size == 1:
        half = np.array([_lone_mm(z, images, spacing_mm, name, findings) / 2])
        return half, half.copy(), np.zeros(1, dtype=np.int64)
    gaps = np.diff(z)
    if images is None or not _on_own_images(z, images):
        _refuse_near_planes(z, gaps, name)
    there = wider_beside(gaps) if images is None else _image_gaps(z, images)
    parted = _parted(z, there, images, name, findings)
    lone = gaps.min() if images is None else np.interp(z, *_spacings(images))
    # beyond an end as far as to the other side; a plane that is all alone, as its images
    open_gaps = np.where(parted, np.nan, gaps)
    below, above = np.append(np.nan, open_gaps) / 2, np.append(open_gaps, np.nan) / 2
    below, above = np.where(np.isnan(below), above, below), np.where(np.isnan(above), below, above)
    below, above = (np.where(np.isnan(side), lone / 2, side) for side in (below, above))
    lobe = np.concatenate([[0], np.cumsum(parted)]).astype(np.int64)
    return below, above, lobe


def _lone_mm(
    z: NDArray[np.float64],
    images: NDArray[np.float64] | None,
    spacing_mm: float | None,
    name: str,
    findings: list[Finding],
) -> float:
    """Thickness of a structure on one plane, mm: as its images or the caller say."""
    thick = spacing_mm if images is None else float(np.interp(z[0], *_spacings(images)))
    if thick is None or thick <= 0:
        raise CaseRejected(
            "roi-single-slice",
            where=f"ROI {name}",
            seen="one contour plane and no CT: its thickness is not known",
            mend="export the CT with the structure set",
        )
    findings.append(
        codes.ROI_SINGLE_SLICE.warn(
            where=f"ROI {name}",
            seen=f"drawn on one plane; {thick:g} mm thick by the slice spacing",
            mend="check that the contours on the other slices are not missing",
        )
    )
    return thick


def _spacings(images: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Image planes (S,) and the lesser of both gaps beside each, mm: the spacing there."""
    gaps = np.diff(images)
    return images, np.minimum(np.append(gaps, gaps[-1]), np.insert(gaps, 0, gaps[0]))


def _image_gaps(z: NDArray[np.float64], images: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the widest gap between images that each gap between contours meets, mm."""
    gaps = np.diff(images)
    first = np.searchsorted(images, z[:-1] + ON_PLANE_MM) - 1
    last = np.searchsorted(images, z[1:] - ON_PLANE_MM) - 1
    spans = zip(np.clip(first, 0, gaps.size - 1), np.clip(last, 0, gaps.size - 1), strict=True)
    return np.array([gaps[a : max(a, b) + 1].max() for a, b in spans])


def _on_own_images(z: NDArray[np.float64], images: NDArray[np.float64]) -> bool:
    """Whether every plane lies on an image of its own."""
    at = planes_at(z, images, within_mm=ON_IMAGE_MM)
    return bool((at >= 0).all() and np.unique(at).size == z.size)


def _parted(
    z: NDArray[np.float64],
    there: NDArray[np.float64],
    images: NDArray[np.float64] | None,
    name: str,
    findings: list[Finding],
) -> NDArray[np.bool_]:
    """Tell in which gaps planes are missing; every such gap is a finding."""
    gaps = np.diff(z)
    wide = gaps > WIDE_GAP * there
    if images is not None:
        at = planes_at(z, images, within_mm=ON_IMAGE_MM)
        wide |= (at[:-1] >= 0) & (at[1:] - at[:-1] > 1)
    drawn_so = wide & _is_run(gaps, there)
    for kind, how in ((drawn_so, LEFT_OUT), (wide & ~drawn_so, MISSING)):
        if kind.any():
            at_mm = ", ".join(f"{height:.1f}" for height in z[:-1][kind][:MOST_NAMED])
            more = int(kind.sum()) - MOST_NAMED
            where = f"ROI {name}, above z {at_mm} mm" + (f" and {more} more" if more > 0 else "")
            widest = int(np.argmax(np.where(kind, gaps, 0)))
            seen = f"contours {gaps[widest]:.2f} mm apart, where {there[widest]:.2f} mm are usual: "
            findings.append(codes.CONTOUR_GAP.warn(where=where, seen=seen + how[0], mend=how[1]))
    return wide & ~drawn_so


def _is_run(gaps: NDArray[np.float64], there: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Gaps that go on equally wide: every other slice was contoured, or all gaps are alike."""
    same = np.abs(np.diff(gaps)) <= SAME_GAP_MM
    if gaps.size >= ALIKE_GAPS and same.all():
        return np.ones(gaps.size, bool)
    goes_on = np.append(same, False) | np.insert(same, 0, False)
    return goes_on & (gaps <= EVERY_OTHER * there)


def _refuse_near_planes(z: NDArray[np.float64], gaps: NDArray[np.float64], name: str) -> None:
    """Refuse planes that are one slice drawn at two heights: halves of it would count as two."""
    wider = np.concatenate([[np.inf], gaps, [np.inf]])
    beside = np.minimum(wider[:-2], wider[2:])
    near = (gaps < NEAR_PLANES_MM) & (gaps <= NEAR_PLANES_PART * beside) & np.isfinite(beside)
    usual = float(np.median(gaps))
    if usual < NEAR_PLANES_MM and (gaps * NEAR_PLANES_PART > usual).mean() > MANY_GAPS:
        near |= gaps <= usual  # three heights and more
    if near.any():
        at = int(np.flatnonzero(near)[0])
        raise CaseRejected(
            "contour-near-planes",
            where=f"ROI {name}, z {z[at]:.2f} mm",
            seen=f"{int(near.sum())} pairs of planes {gaps[near].min():.2f} mm apart where "
            f"{gaps[~near].min():.2f} mm are usual: one slice drawn at two heights",
            mend="draw all contours of a slice on it, and export again",
        )
