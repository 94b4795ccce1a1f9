"""Files to text cells: CSV and Parquet, nothing guessed about types; ids stay text."""

from __future__ import annotations

import csv
import hashlib
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rtvol.errors import InputError
from rtvol.outcomes.fields import KEYS, REQUIRED_TABLES, TABLES, VOLUME_UNITS, column_of
from rtvol.outcomes.problems import Place

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

    from rtvol.outcomes.problems import Problems


@dataclass(frozen=True)
class RawTable:
    """A table as text: cells by column name, an empty string where there is nothing.

    Attributes
    ----------
    file
        File name, for messages.
    columns
        Column names in file order, aliases replaced.
    rows
        One dict per row, with the row number a spreadsheet shows.
    sha256
        Of the file's bytes.
    """

    file: str
    columns: tuple[str, ...]
    rows: tuple[tuple[int, dict[str, str]], ...]
    sha256: str


def read_tables(folder: Path, problems: Problems) -> dict[str, RawTable]:
    """Read the five tables of a folder; what is wrong goes to `problems`.

    Raises
    ------
    InputError
        `no-cohort` when the folder is not there or holds none of the tables.
    """
    found: dict[str, RawTable] = {}
    paths = {name: _path_of(folder, name, problems) for name in TABLES}
    if not any(paths.values()):
        raise InputError(
            "no-cohort",
            where=folder.name,
            seen="none of the tables is there",
            mend=f"give a folder with {', '.join(f'{name}.csv' for name in TABLES)}",
        )
    for name, path in paths.items():
        if path is not None:
            raw = read_table(path, name, problems)
            if raw is not None:
                found[name] = raw
        elif name in REQUIRED_TABLES:
            place = Place(f"{name}.csv")
            problems.error("missing-table", place, "", "the table is required", f"add {name}.csv")
        else:
            rule = f"without {name}.csv its table is left out"
            problems.warn(
                "table-left-out", Place(f"{name}.csv"), "", rule, "add it if there is one"
            )
    return found


def read_table(path: Path, name: str, problems: Problems) -> RawTable | None:
    """Read one table; None when it cannot be read as one, which `problems` then says.

    Parameters
    ----------
    path
        CSV (UTF-8, with or without a byte order mark) or Parquet.
    name
        Which of the five it is.
    problems
        Where to note what is wrong.
    """
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    if path.suffix == ".parquet":
        table = _parquet_cells(content, path.name, problems)
    else:
        table = _csv_cells(content, path.name, problems)
    if table is None:
        return None
    header, rows = table
    columns = _named(name, header, path.name, problems)
    if not rows:
        place = Place(path.name)
        problems.error("no-rows", place, "", "a table has at least one row", "fill or remove it")
    cells = tuple((number, dict(zip(columns, row, strict=True))) for number, row in rows)
    return RawTable(path.name, columns, cells, digest)


def _path_of(folder: Path, name: str, problems: Problems) -> Path | None:
    there = [
        path for ending in ("csv", "parquet") if (path := folder / f"{name}.{ending}").is_file()
    ]
    if len(there) > 1:
        rule = "a table is one file"
        problems.error(
            "table-twice", Place(there[1].name), there[0].name, rule, "remove one of them"
        )
    return there[0] if there else None


_Cells = tuple[list[str], list[tuple[int, list[str]]]]


def _csv_cells(content: bytes, file: str, problems: Problems) -> _Cells | None:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        seen = f"byte {error.start} is not UTF-8"
        mend = "save the file as CSV UTF-8 (comma delimited)"
        problems.error("not-utf8", Place(file), seen, "text is UTF-8", mend)
        return None
    if "\0" in text:
        problems.error(
            "not-utf8", Place(file), "null bytes", "text is UTF-8", "save it as CSV UTF-8"
        )
        return None
    first = text.partition("\n")[0]
    if "," not in first and any(sign in text[:2000] for sign in ";\t"):
        rule = "cells are separated by commas, decimals by points"
        problems.error(
            "wrong-delimiter", Place(file, 1), "; or tab", rule, "save as comma delimited"
        )
        return None
    lines = _csv_rows(text, file, problems)
    if lines is None:
        return None
    header = [name.strip() for name in lines[0][1]] if lines else []
    rows: list[tuple[int, list[str]]] = []
    for number, row in lines[1:]:
        if not any(cell.strip() for cell in row):
            continue
        if len(row) != len(header):
            rule = f"every row has {len(header)} cells, as the header"
            mend = (
                "a decimal comma or an unquoted comma in a text splits cells: quote or replace it"
            )
            problems.error("ragged-row", Place(file, number), f"{len(row)} cells", rule, mend)
            continue
        rows.append((number, [cell.strip() for cell in row]))
    return header, rows


def _csv_rows(text: str, file: str, problems: Problems) -> list[tuple[int, list[str]]] | None:
    """Rows with the line each ends on; None where quotes are not as they should be.

    Two quotes too many, rows apart, make one cell of all that lies between: the rows in it would
    be gone without a word. So a cell is on one line. More than 131072 characters are refused, too.
    """
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[tuple[int, list[str]]] = []
    rule = 'a cell is on one line; if it begins with " it ends with "; a " within it is doubled'
    try:
        for row in reader:
            first = rows[-1][0] + 1 if rows else 1
            if any(sign in cell for cell in row for sign in "\r\n"):
                seen = f"a cell goes on to line {reader.line_num}"
                problems.error("bad-quotes", Place(file, first), seen, rule, "close the quote")
                return None
            rows.append((reader.line_num, row))
    except csv.Error as error:
        first = rows[-1][0] + 1 if rows else 1
        problems.error("bad-quotes", Place(file, first), str(error), rule, "close or remove it")
        return None
    return rows


def _parquet_cells(content: bytes, file: str, problems: Problems) -> _Cells | None:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        table = parquet.read_table(pa.BufferReader(content))
    except (pa.ArrowException, OSError) as error:
        rule = "a Parquet file that pyarrow can read"
        problems.error("not-parquet", Place(file), type(error).__name__, rule, "write it again")
        return None
    _refuse_number_ids(table, file, problems)
    columns = [[_as_text(value) for value in column.to_pylist()] for column in table.columns]
    rows = [(number + 2, list(row)) for number, row in enumerate(zip(*columns, strict=True))]
    return list(table.column_names), rows


def _refuse_number_ids(table: pa.Table, file: str, problems: Problems) -> None:
    """Refuse ids stored as numbers: 00123 and 123 would be one patient."""
    import pyarrow as pa

    for name in dict.fromkeys(key for keys in KEYS.values() for key in keys):
        if name in table.column_names and not (
            pa.types.is_string(kind := table.schema.field(name).type)
            or pa.types.is_large_string(kind)
            or pa.types.is_dictionary(kind)
        ):
            rule = "ids are text; as numbers they lose leading zeros (00123)"
            problems.error(
                "id-is-number", Place(file, 0, name), kind, rule, "store the ids as text"
            )


def _as_text(value: object) -> str:
    if value is None or value != value:  # noqa: PLR0124  pandas writes missing numbers as NaN
        return ""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _named(table: str, header: list[str], file: str, problems: Problems) -> tuple[str, ...]:
    """Replace aliases, note columns that are there twice or that nobody knows."""
    names: list[str] = []
    for given in header:
        name = _alias(table, given)
        if name != given:
            rule = f"{given} is read as {name}; 1 cc = 1 cm3 = 1 mL"
            problems.warn("column-alias", Place(file, 1, given), given, rule, f"call it {name}")
        if name in names:
            rule = "a column name stands once"
            problems.error(
                "duplicate-column", Place(file, 1, name), given, rule, "remove one of them"
            )
            name = f"{name} ({len(names)})"
        names.append(name)
    return tuple(names)


def _alias(table: str, name: str) -> str:
    """Name in the dictionary for a column, by case and by the words for mL."""
    lower = name.lower()
    stem, _, unit = lower.rpartition("_")
    if unit in VOLUME_UNITS and column_of(table, f"{stem}_ml") is not None:
        lower = f"{stem}_ml"
    known = column_of(table, lower) is not None or (
        lower.endswith("_date")
        and column_of(table, f"{lower.removesuffix('_date')}_day") is not None
    )
    return lower if known else name
