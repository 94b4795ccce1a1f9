"""The exact partial likelihood of tied failures: which d of those at risk failed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rtvol.errors import UsageError

if TYPE_CHECKING:
    from rtvol.outcomes.stats.arrays import FloatArray, IntArray
    from rtvol.outcomes.stats.observations import Observations

#: Steps of the recursion beyond which Efron's approximation has to do.
MOST_STEPS = 400_000


@dataclass(frozen=True, eq=False)
class ExactLikelihood:
    """Log likelihood at given coefficients, its gradient (p,) and minus its Hessian (p, p)."""

    value: float
    score: FloatArray
    information: FloatArray


def exact_likelihood(
    sample: Observations, strata: IntArray, design: FloatArray, coef: FloatArray
) -> ExactLikelihood:
    """Evaluate the exact partial likelihood.

    Parameters
    ----------
    sample, strata
        Rows, and the stratum (n,) of each.
    design, coef
        Covariates (n, p) and coefficients (p,).

    Raises
    ------
    UsageError
        `bad-model` when so many tied failures among so many at risk would take too long.

    Notes
    -----
    At a time with d failures among those at risk the factor is exp(sum of x b over the failures)
    over the sum of the same over all subsets of size d: the elementary symmetric polynomial of
    the weights exp(x b) (Cox 1972). It and its derivatives come from the recursion of Gail, Lubin
    and Rubinstein (Biometrika 1981;68:703).
    """
    linear = design @ coef
    value, size = 0.0, coef.size
    score, information = np.zeros(size), np.zeros((size, size))
    moments = _moments(sample, strata)
    if (
        sum(min(dead.size, risk.size - dead.size) * risk.size for dead, risk in moments)
        > MOST_STEPS
    ):
        raise UsageError(
            "bad-model",
            where="ties = exact",
            seen=f"{sample.n} rows with too many failures at one time",
            mend="take Efron's approximation",
        )
    for dead, risk in moments:
        top = float(linear[risk].max())
        centre = design[risk].mean(axis=0)
        weights, moved = np.exp(linear[risk] - top), design[risk] - centre
        # the mean of the covariates is taken out, which changes nothing, and the scale
        scale = float(weights.mean())
        polynomial, slope, bend = _symmetric(weights / scale, moved, dead.size)
        value += float(linear[dead].sum()) - dead.size * (top + np.log(scale)) - np.log(polynomial)
        mean = slope / polynomial
        score += (design[dead] - centre).sum(axis=0) - mean
        information += bend / polynomial - np.outer(mean, mean)
    return ExactLikelihood(float(value), score, information)


def _moments(sample: Observations, strata: IntArray) -> list[tuple[IntArray, IntArray]]:
    """Rows that fail and rows at risk at each event time of each stratum."""
    found: list[tuple[IntArray, IntArray]] = []
    for number in np.unique(strata):
        own = strata == number
        for t in np.unique(sample.time[own & (sample.status > 0)]):
            risk = own & (sample.entry < t) & (sample.time >= t)
            dead = risk & (sample.time == t) & (sample.status > 0)
            found.append((np.flatnonzero(dead), np.flatnonzero(risk)))
    return found


def _symmetric(
    weights: FloatArray, design: FloatArray, d: int
) -> tuple[float, FloatArray, FloatArray]:
    """Symmetric polynomial of degree d, its gradient and Hessian with respect to coefficients."""
    size = design.shape[1]
    value = np.zeros(d + 1)
    value[0] = 1.0
    slope, bend = np.zeros((d + 1, size)), np.zeros((d + 1, size, size))
    for w, x in zip(weights, design, strict=True):
        cross = slope[:-1, :, None] * x
        square = value[:-1, None, None] * np.outer(x, x)
        bend[1:] += w * (bend[:-1] + cross + cross.transpose(0, 2, 1) + square)
        slope[1:] += w * (slope[:-1] + value[:-1, None] * x)
        value[1:] += w * value[:-1]
    return float(value[d]), slope[d], bend[d]
