"""The figures of a study, numbered, each with a caption made from what was done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rtvol.outcomes.printing import plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.figure import Figure

    from rtvol.outcomes.analysed import Study
    from rtvol.outcomes.endpoints import Endpoint
    from rtvol.outcomes.figures.survival import Panel

_TITLES = {
    "lc": "Local control",
    "ttp": "Free of progression (TTP)",
    "pfs": "Progression-free survival",
    "os_dx": "Survival from diagnosis",
    "os": "Overall survival from SBRT",
}
_TICKS = (
    "Ticks: censored. Shaded: 95 % limits of all. Faint: fewer than 5 at risk. Below: numbers at "
    "risk, with the line of each group."
)


@dataclass(frozen=True, eq=False)
class Drawn:
    """A figure: file name, the sheet it belongs to, number, short words, caption."""

    name: str
    sheet: str
    number: str
    alt: str
    caption: str
    figure: Figure


def draw_figures(one: Study) -> dict[str, Drawn]:
    """Draw every figure of a study, by file name."""
    from rtvol.outcomes.figures.canvas import style

    with style():
        return {drawn.name: drawn for drawn in _all(one)}


def _all(one: Study) -> Iterator[Drawn]:
    yield _flow(one)
    yield _fig1(one)
    yield _fig2(one)
    if one.mode == "default":
        yield _fig3(one)
        yield _fig4(one)
    number = 5 if one.mode == "default" else 3
    for make in (_competing, _dose):
        made = make(one, number)
        if made is not None:
            yield made
            number += 1
    yield from _cuts(one, number)
    if one.analysis.patient_figures:
        yield _swimmer(one)


def _flow(one: Study) -> Drawn:
    from rtvol.outcomes.figures.flow import draw_flow

    sheet = next(sheet for sheet in one.sheets if sheet.name == "flow")
    figure = draw_flow(sheet, one.banner, one.analysis.suppress_below)
    caption = "Flow of patients: screened, excluded by reason, analysed."
    return Drawn("flow", "flow", "Figure S1", "Flow of patients", caption, figure)


def _panels(one: Study) -> list[Panel]:
    from rtvol.outcomes.factors import factor_of
    from rtvol.outcomes.figures.survival import Panel
    from rtvol.outcomes.tables.comparison import compare

    names = ("lc", "ttp", "os_dx") if one.mode == "paper" else ("lc", "pfs", "os")
    panels = []
    for name, factor in zip(names, one.analysis.fig1_factors, strict=True):
        endpoint = one.endpoint(name)
        groups = factor_of(one.cohort, factor, endpoint.unit, one.analysis)
        panels.append(Panel(_TITLES[name], compare(endpoint, groups)))
    return panels


def _fig1(one: Study) -> Drawn:
    from rtvol.outcomes.figures.survival import draw_survival

    panels = _panels(one)
    figure = draw_survival(panels, one.banner, one.analysis.suppress_below)
    parts = "; ".join(
        f"({letter}) {_described(panel.comparison.endpoint)}, all and by "
        f"{_lower(panel.comparison.factor.label)}"
        for letter, panel in zip("ABC", panels, strict=True)
    )
    tests = (
        "p: log-rank, which takes lesions as independent (naive), and Cox models, which do not "
        "(robust, by patient)."
    )
    late = ""
    if one.mode == "paper":
        late = " Survival from diagnosis is not corrected for entry at SBRT."
    caption = f"Kaplan-Meier curves: {parts}. {_TICKS} {tests}{late}"
    return Drawn("fig1", "rates", "Figure 1", "Kaplan-Meier curves", caption, figure)


def _described(endpoint: Endpoint) -> str:
    return f"{endpoint.label}, per {endpoint.unit}, from {endpoint.origin}"


def _lower(label: str) -> str:
    """Return a label as within a sentence: first letter small, but for abbreviations."""
    return label[0].lower() + label[1:] if label[1:2].islower() else label


def _fig2(one: Study) -> Drawn:
    from rtvol.outcomes.figures.venn import draw_patterns

    figure = draw_patterns(one.cohort, one.banner, one.analysis.suppress_below)
    caption = (
        "Patterns of failure by disease class, ever during follow-up. LR: local (in field), IHR: "
        "in the liver out of field, EHR: outside the liver. Circles are equal, so that regions "
        "with nobody in them keep their place; bars show the same counts by pattern."
    )
    return Drawn("fig2", "fig2", "Figure 2", "Patterns of failure", caption, figure)


def _fig3(one: Study) -> Drawn:
    from rtvol.outcomes.figures.incidence import draw_incidence

    figure = draw_incidence(one.endpoint("lf_cif"), one.banner, one.analysis.suppress_below)
    window = plain(one.analysis.death_window_days)
    caption = (
        "Cumulative incidence of local failure and of death without it, per lesion, stacked "
        f"(Aalen-Johansen). A death within {window} days of the last imaging competes. Dotted: 1 - "
        "Kaplan-Meier, which counts the dead as if they could still fail."
    )
    words = "Local failure with death competing, stacked"
    return Drawn("fig3_incidence", "table2", "Figure 3", words, caption, figure)


def _fig4(one: Study) -> Drawn:
    from rtvol.outcomes.figures.forest import draw_forest

    figure = draw_forest(one.lesion, one.banner, one.analysis.suppress_below)
    penalised = any(c.fit is not None and c.fit.method.startswith("Firth") for c in one.lesion)
    more = " Where a level has no event or events are few: Firth's penalty." if penalised else ""
    caption = (
        "Hazard ratios of local failure by factor, one at a time: level / reference (Cox, Efron "
        f"ties; 95 % limits by patient).{more}"
    )
    words = "Hazard ratios of local failure"
    return Drawn("fig4_forest", "table2", "Figure 4", words, caption, figure)


def _competing(one: Study, number: int) -> Drawn | None:
    from rtvol.outcomes.figures.incidence import draw_competing

    found = one.more.competing
    if not found:
        return None
    figure = draw_competing(found, one.banner, one.analysis.suppress_below)
    label = _lower(found[0].factor.label)
    names = "; ".join(
        f"({letter}) {item.endpoint.event_name}, per {item.endpoint.unit}"
        for letter, item in zip("ABC", found, strict=True)
    )
    caption = (
        f"Cumulative incidence by {label}, death competing: {names}. Shaded: 95 % limits (lesions: "
        "by patient). p: Gray's test, naive for lesions. Below: numbers at risk."
    )
    words = f"Incidence of failures by {label}"
    return Drawn("fig5_competing", "competing", f"Figure {number}", words, caption, figure)


def _dose(one: Study, number: int) -> Drawn | None:
    from rtvol.outcomes.figures.dose import draw_dose

    found = one.more.dose
    if found is None:
        return None
    figure = draw_dose(found, one.banner, one.analysis.suppress_below)
    name = "BED" if found.asked.dose == "bed" else "EQD2"
    caption = (
        f"Local control at {plain(found.asked.months)} months against {name} of the prescription "
        f"({found.unit}). Curves: {' and '.join(found.asked.links)}, by the likelihood of all "
        f"lesions, those censored earlier included; shaded: 95 % limits of the "
        f"{found.asked.links[0]} curve, by patient. D50: dose of 50 % control, with profile limits "
        "by patient. Points: "
        "Kaplan-Meier control of lesions in quarters of dose, with 95 % limits and number, hollow "
        "where fewer than 5 were still at risk. Ticks: "
        "lesions that failed by then (below) and that were seen without failure (above)."
    )
    words = f"Local control against {name}"
    return Drawn("fig6_dose", "dose_response", f"Figure {number}", words, caption, figure)


def _cuts(one: Study, number: int) -> Iterator[Drawn]:
    from rtvol.outcomes.figures.cuts import draw_cut

    for found in one.more.cuts:
        if found.cut is None:
            continue
        figure = draw_cut(found, one.banner, one.analysis.suppress_below)
        cut = found.cut
        limits = (
            f" Shaded: 95 % of the cuts of {cut.n_bootstrap} bootstrap samples."
            if cut.n_bootstrap
            else ""
        )
        caption = (
            f"Cut-point of {_lower(found.factor.label)} looked for in these data: (A) groups at "
            f"the cut; (B) standardised log-rank statistic at each cut tried.{limits} p: maximally "
            "selected log-rank, corrected for the search (Lausen and Schumacher 1992)."
        )
        words = f"Data-driven cut of {found.factor.label}"
        name = f"fig7_cut_{found.asked.factor}_{found.asked.endpoint}"
        yield Drawn(name, "cuts", f"Figure {number}", words, caption, figure)
        number += 1


def _swimmer(one: Study) -> Drawn:
    from rtvol.outcomes.figures.swimmer import draw_swimmer

    caption = "Follow-up of each patient from the first fraction, with progression and death."
    words = "Follow-up of each patient"
    figure = draw_swimmer(one.cohort, one.banner)
    return Drawn("swimmer", "rates", "Figure S2", words, caption, figure)
