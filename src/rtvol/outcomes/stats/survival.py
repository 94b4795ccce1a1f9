"""Product-limit survival: the curve, and what is read off it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rtvol.errors import Finding, UsageError
from rtvol.outcomes.stats.observations import check_horizon, check_level, observe
from rtvol.outcomes.stats.results import Estimate, SurvivalCurve
from rtvol.outcomes.stats.tails import normal_quantile, reach_by_cluster

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike

    from rtvol.outcomes.stats.arrays import FloatArray, IntArray
    from rtvol.outcomes.stats.observations import Observations

#: A survival this close to one half is one half.
SAME_SURVIVAL = 1.5e-8
#: A spread below this is round-off of 0.
ROUND_OFF = 1e-12
#: Below this number at risk an estimate says so.
FEW_AT_RISK = 10


def kaplan_meier(
    time: ArrayLike,
    event: ArrayLike,
    *,
    entry: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    level: float = 0.95,
) -> SurvivalCurve:
    """Kaplan-Meier product-limit curve with log-log limits.

    Parameters
    ----------
    time
        Time from the origin to event or censoring (n,), in any unit, >= 0. A unit censored at
        the time of an event was at risk for it.
    event
        1 for an event, 0 for censored (n,).
    entry
        Start of observation (n,) for delayed entry: at risk when entry < t <= time.
    cluster
        Label (n,) of the units that belong together, e.g. the patient of each lesion. Standard
        errors and limits then come from the infinitesimal jackknife summed within clusters; the
        curve itself does not change.
    level
        Confidence level.

    Raises
    ------
    UsageError
        As `observe`, and `bad-level`.

    Notes
    -----
    Kaplan and Meier 1958; Greenwood 1926; log-log limits S^exp(+-z se / (S log S)), Kalbfleisch
    and Prentice 1980. With weights w the curve is a function of w, and its derivative with
    respect to the weight of row i is -S(t) sum_{j <= t} (dN_ij - Y_ij h_j) / (n_j - d_j), whose
    squares, summed, are Greenwood's variance when each row is a cluster.
    """
    sample = observe(time, event, entry=entry, cluster=cluster)
    check_level(level)
    times = np.unique(sample.time)
    place = np.searchsorted(times, sample.time)
    n_risk = sample.at_risk(times)
    n_event = np.bincount(place, weights=sample.status, minlength=times.size).astype(np.int64)
    n_censored = np.bincount(place, minlength=times.size) - n_event
    survival = np.cumprod(1.0 - n_event / n_risk)
    naive = _greenwood(survival, n_risk, n_event)
    se = naive if sample.cluster is None else _jackknife(sample, times, survival)
    z = normal_quantile(level)
    lower_naive, upper_naive = log_log_limits(survival, naive, z)
    lower, upper = log_log_limits(survival, se, z)
    return SurvivalCurve(
        time=times,
        n_risk=n_risk,
        n_event=n_event,
        n_censored=n_censored,
        survival=survival,
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
        sample=sample,
        findings=sample.findings + _early_end(times, survival),
    )


def reverse_km(
    time: ArrayLike,
    event: ArrayLike,
    *,
    cluster: ArrayLike | None = None,
    level: float = 0.95,
) -> SurvivalCurve:
    """Curve of potential follow-up: events censor, the end of follow-up is the event.

    Its median is the follow-up to report (Schemper and Smith 1996); a naive median counts the
    early dead as briefly followed. Parameters and errors as in `kaplan_meier`.
    """
    sample = observe(time, event)
    return kaplan_meier(sample.time, 1 - sample.status, cluster=cluster, level=level)


def survival_at(curve: SurvivalCurve, horizon: float) -> Estimate:
    """Survival at a horizon, in the unit of the curve's times.

    Not estimable beyond the last follow-up (unless the curve has come down to 0), nor before
    anybody is under observation. `n_risk` counts entry < horizon <= exit, `n_events` those up to
    the horizon.

    Raises
    ------
    UsageError
        `bad-times` for a horizon that is negative or not finite.
    """
    horizon = check_horizon(horizon)
    n_risk = int(curve.sample.at_risk(np.array([horizon]))[0])
    n_events = int(curve.n_event[curve.time <= horizon].sum())
    gone = curve.survival[-1] == 0.0
    if horizon > curve.last_time and not gone:
        return not_estimable(f"beyond the last follow-up ({curve.last_time:g})", n_risk, n_events)
    if curve.sample.delayed and horizon <= curve.sample.entry.min():
        return not_estimable("nobody is under observation yet", n_risk, n_events)
    place = int(np.searchsorted(curve.time, horizon, side="right")) - 1
    value = float(curve.survival[place]) if place >= 0 else 1.0
    if value in {0.0, 1.0}:
        reason = "no event so far" if value == 1.0 else "no one is left"
        return Estimate(value, None, None, n_risk, n_events, f"no limits: {reason}")
    lower, upper = finite(curve.lower[place]), finite(curve.upper[place])
    note = few(n_risk, curve.errors) if lower is not None else "no limits: clusters do not differ"
    return Estimate(value, lower, upper, n_risk, n_events, note)


def median_time(curve: SurvivalCurve) -> Estimate:
    """First time with survival below one half, with limits from the log-log band.

    Where the curve stays at exactly one half, the median is the middle of that stretch (its end
    is the last follow-up when no further event comes). The limits are the times at which the
    lower and upper limits of S(t) cross one half (Brookmeyer and Crowley 1982); None where they
    do not. `n_risk` is the number at risk at the median, `n_events` all events of the curve.
    """
    value = _crossing(curve.time, curve.survival)
    if value is None:
        reason = "not reached: the curve stays above one half"
        lower = _crossing(curve.time, curve.lower)
        return Estimate(None, lower, None, None, curve.n_events, reason)
    n_risk = int(curve.sample.at_risk(np.array([value]))[0])
    lower, upper = _crossing(curve.time, curve.lower), _crossing(curve.time, curve.upper)
    return Estimate(value, lower, upper, n_risk, curve.n_events, few(n_risk, curve.errors))


def rmst(curve: SurvivalCurve, horizon: float) -> Estimate:
    """Restricted mean survival time: the area under the curve from the origin to a horizon.

    Standard error from the influence of each row (by cluster when the curve has clusters), which
    without clusters is the usual sum of A_j^2 d_j / (n_j (n_j - d_j)) with A_j the area right of
    the j-th event. Not estimable where survival at the horizon is not.

    Raises
    ------
    UsageError
        `bad-times` for a horizon that is negative or not finite; `delayed-entry` for a curve of
        left-truncated data, where early survival rests on few and the area has no plain meaning.
    """
    horizon = check_horizon(horizon)
    if curve.sample.delayed:
        raise UsageError(
            "delayed-entry",
            seen="restricted mean of left-truncated data",
            mend="take the time from entry as origin",
        )
    end = survival_at(curve, horizon)
    if end.value is None:
        return not_estimable(end.note, end.n_risk, end.n_events)
    steps, widths = _steps(curve, horizon)
    area = float(np.sum(np.concatenate([[1.0], curve.survival[: steps.size - 1]]) * widths))
    influence = rmst_influence(curve, horizon)
    spread = float(np.sqrt(np.sum(np.square(curve.sample.by_cluster(influence)))))
    if spread <= ROUND_OFF * horizon:
        return Estimate(area, None, None, end.n_risk, end.n_events, "no limits: no spread so far")
    reach = spread * reach_by_cluster(curve.level, curve.n_clusters if curve.errors else None)
    note = few(end.n_risk or 0, curve.errors)
    return Estimate(area, area - reach, area + reach, end.n_risk, end.n_events, note)


def rmst_influence(curve: SurvivalCurve, horizon: float) -> FloatArray:
    """Return what each row (n,) adds to the restricted mean: its derivative by the row's weight."""
    steps, widths = _steps(curve, horizon)
    influence: FloatArray = np.zeros(curve.n)
    for j, rows in enumerate(_influences(curve.sample, curve.time[: steps.size - 1])):
        influence = influence - curve.survival[j] * widths[j + 1] * rows
    return influence


def not_estimable(reason: str, n_risk: int | None, n_events: int | None) -> Estimate:
    """Estimate without a value, and why."""
    return Estimate(None, None, None, n_risk, n_events, reason)


def few(n_risk: int, errors: str = "") -> str:
    """Say so when few are at risk, and how limits were made."""
    left = f"fewer than {FEW_AT_RISK} at risk" if n_risk < FEW_AT_RISK else ""
    return "; ".join(part for part in (left, errors) if part)


def finite(value: float) -> float | None:
    """None for a limit that does not exist."""
    return float(value) if np.isfinite(value) else None


def _greenwood(survival: FloatArray, n_risk: IntArray, n_event: IntArray) -> FloatArray:
    left = np.where(n_risk > n_event, n_risk * (n_risk - n_event), 1)
    return _inside(survival, survival * np.sqrt(np.cumsum(n_event / left)))


def _inside(survival: FloatArray, se: FloatArray) -> FloatArray:
    """Put NaN where the curve is at 1 or 0, or clusters do not differ: no spread is known there."""
    return np.where((survival > 0.0) & (survival < 1.0) & (se > ROUND_OFF), se, np.nan)


def _influences(sample: Observations, times: FloatArray) -> Iterator[FloatArray]:
    """For each time, sum_{j <= t} (dN_ij - Y_ij h_j) / (n_j - d_j) of each row i.

    Where the last ones at risk all fail, n_j = d_j and dN_ij = Y_ij: the curve is 0 whatever the
    weights, and nothing is added.
    """
    total = np.zeros(sample.n)
    for t in times:
        risk = (sample.entry < t) & (sample.time >= t)
        fails = (sample.time == t) & (sample.status > 0)
        n, d = int(risk.sum()), int(fails.sum())
        if 0 < d < n:
            total = total + (fails - risk * (d / n)) / (n - d)
        yield total


def _jackknife(sample: Observations, times: FloatArray, survival: FloatArray) -> FloatArray:
    moves = np.diff(survival, prepend=1.0) != 0.0
    spread = np.zeros(times.size)
    spread[moves] = [
        float(np.sqrt(np.sum(np.square(sample.by_cluster(rows)))))
        for rows in _influences(sample, times[moves])
    ]
    last = np.maximum.accumulate(np.where(moves, np.arange(times.size), 0))
    return _inside(survival, survival * spread[last])


def log_log_limits(curve: FloatArray, se: FloatArray, z: float) -> tuple[FloatArray, FloatArray]:
    """Limits p^exp(+-z se / (p log p)) of a probability; NaN where the standard error is."""
    inner = np.where(np.isnan(se), 0.5, curve)
    width = z * se / (inner * np.log(inner))  # negative: log p < 0
    return inner ** np.exp(-width), inner ** np.exp(width)


def _crossing(times: FloatArray, curve: FloatArray) -> float | None:
    """Time at which a falling step curve comes below one half; the middle of a stretch on it."""
    known = ~np.isnan(curve)
    low = known & (curve <= 0.5 + SAME_SURVIVAL)
    if not low.any():
        return None
    below = known & (curve < 0.5 - SAME_SURVIVAL)
    first = times[int(np.flatnonzero(low)[0])]
    last = times[int(np.flatnonzero(below)[0])] if below.any() else times[-1]
    on_half = abs(curve[int(np.flatnonzero(low)[0])] - 0.5) <= SAME_SURVIVAL
    return float((first + last) / 2.0 if on_half else first)


def _steps(curve: SurvivalCurve, horizon: float) -> tuple[FloatArray, FloatArray]:
    """Return starts and widths of the steps from the origin to the horizon."""
    starts = np.concatenate([[0.0], curve.time[curve.time < horizon]])
    return starts, np.diff(np.concatenate([starts, [horizon]]))


def _early_end(times: FloatArray, survival: FloatArray) -> tuple[Finding, ...]:
    """Report a left-truncated curve that fell to 0 while others had still to enter."""
    gone = np.flatnonzero(survival == 0.0)
    if gone.size == 0 or gone[0] == times.size - 1:
        return ()
    return (
        Finding(
            "curve-ends-early",
            seen=f"the last one at risk failed at {times[gone[0]]:g}, before others entered",
            mend="report the curve from a later time on, given survival to then",
        ),
    )
