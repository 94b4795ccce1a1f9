"""The long table: one row per number of a structure, and per goal."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rtvol.tables.sheet import CASE, PATIENT, Column, InCase, Sheet, joined

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rtvol.tables.rows import CaseResult, DosePart, GoalRow, StructureRow

VOLUME = "Volume[cc]"
_UNIT = re.compile(r"\[([^\]]*)\]$")


@dataclass(frozen=True)
class MetricRow:
    """One number: `value` is None when there is none, and `note` says why.

    `solid`, `caps` and `interpolation` say what it is the number of; empty for what has none.
    """

    structure: str
    metric: str
    value: float | None
    unit: str
    solid: str = ""
    caps: str = ""
    interpolation: str = ""
    note: str = ""


AtMetric = InCase[MetricRow]
OWN: tuple[Column[AtMetric], ...] = (
    Column("structure", "text", "", "name, or the expression", lambda at: at.row.structure),
    Column("metric", "text", "", "normalised metric, unit in brackets", lambda at: at.row.metric),
    Column(
        "value",
        "number",
        "in column unit",
        "null where there is no number",
        lambda at: at.row.value,
    ),
    Column("unit", "text", "", "unit of value: Gy, cc, % or none", lambda at: at.row.unit),
    Column("solid", "text", "", "slab or loft: what value is of", lambda at: at.row.solid),
    Column("caps", "text", "", "ends of that solid: half, none or mm", lambda at: at.row.caps),
    Column(
        "interpolation",
        "text",
        "",
        "of the dose between its samples",
        lambda at: at.row.interpolation,
    ),
    Column("note", "text", "", "why there is no number, or a remark", lambda at: at.row.note),
)
#: The table of `rtvol dvh`, and that of a run.
DVH_LONG: Sheet[AtMetric] = Sheet("dvh", "rtvol/dvh-long@1", (CASE, *OWN))
METRICS: Sheet[AtMetric] = Sheet("metrics", "rtvol/metrics@1", (CASE, PATIENT, *OWN))


def metrics_in(result: CaseResult, patient: str = "") -> Iterator[AtMetric]:
    """Yield volume and metrics of every structure of a case, then its goals."""
    for row in result.structures:
        for one in _structure_metrics(row):
            yield InCase(result.case, result.status, patient, one)
    doses = [row.dose for row in result.structures if row.dose]
    ways = {(dose.solid, dose.caps, dose.interpolation) for dose in doses}
    # goals are judged on the doses that the rows above are of, read in the same way
    read_as = ways.pop() if len(ways) == 1 else ("", "", "")
    for goal in result.goals:
        yield InCase(result.case, result.status, patient, _goal_metric(goal, read_as))


def _structure_metrics(row: StructureRow) -> Iterator[MetricRow]:
    dose = row.dose
    yield _volume(row)
    if dose is None:
        return
    read_as = (dose.solid, dose.caps, dose.interpolation)
    for metric, value in dose.metrics.items():
        if metric != VOLUME:
            note = row.notes.get(metric, "")
            yield MetricRow(row.name, metric, value, _unit(metric, dose), *read_as, note)
    for metric, ends in dose.range.items():
        for word, end in zip(("lowest", "highest"), ends, strict=True):
            yield MetricRow(row.name, f"{word} {metric}", end, _unit(metric, dose))
    for metric, span in dose.shift.items():
        ends_of = (("lowest", span.low, span.low_toward), ("highest", span.high, span.high_toward))
        for word, shifted, way in ends_of:
            name = f"{word} {metric}, shifted {dose.shift_mm:g} mm"
            note = span.note or f"towards {way}" * bool(way) or "not shifted"
            yield MetricRow(row.name, name, shifted, _unit(metric, dose), note=note)
    for one in dose.comparison:
        name, unit = f"stored {one.quantity}", _bracket(one.quantity)
        yield MetricRow(row.name, name, one.stored, unit, note=one.verdict)


def _volume(row: StructureRow) -> MetricRow:
    """Volume of the solid whose doses follow, so that V20Gy[cc] never exceeds it."""
    volume, dose = row.volume, row.dose
    if dose is not None and dose.volume_cc is not None:
        return MetricRow(row.name, VOLUME, dose.volume_cc, "cc", dose.solid, dose.caps)
    note = row.notes.get("volume_cc", "") if volume.cc is None else ""
    return MetricRow(row.name, VOLUME, volume.cc, "cc", volume.solid, note=note)


def _goal_metric(goal: GoalRow, read_as: tuple[str, str, str]) -> MetricRow:
    parts = (goal.verdict, goal.note, goal.source and f"source: {goal.source}")
    words = joined(part for part in parts if part)
    name = f"goal {goal.goal}"
    return MetricRow(goal.structure, name, goal.value, goal.unit, *read_as, words)


def _unit(metric: str, dose: DosePart) -> str:
    unit = _bracket(metric)
    return f"Gy ({dose.axis})" if unit == "Gy" and dose.axis not in {"", "physical"} else unit


def _bracket(metric: str) -> str:
    found = _UNIT.search(metric)
    return found[1] if found else ""
