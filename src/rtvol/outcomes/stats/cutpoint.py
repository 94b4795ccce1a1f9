"""The cut-point that separates best, with what looking for it costs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from rtvol.errors import UsageError
from rtvol.outcomes.stats.modelresults import OptimalCut
from rtvol.outcomes.stats.observations import check_level, observe, require_events
from rtvol.outcomes.stats.ranktests import logrank
from rtvol.outcomes.stats.results import TestResult
from rtvol.outcomes.stats.tails import normal_tail

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from rtvol.outcomes.stats.arrays import FloatArray, IntArray
    from rtvol.outcomes.stats.observations import Observations


def optimal_cut(
    time: ArrayLike,
    event: ArrayLike,
    values: ArrayLike,
    *,
    smallest: float = 0.1,
    bootstrap: int = 0,
    seed: int = 0,
    level: float = 0.95,
) -> OptimalCut:
    """Cut at the maximally selected log-rank statistic. Data-driven: print it with its price.

    Parameters
    ----------
    time, event
        As in `kaplan_meier`.
    values
        The covariate (n,) to cut.
    smallest
        Least part of the rows on either side of a cut that is looked at, above 0 and below 0.5.
    bootstrap, seed
        Bootstrap samples for the limits of the cut (0: none), and the seed of their draw.
    level
        Confidence level of these limits.

    Raises
    ------
    UsageError
        As `observe`; `no-events`; `no-cut` when no value leaves enough rows on both sides;
        `bad-level`.

    Notes
    -----
    Log-rank scores (event minus Nelson-Aalen hazard at the exit), standardised by their
    permutation variance; the p-value of the largest statistic after Lausen and Schumacher,
    Biometrics 1992;48:73, and the improved Bonferroni bound of Lausen, Sauerbrei and Schumacher
    1994. The p-value of an ordinary log-rank test at the same cut is given as `naive`.
    """
    sample = observe(time, event)
    check_level(level)
    require_events(sample)
    if not 0.0 < smallest < 0.5:
        raise UsageError(
            "bad-level", seen=f"smallest part {smallest!r}", mend="0.1 leaves 10 % on either side"
        )
    x = np.asarray(values, dtype=np.float64)
    if x.shape != sample.time.shape or not np.isfinite(x).all():
        raise UsageError(
            "bad-covariates",
            seen=f"values of shape {x.shape}, or missing, beside {sample.n} rows",
            mend="give one finite value per row",
        )
    found = _search(_scores(sample), x, smallest)
    if found is None:
        raise UsageError(
            "no-cut",
            seen=f"no value leaves {smallest:.0%} of the rows on both sides",
            mend="the covariate has too few values to be cut",
        )
    cut, statistic, below, tried = found
    lower, upper, drawn = _limits(
        sample, x, smallest=smallest, draws=(bootstrap, seed), level=level
    )
    return OptimalCut(
        cut=cut,
        cut_lower=lower,
        cut_upper=upper,
        statistic=statistic,
        naive=logrank(sample.time, sample.status, x > cut),
        corrected=_corrected("1992", statistic, _p_1992(statistic, smallest), sample),
        corrected_94=_corrected("1994", statistic, _p_1994(statistic, below, sample.n), sample),
        tried=tried[0],
        statistics=tried[1],
        n_cuts=below.size,
        n_bootstrap=drawn,
        seed=seed if bootstrap else None,
    )


def _scores(sample: Observations) -> FloatArray:
    """Event minus cumulative hazard at the exit, for each row; they sum to zero."""
    times, place = np.unique(sample.time, return_inverse=True)
    dead = np.bincount(place, weights=sample.status, minlength=times.size)
    return sample.status - np.cumsum(dead / sample.at_risk(times))[place]


def _search(
    scores: FloatArray, x: FloatArray, smallest: float
) -> tuple[float, float, IntArray, tuple[FloatArray, FloatArray]] | None:
    """Best cut, its statistic, rows below each cut looked at, all cuts with their statistics."""
    n = x.size
    order = np.argsort(x, kind="stable")
    below = np.flatnonzero(np.diff(x[order]) > 0.0) + 1
    below = below[(below >= max(1, int(n * smallest))) & (below <= int(n * (1.0 - smallest)))]
    if below.size == 0:
        return None
    variance = below * (n - below) / (n * (n - 1)) * np.sum(np.square(scores - scores.mean()))
    excess = np.abs(np.cumsum(scores[order])[below - 1] - below * scores.mean())
    statistics = excess / np.sqrt(variance)
    best = int(np.argmax(statistics))
    cuts = x[order][below - 1]
    return float(cuts[best]), float(statistics[best]), below, (cuts, statistics)


def _limits(
    sample: Observations, x: FloatArray, *, smallest: float, draws: tuple[int, int], level: float
) -> tuple[float | None, float | None, int]:
    """Percentile limits of the cut over bootstrap samples, and how many of these gave one."""
    count, seed = draws
    random = np.random.default_rng(seed)
    cuts = []
    for _ in range(count):
        rows = random.integers(0, sample.n, sample.n)
        if not sample.status[rows].any():
            continue
        again = _search(_scores(observe(sample.time[rows], sample.status[rows])), x[rows], smallest)
        if again is not None:
            cuts.append(again[0])
    if not cuts:
        return None, None, 0
    tail = (1.0 - level) / 2.0
    lower, upper = np.quantile(cuts, [tail, 1.0 - tail], method="inverted_cdf")
    return float(lower), float(upper), len(cuts)


def _p_1992(b: float, smallest: float) -> float:
    if b < 1.0:
        return 1.0
    density = math.exp(-(b**2) / 2.0) / math.sqrt(2.0 * math.pi)
    span = 2.0 * np.log((1.0 - smallest) / smallest)
    return float(np.clip(4.0 * density / b + density * (b - 1.0 / b) * span, 0.0, 1.0))


def _p_1994(b: float, below: IntArray, n: int) -> float:
    m1, m2 = below[:-1], below[1:]
    t = np.sqrt(1.0 - m1 * (n - m2) / ((n - m1) * m2))
    bound = np.exp(-(b**2) / 2.0) / np.pi * np.sum(t - (b**2 / 4.0 - 1.0) * t**3 / 6.0)
    return float(min(1.0, 2.0 * normal_tail(b) + bound))


def _corrected(year: str, statistic: float, p: float, sample: Observations) -> TestResult:
    return TestResult(
        f"maximally selected log-rank (Lausen-Schumacher {year})",
        statistic,
        None,
        p,
        sample.n,
        int(sample.status.sum()),
        note="data-driven cut-point",
    )
