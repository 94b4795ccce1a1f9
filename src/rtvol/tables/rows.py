"""Rows: what a verb says of one case. A number cannot be here without what it is the number of."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from rtvol.errors import status_of
from rtvol.margins.targets import lost_by_organ

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rtvol.case import LeftOut
    from rtvol.dvh.compare import Difference
    from rtvol.dvh.curve import Histogram
    from rtvol.dvh.goals import Verdict
    from rtvol.dvh.shifts import ShiftSpan
    from rtvol.dvh.space import SpaceCurve
    from rtvol.errors import Finding, Status
    from rtvol.margins.targets import ClipRecord, TargetRole
    from rtvol.solids.reading import SolidName


def _finite(what: str, numbers: Iterable[float | None]) -> None:
    if not all(number is None or math.isfinite(number) for number in numbers):
        raise ValueError(f"{what}: a number that is not finite; absent ones are None")


@dataclass(frozen=True)
class VolumePart:
    """Volume of a structure, and what it is the volume of.

    Attributes
    ----------
    cc
        Volume in cc; None, with a reason in the row's notes, where there is no solid.
    solid
        "slab": right prisms; "loft": the surface between the contours.
    planes
        Number of contour planes.
    written_cc
        Volume in cc as read back from the contours written; None when nothing was.
    range_cc
        Least and largest volume in cc over the readings that the contours allow; None where only
        one was taken.
    """

    cc: float | None
    solid: SolidName
    planes: int
    written_cc: float | None = None
    range_cc: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        _finite("volume", [self.cc, self.written_cc, *(self.range_cc or ())])


@dataclass(frozen=True)
class DosePart:
    """Doses of a structure, and how contours and dose were read for them.

    Attributes
    ----------
    solid, caps, interpolation
        The solid the doses are of, its ends ("half", "none", "1.5 mm"), and how the dose runs
        between its samples ("linear", "cubic").
    axis
        Which dose it is: "physical", "EQD2, a/b 3 Gy"; empty where there is none.
    metrics
        By their normalised text; None with a reason in the row's notes.
    volume_cc
        Volume in cc of that solid; None where there is none.
    range
        Lowest and highest value of each metric over all readings of the contours.
    comparison
        Our values beside those the planning system stored.
    curve
        The histogram, for a file of curves.
    space
        Histograms of distance and surface, for a file of them.
    shift_mm, shift
        Length of a shift, and of each metric the worst and best over its directions; 0 for none.
    """

    solid: SolidName
    caps: str
    interpolation: str
    axis: str
    metrics: Mapping[str, float | None]
    volume_cc: float | None = None
    range: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    comparison: tuple[Difference, ...] = ()
    curve: Histogram | None = field(default=None, compare=False, repr=False)
    space: tuple[SpaceCurve, ...] = field(default=(), compare=False, repr=False)
    shift_mm: float = 0.0
    shift: Mapping[str, ShiftSpan] = field(default_factory=dict)

    def __post_init__(self) -> None:
        ends = [end for pair in self.range.values() for end in pair]
        ends += [end for span in self.shift.values() for end in (span.low, span.high) if end]
        _finite("doses", [self.volume_cc, *ends, *self.metrics.values()])


@dataclass(frozen=True)
class TargetPart:
    """What became of a target while it was made.

    Attributes
    ----------
    achieved_mm
        Achieved margin in mm by statistic ("min", "mean", "p95", "max", "left_min", ...).
    clips
        What each organ took.
    motion_mm
        How far a GTV joined from phases moves, mm, by `centroid_left`, `extent_left`, ...
    """

    achieved_mm: Mapping[str, float] = field(default_factory=dict)
    clips: tuple[ClipRecord, ...] = ()
    motion_mm: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _finite("achieved margin", [*self.achieved_mm.values(), *self.motion_mm.values()])
        for clip in self.clips:
            numbers = [clip.gap_mm, clip.lost_cc, clip.lost_percent, *clip.least_margin_mm.values()]
            _finite(clip.organ, [*numbers, clip.gtv_touched_cc, clip.ctv_touched_cc])

    @property
    def lost_cc(self) -> dict[str, float]:
        """Volume cut away in cc, by organ."""
        return lost_by_organ(self.clips)


@dataclass(frozen=True)
class StructureRow:
    """One structure of one case.

    Attributes
    ----------
    name, role, lesion
        The structure, what it is, and the GTV it belongs to (empty for organs).
    volume
        Its volume.
    dose
        Its doses; None when none were asked for.
    target
        How it was made; None for what was drawn.
    notes
        Why a number is None, and other remarks, by the number's name.
    written_name, mask_name
        What it is called in the structure set written, and the file of its mask; empty where it
        is not written.
    """

    name: str
    role: TargetRole
    lesion: str
    volume: VolumePart
    dose: DosePart | None = None
    target: TargetPart | None = None
    notes: Mapping[str, str] = field(default_factory=dict)
    written_name: str = ""
    mask_name: str = ""

    @property
    def metrics(self) -> Mapping[str, float | None]:
        """Dose-volume metrics; none without a dose."""
        return self.dose.metrics if self.dose else {}

    @property
    def lost_cc(self) -> Mapping[str, float]:
        """Volume cut away in cc, by organ; nothing from what was drawn."""
        return self.target.lost_cc if self.target else {}

    @property
    def clips(self) -> tuple[ClipRecord, ...]:
        """What each organ took; nothing from what was drawn."""
        return self.target.clips if self.target else ()

    @property
    def achieved_mm(self) -> Mapping[str, float]:
        """Achieved margin in mm by statistic; none for what was drawn."""
        return self.target.achieved_mm if self.target else {}

    @property
    def motion_mm(self) -> Mapping[str, float]:
        """How far it moves, in mm; none for what does not."""
        return self.target.motion_mm if self.target else {}


@dataclass(frozen=True)
class GoalRow:
    """One goal for one structure of a case.

    Attributes
    ----------
    structure
        The structure, or the expression.
    goal
        The rule, in its normal form: `CV15Gy[cc] >= 700 cc`.
    value, unit
        What was found, in the unit of the goal; None with a reason in `note`.
    verdict
        "pass", "fail" or "cannot say".
    priority
        1 before 2; None when the goal has none.
    source, verified
        Where the limit is from, and whether someone has compared it with the source.
    note
        Why nothing can be said, or a remark.
    """

    structure: str
    goal: str
    value: float | None
    unit: str
    verdict: Verdict
    priority: int | None = None
    source: str = ""
    verified: bool = False
    note: str = ""

    def __post_init__(self) -> None:
        _finite(f"{self.structure} {self.goal}", [self.value])


@dataclass(frozen=True)
class CaseResult:
    """What became of one case: accepted, used with findings, or rejected without any number.

    Attributes
    ----------
    case
        Name of the case.
    status
        "accept": no finding but notes; "warn": findings beside the numbers; "reject": no number,
        and at least one finding of severity "error".
    cumulative_ptv_cc, sum_ptv_cc
        Volume in cc of the union of all PTVs, and their plain sum; None without PTVs.
    goals
        Verdicts on goals, when some were asked about.
    unused
        Files of the case that were left aside, and why; not in its entry of a document.

    Raises
    ------
    ValueError
        At birth: status, findings and numbers contradict each other, or one is not finite.
    """

    case: str
    status: Status
    findings: tuple[Finding, ...] = ()
    cumulative_ptv_cc: float | None = None
    sum_ptv_cc: float | None = None
    structures: tuple[StructureRow, ...] = ()
    goals: tuple[GoalRow, ...] = ()
    unused: tuple[LeftOut, ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        _finite(self.case, [self.cumulative_ptv_cc, self.sum_ptv_cc])
        expected = status_of(self.findings)
        if self.status != expected:
            raise ValueError(f"{self.case}: status {self.status}, but findings mean {expected}")
        numbers = (self.structures, self.goals, self.cumulative_ptv_cc, self.sum_ptv_cc)
        if expected == "reject" and numbers != ((), (), None, None):
            raise ValueError(f"{self.case}: rejected, yet it has numbers")

    @classmethod
    def of(
        cls,
        case: str,
        findings: Iterable[Finding],
        *,
        structures: Iterable[StructureRow],
        goals: Iterable[GoalRow] = (),
        cumulative_ptv_cc: float | None = None,
        sum_ptv_cc: float | None = None,
        unused: Iterable[LeftOut] = (),
    ) -> CaseResult:
        """Return the result of a case that was read: accepted, or used with its findings."""
        noticed = tuple(dict.fromkeys(findings))
        return cls(
            case=case,
            status=status_of(noticed),
            findings=noticed,
            cumulative_ptv_cc=cumulative_ptv_cc,
            sum_ptv_cc=sum_ptv_cc,
            structures=tuple(structures),
            goals=tuple(goals),
            unused=tuple(unused),
        )

    def noticing(self, findings: Iterable[Finding]) -> CaseResult:
        """Return the same result with more findings."""
        noticed = tuple(dict.fromkeys((*self.findings, *findings)))
        return replace(self, findings=noticed, status=status_of(noticed))

    @classmethod
    def rejected(cls, case: str, findings: Iterable[Finding]) -> CaseResult:
        """Return the result of a case that gets no number: what was noticed, and why."""
        return cls(case, "reject", tuple(dict.fromkeys(findings)))
