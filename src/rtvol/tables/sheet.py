"""Tables as files: columns with their units, written row by row as CSV or Parquet."""

from __future__ import annotations

import csv
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from rtvol.errors import OutputRefused
from rtvol.files import TEMPORARY_PREFIX, new_file, publish, unwritable
from rtvol.tables.rows import safe_cell

if TYPE_CHECKING:
    import pyarrow as pa

#: Rows of one part of a table, and of one row group of a file.
ROWS_PER_PART = 100_000
Rows = Iterable[Sequence[Sequence[Any]]]


@dataclass(frozen=True)
class Column:
    """A column: its name with the unit in it, what it may hold, its unit, what it means."""

    name: str
    kind: Literal["text", "number", "count", "flag"]
    unit: str
    about: str


@dataclass(frozen=True)
class Sheet:
    """A table: its name, the version of its form, its columns."""

    name: str
    schema: str
    columns: tuple[Column, ...]


def write_sheet(sheet: Sheet, rows: Rows, path: Path, *, overwrite: bool = False) -> int:
    """Write a table as one file, all or nothing; returns the number of rows.

    In CSV an empty cell is a missing value, and text is safe to open in a spreadsheet. In Parquet
    units stand in the metadata of the fields, and the version of the form in that of the schema.

    Raises
    ------
    OutputRefused
        `output-exists` or `output-unwritable`.
    """
    with new_file(path, overwrite=overwrite) as temporary:
        if path.suffix.lower() == ".csv":
            return _write_csv(sheet, rows, temporary)
        return _write_parquet(sheet, _in_parts(rows), temporary)


def write_sheet_parts(sheet: Sheet, rows: Rows, folder: Path, *, overwrite: bool = False) -> int:
    """Write a table as a folder of Parquet files; returns the number of rows.

    Raises
    ------
    OutputRefused
        `output-exists` or `output-unwritable`.
    """
    if folder.exists() and not overwrite:
        mend = "--overwrite to replace it, or another folder"
        raise OutputRefused("output-exists", where=folder.name, seen=folder.name, mend=mend)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=TEMPORARY_PREFIX, dir=folder.parent))
        draft.chmod(0o755)
    except OSError as error:
        raise unwritable(folder, error) from error
    count = 0
    try:
        # a table without rows has one part, so that a reader finds its columns
        parts = _in_parts(rows)
        first = next(parts, [])
        count = _write_parts(sheet, first, parts, draft)
        publish(draft, folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return count


def _write_parts(
    sheet: Sheet, first: list[Sequence[Any]], rest: Iterator[list[Sequence[Any]]], draft: Path
) -> int:
    count, number, part = 0, 0, first
    while True:
        with new_file(draft / f"part-{number:04d}.parquet") as temporary:
            count += _write_parquet(sheet, iter([part]), temporary)
        following = next(rest, None)
        if following is None:
            return count
        part, number = following, number + 1


def _in_parts(rows: Rows) -> Iterator[list[Sequence[Any]]]:
    part: list[Sequence[Any]] = []
    for case in rows:
        part += case
        if len(part) >= ROWS_PER_PART:
            yield part
            part = []
    if part:
        yield part


def _write_csv(sheet: Sheet, rows: Rows, path: Path) -> int:
    count = 0
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow([column.name for column in sheet.columns])
        for case in rows:
            for row in case:
                writer.writerow([_cell(value) for value in row])
                count += 1
        stream.flush()
        os.fsync(stream.fileno())
    return count


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return int(value)
    return safe_cell(value) if isinstance(value, str) else value


def _write_parquet(sheet: Sheet, parts: Iterator[list[Sequence[Any]]], path: Path) -> int:
    import pyarrow as pa
    from pyarrow import parquet

    schema, count = _arrow_schema(sheet), 0
    with parquet.ParquetWriter(path, schema) as writer:
        for part in parts:
            columns = zip(*part, strict=True) if part else [()] * len(sheet.columns)
            arrays = [
                pa.array(list(values), type=field.type)
                for values, field in zip(columns, schema, strict=True)
            ]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
            count += len(part)
    return count


def _arrow_schema(sheet: Sheet) -> pa.Schema:
    import pyarrow as pa

    from rtvol.version import __version__

    kinds = {
        "text": pa.string(),
        "number": pa.float64(),
        "count": pa.int64(),
        "flag": pa.bool_(),
    }
    fields = [
        pa.field(
            column.name, kinds[column.kind], metadata={"unit": column.unit, "about": column.about}
        )
        for column in sheet.columns
    ]
    return pa.schema(fields, metadata={"schema": sheet.schema, "rtvol": __version__})
