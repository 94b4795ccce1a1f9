"""What a name or an expression (`Liver-GTV`, `A&B`) means in a case: regions and their solids."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import reduce
from typing import TYPE_CHECKING

from rtvol import masks
from rtvol.dvh.solids import Reading, solid_of
from rtvol.errors import CaseRejected, UsageError
from rtvol.masks.combine import combine
from rtvol.names.find import find_roi
from rtvol.structures import TARGET_KINDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rtvol.case import Case
    from rtvol.errors import Finding
    from rtvol.masks.combine import Operation
    from rtvol.masks.stack import PlaneStack
    from rtvol.structures import Roi, StructureSet

#: Operators of an expression; they are applied from left to right.
OPERATORS: dict[str, Operation] = {"+": "union", "-": "subtract", "&": "intersect"}
_SEPARATORS = re.compile(r"[\s_.-]+")


@dataclass(frozen=True)
class Operand:
    """A name in an expression, and what is done with it ("union" for the first)."""

    operation: Operation
    name: str


@dataclass(frozen=True, eq=False)
class Region:
    """A region of a case: one ROI, or several combined.

    Attributes
    ----------
    name
        The ROI's name, or the expression.
    kind
        RTROIInterpretedType of a single ROI; empty for an expression.
    parts
        What is combined, from left to right; the ROIs of one part are joined first.
    spacing_mm
        Slice spacing of the CT, for an ROI drawn on one plane.
    """

    name: str
    kind: str
    parts: tuple[tuple[Operation, tuple[Roi, ...]], ...]
    spacing_mm: float | None

    @property
    def roi(self) -> Roi | None:
        """The one ROI it is; None for a combination."""
        rois = self.parts[0][1]
        return rois[0] if len(self.parts) == len(rois) == 1 else None

    @property
    def is_target(self) -> bool:
        """Whether it may have a conformity index: a target by type, or by the start of its name."""
        if self.kind:
            return self.kind in TARGET_KINDS or self.name.upper().startswith(TARGET_KINDS)
        return True


def region_of(case: Case, roi: Roi) -> Region:
    """Return one ROI as a region."""
    return Region(roi.name, roi.kind, (("union", (roi,)),), _spacing_mm(case))


def contours_of(region: Region, cap_limit_mm: float) -> tuple[PlaneStack, tuple[Finding, ...]]:
    """Contours of a region, combined slab by slab where it is an expression.

    Raises
    ------
    CaseRejected
        `roi-empty`, `roi-single-slice`, `nothing-left`.
    """
    findings: list[Finding] = []
    stack = _combined(region, Reading("slab", cap_limit_mm), findings)
    return stack, tuple(dict.fromkeys(findings))


def body_of(region: Region, reading: Reading) -> PlaneStack:
    """Return the solid of a region; solids of an expression are combined, not its contours."""
    return _combined(region, reading, [])


def _combined(region: Region, reading: Reading, findings: list[Finding]) -> PlaneStack:
    whole: PlaneStack | None = None
    for operation, rois in region.parts:
        bodies = []
        for roi in rois:
            stack, noticed = masks.stack_planes(
                roi, spacing_mm=region.spacing_mm, cap_limit_mm=reading.cap_limit_mm
            )
            findings += noticed
            bodies.append(solid_of(stack, reading.solid))
        part = reduce(lambda one, other: combine(one, other, "union"), bodies)
        whole = part if whole is None else combine(whole, part, operation)
    if whole is None:
        raise ValueError("a region has at least one part")
    return whole


def parse_expression(text: str, names: Sequence[str]) -> tuple[Operand, ...]:
    """Split an expression at + (or), - (without) and & (both), which are applied left to right.

    A name that holds one of these signs is taken whole where the case has an ROI of that name
    (the longest that fits), or when it is quoted: `"PTV-1" - GTV`.

    Raises
    ------
    UsageError
        `bad-expression`, with a caret.
    """
    if text in names:
        return (Operand("union", text),)
    operands: list[Operand] = []
    at, operation = 0, OPERATORS["+"]
    while True:
        at += len(text[at:]) - len(text[at:].lstrip())
        name, end = _operand(text, at, names)
        if not name:
            raise _bad(text, at, "a name is missing")
        operands.append(Operand(operation, name))
        at = end + len(text[end:]) - len(text[end:].lstrip())
        if at == len(text):
            return tuple(operands)
        if text[at] not in OPERATORS:
            raise _bad(text, at, "+, - or & must follow a name in quotes")
        operation, at = OPERATORS[text[at]], at + 1


def _operand(text: str, at: int, names: Sequence[str]) -> tuple[str, int]:
    """Name at a place of an expression, and where it ends."""
    if text[at : at + 1] in {'"', "'"}:
        end = text.find(text[at], at + 1)
        if end < 0:
            raise _bad(text, at, "the quote is not closed")
        return text[at + 1 : end], end + 1
    folded = text[at:].casefold()
    held = [name for name in names if name and folded.startswith(name.casefold())]
    for name in sorted(held, key=len, reverse=True):
        rest = text[at + len(name) :].lstrip()
        if not rest or rest[0] in OPERATORS:
            return name, at + len(name)
    found = re.search(r"[-+&]", text[at:])
    end = at + found.start() if found else len(text)
    return text[at:end].strip(), end


def is_expression(text: str) -> bool:
    """Whether a text may be an expression, if no ROI bears it as its name."""
    return any(sign in text for sign in (*OPERATORS, '"', "'"))


def expression_region(case: Case, text: str) -> Region:
    """Region an expression means; each name in it is one ROI, as `find_roi` finds it.

    Raises
    ------
    UsageError
        `bad-expression`.
    CaseRejected
        `roi-not-found`, `roi-ambiguous`, `roi-empty`.
    """
    operands = parse_expression(text, case.structures.names)
    parts = tuple((one.operation, (find_roi(case.structures, one.name),)) for one in operands)
    if len(parts) == 1:
        return region_of(case, parts[0][1][0])
    return Region(text, "", parts, _spacing_mm(case))


def goal_regions(case: Case, text: str, names: Mapping[str, tuple[str, ...]]) -> tuple[Region, ...]:
    """Regions a goal is about: one, or each lesion for a goal on GTV, CTV, PTV or ITV.

    In an expression such a name means all regions of that type together.

    Raises
    ------
    UsageError
        `bad-expression`.
    CaseRejected
        `roi-not-found`, `roi-ambiguous`, `roi-empty`.
    """
    known = (*case.structures.names, *names, *TARGET_KINDS)
    operands = parse_expression(text, known)
    meant = [named_rois(case.structures, one.name, names) for one in operands]
    if len(operands) == 1:
        return tuple(region_of(case, roi) for roi in meant[0])
    parts = tuple((one.operation, rois) for one, rois in zip(operands, meant, strict=True))
    return (Region(text, "", parts, _spacing_mm(case)),)


def named_rois(
    structures: StructureSet, name: str, names: Mapping[str, tuple[str, ...]]
) -> tuple[Roi, ...]:
    """ROIs a name in a goal means.

    A target (GTV, CTV, PTV, ITV) is all drawn ROIs of that type or of exactly that name, and is
    never guessed. Another name is the ROI of that name, else the one that differs in case or
    separators only, else the one that an alias (name or pattern) fits.

    Raises
    ------
    CaseRejected
        `roi-not-found`, `roi-ambiguous`, `roi-empty`.
    """
    if name in TARGET_KINDS:
        typed = [roi for roi in structures.rois if name in (roi.kind, roi.name)]
        drawn = tuple(roi for roi in typed if not roi.is_empty)
        return drawn or (find_roi(structures, name),)
    if name in structures.names:
        return (find_roi(structures, name),)
    patterns = [name, *names.get(name, ())]
    plain = [roi for roi in structures.rois if _plain(roi.name) == _plain(name)]
    hits = plain or [
        roi
        for roi in structures.rois
        if any(fnmatchcase(_plain(roi.name), _plain(pattern)) for pattern in patterns)
    ]
    if len(hits) > 1:
        raise CaseRejected(
            "roi-ambiguous",
            where=f'"{name}"',
            seen=", ".join(roi.name for roi in hits),
            mend="name the one that is meant in the goals file, under [names]",
        )
    return (find_roi(structures, hits[0].name if hits else name),)


def _plain(name: str) -> str:
    """Return a name without case, separators and typographic variants."""
    return _SEPARATORS.sub("", unicodedata.normalize("NFKC", name).casefold())


def _spacing_mm(case: Case) -> float | None:
    return (case.ct.grid.plane_spacing_mm if case.ct else 0.0) or None


def _bad(text: str, at: int, why: str) -> UsageError:
    from rtvol.dvh.grammar import marked

    return UsageError(
        "bad-expression",
        where="expression",
        seen=marked(text, at, why),
        mend='write it like Liver-GTV, Kidney_L+Kidney_R or "PTV-1" & Liver',
    )
