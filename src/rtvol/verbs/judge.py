"""Goals of a set, case by case: what was found, and whether it passes, fails or cannot be said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rtvol.dvh.goals import judge
from rtvol.dvh.grammar import one_line
from rtvol.errors import CaseRejected, Finding, UsageError
from rtvol.names.expressions import goal_regions
from rtvol.tables.rows import GoalRow
from rtvol.verbs.bench import curve_of, physical_values

if TYPE_CHECKING:
    from rtvol.dvh.goals import Goal, GoalSet
    from rtvol.names.expressions import Region
    from rtvol.verbs.bench import Bench

#: Prescriptions nearer to each other than this, in Gy, are the same.
SAME_GY = 1e-3


def goal_rows(bench: Bench) -> tuple[GoalRow, ...]:
    """Judge all goals of a case, in the order of their set; on the physical dose, in Gy.

    Goals for another prescription than the case's are left out. Findings go to the bench:
    `goal-reversed`, `goal-fractions`.
    """
    wanted = bench.terms.goals
    if wanted is None:
        return ()
    barred = _barred(bench, wanted)
    rows: list[GoalRow] = []
    for goal in wanted.goals:
        if goal.is_reversed:
            bench.findings.append(_reversed(goal))
        given_gy = bench.prescribed.dose_gy
        if goal.prescribed_gy is not None and given_gy is not None:
            if abs(goal.prescribed_gy - given_gy) > SAME_GY:
                continue
        elif goal.prescribed_gy is not None:
            why = f"it holds for {goal.prescribed_gy:g} Gy, and no prescribed dose is known"
            rows.append(_row(goal, goal.structure, None, why))
            continue
        rows += _judged(bench, goal, wanted, barred)
    return tuple(rows)


def _judged(bench: Bench, goal: Goal, wanted: GoalSet, barred: str) -> list[GoalRow]:
    try:
        regions = goal_regions(bench.case, goal.structure, wanted.names)
    except (CaseRejected, UsageError) as fault:
        return [_row(goal, goal.structure, None, _reason(fault))]
    if barred:
        return [_row(goal, region.name, None, barred) for region in regions]
    return [_of_region(bench, goal, region) for region in regions]


def _of_region(bench: Bench, goal: Goal, region: Region) -> GoalRow:
    try:
        found = physical_values(bench, region, (goal.metric,))[goal.metric.text]
    except CaseRejected as fault:
        return _row(goal, region.name, None, _reason(fault))
    held_cc, note = curve_of(bench, region).volume_cc, found.note
    if goal.metric.unit == "cc" and goal.op in {">", ">="} and held_cc < goal.limit:
        note = f"the structure holds {held_cc:.4g} cc in all"
    return _row(goal, region.name, found.value, note)


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


def _barred(bench: Bench, wanted: GoalSet) -> str:
    """Why none of the goals can be judged; empty when they can."""
    if bench.given.sum == "eqd2":
        return "the dose is a sum in EQD2, the goals are in Gy"
    if wanted.fractions is None:
        return ""
    fractions, seen = bench.prescribed.fractions, ""
    if fractions is None:
        seen = f"{wanted.title}: for {wanted.fractions} fractions, the plan's number is not known"
    elif fractions != wanted.fractions:
        seen = f"{wanted.title}: for {wanted.fractions} fractions, not for {fractions}"
    if seen:
        mend = "take the set of these fractions, or say --fractions"
        bench.findings.append(Finding("goal-fractions", "warning", "goals", seen, mend))
    return seen if fractions is not None else ""


def _reversed(goal: Goal) -> Finding:
    dose = f"{goal.metric.amount:g}{goal.metric.amount_unit}"
    return Finding(
        "goal-reversed",
        "warning",
        f"goal {goal.text}",
        f"an upper limit of {goal.limit:g} cc reads like a rule of spared volume turned round",
        f"if at least {goal.limit:g} cc must stay below {dose}: "
        f"{goal.structure} CV{dose}[cc] >= {goal.limit:g} cc",
    )
