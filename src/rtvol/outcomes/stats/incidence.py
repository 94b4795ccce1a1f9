"""Cumulative incidence with competing risks (Aalen-Johansen)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rtvol.errors import UsageError
from rtvol.outcomes.stats.observations import check_horizon, check_level, observe
from rtvol.outcomes.stats.results import Estimate, IncidenceCurve
from rtvol.outcomes.stats.survival import ROUND_OFF, few, finite, log_log_limits, not_estimable
from rtvol.outcomes.stats.tails import normal_quantile

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from rtvol.outcomes.stats.arrays import FloatArray
    from rtvol.outcomes.stats.observations import Observations


def cumulative_incidence(
    time: ArrayLike,
    status: ArrayLike,
    *,
    cause: int = 1,
    cluster: ArrayLike | None = None,
    level: float = 0.95,
) -> IncidenceCurve:
    """Cumulative incidence of one cause while others compete.

    Parameters
    ----------
    time
        Time (n,) from the origin to the first event of any cause or to censoring, >= 0.
    status
        0 censored, otherwise the code of the cause: 1, 2, ...
    cause
        The cause whose incidence is wanted.
    cluster
        Label (n,) of the units that belong together; standard errors are then by cluster.
    level
        Confidence level.

    Raises
    ------
    UsageError
        As `observe`; `bad-events` when `cause` is not 1 or more.

    Notes
    -----
    Aalen and Johansen 1978: F(t) = sum_{j <= t} S(t_j-) d_j / n_j with S the probability of no
    event of any cause. Ties are taken as they are, causes that fall on one time together. The
    standard error is the infinitesimal jackknife: the derivative of F with respect to the weight
    of each row, squared and summed over rows (or clusters), as R's survfit for several states.
    Limits F^exp(+-z se / (F log F)).
    """
    sample = observe(time, status, cluster=cluster, causes=True)
    check_level(level)
    _check_cause(cause)
    times = np.unique(sample.time)
    place = np.searchsorted(times, sample.time)
    n_risk = sample.at_risk(times)
    n_event, n_any, n_gone = (
        np.bincount(place[rows], minlength=times.size)
        for rows in (sample.status == cause, sample.status > 0, sample.status >= 0)
    )
    event_free = np.cumprod(1.0 - n_any / n_risk)
    before = np.concatenate([[1.0], event_free[:-1]])
    incidence = np.cumsum(before * n_event / n_risk)
    spreads = _spreads(sample, times, before, cause)
    naive, se = np.where((spreads > ROUND_OFF) & (incidence < 1.0 - ROUND_OFF), spreads, np.nan)
    lower_naive, upper_naive = log_log_limits(incidence, naive, normal_quantile(level))
    lower, upper = log_log_limits(incidence, se, normal_quantile(level))
    return IncidenceCurve(
        time=times,
        n_risk=n_risk,
        n_event=n_event,
        n_censored=n_gone - n_any,
        n_competing=n_any - n_event,
        incidence=incidence,
        event_free=event_free,
        one_minus_km=1.0 - np.cumprod(1.0 - n_event / n_risk),
        se=se,
        lower=lower,
        upper=upper,
        se_naive=naive,
        lower_naive=lower_naive,
        upper_naive=upper_naive,
        level=level,
        n=sample.n,
        n_events=int(n_event.sum()),
        n_clusters=sample.n_clusters,
        cause=cause,
        sample=sample,
        findings=sample.findings,
    )


def incidence_at(curve: IncidenceCurve, horizon: float) -> Estimate:
    """Cumulative incidence at a horizon, in the unit of the curve's times.

    Not estimable beyond the last follow-up, unless everybody has had an event by then.
    `n_events` counts the events of the cause up to the horizon.

    Raises
    ------
    UsageError
        `bad-times` for a horizon that is negative or not finite.
    """
    horizon = check_horizon(horizon)
    n_risk = int(curve.sample.at_risk(np.array([horizon]))[0])
    n_events = int(curve.n_event[curve.time <= horizon].sum())
    if horizon > curve.last_time and curve.event_free[-1] > 0.0:
        return not_estimable(f"beyond the last follow-up ({curve.last_time:g})", n_risk, n_events)
    place = int(np.searchsorted(curve.time, horizon, side="right")) - 1
    value = float(curve.incidence[place]) if place >= 0 else 0.0
    if n_events == 0:
        return Estimate(value, None, None, n_risk, 0, "no limits: no event so far")
    lower, upper = finite(curve.lower[place]), finite(curve.upper[place])
    note = few(n_risk, curve.errors) if lower is not None else "no limits: no spread is known"
    return Estimate(value, lower, upper, n_risk, n_events, note)


def _check_cause(cause: int) -> None:
    if cause < 1:
        raise UsageError("bad-events", seen=f"cause {cause}", mend="causes are 1, 2, ...")


def _spreads(sample: Observations, times: FloatArray, before: FloatArray, cause: int) -> FloatArray:
    """Return standard errors (2, J) at each time, by row and by cluster."""
    free = np.zeros(sample.n)  # derivative of log S(t-) by row
    total = np.zeros(sample.n)  # derivative of F(t) by row
    spreads = np.zeros((2, times.size))
    moves = np.isin(times, sample.time[sample.status > 0])
    for j, t in enumerate(times):
        if not moves[j]:
            spreads[:, j] = spreads[:, j - 1] if j else 0.0
            continue
        risk = sample.time >= t
        now = sample.time == t
        fails, any_cause = now & (sample.status == cause), now & (sample.status > 0)
        n, d, d_any = int(risk.sum()), int(fails.sum()), int(any_cause.sum())
        total += before[j] * (free * (d / n) + (fails - risk * (d / n)) / n)
        if d_any < n:
            free -= (any_cause - risk * (d_any / n)) / (n - d_any)
        for k, values in enumerate((total, sample.by_cluster(total))):
            spreads[k, j] = np.sqrt(np.sum(np.square(values)))
    return spreads
