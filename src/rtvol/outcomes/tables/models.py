"""Multivariable models: several factors together, with what they rest on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rtvol.errors import UsageError
from rtvol.outcomes import stats
from rtvol.outcomes.factors import at, factor_of
from rtvol.outcomes.printing import fixed, hazard, interval, p_value
from rtvol.outcomes.results import Cell, Remark, Row, Sheet
from rtvol.outcomes.tables.comparison import attempt, test_name
from rtvol.outcomes.tables.curves import least

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rtvol.outcomes.cohort import Cohort
    from rtvol.outcomes.config import Analysis, Model
    from rtvol.outcomes.endpoints import Endpoint
    from rtvol.outcomes.factors import Factor
    from rtvol.outcomes.stats import CoxFit, Estimate, FineGrayFit

#: Events per parameter that a model should have, and below which it is penalised.
ENOUGH_EVENTS = 10
FIRTH_BELOW = 5


@dataclass(frozen=True)
class Term:
    """One column of a model: which factor, which level (or step) of it, the reference's name."""

    factor: str
    level: str
    reference: str

    @property
    def name(self) -> str:
        """Name of the column."""
        return f"{self.factor}: {self.level}"


@dataclass(frozen=True, eq=False)
class Fitted:
    """A model that was asked for.

    Attributes
    ----------
    model, endpoint
        What was asked, and the rows that are complete.
    terms, design
        Columns (n, p) and what each stands for.
    left_out
        Rows with a factor unknown.
    fit
        None where nothing could be fitted; `reason` then says why.
    concordance
        Of the model with its own data.
    """

    model: Model
    endpoint: Endpoint
    terms: tuple[Term, ...]
    design: NDArray[np.float64]
    left_out: int
    fit: CoxFit | FineGrayFit | None
    reason: str
    concordance: Estimate | None

    @property
    def events_per_parameter(self) -> float:
        """Events over coefficients."""
        return float(self.endpoint.event.sum()) / max(1, len(self.terms))


def fit_models(cohort: Cohort, analysis: Analysis) -> tuple[Fitted, ...]:
    """Fit every model of the settings."""
    return tuple(_fitted(cohort, model, analysis) for model in analysis.models)


def _fitted(cohort: Cohort, model: Model, analysis: Analysis) -> Fitted:
    endpoint = cohort.endpoint(model.endpoint, analysis)
    factors = [factor_of(cohort, name, endpoint.unit, analysis) for name in model.factors]
    known = np.ones(len(endpoint.patients), dtype=bool)
    for factor in factors:
        known &= at(factor, endpoint) >= 0
    part = endpoint.take(known)
    terms: list[Term] = []
    columns: list[NDArray[np.float64]] = []
    for factor in factors:
        own, values = _columns(factor, part, uncut=model.uncut)
        terms += own
        columns += values
    design = np.array(columns).T.reshape(len(part.patients), len(columns))
    fit, reason = _fit(part, design, [term.name for term in terms], model)
    score = None
    if fit is not None:
        score = attempt(
            lambda: stats.concordance(
                part.months, part.event, design @ fit.coef,
                cluster=part.cluster if part.unit == "lesion" else None,
            )
        )  # fmt: skip
    left = int((~known).sum())
    return Fitted(model, part, tuple(terms), design, left, fit, reason, score)


def _columns(
    factor: Factor, part: Endpoint, *, uncut: bool
) -> tuple[list[Term], list[NDArray[np.float64]]]:
    """Columns of a factor: its levels against the first that is there, or the quantity uncut."""
    if uncut and factor.continuous is not None:
        return [Term(factor.label, f"per {factor.per}", "")], [factor.continuous[part.index]]
    group = at(factor, part)
    there = [i for i in range(len(factor.levels)) if (group == i).any()]
    first = factor.levels[there[0]] if there else ""
    terms = [Term(factor.label, factor.levels[i], first) for i in there[1:]]
    return terms, [(group == i).astype(np.float64) for i in there[1:]]


def _fit(
    part: Endpoint, design: NDArray[np.float64], names: list[str], model: Model
) -> tuple[CoxFit | FineGrayFit | None, str]:
    if not names:
        return None, "no factor varies"
    cluster = part.cluster if part.unit == "lesion" else None
    competes = part.name.endswith("_cif")
    try:
        if model.method == "fine_gray" or (model.method == "auto" and competes):
            fine = stats.fine_gray(part.months, part.status, design, names=names, cluster=cluster)
            return stats.fine_gray_for_few(fine), ""
        if model.method == "firth":
            return stats.firth_cox(
                part.months, part.event, design, names=names, entry=part.entry_months
            ), ""  # fmt: skip
        fitter = stats.cox if model.method == "cox" else stats.cox_or_firth
        fit = fitter(
            part.months, part.event, design, names=names, entry=part.entry_months,
            cluster=None if model.ties == "exact" else cluster, ties=model.ties,
        )  # fmt: skip
        return stats.corrected_for_few(fit), ""
    except UsageError as error:
        return None, error.finding.seen


def model_name(number: int) -> str:
    """Id of the sheet of a model, counted from 0."""
    return f"model{number + 1}"


def model_sheet(number: int, fitted: Fitted) -> Sheet:
    """Lay a model out: a line per level, hazard ratios adjusted for the other factors."""
    part, fit, name = fitted.endpoint, fitted.fit, model_name(number)
    unit = part.unit
    lines: list[tuple[str | Cell, ...]] = []
    rows: list[Row] = []
    before = ""
    for place, term in enumerate(fitted.terms):
        head = term.factor if term.factor != before else ""
        if head and term.reference:
            lines.append((head, term.reference, "", "", "1 (reference)", ""))
            head = ""
        before = term.factor
        inside = (
            fitted.design[:, place] == 1 if term.reference else np.ones(len(part.patients), bool)
        )
        n, events = int(inside.sum()), int(part.event[inside].sum())
        found = fit.terms[place] if fit is not None else None
        ratio = hazard(found.hr, found.lower, found.upper) if found else "NE"
        p = p_value(found.p) if found else "NE"
        few = least([events])
        counts = (Cell(str(n), n), Cell(str(events), events))
        lines.append((head, term.level, *counts, Cell(ratio, few), Cell(p, few)))
        if found is not None and fit is not None:
            method = _method(fit)
            front = (name, term.factor, term.level, unit)
            size = (fit.n, fit.n_events)
            rows.append(
                Row(*front, f"adjusted hazard ratio, {part.label}", found.hr, found.lower,
                    found.upper, *size, method=method)
            )  # fmt: skip
            rows.append(Row(*front, f"p, {part.label}", found.p, None, None, *size, method=method))
    rows += _about(name, fitted)
    header = ("Factor", "Level", f"{unit.capitalize()}s", "Events", "HR, adjusted (95 % CI)", "p")
    title = f"Multivariable model of {part.event_name}"
    notes = _notes(fitted)
    return Sheet(name, title, header, tuple(lines), notes, tuple(rows))


def _method(fit: CoxFit | FineGrayFit) -> str:
    if isinstance(fit, stats.FineGrayFit):
        limits = ", by patient" if fit.n_clusters is not None else ""
        few = f" ({fit.errors})" if fit.errors else ""
        return f"Fine-Gray, subdistribution hazard, Wald{limits}{few}"
    return f"{fit.method}, {test_name(fit)}" + (f"; {fit.note}" if fit.note else "")


def _about(name: str, fitted: Fitted) -> list[Row]:
    part, fit = fitted.endpoint, fitted.fit
    if fit is None:
        return []
    events = int(part.event.sum())
    front = (name, "model", "", part.unit)
    rows = [
        Row(*front, "events per parameter", fitted.events_per_parameter, n=fit.n, events=events,
            method=f"{events} events, {len(fitted.terms)} parameters")
    ]  # fmt: skip
    one = fitted.concordance
    if one is not None and one.value is not None:
        rows.append(
            Row(*front, "concordance", one.value, one.lower, one.upper, fit.n, events,
                method="Harrell, on the data the model was fitted to")
        )  # fmt: skip
    return rows


def _notes(fitted: Fitted) -> tuple[str, ...]:
    part, fit = fitted.endpoint, fitted.fit
    events = int(part.event.sum())
    notes: list[str] = [
        f"{part.label}; unit: {part.unit}; origin: {part.origin}.",
        Remark(
            f"{events} events for {len(fitted.terms)} parameters: "
            f"{fixed(fitted.events_per_parameter, 1)} each.",
            events,
        ),
    ]
    if fitted.left_out:
        text = f"{fitted.left_out} rows with a factor unknown left out: complete cases only."
        notes.append(Remark(text, fitted.left_out))
    if fit is None:
        return (*notes, f"Not estimable: {fitted.reason}.")
    notes.append(f"{_method(fit)}.")
    if fitted.events_per_parameter < ENOUGH_EVENTS:
        notes.append(
            f"Fewer than {ENOUGH_EVENTS} events per parameter: limits are wide and the choice of "
            "factors weighs heavily."
        )
    one = fitted.concordance
    if one is not None and one.value is not None:
        limits = interval(one.lower, one.upper, 2)
        notes.append(
            f"Concordance {fixed(one.value, 2)} ({limits}), on the data the model was fitted to: "
            "too favourable for others."
        )
    tested = None
    if isinstance(fit, stats.CoxFit) and not fit.method.startswith("Firth"):
        tested = attempt(lambda: stats.ph_test(fit))
    if tested is not None:
        notes.append(f"Proportional hazards, global score test: p {p_value(tested.overall.p)}.")
    return tuple(notes)


def model_words(fitted: Sequence[Fitted]) -> str:
    """Say in one line which models were fitted, for the reporting list."""
    done = [
        f"{one.endpoint.event_name} ({', '.join(dict.fromkeys(t.factor for t in one.terms))}; "
        f"{fixed(one.events_per_parameter, 1)} events per parameter)"
        for one in fitted
        if one.fit is not None
    ]
    return "; ".join(done) or "only BED and PTV together (checks); others on request"
