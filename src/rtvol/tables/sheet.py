"""Tables as files: columns that know their unit and where in a row they are; CSV and Parquet."""

from __future__ import annotations

import csv
import os
import shutil
import tempfile
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

import numpy as np

from rtvol.errors import OutputRefused, UsageError
from rtvol.files import TEMPORARY_PREFIX, new_file, publish, unwritable
from rtvol.version import __version__

if TYPE_CHECKING:
    import pyarrow as pa

Row = TypeVar("Row")
Block = TypeVar("Block", bound=Sized)
Kind = Literal["text", "number", "count", "flag"]
#: Rows of one part of a table, and of one row group of a file.
ROWS_PER_PART = 100_000
#: The rows of a table, case by case.
Rows = Iterable[Sequence[Row]]


@dataclass(frozen=True)
class Column(Generic[Row]):
    """A column of a table.

    Attributes
    ----------
    name
        Its name, with the unit in it.
    kind, unit, about
        What it may hold, its unit, what it means.
    get
        Where in a row it is; None is a missing value.
    form
        How CSV shows its numbers, as in `format`; in full when empty.
    """

    name: str
    kind: Kind
    unit: str
    about: str
    get: Callable[[Row], Any]
    form: str = ""


@dataclass(frozen=True)
class Sheet(Generic[Row]):
    """A table: its name, the version of its form, its columns; what else Parquet's schema says."""

    name: str
    schema: str
    columns: tuple[Column[Row], ...]
    marks: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class InCase(Generic[Row]):
    """A row, and the case it is of: its name, its status, the pseudonym of its patient."""

    case: str
    status: str
    patient: str
    row: Row


CASE: Column[InCase[Any]] = Column(
    "case", "text", "", "folder of the structure set, or its pseudonym", lambda at: at.case
)
PATIENT: Column[InCase[Any]] = Column(
    "patient_id", "text", "", "pseudonym of the patient", lambda at: at.patient
)


def joined(parts: Iterable[str]) -> str:
    """Return several texts as those of one cell."""
    return "; ".join(parts)


def write_sheet(sheet: Sheet[Row], rows: Rows[Row], path: Path, *, overwrite: bool = False) -> int:
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
            cells = (
                [_shown(column, column.get(row)) for column in sheet.columns]
                for case in rows
                for row in case
            )
            return _write_csv(sheet, cells, temporary)
        return _write_parquet(sheet, _in_parts(rows), temporary)


def write_blocks(
    sheet: Sheet[Block], blocks: Iterable[Block], path: Path, *, overwrite: bool = False
) -> int:
    """Write a table whose rows come in blocks, as `write_sheet` does; returns the number of rows.

    What a column finds in a block is an array with a value for each of its rows, or one value that
    all of them share. A histogram has thousands of rows, which are written without one object each.
    """
    with new_file(path, overwrite=overwrite) as temporary:
        if path.suffix.lower() == ".csv":
            cells = (row for block in blocks for row in _rows_of(sheet, block))
            return _write_csv(sheet, cells, temporary)
        return _write_parquet_blocks(sheet, blocks, temporary)


def _rows_of(sheet: Sheet[Block], block: Block) -> Iterator[tuple[Any, ...]]:
    cells = []
    for column in sheet.columns:
        found = column.get(block)
        values = found.tolist() if isinstance(found, np.ndarray) else [found]
        shown = [_shown(column, value) for value in values]
        cells.append(shown if isinstance(found, np.ndarray) else shown * len(block))
    return zip(*cells, strict=True)


def _write_parquet_blocks(sheet: Sheet[Block], blocks: Iterable[Block], path: Path) -> int:
    import pyarrow as pa
    from pyarrow import parquet

    schema, count = _arrow_schema(sheet), 0
    with parquet.ParquetWriter(path, schema) as writer:
        waiting: list[pa.Table] = []
        for block in blocks:
            found = [column.get(block) for column in sheet.columns]
            arrays = [
                pa.array(one) if isinstance(one, np.ndarray) else pa.repeat(one, len(block))
                for one in found
            ]
            waiting.append(pa.Table.from_arrays(arrays, schema=schema))
            count += len(block)
            if sum(map(len, waiting)) >= ROWS_PER_PART:
                writer.write_table(pa.concat_tables(waiting))
                waiting = []
        if waiting:
            writer.write_table(pa.concat_tables(waiting))
    return count


def write_sheet_parts(
    sheet: Sheet[Row], rows: Rows[Row], folder: Path, *, overwrite: bool = False
) -> int:
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
    sheet: Sheet[Row], first: list[Row], rest: Iterator[list[Row]], draft: Path
) -> int:
    count, number, part = 0, 0, first
    while True:
        with new_file(draft / f"part-{number:04d}.parquet") as temporary:
            count += _write_parquet(sheet, iter([part]), temporary)
        following = next(rest, None)
        if following is None:
            return count
        part, number = following, number + 1


def _in_parts(rows: Rows[Row]) -> Iterator[list[Row]]:
    part: list[Row] = []
    for case in rows:
        part += case
        if len(part) >= ROWS_PER_PART:
            yield part
            part = []
    if part:
        yield part


def _write_csv(sheet: Sheet[Any], rows: Iterable[Sequence[Any]], path: Path) -> int:
    """Write the cells of rows as CSV."""
    count = 0
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow([safe_cell(column.name) for column in sheet.columns])
        for row in rows:
            writer.writerow(row)
            count += 1
        stream.flush()
        os.fsync(stream.fileno())
    return count


def _shown(column: Column[Any], value: Any) -> Any:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, str):
        return safe_cell(value)
    return f"{value:{column.form}}" if column.form and value is not None else value


def _write_parquet(sheet: Sheet[Row], parts: Iterator[list[Row]], path: Path) -> int:
    from pyarrow import parquet

    count = 0
    with parquet.ParquetWriter(path, _arrow_schema(sheet)) as writer:
        for part in parts:
            writer.write_table(arrow_table(sheet, part))
            count += len(part)
    return count


def arrow_table(sheet: Sheet[Row], rows: Sequence[Row]) -> pa.Table:
    """Return rows as an Arrow table, with units in the metadata of its fields."""
    import pyarrow as pa

    schema = _arrow_schema(sheet)
    arrays = [
        pa.array([column.get(row) for row in rows], type=known.type)
        for column, known in zip(sheet.columns, schema, strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=schema)


def _arrow_schema(sheet: Sheet[Any]) -> pa.Schema:
    import pyarrow as pa

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
    facts = {"schema": sheet.schema, "rtvol": __version__, **sheet.marks}
    return pa.schema(fields, metadata=facts)


def check_file(
    path: Path, *, overwrite: bool, endings: Sequence[str] = (".csv", ".parquet")
) -> None:
    """Refuse an output file before anything is read.

    Raises
    ------
    UsageError
        `bad-file-name` when the ending is none of `endings`.
    OutputRefused
        `output-exists`, or `output-unwritable` when its folder is not there.
    """
    if path.suffix.lower() not in endings:
        mend = " or ".join(f"FILE{ending}" for ending in endings)
        raise UsageError("bad-file-name", where=str(path), seen="another ending", mend=mend)
    if not overwrite and os.path.lexists(path):
        raise OutputRefused(
            "output-exists", where=str(path), mend="--overwrite to replace it, or another name"
        )
    if not path.absolute().parent.is_dir():
        raise OutputRefused("output-unwritable", where=str(path), seen="no such folder")


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
