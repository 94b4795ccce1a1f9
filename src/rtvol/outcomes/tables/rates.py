"""All rates on one sheet: each endpoint at its horizons, its median, its follow-up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rtvol.outcomes.printing import fixed, interval, plain
from rtvol.outcomes.results import Cell, Remark, Row, Sheet, least_of
from rtvol.outcomes.tables.curves import (
    FEW,
    INCIDENCE,
    curve_method,
    follow_up_of,
    horizons_of,
    incidence_of,
    least,
    median_of,
    rates_at,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rtvol.outcomes.config import Horizons
    from rtvol.outcomes.endpoints import Endpoint
    from rtvol.outcomes.stats import Estimate

NAME = "rates"


def rates(endpoints: Sequence[Endpoint], horizons: Horizons) -> Sheet:
    """Rates at horizons, medians and follow-up of the endpoints, with counts beside each.

    Parameters
    ----------
    endpoints
        In the order to print.
    horizons
        Months at which they are read.
    """
    lines: list[tuple[str | Cell, ...]] = []
    rows: list[Row] = []
    sentences: list[str | Cell] = []
    for endpoint in endpoints:
        head = True
        for months, rate in rates_at(endpoint, horizons_of(endpoint, horizons)).items():
            quantity = f"at {plain(months)} months, % (95 % CI), at risk"
            lines.append(_line(endpoint, quantity, rate.cell, rate.estimate, head=head))
            is_incidence = endpoint.name.endswith("_cif")
            method = INCIDENCE if is_incidence else curve_method(endpoint)
            place = (NAME, endpoint.label, "")
            rows.append(rate.row(place, endpoint.unit, f"rate at {plain(months)} months", method))
            text = f"{endpoint.label} at {plain(months)} months: {rate.text.replace(', ', ' %, ')}"
            sentences.append(Cell(f"{text} at risk.", rate.cell.least))
            head = False
        if not endpoint.name.endswith("_cif"):
            made, line = _median(endpoint)
            rows.append(made)
            lines.append(line)
        else:
            made, line = _gap(endpoint, horizons_of(endpoint, horizons)[-1])
            rows.append(made)
            lines.append(line)
        if endpoint.name in {"lc", "os", "os_dx"}:
            more, others = _followup(endpoint)
            lines += more
            rows += others
    notes = (
        ("NE: not estimable, beyond the last follow-up. "
        f"Numbers of fewer than {FEW} at risk are marked."),
        *(f"{one.label}: origin {one.origin}." for one in endpoints),
        *(Remark(f"{one.label}: {note}.", least_of(note))
          for one in endpoints for note in one.notes),
    )  # fmt: skip
    header = ("Endpoint", "Unit", "n", "Events", "Quantity", "Value", "")
    title = "Rates, medians and follow-up"
    return Sheet(NAME, title, header, tuple(lines), notes, tuple(rows), tuple(sentences))


def _line(
    endpoint: Endpoint, quantity: str, value: str | Cell, estimate: Estimate | None, *, head: bool
) -> tuple[str | Cell, ...]:
    n, events = len(endpoint.patients), int(endpoint.event.sum())
    front = (endpoint.label, endpoint.unit, Cell(str(n), n), Cell(str(events), events))
    remark = estimate.note if estimate is not None else ""
    return (*(front if head else ("", "", "", "")), quantity, value, remark)


def _median(endpoint: Endpoint) -> tuple[Row, tuple[str | Cell, ...]]:
    one = median_of(endpoint)
    n = len(endpoint.patients)
    row = Row(
        NAME, endpoint.label, "", endpoint.unit, "median, months", one.value, one.lower, one.upper,
        n, one.n_events, one.n_risk, f"{curve_method(endpoint)}; {one.note}".rstrip("; "),
    )  # fmt: skip
    text = Cell(_months(one), least([one.n_events]))
    return row, _line(endpoint, "median, months (95 % CI)", text, one, head=False)


def _months(one: Estimate) -> str:
    if one.value is None:
        return "not reached" if "not reached" in one.note else "NE"
    limits = interval(one.lower, one.upper, 1)
    return fixed(one.value, 1) + (f" ({limits})" if limits else "")


def _gap(endpoint: Endpoint, months: float) -> tuple[Row, tuple[str | Cell, ...]]:
    """Say what 1 - KM would say in place of the incidence: the gap is the competing death."""
    curve = incidence_of(endpoint)
    value = None
    if curve is not None:
        place = int(np.searchsorted(curve.time, months, side="right")) - 1
        value = float(curve.one_minus_km[place]) if place >= 0 else 0.0
    n, events = len(endpoint.patients), int(endpoint.event.sum())
    quantity = f"1 - KM at {plain(months)} months"
    note = "deaths censored on their day: not a probability of failure"
    row = Row(
        NAME, endpoint.label, "", endpoint.unit, quantity, value, n=n, events=events, method=note
    )
    text = Cell("NE" if value is None else fixed(100 * value, 0), least([events]))
    return row, (*_line(endpoint, f"{quantity}, %", text, None, head=False)[:-1], note)


def _followup(endpoint: Endpoint) -> tuple[list[tuple[str | Cell, ...]], list[Row]]:
    """Reverse Kaplan-Meier median, and the naive ones by their names."""
    one, n = follow_up_of(endpoint), len(endpoint.patients)
    what = f"follow-up, {endpoint.unit}, from {endpoint.origin}"
    rows = [
        Row(NAME, endpoint.label, "", endpoint.unit, f"median {what}, months", one.value, one.lower,
            one.upper, n, one.n_events, one.n_risk, "reverse Kaplan-Meier")
    ]  # fmt: skip
    reverse = _line(
        endpoint, f"{what}: reverse KM median, months (95 % CI)", _months(one), one, head=False
    )
    lines = [reverse]
    groups = (("all", np.ones(n, dtype=bool)), ("event-free", ~endpoint.event))
    for word, chosen in groups:
        months = endpoint.months[chosen]
        if not months.size:
            continue
        low, mid, high = float(months.min()), float(np.median(months)), float(months.max())
        text = f"{fixed(mid, 1)} ({fixed(low, 1)}-{fixed(high, 1)})"
        quantity = f"{what}: naive median (range), {word}, months"
        size = int(months.size)
        lines.append(_line(endpoint, quantity, Cell(text, size), None, head=False))
        method = f"naive median of {word}; limits are the range"
        rows.append(
            Row(NAME, endpoint.label, word, endpoint.unit, f"naive median {what}, months", mid, low,
                high, size, method=method)
        )  # fmt: skip
    return lines, rows
