"""Competing risks by group: incidence of each failure, Gray's test, both kinds of hazard ratio."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rtvol.outcomes import stats
from rtvol.outcomes.factors import at, factor_of
from rtvol.outcomes.printing import hazard, p_value, plain
from rtvol.outcomes.results import Cell, Row, Sheet
from rtvol.outcomes.stats.tails import FEW_CLUSTERS, is_few
from rtvol.outcomes.tables.comparison import attempt
from rtvol.outcomes.tables.curves import INCIDENCE, horizons_of, least, rates_at

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rtvol.outcomes.cohort import Cohort
    from rtvol.outcomes.config import Analysis, Horizons
    from rtvol.outcomes.endpoints import Endpoint
    from rtvol.outcomes.factors import Factor
    from rtvol.outcomes.stats import CoxTerm, TestResult

NAME = "competing"
ENDPOINTS = ("lf_cif", "ihr_cif", "ehr_cif")
SHR, CSHR = "Subdistribution HR (95 % CI), p", "Cause-specific HR (95 % CI), p"


@dataclass(frozen=True, eq=False)
class Competing:
    """One failure by the levels of a factor, death competing.

    Attributes
    ----------
    factor, endpoint, group
        Groups, rows whose group is known, and the level of each.
    gray
        Gray's test; naive for lesions.
    subdistribution, cause_specific
        Hazard ratio of each level against the first, by level; without those not estimable.
    """

    factor: Factor
    endpoint: Endpoint
    group: NDArray[np.int64]
    gray: TestResult | None
    subdistribution: dict[str, CoxTerm]
    cause_specific: dict[str, CoxTerm]

    def level(self, index: int) -> Endpoint:
        """Return the endpoint of one level."""
        return self.endpoint.take(self.group == index)


def compete(cohort: Cohort, analysis: Analysis) -> tuple[Competing, ...]:
    """Compare the incidence of each kind of failure by the factor of the settings."""
    found = []
    for name in ENDPOINTS:
        endpoint = cohort.endpoint(name, analysis)
        factor = factor_of(cohort, analysis.incidence_factor, endpoint.unit, analysis)
        found.append(_competing(endpoint, factor))
    return tuple(found)


def _competing(endpoint: Endpoint, factor: Factor) -> Competing:
    part = endpoint.take(at(factor, endpoint) >= 0)
    group = at(factor, part)
    gray = attempt(lambda: stats.gray(part.months, part.status, group, cause=1))
    there = [i for i in range(len(factor.levels)) if (group == i).any()]
    names = [factor.levels[i] for i in there[1:]]
    sub: dict[str, CoxTerm] = {}
    cause: dict[str, CoxTerm] = {}
    if names:
        design = np.array([group == i for i in there[1:]], dtype=np.float64).T
        cluster = part.cluster if part.unit == "lesion" else None
        fine = attempt(
            lambda: stats.fine_gray_for_few(
                stats.fine_gray(part.months, part.status, design, names=names, cluster=cluster)
            )
        )
        cox = attempt(
            lambda: stats.cox_or_firth(
                part.months, part.event, design, names=names, cluster=cluster
            )
        )
        sub = {term.name: term for term in fine or ()}
        cause = {term.name: term for term in (stats.corrected_for_few(cox) if cox else ())}
    return Competing(factor, part, group, gray, sub, cause)


def competing_sheet(found: Sequence[Competing], horizons: Horizons) -> Sheet:
    """Lay the comparisons out: per failure and level its incidence, then tests and ratios."""
    columns = tuple(dict.fromkeys(m for one in found for m in horizons_of(one.endpoint, horizons)))
    lines: list[tuple[str | Cell, ...]] = []
    rows: list[Row] = []
    for one in found:
        for index in range(len(one.factor.levels)):
            line, made = _line(one, index, columns)
            lines.append(line)
            rows += made
    rates = (f"{plain(m)} mo, % (95 % CI), at risk" for m in columns)
    header = ("Failure", "Level", "n", "Events", "Deaths first", *rates, "Gray p", SHR, CSHR)
    factor = found[0].factor
    few = any(
        is_few(len(set(one.level(i).patients)))
        for one in found
        if one.endpoint.unit == "lesion"
        for i in range(len(one.factor.levels))
    )
    tiny = f"Lesions of fewer than {FEW_CLUSTERS} patients: limits by t, variance G / (G - 1)."
    notes = (
        *((tiny,) if few else ()),
        f"Groups: {factor.label}. Death without the failure competes.",
        (
            "Incidence by Aalen-Johansen with log-log limits (lesions: by patient); Gray's test "
            "is naive for lesions."
        ),
        (
            "Subdistribution hazard ratio: Fine and Gray, what happens to the incidence; "
            "cause-specific hazard ratio: Cox with deaths censored, what happens to those at risk."
        ),
    )
    title = f"Competing risks by {factor.label.lower()}"
    return Sheet(NAME, title, header, tuple(lines), notes, tuple(rows))


def _line(
    one: Competing, index: int, columns: Sequence[float]
) -> tuple[tuple[str | Cell, ...], list[Row]]:
    part, level = one.level(index), one.factor.levels[index]
    n, events, deaths = len(part.patients), int(part.event.sum()), int((part.status == 2).sum())
    front = (NAME, part.event_name, level)
    rates = rates_at(part, columns)
    rows = [
        rate.row(front, part.unit, f"incidence at {plain(months)} months", INCIDENCE)
        for months, rate in rates.items()
    ]
    gray = ""
    if index == 0:
        gray = p_value(one.gray.p if one.gray else None)
        if one.gray is not None:
            rows.append(
                Row(NAME, part.event_name, "", part.unit, f"p, {part.label}", one.gray.p,
                    n=one.gray.n, events=one.gray.n_events, method=one.gray.name)
            )  # fmt: skip
    cells = []
    for quantity, terms in (
        ("subdistribution hazard ratio", one.subdistribution),
        ("cause-specific hazard ratio", one.cause_specific),
    ):
        term = terms.get(level)
        text = "1 (reference)" if index == 0 else "NE"
        if term is not None:
            text = f"{hazard(term.hr, term.lower, term.upper)}, {p_value(term.p)}"
            rows.append(
                Row(*front, part.unit, quantity, term.hr, term.lower, term.upper, n, events,
                    method="Fine-Gray" if terms is one.subdistribution else "Cox, deaths censored")
            )  # fmt: skip
        cells.append(Cell(text, least([events])))
    counts = (Cell(str(n), n), Cell(str(events), events), Cell(str(deaths), deaths))
    head = part.event_name if index == 0 else ""
    shown = (rate.cell for rate in rates.values())
    return (head, level, *counts, *shown, gray, *cells), rows
