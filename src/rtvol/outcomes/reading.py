"""A folder to tables of text cells; nothing is guessed about types, ids stay text."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rtvol.errors import InputError
from rtvol.outcomes.fields import REQUIRED_TABLES, VOLUME_UNITS, column_of, source_of
from rtvol.outcomes.privacy import shown_column
from rtvol.outcomes.problems import Place, Problems
from rtvol.outcomes.redcap import is_redcap, tables_of_redcap
from rtvol.outcomes.sources import Grid, csv_grid, parquet_grid, xlsx_grids

if TYPE_CHECKING:
    from pathlib import Path

    from rtvol.outcomes.fields import Column, Dictionary

ENDINGS = ("csv", "parquet", "xlsx")
#: One workbook with a sheet for each table.
WORKBOOK = "cohort.xlsx"
#: Tables that may be there without a row: nothing of the kind happened.
_MAY_BE_EMPTY = ("toxicity",)


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
    is_whole
        Whether all of its rows could be read; if not, what other tables miss here says nothing.
    """

    file: str
    columns: tuple[str, ...]
    rows: tuple[tuple[int, dict[str, str]], ...]
    sha256: str
    is_whole: bool = True


def read_tables(folder: Path, columns: Dictionary, problems: Problems) -> dict[str, RawTable]:
    """Read the five tables of a folder; what is wrong goes to `problems`.

    Parameters
    ----------
    folder
        Holds a file for each table (CSV, Parquet or Excel), one workbook `cohort.xlsx` with a
        sheet for each, or one CSV as REDCap exports it.
    columns
        The data dictionary in force.
    problems
        Where to note what is wrong.

    Raises
    ------
    InputError
        `no-cohort` when the folder is not there or holds none of the tables.
    """
    grids = _grids(folder, columns, problems)
    if not grids:
        raise InputError(
            "no-cohort",
            where=folder.name,
            seen="none of the tables is there",
            mend=f"give a folder with {', '.join(f'{name}.csv' for name in columns)}",
        )
    found: dict[str, RawTable] = {}
    for name in columns:
        if name in grids:
            grid = grids[name]
            if grid is not None:
                found[name] = _raw_table(name, grid, columns[name], problems)
        elif name in REQUIRED_TABLES:
            place = Place(f"{name}.csv")
            problems.error("missing-table", place, "", "the table is required", f"add {name}.csv")
        else:
            rule = f"without {name}.csv its table is left out"
            problems.warn(
                "table-left-out", Place(f"{name}.csv"), "", rule, "add it if there is one"
            )
    if "screening" in found and not found["screening"].rows:
        del found["screening"]
    return found


def _grids(folder: Path, columns: Dictionary, problems: Problems) -> dict[str, Grid | None]:
    """Cells of each table that is there; None for one that cannot be read."""
    paths = {name: _path_of(folder, name, problems) for name in columns}
    found = {
        name: _grid_of(path, columns[name], problems)
        for name, path in paths.items()
        if path is not None
    }
    if found:
        return found
    book = folder / WORKBOOK
    if book.is_file():
        sheets = xlsx_grids(book.read_bytes(), book.name, problems)
        return {name: sheets.get(name) for name in columns if name in sheets} if sheets else {}
    for path in sorted(folder.glob("*.csv")):
        content = path.read_bytes()
        if is_redcap(content):
            grid = csv_grid(content, path.name, problems)
            return dict(tables_of_redcap(grid, columns, problems)) if grid else {}
    return {}


def _grid_of(path: Path, columns: tuple[Column, ...], problems: Problems) -> Grid | None:
    """Read a file; one whose first row names no column is one error, not one for each cell."""
    own = Problems(free_text=problems.free_text)
    content = path.read_bytes()
    if path.suffix == ".parquet":
        grid = parquet_grid(content, path.name, own)
    elif path.suffix == ".xlsx":
        sheets = xlsx_grids(content, path.name, own)
        grid = None if sheets is None else sheets.get(path.stem) or next(iter(sheets.values()))
    else:
        grid = csv_grid(content, path.name, own)
    if grid is not None and not any(
        source_of(columns, _alias(columns, name)) for name in grid.header
    ):
        rule = "the first row holds the names of the columns"
        mend = "put the names into row 1, with nothing above them"
        code = "no-header" if any(grid.header) else "no-rows"
        problems.error(code, Place(grid.file, 1), "", rule, mend)
        return None
    problems.found += own.found
    return grid


def _path_of(folder: Path, name: str, problems: Problems) -> Path | None:
    there = [path for ending in ENDINGS if (path := folder / f"{name}.{ending}").is_file()]
    if len(there) > 1:
        rule = "a table is one file"
        problems.error(
            "table-twice", Place(there[1].name), there[0].name, rule, "remove one of them"
        )
    return there[0] if there else None


def _raw_table(name: str, grid: Grid, columns: tuple[Column, ...], problems: Problems) -> RawTable:
    """Name the columns of a grid; those without a name and without a value are left out."""
    empty = _empty_columns(grid)
    if empty:
        seen = f"{len(empty)} columns without a name and without a value"
        problems.warn("empty-columns", Place(grid.file, 1), seen, "left out", "nothing to do")
    kept = [place for place in range(len(grid.header)) if place not in empty]
    header = [grid.header[place] for place in kept]
    names = _named(columns, header, grid.file, problems)
    if not grid.rows and name not in _MAY_BE_EMPTY:
        place, rule = Place(grid.file), "a table has at least one row"
        if name in REQUIRED_TABLES or not header:
            problems.error("no-rows", place, "", rule, "fill or remove it")
        else:
            problems.warn("table-left-out", place, "no rows", rule, "fill or remove it")
    rows = tuple(
        (number, {one: row[at] for one, at in zip(names, kept, strict=True)})
        for number, row in grid.rows
    )
    digest = hashlib.sha256(grid.content).hexdigest()
    return RawTable(grid.file, names, rows, digest, grid.is_whole and bool(header))


def _empty_columns(grid: Grid) -> set[int]:
    blank = {place for place, name in enumerate(grid.header) if not name}
    for _, row in grid.rows:
        if not blank:
            break
        blank = {place for place in blank if not row[place]}
    return blank


def _named(
    columns: tuple[Column, ...], header: list[str], file: str, problems: Problems
) -> tuple[str, ...]:
    """Replace aliases, note columns that are there twice or that nobody knows."""
    names: list[str] = []
    for given in header:
        name = _alias(columns, given)
        if name != given:
            rule = f"{given} is read as {name}; 1 cc = 1 cm3 = 1 mL"
            problems.warn("column-alias", Place(file, 1, given), given, rule, f"call it {name}")
        if name in names:
            shown = name if source_of(columns, name) else shown_column(name)
            rule = "a column name stands once"
            problems.error("duplicate-column", Place(file, 1, shown), shown, rule, "remove one")
            name = f"{name} ({len(names)})"
        names.append(name)
    return tuple(names)


def _alias(columns: tuple[Column, ...], name: str) -> str:
    """Name in the dictionary for a column, by case and by the words for mL."""
    if source_of(columns, name) is not None:
        return name
    lower = name.lower()
    stem, _, unit = lower.rpartition("_")
    if unit in VOLUME_UNITS and column_of(columns, f"{stem}_ml") is not None:
        lower = f"{stem}_ml"
    return lower if source_of(columns, lower) is not None else name
