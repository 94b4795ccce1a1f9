"""One factor against one endpoint: every test and model that a table needs of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from rtvol.errors import UsageError
from rtvol.outcomes import stats
from rtvol.outcomes.factors import at, factor_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from rtvol.outcomes.cohort import Cohort
    from rtvol.outcomes.config import Analysis
    from rtvol.outcomes.endpoints import Endpoint
    from rtvol.outcomes.factors import Factor
    from rtvol.outcomes.stats import CoxFit, TestResult
    from rtvol.outcomes.stats.differences import MeanDifference

_Result = TypeVar("_Result")


@dataclass(frozen=True)
class Comparison:
    """Everything about one factor and one endpoint.

    Attributes
    ----------
    factor, endpoint
        What is compared, on what; rows of unknown group are left out.
    group
        Level of each row of the endpoint.
    all_groups
        The same before rows without a level were left out (-1).
    logrank, trend
        Log-rank over the levels, naive for lesions; trend for three or more ordered levels.
    fit
        Cox model of the levels against the first; None where there is nothing to fit.
    continuous
        Cox model of the uncut quantity.
    proportional
        Score test of proportional hazards of `fit`; None for Firth.
    rmst
        Of two levels: difference in restricted mean time (second minus first) within the shorter
        follow-up of both.
    """

    factor: Factor
    endpoint: Endpoint
    group: NDArray[np.int64]
    all_groups: NDArray[np.int64]
    logrank: TestResult | None
    trend: TestResult | None
    fit: CoxFit | None
    continuous: CoxFit | None
    proportional: TestResult | None
    rmst: MeanDifference | None

    def level(self, index: int) -> Endpoint:
        """Return the endpoint of one level."""
        return self.endpoint.take(self.group == index)


def test_name(fit: CoxFit) -> str:
    """Name the test behind a term's p."""
    if fit.method.startswith("Firth"):
        return "Firth Cox penalised likelihood ratio"
    if fit.errors:
        return f"Cox, {fit.errors} (few patients)"
    return "Cox Wald, cluster-robust by patient" if fit.n_clusters is not None else "Cox Wald"


def attempt(make: Callable[[], _Result]) -> _Result | None:
    """Return what a statistic gives, None where the data do not determine it.

    The statistics say so by an error (one group, no event while two were at risk, no maximum); a
    table prints NE there.
    """
    try:
        return make()
    except UsageError:
        return None


def compare(endpoint: Endpoint, factor: Factor) -> Comparison:
    """Compare the levels of a factor on an endpoint.

    Parameters
    ----------
    endpoint
        Times and events; a competing event counts as censored.
    factor
        Groups of the same unit.
    """
    part = endpoint.take(at(factor, endpoint) >= 0)
    group = at(factor, part)
    months, event, entry = part.months, part.event, part.entry_months
    logrank = attempt(lambda: stats.logrank(months, event, group, entry=entry))
    trend = None
    if factor.is_ordered and np.unique(group).size > 2:
        trend = attempt(lambda: stats.logrank(months, event, group, trend=True, entry=entry))
    present = [i for i in range(1, len(factor.levels)) if (group == i).any()]
    design = np.array([group == index for index in present], dtype=np.float64).T
    fit = _fit(part, design, [factor.levels[i] for i in present]) if (group == 0).any() else None
    uncut = None
    if factor.continuous is not None:
        uncut = _fit(part, factor.continuous[part.index][:, None], [factor.per])
    proportional = None
    if fit is not None and not fit.method.startswith("Firth"):
        tested = attempt(lambda: stats.ph_test(fit))
        proportional = tested.overall if tested else None
    rmst = _rmst_difference(part, group) if len(factor.levels) == 2 else None
    everybody = at(factor, endpoint)
    return Comparison(
        factor, part, group, everybody, logrank, trend, fit, uncut, proportional, rmst
    )


def _fit(part: Endpoint, design: NDArray[np.float64], names: list[str]) -> CoxFit | None:
    if not names:
        return None
    cluster = part.cluster if part.unit == "lesion" else None
    fit = attempt(
        lambda: stats.cox_or_firth(
            part.months, part.event, design, names=names, entry=part.entry_months, cluster=cluster
        )
    )
    return stats.corrected_for_few(fit) if fit is not None else None


def _rmst_difference(part: Endpoint, group: NDArray[np.int64]) -> MeanDifference | None:
    """Difference between two levels, up to the shorter follow-up; None with delayed entry."""
    ends = [part.months[group == index].max(initial=0.0) for index in (0, 1)]
    if part.entry_days is not None or min(ends) <= 0:
        return None
    cluster = part.cluster if part.unit == "lesion" else None
    return attempt(
        lambda: stats.rmst_difference(
            part.months, part.event, group == 1, float(min(ends)), cluster=cluster
        )
    )


def univariate(
    cohort: Cohort, endpoint: Endpoint, names: Sequence[str], analysis: Analysis
) -> tuple[Comparison, ...]:
    """Compare each named factor on an endpoint."""
    factors = [factor_of(cohort, name, endpoint.unit, analysis) for name in names]
    return tuple(compare(endpoint, factor) for factor in factors)
