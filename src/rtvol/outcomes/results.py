"""Results: numbers unrounded in one long table, and sheets that show them as text."""

from __future__ import annotations

from dataclasses import dataclass, replace
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple, Self

from rtvol.tables import sheet as table
from rtvol.tables.sheet import Column, write_sheet

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rtvol.tables.sheet import Kind

SCHEMA = "rtvol/outcomes@1"
BANNER = "SYNTHETIC: made-up data, no patients"
SUPPRESSED = "suppressed"


class Row(NamedTuple):
    """One number of one table, unrounded, with what it rests on; None where there is nothing."""

    table: str
    row: str
    level: str
    unit: str
    quantity: str
    value: float | None
    lower: float | None = None
    upper: float | None = None
    n: int | None = None
    events: int | None = None
    n_risk: int | None = None
    method: str = ""


class Cell(NamedTuple):
    """Text of a sheet, and the smallest count of people or lesions it gives away (None: none)."""

    text: str
    least: int | None = None


class Remark(str):
    """A note that tells counts; `least` is the smallest of them (None: none)."""

    __slots__ = ("least",)
    least: int | None

    def __new__(cls, text: str, least: int | None) -> Self:
        """Make the text, and keep the count beside it."""
        made = super().__new__(cls, text)
        made.least = least
        return made


def least_of(text: str) -> int | None:
    """Smallest count that a note tells; None when it tells none."""
    return text.least if isinstance(text, Remark) else None


def tells(text: str | Cell, below: int) -> bool:
    """Tell whether a note or sentence may stand: it gives away no count below the least."""
    least = text.least if isinstance(text, Cell | Remark) else None
    return least is None or not 0 < least < below


def shown(text: str | Cell, below: int) -> str:
    """Return the text, or `< 5` where it gives away fewer than the least that may be shown."""
    if isinstance(text, str):
        return text if tells(text, below) else f"(a count below {below}: not shown)"
    hidden = text.least is not None and 0 < text.least < below
    return f"< {below}" if hidden else text.text


@dataclass(frozen=True)
class Sheet:
    """A table to read: title, header, lines of text, footnotes; and the numbers behind it.

    Attributes
    ----------
    name, title
        Id (also the file name of a figure that shows it) and heading.
    header
        One text per column.
    lines
        Rows of text, as wide as the header.
    notes
        Footnotes.
    rows
        The same numbers, unrounded.
    sentences
        One finding each, made from the numbers; no adjectives.
    paragraphs
        Text that stands before the table.
    is_table
        Whether it is counted among the tables.
    number
        "Table S1", given by `numbered`; empty where the title has its number.
    """

    name: str
    title: str
    header: tuple[str, ...]
    lines: tuple[tuple[str | Cell, ...], ...]
    notes: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    sentences: tuple[str | Cell, ...] = ()
    paragraphs: tuple[str, ...] = ()
    is_table: bool = True
    number: str = ""

    @property
    def heading(self) -> str:
        """Number and title."""
        return f"{self.number}. {self.title}" if self.number else self.title

    def __post_init__(self) -> None:
        if any(len(line) != len(self.header) for line in self.lines):
            raise ValueError(f"{self.name}: a line is not as wide as the header")


def numbered(sheets: Sequence[Sheet]) -> tuple[Sheet, ...]:
    """Return the sheets with supplementary numbers for tables whose titles have none."""
    done: list[Sheet] = []
    count = 0
    for sheet in sheets:
        has_one = sheet.title.startswith(("Table ", "Figure "))
        if sheet.is_table and not has_one:
            count += 1
            done.append(replace(sheet, number=f"Table S{count}"))
        else:
            done.append(sheet)
    return tuple(done)


def _column(name: str, kind: Kind, unit: str, about: str) -> Column[Row]:
    return Column(name, kind, unit, about, attrgetter(name))


#: The long table as a file: every number of a study.
LONG: table.Sheet[Row] = table.Sheet(
    "results",
    SCHEMA,
    (
        _column("table", "text", "", "table or figure the number belongs to"),
        _column("row", "text", "", "line of it: factor, endpoint, term"),
        _column("level", "text", "", "group"),
        _column("unit", "text", "", "what is counted: lesion or patient"),
        _column("quantity", "text", "", "what the value is, with its unit"),
        _column("value", "number", "in column quantity", "unrounded; empty: not estimable"),
        _column("lower", "number", "in column quantity", "lower 95 % confidence limit"),
        _column("upper", "number", "in column quantity", "upper 95 % confidence limit"),
        _column("n", "count", "1", "units behind the number"),
        _column("events", "count", "1", "events behind the number"),
        _column("n_risk", "count", "1", "units at risk at the horizon"),
        _column("method", "text", "", "estimator or test, and notes"),
    ),
)


def suppressed(rows: Sequence[Row], below: int) -> list[Row]:
    """Hide counts under `below`, and the numbers that rest on them, for tables that are shared.

    Parameters
    ----------
    rows
        Rows of the long table.
    below
        Smallest count that may be shown; 0 hides nothing.
    """

    def hides(row: Row) -> bool:
        counts = [row.n, row.events]
        counts += [int(row.value)] if row.quantity.startswith("count") and row.value else []
        return any(count is not None and 0 < count < below for count in counts)

    return [
        row._replace(value=None, lower=None, upper=None, n=None, events=None, n_risk=None,
                     method=SUPPRESSED) if hides(row) else row
        for row in rows
    ]  # fmt: skip


def write_long(path: Path, rows: Sequence[Row], *, overwrite: bool, banner: str = "") -> None:
    """Write the long table as CSV or Parquet, by the ending; the banner stands in its schema.

    Raises
    ------
    OutputRefused
        `output-exists` or `output-unwritable`.
    """
    table = LONG if not banner else replace(LONG, marks={"banner": banner})
    write_sheet(table, [rows], path, overwrite=overwrite)
