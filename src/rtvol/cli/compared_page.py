"""Drawings compared, as tables on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rtvol.cli.screen import clean, indent, number, table, volume

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rtvol.cli.screen import Part
    from rtvol.solids.agreement import Agreement
    from rtvol.tables.cohort_summary import Summary
    from rtvol.tables.pairs_table import ComparedCase

#: Patient directions of LPS axes: towards larger and smaller numbers.
LETTERS = (("L", "R"), ("P", "A"), ("S", "I"))
#: What a cohort's table shows, and its headings.
SUMMED = {
    "dice": "Dice",
    "mean_mm": "mean mm",
    "p95_mm": "95% mm",
    "hausdorff_mm": "max mm",
    "added_path_mm": "added mm",
    "shift_mm": "shift mm",
}
#: Digits after the point of numbers without unit, and of lengths.
RATIO_DIGITS, MM_DIGITS = 3, 2


def compared_page(result: ComparedCase) -> list[Part]:
    """Return one case: a row for each pair, and why there is none."""
    codes = dict.fromkeys(finding.code for finding in result.findings)
    name = clean(result.case or result.other)
    if result.other and result.case and result.other != result.case:
        name = f"{name} : {clean(result.other)}"
    head = f"{name}  {result.status}" + "".join(f"  [{code}]" for code in codes)
    rows = [row for row in result.pairs if row.agreement]
    if not result.pairs:
        return [head]
    tolerances = list(rows[0].agreement.surface_dice) if rows and rows[0].agreement else []
    surface = [f"sDice {mm:g}mm" for mm in tolerances]
    numbers = ("A cc", "B cc", "Dice", "mean mm", "95% mm", "max mm", *surface, "added mm")
    grid = table("A", "B", *numbers, "centroid A to B mm", numbers=numbers)
    for row in result.pairs:
        cells = _cells(row.agreement) if row.agreement else ["-"] * (len(numbers) + 1)
        grid.add_row(clean(row.a), clean(row.b), *cells)
    notes = [
        f"  {clean(row.a)} : {clean(row.b)}: {clean(row.note)}" for row in result.pairs if row.note
    ]
    solid = rows[0].agreement.solid if rows and rows[0].agreement else ""
    return [head, f"  read as: {solid}; B is the reference", indent(grid), *notes]


def _cells(found: Agreement) -> list[str]:
    lengths = (found.mean_mm, found.p95_mm, found.largest_mm)
    return [
        volume(found.a_cc),
        volume(found.b_cc),
        number(found.dice, RATIO_DIGITS),
        *(number(mm, MM_DIGITS) for mm in lengths),
        *(number(part, RATIO_DIGITS) for part in found.surface_dice.values()),
        f"{number(found.added_path_mm, 0)} of {number(found.path_mm, 0)}",
        shift_text(found.shift_mm),
    ]


def shift_text(shift_mm: Sequence[float]) -> str:
    """Return a way in patient directions: `L 1.2, A 0.3, S 2.0`."""
    parts = [
        f"{letters[mm < 0]} {number(abs(mm), MM_DIGITS)}"
        for letters, mm in zip(LETTERS, shift_mm, strict=True)
    ]
    return ", ".join(parts)


def summary_page(rows: Sequence[Summary]) -> list[Part]:
    """Return the cohort: median and quartiles of the chief numbers, a row for each pair."""
    found: dict[tuple[str, str], dict[str, Summary]] = {}
    for row in rows:
        if row.figure in SUMMED or row.figure.startswith("surface_dice"):
            found.setdefault((row.a, row.b), {})[row.figure] = row
    figures = list(dict.fromkeys(name for one in found.values() for name in one))
    numbers = ("cases", *map(_heading, figures))
    grid = table("A", "B", *numbers, numbers=numbers)
    for (a, b), by_figure in found.items():
        count = max(row.cases for row in by_figure.values())
        cells = [_spread(by_figure[name]) if name in by_figure else "-" for name in figures]
        grid.add_row(clean(a), clean(b), str(count), *cells)
    return ["", "over all cases, median (quartiles):", indent(grid)]


def _heading(figure: str) -> str:
    if figure.startswith("surface_dice_"):
        return figure.replace("surface_dice_", "sDice ")
    return SUMMED[figure]


def _spread(row: Summary) -> str:
    digits = MM_DIGITS if row.figure.endswith("_mm") else RATIO_DIGITS
    low, middle, high = (number(value, digits) for value in (row.q1, row.median, row.q3))
    return f"{middle} ({low} to {high})"
