"""Roi -> PlaneStack: contours sorted by plane, each with the slab of space it stands for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from rtvol.errors import CaseRejected, Finding
from rtvol.geometry import lock
from rtvol.masks.doubts import ring_findings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rtvol.structures import Contour, Roi

#: Contours whose planes differ by less are on one plane: systems round positions, and some draw
#: the rings of one slice a few hundredths of a mm apart; slices lie 0.2 mm apart and more.
SAME_PLANE_MM = 0.1
#: A gap of more than this many usual spacings separates two lobes (DESIGN section 3).
LOBE_GAP = 1.5
#: Beside a gap as wide, one up to this many usual spacings is that of slices farther apart.
WIDER_SLICES = 2.05
#: Planes nearer than this, with gaps beside them that are so many times wider, are one slice.
NEAR_PLANES_MM, NEAR_PLANES_PART = 1.0, 0.25
#: Lobes lie farther apart than their planes; so do slices when this part of the gaps is so wide.
MANY_GAPS = 0.2


@dataclass(frozen=True, eq=False)
class PlaneStack:
    """The contours of one structure, plane by plane, in flat arrays.

    Attributes
    ----------
    z_mm
        Planes (P,), patient z in mm, ascending.
    below_mm, above_mm
        How far (P,) the slab of each plane reaches below and above it, in mm.
    lobe
        Number (P,) of the run of regularly spaced planes each plane belongs to.
    xy_mm
        Corner points (N, 2) of all rings, patient LPS x and y in mm.
    ring_starts
        Offsets (R + 1,) of the rings into `xy_mm`.
    plane_rings
        Offsets (P + 1,) of the planes into the rings; rings of one plane combine by even-odd
        parity.
    """

    z_mm: NDArray[np.float64]
    below_mm: NDArray[np.float64]
    above_mm: NDArray[np.float64]
    lobe: NDArray[np.int64]
    xy_mm: NDArray[np.float64]
    ring_starts: NDArray[np.int64]
    plane_rings: NDArray[np.int64]

    def __post_init__(self) -> None:
        for array in vars(self).values():
            lock(array)

    @property
    def thickness_mm(self) -> NDArray[np.float64]:
        """Thickness (P,) of each plane's slab in mm."""
        return self.below_mm + self.above_mm

    @cached_property
    def bounds_mm(self) -> tuple[tuple[float, float], tuple[float, float], tuple[float, float]]:
        """Extent of the slab solid in mm: (x, x), (y, y), (z, z)."""
        (x_low, y_low), (x_high, y_high) = self.xy_mm.min(axis=0), self.xy_mm.max(axis=0)
        z_low, z_high = (self.z_mm - self.below_mm).min(), (self.z_mm + self.above_mm).max()
        return (
            (float(x_low), float(x_high)),
            (float(y_low), float(y_high)),
            (float(z_low), float(z_high)),
        )


def stack_planes(
    roi: Roi, *, spacing_mm: float | None = None, cap_limit_mm: float = math.inf
) -> tuple[PlaneStack, tuple[Finding, ...]]:
    """Sort the contours of a region by plane and give each plane its slab.

    Each slab reaches midway to the neighbouring planes; the ends, and the ends of lobes parted by
    a gap of more than 1.5 usual spacings, reach half the spacing there (facts: Pepin 2022).

    Parameters
    ----------
    roi
        The region; identical rings stored twice on a plane count once.
    spacing_mm
        Slice spacing of the CT in mm, for a region drawn on one plane only.
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
        depends on what was meant (`rtvol.masks.doubts`).
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
    below, above, lobe = _slabs(z, roi.name, spacing_mm, findings)
    first = np.diff(lobe, prepend=-1) > 0
    last = np.diff(lobe, append=lobe[-1] + 1) > 0
    below[first] = np.minimum(below[first], cap_limit_mm)
    above[last] = np.minimum(above[last], cap_limit_mm)
    rings = [c.xy_mm for plane in planes for c in plane]
    stack = PlaneStack(
        z_mm=z,
        below_mm=below,
        above_mm=above,
        lobe=lobe,
        xy_mm=np.concatenate(rings),
        ring_starts=np.cumsum([0, *(len(r) for r in rings)], dtype=np.int64),
        plane_rings=np.cumsum([0, *(len(p) for p in planes)], dtype=np.int64),
    )
    findings += ring_findings(stack, roi.name)
    return stack, tuple(findings)


def _group(contours: tuple[Contour, ...]) -> list[list[Contour]]:
    planes: list[list[Contour]] = []
    for contour in sorted(contours, key=lambda c: c.z_mm):
        if planes and contour.z_mm - planes[-1][0].z_mm < SAME_PLANE_MM:
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
            Finding(
                "contour-duplicate",
                where=f"ROI {name}",
                seen=f"{dropped} contours stored twice on their plane; each counted once",
                mend="delete the copies in the planning system",
            )
        )
    return kept


def _slabs(
    z: NDArray[np.float64], name: str, spacing_mm: float | None, findings: list[Finding]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    if z.size == 1:
        if spacing_mm is None or spacing_mm <= 0:
            raise CaseRejected(
                "roi-single-slice",
                where=f"ROI {name}",
                seen="one contour plane and no CT: its thickness is not known",
                mend="export the CT with the structure set",
            )
        findings.append(
            Finding(
                "roi-single-slice",
                where=f"ROI {name}",
                seen=f"drawn on one plane; {spacing_mm:g} mm thick by the CT's slice spacing",
                mend="check that the contours on the other slices are not missing",
            )
        )
        half = np.array([spacing_mm / 2])
        return half, half.copy(), np.zeros(1, dtype=np.int64)
    gaps = np.diff(z)
    _refuse_near_planes(z, gaps, name)
    usual = float(np.median(gaps)) if gaps.size > 2 else float(gaps.min())
    split = _split(z, gaps, usual, name, findings)
    reach = np.where(split, usual, gaps) / 2
    below = np.concatenate([[_end(reach, split, usual, 0)], reach])
    above = np.concatenate([reach, [_end(reach, split, usual, -1)]])
    lobe = np.concatenate([[0], np.cumsum(split)]).astype(np.int64)
    return below, above, lobe


def _split(
    z: NDArray[np.float64],
    gaps: NDArray[np.float64],
    usual: float,
    name: str,
    findings: list[Finding],
) -> NDArray[np.bool_]:
    """Tell which gaps separate two lobes; every gap that is wide is a finding."""
    wide = gaps > LOBE_GAP * usual
    split = wide & ~_is_run(gaps, usual)
    if (wide & ~split).any():
        findings.append(
            Finding(
                "contour-gap",
                where=f"ROI {name}, above z {z[:-1][wide & ~split][0]:.1f} mm",
                seen=f"contours are {usual:.2f} mm apart, and farther on "
                f"{gaps[wide & ~split].max():.2f} mm; taken as one part",
                mend="compare with the slices; contour those between if any are missing",
            )
        )
    if split.any():
        findings.append(
            Finding(
                "contour-gap",
                where=f"ROI {name}, above z {z[:-1][split][0]:.1f} mm",
                seen=f"{int(split.sum())} gaps above {LOBE_GAP} x the usual {usual:.2f} mm",
                mend="taken as separate parts; contour the slices between if they belong together",
            )
        )
    return split


def _is_run(gaps: NDArray[np.float64], usual: float) -> NDArray[np.bool_]:
    """Gaps that go on equally wide, twice the usual at most: slices are farther apart there."""
    same = np.abs(np.diff(gaps)) <= SAME_PLANE_MM
    goes_on = np.append(same, False) | np.insert(same, 0, False)
    return goes_on & (gaps <= WIDER_SLICES * usual)


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


def _end(reach: NDArray[np.float64], split: NDArray[np.bool_], usual: float, end: int) -> float:
    """Half the spacing at one end of the stack; the usual one if that end is a lone plane."""
    return usual / 2 if split[end] else float(reach[end])
