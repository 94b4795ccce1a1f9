"""Control of a lesion against its dose: logistic and probit curves, D50 and gamma50.

Control is meant at a stated time. What became of a lesion by then is known when it failed before,
or was seen without failure at that time or later; a lesion censored before is neither controlled
nor failed, and its likelihood says so.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from rtvol.errors import UsageError
from rtvol.outcomes.stats.modelresults import DoseResponseFit
from rtvol.outcomes.stats.observations import check_horizon, check_level, observe
from rtvol.outcomes.stats.partial import checked_design
from rtvol.outcomes.stats.results import Estimate
from rtvol.outcomes.stats.tails import chi2_quantile, chi2_tail

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    from rtvol.outcomes.stats.arrays import FloatArray

Link = Literal["logistic", "probit"]
How = Literal["censored", "known"]

#: gamma50 is this times minus the intercept: slope times D50, times the density at one half.
GAMMA = {"logistic": 0.25, "probit": 1.0 / math.sqrt(2.0 * math.pi)}
#: Gradient of the log likelihood per row at the maximum.
GRADIENT_LIMIT = 1e-10
STEPS = 200
#: A linear predictor of this size at every dose means that the data are separated.
LARGE = 30.0
#: A slope so uncertain over the doses that there are has no maximum.
MOST_SPREAD = 200.0
#: How many times its own size from the estimate the end of a profile is looked for.
REACH = 64.0


@dataclass(frozen=True, eq=False)
class _Data:
    """What the likelihood sees.

    Attributes
    ----------
    design
        Columns (n, p) whose coefficients are free.
    offset
        Part (n,) of the linear predictor that is held.
    part
        Time (n,) of failure or censoring as part of the horizon, for those that are one of both.
    kind
        0 censored before the horizon, 1 failed by it, 2 controlled at it.
    link
        Which curve.
    latency
        Whether the rate of failing early or late is fitted (some are censored early).
    """

    design: FloatArray
    offset: FloatArray
    part: FloatArray
    kind: NDArray[np.int64]
    link: Link
    latency: bool


def dose_response(
    time: ArrayLike,
    event: ArrayLike,
    dose: ArrayLike,
    *,
    horizon: float,
    link: Link = "logistic",
    how: How = "censored",
    volume: ArrayLike | None = None,
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
    level
        Confidence level of the profile limits.

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
    c contributes p + (1 - p) S(c) (Farewell, Biometrics 1982;38:1041). Rows count as independent.
    """
    check_level(level)
    horizon = check_horizon(horizon)
    if horizon == 0:
        raise UsageError("bad-times", where="horizon", seen="0", mend="give a time above 0")
    sample = observe(time, event)
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
    data = _Data(
        design, np.zeros(design.shape[0]), np.minimum(sample.time[keep] / horizon, 1.0),
        kind[keep].astype(np.int64), link, how == "censored" and bool((kind == 0).any()),
    )  # fmt: skip
    fit = _fit(data)
    return _described(data, fit, how, (level, horizon, centre, int((~keep).sum())))


def _require_both(kind: NDArray[np.int64]) -> None:
    if not (kind == 1).any() or not (kind == 2).any():
        seen = (
            f"{int((kind == 1).sum())} failed by the horizon, {int((kind == 2).sum())} controlled"
        )
        mend = "take another horizon, or report the counts"
        raise UsageError("no-events", seen=seen, mend=mend)


@dataclass(frozen=True, eq=False)
class _Fit:
    value: float
    theta: FloatArray
    covariance: FloatArray


def _fit(data: _Data, start: FloatArray | None = None) -> _Fit:
    """Maximise the likelihood: columns of unit size, Newton's method with a damped Hessian."""
    scale = np.maximum(np.abs(data.design).max(axis=0), 1e-300)
    scaled = replace(data, design=data.design / scale)
    size = scale.size + data.latency
    full = np.concatenate([scale, np.ones(int(data.latency))])
    theta = np.zeros(size) if start is None else start * full
    here = _loglik(scaled, theta)
    for _ in range(STEPS):
        if np.abs(here[1]).max() <= GRADIENT_LIMIT * data.kind.size:
            break
        hessian = _hessian(scaled, theta)
        roots, axes = np.linalg.eigh(hessian)
        step = axes @ ((axes.T @ here[1]) / np.maximum(np.abs(roots), 1e-9))
        there = _loglik(scaled, theta + step)
        while not there[0] >= here[0] - 1e-13 * abs(here[0]) and np.abs(step).max() > 1e-12:
            step = step / 2.0
            there = _loglik(scaled, theta + step)
        theta, here = theta + step, there
        if np.abs(scaled.design @ theta[: scale.size] + data.offset).min() > LARGE:
            break
    hessian = _hessian(scaled, theta)
    covariance = np.linalg.pinv(hessian, hermitian=True) / np.outer(full, full)
    return _Fit(here[0], theta / full, covariance)


def _loglik(data: _Data, theta: FloatArray) -> tuple[float, FloatArray]:
    """Log likelihood and its gradient."""
    from scipy.special import expit, log_ndtr, ndtr

    size = data.design.shape[1]
    linear = data.design @ theta[:size] + data.offset
    rate = float(theta[size]) if data.latency else 0.0
    failed, controlled, open_ = (data.kind == number for number in (1, 2, 0))
    value, slope = np.zeros(linear.size), np.zeros(linear.size)
    with np.errstate(over="ignore"):  # far out on a curve
        if data.link == "logistic":
            up, down = expit(linear), expit(-linear)
            log_up, log_down = -np.logaddexp(0.0, -linear), -np.logaddexp(0.0, linear)
            density = up * down
            toward, away = down, up  # d log p, -d log(1 - p)
        else:
            up, down = ndtr(linear), ndtr(-linear)
            log_up, log_down = log_ndtr(linear), log_ndtr(-linear)
            log_density = -0.5 * linear**2 - 0.5 * math.log(2.0 * math.pi)
            density = np.exp(log_density)
            toward, away = np.exp(log_density - log_up), np.exp(log_density - log_down)
    value[controlled], slope[controlled] = log_up[controlled], toward[controlled]
    value[failed], slope[failed] = log_down[failed], -away[failed]
    bend = 0.0
    if data.latency:
        timing, pull = _timing(data.part[failed], rate)
        value[failed] += timing
        left, left_slope = _left(data.part[open_], rate)
        seen = up[open_] + down[open_] * left
        value[open_] = np.log(seen)
        slope[open_] = density[open_] * (1.0 - left) / seen
        bend = float(pull.sum() + (down[open_] * left_slope / seen).sum())
    gradient = data.design.T @ slope
    return float(value.sum()), np.append(gradient, bend) if data.latency else gradient


def _timing(part: FloatArray, rate: float) -> tuple[FloatArray, FloatArray]:
    """Log density of failing at a part of the horizon, and its derivative by the rate."""
    if abs(rate) < 1e-4:  # the series around a constant density
        return rate / 2.0 - rate * part - rate**2 / 24.0, 0.5 - rate / 12.0 - part
    log = math.log(rate / -math.expm1(-rate)) if rate > 0 else math.log(-rate / math.expm1(-rate))
    return log - rate * part, 1.0 / rate - 1.0 / math.expm1(rate) - part


def _left(part: FloatArray, rate: float) -> tuple[FloatArray, FloatArray]:
    """Share of the failures that come after a part of the horizon, and its derivative."""
    if abs(rate) < 1e-4:
        rest = 1.0 - part
        return rest * (1.0 - rate * part / 2.0), -rest * part / 2.0
    whole = -math.expm1(-rate)
    share = (np.exp(-rate * part) - math.exp(-rate)) / whole
    moved = (-part * np.exp(-rate * part) + math.exp(-rate)) / whole
    return share, moved - share * math.exp(-rate) / whole


def _hessian(data: _Data, theta: FloatArray) -> FloatArray:
    """Minus the second derivative, by central differences of the gradient."""
    size = theta.size
    columns = np.zeros((size, size))
    for index in range(size):
        step = np.zeros(size)
        step[index] = 1e-5 * max(1.0, abs(theta[index]))
        up, down = _loglik(data, theta + step)[1], _loglik(data, theta - step)[1]
        columns[:, index] = (down - up) / (2.0 * step[index])
    return np.asarray((columns + columns.T) / 2.0)


def _described(
    data: _Data, fit: _Fit, how: How, meant: tuple[float, float, float, int]
) -> DoseResponseFit:
    level, horizon, centre, left_out = meant
    p = data.design.shape[1]
    _require_curve(data, fit)
    flat = _fit(replace(data, design=np.delete(data.design, 1, axis=1)))
    ratio = max(2.0 * (fit.value - flat.value), 0.0)
    slope, rises = float(fit.theta[1]), float(fit.theta[1]) > 0
    drop = chi2_quantile(1.0 - level, 1) / 2.0
    d50 = gamma50 = _flat_or_falling(data)
    if rises:
        d50 = _limits(data, -float(fit.theta[0]) / slope, fit.value - drop, _at_d50)
        held = -float(fit.theta[0]) * GAMMA[data.link]
        gamma50 = _limits(data, held, fit.value - drop, _at_gamma50)
    return DoseResponseFit(
        link=data.link,
        how=how,
        horizon=horizon,
        coef=fit.theta[:p].copy(),
        covariance=_expected(data, fit) if how == "known" else fit.covariance[:p, :p].copy(),
        latency=float(fit.theta[p]) / horizon if data.latency else None,
        log_likelihood=fit.value,
        log_likelihood_flat=flat.value,
        statistic=ratio,
        p=chi2_tail(ratio, 1),
        d50=replace(d50, n_events=int((data.kind == 1).sum())),
        gamma50=replace(gamma50, n_events=int((data.kind == 1).sum())),
        centre=centre,
        n=data.kind.size,
        n_failed=int((data.kind == 1).sum()),
        n_controlled=int((data.kind == 2).sum()),
        n_censored=int((data.kind == 0).sum()),
        n_left_out=left_out,
        level=level,
    )


def _require_curve(data: _Data, fit: _Fit) -> None:
    spread = math.sqrt(max(float(fit.covariance[1, 1]), 0.0)) * float(np.ptp(data.design[:, 1]))
    steep = np.abs(data.design @ fit.theta[: data.design.shape[1]]).min() > LARGE
    if steep or spread > MOST_SPREAD:
        raise UsageError(
            "no-finite-maximum",
            where="dose",
            seen="dose separates failures from controls: the curve is a step",
            mend="report the doses of both",
        )


def _expected(data: _Data, fit: _Fit) -> FloatArray:
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


def _flat_or_falling(data: _Data) -> Estimate:
    reason = "control does not rise with dose"
    return Estimate(None, None, None, None, int((data.kind == 1).sum()), reason)


def _at_d50(data: _Data, value: float) -> _Data:
    """Hold D50: the predictor is zero at that dose."""
    moved = data.design[:, 1:].copy()
    moved[:, 0] -= value
    return replace(data, design=moved)


def _at_gamma50(data: _Data, value: float) -> _Data:
    """Hold gamma50: it is the intercept but for a factor."""
    held = np.full(data.kind.size, -value / GAMMA[data.link])
    return replace(data, design=data.design[:, 1:], offset=held)


def _limits(
    data: _Data, best: float, height: float, hold: Callable[[_Data, float], _Data]
) -> Estimate:
    """Value with the ends of its profile; None for an end that does not come."""
    from scipy.optimize import brentq

    last: list[FloatArray] = []

    def above(value: float) -> float:
        fit = _fit(hold(data, value), last[-1] if last else None)
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
