"""Log-rank tests: groups, strata, trend, delayed entry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rtvol.errors import UsageError
from rtvol.outcomes.stats.observations import kept_labels, observe, require_events
from rtvol.outcomes.stats.results import TestResult
from rtvol.outcomes.stats.tails import chi2_tail

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from rtvol.outcomes.stats.arrays import FloatArray, IntArray
    from rtvol.outcomes.stats.observations import Observations


def logrank(
    time: ArrayLike,
    event: ArrayLike,
    group: ArrayLike,
    *,
    strata: ArrayLike | None = None,
    trend: bool = False,
    entry: ArrayLike | None = None,
) -> TestResult:
    """Log-rank test of equal hazards in groups.

    Parameters
    ----------
    time, event, entry
        As in `kaplan_meier`.
    group
        Label (n,) of each row's group.
    strata
        Label (n,) of each row's stratum; groups are compared within strata.
    trend
        Test for a trend over ordered groups (one degree of freedom). The labels must then be
        numbers; they are the scores.

    Raises
    ------
    UsageError
        As `observe`; `one-group` when there is nothing to compare, `no-events` when nothing
        happened while two groups were at risk, `unordered-groups` for a trend over text.

    Notes
    -----
    Mantel 1966: observed minus expected events per group, hypergeometric variance with ties,
    both summed over event times (and strata). Groups nobody of whom was ever at risk at an event
    do not count for the degrees of freedom, as in R's survdiff.
    """
    sample = observe(time, event, entry=entry)
    require_events(sample)
    levels, groups = kept_labels(group, sample, "group")
    require_groups(levels)
    stratum = np.zeros_like(groups) if strata is None else kept_labels(strata, sample, "strata")[1]
    excess = np.zeros(len(levels))
    expected = np.zeros(len(levels))
    variance = np.zeros((len(levels), len(levels)))
    for number in np.unique(stratum):
        add = _compare(sample, groups, stratum == number, len(levels))
        excess, expected, variance = excess + add[0], expected + add[1], variance + add[2]
    name = ("stratified " if strata is not None else "") + "log-rank" + (" trend" if trend else "")
    if trend:
        scores = _scores(levels)
        statistic, df = _one_direction(excess, variance, scores), 1
    else:
        statistic, df = quadratic_form(excess, variance, expected > 0)
    return chi_square(name, statistic, df, sample)


def require_groups(levels: list[Any]) -> None:
    """UsageError `one-group` unless there are two levels or more."""
    if len(levels) < 2:
        raise UsageError(
            "one-group",
            seen=f"all rows belong to group {levels[0]!r}",
            mend="a comparison needs rows in two groups at least",
        )


def chi_square(name: str, statistic: float, df: int, sample: Observations) -> TestResult:
    """Build the result of a chi-square test on these rows."""
    return TestResult(
        name=name,
        statistic=statistic,
        df=df,
        p=chi2_tail(statistic, df),
        n=sample.n,
        n_events=int((sample.status > 0).sum()),
        findings=sample.findings,
    )


def quadratic_form(
    score: FloatArray, variance: FloatArray, used: np.ndarray[Any, Any]
) -> tuple[float, int]:
    """Chi-square of a score that sums to zero over the groups used, and its degrees of freedom."""
    places = np.flatnonzero(used)[1:]
    core = variance[np.ix_(places, places)]
    if places.size == 0 or np.linalg.matrix_rank(core, hermitian=True) < places.size:
        raise _nothing_compared()
    if np.linalg.eigvalsh(core)[0] <= 0.0:
        raise too_few_rows("the variance of the test is not positive")
    return float(score[places] @ np.linalg.solve(core, score[places])), places.size


def too_few_rows(seen: str) -> UsageError:
    """Return the refusal of a test that so few rows do not support."""
    return UsageError(
        "too-few-rows",
        seen=seen,
        mend="report the counts; so few rows with so many ties cannot be tested",
    )


def _nothing_compared() -> UsageError:
    return UsageError(
        "no-events",
        seen="no event happened while two groups were at risk",
        mend="report the counts; there is nothing to compare",
    )


def _compare(
    sample: Observations, groups: IntArray, rows: np.ndarray[Any, Any], count: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Observed minus expected, expected, and variance in one stratum."""
    fails = rows & (sample.status > 0)
    times = np.unique(sample.time[fails])
    risk, dead = np.zeros((times.size, count)), np.zeros((times.size, count))
    for number in range(count):
        own = rows & (groups == number)
        leave = np.searchsorted(np.sort(sample.time[own]), times, side="left")
        enter = np.searchsorted(np.sort(sample.entry[own]), times, side="left")
        risk[:, number] = enter - leave
        place = np.searchsorted(times, sample.time[fails & own])
        dead[:, number] = np.bincount(place, minlength=times.size)
    n, d = risk.sum(axis=1), dead.sum(axis=1)
    share = risk / n[:, None]
    expected = d @ share
    drawn = np.where(n > 1, d * (n - d) / np.maximum(n - 1, 1), 0.0)
    variance = np.diag(drawn @ share) - np.einsum("j,jk,jl->kl", drawn, share, share)
    return dead.sum(axis=0) - expected, expected, variance


def _scores(levels: list[Any]) -> FloatArray:
    if not all(isinstance(level, int | float) for level in levels):
        raise UsageError(
            "unordered-groups",
            seen=f"groups {', '.join(map(repr, levels))} have no order of their own",
            mend="give ordered groups as numbers, 0, 1, 2, ...",
        )
    return np.array(levels, dtype=np.float64)


def _one_direction(excess: FloatArray, variance: FloatArray, scores: FloatArray) -> float:
    """Chi-square of the excess along the scores."""
    scores = scores - scores.mean()
    spread = float(scores @ variance @ scores)
    if spread <= 0.0:
        raise _nothing_compared()
    return float(scores @ excess) ** 2 / spread
