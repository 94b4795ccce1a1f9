"""Cut-points looked for in the data, each with what looking for it costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rtvol.errors import UsageError
from rtvol.outcomes import stats
from rtvol.outcomes.factors import factor_of
from rtvol.outcomes.printing import fixed, p_value, plain
from rtvol.outcomes.results import Cell, Row, Sheet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rtvol.outcomes.cohort import Cohort
    from rtvol.outcomes.config import Analysis, CutSearch
    from rtvol.outcomes.endpoints import Endpoint
    from rtvol.outcomes.factors import Factor
    from rtvol.outcomes.stats import OptimalCut

NAME = "cuts"


@dataclass(frozen=True, eq=False)
class Searched:
    """One search: what was cut, and what came of it.

    Attributes
    ----------
    asked, endpoint, factor
        Settings, rows whose value is known, and the factor.
    values
        Values (n,) in the unit of the factor's label.
    cut
        None where none was found; `reason` then says why.
    """

    asked: CutSearch
    endpoint: Endpoint
    factor: Factor
    values: NDArray[np.float64]
    cut: OptimalCut | None
    reason: str


def search_cuts(cohort: Cohort, analysis: Analysis) -> tuple[Searched, ...]:
    """Run the searches of the settings."""
    return tuple(_search(cohort, asked, analysis) for asked in analysis.cut_searches)


def _search(cohort: Cohort, asked: CutSearch, analysis: Analysis) -> Searched:
    endpoint = cohort.endpoint(asked.endpoint, analysis)
    factor = factor_of(cohort, asked.factor, endpoint.unit, analysis)
    if factor.values is None:
        empty = endpoint.take(np.zeros(len(endpoint.patients), dtype=bool))
        reason = f"{factor.label} is no quantity: it has levels"
        return Searched(asked, empty, factor, np.zeros(0), None, reason)
    known = np.isfinite(factor.values[endpoint.index])
    part = endpoint.take(known)
    values = factor.values[part.index]
    try:
        cut = stats.optimal_cut(
            part.months, part.event, values, smallest=asked.smallest, bootstrap=asked.bootstrap,
            seed=asked.seed,
        )  # fmt: skip
    except UsageError as error:
        return Searched(asked, part, factor, values, None, error.finding.seen)
    return Searched(asked, part, factor, values, cut, "")


def cuts_sheet(found: Sequence[Searched]) -> Sheet:
    """Lay the searches out: the cut, its bootstrap limits, naive and corrected p."""
    lines: list[tuple[str | Cell, ...]] = []
    rows: list[Row] = []
    for one in found:
        front = (one.factor.label, one.endpoint.event_name)
        if one.cut is None:
            lines.append((*front, f"NE: {one.reason}", "", "", "", "", ""))
        else:
            lines.append((*front, *_cells(one, one.cut)))
            rows += _rows(one, one.cut)
    header = (
        "Quantity", "Event", "Cut", "Bootstrap limits of the cut", "n below / above",
        "log-rank p, naive (too small)", "p, corrected (1992)", "p, corrected (1994)",
    )  # fmt: skip
    seeds = ", ".join(dict.fromkeys(str(one.asked.seed) for one in found))
    parts = ", ".join(dict.fromkeys(fixed(100 * one.asked.smallest, 0) for one in found))
    notes = (
        (
            "Data-driven: the cut was looked for in these data, so the p to report is the "
            "corrected one (Lausen and Schumacher 1992; Lausen, Sauerbrei and Schumacher 1994), "
            "and the groups will differ less in other data."
        ),
        (
            f"At least {parts} % on either side. Bootstrap seed {seeds}. Lesions of one patient "
            "count as independent."
        ),
    )
    title = "Cut-points looked for in the data"
    return Sheet(NAME, title, header, tuple(lines), notes, tuple(rows))


def _cells(one: Searched, cut: OptimalCut) -> tuple[str | Cell, ...]:
    low, high = (
        "NE" if end is None else plain(round(end, 2)) for end in (cut.cut_lower, cut.cut_upper)
    )
    below = int((one.values <= cut.cut).sum())
    above = one.values.size - below
    limits = f"{low} to {high}" if cut.n_bootstrap else "not asked for"
    ps = (p_value(test.p) for test in (cut.naive, cut.corrected, cut.corrected_94))
    groups = Cell(f"{below} / {above}", min(below, above))
    return (f"<= {plain(cut.cut)}", limits, groups, *ps)


def _rows(one: Searched, cut: OptimalCut) -> list[Row]:
    place = (NAME, one.factor.label, one.endpoint.name, one.endpoint.unit)
    size = (cut.corrected.n, cut.corrected.n_events)
    method = (
        f"maximally selected log-rank over {cut.n_cuts} cuts, data-driven; limits are percentiles "
        f"of {cut.n_bootstrap} bootstrap samples, seed {cut.seed}"
    )
    tests = (
        (cut.naive, "log-rank at the cut, as if it had been known: too small"),
        (cut.corrected, cut.corrected.name),
        (cut.corrected_94, cut.corrected_94.name),
    )
    return [
        Row(*place, "cut-point", cut.cut, cut.cut_lower, cut.cut_upper, *size, method=method),
        *(
            Row(*place, f"p, {one.endpoint.label}", test.p, None, None, *size, method=words)
            for test, words in tests
        ),
    ]
