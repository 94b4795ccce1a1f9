"""JSON out and in: results as the one document of `--json`, and one case of it read back."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rtvol.codes import CODES
from rtvol.dvh.compare import Difference
from rtvol.dvh.shifts import HELD, ShiftSpan
from rtvol.errors import Finding
from rtvol.margins.targets import ClipRecord
from rtvol.tables.rows import (
    CaseResult,
    DosePart,
    GoalRow,
    StructureRow,
    TargetPart,
    VolumePart,
)
from rtvol.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from rtvol.errors import RtvolError

SCHEMA = "rtvol/result@1"
WRITTEN_SCHEMA = "rtvol/written@1"
ERROR_SCHEMA = "rtvol/error@1"
#: What a structure is called in what was written.
NAMES = ("written_name", "mask_name")


def result_document(
    results: Sequence[CaseResult],
    version: str = __version__,
    *,
    files: Sequence[Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """Return the one document of `--json`, schema `rtvol/result@1`.

    Parameters
    ----------
    results
        Cases in the order to be listed.
    version
        Version of rtvol that made them; this one by default.
    files
        What became of each file below the paths of the call, where it had paths.

    Returns
    -------
    dict
        Keys in the order of the schema; numbers unrounded, in the unit their key names.
    """
    cases = [case_entry(result) for result in results]
    document: dict[str, Any] = {"schema": SCHEMA, "rtvol": version, "cases": cases}
    return document if files is None else {**document, "files": list(files)}


def written_document(paths: Iterable[Path], **more: object) -> dict[str, Any]:
    """Return the document of `--json` of a command that only writes files."""
    files = [str(path) for path in paths]
    return {"schema": WRITTEN_SCHEMA, "rtvol": __version__, "written": files, **more}


def error_document(error: RtvolError, exit_code: int) -> dict[str, Any]:
    """Return the document of `--json` of a call that came to nothing."""
    noticed = finding_entries(error.noticed, notes=False)
    (own,) = finding_entries([error.finding], notes=False)
    return {
        "schema": ERROR_SCHEMA,
        "rtvol": __version__,
        "exit_code": exit_code,
        "findings": [*noticed, own],
    }


def document_json(document: Mapping[str, Any]) -> str:
    """Return a document as text: ASCII, so that no terminal and no locale changes it.

    Raises
    ------
    ValueError
        A number is NaN or infinite.
    """
    return json.dumps(document, indent=2, allow_nan=False)


def case_entry(result: CaseResult) -> dict[str, Any]:
    """Return the entry of one case in the document."""
    entry: dict[str, Any] = {
        "case": result.case,
        "status": result.status,
        "findings": finding_entries(result.findings, notes=False),
        "cumulative_ptv_cc": result.cumulative_ptv_cc,
        "sum_ptv_cc": result.sum_ptv_cc,
        "structures": [_structure_entry(row) for row in result.structures],
    }
    notes = finding_entries(result.findings, notes=True)
    if notes:
        entry["notes"] = notes
    if result.goals:
        entry["goals"] = [asdict(goal) for goal in result.goals]
    return entry


def parse_case(entry: Mapping[str, Any]) -> CaseResult:
    """Return the case an entry holds; nothing is rounded on the way, curves are not in it.

    Raises
    ------
    ValueError, KeyError, TypeError
        It holds none.
    """
    return CaseResult(
        case=entry["case"],
        status=entry["status"],
        findings=tuple(Finding(**one) for one in (*entry["findings"], *entry.get("notes", ()))),
        cumulative_ptv_cc=entry["cumulative_ptv_cc"],
        sum_ptv_cc=entry["sum_ptv_cc"],
        structures=tuple(_structure_of(row) for row in entry["structures"]),
        goals=tuple(GoalRow(**goal) for goal in entry.get("goals", ())),
    )


def finding_entries(findings: Iterable[Finding], *, notes: bool) -> list[dict[str, str]]:
    """Return the notes among findings, or all others: an accepted case has none of the others.

    A mend that the text of a finding leaves to its code is in the document, as on the screen.
    """
    return [
        {
            "code": finding.code,
            "severity": finding.severity,
            "where": finding.where,
            "seen": finding.seen,
            "mend": finding.mend or _mend_of(finding.code),
        }
        for finding in findings
        if (finding.severity == "note") == notes
    ]


def _mend_of(code: str) -> str:
    return CODES[code].mend if code in CODES else ""


def _structure_entry(row: StructureRow) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "name": row.name,
        "role": row.role,
        "lesion": row.lesion,
        "volume_cc": row.volume.cc,
    }
    entry |= {key: name for key in NAMES if (name := getattr(row, key))}
    if row.volume.written_cc is not None:
        entry["written_volume_cc"] = row.volume.written_cc
    if row.volume.range_cc is not None:
        entry["volume_range_cc"] = list(row.volume.range_cc)
    entry |= {"solid": row.volume.solid, "planes": row.volume.planes, "lost_cc": dict(row.lost_cc)}
    if row.dose is not None:
        entry["dose"] = {
            "solid": row.dose.solid,
            "caps": row.dose.caps,
            "interpolation": row.dose.interpolation,
            "axis": row.dose.axis,
            "volume_cc": row.dose.volume_cc,
        }
    entry |= {"metrics": dict(row.metrics), "notes": dict(row.notes)}
    if row.dose is not None and row.dose.range:
        entry["range"] = {key: list(ends) for key, ends in row.dose.range.items()}
    if row.dose is not None and row.dose.shift_mm:
        spans = {key: asdict(span) for key, span in row.dose.shift.items()}
        entry["shift"] = {"length_mm": row.dose.shift_mm, "held": HELD, "metrics": spans}
    if row.dose is not None and row.dose.comparison:
        entry["comparison"] = [_difference_entry(one) for one in row.dose.comparison]
    if row.achieved_mm:
        entry["achieved_margin_mm"] = dict(row.achieved_mm)
    if row.motion_mm:
        entry["motion_mm"] = dict(row.motion_mm)
    if row.clips:
        entry["clips"] = [asdict(clip) for clip in row.clips]
    return entry


def _structure_of(entry: Mapping[str, Any]) -> StructureRow:
    clips = tuple(ClipRecord(**clip) for clip in entry.get("clips", ()))
    achieved_mm, motion_mm = entry.get("achieved_margin_mm", {}), entry.get("motion_mm", {})
    low_high = entry.get("volume_range_cc")
    return StructureRow(
        name=entry["name"],
        role=entry["role"],
        lesion=entry["lesion"],
        volume=VolumePart(
            entry["volume_cc"],
            entry["solid"],
            entry["planes"],
            entry.get("written_volume_cc"),
            (low_high[0], low_high[1]) if low_high else None,
        ),
        dose=_dose_of(entry) if "dose" in entry else None,
        target=TargetPart(achieved_mm, clips, motion_mm)
        if achieved_mm or clips or motion_mm
        else None,
        notes=entry["notes"],
        **{key: entry[key] for key in NAMES if key in entry},
    )


def _dose_of(entry: Mapping[str, Any]) -> DosePart:
    return DosePart(
        **entry["dose"],
        metrics=entry["metrics"],
        range={key: (low, high) for key, (low, high) in entry.get("range", {}).items()},
        shift_mm=entry.get("shift", {}).get("length_mm", 0.0),
        shift={
            key: ShiftSpan(**span)
            for key, span in entry.get("shift", {}).get("metrics", {}).items()
        },
        comparison=tuple(
            Difference(one["quantity"], one["rtvol"], one["stored"], one["verdict"])
            for one in entry.get("comparison", ())
        ),
    )


def _difference_entry(one: Difference) -> dict[str, Any]:
    return {
        "quantity": one.quantity,
        "rtvol": one.ours,
        "stored": one.stored,
        "percent": one.percent,
        "verdict": one.verdict,
    }
