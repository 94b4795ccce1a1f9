"""What a text means in a case: a name, a pattern, or an expression (`Liver-GTV`, `A&B`)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rtvol.dvh.grammar import marked
from rtvol.errors import CaseRejected, UsageError
from rtvol.names.find import NO_ALIASES, find_rois
from rtvol.names.plain import is_expression
from rtvol.names.regions import Region, region_of
from rtvol.structures import TARGET_KINDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rtvol.names.find import Aliases
    from rtvol.solids.combine import Operation
    from rtvol.structures import Roi, StructureSet

#: Operators of an expression; they are applied from left to right.
OPERATORS: dict[str, Operation] = {"+": "union", "-": "subtract", "&": "intersect"}


@dataclass(frozen=True)
class Operand:
    """A name in an expression, and what is done with it ("union" for the first)."""

    operation: Operation
    name: str


def regions_meant(
    structures: StructureSet, text: str, names: Aliases = NO_ALIASES
) -> tuple[Region, ...]:
    """Return the regions that a text means: the same for `--roi`, a goal and a recipe.

    A name or a pattern is each ROI it means (`find_rois`). Another text with operators is an
    expression, one region; each name in it is all ROIs it means, joined: in `Liver-GTV` GTV is
    the ROI of that name, or else all of type GTV together.

    Raises
    ------
    UsageError
        `bad-expression`.
    CaseRejected
        `roi-not-found`, `roi-ambiguous`, `roi-empty`.
    """
    try:
        return tuple(region_of(roi) for roi in find_rois(structures, text, names))
    except CaseRejected as fault:
        if fault.finding.code != "roi-not-found" or not is_expression(text):
            raise
    known = (*structures.names, *names, *TARGET_KINDS)
    operands = parse_expression(text, known)
    meant = [(one, find_rois(structures, one.name, names)) for one in operands]
    if len(meant) == 1:
        return tuple(map(region_of, meant[0][1]))
    parts = tuple((one.operation, rois) for one, rois in meant)
    said = [_meaning(one.name, rois) for one, rois in meant]
    return (Region(text, parts, "; ".join(filter(None, said))),)


def goal_regions(structures: StructureSet, text: str, names: Aliases) -> tuple[Region, ...]:
    """Return the regions a goal is about.

    A goal on GTV, CTV, PTV or ITV alone is about every lesion: all drawn ROIs of that type or of
    exactly that name. All else means what it means everywhere (`regions_meant`).

    Raises
    ------
    UsageError
        `bad-expression`.
    CaseRejected
        `roi-not-found`, `roi-ambiguous`, `roi-empty`.
    """
    if text in TARGET_KINDS:
        called = [roi for roi in structures.rois if text in (roi.kind, roi.name)]
        if drawn := tuple(region_of(roi) for roi in called if not roi.is_empty):
            return drawn
    return regions_meant(structures, text, names)


def _meaning(name: str, rois: Sequence[Roi]) -> str:
    """Say which ROIs a name of another spelling stands for."""
    if len(rois) == 1 and rois[0].name.casefold() == name.casefold():
        return ""
    return f"{name} is {' + '.join(roi.name for roi in rois)}"


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


def _bad(text: str, at: int, why: str) -> UsageError:
    return UsageError(
        "bad-expression",
        where="expression",
        seen=marked(text, at, why),
        mend='write it like Liver-GTV, Kidney_L+Kidney_R or "PTV-1" & Liver',
    )
