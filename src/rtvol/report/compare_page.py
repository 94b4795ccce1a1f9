"""The page of drawings compared: both outlines on the images, numbers, findings, provenance."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from rtvol.report.case_tables import number
from rtvol.report.cuts import Outlines, cut, drawn_rings, lofted
from rtvol.report.drawn import DrawnStructure, body_of, encode
from rtvol.report.framing import frame_of, frame_words, framed
from rtvol.report.pack import pack
from rtvol.report.palette import LONG, SOLID
from rtvol.report.pens import Subject, pens_for
from rtvol.report.places import Spot
from rtvol.report.scene import box_round, place_entry, view_entry, view_of
from rtvol.report.shown import ShownCase, ShownDose
from rtvol.report.surfaces import surface_of
from rtvol.report.webpage import NIIVUE, PageParts, make_page
from rtvol.tables.cohort_summary import summaries
from rtvol.tables.document import finding_entries
from rtvol.tables.pairs_table import figures_of, pair_entry, tolerances_in
from rtvol.tables.rows import CaseResult

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rtvol.case import Case
    from rtvol.errors import Finding
    from rtvol.frames import PlaneFrame
    from rtvol.report.view import View
    from rtvol.structures import Roi
    from rtvol.tables.cohort_summary import Summary
    from rtvol.tables.pairs_table import ComparedCase, PairRow

#: What is shown of a number, and with how many digits; the page explains all it shows.
SHOWN: dict[str, tuple[str, int]] = {
    "a_volume_cc": ("A cc", 2),
    "b_volume_cc": ("B cc", 2),
    "shared_volume_cc": ("shared cc", 2),
    "dice": ("Dice", 3),
    "mean_mm": ("mean mm", 2),
    "p95_mm": ("95 % mm", 2),
    "hausdorff_mm": ("greatest mm", 2),
    "added_path_mm": ("added path mm", 0),
    "path_mm": ("path of B mm", 0),
    "shift_left_mm": ("shift left mm", 2),
    "shift_posterior_mm": ("shift posterior mm", 2),
    "shift_superior_mm": ("shift superior mm", 2),
    "shift_mm": ("shift mm", 2),
}
#: Width of outlines, pixels: those of A and of B differ by their dashes alone.
WIDTH = 1.8
#: How a surface Dice coefficient is named, and its digits.
SURFACE, RATIO_DIGITS = "surface_dice_", 3
PARTS = PageParts(
    template="compare.html.j2",
    styles=("page.css", "case.css"),
    scripts=("core.js", "volume.js", "views.js", "chart.js", "solid.js", "case.js"),
    late={"niivue": NIIVUE},
)
TABLES = PageParts(template="compare.html.j2")


@dataclass(frozen=True, eq=False)
class DrawnPair:
    """Two drawings of a structure, to be shown: as A has it, and as B, the reference, does."""

    row: PairRow
    a: Roi
    b: Roi


@dataclass(frozen=True, eq=False)
class ShownPairs:
    """Two structure sets to look at.

    Attributes
    ----------
    case
        A, whose images are shown.
    other
        B; A itself where two names of one set are compared.
    pairs
        What was compared.
    """

    case: Case
    other: Case
    pairs: tuple[DrawnPair, ...]


def compare_page(
    cases: Sequence[ComparedCase],
    shown: ShownPairs | None,
    origin: Sequence[tuple[str, str]],
) -> tuple[str, tuple[Finding, ...]]:
    """Return the page of what was compared as HTML, and what was noticed.

    Parameters
    ----------
    cases
        What became of them.
    shown
        What is drawn, where it is one case; None for tables alone.
    origin
        Where it all comes from: name and text.

    Raises
    ------
    ExtraMissing
        jinja2 is not installed.
    """
    words = _words(cases, origin)
    if shown is None or not shown.pairs:
        return make_page(TABLES, {**words, "is_drawn": False}, {}, {}), ()
    data, text, turned, findings = _scene(shown)
    told = {**words, "is_drawn": True, "turned": turned}
    return make_page(PARTS, told, data, {"arrays": text}), findings


def _scene(shown: ShownPairs) -> tuple[dict[str, Any], str, str, tuple[Finding, ...]]:
    """Return what the page's script draws, its arrays, how planes are turned, and findings."""
    rois = [roi for pair in shown.pairs for roi in (pair.a, pair.b)]
    frame = frame_of(shown.case, rois)
    both = dict.fromkeys((*shown.case.images, *shown.other.images))
    structures = replace(shown.case.structures, rois=tuple(rois))
    case = replace(shown.case, structures=structures, images=tuple(both))
    result = CaseResult.of(case.name, (), structures=())
    seen = framed(ShownCase(case, result, (), ShownDose(None, "")), frame).case
    rois = list(seen.structures.rois)
    box = box_round(rois)
    view, findings = view_of(seen, rois, box)
    drawn = list(_drawn(shown.pairs, rois, seen, view))
    entries, rings, arrays = encode(drawn, view)
    if view.pixels is not None:
        arrays["image"] = view.pixels.codes
    text, index = pack(arrays)
    data: dict[str, Any] = {
        "view": view_entry(view, frame),
        "structures": entries,
        "rings": rings,
        "arrays": index,
        "places": [place_entry(spot) for spot in _places(shown, frame)],
        "chart": {"dose_gy": [], "curves": [], "marks": []},
        "dose": None,
        "levels": [],
        "full_gy": 0.0,
    }
    return data, text, frame_words(frame), findings


def _drawn(
    pairs: Sequence[DrawnPair], rois: Sequence[Roi], case: Case, view: View
) -> Iterator[DrawnStructure]:
    """Yield each drawing: A with a whole line, B in the same colour with a broken one."""
    pens = pens_for([Subject(pair.row.b, pair.b.kind) for pair in pairs])
    for number_of, (pair, pen) in enumerate(zip(pairs, pens, strict=True)):
        for side, roi, dashes in (
            ("A", rois[2 * number_of], SOLID),
            ("B", rois[2 * number_of + 1], LONG),
        ):
            name = f"{getattr(pair.row, side.lower())} ({side})"
            body = body_of(roi, case.planes_of(roi))
            solid = lofted(body, view) if body is not None else None
            outlines = Outlines(drawn_rings(roi, view), *(cut(solid, view) if solid else ()))
            surface = surface_of(solid) if solid else None
            own = replace(pen, width=WIDTH, dashes=dashes, tag="")
            heading = pair.row.b if pair.row.a == pair.row.b else f"{pair.row.a} : {pair.row.b}"
            group = "target" if pair.b.is_target else "organ"
            yield DrawnStructure(name, name, group, heading, own, outlines, surface=surface)


def _places(shown: ShownPairs, frame: PlaneFrame) -> list[Spot]:
    """Return where the drawings lie farthest apart, pair by pair, the farthest first."""
    spots = []
    for pair in shown.pairs:
        found = pair.row.agreement
        if found is not None:
            name = pair.row.b if pair.row.a == pair.row.b else f"{pair.row.a} : {pair.row.b}"
            label = f"{name}: {found.largest_mm:.2f} mm apart, the greatest distance"
            x, y, z = frame.from_patient(np.array(found.largest_at_mm)).tolist()
            spots.append(Spot("apart", label, (x, y, z), found.largest_mm))
    return sorted(spots, key=lambda spot: -spot.weight)


def _words(cases: Sequence[ComparedCase], origin: Sequence[tuple[str, str]]) -> dict[str, Any]:
    tolerances = tolerances_in(cases)
    figures = [one for one in figures_of(tolerances) if _is_shown(one.name)]
    findings = [entry for case in cases for entry in _findings(case, many=len(cases) > 1)]
    solids = {row.agreement.solid for case in cases for row in case.pairs if row.agreement}
    counted = [f"{sum(bool(row.agreement) for case in cases for row in case.pairs)} pairs"]
    counted += [f"{len(cases)} cases"] if len(cases) > 1 else []
    order = ("reject", "warn", "accept")
    return {
        "title": _name(cases[0]) if len(cases) == 1 else f"{len(cases)} cases compared",
        "status": min((case.status for case in cases), key=order.index),
        "lead": [*counted, "A: whole line", "B, the reference: broken line"],
        "heads": [_heading(one.name)[0] for one in figures],
        "figures": [(_heading(one.name)[0], one.unit, one.about) for one in figures],
        "cases": [
            {
                "name": _name(case),
                "status": case.status,
                "rows": [_pair(row, [one.name for one in figures]) for row in case.pairs],
            }
            for case in cases
        ],
        "solid": " or ".join(sorted(solids)) or "solid",
        "summary": _summary(summaries(cases)) if len(cases) > 1 else {"heads": [], "rows": []},
        "findings": findings,
        "origin": list(origin),
    }


def _is_shown(name: str) -> bool:
    return name in SHOWN or name.startswith(SURFACE)


def _heading(name: str) -> tuple[str, int]:
    """Return what a number is called here, and its digits."""
    if name.startswith(SURFACE):
        return f"surface Dice {name.removeprefix(SURFACE)}", RATIO_DIGITS
    return SHOWN[name]


def _pair(row: PairRow, names: Sequence[str]) -> dict[str, Any]:
    entry = pair_entry(row)
    cells = [number(entry.get(name), _heading(name)[1]) for name in names]
    return {"a": row.a, "b": row.b, "cells": cells, "note": row.note}


def _summary(rows: Iterable[Summary]) -> dict[str, Any]:
    """Return the table over cases: the chief numbers that do not tell A from B."""
    chief = ("dice", "mean_mm", "p95_mm", "hausdorff_mm", "added_path_mm", "shift_mm")
    found: dict[tuple[str, str], dict[str, Summary]] = {}
    for row in rows:
        if row.figure in chief or row.figure.startswith(SURFACE):
            found.setdefault((row.a, row.b), {})[row.figure] = row
    names = list(dict.fromkeys(name for one in found.values() for name in one))
    table = [
        {
            "a": a,
            "b": b,
            "cases": max(one.cases for one in by_name.values()),
            "cells": [_spread(by_name.get(name)) for name in names],
        }
        for (a, b), by_name in found.items()
    ]
    heads = [_heading(name)[0] for name in names]
    return {"heads": heads, "rows": table}


def _spread(row: Summary | None) -> str:
    if row is None:
        return number(None)
    digits = _heading(row.figure)[1]
    low, middle, high = (number(value, digits) for value in (row.q1, row.median, row.q3))
    return f"{middle} ({low} to {high})"


def _name(case: ComparedCase) -> str:
    names = dict.fromkeys(name for name in (case.case, case.other) if name)
    return " : ".join(names)


def _findings(case: ComparedCase, *, many: bool) -> list[dict[str, str]]:
    entries = [
        *finding_entries(case.findings, notes=False),
        *finding_entries(case.findings, notes=True),
    ]
    if not many:
        return entries
    return [{**entry, "where": f"{_name(case)}: {entry['where']}"} for entry in entries]
