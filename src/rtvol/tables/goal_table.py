"""The table of goals judged: one row per goal and structure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rtvol.tables.rows import GoalRow
from rtvol.tables.sheet import CASE, PATIENT, Column, InCase, Sheet

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rtvol.tables.rows import CaseResult

AtGoal = InCase[GoalRow]
OWN: tuple[Column[AtGoal], ...] = (
    Column("structure", "text", "", "name of the structure", lambda at: at.row.structure),
    Column("goal", "text", "", "the rule", lambda at: at.row.goal),
    Column("value", "number", "in column unit", "what was found", lambda at: at.row.value),
    Column("unit", "text", "", "unit of value", lambda at: at.row.unit),
    Column("verdict", "text", "", "pass, fail or cannot say", lambda at: at.row.verdict),
    Column("priority", "count", "", "1 before 2", lambda at: at.row.priority),
    Column("source", "text", "", "where the limit is from", lambda at: at.row.source),
    Column(
        "verified",
        "flag",
        "",
        "whether someone has compared it with the source",
        lambda at: at.row.verified,
    ),
    Column("note", "text", "", "why nothing can be said, or a remark", lambda at: at.row.note),
)
GOALS: Sheet[AtGoal] = Sheet("goals", "rtvol/goals-judged@1", (CASE, PATIENT, *OWN))


def goals_in(result: CaseResult, patient: str = "") -> Iterator[AtGoal]:
    """Yield the goals of a case, each with the case it is of."""
    for row in result.goals:
        yield InCase(result.case, result.status, patient, row)
