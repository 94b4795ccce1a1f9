"""Tables and notes on a screen of any width: no number and no name is broken over two lines.

A table that is too wide first lets its headings and its prose run over several lines, then comes in
blocks of columns, each with the names again, and at last as one paragraph per row.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

#: Between two columns.
GAP = 2
#: Stands for a space at which no line may end.
FIXED = "\u00a0"
_UNIT = re.compile(r"(?<=\d) (?=(?:cc|c?Gy|mm|%|fractions?)(?![\w%]))")


@dataclass(frozen=True)
class Line:
    """One line of a table; headings are bold where a person watches."""

    text: str
    is_heading: bool = False


@dataclass(frozen=True)
class ScreenTable:
    """A table without lines between its cells; the first column names the rows.

    Attributes
    ----------
    columns
        Their headings.
    numbers
        Columns that stand on the right.
    prose
        Columns whose cells may run over several lines, at spaces.
    margin
        How far to the right all of it stands.
    keys
        How many columns, from the first, say what a row is about; each block has them.
    rows
        The cells, filled by `add_row`.
    """

    columns: tuple[str, ...]
    numbers: frozenset[str] = frozenset()
    prose: frozenset[str] = frozenset()
    margin: int = 0
    keys: int = 1
    rows: list[tuple[str, ...]] = field(default_factory=list)

    def add_row(self, *cells: str) -> None:
        """Add a row; cells left out are empty."""
        self.rows.append((*cells, *("" for _ in self.columns[len(cells) :])))

    def lines(self, width: int) -> list[Line]:
        """Lay the table out on lines of at most `width` characters.

        A line is longer only where one name, number or word of a heading is.
        """
        room = width - self.margin
        least = [self._least(number) for number in range(len(self.columns))]
        keys = sum(least[: self.keys]) + GAP * (self.keys - 1)
        if any(keys + GAP + one > room for one in least[self.keys :]):
            found = self._paragraphs(room)
        else:
            found = []
            for block in _blocks(least, self.keys, room):
                found += [Line("")] * bool(found) + self._block(block, room)
        indent = " " * self.margin
        return [Line((indent + one.text).rstrip(), one.is_heading) for one in found]

    def _least(self, number: int) -> int:
        """Return the least width of a column: of its longest cell, in prose of its longest word."""
        heading = self.columns[number]
        cells = [row[number] for row in self.rows]
        if heading in self.prose:
            cells = [word for cell in cells for word in cell.split(" ")]
        return max(map(cells_wide, [*heading.split(" "), *cells]))

    def _widest(self, number: int) -> int:
        return max(cells_wide(text) for text in self._column(number))

    def _column(self, number: int) -> list[str]:
        return [self.columns[number], *(row[number] for row in self.rows)]

    def _block(self, numbers: Sequence[int], room: int) -> list[Line]:
        """Lay out some of the columns; what room is left goes to the first ones that need it."""
        widths = [self._least(number) for number in numbers]
        spare = room - sum(widths) - GAP * (len(numbers) - 1)
        for place, number in enumerate(numbers):
            more = max(0, min(spare, self._widest(number) - widths[place]))
            widths[place] += more
            spare -= more
        heads = [
            wrap(self.columns[number], width) for number, width in zip(numbers, widths, strict=True)
        ]
        found = [Line(text, is_heading=True) for text in self._stood(numbers, widths, heads)]
        for row in self.rows:
            cells = [
                wrap(row[number], width) if self.columns[number] in self.prose else [row[number]]
                for number, width in zip(numbers, widths, strict=True)
            ]
            found += map(Line, self._stood(numbers, widths, cells))
        return found

    def _stood(
        self, numbers: Sequence[int], widths: Sequence[int], cells: Sequence[Sequence[str]]
    ) -> list[str]:
        """Set the lines of cells beside each other."""
        lines = []
        for height in range(max(map(len, cells))):
            parts = []
            for number, width, cell in zip(numbers, widths, cells, strict=True):
                text = cell[height] if height < len(cell) else ""
                space = " " * (width - cells_wide(text))
                is_right = self.columns[number] in self.numbers
                parts.append(space + text if is_right else text + space)
            lines.append((" " * GAP).join(parts))
        return lines

    def _paragraphs(self, room: int) -> list[Line]:
        """Return each row as a paragraph that begins with its name, where names are very long."""
        found = []
        for row in self.rows:
            found.append(Line(row[0], is_heading=True))
            pairs = []
            for heading, cell in zip(self.columns[1:], row[1:], strict=True):
                kept = cell if heading in self.prose else cell.replace(" ", FIXED)
                pairs.append(f"{heading.replace(' ', FIXED)} {kept}")
            found += [Line(text) for text in wrap(f"  {'; '.join(pairs)}", room)]
        return found


@dataclass(frozen=True)
class Prose:
    """A note for a person: it ends its lines at spaces, but not in a name or before a unit.

    Attributes
    ----------
    text
        One line, which may begin with spaces; what follows stands two more to the right.
    keep
        Names in it that may hold spaces.
    """

    text: str
    keep: tuple[str, ...] = ()

    def lines(self, width: int) -> list[Line]:
        """Return the note on lines of at most `width` characters."""
        text = _UNIT.sub(FIXED, self.text)
        for name in sorted(set(self.keep), key=len, reverse=True):
            if " " in name:
                text = text.replace(name, name.replace(" ", FIXED))
        return [Line(line) for line in wrap(text, width)]


def wrap(text: str, width: int) -> list[str]:
    """Break a text at spaces; lines after the first stand two further to the right if it does."""
    start = len(text) - len(text.lstrip(" "))
    follow = start + 2 if start else 0
    if cells_wide(text) <= width:
        return [text.replace(FIXED, " ")]
    lines: list[str] = []
    line = " " * start
    is_empty = True
    for word in text[start:].split(" "):
        if not is_empty and cells_wide(line) + 1 + cells_wide(word) > width:
            lines.append(line)
            line, is_empty = " " * follow, True
        line += word if is_empty else f" {word}"
        is_empty = False
    return [line.replace(FIXED, " ") for line in (*lines, line)]


def cells_wide(text: str) -> int:
    """Return how many places a text takes on a screen; some characters take two, some none."""
    from rich.cells import cell_len

    return cell_len(text)


def _blocks(least: Sequence[int], keys: int, room: int) -> Iterable[list[int]]:
    """Share columns out to blocks, of which each has the first `keys` columns and fits."""
    block = own = list(range(keys))
    taken = needed = sum(least[:keys]) + GAP * (keys - 1)
    for number, width in enumerate(least[keys:], start=keys):
        if taken + GAP + width > room and block != own:
            yield block
            block, taken = own, needed
        block = [*block, number]
        taken += GAP + width
    yield block
