"""Goals of a set, case by case: what was found, and whether it passes, fails or cannot be said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rtvol import codes
from rtvol.dvh.goals import judge
from rtvol.dvh.grammar import one_line
from rtvol.errors import CaseRejected, Finding, UsageError
from rtvol.names.expressions import goal_regions
from rtvol.tables.rows import GoalRow
from rtvol.verbs.bench import physical_values

if TYPE_CHECKING:
    from rtvol.dvh.goals import Goal, GoalSet
    from rtvol.names.regions import Region
    from rtvol.verbs.bench import Bench

#: Prescriptions nearer to each other than this, in Gy, are the same.
SAME_GY = 1e-3


def goal_rows(bench: Bench) -> tuple[tuple[GoalRow, ...], tuple[Finding, ...]]:
    """Judge all goals of a case, in the order of their sets; on the physical dose, in Gy.

    Goals for another prescription than the case's are left out; one that stands in several sets
    comes once. With what was noticed: `goal-reversed`, `goal-fractions`, and findings on the
    regions.
    """
    rows: dict[tuple[str, str, str], GoalRow] = {}
    findings: list[Finding] = []
    for wanted in bench.terms.goals:
        judged, noticed = _rows_of_set(bench, wanted)
        findings += noticed
        for row in judged:
            rows.setdefault((row.structure, row.goal, row.source), row)
    return tuple(rows.values()), tuple(findings)


def _rows_of_set(bench: Bench, wanted: GoalSet) -> tuple[list[GoalRow], list[Finding]]:
    barred, noticed = _barred(bench, wanted)
    rows: list[GoalRow] = []
    findings = list(noticed)
    for goal in wanted.goals:
        if goal.is_reversed:
            findings.append(_reversed(goal))
        given_gy = bench.prescribed.dose_gy
        if goal.prescribed_gy is not None and given_gy is not None:
            if abs(goal.prescribed_gy - given_gy) > SAME_GY:
                continue
        elif goal.prescribed_gy is not None:
            why = f"it holds for {goal.prescribed_gy:g} Gy, and no prescribed dose is known"
            rows.append(_row(goal, goal.structure, None, why))
            continue
        judged, seen = _judged(bench, goal, wanted, barred)
        rows += judged
        findings += seen
    return rows, findings


def _judged(
    bench: Bench, goal: Goal, wanted: GoalSet, barred: str
) -> tuple[list[GoalRow], list[Finding]]:
    try:
        regions = goal_regions(bench.case.structures, goal.structure, wanted.names)
    except (CaseRejected, UsageError) as fault:
        return [_row(goal, goal.structure, None, _reason(fault))], []
    if barred:
        return [_row(goal, region.name, None, barred) for region in regions], []
    rows: list[GoalRow] = []
    findings: list[Finding] = []
    for region in regions:
        row, noticed = _of_region(bench, goal, region)
        rows.append(row)
        findings += noticed
    return rows, findings


def _of_region(bench: Bench, goal: Goal, region: Region) -> tuple[GoalRow, tuple[Finding, ...]]:
    try:
        values, noticed = physical_values(bench, region, (goal.metric,))
    except CaseRejected as fault:
        return _row(goal, region.name, None, _reason(fault)), ()
    found, measured = values[goal.metric.text], bench.measured(region)
    held_cc, note = measured.curve.volume_cc, found.note
    if goal.metric.unit == "cc" and goal.op in {">", ">="} and held_cc < goal.limit:
        note = f"the structure holds {held_cc:.4g} cc in all"
    note = "; ".join(filter(None, (note, region.meaning)))
    return _row(goal, region.name, found.value, note), (*measured.findings, *noticed)


def _row(goal: Goal, structure: str, value: float | None, note: str) -> GoalRow:
    source = f"{goal.source}, table {goal.table}" if goal.table else goal.source
    return GoalRow(
        structure=structure,
        goal=goal.rule,
        value=value,
        unit=goal.metric.unit,
        verdict=judge(goal, value),
        priority=goal.priority,
        source=source,
        verified=goal.verified,
        note=note,
    )


def _reason(fault: CaseRejected | UsageError) -> str:
    finding = fault.finding
    place = f"{finding.where}: " if finding.where else ""
    return f"[{finding.code}] {place}{one_line(finding.seen)}"


def _barred(bench: Bench, wanted: GoalSet) -> tuple[str, tuple[Finding, ...]]:
    """Why none of the goals can be judged, empty when they can; and what was noticed."""
    if bench.given.sum == "eqd2":
        return "the dose is a sum in EQD2, the goals are in Gy", ()
    if bench.given.part and bench.terms.fractions is None:
        return f"{bench.given.part}: goals are for the course", ()
    fractions = bench.prescribed.fractions
    if wanted.fractions in {None, fractions}:
        return "", ()
    seen = f"{wanted.title}: for {wanted.fractions} fractions, not for {fractions}"
    if fractions is None:
        seen = f"{wanted.title}: for {wanted.fractions} fractions, the plan's number is not known"
    mend = "take the set of these fractions, or say --fractions"
    finding = codes.GOAL_FRACTIONS.warn(where="goals", seen=seen, mend=mend)
    return seen if fractions is not None else "", (finding,)


def _reversed(goal: Goal) -> Finding:
    dose = f"{goal.metric.amount:g}{goal.metric.amount_unit}"
    return codes.GOAL_REVERSED.warn(
        where=f"goal {goal.text}",
        seen=f"an upper limit of {goal.limit:g} cc reads like a rule of spared volume turned round",
        mend=f"if at least {goal.limit:g} cc must stay below {dose}: "
        f"{goal.structure} CV{dose}[cc] >= {goal.limit:g} cc",
    )
