"""The tables of a case's page, as the words its template shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rtvol.dvh.grammar import DEFINITIONS
from rtvol.report.pens import numbered, pen_entry
from rtvol.tables.document import finding_entries

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rtvol.errors import Finding
    from rtvol.geometry import Grid
    from rtvol.margins.targets import ClipRecord
    from rtvol.report.palette import Pen
    from rtvol.report.pens import Pens
    from rtvol.report.shown import ShownCase
    from rtvol.report.view import View
    from rtvol.tables.rows import GoalRow, StructureRow

ROLES = {"gtv": "GTV", "ctv": "CTV", "ptv": "PTV", "ptv_clip": "PTV less organs", "roi": ""}
SOLIDS = {"slab": "slab of the contours", "loft": "solid as grown"}
WAYS = ("left", "right", "anterior", "posterior", "superior", "inferior")
STATISTICS = ("min", "mean", "p95", "max")
MARKS = {"pass": "pass", "fail": "fail", "cannot say": "unsure"}


def table_words(shown: ShownCase, view: View, pens: Pens) -> dict[str, Any]:
    """Return everything the template of a case's page shows, but its title.

    `pens` has the pen of each row (`rtvol.report.pens.numbered`).
    """
    result = shown.result
    keys = numbered(row.name for row in shown.rows)
    keyed = zip(shown.rows, keys, strict=True)
    rows = [_structure(row, shown.asked, pens[key]) for row, key in keyed]
    before = ""
    for words, row in zip(rows, shown.rows, strict=True):
        words["starts"] = row.lesion != before
        before = row.lesion
    metrics = _metrics(shown.rows)
    goals = [_goal(number, goal) for number, goal in enumerate(result.goals, start=1)]
    has_curves = any(row.dose is not None and row.dose.curve is not None for row in shown.rows)
    return {
        "status": result.status,
        "patient": shown.patient,
        "lead": _lead(shown, view),
        "rows": rows,
        "is_made": any(row.target is not None for row in shown.rows),
        "sums": _sums(shown),
        "margins": [_margin(entry) for entry in shown.margins],
        "metrics": metrics,
        "has_curves": has_curves,
        "dose_words": shown.dose.words,
        "goals": [goal for goal in goals if not goal["is_absent"]],
        "absent_goals": [goal for goal in goals if goal["is_absent"]],
        "findings": _findings(result.findings),
        "origin": shown.origin,
    }


def number(value: float | None, digits: int = 2) -> str:
    """Return a number with so many digits behind the point; a dash for none."""
    # + 0.0: what is rounded to nothing has no sign
    return "–" if value is None else f"{round(value, digits) + 0.0:.{digits}f}"


def _volume(cc: float | None) -> str:
    return number(cc, 2 if cc is None or abs(cc) < 100 else 1)


def _lead(shown: ShownCase, view: View) -> list[str]:
    case = shown.case
    parts = []
    if case.ct is not None:
        parts.append(f"{case.ct.modality} {_grid(case.ct.grid)}, {case.ct.patient_position or '?'}")
    else:
        parts.append("no images")
    if view.pixels is not None and view.pixels.joined > 1:
        parts.append(f"shown with {view.pixels.joined} x {view.pixels.joined} pixels joined")
    parts.append(f'RTSTRUCT "{case.structures.label}"' if case.structures.label else "RTSTRUCT")
    if shown.dose.dose is not None:
        parts.append(f"dose {_grid(shown.dose.dose.grid)}, max {shown.dose.dose.max_gy:.2f} Gy")
    if shown.dose.prescription_gy is not None:
        parts.append(f"prescribed {shown.dose.prescription_gy:g} Gy")
    return parts


def _grid(grid: Grid) -> str:
    planes, rows, columns = grid.shape
    spacing = (grid.spacing_mm[1], grid.spacing_mm[0], grid.plane_spacing_mm)
    steps = " x ".join(f"{step:.2f}" for step in spacing if step)
    return f"{columns} x {rows} x {planes} of {steps} mm"


def _structure(row: StructureRow, asked: Mapping[str, str], pen: Pen) -> dict[str, Any]:
    reached = row.achieved_mm
    values = [number(reached[key]) for key in STATISTICS if key in reached]
    toward = [number(reached.get(f"{way}_min"), 1) for way in WAYS]
    volume = row.volume
    span = volume.range_cc
    cc = _volume(volume.cc)
    lost = [_clip(clip) for clip in row.clips]
    notes = "; ".join(
        note for key, note in row.notes.items() if key not in row.metrics and key != "prescription"
    )
    return {
        "name": row.name,
        "pen": _swatch(pen),
        "role": ROLES[row.role],
        "cc": cc if span is None else f"{cc} ({_volume(span[0])} to {_volume(span[1])})",
        "solid": SOLIDS[volume.solid] if volume.cc is not None else "",
        "written": _volume(volume.written_cc),
        "planes": str(volume.planes),
        "asked": asked.get(row.role, "") if row.target is not None else "",
        "achieved": " / ".join(values),
        "toward": " / ".join(toward) if any(f"{way}_min" in reached for way in WAYS) else "",
        "lost": lost,
        "notes": notes,
        "below": [*(f"Lost to {text}" for text in lost), *([notes] if notes else [])],
    }


def _clip(clip: ClipRecord) -> str:
    text = f"{clip.organ} {clip.gap_mm:+g} mm ({clip.kind}): {_volume(clip.lost_cc)} cc"
    if clip.lost_cc < 0.005:
        return text
    text += f", {clip.lost_percent:.1f} %"
    if clip.least_mm is not None:
        text += f", least margin {clip.least_mm:.1f} mm"
        text += f" {clip.toward}" if clip.toward else ""
    return text


def _margin(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return the rows of one target and isodose: a line each of what was asked, reached, dosed."""
    ways = entry["directions"]
    lines = []
    for key, head in (
        ("asked_mm", "asked"),
        ("achieved_mm", f"achieved, {entry['outer']}"),
        ("dose_mm", f"to the {entry['isodose']} isodose"),
    ):
        values = [ways[way][key] for way in WAYS]
        if any(value is not None for value in values):
            short = [key == "dose_mm" and _is_short(ways[way]) for way in WAYS]
            cells = list(zip(map(number, values), short, strict=True))
            lines.append({"head": head, "cells": cells})
    words = []
    if "least_mm" in entry:
        words = [
            f"least {number(entry['least_mm'])} mm, {entry['least_toward']}",
            f"mean {number(entry['mean_mm'])} mm",
        ]
        if entry["uncovered_percent"] > 0:
            words.append(f"{number(entry['uncovered_percent'])} % of the surface gets less")
    words += [entry["note"]] if entry["note"] else []
    gy = "" if entry["isodose_gy"] is None else f"{entry['isodose_gy']:g} Gy"
    return {"target": entry["target"], "gy": gy, "lines": lines, "words": words}


def _is_short(way: Mapping[str, float | None]) -> bool:
    """Whether the isodose is nearer than the margin asked for, beyond rounding."""
    asked, dosed = way["asked_mm"], way["dose_mm"]
    return asked is not None and dosed is not None and dosed < asked - 0.005


def _swatch(pen: Pen) -> dict[str, Any]:
    entry = pen_entry(pen)
    return {**entry, "dashes": " ".join(map(str, entry["dashes"]))}


def _sums(shown: ShownCase) -> str:
    result = shown.result
    if result.cumulative_ptv_cc is None:
        return ""
    text = f"Cumulative PTV {_volume(result.cumulative_ptv_cc)} cc"
    lesions = len({row.lesion for row in result.structures if row.lesion})
    return text + (
        f"; sum {_volume(result.sum_ptv_cc)} cc of {lesions} lesions" if lesions > 1 else ""
    )


def _metrics(rows: Sequence[StructureRow]) -> dict[str, Any]:
    dosed = [row for row in rows if row.metrics]
    keys = list(dict.fromkeys(key for row in dosed for key in row.metrics))
    return {
        "columns": keys,
        "rows": [
            {
                "name": row.name,
                "cc": _volume(row.dose.volume_cc if row.dose else None),
                "cells": [number(row.metrics.get(key)) for key in keys],
                "notes": _metric_notes(row),
            }
            for row in dosed
        ],
    }


def _metric_notes(row: StructureRow) -> str:
    notes: dict[str, list[str]] = {}
    for key, note in row.notes.items():
        if key in row.metrics and note != DEFINITIONS.get(key):
            notes.setdefault(note, []).append(key)
    parts = [f"{', '.join(keys)}: {note}" for note, keys in notes.items()]
    if row.dose and row.dose.axis not in ("", "physical"):
        parts.insert(0, row.dose.axis)
    return "; ".join(parts)


def _goal(number: int, goal: GoalRow) -> dict[str, Any]:
    return {
        "number": number,
        "is_absent": goal.note.startswith("[roi-not-found]"),
        "structure": goal.structure,
        "goal": goal.goal,
        "value": "–" if goal.value is None else f"{goal.value:.2f} {goal.unit}".rstrip(),
        "verdict": goal.verdict,
        "mark": MARKS[goal.verdict],
        "priority": "" if goal.priority is None else str(goal.priority),
        "source": goal.source + ("" if goal.verified else " ?"),
        "note": goal.note,
    }


def _findings(findings: Sequence[Finding]) -> list[dict[str, str]]:
    return [*finding_entries(findings, notes=False), *finding_entries(findings, notes=True)]
