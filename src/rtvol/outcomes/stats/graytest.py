"""Gray's test: equal cumulative incidence of one cause in groups."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from rtvol.errors import UsageError
from rtvol.outcomes.stats.observations import kept_labels, observe
from rtvol.outcomes.stats.ranktests import (
    chi_square,
    quadratic_form,
    require_groups,
    too_few_rows,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from rtvol.outcomes.stats.arrays import FloatArray, IntArray
    from rtvol.outcomes.stats.results import TestResult

#: An incidence this near 1 is 1: the smallest rest there can be is of the order of 1 / n.
NOTHING_LEFT = 1e-9


def gray(time: ArrayLike, status: ArrayLike, group: ArrayLike, *, cause: int = 1) -> TestResult:
    """Gray's test of equal cumulative incidence.

    Parameters
    ----------
    time, status, cause
        As in `cumulative_incidence`.
    group
        Label (n,) of each row's group.

    Raises
    ------
    UsageError
        As `observe`; `one-group`; `no-events` when the cause never happens while two groups are
        at risk; `too-few-rows` when the variance does not come out positive, or the incidence of
        all groups together reaches 1 with two of them at risk (cmprsk prints a negative
        chi-square there, or stops).

    Notes
    -----
    Gray 1988 (Annals of Statistics 16:1141), with weight 1. With n_k at risk in group k, S_k the
    probability of no event and F_k the incidence there, the score of group k is the sum over
    event times of d_k - d R_k / sum R, R_k = n_k (1 - F_k(t-)) / S_k(t-). Its variance is that of
    a sum of jumps of both kinds in each group, with the incidence of all groups together, and
    with tied events as drawn without replacement, as in the program of that paper (R's cmprsk).
    """
    sample = observe(time, status, causes=True)
    levels, groups = kept_labels(group, sample, "group")
    require_groups(levels)
    kind = np.where(sample.status == cause, 1, np.minimum(sample.status, 1) * 2)
    if not (kind == 1).any():
        raise UsageError(
            "no-events",
            seen=f"cause {cause} never happens in {sample.n} rows",
            mend="report the counts; there is nothing to compare",
        )
    times = np.unique(sample.time[kind > 0])
    risk, wanted, other = _tables(sample.time, kind, groups, times)
    score, variance, used, strained = _score(risk, wanted, other)
    statistic, df = quadratic_form(score, variance, used)
    note = "many tied events among few at risk: its variance is not reliable" if strained else ""
    result = chi_square("Gray", statistic, df, sample)
    return replace(result, n_events=int((kind == 1).sum()), note=note)


def _tables(
    time: FloatArray, kind: IntArray, group: IntArray, times: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Count (J, K) those at risk, events of the cause, and other events by time and group."""
    risk, wanted, other = (np.zeros((times.size, group.max() + 1)) for _ in range(3))
    for number in range(group.max() + 1):
        own = group == number
        risk[:, number] = own.sum() - np.searchsorted(np.sort(time[own]), times, side="left")
        for counts, which in ((wanted, 1), (other, 2)):
            place = np.searchsorted(times, time[own & (kind == which)])
            counts[:, number] = np.bincount(place, minlength=times.size)
    return risk, wanted, other


def _score(
    risk: FloatArray, wanted: FloatArray, other: FloatArray
) -> tuple[FloatArray, FloatArray, NDArray[np.bool_], bool]:
    """Score (K,) and its variance (K, K), which groups count, and whether ties strain it."""
    here = risk > 0
    n = np.where(here, risk, 1.0)
    after = np.cumprod(np.where(here, 1.0 - (wanted + other) / n, 1.0), axis=0)
    free = np.vstack([np.ones(risk.shape[1]), after[:-1]])
    grown = np.cumsum(np.where(here, free * wanted / n, 0.0), axis=0)
    incidence = np.vstack([np.zeros(risk.shape[1]), grown[:-1]])
    d = wanted.sum(axis=1)
    # A group nobody is left of has no weight; its S(t-) of 0 is never divided by.
    weight = np.where(here, n / np.where(here, free, 1.0), 0.0)
    total = weight.sum(axis=1)
    shares = weight * (1.0 - incidence)
    shares = shares / shares.sum(axis=1, keepdims=True)
    score = (wanted - d[:, None] * shares).sum(axis=0)
    pooled = np.cumsum(d / total)
    left = 1.0 - np.concatenate([[0.0], pooled[:-1]])
    compared = here.sum(axis=1) > 1  # later times add nothing: the jumps there are 0
    if (left[compared] <= NOTHING_LEFT).any():
        raise too_few_rows("the incidence of all groups together reaches 1 with two still at risk")
    parts = weight / total[:, None]
    jump = np.einsum("jk,kr->jkr", weight, np.eye(weight.shape[1]))
    jump = jump - weight[:, :, None] * parts[:, None, :]
    pace = d / np.where(compared, total * left, 1.0)
    drift = np.cumsum(jump * pace[:, None, None], axis=0)
    ahead = drift[-1] - drift
    rest = np.where(after > 0, (1.0 - pooled[:, None]) / np.where(after > 0, after, 1.0), 0.0)
    rate = _rate(d[:, None], total[:, None], weight, free)
    variance = _jumps(jump + (1.0 - rest)[:, None, :] * ahead, rate)
    drawn = 1.0 - (other - 1.0) / np.where(risk > 1, risk - 1.0, 1.0)
    drawn = np.where(other > 1, drawn, 1.0)
    spread = np.where(other > 0, drawn * other * np.square(free / n), 0.0)
    variance = variance + _jumps(rest[:, None, :] * ahead, spread)
    used = (here & (d > 0)[:, None]).any(axis=0)
    return score, variance, used, bool((rate < 0.0).any())


def _rate(d: FloatArray, total: FloatArray, weight: FloatArray, free: FloatArray) -> FloatArray:
    """Variance (J, K) of the jumps of the cause in each group, d of them at one time.

    Negative where more fail together than the weight of a group stands for.
    """
    here = (weight > 0) & (d > 0)
    tied = here & (d > 1)
    drawn = np.where(tied, 1.0 - (d - 1.0) / np.where(tied, total * free - 1.0, 1.0), 1.0)
    return np.where(here, drawn * d / (total * np.where(here, weight, 1.0)), 0.0)


def _jumps(coefficient: FloatArray, variance: FloatArray) -> FloatArray:
    """Variance (K, K) of the sum of independent jumps times coefficients (J, K, K)."""
    return np.asarray(np.einsum("jkr,jlr,jr->kl", coefficient, coefficient, variance))
