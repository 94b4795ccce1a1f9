"""Headings, texts and tables that flow over A4 pages on their side; lengths in points."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING, Any

from rtvol.report.lettering import folded, printable, width_of
from rtvol.report.panels import GROUND, unit
from rtvol.report.paper import PAGE_INCHES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.figure import Figure

    #: A text, or a pen that is drawn as a small line.
    Cell = str | Mapping[str, Any]

WIDTH, HEIGHT = PAGE_INCHES[0] * 72, PAGE_INCHES[1] * 72
LEFT, RIGHT, TOP, BOTTOM = 36.0, WIDTH - 36.0, HEIGHT - 40.0, 40.0
ROOM = RIGHT - LEFT
HEADING, TEXT, CELL = 12.0, 8.5, 7.0
LEADING = 1.3
PEN_WIDTH, BETWEEN = 48.0, 9.0
INK, FAINT, LINE = "#1b2430", "#5d6878", "#b8bfc9"


@dataclass(frozen=True)
class PaperColumn:
    """A column of a table: its name, whether it holds numbers, and its least width, points."""

    name: str
    is_number: bool = False
    least: float = 34.0


def number(name: str, least: float = 34.0) -> PaperColumn:
    """Return a column of numbers."""
    return PaperColumn(name, is_number=True, least=least)


class PaperFlow:
    """Pages that are filled from the top."""

    def __init__(self) -> None:
        self.pages: list[Figure] = []
        self._y = -1.0

    @property
    def page(self) -> Figure:
        """The page that is being filled."""
        return self.pages[-1]

    def picture(self, title: str = "") -> Figure:
        """Return a page of its own, for pictures; what follows begins another one."""
        self._turn()
        if title:
            self._y -= HEADING
            self._write(LEFT, title, HEADING, weight="bold")
        self._y = -1.0
        return self.page

    def heading(self, text: str, follows: float = 60.0) -> None:
        """Write a heading, with so much room for what follows it on the same page."""
        self._need(HEADING * 2.4 + follows)
        self._y -= HEADING * 1.9 if self._y < TOP else HEADING * 0.9
        self._write(LEFT, printable(text), HEADING, weight="bold")
        self._y -= HEADING * 0.5

    def text(self, text: str, size: float = TEXT, colour: str = INK) -> None:
        """Write a text over the whole width."""
        for line in folded(text, ROOM, size):
            self._need(size * LEADING)
            self._y -= size * LEADING
            self._write(LEFT, line, size, color=colour)

    def table(self, columns: Sequence[PaperColumn], rows: Sequence[Sequence[Cell]]) -> None:
        """Draw a table; its head stands again on each page, and a row may go on on the next."""
        widths = _widths(columns, rows)
        heads = [
            folded(column.name, width, CELL, bold=True)
            for column, width in zip(columns, widths, strict=True)
        ]
        self._head(columns, heads, widths)
        for row in rows:
            cells = [
                folded(cell, width, CELL) if isinstance(cell, str) else [cell]
                for cell, width in zip(row, widths, strict=True)
            ]
            while any(cells):
                count = max(map(len, cells))
                fits = int((self._y - BOTTOM - CELL) / (CELL * LEADING))
                if fits < min(count, 3):
                    self._turn()
                    self._head(columns, heads, widths)
                    continue
                self._row(columns, [cell[:fits] for cell in cells], widths)
                cells = [cell[fits:] for cell in cells]
            self._rule(LINE, 0.4)

    def _head(
        self, columns: Sequence[PaperColumn], heads: Sequence[list[Any]], widths: Sequence[float]
    ) -> None:
        self._need((max(map(len, heads), default=0) + 4) * CELL * LEADING)
        self._row(columns, heads, widths, weight="bold")
        self._rule(INK, 0.8)

    def _row(
        self,
        columns: Sequence[PaperColumn],
        cells: Sequence[list[Any]],
        widths: Sequence[float],
        **style: Any,
    ) -> None:
        top, bold = self._y, bool(style)
        self._y -= CELL * 0.2
        for nth in range(max(map(len, cells), default=0)):
            self._y -= CELL * LEADING
            x = LEFT
            for column, cell, width in zip(columns, cells, widths, strict=True):
                if nth < len(cell) and isinstance(cell[nth], str):
                    line = cell[nth]
                    gap = width - width_of(line, CELL, bold=bold) if column.is_number else 0.0
                    self._write(x + gap, line, CELL, **style)
                elif nth < len(cell):
                    _draw_pen(self.page, x, self._y + CELL * 0.32, cell[nth])
                x += width + BETWEEN
        self._y = min(self._y, top)

    def _rule(self, colour: str, thickness: float) -> None:
        from matplotlib.lines import Line2D

        self._y -= CELL * 0.45
        y = self._y / HEIGHT
        ends = ((LEFT / WIDTH, RIGHT / WIDTH), (y, y))
        self.page.add_artist(Line2D(*ends, color=colour, linewidth=thickness))

    def _write(self, x: float, line: str, size: float, **style: Any) -> None:
        self.page.text(x / WIDTH, self._y / HEIGHT, line, fontsize=size, **{"color": INK, **style})

    def _turn(self) -> None:
        from matplotlib.figure import Figure

        self.pages.append(Figure(figsize=PAGE_INCHES))
        self._y = TOP

    def _need(self, points: float) -> None:
        if self._y - points < BOTTOM:
            self._turn()


def number_pages(pages: Sequence[Figure], foot: str) -> None:
    """Write the foot and `page n of N` on each page."""
    for number, page in enumerate(pages, start=1):
        page.text(LEFT / WIDTH, 18 / HEIGHT, foot, fontsize=7, color=FAINT)
        words = f"page {number} of {len(pages)}"
        page.text(RIGHT / WIDTH, 18 / HEIGHT, words, fontsize=7, color=FAINT, ha="right")


def _draw_pen(page: Figure, x: float, y: float, pen: Mapping[str, Any]) -> None:
    """Draw a pen as a small line on the ground that outlines have."""
    from matplotlib.lines import Line2D

    dashes = tuple(float(part) for part in str(pen["dashes"]).split())
    ends = ((x / WIDTH, (x + PEN_WIDTH) / WIDTH), (y / HEIGHT, y / HEIGHT))
    line = Line2D(
        *ends, color=unit(pen["colour"]), linewidth=pen["width"],
        linestyle=(0, dashes) if dashes else "solid", solid_capstyle="butt",
    )  # fmt: skip
    page.add_artist(Line2D(*ends, color=GROUND, linewidth=CELL * 1.1, solid_capstyle="butt"))
    page.add_artist(line)


def _widths(columns: Sequence[PaperColumn], rows: Sequence[Sequence[Cell]]) -> list[float]:
    """Share the width of a page: a column has what it needs, or by its root a part of what is left.

    So a long text gets more room than a short one, and both are folded.
    """
    needed = []
    for nth, column in enumerate(columns):
        cells = [row[nth] for row in rows]
        lines = [line for cell in cells if isinstance(cell, str) for line in cell.split("\n")]
        widest = [width_of(printable(line), CELL) for line in lines]
        widest += [PEN_WIDTH for cell in cells if not isinstance(cell, str)]
        words = [width_of(word, CELL, bold=True) for word in printable(column.name).split(" ")]
        head = max(min(sum(words), column.least), *words)
        needed.append(max([head, *widest]) + 0.5)
    room = ROOM - BETWEEN * (len(columns) - 1)
    widths, left = [0.0] * len(columns), set(range(len(columns)))
    while left:
        roots = sum(sqrt(needed[nth]) for nth in left)
        share = {nth: room * sqrt(needed[nth]) / roots for nth in left}
        small = {nth for nth in left if needed[nth] <= share[nth]}
        for nth in small or left:
            widths[nth] = needed[nth] if small else share[nth]
        room -= sum(widths[nth] for nth in small or left)
        left -= small or left
    return widths
