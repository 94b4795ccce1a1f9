"""What present-day definitions change on the same data: the study's reading beside today's."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from rtvol.outcomes import stats
from rtvol.outcomes.factors import factor_of
from rtvol.outcomes.printing import fixed, interval, p_value, plain
from rtvol.outcomes.results import Cell, Row, Sheet
from rtvol.outcomes.tables.comparison import compare
from rtvol.outcomes.tables.curves import NOBODY, follow_up_of, least, median_of, rate_at

if TYPE_CHECKING:
    from rtvol.outcomes.cohort import Cohort
    from rtvol.outcomes.config import Analysis
    from rtvol.outcomes.endpoints import Endpoint
    from rtvol.outcomes.stats import Estimate

NAME = "qa_changes"


class _Changes:
    """Lines of the sheet as they grow: question, the study's way, today's way."""

    def __init__(self) -> None:
        self.lines: list[tuple[str | Cell, ...]] = []
        self.rows: list[Row] = []

    def add(
        self, question: str, before: tuple[str, Cell], after: tuple[str, Cell], why: str
    ) -> None:
        self.lines.append((question, before[0], before[1], after[0], after[1], why))

    def number(
        self, place: tuple[str, str], endpoint: Endpoint, quantity: str, one: Estimate, method: str
    ) -> None:
        self.rows.append(
            Row(NAME, *place, endpoint.unit, quantity, one.value, one.lower, one.upper,
                len(endpoint.patients), one.n_events, one.n_risk, method)
        )  # fmt: skip


def changes(cohort: Cohort, analysis: Analysis) -> Sheet:
    """Lay the study's definitions beside present-day ones, each line with numbers of this data."""
    paper = analysis.model_copy(update={"ttp_censoring": "last_contact"})
    made = _Changes()
    _progression(made, cohort, paper)
    _interval_p(made, cohort, paper)
    _survival(made, cohort, paper)
    _limits(made, cohort, paper)
    _incidence(made, cohort, paper)
    _followup(made, cohort, paper)
    header = (
        "Question",
        "Study's definition",
        "gives",
        "Present-day definition",
        "gives",
        "Why it matters",
    )
    title = "What present-day definitions change"
    return Sheet(NAME, title, header, tuple(made.lines), (), tuple(made.rows))


def _percent(one: Estimate) -> Cell:
    if one.value is None:
        return Cell("NE", None)
    limits = interval(one.lower, one.upper, 0, 100)
    text = f"{fixed(100 * one.value, 0)} %" + (f" ({limits})" if limits else "")
    return Cell(text, least([one.n_risk, one.n_events]))


def _months(one: Estimate) -> Cell:
    if one.value is None:
        return Cell("not reached" if "not reached" in one.note else "NE", None)
    limits = interval(one.lower, one.upper, 1)
    return Cell(
        f"{fixed(one.value, 1)} mo" + (f" ({limits})" if limits else ""), least([one.n_events])
    )


def _progression(made: _Changes, cohort: Cohort, analysis: Analysis) -> None:
    ttp, pfs = cohort.endpoint("ttp", analysis), cohort.endpoint("pfs", analysis)
    why = "deaths without progression are events of progression-free survival"
    for months in analysis.horizons_months.ttp:
        before, after = rate_at(ttp, months).estimate, rate_at(pfs, months).estimate
        question = f"progression-free at {plain(months)} months"
        made.add(
            question, ("time to progression", _percent(before)), ("true PFS", _percent(after)), why
        )
        quantity = f"rate at {plain(months)} months"
        made.number((question, "study"), ttp, quantity, before, "Kaplan-Meier, death censored")
        made.number((question, "present-day"), pfs, quantity, after, "Kaplan-Meier, death an event")
    counts = [int(endpoint.event.sum()) for endpoint in (ttp, pfs)]
    cells = [Cell(f"{number} events", number) for number in counts]
    made.add("events", ("time to progression", cells[0]), ("true PFS", cells[1]), why)


def _interval_p(made: _Changes, cohort: Cohort, analysis: Analysis) -> None:
    factor = factor_of(cohort, "interval", "patient", analysis)
    found = []
    for name in ("ttp", "pfs"):
        one = compare(cohort.endpoint(name, analysis), factor)
        p = one.logrank.p if one.logrank else None
        events = [int(one.level(i).event.sum()) for i in range(len(factor.levels))]
        found.append((f"log-rank on {name.upper()}", Cell(f"p {p_value(p)}", least([*events]))))
        if one.logrank:
            made.rows.append(
                Row(NAME, factor.label, name, "patient", "p", p, n=one.logrank.n,
                    events=one.logrank.n_events, method=one.logrank.name)
            )  # fmt: skip
    why = "the same factor on the endpoint that counts deaths"
    made.add(f"{factor.label}, two groups", found[0], found[1], why)


def _survival(made: _Changes, cohort: Cohort, analysis: Analysis) -> None:
    paper = cohort.endpoint("os_dx", analysis)
    before = median_of(paper)
    question, words = "median overall survival", "from diagnosis, uncorrected"
    made.number((question, "study"), paper, "median, months", before, words)
    for name, words, why in (
        (
            "os_dx_lt",
            "from diagnosis, left-truncated at SBRT",
            "nobody could die before SBRT: time before it is immortal",
        ),
        ("os", "from the first fraction", "the origin of the treatment that is judged"),
    ):
        endpoint = cohort.endpoint(name, analysis)
        after = median_of(endpoint)
        made.add(
            "median overall survival",
            ("from diagnosis, uncorrected", _months(before)),
            (words, _months(after)),
            why,
        )
        made.number(
            ("median overall survival", "present-day"), endpoint, "median, months", after, words
        )


def _limits(made: _Changes, cohort: Cohort, analysis: Analysis) -> None:
    lc = cohort.endpoint("lc", analysis)
    for months in analysis.horizons_months.lc:
        before = _naive(lc, months)
        after = rate_at(lc, months).estimate
        made.add(
            f"95 % limits of local control at {plain(months)} months",
            ("lesions independent", _percent(before)),
            ("lesions clustered by patient", _percent(after)),
            f"{len(lc.patients)} lesions in {len(set(lc.patients))} patients",
        )
        quantity = f"rate at {plain(months)} months"
        made.number(("local control limits", "study"), lc, quantity, before, "Greenwood, log-log")
        made.number(("local control limits", "present-day"), lc, quantity, after, "by patient")


def _naive(endpoint: Endpoint, months: float) -> Estimate:
    """Rate with the limits of rows that do not depend on each other."""
    if not endpoint.patients:
        return NOBODY
    return stats.survival_at(stats.kaplan_meier(endpoint.months, endpoint.event), months)


def _incidence(made: _Changes, cohort: Cohort, analysis: Analysis) -> None:
    months = analysis.horizons_months.lc[-1]
    lc = cohort.endpoint("lc", analysis)
    one = _naive(lc, months)
    flip = None if one.value is None else 1 - one.value
    text = "NE" if flip is None else f"{fixed(100 * flip, 0)} %"
    before = ("1 - Kaplan-Meier, death censored", Cell(text, least([one.n_risk, one.n_events])))
    question = f"local failure at {plain(months)} months"
    made.rows.append(
        Row(NAME, question, "study", "lesion", "incidence", flip, n=len(lc.patients),
            events=one.n_events, n_risk=one.n_risk, method="1 - Kaplan-Meier")
    )  # fmt: skip
    for window in (analysis.death_window_days, math.inf):
        settings = analysis.model_copy(update={"death_window_days": window})
        endpoint = cohort.endpoint("lf_cif", settings)
        after = rate_at(endpoint, months).estimate
        when = (
            "any death" if math.isinf(window) else f"death within {plain(window)} days of imaging"
        )
        why = "a dead patient's lesion can no longer fail; the risk one sees is the incidence"
        made.add(
            question, before, (f"cumulative incidence, {when} competing", _percent(after)), why
        )
        made.number(
            (question, "present-day"), endpoint, "incidence", after, f"Aalen-Johansen, {when}"
        )


def _followup(made: _Changes, cohort: Cohort, analysis: Analysis) -> None:
    endpoint = cohort.endpoint("os_dx", analysis)
    n = len(endpoint.patients)
    middle = float(np.median(endpoint.months)) if n else None
    one = follow_up_of(endpoint)
    made.add(
        "median follow-up from diagnosis",
        ("naive, the dead included", Cell("NE" if middle is None else f"{fixed(middle, 1)} mo", n)),
        ("reverse Kaplan-Meier", _months(one)),
        "the naive median counts the early dead as briefly followed",
    )
    made.rows.append(
        Row(
            NAME,
            "median follow-up",
            "study",
            "patient",
            "median, months",
            middle,
            n=n,
            method="naive, all",
        )
    )
    made.number(
        ("median follow-up", "present-day"), endpoint, "median, months", one, "reverse Kaplan-Meier"
    )
