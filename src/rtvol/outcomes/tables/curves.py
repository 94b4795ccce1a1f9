"""What every table of outcome asks of an endpoint: rates at horizons, medians, hazard ratios."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rtvol.outcomes import stats
from rtvol.outcomes.printing import interval, percent
from rtvol.outcomes.results import Cell, Row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rtvol.outcomes.config import Horizons
    from rtvol.outcomes.endpoints import Endpoint
    from rtvol.outcomes.stats import Estimate, IncidenceCurve, SurvivalCurve

#: What a statistic of an empty group is.
NOBODY = stats.Estimate(None, None, None, 0, 0, "nobody in the group")
INCIDENCE = "Aalen-Johansen, infinitesimal jackknife by patient"
#: Fewer at risk than this is said beside the number.
FEW = 10


@dataclass(frozen=True)
class Rate:
    """A rate at a horizon, ready for both the sheet and the long table."""

    estimate: Estimate
    n: int

    @property
    def text(self) -> str:
        """Percent with its interval and the number at risk: `68 (52-80), 11`."""
        if self.estimate.value is None:
            return "NE"
        digits = 1 if self.n >= 200 else 0
        limits = interval(self.estimate.lower, self.estimate.upper, digits, 100)
        between = f" ({limits})" if limits else ""
        return f"{percent(self.estimate.value, self.n)}{between}, {self.estimate.n_risk}"

    @property
    def cell(self) -> Cell:
        """The same for a sheet, with the counts it gives away."""
        counts = [self.n, self.estimate.n_risk, self.estimate.n_events]
        return Cell(self.text, least(counts))

    def row(self, place: tuple[str, str, str], unit: str, quantity: str, method: str) -> Row:
        """Return the same, unrounded, for the long table."""
        one = self.estimate
        table, row, level = place
        words = f"{method}; {one.note}" if one.note else method
        return Row(
            table, row, level, unit, quantity, one.value, one.lower, one.upper, self.n,
            one.n_events, one.n_risk, words,
        )  # fmt: skip


def horizons_of(endpoint: Endpoint, horizons: Horizons) -> tuple[float, ...]:
    """Months at which an endpoint is read."""
    if endpoint.name in {"lc", "lf_cif"}:
        return horizons.lc
    return horizons.os if endpoint.name.startswith("os") else horizons.ttp


def least(counts: list[int | None]) -> int | None:
    """Smallest count above 0, None when there is none."""
    return min((number for number in counts if number), default=None)


def curve_of(endpoint: Endpoint) -> SurvivalCurve | None:
    """Kaplan-Meier of an endpoint in months, lesions with limits by patient; None for nobody."""
    if not endpoint.patients:
        return None
    return stats.curve_for_few(
        stats.kaplan_meier(
            endpoint.months,
            endpoint.event,
            entry=endpoint.entry_months,
            cluster=endpoint.cluster if endpoint.unit == "lesion" else None,
        )
    )


def median_of(endpoint: Endpoint) -> Estimate:
    """Median time of an endpoint in months."""
    curve = curve_of(endpoint)
    return NOBODY if curve is None else stats.median_time(curve)


def follow_up_of(endpoint: Endpoint) -> Estimate:
    """Median follow-up in months by reverse Kaplan-Meier; lesions with limits by patient."""
    if not endpoint.patients:
        return NOBODY
    cluster = endpoint.cluster if endpoint.unit == "lesion" else None
    curve = stats.reverse_km(endpoint.months, endpoint.event, cluster=cluster)
    return stats.median_time(stats.curve_for_few(curve))


def incidence_of(endpoint: Endpoint, cause: int = 1) -> IncidenceCurve | None:
    """Cumulative incidence of a cause in months, the others competing; None for nobody."""
    if not endpoint.patients:
        return None
    cluster = endpoint.cluster if endpoint.unit == "lesion" else None
    return stats.curve_for_few(
        stats.cumulative_incidence(endpoint.months, endpoint.status, cause=cause, cluster=cluster)
    )


def curve_method(endpoint: Endpoint) -> str:
    """Name the estimator and its limits."""
    limits = "log-log CI"
    if endpoint.unit == "lesion":
        limits = "log-log CI, infinitesimal jackknife by patient"
    late = ", left-truncated" if endpoint.entry_days is not None else ""
    return f"Kaplan-Meier{late}, {limits}"


def rates_at(endpoint: Endpoint, horizons: Sequence[float]) -> dict[float, Rate]:
    """Rates at horizons: survival, or incidence for the endpoints that compete."""
    n = len(endpoint.patients)
    if endpoint.name.endswith("_cif"):
        incidence = incidence_of(endpoint)
        return {
            months: Rate(NOBODY if incidence is None else stats.incidence_at(incidence, months), n)
            for months in horizons
        }
    curve = curve_of(endpoint)
    return {
        months: Rate(NOBODY if curve is None else stats.survival_at(curve, months), n)
        for months in horizons
    }


def rate_at(endpoint: Endpoint, months: float) -> Rate:
    """Rate at one horizon."""
    return rates_at(endpoint, (months,))[months]
