"""A region of a case: one ROI or several combined, and its solid under one reading."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import reduce
from typing import TYPE_CHECKING

import numpy as np

from rtvol import codes
from rtvol.errors import CaseRejected
from rtvol.margins.algebra import Combined, Leaf, Resized, has_margin, leaves, mapped
from rtvol.margins.evaluate import lattice_of, sections_of
from rtvol.margins.sources import Drawn, SolidField
from rtvol.names.language import IsodoseWord
from rtvol.solids.combine import combine
from rtvol.solids.pieces import Body
from rtvol.solids.planes import PlaneStack
from rtvol.solids.reading import solid_of
from rtvol.solids.stack import stack_planes
from rtvol.structures import Roi, target_kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rtvol.case import Case
    from rtvol.errors import Finding
    from rtvol.margins.algebra import Tree
    from rtvol.margins.setting import Setting
    from rtvol.margins.sources import Source
    from rtvol.solids.combine import Operation
    from rtvol.solids.reading import Reading, SolidName

#: What a leaf of a region is: ROIs that are joined, or an isodose.
Part = tuple[Roi, ...] | IsodoseWord
#: Gives the planes of an ROI whose ends reach so many mm at most, and what was noticed.
Stacking = Callable[[Roi, float], "tuple[PlaneStack, tuple[Finding, ...]]"]


@dataclass(frozen=True)
class Region:
    """A region of a case; two of the same parts are equal.

    Attributes
    ----------
    name
        The ROI's name, or the expression.
    tree
        What is combined, cut and resized.
    meaning
        In words, where a name stands for several ROIs or for one of another name, or where the
        order of the signs matters.
    findings
        What was noticed while the text was read.
    """

    name: str
    tree: Tree[Part]
    meaning: str = ""
    findings: tuple[Finding, ...] = field(default=(), compare=False)

    @property
    def roi(self) -> Roi | None:
        """The one ROI it is; None for a combination."""
        rois = self._first
        return rois[0] if isinstance(self.tree, Leaf) and len(rois) == 1 else None

    @property
    def kind(self) -> str:
        """RTROIInterpretedType of a single ROI; empty for a combination."""
        return self.roi.kind if self.roi else ""

    @property
    def is_exact(self) -> bool:
        """Whether it is made of contours alone: no margin, no isodose."""
        has_isodose = any(isinstance(part, IsodoseWord) for part in leaves(self.tree))
        return not has_isodose and not has_margin(self.tree)

    @property
    def is_target(self) -> bool:
        """Whether it is a target, or what is left of one: by what it begins with.

        A shell, which that is taken out of again (`(PTV + 20) - (PTV + 5)`), is none.
        """
        is_shell = not {*self._first}.isdisjoint(_taken_out(self.tree))
        kinds = [target_kind(roi.name, roi.kind) for roi in self._first]
        return bool(kinds) and all(kinds) and not is_shell

    @property
    def is_guessed(self) -> bool:
        """Whether it is a target by its name alone."""
        return self.is_target and not all(
            roi.kind == target_kind(roi.name, roi.kind) for roi in self._first
        )

    @property
    def rois(self) -> tuple[Roi, ...]:
        """All ROIs in it, each once."""
        parts = [part for part in leaves(self.tree) if not isinstance(part, IsodoseWord)]
        return tuple(dict.fromkeys(roi for part in parts for roi in part))

    @property
    def _first(self) -> tuple[Roi, ...]:
        """The ROIs it begins with; none for an isodose."""
        first = next(leaves(self.tree))
        return () if isinstance(first, IsodoseWord) else first

    def solid_under(self, reading: Reading) -> SolidName:
        """Return the solid it has under a reading: with a margin or an isodose always the loft."""
        return reading.solid if self.is_exact else "loft"


@dataclass(frozen=True)
class Ground:
    """What the regions of a case stand on.

    Attributes
    ----------
    stacking
        How ROIs are stacked.
    setting
        The planes that fields of some ROIs are worked out on.
    isodose
        The solid of an isodose; raises why there is none.
    """

    stacking: Stacking
    setting: Callable[[Sequence[Roi]], Setting]
    isodose: Callable[[IsodoseWord], SolidField]


@dataclass(frozen=True, eq=False)
class Shape:
    """What a region is under one reading of its contours.

    Attributes
    ----------
    stack
        Its planes; without any where the parts of an expression leave nothing.
    findings
        What was noticed while the text was read and the contours were stacked.
    solid
        Slab or loft.
    """

    stack: PlaneStack
    findings: tuple[Finding, ...]
    solid: SolidName = "slab"

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left: the volume is 0 cc."""
        return self.stack.z_mm.size == 0


def _taken_out(tree: Tree[Part]) -> set[Roi]:
    """Return the ROIs of all that is subtracted in a tree."""
    match tree:
        case Leaf():
            return set()
        case Combined(operation, one, other):
            parts = leaves(other) if operation == "subtract" else ()
            own = {roi for part in parts if not isinstance(part, IsodoseWord) for roi in part}
            return own | _taken_out(one) | _taken_out(other)
        case Resized(part, _):  # pragma: no branch - there is no fourth kind
            return _taken_out(part)


def region_of(roi: Roi, findings: tuple[Finding, ...] = ()) -> Region:
    """Return one ROI as a region."""
    return Region(roi.name, Leaf((roi,)), findings=findings)


def stacking_of(case: Case) -> Stacking:
    """Return how ROIs of a case are stacked: one drawn on a single plane is as thick as a slice."""

    def stacked(roi: Roi, cap_limit_mm: float) -> tuple[PlaneStack, tuple[Finding, ...]]:
        return stack_planes(roi, images_mm=case.planes_of(roi), cap_limit_mm=cap_limit_mm)

    return stacked


def shape_of(region: Region, reading: Reading, ground: Ground) -> Shape:
    """Return the solid of a region; solids of an expression are combined, not its contours.

    Without a margin or an isodose the slabs, or the fine sections of the lofts, are combined
    exactly. Else the whole is worked out on fields of the lofts, below the voxel.

    Raises
    ------
    CaseRejected
        `roi-empty`, `roi-single-slice`, `no-volume`; `no-dose` and its like for an isodose.
    """
    findings = list(region.findings)
    frames = dict.fromkeys(roi.frame for roi in region.rois)
    if len(frames) > 1:
        seen = f"its parts lie on planes of {len(frames)} orientations; all are cut along the first"
        findings.append(codes.PLANES_CUT_ANEW.note(where=region.name, seen=seen))

    def stacked(roi: Roi) -> PlaneStack:
        stack, noticed = ground.stacking(roi, reading.cap_limit_mm)
        findings.extend(noticed)
        return stack

    solid = region.solid_under(reading)
    if region.is_exact:
        stack = _combined_tree(region.tree, lambda roi: solid_of(stacked(roi), solid))
    else:
        tree, setting = sources_of(region, ground, stacked)
        findings += (seen for one in leaves(tree) for seen in one.findings)
        lattice = lattice_of(tree, setting)
        stack = NOTHING if lattice is None else sections_of(tree, lattice)
    return Shape(stack, tuple(dict.fromkeys(findings)), solid)


def sources_of(
    region: Region,
    ground: Ground,
    stacked: Callable[[Roi], PlaneStack],
    *,
    is_staircase: bool = False,
) -> tuple[Tree[Source], Setting]:
    """Return a region as a tree of solids, and the planes they are worked out on.

    Parameters
    ----------
    region
        The region.
    ground
        What it stands on.
    stacked
        The planes of each of its ROIs.
    is_staircase
        Whether contours are read as slabs instead of lofts.

    Raises
    ------
    CaseRejected
        As `shape_of`.
    """
    drawn = {roi: Drawn(Body.of(stacked(roi)), is_staircase) for roi in region.rois}

    def source(part: Part) -> Tree[Source]:
        if isinstance(part, IsodoseWord):
            return Leaf(ground.isodose(part))
        own: list[Tree[Source]] = [Leaf(drawn[roi]) for roi in part]
        return reduce(lambda one, other: Combined("union", one, other), own)

    return mapped(region.tree, source), ground.setting(region.rois)


def combined_stacks(region: Region, stacked: Callable[[Roi], PlaneStack]) -> PlaneStack:
    """Combine the slabs of a region that is made of contours alone; without planes for nothing."""
    return _combined_tree(region.tree, stacked)


def _combined_tree(tree: Tree[Part], solid: Callable[[Roi], PlaneStack]) -> PlaneStack:
    match tree:
        case Leaf(part):
            rois = () if isinstance(part, IsodoseWord) else part
            return reduce(lambda one, roi: _combined(one, solid(roi), "union"), rois, NOTHING)
        case Combined(operation, one, other):
            first, second = _combined_tree(one, solid), _combined_tree(other, solid)
            return _combined(first, second, operation)
        case Resized(part, _):  # pragma: no branch - there is no fourth kind
            return _combined_tree(part, solid)


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
