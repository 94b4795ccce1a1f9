"""Tables over all cases of an output, made anew from their records each time."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rtvol.batch.run import entries_of
from rtvol.batch.store.layout import RECORD_NAME
from rtvol.batch.store.manifest import read_manifest
from rtvol.errors import Finding, InputError, OutputRefused
from rtvol.tables.lesions import LESIONS, PATIENTS, lesion_rows, patient_rows
from rtvol.tables.metrics import long_rows
from rtvol.tables.record import Record, parse_record
from rtvol.tables.rows import clip_text
from rtvol.tables.sheet import Column, Sheet, write_sheet, write_sheet_parts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from rtvol.batch.store.journal import Entry
    from rtvol.batch.store.layout import Place
    from rtvol.batch.store.manifest import Manifest

_CASE = (Column("case", "text", "", "folder of the structure set, or its pseudonym"),)
_WHO = (*_CASE, Column("patient_id", "text", "", "pseudonym of the patient"))

METRICS = Sheet(
    "metrics",
    "rtvol/metrics@1",
    (
        *_WHO,
        Column("structure", "text", "", "name of the structure, or the expression"),
        Column("metric", "text", "", "normalised metric, unit in brackets"),
        Column("value", "number", "in column unit", "null where there is no number"),
        Column("unit", "text", "", "unit of value: Gy, cc, % or none"),
        Column("note", "text", "", "why there is no number, or a remark"),
    ),
)
STRUCTURES = Sheet(
    "structures",
    "rtvol/structures@1",
    (
        *_WHO,
        Column("structure", "text", "", "name of the structure"),
        Column("role", "text", "", "gtv, ctv, ptv, ptv_clip or roi"),
        Column("lesion", "text", "", "the GTV it belongs to"),
        Column("solid", "text", "", "slab or loft: what the volume is of"),
        Column("planes", "count", "", "contour planes"),
        Column("volume_cc", "number", "cc", "volume of the solid"),
        Column("written_volume_cc", "number", "cc", "volume read back from what was written"),
        Column("lost_cc", "number", "cc", "cut away by organs"),
        Column("achieved_margin_min_mm", "number", "mm", "least margin over the surface"),
        Column("achieved_margin_mean_mm", "number", "mm", "mean margin"),
        Column("achieved_margin_p95_mm", "number", "mm", "95th percentile of the margin"),
        Column("clips", "text", "", "what each organ took"),
        Column("note", "text", "", "remarks"),
    ),
)
GOALS = Sheet(
    "goals",
    "rtvol/goals-judged@1",
    (
        *_WHO,
        Column("structure", "text", "", "name of the structure"),
        Column("goal", "text", "", "the rule"),
        Column("value", "number", "in column unit", "what was found"),
        Column("unit", "text", "", "unit of value"),
        Column("verdict", "text", "", "pass, fail or cannot say"),
        Column("priority", "count", "", "1 before 2"),
        Column("source", "text", "", "where the limit is from"),
        Column("verified", "flag", "", "whether someone has compared it with the source"),
        Column("note", "text", "", "why nothing can be said, or a remark"),
    ),
)
CASES = Sheet(
    "cases",
    "rtvol/cases@1",
    (
        *_WHO,
        Column("status", "text", "", "accept, warn or reject"),
        Column("codes", "text", "", "codes of the findings"),
        Column("prescription_gy", "number", "Gy", "prescribed dose"),
        Column("fractions", "count", "", "number of fractions"),
        Column("prescribed_by", "text", "", "recipe, RTPLAN"),
        Column("cumulative_ptv_cc", "number", "cc", "volume of the union of all PTVs"),
        Column("sum_ptv_cc", "number", "cc", "plain sum of their volumes"),
        Column("findings", "text", "", "what was noticed"),
        Column("folder", "text", "", "folder below cases/"),
    ),
)
SHEETS = {sheet.name: sheet for sheet in (METRICS, STRUCTURES, GOALS, CASES, LESIONS, PATIENTS)}


@dataclass(frozen=True)
class Collected:
    """What can be collected of an output.

    Attributes
    ----------
    place, manifest
        The output.
    entries
        Entries of the cases, by name; done ones and rejected ones.
    """

    place: Place
    manifest: Manifest
    entries: tuple[Entry, ...]

    @property
    def is_cut(self) -> bool:
        """Whether the policy calls PTV what `avoid` leaves."""
        targets = self.manifest.recipe.get("targets") or {}
        return bool(targets.get("policy") == "modified_ptv")


def open_output(place: Place) -> Collected:
    """Look what is done in an output.

    Raises
    ------
    InputError
        `nothing-to-collect`.
    OutputRefused
        `output-mixed` when cases are of another recipe or version than the last run;
        `journal-damaged`, `journal-newer`, `output-foreign`.
    """
    manifest = read_manifest(place)
    entries = tuple(entries_of(place).values()) if manifest else ()
    if manifest is None or not any(entry.is_done for entry in entries):
        raise InputError("nothing-to-collect", where=str(place.folder), seen="no finished case")
    stale = [one.case for one in entries if one.is_done and one.settings != manifest.settings]
    if stale:
        seen = f"{len(stale)} cases are of another recipe or version: {', '.join(stale[:3])}"
        mend = "give the `rtvol run` command again over all their folders, then collect"
        raise OutputRefused("output-mixed", where=str(place.folder), seen=seen, mend=mend)
    return Collected(place, manifest, entries)


def records_of(found: Collected, missing: list[Finding]) -> Iterator[tuple[Entry, Record]]:
    """Read the records of all finished cases, in the order of their names.

    One that is not as the journal says is left out, with the finding `result-damaged`.
    """
    for entry in found.entries:
        if not entry.is_done:
            continue
        path = found.place.cases / entry.folder / RECORD_NAME
        data = path.read_bytes() if path.is_file() else b""
        if hashlib.sha256(data).hexdigest() == entry.files.get(RECORD_NAME):
            yield entry, parse_record(data)
            continue
        seen = "its record is not as the journal says; it is left out"
        missing.append(Finding("result-damaged", "warning", f"case {entry.case}", seen))


def sheet_rows(
    name: str, found: Collected, missing: list[Finding]
) -> Iterator[Sequence[Sequence[Any]]]:
    """Yield the rows of one table, case by case (for lesions and patients, all at once)."""
    if name in {LESIONS.name, PATIENTS.name}:
        records = [record for _, record in records_of(found, missing)]
        if name == PATIENTS.name:
            yield list(patient_rows(records))
        else:
            yield list(lesion_rows(records, is_cut=found.is_cut))
        return
    if name == CASES.name:
        yield from _case_rows(found, missing)
        return
    rows = _ROWS[name]
    for _, record in records_of(found, missing):
        yield list(rows(record))


def write_table(
    name: str, found: Collected, path: Path, *, overwrite: bool
) -> tuple[int, list[Finding]]:
    """Write one table as CSV or Parquet, by the file's ending; returns the number of rows.

    Raises
    ------
    OutputRefused
        `output-exists` or `output-unwritable`.
    """
    missing: list[Finding] = []
    count = write_sheet(SHEETS[name], sheet_rows(name, found, missing), path, overwrite=overwrite)
    return count, missing


def write_all(
    found: Collected, folder: Path, *, overwrite: bool
) -> tuple[list[Path], list[Finding]]:
    """Write all tables into a folder: long ones in parts, those of the outcomes as CSV.

    Raises
    ------
    OutputRefused
        `output-exists` or `output-unwritable`.
    """
    missing: list[Finding] = []
    written = []
    for name, sheet in SHEETS.items():
        rows = sheet_rows(name, found, missing)
        if sheet in (LESIONS, PATIENTS):
            path = folder / f"{name}.csv"
            write_sheet(sheet, rows, path, overwrite=overwrite)
        else:
            path = folder / name
            write_sheet_parts(sheet, rows, path, overwrite=overwrite)
        written.append(path)
    return written, list(dict.fromkeys(missing))


def _case_rows(found: Collected, missing: list[Finding]) -> Iterator[Sequence[Sequence[Any]]]:
    records = {record.result.case: record for _, record in records_of(found, missing)}
    for entry in found.entries:
        record = records.get(entry.case)
        if record is None and entry.is_done:
            continue
        findings = record.result.findings if record else entry.noticed()
        yield [
            (
                entry.case,
                record.patient if record else None,
                entry.status,
                "; ".join(dict.fromkeys(one.code for one in findings)),
                record.prescription_gy if record else None,
                record.fractions if record else None,
                record.prescribed_by if record else None,
                record.result.cumulative_ptv_cc if record else None,
                record.result.sum_ptv_cc if record else None,
                "; ".join(f"[{one.code}] {one.where}: {one.seen}" for one in findings),
                entry.folder,
            )
        ]


def _metric_rows(record: Record) -> Iterator[Sequence[Any]]:
    for row in long_rows([record.result]):
        yield (row.case, record.patient, *row[1:])


def _structure_rows(record: Record) -> Iterator[Sequence[Any]]:
    for row in record.result.structures:
        yield (
            record.result.case,
            record.patient,
            row.name,
            row.role,
            row.lesion,
            row.solid,
            row.planes,
            row.volume_cc,
            row.written_volume_cc,
            sum(row.lost_cc.values()) if row.clips else None,
            *(row.achieved_mm.get(key) for key in ("min", "mean", "p95")),
            "; ".join(clip_text(clip) for clip in row.clips),
            "; ".join(f"{key}: {note}" for key, note in row.notes.items()),
        )


def _goal_rows(record: Record) -> Iterator[Sequence[Any]]:
    for goal in record.result.goals:
        yield (
            record.result.case,
            record.patient,
            goal.structure,
            goal.goal,
            goal.value,
            goal.unit,
            goal.verdict,
            goal.priority,
            goal.source,
            goal.verified,
            goal.note,
        )


_ROWS: dict[str, Callable[[Record], Iterator[Sequence[Any]]]] = {
    METRICS.name: _metric_rows,
    STRUCTURES.name: _structure_rows,
    GOALS.name: _goal_rows,
}
