"""Dose-volume curves and goals as a page draws them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rtvol.dvh.curve import BIN_GY
from rtvol.dvh.goals import parse_goal
from rtvol.report.pens import pen_entry

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rtvol.dvh.goals import Goal
    from rtvol.report.palette import Pen
    from rtvol.tables.rows import GoalRow, StructureRow

#: A page draws a curve by at most so many points.
MOST_POINTS = 600
#: Tags stand on their curves at heights between these, %; steps of the golden ratio keep neighbours
#: apart, however many there are.
TAG_HEIGHTS, TAG_STEP = (6.0, 94.0), 0.6180339887


def curve_data(rows: Sequence[StructureRow]) -> dict[str, Any]:
    """Return the curves of rows on one axis of doses, Gy: % of the part inside the dose grid."""
    drawn = [(row, row.dose.curve) for row in rows if row.dose and row.dose.curve]
    drawn = [(row, curve) for row, curve in drawn if curve.differential_cc.size]
    if not drawn:
        return {"dose_gy": [], "curves": []}
    bins = max(curve.differential_cc.size for _, curve in drawn)
    stride = -(-bins // MOST_POINTS)
    count = -(-bins // stride) + 1
    curves = []
    for row, curve in drawn:
        percent = curve.cumulative_percent
        whole = np.zeros(stride * (count - 1) + 1)
        whole[: percent.size] = percent
        values = np.round(whole[::stride], 4).tolist()
        curves.append({"name": row.name, "percent": values, "inside_cc": curve.inside_cc})
    return {"dose_gy": np.round(np.arange(count) * stride * BIN_GY, 6).tolist(), "curves": curves}


def with_pens(data: dict[str, Any], pens: Sequence[Pen]) -> dict[str, Any]:
    """Return `curve_data` with the pen of each curve, and where on the curve its tag stands.

    Curves with tags come in the order of these, as a reader looks them up.
    """
    low, high = TAG_HEIGHTS
    curves = []
    for number, (curve, pen) in enumerate(zip(data["curves"], pens, strict=True), start=1):
        entry = {**curve, **pen_entry(pen)}
        if pen.tag:
            height = high - (high - low) * (number * TAG_STEP % 1.0)
            entry["tag_at"] = _crossing(data["dose_gy"], curve["percent"], height)
        curves.append(entry)
    curves.sort(key=lambda curve: int(curve["tag"] or 0))
    return {**data, "curves": curves}


def _crossing(doses: Sequence[float], percent: Sequence[float], height: float) -> list[float]:
    """Return dose and % where a falling curve passes a height; its start where it begins below."""
    below = int(np.searchsorted(-np.array(percent), -height, side="right"))
    if below in (0, len(percent)):
        at = min(below, len(percent) - 1)
        return [doses[at], percent[at]]
    (left, right), (top, end) = doses[below - 1 : below + 1], percent[below - 1 : below + 1]
    share = (top - height) / (top - end)
    return [round(left + share * (right - left), 6), height]


def goal_marks(
    goals: Iterable[GoalRow], rows: Sequence[StructureRow], prescription_gy: float | None
) -> list[dict[str, Any]]:
    """Return where the goals stand on the chart: dose in Gy, % of the volume, and which way."""
    volumes = {
        row.name: row.dose.curve.inside_cc
        for row in rows
        if row.dose and row.dose.curve and row.dose.curve.inside_cc
    }
    marks = []
    for number, row in enumerate(goals):
        goal = parse_goal(f"{row.structure} {row.goal}")
        place = _place(goal, volumes.get(row.structure), prescription_gy)
        if place is not None and 0 <= place[1] <= 100:
            mark = {"goal": number, "dose_gy": place[0], "percent": place[1], "way": place[2]}
            marks.append({**mark, "verdict": row.verdict, "name": row.structure})
    return marks


def _place(
    goal: Goal, volume_cc: float | None, prescription_gy: float | None
) -> tuple[float, float, str] | None:
    """Place a goal on the chart; None where it has no place there."""
    metric, limit = goal.metric, goal.limit
    rises = goal.op in {">", ">="}
    if metric.kind in {"Mean", "Min", "Max", "NearMin", "NearMax"}:
        height = {"Mean": 50.0, "Min": 100.0, "NearMin": 98.0, "NearMax": 2.0, "Max": 0.0}
        dose = _gy(limit, metric.unit, prescription_gy)
        return None if dose is None else (dose, height[metric.kind], "right" if rises else "left")
    if metric.kind in {"D", "DC"}:
        share = _percent(metric.amount, metric.amount_unit, volume_cc)
        dose = _gy(limit, metric.unit, prescription_gy)
        if share is None or dose is None:
            return None
        height_percent = 100 - share if metric.kind == "DC" else share
        return dose, height_percent, "right" if rises else "left"
    if metric.kind in {"V", "CV"}:
        share = _percent(limit, metric.unit, volume_cc)
        dose = _gy(metric.amount, metric.amount_unit, prescription_gy)
        if share is None or dose is None:
            return None
        spares = metric.kind == "CV"
        return dose, 100 - share if spares else share, "up" if rises != spares else "down"
    return None


def _gy(value: float, unit: str, prescription_gy: float | None) -> float | None:
    if unit == "%":
        return None if prescription_gy is None else value / 100 * prescription_gy
    return value / 100 if unit == "cGy" else value


def _percent(value: float, unit: str, volume_cc: float | None) -> float | None:
    if unit == "%":
        return value
    return None if not volume_cc else 100 * value / volume_cc
