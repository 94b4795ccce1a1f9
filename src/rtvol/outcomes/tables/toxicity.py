"""Toxicity: worst grade per patient, acute and late, by term and of any, with exact limits."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from rtvol.outcomes import stats
from rtvol.outcomes.printing import interval, percent
from rtvol.outcomes.results import Cell, Remark, Row, Sheet

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rtvol.outcomes.cohort import Cohort
    from rtvol.outcomes.config import Analysis
    from rtvol.outcomes.records import Toxicity

NAME = "toxicity"
ANY = "any term (worst per patient)"
RELATED = ("possible", "probable", "definite")
_SEVERE = 3


def toxicity(cohort: Cohort, analysis: Analysis) -> Sheet:
    """Patients by worst grade, of those assessed; late: of those followed long enough.

    Parameters
    ----------
    cohort
        With a toxicity table.
    analysis
        `acute_days` separates acute from late.
    """
    events = cohort.toxicity or ()
    lines: list[tuple[str | Cell, ...]] = []
    rows: list[Row] = []
    assessed_in = denominators(cohort, analysis)
    for period, assessed in assessed_in.items():
        within = [
            one for one in events if is_in(one, period, analysis) and one.patient_id in assessed
        ]
        by_term: dict[str, list[Toxicity]] = {ANY: within}
        first: dict[str, str] = {}  # Fatigue and fatigue are one term
        for one in sorted(within, key=lambda event: event.term.casefold()):
            term = first.setdefault(one.term.casefold(), one.term)
            by_term.setdefault(term, []).append(one)
        for term, found in by_term.items():
            made, others = _term_lines(period, term, found, (len(assessed), analysis))
            lines += made
            rows += others
    seen = set().union(*assessed_in.values())
    outside = sum(one.patient_id not in seen for one in events)
    versions = ", ".join(sorted({one.ctcae_version for one in events}))
    notes = [
        (
            f"Acute: onset less than {analysis.acute_text}; late: after it. Every patient counts "
            "once per term, with the worst grade."
        ),
        "Late: of patients assessed and followed at least that long.",
        "Related: of them with attribution possible, probable or definite.",
        f"CTCAE {versions}." if versions else "No event was reported.",
    ]
    if outside:
        notes.append(Remark(f"{outside} events of patients not assessed are not counted.", outside))
    header = (
        "Period",
        "Term",
        "Grade",
        "n / N",
        f"% (95 % CI, {interval_name(analysis)})",
        "related",
    )
    return Sheet(NAME, "Toxicity", header, tuple(lines), tuple(notes), tuple(rows))


def interval_name(analysis: Analysis) -> str:
    """Name the limits of a proportion that the settings ask for."""
    return "Wilson" if analysis.proportion_limits == "wilson" else "Clopper-Pearson"


def denominators(cohort: Cohort, analysis: Analysis) -> dict[str, set[str]]:
    """Patients assessed for acute toxicity, and for late (followed at least that long)."""
    people = cohort.patients
    acute = {p.patient_id for p in people if p.toxicity_assessed_acute != 0}
    late = {
        p.patient_id
        for p in people
        if p.toxicity_assessed_late != 0 and p.last_contact_day >= analysis.acute_days
    }
    return {"acute": acute, "late": late}


def is_in(event: Toxicity, period: str, analysis: Analysis) -> bool:
    """Tell whether a toxicity is of that period."""
    return (event.onset_day < analysis.acute_days) == (period == "acute")


def _worst(events: Iterable[Toxicity]) -> dict[str, int]:
    worst: dict[str, int] = defaultdict(int)
    for one in events:
        worst[one.patient_id] = max(worst[one.patient_id], one.grade)
    return worst


def _term_lines(
    period: str, term: str, found: list[Toxicity], of: tuple[int, Analysis]
) -> tuple[list[tuple[str | Cell, ...]], list[Row]]:
    """Give a line for each grade that occurs; for any term all grades, 1-2 and 3 or more."""
    assessed, analysis = of
    limits_of = (
        stats.wilson_interval if analysis.proportion_limits == "wilson" else stats.exact_interval
    )
    worst = _worst(found)
    related = _worst(one for one in found if one.attribution in RELATED)
    bands = [(str(grade), grade, grade) for grade in range(1, 6)]
    if term == ANY:
        bands += [("1-2", 1, 2), (">= 3", _SEVERE, 5)]
    lines: list[tuple[str | Cell, ...]] = []
    rows: list[Row] = []
    for label, low, high in bands:
        number = sum(low <= grade <= high for grade in worst.values())
        if not number and term != ANY:
            continue
        head = not lines
        front = (period if head and term == ANY else "", term if head else "")
        own = sum(low <= grade <= high for grade in related.values())
        if not assessed:
            lines.append((*front, label, "0 / 0", "NE", ""))
            continue
        rate = limits_of(number, assessed)
        limits = interval(rate.lower, rate.upper, 1, 100)
        text = Cell(f"{percent(number / assessed, assessed)} ({limits})", number or None)
        counts = (Cell(f"{number} / {assessed}", number or None), text, Cell(str(own), own or None))
        lines.append((*front, label, *counts))
        rows.append(
            Row(NAME, f"{period}, {term}", f"grade {label}", "patient", "proportion",
                number / assessed, rate.lower, rate.upper, assessed, number,
                method=interval_name(analysis))
        )  # fmt: skip
    return lines, rows
