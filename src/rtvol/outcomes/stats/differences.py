"""Two groups: difference in restricted mean time, standardised difference of a covariate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rtvol.errors import UsageError
from rtvol.outcomes.stats.observations import check_level
from rtvol.outcomes.stats.results import Estimate
from rtvol.outcomes.stats.survival import kaplan_meier, rmst, rmst_influence
from rtvol.outcomes.stats.tails import p_by_cluster, reach_by_cluster

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike


@dataclass(frozen=True)
class MeanDifference:
    """Restricted mean times of two groups, their difference (second minus first) and its test."""

    horizon: float
    first: Estimate
    second: Estimate
    difference: Estimate
    p: float | None


def rmst_difference(
    time: ArrayLike,
    event: ArrayLike,
    second: ArrayLike,
    horizon: float,
    *,
    cluster: ArrayLike | None = None,
    level: float = 0.95,
) -> MeanDifference:
    """Difference of restricted mean survival time between two groups.

    Parameters
    ----------
    time, event, cluster
        As in `kaplan_meier`; a cluster may have rows in both groups.
    second
        Whether each row (n,) is of the second group.
    horizon
        Time up to which means are taken; at most the shorter follow-up of both.
    level
        Confidence level.

    Raises
    ------
    UsageError
        As `kaplan_meier`; `one-group` when one of the groups is empty.

    Notes
    -----
    Area under each product-limit curve; variance from the influence of each row, summed by
    cluster over both groups, which for independent groups is the sum of the usual variances
    (Royston and Parmar 2011). The test is normal, with few clusters of t (`reach_by_cluster`).
    """
    check_level(level)
    chosen = np.asarray(second, dtype=bool)
    if chosen.all() or not chosen.any():
        raise UsageError("one-group", seen="one of the groups is empty", mend="report one mean")
    times, events = np.asarray(time, dtype=np.float64), np.asarray(event)
    labels = np.arange(chosen.size) if cluster is None else np.asarray(cluster)
    means, moves = [], np.zeros(chosen.size)
    for sign, rows in ((-1.0, ~chosen), (1.0, chosen)):
        own = None if cluster is None else labels[rows]
        curve = kaplan_meier(times[rows], events[rows], cluster=own, level=level)
        means.append(rmst(curve, horizon))
        moves[rows] = sign * rmst_influence(curve, horizon)
    first, last = means
    if first.value is None or last.value is None:
        note = first.note if first.value is None else last.note
        unknown = Estimate(None, None, None, None, None, note)
        return MeanDifference(horizon, first, last, unknown, None)
    _, numbers = np.unique(labels, return_inverse=True)
    spread = float(np.sqrt(np.sum(np.square(np.bincount(numbers, moves)))))
    value = last.value - first.value
    count = (first.n_events or 0) + (last.n_events or 0)
    if spread == 0.0:
        note = "no limits: no spread so far"
        return MeanDifference(
            horizon, first, last, Estimate(value, None, None, None, count, note), None
        )
    clusters = None if cluster is None else int(numbers.max()) + 1
    reach = reach_by_cluster(level, clusters) * spread
    found = Estimate(value, value - reach, value + reach, None, count)
    return MeanDifference(horizon, first, last, found, p_by_cluster(value / spread, clusters))


def standardised_difference(first: ArrayLike, second: ArrayLike) -> float | None:
    """Difference of means over the root of the mean variance; None where nothing varies.

    Austin, Statistics in Medicine 2009;28:3083. Above 0.1 groups are often called unlike.
    """
    a, b = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if a.size < 2 or b.size < 2:
        return None
    spread = (a.var(ddof=1) + b.var(ddof=1)) / 2.0
    return None if spread == 0 else float((a.mean() - b.mean()) / np.sqrt(spread))


def standardised_difference_of_levels(first: Sequence[int], second: Sequence[int]) -> float | None:
    """Return the standardised difference of a category of several levels, from its counts.

    The Mahalanobis distance of the shares of all levels but one (Yang and Dalton, SAS Global
    Forum 2012, paper 335); for two levels the absolute difference of proportions over the root
    of their mean variance. None where nothing varies or a group is empty.
    """
    counts = np.array([first, second], dtype=np.float64)
    counts = counts[:, counts.sum(axis=0) > 0]
    totals = counts.sum(axis=1)
    if counts.shape[1] < 2 or (totals == 0).any():
        return None
    shares = (counts / totals[:, None])[:, 1:]
    spreads = [np.diag(p) - np.outer(p, p) for p in shares]
    middle = (spreads[0] + spreads[1]) / 2.0
    gap = shares[0] - shares[1]
    if np.linalg.matrix_rank(middle, hermitian=True) < gap.size:
        return None
    return float(np.sqrt(gap @ np.linalg.solve(middle, gap)))
