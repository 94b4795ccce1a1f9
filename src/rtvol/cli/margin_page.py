"""Asked, achieved and dosimetric margins, as tables on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rtvol.cli.screen import clean, indent, number, table
from rtvol.margins.achieved import DIRECTIONS

if TYPE_CHECKING:
    from rtvol.cli.layout import ScreenTable
    from rtvol.verbs.dose_margins import MarginResult, MarginRow


def margin_page(result: MarginResult) -> list[str | ScreenTable]:
    """Return one case: for each target and isodose the three margins, by direction."""
    codes = dict.fromkeys(finding.code for finding in result.findings)
    parts: list[str | ScreenTable] = [
        f"{clean(result.case)}  {result.status}" + "".join(f"  [{code}]" for code in codes)
    ]
    for row in result.rows:
        parts += _row_parts(row)
    return parts


def _row_parts(row: MarginRow) -> list[str | ScreenTable]:
    level = f"{row.level} isodose"
    if row.level_gy is not None and row.level.endswith("%"):
        level += f" ({row.level_gy:g} Gy)"
    head = f"  {clean(row.target)}, {level}"
    grid = table("mm", *DIRECTIONS, numbers=DIRECTIONS)
    if row.asked_mm:
        grid.add_row("asked", *(number(row.asked_mm.get(name)) for name in DIRECTIONS))
    if row.achieved_mm:
        name = f"achieved, {clean(row.outer)}"
        grid.add_row(name, *(number(row.achieved_mm.get(way)) for way in DIRECTIONS))
    lines: list[str | ScreenTable] = [head]
    if row.found is not None:
        toward = row.found.toward
        least = [number(toward[way].min_mm) if way in toward else "-" for way in DIRECTIONS]
        grid.add_row("isodose", *least)
        at = ", ".join(f"{mm:.1f}" for mm in row.found.least_at_mm)
        head += f": least {number(row.found.whole.min_mm)} mm, {row.found.least_toward}, at {at}"
        head += f"; mean {number(row.found.whole.mean_mm)} mm"
        if row.found.uncovered_percent > 0:
            head += f"; {number(row.found.uncovered_percent)} % of the surface gets less"
        lines = [head]
    lines.append(indent(grid, 4))
    if row.note:
        lines.append(f"    {clean(row.note)}")
    return lines
