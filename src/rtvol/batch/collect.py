"""Tables over all cases of an output, made anew from their records each time."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rtvol import codes
from rtvol.batch.run import Notice, entries_of
from rtvol.batch.store.layout import RECORD_NAME
from rtvol.batch.store.manifest import begun_manifest
from rtvol.errors import Finding, InputError, OutputRefused
from rtvol.tables.case_table import CASES, CaseRow
from rtvol.tables.goal_table import GOALS, goals_in
from rtvol.tables.lesion_table import KEY, LESIONS, PATIENTS, lesions_of, patients_of
from rtvol.tables.metric_table import METRICS, metrics_in
from rtvol.tables.record import Record, parse_record
from rtvol.tables.sheet import Sheet, write_sheet, write_sheet_parts
from rtvol.tables.structure_table import STRUCTURES, structures_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from rtvol.batch.store.journal import JournalEntry
    from rtvol.batch.store.layout import Place
    from rtvol.batch.store.manifest import Manifest
    from rtvol.tables.rows import CaseResult

SHEETS: dict[str, Sheet[Any]] = {
    sheet.name: sheet for sheet in (METRICS, STRUCTURES, GOALS, CASES, LESIONS, PATIENTS)
}
_IN_A_CASE: dict[str, Callable[[CaseResult, str], Iterator[Any]]] = {
    METRICS.name: metrics_in,
    STRUCTURES.name: structures_in,
    GOALS.name: goals_in,
}


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
    entries: tuple[JournalEntry, ...]

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
        `journal-damaged`, `journal-newer`, `output-unwritable`.
    """
    manifest = begun_manifest(place)
    entries = tuple(entries_of(place).values())
    if not any(entry.is_done for entry in entries):
        raise InputError("nothing-to-collect", where=str(place.folder), seen="no finished case")
    found = Collected(place, manifest, entries)
    refuse_mixed(found)
    return found


def refuse_mixed(found: Collected) -> None:
    """Refuse an output in which two recipes or versions stand side by side.

    Raises
    ------
    OutputRefused
        `output-mixed`.
    """
    settings = found.manifest.settings
    stale = [one.case for one in found.entries if one.is_done and one.settings != settings]
    if stale:
        seen = f"{len(stale)} cases are of another recipe or version: {', '.join(stale[:3])}"
        mend = "give the `rtvol run` command again over all their folders, then once more this one"
        raise OutputRefused("output-mixed", where=str(found.place.folder), seen=seen, mend=mend)


def records_of(found: Collected, notice: Notice) -> Iterator[tuple[JournalEntry, Record]]:
    """Read the records of all finished cases, in the order of their names.

    `notice` is told of one that is not as the journal says and is left out: `result-damaged`.
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
        notice(codes.RESULT_DAMAGED.warn(where=f"case {entry.case}", seen=seen))


def sheet_rows(name: str, found: Collected, notice: Notice) -> Iterator[list[Any]]:
    """Yield the rows of one table, case by case (for lesions and patients, all at once)."""
    if name == CASES.name:
        yield list(_case_rows(found, notice))
        return
    records = (record for _, record in records_of(found, notice))
    if name == PATIENTS.name:
        yield list(patients_of(records))
    elif name == LESIONS.name:
        yield list(lesions_of(records, is_cut=found.is_cut))
    else:
        for record in records:
            yield list(_IN_A_CASE[name](record.result, record.patient))


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
    count = write_sheet(
        SHEETS[name], sheet_rows(name, found, missing.append), path, overwrite=overwrite
    )
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
        rows = sheet_rows(name, found, missing.append)
        if sheet in (LESIONS, PATIENTS):
            path = folder / f"{name}.csv"
            write_sheet(sheet, rows, path, overwrite=overwrite)
        else:
            path = folder / name
            write_sheet_parts(sheet, rows, path, overwrite=overwrite)
        written.append(path)
    return written, list(dict.fromkeys(missing))


def write_key(found: Collected, path: Path, *, overwrite: bool) -> None:
    """Write as CSV which case and GTV each patient_id and lesion_id is.

    Raises
    ------
    OutputRefused
        `output-exists` or `output-unwritable`.
    """
    # who writes the tables is told what is left out
    records = [record for _, record in records_of(found, lambda _: None)]
    rows = list(lesions_of(records, is_cut=found.is_cut))
    write_sheet(KEY, [rows], path, overwrite=overwrite)


def _case_rows(found: Collected, notice: Notice) -> Iterator[CaseRow]:
    records = {record.result.case: record for _, record in records_of(found, notice)}
    for entry in found.entries:
        record = records.get(entry.case)
        if record is not None or not entry.is_done:
            findings = record.result.findings if record else entry.noticed()
            yield CaseRow(entry.case, entry.status, entry.folder, findings, record)
