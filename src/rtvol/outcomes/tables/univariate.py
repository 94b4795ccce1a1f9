"""Univariate tables: per factor and level, rates at horizons, named tests, hazard ratios."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rtvol.outcomes import stats
from rtvol.outcomes.factors import at
from rtvol.outcomes.printing import hazard, p_value, plain
from rtvol.outcomes.results import Cell, Row, Sheet
from rtvol.outcomes.tables.comparison import attempt, test_name
from rtvol.outcomes.tables.curves import INCIDENCE, curve_method, least, rates_at
from rtvol.outcomes.tables.notes import comparison_notes, sentences

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rtvol.outcomes.endpoints import Endpoint
    from rtvol.outcomes.stats import CoxFit, CoxTerm
    from rtvol.outcomes.tables.comparison import Comparison

#: A line of a sheet: cells by column; absent ones are empty.
Line = dict[str, "str | Cell"]
HR = "HR (95 % CI)"
FIRTH_MARK = " (F)"
CORRECTIONS = {"holm": "log-rank p (Holm)", "bh": "log-rank p (Benjamini-Hochberg)"}


def univariate_sheet(
    name: str,
    title: str,
    comparisons: Sequence[Comparison],
    horizons: Sequence[float],
    options: tuple[str, Endpoint | None] = ("none", None),
) -> Sheet:
    """Lay comparisons out: a line per level, then one for the uncut quantity.

    Parameters
    ----------
    name, title
        Id and heading.
    comparisons
        All on one endpoint.
    horizons
        Months at which rates are given.
    options
        Correction of the log-rank p's for their number ("none", "holm", "bh"), and the same event
        with death competing, which adds its incidence and Gray's test (None: not).
    """
    correction, competing = options
    header = _header(comparisons[0].endpoint, horizons, options)
    adjusted = _adjusted(comparisons, correction)
    lines: list[Line] = []
    rows: list[Row] = []
    for one in comparisons:
        for index in range(len(one.factor.levels)):
            line, made = _level_line(name, one, index, horizons)
            if index == 0 and one.factor.name in adjusted:
                p = adjusted[one.factor.name]
                line[CORRECTIONS[correction]] = p_value(p)
                made.append(_adjusted_row(name, one, p, correction))
            if competing is not None:
                more, others = _competing_cells(name, one, index, horizons, competing)
                line, made = line | more, made + others
            lines.append(line)
            rows += made
        if one.continuous is not None:
            line, made = _continuous_line(name, one, one.continuous)
            lines.append(line)
            rows += made
        rows += _test_rows(name, one)
    cells = tuple(tuple(line.get(column, "") for column in header) for line in lines)
    notes = comparison_notes(comparisons)
    return Sheet(name, title, header, cells, notes, tuple(rows), sentences(comparisons))


def _rate_column(months: float) -> str:
    return f"{plain(months)} mo, % (95 % CI), at risk"


def _incidence_column(months: float) -> str:
    return f"Failure {plain(months)} mo, death competing, % (95 % CI), at risk"


def _logrank_column(unit: str) -> str:
    return "log-rank p (naive)" if unit == "lesion" else "log-rank p"


def _cox_column(unit: str) -> str:
    return "Cox p (Wald, cluster-robust)" if unit == "lesion" else "Cox p (Wald)"


def _header(
    endpoint: Endpoint, horizons: Sequence[float], options: tuple[str, Endpoint | None]
) -> tuple[str, ...]:
    correction, competing = options
    units = ["Lesions", "Patients"] if endpoint.unit == "lesion" else ["Patients"]
    header = ["Factor", "Level", *units, "Events", *map(_rate_column, horizons)]
    header.append(_logrank_column(endpoint.unit))
    if correction in CORRECTIONS:
        header.append(CORRECTIONS[correction])
    header += [HR, _cox_column(endpoint.unit)]
    if competing is not None:
        header += [*map(_incidence_column, horizons), "Gray p (naive)"]
    return tuple(header)


def _level_line(
    name: str, one: Comparison, index: int, horizons: Sequence[float]
) -> tuple[Line, list[Row]]:
    part, unit = one.level(index), one.endpoint.unit
    n, events = len(part.patients), int(part.event.sum())
    place = (name, one.factor.label, one.factor.levels[index])
    rates = rates_at(part, horizons)
    patients = len(set(part.patients))
    line: Line = {
        "Factor": one.factor.label if index == 0 else "",
        "Level": one.factor.levels[index],
        "Lesions": Cell(str(n), n),
        "Patients": Cell(str(patients), patients),
        "Events": Cell(str(events), events),
    }
    line |= {_rate_column(months): rate.cell for months, rate in rates.items()}
    if index == 0:
        line[_logrank_column(unit)] = p_value(one.logrank.p if one.logrank else None)
    cells, rows = _ratio_of(place, one, index)
    line |= {column: Cell(text, least([n, events])) for column, text in cells.items()}
    rows.append(Row(*place, unit, "count", float(n), n=n, events=events, method="count"))
    if unit == "lesion":
        rows.append(
            Row(*place, "patient", "count", float(patients), n=patients, method="patients of them")
        )
    rows += [
        rate.row(place, unit, f"{part.label} at {plain(months)} months", curve_method(part))
        for months, rate in rates.items()
    ]
    return line, rows


def _ratio_of(
    place: tuple[str, str, str], one: Comparison, index: int
) -> tuple[dict[str, str], list[Row]]:
    """Hazard ratio of a level against the first, in print and as rows."""
    column = _cox_column(one.endpoint.unit)
    if index == 0:
        return {HR: "1 (reference)"}, []
    level = one.factor.levels[index]
    if one.fit is None or level not in {term.name for term in one.fit}:
        return {HR: "NE", column: "NE"}, []
    return _ratio_cells(one.fit, one.fit[level], column), _hr_rows(
        place, one, one.fit, one.fit[level]
    )


def _ratio_cells(fit: CoxFit, term: CoxTerm, column: str) -> dict[str, str]:
    mark = FIRTH_MARK if fit.method.startswith("Firth") else ""
    return {HR: hazard(term.hr, term.lower, term.upper) + mark, column: p_value(term.p) + mark}


def _hr_rows(place: tuple[str, str, str], one: Comparison, fit: CoxFit, term: CoxTerm) -> list[Row]:
    unit, label = one.endpoint.unit, one.endpoint.label
    counts = (fit.n, fit.n_events)
    method = f"{fit.method}, {test_name(fit)}" + (f"; {fit.note}" if fit.note else "")
    return [
        Row(
            *place,
            unit,
            f"hazard ratio, {label}",
            term.hr,
            term.lower,
            term.upper,
            *counts,
            method=method,
        ),
        Row(*place, unit, f"p, {label}", term.p, None, None, *counts, method=test_name(fit)),
    ]


def _continuous_line(name: str, one: Comparison, fit: CoxFit) -> tuple[Line, list[Row]]:
    term, unit = fit.terms[0], one.endpoint.unit
    level = f"per {term.name}"
    patients = len(set(one.endpoint.patients))
    line: Line = {"Level": level, "Lesions": str(fit.n), "Patients": str(patients)}
    line |= {"Events": Cell(str(fit.n_events), fit.n_events)}
    line |= _ratio_cells(fit, term, _cox_column(unit))
    return line, _hr_rows((name, one.factor.label, level), one, fit, term)


def _competing_cells(
    name: str, one: Comparison, index: int, horizons: Sequence[float], competing: Endpoint
) -> tuple[Line, list[Row]]:
    group = at(one.factor, competing)
    part = competing.take(group == index)
    rates = rates_at(part, horizons)
    place = (name, one.factor.label, one.factor.levels[index])
    line: Line = {_incidence_column(months): rate.cell for months, rate in rates.items()}
    rows = [
        rate.row(place, part.unit, f"{part.label}: incidence at {plain(months)} months", INCIDENCE)
        for months, rate in rates.items()
    ]
    if index == 0:
        known = competing.take(group >= 0)
        levels = group[group >= 0]
        gray = attempt(lambda: stats.gray(known.months, known.status, levels, cause=1))
        line["Gray p (naive)"] = p_value(gray.p if gray else None)
        if gray:
            method = f"{gray.name}, naive: lesions as if independent"
            quantity = f"p, {competing.label}"
            rows.append(
                Row(name, one.factor.label, "", part.unit, quantity, gray.p, n=gray.n,
                    events=gray.n_events, method=method)
            )  # fmt: skip
    return line, rows


def _adjusted(comparisons: Sequence[Comparison], correction: str) -> dict[str, float]:
    """Log-rank p's corrected for their number, by factor."""
    if correction not in CORRECTIONS:
        return {}
    tested = {one.factor.name: one.logrank.p for one in comparisons if one.logrank}
    adjust = stats.holm if correction == "holm" else stats.benjamini_hochberg
    return dict(zip(tested, adjust(list(tested.values())), strict=True))


def _adjusted_row(name: str, one: Comparison, p: float, correction: str) -> Row:
    method = f"{CORRECTIONS[correction]}, over the factors of this table"
    quantity = f"adjusted p, {one.endpoint.label}"
    return Row(name, one.factor.label, "", one.endpoint.unit, quantity, p, method=method)


def _test_rows(name: str, one: Comparison) -> list[Row]:
    naive = ", naive: lesions as if independent" if one.endpoint.unit == "lesion" else ""
    tests = [(one.logrank, naive), (one.trend, naive), (one.proportional, "")]
    if one.fit is not None and len(one.fit.terms) > 1:
        tests.append((one.fit.robust_wald or one.fit.likelihood_ratio, ""))
    quantity = f"p, {one.endpoint.label}"
    place = (name, one.factor.label, "", one.endpoint.unit, quantity)
    return _rmst_rows(name, one) + [
        Row(*place, test.p, n=test.n, events=test.n_events, method=f"{test.name}{more}")
        for test, more in tests
        if test is not None
    ]


def _rmst_rows(name: str, one: Comparison) -> list[Row]:
    """Difference in restricted mean time between two levels, with its limits."""
    if one.rmst is None or one.rmst.difference.value is None:
        return []
    found, part = one.rmst.difference, one.endpoint
    words = f"within {plain(round(one.rmst.horizon, 1))} months, {one.factor.levels[1]} minus "
    method = words + one.factor.levels[0] + (", by patient" if part.unit == "lesion" else "")
    return [
        Row(name, one.factor.label, "", part.unit, "restricted mean difference, months",
            found.value, found.lower, found.upper, len(part.patients), found.n_events,
            method=method)
    ]  # fmt: skip


def table3(sheets: Sequence[tuple[str, Sequence[Comparison]]]) -> Sheet:
    """Short form of the patient-level tables: per factor and endpoint events, p's by name, HR.

    Parameters
    ----------
    sheets
        Heading of each endpoint with its comparisons, the same factors in each.
    """
    header = ["Factor", "Levels", "Patients"]
    for title, _ in sheets:
        header += [f"{title}: events", "log-rank p", HR, "Cox p (Wald)"]
    lines = []
    for position, one in enumerate(sheets[0][1]):
        counts = [int(np.sum(one.group == i)) for i in range(len(one.factor.levels))]
        levels = " / ".join(one.factor.levels)
        line: list[str | Cell] = [one.factor.label, levels]
        line.append(Cell(" / ".join(map(str, counts)), least(list(counts))))
        for _, comparisons in sheets:
            line += _short_cells(comparisons[position])
        lines.append(tuple(line))
    notes = ("Hazard ratios compare the second level with the first.",)
    title = "Table 3. Univariate analysis by patient"
    return Sheet("table3", title, tuple(header), tuple(lines), notes)


def _short_cells(one: Comparison) -> list[str | Cell]:
    events = [int(one.level(i).event.sum()) for i in range(len(one.factor.levels))]
    few = least([*events])
    logrank = p_value(one.logrank.p if one.logrank else None)
    cells, _ = _ratio_of(("", "", ""), one, 1)
    ratio = [Cell(text, few) for text in (cells[HR], cells["Cox p (Wald)"])]
    return [Cell(" / ".join(map(str, events)), few), logrank, *ratio]
