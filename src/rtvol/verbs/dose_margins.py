"""One case: asked, achieved and dosimetric margin of its targets, side by side."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from rtvol import io
from rtvol.errors import CaseRejected, Finding, UsageError, keep_noticed, status_of
from rtvol.margins.achieved import DIRECTIONS
from rtvol.names.expressions import regions_meant
from rtvol.names.find import choose_gtvs, typed_targets
from rtvol.names.regions import region_of, shape_of
from rtvol.solids.boundary import Boundary
from rtvol.solids.reading import Reading
from rtvol.tables.document import finding_entries
from rtvol.verbs.dose_margin import AXES, DoseMargin, dose_margin
from rtvol.verbs.expand import ExpandJob, case_targets
from rtvol.verbs.given_dose import case_dose, dose_for
from rtvol.verbs.grounds import case_ground
from rtvol.verbs.target_doses import with_targets
from rtvol.verbs.terms import Terms, prescribed_of
from rtvol.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from rtvol.case import Case, LeftOut
    from rtvol.errors import Status
    from rtvol.io import CaseFiles
    from rtvol.margins import Margin, PatientTargets
    from rtvol.names.regions import Region
    from rtvol.solids.planes import PlaneStack
    from rtvol.volumes import Dose

SCHEMA = "rtvol/dose-margin@1"
DEFAULT_TERMS = Terms()
_LEVEL = re.compile(r"\s*(\d+\.?\d*|\.\d+)\s*(%|cGy|Gy)\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Level:
    """An isodose as asked for: `45 Gy`, or `95 %` of the prescription."""

    amount: float
    unit: str

    def __str__(self) -> str:
        return f"{self.amount:g} {self.unit}"


@dataclass(frozen=True)
class MarginJob:
    """What to ask of every case.

    Attributes
    ----------
    levels
        Isodoses.
    targets
        Names or patterns; empty for the CTVs, else the GTVs.
    expand
        Targets to make first; None for those drawn.
    outer
        A structure drawn round the target, whose distance is the achieved margin; empty for none.
    asked
        The margin asked for, where the targets are drawn.
    doses, terms
        RTDOSE files to use, and the prescription.
    """

    levels: tuple[Level, ...]
    targets: tuple[str, ...] = ()
    expand: ExpandJob | None = None
    outer: str = ""
    asked: Margin | None = None
    doses: tuple[Path, ...] = ()
    terms: Terms = DEFAULT_TERMS


@dataclass(frozen=True)
class MarginRow:
    """One target and one isodose.

    Attributes
    ----------
    target, outer
        The target, and what was grown from it; empty where nothing is known of that.
    level, level_gy
        The isodose as asked for, and in Gy; None where 100 % is not known.
    asked_mm, achieved_mm
        By direction: the margin asked for, and the least that was reached.
    found
        The dosimetric margin; None where `note` says why.
    """

    target: str
    outer: str
    level: str
    level_gy: float | None
    asked_mm: Mapping[str, float]
    achieved_mm: Mapping[str, float]
    found: DoseMargin | None
    note: str = ""


@dataclass(frozen=True)
class MarginResult:
    """What became of one case."""

    case: str
    status: Status
    findings: tuple[Finding, ...]
    rows: tuple[MarginRow, ...] = ()
    unused: tuple[LeftOut, ...] = ()


@dataclass(frozen=True, eq=False)
class InnerTarget:
    """A target, and what is known of the margin round it.

    Attributes
    ----------
    region
        The target.
    outer
        What was grown from it; empty where nothing is known of that.
    asked_mm, achieved_mm
        By direction: the margin asked for, and the least reached; None where that is not known.
    """

    region: Region
    outer: str = ""
    asked_mm: Mapping[str, float] | None = None
    achieved_mm: Mapping[str, float] | None = None


def parse_level(text: str) -> Level:
    """Read an isodose: `45Gy`, `4500 cGy`, `95 %` (of the prescription).

    Raises
    ------
    UsageError
        `bad-isodose`.
    """
    found = _LEVEL.fullmatch(text)
    if found is None or not float(found[1]) > 0:
        mend = 'a dose above 0 with its unit: 45Gy, or "95 %" of the prescription'
        raise UsageError("bad-isodose", where="--isodose", seen=text, mend=mend)
    amount, unit = float(found[1]), found[2].lower()
    if unit == "cgy":
        amount, unit = amount / 100, "gy"
    return Level(amount, "%" if unit == "%" else "Gy")


def margin_case(files: CaseFiles, job: MarginJob) -> MarginResult:
    """Read a case and measure its dosimetric margins.

    Raises
    ------
    CaseRejected
        The case gets no number: no dose, no such target, or why none of them has a margin.
    """
    case = io.read_case(files)
    with keep_noticed(case.findings):
        return _margins_read(case, job)


def rejected_margins(
    files: CaseFiles, finding: Finding, noticed: Iterable[Finding]
) -> MarginResult:
    """Return the result of a case that gets no number."""
    return MarginResult(files.name, "reject", (*files.findings, *noticed, finding))


def _margins_read(case: Case, job: MarginJob) -> MarginResult:
    given = case_dose(case, job.doses)
    findings = [*case.findings, *given.findings]
    whole, made = case, None
    if job.expand is not None:
        made, noticed = case_targets(case, job.expand)
        whole = with_targets(case, made, job.expand.recipe.policy)
        findings += noticed
    prescribed = prescribed_of(case, job.terms, given)
    dose = dose_for(given, None)
    rows: list[MarginRow] = []
    faults: list[CaseRejected] = []
    for inner in _inner_targets(whole, made, job):
        stack, noticed = _stack_of(whole, inner.region)
        findings += noticed
        known = _with_outer(whole, inner, stack, job)
        for level in job.levels:
            level_gy = level.amount
            if level.unit == "%":
                level_gy = (prescribed.dose_gy or 0.0) * level.amount / 100
            row, fault = _row(known, stack, (level, level_gy), dose)
            rows.append(row)
            if fault is not None:
                faults.append(fault)
    if len(faults) == len(rows):
        raise faults[0]
    findings += [fault.finding.as_warning() for fault in faults]
    unique = tuple(dict.fromkeys(findings))
    return MarginResult(case.name, status_of(unique), unique, tuple(rows), case.unused)


def margins_round(
    case: Case, inners: Sequence[InnerTarget], dose: Dose, level: tuple[Level, float]
) -> tuple[MarginRow, ...]:
    """Return a row for each target and one isodose; the note of a row says why it has no number.

    Parameters
    ----------
    case, inners
        The case as read, and targets drawn or made in it.
    dose
        In Gy.
    level
        The isodose as it is called, and in Gy.
    """
    rows = []
    for inner in inners:
        try:
            stack, _ = _stack_of(case, inner.region)
            row, _ = _row(inner, stack, level, dose)
        except CaseRejected as fault:
            row = _unmeasured(inner, level, fault.finding.seen)
        rows.append(row)
    return tuple(rows)


def drawn_targets(case: Case) -> list[InnerTarget]:
    """Return the targets drawn in a case: its CTVs, else its GTVs; none where it has neither."""
    try:
        drawn = typed_targets(case.structures, "CTV") or choose_gtvs(case.structures, ())
    except CaseRejected:  # a case may have none
        return []
    return [InnerTarget(region_of(roi)) for roi in drawn]


def _inner_targets(case: Case, made: PatientTargets | None, job: MarginJob) -> list[InnerTarget]:
    if made is None:
        asked = {} if job.asked is None else by_direction(job.asked)
        regions = [
            region for text in job.targets for region in regions_meant(case.structures, text)
        ]
        if not job.targets:
            drawn = typed_targets(case.structures, "CTV") or choose_gtvs(case.structures, ())
            regions = list(map(region_of, drawn))
        return [InnerTarget(region, asked_mm=asked) for region in dict.fromkeys(regions)]
    assert job.expand is not None  # noqa: S101 - targets are made by it
    recipe, found = job.expand.recipe, []
    for lesion in made.lesions:
        outer = lesion.ptv_clip or lesion.ptv
        inner = lesion.ctv if recipe.ptv_from == "ctv" else lesion.gtv
        reached = outer.achieved.toward if outer.achieved else {}
        achieved = {name: spread.min_mm for name, spread in reached.items()}
        asked = by_direction(recipe.ptv)
        found.append(InnerTarget(region_of(inner.roi), outer.name, asked, achieved))
    if job.targets:
        named = {
            region.name for text in job.targets for region in regions_meant(case.structures, text)
        }
        others = [InnerTarget(region_of(roi)) for roi in case.structures.rois if roi.name in named]
        known = {inner.region.name: inner for inner in found}
        found = [known.get(one.region.name, one) for one in others]
    return found


def by_direction(margin: Margin) -> dict[str, float]:
    """Return the six lengths of a margin, mm, by direction."""
    return dict(zip(DIRECTIONS, margin.six_mm, strict=True))


def _stack_of(case: Case, region: Region) -> tuple[PlaneStack, tuple[Finding, ...]]:
    try:
        shape = shape_of(region, Reading(), case_ground(case))
    except CaseRejected as fault:
        raise fault.at(f"ROI {region.name}") from None
    if shape.is_empty:
        raise CaseRejected("nothing-left", where=region.name, seen="its parts leave nothing: 0 cc")
    return shape.stack, shape.findings


def _with_outer(case: Case, inner: InnerTarget, stack: PlaneStack, job: MarginJob) -> InnerTarget:
    """Measure the margin to a drawn structure: least distances by what its surface faces."""
    if not job.outer:
        return inner
    (region, *more) = regions_meant(case.structures, job.outer)
    if more:
        listed = ", ".join(one.name for one in (region, *more))
        raise CaseRejected("roi-ambiguous", where=job.outer, seen=listed, mend="give one name")
    outer_stack, _ = _stack_of(case, region)
    outer = Boundary.of(outer_stack, "loft")
    mm = Boundary.of(stack, "loft").signed_mm(
        stack.frame.from_patient(outer_stack.frame.to_patient(outer.point_mm))
    )
    facing = np.argmax(outer_stack.frame.to_patient(outer.normal) @ AXES.T, axis=1)
    reached = {
        name: float(mm[facing == number].min())
        for number, name in enumerate(DIRECTIONS)
        if (facing == number).any()
    }
    return InnerTarget(inner.region, region.name, inner.asked_mm, reached)


def _row(
    inner: InnerTarget, stack: PlaneStack, asked: tuple[Level, float], dose: Dose
) -> tuple[MarginRow, CaseRejected | None]:
    level, level_gy = asked
    found, fault = None, None
    try:
        found = dose_margin(stack, dose, _known_gy(level_gy))
    except CaseRejected as refused:
        fault = refused.at(f"{inner.region.name}, isodose {level}")
    row = _unmeasured(inner, asked, fault.finding.seen if fault else "")
    if found is not None and found.is_open:
        row = replace(
            row, note="the isodose goes on beyond the dose grid: distances are to what is known"
        )
    return replace(row, found=found), fault


def _unmeasured(inner: InnerTarget, asked: tuple[Level, float], note: str) -> MarginRow:
    level, level_gy = asked
    return MarginRow(
        target=inner.region.name,
        outer=inner.outer,
        level=str(level),
        level_gy=level_gy or None,
        asked_mm=inner.asked_mm or {},
        achieved_mm=inner.achieved_mm or {},
        found=None,
        note=note,
    )


def _known_gy(level_gy: float) -> float:
    if level_gy <= 0:
        mend = "give --prescription, or the isodose in Gy"
        raise CaseRejected(
            "no-prescription", seen="no prescribed dose is known for 100 %", mend=mend
        )
    return level_gy


def margin_document(results: Sequence[MarginResult]) -> dict[str, Any]:
    """Return the one document of `--json`, schema `rtvol/dose-margin@1`."""
    return {
        "schema": SCHEMA,
        "rtvol": __version__,
        "cases": [
            {
                "case": result.case,
                "status": result.status,
                "findings": finding_entries(result.findings, notes=False),
                "notes": finding_entries(result.findings, notes=True),
                "margins": [margin_entry(row) for row in result.rows],
            }
            for result in results
        ],
    }


def margin_entry(row: MarginRow) -> dict[str, Any]:
    """Return the entry of one target and isodose: asked, achieved and dosimetric, by direction."""
    entry: dict[str, Any] = {
        "target": row.target,
        "outer": row.outer,
        "isodose": row.level,
        "isodose_gy": row.level_gy,
        "directions": {
            name: {
                "asked_mm": row.asked_mm.get(name),
                "achieved_mm": row.achieved_mm.get(name),
                "dose_mm": row.found.toward[name].min_mm
                if row.found and name in row.found.toward
                else None,
            }
            for name in DIRECTIONS
        },
        "note": row.note,
    }
    if row.found is not None:
        entry |= {
            "least_mm": row.found.whole.min_mm,
            "mean_mm": row.found.whole.mean_mm,
            "least_toward": row.found.least_toward,
            "least_at_mm": list(row.found.least_at_mm),
            "uncovered_percent": row.found.uncovered_percent,
            "is_open": row.found.is_open,
        }
    return entry
