"""The long table of a DVH run: one row per case, structure and metric; CSV or Parquet."""

from __future__ import annotations

import csv
import io
import os
import re
from typing import TYPE_CHECKING, NamedTuple

from rtvol.errors import OutputRefused, UsageError
from rtvol.files import new_file, write_text
from rtvol.tables.rows import safe_cell

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from rtvol.tables.rows import CaseResult

SCHEMA = "rtvol/dvh-long@1"
_UNIT = re.compile(r"\[([^\]]*)\]$")


class LongRow(NamedTuple):
    """One number: `value` is None when there is none, and `note` says why."""

    case: str
    structure: str
    metric: str
    value: float | None
    unit: str
    note: str


def long_rows(results: Sequence[CaseResult]) -> Iterator[LongRow]:
    """Yield the volume and every metric of every structure of the cases that were used."""
    for result in results:
        for row in result.structures:
            note = row.notes.get("volume_cc", "") if row.volume_cc is None else row.solid
            yield LongRow(result.case, row.name, "Volume[cc]", row.volume_cc, "cc", note)
            for metric, value in row.metrics.items():
                if metric == "Volume[cc]":
                    continue
                unit = _UNIT.search(metric)
                note = row.notes.get(metric, "")
                of = unit[1] if unit else ""
                if of == "Gy" and row.dose not in {"", "physical"}:
                    of = f"Gy ({row.dose})"
                yield LongRow(result.case, row.name, metric, value, of, note)
            for metric, ends in row.range.items():
                unit = _UNIT.search(metric)
                for word, end in zip(("lowest", "highest"), ends, strict=True):
                    name = f"{word} {metric}"
                    yield LongRow(result.case, row.name, name, end, unit[1] if unit else "", "")
            for one in row.comparison:
                unit = _UNIT.search(one.quantity)
                name, of = f"stored {one.quantity}", unit[1] if unit else ""
                yield LongRow(result.case, row.name, name, one.stored, of, one.verdict)
        for goal in result.goals:
            parts = (goal.verdict, goal.note, goal.source and f"source: {goal.source}")
            words = "; ".join(part for part in parts if part)
            name = f"goal {goal.goal}"
            yield LongRow(result.case, goal.structure, name, goal.value, goal.unit, words)


def check_long(path: Path, *, overwrite: bool) -> None:
    """Refuse an output file before anything is read.

    Raises
    ------
    UsageError
        `bad-file-name` when the ending is neither .csv nor .parquet.
    OutputRefused
        `output-exists`, or `output-unwritable` when its folder is not there.
    """
    if path.suffix.lower() not in {".csv", ".parquet"}:
        raise UsageError(
            "bad-file-name", where=str(path), seen="another ending", mend="FILE.csv or FILE.parquet"
        )
    if not overwrite and os.path.lexists(path):
        raise OutputRefused(
            "output-exists", where=str(path), mend="--overwrite to replace it, or another name"
        )
    if not path.absolute().parent.is_dir():
        raise OutputRefused("output-unwritable", where=str(path), seen="no such folder")


def write_long(path: Path, results: Sequence[CaseResult], *, overwrite: bool = False) -> None:
    """Write the rows, all or nothing; CSV cells are safe to open in a spreadsheet.

    Raises
    ------
    OutputRefused
        `output-exists` or `output-unwritable`.
    """
    rows = list(long_rows(results))
    if path.suffix.lower() == ".parquet":
        _write_parquet(path, rows, overwrite=overwrite)
        return
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(LongRow._fields)
    for row in rows:
        writer.writerow([safe_cell(cell) if isinstance(cell, str) else cell for cell in row])
    write_text(path, buffer.getvalue(), overwrite=overwrite)


def _write_parquet(path: Path, rows: Sequence[LongRow], *, overwrite: bool) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    from rtvol.version import __version__

    about = {
        "case": "folder of the structure set, or its pseudonym",
        "structure": "ROI name",
        "metric": "normalised metric, unit in brackets",
        "value": "null where there is no number",
        "unit": "unit of value: Gy, cc, % or none",
        "note": "why there is no number, or a remark",
    }
    fields = [
        pa.field(
            name,
            pa.float64() if name == "value" else pa.string(),
            nullable=name == "value",
            metadata={"unit": "in column unit" if name == "value" else "", "about": text},
        )
        for name, text in about.items()
    ]
    schema = pa.schema(fields, metadata={"schema": SCHEMA, "rtvol": __version__})
    table = pa.Table.from_pylist([row._asdict() for row in rows], schema=schema)
    with new_file(path, overwrite=overwrite) as temporary:
        parquet.write_table(table, temporary)
