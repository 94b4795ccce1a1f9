"""Where organs keep targets away: the outline of an organ grown by its gap, a line of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rtvol.margins.levels import LevelSet
from rtvol.report.cuts import BAND_MM, Outlines, as_grown, cut, level_axial, view_lattice
from rtvol.solids.distance import signed_distance
from rtvol.solids.loft import loft

if TYPE_CHECKING:
    from rtvol.report.view import View
    from rtvol.solids.pieces import Body


def gap_level(body: Body, gap_mm: float, view: View) -> LevelSet | None:
    """Return an organ grown by a gap (shrunk by a negative one), mm, within a view's box.

    None where the view shows nothing of it.
    """
    lattice = view_lattice(body, view, around_mm=max(gap_mm, 0.0) + 2.0)
    if lattice is None:
        return None
    reach = abs(gap_mm) + 3 * lattice.step_mm
    runs = loft(body, lattice, band_mm=reach + BAND_MM, reach_mm=reach)
    distance = signed_distance(runs, lattice, outside_mm=reach, inside_mm=reach)
    level = LevelSet(distance, lattice).moved(gap_mm)
    return None if level.is_empty else level


def gap_outlines(level: LevelSet, view: View) -> Outlines:
    """Return its outlines on the planes of a view."""
    return Outlines(level_axial(level, view), *cut(as_grown(level), view))
