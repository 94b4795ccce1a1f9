"""The partial likelihood of a Cox model: risk sets, and its derivatives at given coefficients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from rtvol.errors import UsageError
from rtvol.outcomes.stats.observations import kept_labels, observe, require_events

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from rtvol.outcomes.stats.arrays import FloatArray, IntArray
    from rtvol.outcomes.stats.observations import Observations

Ties = Literal["efron", "breslow", "exact"]

#: A direction in which the information is this much smaller than that of a covariate of unit
#: spread carries nothing: two columns say the same.
COLLINEAR = 1e-9


@dataclass(frozen=True, eq=False)
class _Stratum:
    """Rows of one stratum by descending exit and entry, and how many of them each moment takes."""

    by_exit: IntArray
    n_exit: IntArray
    by_entry: IntArray
    n_entry: IntArray


@dataclass(frozen=True, eq=False)
class RiskSets:
    """Who fails and who is at risk at each moment (a distinct event time within a stratum).

    Attributes
    ----------
    times
        Time (J,) of each moment; strata one after the other.
    failures
        Rows (M,) that fail, by moment.
    moment
        Moment (M,) of each failure.
    fraction
        Part (M,) of the failing weight that has left the risk set: k/d for the k-th of d tied
        failures (Efron 1977), 0 for Breslow.
    after_exit, after_entry
        For each row, the moments up to its exit and up to its entry: it is at risk at the moments
        [after_entry, after_exit) of its stratum.
    """

    times: FloatArray
    failures: IntArray
    moment: IntArray
    fraction: FloatArray
    after_exit: IntArray
    after_entry: IntArray
    strata: tuple[_Stratum, ...]

    def at_risk(self, values: FloatArray) -> FloatArray:
        """Sum (J, ...) over the rows at risk at each moment."""
        sums = []
        for stratum in self.strata:
            left = _leading_sums(values[stratum.by_exit])[stratum.n_exit]
            late = _leading_sums(values[stratum.by_entry])[stratum.n_entry]
            sums.append(left - late)
        return np.concatenate(sums)

    def failing(self, values: FloatArray) -> FloatArray:
        """Sum (J, ...) over the rows that fail at each moment."""
        return self.per_moment(values[self.failures])

    def per_moment(self, values: FloatArray) -> FloatArray:
        """Sum (J, ...) of values (M, ...) that belong to failures."""
        starts = np.flatnonzero(np.diff(self.moment, prepend=-1))
        return np.asarray(np.add.reduceat(values, starts, axis=0))


@dataclass(frozen=True, eq=False)
class Likelihood:
    """Partial likelihood at given coefficients, with what its derivatives are made of.

    Attributes
    ----------
    value, score, information
        Log likelihood, its gradient (p,) and minus its second derivative (p, p).
    weights
        exp(x b) of each row, up to a common factor.
    total
        Weight (M,) of the risk set at each failure.
    mean, variance
        Weighted mean (M, p) and covariance (M, p, p) of the covariates in it.
    """

    value: float
    score: FloatArray
    information: FloatArray
    weights: FloatArray
    total: FloatArray
    mean: FloatArray
    variance: FloatArray


@dataclass(frozen=True, eq=False)
class Model:
    """What is fitted, checked.

    Attributes
    ----------
    sample, names, design, strata
        Rows, names of the covariates, their values (n, p), stratum (n,) of each row.
    sets
        Risk sets.
    scaled, spread
        Covariates of mean 0 and unit spread, so that one tolerance fits all units, and the spread
        (p,) that was divided out.
    start
        Likelihood at zero coefficients; for exact ties that of Breslow.
    ties
        How tied failures count.
    """

    sample: Observations
    names: tuple[str, ...]
    design: FloatArray
    strata: IntArray
    sets: RiskSets
    scaled: FloatArray
    spread: FloatArray
    start: Likelihood
    ties: Ties = "efron"


def risk_sets(sample: Observations, strata: IntArray, ties: Ties) -> RiskSets:
    """Lay out the risk sets of a sample."""
    parts: list[_Stratum] = []
    times: list[FloatArray] = []
    failures: list[IntArray] = []
    counts: list[IntArray] = []
    after_exit, after_entry = np.zeros((2, sample.n), dtype=np.int64)
    offset = 0
    for number in np.unique(strata):
        rows = np.flatnonzero(strata == number)
        time, entry = sample.time[rows], sample.entry[rows]
        dead = rows[sample.status[rows] > 0]
        moments, count = np.unique(sample.time[dead], return_counts=True)
        parts.append(
            _Stratum(
                rows[np.argsort(-time, kind="stable")],
                rows.size - np.searchsorted(np.sort(time), moments, side="left"),
                rows[np.argsort(-entry, kind="stable")],
                rows.size - np.searchsorted(np.sort(entry), moments, side="left"),
            )
        )
        after_exit[rows] = offset + np.searchsorted(moments, time, side="right")
        after_entry[rows] = offset + np.searchsorted(moments, entry, side="right")
        failures.append(dead[np.argsort(sample.time[dead], kind="stable")])
        times.append(moments)
        counts.append(count)
        offset += moments.size
    count = np.concatenate(counts)
    moment = np.repeat(np.arange(count.size), count)
    fraction = np.zeros(moment.size)
    if ties == "efron":
        first = np.concatenate([[0], np.cumsum(count)[:-1]])
        fraction = (np.arange(moment.size) - first[moment]) / count[moment]
    return RiskSets(
        np.concatenate(times),
        np.concatenate(failures),
        moment,
        fraction,
        after_exit,
        after_entry,
        tuple(parts),
    )


def likelihood(sets: RiskSets, design: FloatArray, coef: FloatArray) -> Likelihood:
    """Evaluate the log partial likelihood and its first two derivatives.

    Cox 1972, 1975; ties after Efron 1977 or Breslow 1974 by the `fraction` of the risk sets.
    """
    linear = design @ coef
    weights = np.exp(linear - linear.max())
    first = weights[:, None] * design
    second = first[:, :, None] * design[:, None, :]
    total = _left_over(sets, weights)
    with np.errstate(divide="ignore", invalid="ignore"):  # a step too far is seen by its value
        mean = _left_over(sets, first) / total[:, None]
        square = _left_over(sets, second) / total[:, None, None]
        logs = np.log(total)
    variance = square - mean[:, :, None] * mean[:, None, :]
    fails = sets.failures
    value = float(np.sum(linear[fails] - linear.max()) - np.sum(logs))
    score = design[fails].sum(axis=0) - mean.sum(axis=0)
    return Likelihood(value, score, variance.sum(axis=0), weights, total, mean, variance)


def third_derivatives(sets: RiskSets, design: FloatArray, at: Likelihood) -> FloatArray:
    """Return the derivative (p, p, p) of the information; the last axis is the coefficient moved.

    It is the sum over failures of the third central moment of the covariates in the risk set.
    """
    cubes = np.einsum("i,ij,ik,il->ijkl", at.weights, design, design, design)
    raw = (_left_over(sets, cubes) / at.total[:, None, None, None]).sum(axis=0)
    mean, variance = at.mean, at.variance
    crossed = (
        np.einsum("mjk,ml->jkl", variance, mean)
        + np.einsum("mjl,mk->jkl", variance, mean)
        + np.einsum("mkl,mj->jkl", variance, mean)
    )
    return np.asarray(raw - crossed - np.einsum("mj,mk,ml->jkl", mean, mean, mean))


def score_residuals(sets: RiskSets, design: FloatArray, at: Likelihood) -> FloatArray:
    """Contribution (n, p) of each row to the score; they sum to it.

    For tied failures each counts in the risk set of the k-th of d with weight 1 - k/d, as in the
    likelihood itself (Therneau and Grambsch 2000, section 7.1); leaving that out is what makes
    robust standard errors with ties wrong.
    """
    per_failure = np.column_stack([1.0 / at.total, at.mean / at.total[:, None]])
    steps = _leading_sums(sets.per_moment(per_failure))
    inside = steps[sets.after_exit] - steps[sets.after_entry]
    residuals = -at.weights[:, None] * (design * inside[:, :1] - inside[:, 1:])
    gone = sets.per_moment(sets.fraction[:, None] * per_failure)[sets.moment]
    mean = sets.per_moment(at.mean) / sets.per_moment(np.ones((sets.moment.size, 1)))
    fails = sets.failures
    own = design[fails]
    residuals[fails] += own - mean[sets.moment]
    residuals[fails] += at.weights[fails, None] * (own * gone[:, :1] - gone[:, 1:])
    return residuals


def set_up(
    time: ArrayLike,
    event: ArrayLike,
    covariates: ArrayLike,
    *,
    names: Sequence[str],
    entry: ArrayLike | None,
    cluster: ArrayLike | None,
    strata: ArrayLike | None,
    ties: Ties,
) -> Model:
    """Check everything a Cox model is fitted to.

    Raises
    ------
    UsageError
        As `observe`; `no-events`; `lengths-differ`; `bad-covariates` for text, missing values,
        wrong shapes, constant columns, and columns that say the same.
    """
    sample = observe(time, event, entry=entry, cluster=cluster)
    require_events(sample)
    design = checked_design(covariates, tuple(names), sample)
    stratum: IntArray = np.zeros(sample.n, dtype=np.int64)
    if strata is not None:
        stratum = kept_labels(strata, sample, "strata")[1]
    spread = design.std(axis=0)
    scaled = (design - design.mean(axis=0)) / spread
    sets = risk_sets(sample, stratum, ties)
    start = likelihood(sets, scaled, np.zeros(spread.size))
    if np.linalg.eigvalsh(start.information)[0] <= COLLINEAR * sets.failures.size:
        raise _bad_covariates("columns that say the same whenever an event happens")
    return Model(sample, tuple(names), design, stratum, sets, scaled, spread, start, ties)


def checked_design(
    covariates: ArrayLike, names: tuple[str, ...], sample: Observations
) -> FloatArray:
    """Return covariates (n, p) of the kept rows as finite numbers, one name for each column.

    Raises
    ------
    UsageError
        `bad-covariates`, `lengths-differ`.
    """
    given = np.asarray(covariates)
    if given.dtype.kind not in "biuf" or given.ndim not in {1, 2}:
        raise _bad_covariates(f"an array of {given.dtype} with {given.ndim} dimensions")
    design = given.astype(np.float64).reshape(given.shape[0], -1)
    if design.shape[0] != sample.kept.size:
        raise UsageError(
            "lengths-differ",
            where="covariates",
            seen=f"{design.shape[0]} rows beside {sample.kept.size}",
            mend="give one row of covariates per row of times",
        )
    if len(names) != design.shape[1] or len(set(names)) != len(names) or not names:
        raise _bad_covariates(f"{design.shape[1]} columns and names {names!r}")
    design = design[sample.kept]
    for name, column in zip(names, design.T, strict=True):
        if not np.isfinite(column).all():
            missing = int((~np.isfinite(column)).sum())
            raise _bad_covariates(f"{missing} values of {name} are missing or not finite")
        if np.ptp(column) == 0.0:
            raise _bad_covariates(f"{name} is {column[0]:g} in every row")
    return design


def _bad_covariates(seen: str) -> UsageError:
    return UsageError(
        "bad-covariates",
        where="covariates",
        seen=seen,
        mend="give finite numbers that vary, complete rows only, a distinct name per column",
    )


def _leading_sums(values: FloatArray) -> FloatArray:
    """Return the sums of the first 0, 1, ... n rows."""
    zero = np.zeros((1, *values.shape[1:]))
    return np.concatenate([zero, np.cumsum(values, axis=0)])


def _left_over(sets: RiskSets, values: FloatArray) -> FloatArray:
    """Sum (M, ...) over the risk set of each failure, tied failures leaving one by one."""
    whole, failing = sets.at_risk(values), sets.failing(values)
    fraction = sets.fraction.reshape(-1, *[1] * (values.ndim - 1))
    return np.asarray(whole[sets.moment] - fraction * failing[sets.moment])
