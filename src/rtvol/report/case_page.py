"""The page of one case: slices, doses, tables, findings and provenance in one HTML file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rtvol.frames import AXIAL
from rtvol.report.case_tables import table_words
from rtvol.report.curves import curve_data, goal_marks, with_pens
from rtvol.report.drawn import body_of, draw_all, encode, gaps_of, pens_of
from rtvol.report.framing import frame_of, frame_words, framed
from rtvol.report.meanings import meanings
from rtvol.report.pack import pack
from rtvol.report.palette import DASH_DOT, DOTS, LONG, SHORT, SOLID, Pen
from rtvol.report.pens import numbered, pen_entry
from rtvol.report.places import Spot, cut_places, hot_spot, least_margin, middle_of
from rtvol.report.scene import axis_entry, box_round, place_entry, view_entry, view_of
from rtvol.report.stage import CaseStage
from rtvol.report.view import code_dose
from rtvol.report.webpage import NIIVUE, UPLOT, UPLOT_CSS, PageParts, make_page
from rtvol.structures import target_kind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rtvol.errors import Finding
    from rtvol.frames import Box
    from rtvol.report.drawn import Gap
    from rtvol.report.pens import Pens
    from rtvol.report.shown import ShownCase
    from rtvol.report.view import DoseCodes, View
    from rtvol.structures import Roi

#: Isodoses in % of the prescription (else of the highest dose), with their pens.
ISODOSES: tuple[tuple[float, Pen], ...] = (
    (110, Pen((255, 120, 215), 1.0, DOTS)),
    (100, Pen((255, 255, 90), 1.2, SOLID)),
    (95, Pen((205, 255, 60), 1.0, LONG)),
    (80, Pen((225, 225, 170), 1.0, DASH_DOT)),
    (50, Pen((235, 235, 235), 1.0, SHORT)),
    (30, Pen((175, 175, 175), 1.0, DOTS)),
)
PARTS = PageParts(
    template="case.html.j2",
    styles=("page.css", "case.css", UPLOT_CSS),
    scripts=(UPLOT, "core.js", "volume.js", "views.js", "chart.js", "solid.js", "case.js"),
    late={"niivue": NIIVUE},
)


def set_stage(shown: ShownCase) -> tuple[CaseStage, tuple[Finding, ...]]:
    """Return what is drawn of a case, and what was noticed.

    Raises
    ------
    CaseRejected
        `roi-empty` when nothing is drawn in the case.
    """
    frame = frame_of(shown.case, _main(shown))
    shown = framed(shown, frame)
    box = box_round(_main(shown))
    view, findings = view_of(shown.case, _main(shown), box)
    gaps = gaps_of(shown, view)
    pens = pens_of(shown)
    drawn = draw_all(shown, view, gaps, pens)
    dose = code_dose(shown.dose.dose, box) if shown.dose.dose is not None else None
    stage = CaseStage(
        shown,
        view,
        drawn,
        _places(shown, gaps, box),
        dose,
        *_levels(shown, dose),
        _chart(shown, pens),
        _words(shown, view, pens, frame_words(frame)),
        frame,
    )
    return stage, findings


def case_page(stage: CaseStage) -> str:
    """Return the page of a case as HTML.

    Raises
    ------
    ExtraMissing
        jinja2 is not installed.
    """
    view, dose = stage.view, stage.dose
    structures, rings, arrays = encode(stage.drawn, view)
    if view.pixels is not None:
        arrays["image"] = view.pixels.codes
    if dose is not None:
        arrays["dose"] = dose.codes
    text, index = pack(arrays)
    data = {
        "view": view_entry(view, stage.frame),
        "structures": structures,
        "rings": rings,
        "arrays": index,
        "places": [place_entry(place) for place in stage.places],
        "chart": stage.chart,
        "dose": None if dose is None else _dose_entry(dose),
        "levels": stage.levels,
        "full_gy": stage.full_gy,
    }
    words = {"title": stage.name, **stage.words}
    return make_page(PARTS, words, data, {"arrays": text})


def _words(shown: ShownCase, view: View, pens: Pens, turned: str) -> dict[str, Any]:
    is_lofted = all(target.level is None for target in shown.targets)
    said = meanings(is_turned=bool(turned), is_lofted=is_lofted)
    return {**table_words(shown, view, pens), "turned": turned, "meanings": said}


def _main(shown: ShownCase) -> list[Roi]:
    """Return what the page is about: the targets made, else those drawn, else all but the skin."""
    made = [target.roi for target in shown.targets if target.role != "roi"]
    drawn = [roi for roi in shown.case.structures.rois if roi.contours]
    order = ("GTV", "ITV", "CTV", "PTV", "")
    targets = sorted(
        (roi for roi in drawn if roi.is_target),
        key=lambda roi: order.index(target_kind(roi.name, roi.kind)),
    )
    inner = [roi for roi in drawn if roi.kind != "EXTERNAL"]
    return [roi for roi in made if roi.contours] or targets or inner or drawn


def _places(shown: ShownCase, gaps: Sequence[Gap], box: Box) -> list[Spot]:
    """Return where the page opens (the first) and where its buttons lead."""
    by_lesion: dict[str, dict[str, Roi]] = {}
    for target in shown.targets:
        if target.roi.contours:
            by_lesion.setdefault(target.lesion, {})[target.role] = target.roi
    axial = shown.case.images_in(AXIAL)
    images_mm = None if axial is None else axial.planes_mm
    levels = {gap.label: gap.level for gap in gaps}
    cuts, margins, middles = [], [], []
    for lesion, rois in by_lesion.items():
        if "ptv" not in rois:
            continue
        if "ptv_clip" in rois:
            cuts += cut_places(rois["ptv"], rois["ptv_clip"], levels, images_mm)
        ctv = body_of(rois["ctv"], images_mm) if "ctv" in rois else None
        margin = least_margin(ctv, rois.get("ptv_clip", rois["ptv"])) if ctv else None
        margins += [margin] if margin else []
        middles.append(Spot("target", lesion, middle_of([rois["ptv"]])))
    cuts.sort(key=lambda place: -place.weight)
    margins.sort(key=lambda place: place.weight)
    if not middles:
        main = _main(shown)
        middles = [
            Spot("target" if roi.is_target else "structure", roi.name, middle_of([roi]))
            for roi in main
        ]
    dosed = [
        Spot("isodose", _least_words(entry), tuple(entry["least_at_mm"]), entry["least_mm"])
        for entry in shown.margins
        if "least_mm" in entry
    ]
    dosed.sort(key=lambda place: place.weight)
    hot = hot_spot(shown.dose.dose, box) if shown.dose.dose is not None else None
    return [*cuts, *(middles if not cuts else ()), *margins, *dosed, *([hot] if hot else ())] + (
        middles if cuts else []
    )


def _least_words(entry: Mapping[str, Any]) -> str:
    where = f"{entry['isodose']} isodose {entry['least_toward']} of {entry['target']}"
    return f"{where}: {entry['least_mm']:.1f} mm, the least"


def _dose_entry(dose: DoseCodes) -> dict[str, Any]:
    return {
        "x": axis_entry(dose.x_mm),
        "y": axis_entry(dose.y_mm),
        "z": [round(float(z), 4) for z in dose.z_mm],
        "step_gy": dose.step_gy,
    }


def _levels(shown: ShownCase, dose: DoseCodes | None) -> tuple[list[dict[str, Any]], float]:
    """Return the isodoses, and what 100 % of them is in Gy."""
    if dose is None or shown.dose.dose is None:
        return [], 0.0
    given = shown.dose.prescription_gy
    full = given or shown.dose.dose.max_gy
    of = "" if given else " of the highest"
    levels = [
        {
            **pen_entry(pen),
            "gy": share * full / 100,
            "short": f"{share:g} %",
            "label": f"{share:g} %{of}, {share * full / 100:.4g} Gy",
        }
        for share, pen in ISODOSES
        if given or share <= 100
    ]
    return levels, full


def _chart(shown: ShownCase, pens: Pens) -> dict[str, Any]:
    data = curve_data(shown.rows)
    data = with_pens(data, [pens[key] for key in numbered(one["name"] for one in data["curves"])])
    marks = goal_marks(shown.result.goals, shown.rows, shown.dose.prescription_gy)
    return {**data, "marks": marks}
