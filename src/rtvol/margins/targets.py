"""Targets as results: what was derived, how much, what was cut away, what margin was reached."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Self

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from rtvol.errors import Finding
    from rtvol.margins.levels import LevelSet
    from rtvol.solids.reading import SolidName
    from rtvol.structures import Contour, Roi

TargetRole = Literal["gtv", "ctv", "ptv", "ptv_clip", "roi"]


@dataclass(frozen=True)
class ClipRecord:
    """What one organ took from a target.

    Attributes
    ----------
    organ, kind, gap_mm
        The organ, the practice it was cut by ("avoid", "barrier", "inside"), and the gap in mm.
    lost_cc, lost_percent
        Volume removed in cc, in the stated order of the cuts, and in % of the uncut target.
    least_margin_mm
        Least distance left from the parent to the face this organ cut, per patient direction; no
        entry where it cut nothing. Negative where the face lies within the parent.
    gtv_touched_cc, ctv_touched_cc
        How much of the GTV (which stays) and of the CTV lies in the organ grown by the gap.
    toward
        The direction of the least of them; empty where two are as near, or nothing was cut.
    held_by_gtv
        Whether the organ's zone reaches into the GTV: there the GTV's surface ends the target.
    """

    organ: str
    kind: str
    gap_mm: float
    lost_cc: float
    lost_percent: float
    least_margin_mm: Mapping[str, float] = field(default_factory=dict)
    gtv_touched_cc: float = 0.0
    ctv_touched_cc: float = 0.0
    toward: str = ""
    held_by_gtv: bool = False

    @property
    def least_mm(self) -> float | None:
        """Least distance left in any direction, mm; None where nothing was cut."""
        return min(self.least_margin_mm.values(), default=None)


def lost_by_organ(clips: Iterable[ClipRecord]) -> dict[str, float]:
    """Sum up what each organ took, cc: one organ may be cut by two practices."""
    lost: dict[str, float] = {}
    for clip in clips:
        lost[clip.organ] = lost.get(clip.organ, 0.0) + clip.lost_cc
    return lost


@dataclass(frozen=True)
class Spread:
    """Least, mean, 95th percentile and largest of some distances, mm."""

    min_mm: float
    mean_mm: float
    p95_mm: float
    max_mm: float

    @classmethod
    def of(cls, values_mm: NDArray[np.float64]) -> Self:
        """Sum up at least one distance."""
        ordered = np.sort(values_mm)
        # numpy.percentile, which partitions and checks what is sorted already
        at = 0.95 * (ordered.size - 1)
        below = int(at)
        low, high = float(ordered[below]), float(ordered[min(below + 1, ordered.size - 1)])
        share, rise = at - below, high - low
        p95 = low + rise * share if share < 0.5 else high - rise * (1 - share)
        return cls(float(ordered[0]), float(ordered.mean()), p95, float(ordered[-1]))


@dataclass(frozen=True)
class Achieved:
    """Distance from the parent's surface to the child's, over the child's sections, mm.

    Attributes
    ----------
    whole
        Over the whole surface.
    toward
        Per patient direction (left, right, anterior, posterior, superior, inferior): over the
        surface points whose way from the parent points mostly that way.
    """

    whole: Spread
    toward: dict[str, Spread] = field(default_factory=dict)


#: Nothing was grown: the child is its parent.
SAME = Achieved(Spread(0.0, 0.0, 0.0, 0.0))


@dataclass(frozen=True)
class Derived:
    """One target of a lesion: its contours and its numbers.

    Attributes
    ----------
    roi
        Contours on the CT planes (a GTV: as given).
    volume_cc
        Volume of the `solid`: the contour stack's for a GTV, the level set's for what was grown.
    written_volume_cc
        Volume read back from `roi` by the half-slab rule.
    lofted_cc
        For a GTV, the volume of the lofted surface that is grown; its difference from
        `volume_cc` is the reconstruction uncertainty. None for derived targets.
    range_cc
        Least and largest volume over the readings of the contours (slab with and without caps,
        loft, crossing rings by parity and by direction); of a grown target None.
    planes
        Number of contour planes of `roi`.
    motion_mm
        Of a GTV joined from phases: how far it moves towards each direction, mm.
    notes
        What to know about a number, by the number's name.
    traced
        What `roi` was thinned from, ring by ring, mm; empty where its contours are as they came.
    level
        The solid itself, where it was asked to be kept (`build_targets`).
    """

    name: str
    role: TargetRole
    lesion: str
    roi: Roi
    volume_cc: float
    written_volume_cc: float
    solid: SolidName
    planes: int
    lofted_cc: float | None = None
    range_cc: tuple[float, float] | None = None
    clips: tuple[ClipRecord, ...] = ()
    achieved: Achieved | None = None
    motion_mm: dict[str, float] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    traced: tuple[Contour, ...] = field(default=(), compare=False, repr=False)
    level: LevelSet | None = field(default=None, compare=False)

    def __repr__(self) -> str:
        return f'Derived("{self.name}", {self.role}, {self.volume_cc:.2f} cc, {self.planes} planes)'

    @property
    def lost_cc(self) -> dict[str, float]:
        """Volume removed per organ, cc."""
        return lost_by_organ(self.clips)


@dataclass(frozen=True)
class Lesion:
    """One GTV and what was grown from it; `ptv_clip` is None when no organ was to be avoided."""

    gtv: Derived
    ctv: Derived
    ptv: Derived
    ptv_clip: Derived | None

    def __repr__(self) -> str:
        return f"Lesion({', '.join(f'{one.name} {one.volume_cc:.2f} cc' for one in self.targets)})"

    @property
    def targets(self) -> tuple[Derived, ...]:
        """All targets of the lesion, from the GTV outwards."""
        whole = (self.gtv, self.ctv, self.ptv)
        return (*whole, self.ptv_clip) if self.ptv_clip else whole


@dataclass(frozen=True)
class PatientTargets:
    """All lesions of a case.

    Attributes
    ----------
    prvs
        Organs grown by a margin, role "roi".
    cumulative_ptv_cc
        Volume of the union of the PTVs, cc: the whole ones, or by the policy `modified_ptv` those
        that were cut.
    sum_ptv_cc
        Their plain sum, cc: more than the union where PTVs overlap.
    """

    lesions: tuple[Lesion, ...]
    prvs: tuple[Derived, ...]
    cumulative_ptv_cc: float
    sum_ptv_cc: float
    findings: tuple[Finding, ...]

    def __repr__(self) -> str:
        count = len(self.lesions)
        return f"PatientTargets({count} lesions, cumulative PTV {self.cumulative_ptv_cc:.2f} cc)"

    @property
    def structures(self) -> tuple[Derived, ...]:
        """All targets, lesion by lesion, then the organs grown by a margin."""
        return (*(target for lesion in self.lesions for target in lesion.targets), *self.prvs)
