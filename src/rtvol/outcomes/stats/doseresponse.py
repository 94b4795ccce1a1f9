"""Control of a lesion against its dose: logistic and probit curves, D50 and gamma50.

Control is meant at a stated time. What became of a lesion by then is known when it failed before,
or was seen without failure at that time or later; a lesion censored before is neither controlled
nor failed, and its likelihood says so.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Literal

import numpy as np

from rtvol.errors import UsageError
from rtvol.outcomes.stats.controllikelihood import (
    LARGE,
    ControlData,
    Link,
    maximise,
    row_scores,
)
from rtvol.outcomes.stats.fewclusters import JACKKNIFE, SCALED, jackknifed
from rtvol.outcomes.stats.modelresults import DoseResponseFit
from rtvol.outcomes.stats.observations import check_horizon, check_level, observe
from rtvol.outcomes.stats.partial import checked_design
from rtvol.outcomes.stats.results import Estimate
from rtvol.outcomes.stats.tails import FEW_CLUSTERS, chi2_tail, normal_quantile, t_p, t_quantile

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    from rtvol.outcomes.stats.arrays import FloatArray, IntArray
    from rtvol.outcomes.stats.controllikelihood import ControlFit

How = Literal["censored", "known"]

#: gamma50 is this times minus the intercept: slope times D50, times the density at one half.
GAMMA = {"logistic": 0.25, "probit": 1.0 / math.sqrt(2.0 * math.pi)}
#: A slope so uncertain over the doses that there are has no maximum.
MOST_SPREAD = 200.0
#: How many times its own size from the estimate the end of a profile is looked for.
REACH = 64.0
#: A ratio of variances below this is round-off of none.
ROUND_OFF = 1e-9


def dose_response(  # noqa: PLR0913  what a curve is of, and how it is fitted
    time: ArrayLike,
    event: ArrayLike,
    dose: ArrayLike,
    *,
    horizon: float,
    link: Link = "logistic",
    how: How = "censored",
    volume: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    level: float = 0.95,
) -> DoseResponseFit:
    """Fit the probability of control at a horizon against dose.

    Parameters
    ----------
    time, event
        As in `kaplan_meier`; the event is local failure.
    dose
        Dose (n,) of each lesion, any one kind (BED or EQD2), in Gy.
    horizon
        Time at which control is meant.
    link
        "logistic": 1 / (1 + exp(-x)); "probit": the normal distribution.
    how
        "censored": all rows by their likelihood; "known": those whose state at the horizon is
        known, an ordinary binary regression (biased when censoring goes with failure).
    volume
        A second covariate (n,), e.g. log2 of the PTV; D50 and gamma50 are then those at its
        median.
    cluster
        Label (n,) of the rows that belong together, the patient of each lesion: limits and p then
        hold for rows that are alike within clusters.
    level
        Confidence level.

    Raises
    ------
    UsageError
        As `observe`; `no-events` when none failed, or none was controlled, by the horizon;
        `bad-covariates`; `no-finite-maximum` when dose separates failures from controls.

    Notes
    -----
    Probability of control p = F(b0 + b1 d). D50 = -b0 / b1 is the dose of one half,
    gamma50 = D50 dp/dd there, the gain in percent points per percent of dose (Bentzen and Tucker
    1997): -b0 / 4 for the logistic, -b0 / sqrt(2 pi) for the probit curve. Limits are those of
    the profile likelihood. Censored rows: a lesion that is going to fail does so at t with the
    density of an exponential truncated to the horizon, whose rate is fitted too; one censored at
    c contributes p + (1 - p) S(c) (Farewell, Biometrics 1982;38:1041).

    With clusters, the profile's likelihood ratio is divided by the ratio of the variance of the
    quantity by the sandwich, scores summed within clusters, to that from the information
    (Rotnitzky and Jewell, Biometrika 1990;77:485); below 20 clusters the variance is that of the
    jackknife over clusters and limits are those of t (Lipsitz and Parzen 1996).
    """
    check_level(level)
    horizon = check_horizon(horizon)
    if horizon == 0:
        raise UsageError("bad-times", where="horizon", seen="0", mend="give a time above 0")
    sample = observe(time, event, cluster=cluster)
    kind = np.where(sample.time >= horizon, 2, 0)
    kind = np.where((sample.status > 0) & (sample.time <= horizon), 1, kind)
    keep = kind > 0 if how == "known" else np.ones(sample.n, dtype=bool)
    _require_both(kind)
    names = ("dose",) if volume is None else ("dose", "volume")
    columns = [np.asarray(dose)] if volume is None else [np.asarray(dose), np.asarray(volume)]
    given = checked_design(np.column_stack(columns), names, sample)[keep]
    centre = 0.0 if volume is None else float(np.median(given[:, 1]))
    design = np.column_stack([np.ones(given.shape[0]), given])
    if volume is not None:
        design[:, 2] -= centre
    data = ControlData(
        design, np.zeros(design.shape[0]), np.minimum(sample.time[keep] / horizon, 1.0),
        kind[keep].astype(np.int64), link, how == "censored" and bool((kind == 0).any()),
    )  # fmt: skip
    fit = maximise(data)
    _require_curve(data, fit)
    spread = None
    if sample.cluster is not None:
        spread = _by_cluster(data, fit, np.unique(sample.cluster[keep], return_inverse=True)[1])
    return _described(data, fit, spread, (how, level, horizon, centre, int((~keep).sum())))


def _require_both(kind: NDArray[np.int64]) -> None:
    if not (kind == 1).any() or not (kind == 2).any():
        seen = (
            f"{int((kind == 1).sum())} failed by the horizon, {int((kind == 2).sum())} controlled"
        )
        mend = "take another horizon, or report the counts"
        raise UsageError("no-events", seen=seen, mend=mend)


@dataclass(frozen=True, eq=False)
class _Spread:
    """Covariance by cluster, degrees of freedom of t (None: normal), clusters, its name."""

    covariance: FloatArray
    free: int | None
    n: int
    name: str

    def quantile(self, level: float) -> float:
        return normal_quantile(level) if self.free is None else t_quantile(level, self.free)

    def inflation(self, gradient: FloatArray, naive: FloatArray) -> float | None:
        """Variance of a quantity against that from the information; None where there is none."""
        ratio = float(gradient @ self.covariance @ gradient) / float(gradient @ naive @ gradient)
        return ratio if self.n > 1 and ratio > ROUND_OFF else None


def _by_cluster(data: ControlData, fit: ControlFit, labels: IntArray) -> _Spread:
    """Covariance of the coefficients by cluster: sandwich, with few clusters the jackknife."""
    n = int(labels.max()) + 1
    sums = np.array([np.bincount(labels, part, n) for part in row_scores(data, fit).T])
    sandwich = fit.covariance @ (sums @ sums.T) @ fit.covariance
    if n >= FEW_CLUSTERS:
        return _Spread(sandwich, None, n, "")
    if n == 1:
        return _Spread(sandwich, None, n, "one cluster: no limits")
    without = [_without(data, fit, labels != number) for number in range(n)]
    covariance = jackknifed(without, fit.theta)
    if covariance is None:
        return _Spread(sandwich * n / (n - 1), n - 1, n, SCALED.format(n))
    return _Spread(covariance, n - 1, n, JACKKNIFE.format(n))


def _without(
    data: ControlData, fit: ControlFit, rows: np.ndarray[tuple[int], np.dtype[np.bool_]]
) -> FloatArray | None:
    """Coefficients without one cluster, None where there are none."""
    part = replace(
        data, design=data.design[rows], offset=data.offset[rows], part=data.part[rows],
        kind=data.kind[rows],
    )  # fmt: skip
    rank = np.linalg.matrix_rank(part.design)
    if rank < part.design.shape[1] or not {1, 2} <= set(part.kind.tolist()):
        return None
    again = maximise(part, fit.theta)
    return again.theta if _is_curve(part, again) else None


def _described(
    data: ControlData,
    fit: ControlFit,
    spread: _Spread | None,
    meant: tuple[How, float, float, float, int],
) -> DoseResponseFit:
    how, level, horizon, centre, left_out = meant
    p = data.design.shape[1]
    flat = maximise(replace(data, design=np.delete(data.design, 1, axis=1)))
    ratio = max(2.0 * (fit.value - flat.value), 0.0)
    failed = int((data.kind == 1).sum())
    (d50, d50_naive), (gamma50, gamma50_naive) = _doses(data, fit, spread, level)
    return DoseResponseFit(
        link=data.link,
        how=how,
        horizon=horizon,
        coef=fit.theta[:p].copy(),
        covariance=_expected(data, fit) if how == "known" else fit.covariance[:p, :p].copy(),
        robust_covariance=None if spread is None else spread.covariance[:p, :p].copy(),
        quantile=normal_quantile(level) if spread is None else spread.quantile(level),
        latency=float(fit.theta[p]) / horizon if data.latency else None,
        log_likelihood=fit.value,
        log_likelihood_flat=flat.value,
        statistic=ratio,
        p=_p_of_dose(fit, spread, ratio),
        p_naive=chi2_tail(ratio, 1),
        d50=replace(d50, n_events=failed),
        gamma50=replace(gamma50, n_events=failed),
        d50_naive=replace(d50_naive, n_events=failed),
        gamma50_naive=replace(gamma50_naive, n_events=failed),
        centre=centre,
        n=data.kind.size,
        n_failed=failed,
        n_controlled=int((data.kind == 2).sum()),
        n_censored=int((data.kind == 0).sum()),
        n_left_out=left_out,
        n_clusters=None if spread is None else spread.n,
        errors="" if spread is None else spread.name,
        level=level,
    )


def _p_of_dose(fit: ControlFit, spread: _Spread | None, ratio: float) -> float | None:
    if spread is None:
        return chi2_tail(ratio, 1)
    slope = np.zeros(fit.theta.size)
    slope[1] = 1.0
    more = spread.inflation(slope, fit.covariance)
    if more is None:
        return None
    root = math.sqrt(ratio / more)
    return chi2_tail(root**2, 1) if spread.free is None else t_p(root, spread.free)


def _doses(
    data: ControlData, fit: ControlFit, spread: _Spread | None, level: float
) -> tuple[tuple[Estimate, Estimate], tuple[Estimate, Estimate]]:
    """D50 and gamma50, each with its limits and with those of independent rows."""
    base, slope = float(fit.theta[0]), float(fit.theta[1])
    if slope <= 0:
        none = Estimate(None, None, None, None, None, "control does not rise with dose")
        return (none, none), (none, none)
    d50, gamma50 = -base / slope, -base * GAMMA[data.link]
    of_d50, of_gamma50 = np.zeros(fit.theta.size), np.zeros(fit.theta.size)
    of_d50[:2] = -1.0 / slope, base / slope**2
    of_gamma50[0] = -GAMMA[data.link]
    z = normal_quantile(level)
    pairs = []
    for value, gradient, hold in ((d50, of_d50, _at_d50), (gamma50, of_gamma50, _at_gamma50)):
        naive = _limits(data, value, fit.value - z**2 / 2.0, hold)
        if spread is None:
            pairs.append((naive, naive))
            continue
        more = spread.inflation(gradient, fit.covariance)
        if more is None:
            note = "no limits: clusters do not differ, or there is one"
            pairs.append((Estimate(value, None, None, None, None, note), naive))
            continue
        height = fit.value - more * spread.quantile(level) ** 2 / 2.0
        pairs.append((_limits(data, value, height, hold), naive))
    return pairs[0], pairs[1]


def _is_curve(data: ControlData, fit: ControlFit) -> bool:
    """Tell whether there is a maximum: else dose separates failures from controls."""
    spread = math.sqrt(max(float(fit.covariance[1, 1]), 0.0)) * float(np.ptp(data.design[:, 1]))
    steep = np.abs(data.design @ fit.theta[: data.design.shape[1]]).min() > LARGE
    return not steep and spread <= MOST_SPREAD


def _require_curve(data: ControlData, fit: ControlFit) -> None:
    if not _is_curve(data, fit):
        raise UsageError(
            "no-finite-maximum",
            where="dose",
            seen="dose separates failures from controls: the curve is a step",
            mend="report the doses of both",
        )


def _expected(data: ControlData, fit: ControlFit) -> FloatArray:
    """Covariance from the expected information, as any binary regression gives it."""
    from scipy.special import expit, ndtr

    linear = data.design @ fit.theta
    if data.link == "logistic":
        weight = expit(linear) * expit(-linear)
    else:
        density = np.exp(-(linear**2)) / (2.0 * math.pi)
        weight = density / (ndtr(linear) * ndtr(-linear))
    information = data.design.T @ (weight[:, None] * data.design)
    return np.asarray(np.linalg.inv(information))


def _at_d50(data: ControlData, value: float) -> ControlData:
    """Hold D50: the predictor is zero at that dose."""
    moved = data.design[:, 1:].copy()
    moved[:, 0] -= value
    return replace(data, design=moved)


def _at_gamma50(data: ControlData, value: float) -> ControlData:
    """Hold gamma50: it is the intercept but for a factor."""
    held = np.full(data.kind.size, -value / GAMMA[data.link])
    return replace(data, design=data.design[:, 1:], offset=held)


def _limits(
    data: ControlData, best: float, height: float, hold: Callable[[ControlData, float], ControlData]
) -> Estimate:
    """Value with the ends of its profile; None for an end that does not come."""
    from scipy.optimize import brentq

    last: list[FloatArray] = []

    @cache  # an end is looked at twice: its side must not depend on where the search came from
    def above(value: float) -> float:
        held = hold(data, value)
        fit = maximise(held, last[-1] if last else None)
        if last and fit.value <= height:  # a start far from the maximum can stop short of it
            fit = max(fit, maximise(held, None), key=lambda one: one.value)
        last.append(fit.theta)
        return fit.value - height

    ends: list[float | None] = []
    size = max(abs(best), 1e-6)
    for side in (-1.0, 1.0):
        near, step = best, 0.05 * size
        far = best + side * step
        while above(far) > 0.0 and abs(far - best) < REACH * size:
            near, step = far, 2.0 * step
            far = best + side * step
        found = above(far) <= 0.0
        ends.append(float(brentq(above, near, far, xtol=1e-9 * size)) if found else None)
    note = "" if None not in ends else "a limit does not exist: the profile stays high"
    return Estimate(best, ends[0], ends[1], None, None, note)
