"""Rows: one per structure of a case, as the JSON document of `--json` and as CSV."""

from __future__ import annotations

import csv
import io
import json
import math
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from rtvol.errors import status_of
from rtvol.files import write_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from rtvol.dvh.compare import Difference
    from rtvol.dvh.curve import Histogram
    from rtvol.errors import Finding, Status

Role = Literal["gtv", "ctv", "ptv", "ptv_clip", "roi"]

SCHEMA = "rtvol/result@1"


def _finite(what: str, numbers: Iterable[float | None]) -> None:
    if not all(number is None or math.isfinite(number) for number in numbers):
        raise ValueError(f"{what}: a number that is not finite; absent ones are None")


@dataclass(frozen=True)
class ClipRow:
    """What one organ took from a target.

    Attributes
    ----------
    organ, kind, gap_mm
        The organ, the practice ("avoid", "barrier", "inside") and the gap in mm.
    lost_cc, lost_percent
        What was cut, in cc and in % of the whole target.
    least_margin_mm
        Least remaining distance in mm by direction.
    gtv_touched_cc, ctv_touched_cc
        How much of the GTV and CTV lies in the organ with its gap, in cc.
    """

    organ: str
    kind: str
    gap_mm: float
    lost_cc: float
    lost_percent: float
    least_margin_mm: Mapping[str, float] = field(default_factory=dict)
    gtv_touched_cc: float = 0.0
    ctv_touched_cc: float = 0.0

    def __post_init__(self) -> None:
        numbers = [self.gap_mm, self.lost_cc, self.lost_percent, *self.least_margin_mm.values()]
        _finite(self.organ, [*numbers, self.gtv_touched_cc, self.ctv_touched_cc])


@dataclass(frozen=True)
class StructureRow:
    """One structure of one case.

    Attributes
    ----------
    name, role, lesion
        The structure, what it is, and the GTV it belongs to (empty for organs).
    volume_cc, solid
        Volume in cc, and the solid it was taken from; None with a reason in `notes` for an
        expression that could not be evaluated.
    planes
        Number of contour planes.
    written_volume_cc
        Volume in cc as read back from the contours written; None when nothing was.
    lost_cc
        cc cut away, by organ.
    metrics
        Dose-volume metrics by their normalised text; None with a reason in `notes`.
    notes
        Why a metric is None, and other remarks, by metric.
    achieved_mm
        Achieved margin in mm by statistic ("min", "mean", "p95").
    clips
        What each organ took, in full.
    caps, dose_interpolation, dose
        For doses: the ends of the solid ("half", "none", "1.5 mm"), how the dose runs between its
        samples, and which dose it is ("physical", "EQD2").
    range
        Lowest and highest value of each metric over all readings of the contours.
    comparison
        Our values beside those the planning system stored.
    curve
        The histogram, for a file of curves.

    Raises
    ------
    ValueError
        At birth: a number is NaN or infinite.
    """

    name: str
    role: Role
    lesion: str
    volume_cc: float | None
    solid: Literal["slab", "loft"]
    planes: int
    written_volume_cc: float | None = None
    lost_cc: Mapping[str, float] = field(default_factory=dict)
    metrics: Mapping[str, float | None] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)
    achieved_mm: Mapping[str, float] = field(default_factory=dict)
    clips: tuple[ClipRow, ...] = ()
    caps: str = ""
    dose_interpolation: str = ""
    dose: str = ""
    range: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    comparison: tuple[Difference, ...] = ()
    curve: Histogram | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        numbers = [self.volume_cc, self.written_volume_cc, *self.lost_cc.values()]
        numbers += [end for ends in self.range.values() for end in ends]
        _finite(self.name, [*numbers, *self.metrics.values(), *self.achieved_mm.values()])


@dataclass(frozen=True)
class GoalRow:
    """One goal for one structure of a case.

    Attributes
    ----------
    structure
        The structure, or the expression.
    goal
        The rule, in its normal form: `CV15Gy[cc] >= 700 cc`.
    value, unit
        What was found, in the unit of the goal; None with a reason in `note`.
    verdict
        "pass", "fail" or "cannot say".
    priority
        1 before 2; None when the goal has none.
    source, verified
        Where the limit is from, and whether someone has compared it with the source.
    note
        Why nothing can be said, or a remark.
    """

    structure: str
    goal: str
    value: float | None
    unit: str
    verdict: Literal["pass", "fail", "cannot say"]
    priority: int | None = None
    source: str = ""
    verified: bool = False
    note: str = ""

    def __post_init__(self) -> None:
        _finite(f"{self.structure} {self.goal}", [self.value])


@dataclass(frozen=True)
class CaseResult:
    """What became of one case: accepted, used with findings, or rejected without any number.

    Attributes
    ----------
    case
        Name of the case.
    status
        "accept": no finding but notes; "warn": findings beside the numbers; "reject": no number,
        and at least one finding of severity "error".
    cumulative_ptv_cc, sum_ptv_cc
        Volume in cc of the union of all PTVs, and their plain sum; None without PTVs.
    goals
        Verdicts on goals, when some were asked about.

    Raises
    ------
    ValueError
        At birth: status, findings and numbers contradict each other, or one is not finite.
    """

    case: str
    status: Status
    findings: tuple[Finding, ...] = ()
    cumulative_ptv_cc: float | None = None
    sum_ptv_cc: float | None = None
    structures: tuple[StructureRow, ...] = ()
    goals: tuple[GoalRow, ...] = ()

    def __post_init__(self) -> None:
        _finite(self.case, [self.cumulative_ptv_cc, self.sum_ptv_cc])
        expected = status_of(self.findings)
        if self.status != expected:
            raise ValueError(f"{self.case}: status {self.status}, but findings mean {expected}")
        numbers = (self.structures, self.goals, self.cumulative_ptv_cc, self.sum_ptv_cc)
        if expected == "reject" and numbers != ((), (), None, None):
            raise ValueError(f"{self.case}: rejected, yet it has numbers")


def result_document(results: Sequence[CaseResult], version: str | None = None) -> dict[str, Any]:
    """Return the one document of `--json`, schema `rtvol/result@1`.

    Parameters
    ----------
    results
        Cases in the order to be listed.
    version
        Version of rtvol that made them; this one by default.

    Returns
    -------
    dict
        Keys in the order of the schema; numbers unrounded, in the unit their key names.
    """
    if version is None:
        from rtvol.version import __version__ as version

    return {"schema": SCHEMA, "rtvol": version, "cases": [case_entry(result) for result in results]}


def document_json(document: Mapping[str, Any]) -> str:
    """Return the document as text: ASCII, so that no terminal and no locale changes it.

    Raises
    ------
    ValueError
        A number is NaN or infinite.
    """
    return json.dumps(document, indent=2, allow_nan=False)


def case_entry(result: CaseResult) -> dict[str, Any]:
    """Return the entry of one case in the document."""
    findings = [
        {
            "code": finding.code,
            "severity": finding.severity,
            "where": finding.where,
            "seen": finding.seen,
            "mend": finding.mend,
        }
        for finding in result.findings
    ]
    entry: dict[str, Any] = {
        "case": result.case,
        "status": result.status,
        "findings": findings,
        "cumulative_ptv_cc": result.cumulative_ptv_cc,
        "sum_ptv_cc": result.sum_ptv_cc,
        "structures": [_structure(row) for row in result.structures],
    }
    if result.goals:
        entry["goals"] = [dict(vars(goal)) for goal in result.goals]
    return entry


def _structure(row: StructureRow) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "name": row.name,
        "role": row.role,
        "lesion": row.lesion,
        "volume_cc": row.volume_cc,
    }
    if row.written_volume_cc is not None:
        entry["written_volume_cc"] = row.written_volume_cc
    entry["solid"] = row.solid
    named = {"caps": row.caps, "dose_interpolation": row.dose_interpolation, "dose": row.dose}
    entry |= {key: text for key, text in named.items() if text}
    entry |= {
        "planes": row.planes,
        "lost_cc": dict(row.lost_cc),
        "metrics": dict(row.metrics),
        "notes": dict(row.notes),
    }
    if row.range:
        entry["range"] = {key: list(ends) for key, ends in row.range.items()}
    if row.comparison:
        entry["comparison"] = [
            {
                "quantity": one.quantity,
                "rtvol": one.ours,
                "stored": one.stored,
                "percent": one.percent,
                "verdict": one.verdict,
            }
            for one in row.comparison
        ]
    if row.achieved_mm:
        entry["achieved_margin_mm"] = dict(row.achieved_mm)
    if row.clips:
        entry["clips"] = [
            vars(clip) | {"least_margin_mm": dict(clip.least_margin_mm)} for clip in row.clips
        ]
    return entry


def write_structures_csv(
    path: Path, results: Sequence[CaseResult], *, overwrite: bool = False
) -> None:
    """Write one row per structure of all cases: UTF-8, RFC 4180, safe to open in a spreadsheet.

    Parameters
    ----------
    path
        The file to make, in a folder that exists.
    results
        Cases in the order to be listed; rejected ones have no row.
    overwrite
        Whether a file that is there already may be replaced.

    Raises
    ------
    OutputRefused
        `output-exists` or `output-unwritable`.

    Notes
    -----
    Each column that holds numbers names their unit; an empty cell is an absent number. Text that
    a spreadsheet would run as a formula gets an apostrophe in front.
    """
    pairs = [(result, row) for result in results for row in result.structures]
    achieved = list(dict.fromkeys(key for _, row in pairs for key in row.achieved_mm))
    metrics = list(dict.fromkeys(key for _, row in pairs for key in row.metrics))
    head = ["case", "status", "name", "role", "lesion", "solid", "planes", "volume_cc"]
    head += ["written_volume_cc", "lost_cc", "clips"]
    head += [f"achieved_margin_{key}_mm" for key in achieved] + metrics + ["notes"]
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow([safe_cell(text) for text in head])
    for result, row in pairs:
        cells: list[str | float | None] = [result.case, result.status, row.name, row.role]
        cells += [row.lesion, row.solid, row.planes, row.volume_cc, row.written_volume_cc]
        cells += [_joined(f"{organ} {cc:.2f}" for organ, cc in row.lost_cc.items())]
        cells += [_joined(clip_text(clip) for clip in row.clips)]
        cells += [row.achieved_mm.get(key) for key in achieved]
        cells += [row.metrics.get(key) for key in metrics]
        cells += [_joined(f"{key}: {note}" for key, note in row.notes.items())]
        writer.writerow([safe_cell(cell) if isinstance(cell, str) else cell for cell in cells])
    write_text(path, buffer.getvalue(), overwrite=overwrite)


def _joined(parts: Iterable[str]) -> str:
    return "; ".join(parts)


def clip_text(clip: ClipRow) -> str:
    """Return what an organ took, in words."""
    return (
        f"{clip.kind} {clip.organ}, gap {clip.gap_mm:g} mm: {clip.lost_cc:.2f} cc "
        f"({clip.lost_percent:.1f} %)"
    )


def safe_cell(text: str) -> str:
    """Text that stays text in a spreadsheet.

    Control characters and line ends become blanks; text that starts with a tab or a carriage
    return, or (after any blanks) with = + - @, gets an apostrophe in front, so that it is not run
    as a formula.
    """
    plain = "".join(
        " " if unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} else char for char in text
    )
    formula = text.startswith(("\t", "\r")) or plain.lstrip().startswith(("=", "+", "-", "@"))
    return f"'{plain}" if formula else plain
