"""A region of a case: one ROI or several combined, and its solid under one reading."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rtvol import codes
from rtvol.errors import CaseRejected
from rtvol.solids.combine import combine
from rtvol.solids.planes import PlaneStack
from rtvol.solids.reading import solid_of
from rtvol.solids.stack import stack_planes
from rtvol.structures import Roi, target_kind

if TYPE_CHECKING:
    from rtvol.case import Case
    from rtvol.errors import Finding
    from rtvol.solids.combine import Operation
    from rtvol.solids.reading import Reading

#: Gives the planes of an ROI whose ends reach so many mm at most, and what was noticed.
Stacking = Callable[[Roi, float], "tuple[PlaneStack, tuple[Finding, ...]]"]


@dataclass(frozen=True)
class Region:
    """A region of a case; two of the same parts are equal.

    Attributes
    ----------
    name
        The ROI's name, or the expression.
    parts
        What is combined, from left to right; the ROIs of one part are joined first.
    meaning
        In words, where a name stands for several ROIs or for one of another name.
    """

    name: str
    parts: tuple[tuple[Operation, tuple[Roi, ...]], ...]
    meaning: str = ""

    @property
    def roi(self) -> Roi | None:
        """The one ROI it is; None for a combination."""
        rois = self.parts[0][1]
        return rois[0] if len(self.parts) == len(rois) == 1 else None

    @property
    def kind(self) -> str:
        """RTROIInterpretedType of a single ROI; empty for a combination."""
        return self.roi.kind if self.roi else ""

    @property
    def is_target(self) -> bool:
        """Whether it is a target, or what is left of one: by what it begins with."""
        first = self.parts[0][1]
        return all(target_kind(roi.name, roi.kind) for roi in first)

    @property
    def is_guessed(self) -> bool:
        """Whether it is a target by its name alone."""
        return self.is_target and not all(
            roi.kind == target_kind(roi.name, roi.kind) for roi in self.parts[0][1]
        )


@dataclass(frozen=True, eq=False)
class Shape:
    """What a region is under one reading of its contours.

    Attributes
    ----------
    stack
        Its planes; without any where the parts of an expression leave nothing.
    findings
        What was noticed while the contours were stacked.
    """

    stack: PlaneStack
    findings: tuple[Finding, ...]

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left: the volume is 0 cc."""
        return self.stack.z_mm.size == 0


def region_of(roi: Roi) -> Region:
    """Return one ROI as a region."""
    return Region(roi.name, (("union", (roi,)),))


def stacking_of(case: Case) -> Stacking:
    """Return how ROIs of a case are stacked: one drawn on a single plane is as thick as a slice."""

    def stacked(roi: Roi, cap_limit_mm: float) -> tuple[PlaneStack, tuple[Finding, ...]]:
        return stack_planes(roi, images_mm=case.planes_of(roi), cap_limit_mm=cap_limit_mm)

    return stacked


def shape_of(region: Region, reading: Reading, stacking: Stacking) -> Shape:
    """Return the solid of a region; solids of an expression are combined, not its contours.

    Raises
    ------
    CaseRejected
        `roi-empty`, `roi-single-slice`, `no-volume`.
    """
    findings: list[Finding] = []
    whole = NOTHING
    frames = dict.fromkeys(roi.frame for _, rois in region.parts for roi in rois)
    if len(frames) > 1:
        seen = f"its parts lie on planes of {len(frames)} orientations; all are cut along the first"
        findings.append(codes.PLANES_CUT_ANEW.note(where=region.name, seen=seen))
    for operation, rois in region.parts:
        part = NOTHING
        for roi in rois:
            stack, noticed = stacking(roi, reading.cap_limit_mm)
            findings += noticed
            part = _combined(part, solid_of(stack, reading.solid), "union")
        whole = _combined(whole, part, operation)
    return Shape(whole, tuple(dict.fromkeys(findings)))


def _combined(one: PlaneStack, other: PlaneStack, operation: Operation) -> PlaneStack:
    """Combine two solids, either of which may be nothing; so may the result."""
    if not one.z_mm.size or not other.z_mm.size:
        left = {"union": other if not one.z_mm.size else one, "subtract": one}
        return left.get(operation, NOTHING)
    try:
        return combine(one, other, operation)
    except CaseRejected:  # nothing in common, or all of it taken away
        return NOTHING


NOTHING = PlaneStack.of([], z_mm=np.empty(0), below_mm=np.empty(0), above_mm=np.empty(0))
