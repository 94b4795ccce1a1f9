"""Histograms of distance and surface as a table: one row per step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rtvol.tables.sheet import CASE, Column, InCase, Sheet

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rtvol.tables.rows import CaseResult

#: Structure, kind, distance or dose, amount, all of it.
SpaceStep = tuple[str, str, float, float, float]
AtStep = InCase[SpaceStep]
UNITS = {"OVH": ("mm", "cc"), "DSH": ("Gy", "cm2")}

SPACE: Sheet[AtStep] = Sheet(
    "space-curves",
    "rtvol/space-curves@1",
    (
        CASE,
        Column("structure", "text", "", "name, or the expression", lambda at: at.row[0]),
        Column(
            "kind", "text", "", "OVH: within a distance; DSH: at least a dose", lambda at: at.row[1]
        ),
        Column("at", "number", "in column at_unit", "distance or dose", lambda at: at.row[2]),
        Column("at_unit", "text", "", "mm or Gy", lambda at: UNITS[at.row[1]][0]),
        Column("amount", "number", "in column amount_unit", "volume or area", lambda at: at.row[3]),
        Column("amount_unit", "text", "", "cc or cm2", lambda at: UNITS[at.row[1]][1]),
        Column(
            "percent", "number", "%", "the same in % of all", lambda at: 100 * at.row[3] / at.row[4]
        ),
    ),
)


def space_steps(result: CaseResult) -> Iterator[AtStep]:
    """Yield the steps of the histograms of every structure of a case that carries some."""
    for row in result.structures:
        for curve in row.dose.space if row.dose else ():
            for at, amount in zip(curve.at.tolist(), curve.amount.tolist(), strict=True):
                step = (row.name, curve.kind, at, amount, curve.total)
                yield InCase(result.case, result.status, "", step)
