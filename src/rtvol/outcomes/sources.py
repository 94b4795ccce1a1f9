"""Files to grids of text: CSV, Parquet, Excel."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from rtvol.errors import ExtraMissing
from rtvol.outcomes.fields import KEYS
from rtvol.outcomes.problems import Place

if TYPE_CHECKING:
    import pyarrow as pa

    from rtvol.outcomes.problems import Problems

Rows = list[tuple[int, list[str]]]


@dataclass(frozen=True)
class Grid:
    """A header and rows of text as wide as it, each with the number a spreadsheet shows.

    Attributes
    ----------
    file, content
        Name of the file, and its bytes.
    header, rows
        Names of the columns, and cells without blanks around them.
    is_whole
        Whether every row of the file is here.
    """

    file: str
    content: bytes
    header: list[str]
    rows: Rows
    is_whole: bool = True


def csv_grid(content: bytes, file: str, problems: Problems) -> Grid | None:
    """Read CSV (UTF-8, with or without a byte order mark); None when it is no such table."""
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
    rows, is_whole = _fitted(lines[1:], len(header), file, problems)
    return Grid(file, content, header, rows, is_whole)


_TOO_MANY = "a decimal comma or an unquoted comma in a text splits cells: quote or replace it"
_TOO_FEW = "the row, or the end of the file, is cut off: export the table again"


def _fitted(lines: Rows, width: int, file: str, problems: Problems) -> tuple[Rows, bool]:
    """Rows as wide as the header: empty cells beyond it are left out, other rows refused."""
    rows: Rows = []
    longer, is_whole = 0, True
    for number, row in lines:
        cells = [cell.strip() for cell in row]
        if not any(cells):
            continue
        if len(cells) > width and not any(cells[width:]):
            cells, longer = cells[:width], longer + 1
        if len(cells) != width:
            rule = f"every row has {width} cells, as the header"
            mend = _TOO_MANY if len(cells) > width else _TOO_FEW
            problems.error("ragged-row", Place(file, number), f"{len(row)} cells", rule, mend)
            is_whole = False
            continue
        rows.append((number, cells))
    if longer:
        seen = f"{longer} rows end in empty cells beyond the header"
        problems.warn("empty-columns", Place(file), seen, "left out", "nothing to do")
    return rows, is_whole


def _csv_rows(text: str, file: str, problems: Problems) -> Rows | None:
    """Rows with the line each ends on; None where quotes are not as they should be.

    Two quotes too many, rows apart, make one cell of all that lies between: the rows in it would
    be gone without a word. So a cell is on one line. More than 131072 characters are refused, too.
    """
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: Rows = []
    rule = 'a cell is on one line; if it begins with " it ends with "; a " within it is doubled'
    try:
        for row in reader:
            first = rows[-1][0] + 1 if rows else 1
            if reader.line_num > first:
                seen = f"a cell goes on to line {reader.line_num}"
                problems.error("bad-quotes", Place(file, first), seen, rule, "close the quote")
                return None
            rows.append((reader.line_num, row))
    except csv.Error as error:
        first = rows[-1][0] + 1 if rows else 1
        problems.error("bad-quotes", Place(file, first), str(error), rule, "close or remove it")
        return None
    return rows


def parquet_grid(content: bytes, file: str, problems: Problems) -> Grid | None:
    """Read Parquet; None when it cannot be read."""
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
    return Grid(file, content, list(table.column_names), rows)


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


def xlsx_grids(content: bytes, file: str, problems: Problems) -> dict[str, Grid] | None:
    """Read the sheets of an Excel workbook by their names; None when it cannot be read.

    Cells are taken as their values: numbers, dates and text; formulas as Excel last worked them
    out.

    Raises
    ------
    ExtraMissing
        `extra-missing` without openpyxl.
    """
    try:
        import openpyxl
    except ImportError as error:
        raise ExtraMissing(
            "extra-missing",
            where=file,
            seen="not installed: openpyxl",
            mend='pip install "rtvol[outcomes]"',
        ) from error
    from zipfile import BadZipFile

    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        sheets = {sheet.title: list(sheet.values) for sheet in book.worksheets}
    except (BadZipFile, KeyError, ValueError, OSError) as error:
        rule = "an Excel workbook (.xlsx)"
        mend = "open it in Excel and save it again, or save the sheet as CSV UTF-8"
        problems.error("not-xlsx", Place(file), type(error).__name__, rule, mend)
        return None
    grids = {}
    for title, lines in sheets.items():
        name = file if len(sheets) == 1 else f"{file}, sheet {title}"
        texts = [(number, [_as_text(cell) for cell in row]) for number, row in enumerate(lines, 1)]
        _refuse_number_keys(lines, name, problems)
        header = texts[0][1] if texts else []
        rows, is_whole = _fitted(texts[1:], len(header), name, problems)
        grids[title] = Grid(name, content, header, rows, is_whole)
    return grids


def _refuse_number_keys(lines: list[tuple[Any, ...]], file: str, problems: Problems) -> None:
    """Refuse ids that Excel holds as numbers: it has dropped their leading zeros."""
    keys = {key for keys in KEYS.values() for key in keys}
    for place, name in enumerate(lines[0] if lines else ()):
        if str(name).strip().lower() not in keys:
            continue
        bad = [n for n, row in enumerate(lines[1:], 2) if isinstance(row[place], int | float)]
        if bad:
            rule = "ids are text; as numbers they lose leading zeros (00123)"
            mend = "format the column as text, and write the ids anew"
            seen = f"{len(bad)} ids are numbers"
            problems.error("id-is-number", Place(file, bad[0], str(name)), seen, rule, mend)


def _as_text(value: object) -> str:
    if value is None or value != value:  # noqa: PLR0124  pandas writes missing numbers as NaN
        return ""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.isoformat(" ")
    return value.isoformat() if isinstance(value, date) else str(value).strip()
