"""Likelihood of control at a time: failed by then, seen without failure, or censored before."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rtvol.outcomes.stats.arrays import FloatArray

Link = Literal["logistic", "probit"]

#: Gradient of the log likelihood per row at the maximum.
GRADIENT_LIMIT = 1e-10
STEPS = 200
#: A linear predictor of this size at every dose means that the data are separated.
LARGE = 30.0


@dataclass(frozen=True, eq=False)
class ControlData:
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


@dataclass(frozen=True, eq=False)
class ControlFit:
    """Maximum: log likelihood, coefficients and perhaps the rate, inverse of the information."""

    value: float
    theta: FloatArray
    covariance: FloatArray


def maximise(data: ControlData, start: FloatArray | None = None) -> ControlFit:
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
    return ControlFit(here[0], theta / full, covariance)


def _loglik(data: ControlData, theta: FloatArray) -> tuple[float, FloatArray]:
    """Log likelihood and its gradient."""
    value, scores = _rows(data, theta)
    return float(value.sum()), np.asarray(scores.sum(axis=0))


def row_scores(data: ControlData, fit: ControlFit) -> FloatArray:
    """Gradient (n, q) of what each row adds to the log likelihood, at the maximum."""
    return _rows(data, fit.theta)[1]


def _rows(data: ControlData, theta: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return what each row adds to the log likelihood, and the gradient of that."""
    from scipy.special import expit, log_ndtr, ndtr

    size = data.design.shape[1]
    linear = data.design @ theta[:size] + data.offset
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
    if not data.latency:
        return value, data.design * slope[:, None]
    rate, bend = float(theta[size]), np.zeros(linear.size)
    timing, bend[failed] = _timing(data.part[failed], rate)
    value[failed] += timing
    left, left_slope = _left(data.part[open_], rate)
    seen = up[open_] + down[open_] * left
    value[open_] = np.log(seen)
    slope[open_] = density[open_] * (1.0 - left) / seen
    bend[open_] = down[open_] * left_slope / seen
    return value, np.column_stack([data.design * slope[:, None], bend])


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


def _hessian(data: ControlData, theta: FloatArray) -> FloatArray:
    """Minus the second derivative of the log likelihood."""
    size = data.design.shape[1]
    linear = data.design @ theta[:size] + data.offset
    failed, controlled, open_ = (data.kind == number for number in (1, 2, 0))
    up, down, density, bend = _curve(data.link, linear)
    twice = np.zeros(linear.size)
    with np.errstate(all="ignore"):  # far out on a curve, where rows are not of that kind
        for rows, part, sign in ((controlled, up, 1.0), (failed, down, -1.0)):
            slope = density[rows] / part[rows]
            twice[rows] = sign * bend[rows] / part[rows] - slope**2
    twice = np.where(np.isfinite(twice), twice, 0.0)
    if not data.latency:
        return np.asarray(-(data.design.T * twice) @ data.design)
    rate = float(theta[size])
    left, left_slope = _left(data.part[open_], rate)
    left_bend = _left_bend(data.part[open_], rate, (left, left_slope))
    up, down, density, bend = (one[open_] for one in (up, down, density, bend))
    seen = up + down * left
    twice[open_] = bend * (1.0 - left) / seen - (density * (1.0 - left) / seen) ** 2
    mixed = data.design[open_].T @ (density * left_slope / seen**2)
    own = np.sum(down * left_bend / seen - (down * left_slope / seen) ** 2)
    own += failed.sum() * _timing_bend(rate)
    whole = np.empty((size + 1, size + 1))
    whole[:size, :size] = -(data.design.T * twice) @ data.design
    whole[size, :size] = whole[:size, size] = mixed
    whole[size, size] = -own
    return whole


def _curve(link: Link, linear: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Probability of control and of failure, density, its derivative."""
    from scipy.special import expit, ndtr

    if link == "logistic":
        up, down = expit(linear), expit(-linear)
        return up, down, up * down, up * down * (down - up)
    density = np.exp(-0.5 * linear**2) / math.sqrt(2.0 * math.pi)
    return ndtr(linear), ndtr(-linear), density, -linear * density


def _timing_bend(rate: float) -> float:
    """Second derivative of `_timing` by the rate."""
    if abs(rate) < 1e-4:
        return -1.0 / 12.0
    return -1.0 / rate**2 + 1.0 / (4.0 * math.sinh(rate / 2.0) ** 2)


def _left_bend(part: FloatArray, rate: float, known: tuple[FloatArray, FloatArray]) -> FloatArray:
    """Second derivative of `_left` by the rate, from the share and its first."""
    if abs(rate) < 1e-4:
        return np.asarray((1.0 - part) * part * (2.0 * part - 1.0) / 6.0)
    share, slope = known
    end = math.exp(-rate)
    bend = part**2 * np.exp(-rate * part) - end
    return np.asarray((bend - 2.0 * slope * end + share * end) / -math.expm1(-rate))
