"""Harrell's concordance: how often the one at higher risk fails first."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from rtvol.errors import UsageError
from rtvol.outcomes.stats.observations import check_level, observe, require_events
from rtvol.outcomes.stats.results import Estimate
from rtvol.outcomes.stats.tails import reach_by_cluster

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def concordance(
    time: ArrayLike,
    event: ArrayLike,
    risk: ArrayLike,
    *,
    cluster: ArrayLike | None = None,
    level: float = 0.95,
) -> Estimate:
    """Concordance of a risk score with what happened.

    Parameters
    ----------
    time, event, cluster
        As in `kaplan_meier`.
    risk
        Score (n,) that is higher for those expected to fail sooner, e.g. x b of a Cox model.
    level
        Confidence level.

    Returns
    -------
    Estimate
        Part of the comparable pairs in which the higher score fails first, ties of the score
        counting one half; limits from the infinitesimal jackknife (by cluster). Measured on the
        data the score was fitted to it is too favourable.

    Raises
    ------
    UsageError
        As `observe`; `no-events`; `bad-covariates`; `no-observations` without a comparable pair.

    Notes
    -----
    Harrell 1982. A pair is comparable when the shorter time is an event; a censoring on the day
    of an event comes after it; two events on one day are not compared. As R's concordance().
    """
    check_level(level)
    sample = observe(time, event, cluster=cluster)
    require_events(sample)
    score = np.asarray(risk, dtype=np.float64)
    if score.shape != sample.kept.shape or not np.isfinite(score).all():
        seen = f"scores of shape {score.shape}, or missing, beside {sample.n} rows"
        raise UsageError("bad-covariates", seen=seen, mend="give one finite score per row")
    won, pairs = np.zeros(sample.n), np.zeros(sample.n)
    for i in np.flatnonzero(sample.status > 0):
        t = sample.time[i]
        later = (sample.time > t) | ((sample.time == t) & (sample.status == 0))
        gain = np.where(later, (score[i] > score) + 0.5 * (score[i] == score), 0.0)
        won += gain
        pairs += later
        won[i] += gain.sum()
        pairs[i] += later.sum()
    total = pairs.sum() / 2.0
    if total == 0:
        seen = "no two rows of which one is known to fail first"
        raise UsageError("no-observations", seen=seen, mend="report the counts")
    value = float(won.sum() / 2.0 / total)
    moves = sample.by_cluster((won - value * pairs) / total)
    reach = reach_by_cluster(level, sample.n_clusters) * math.sqrt(float(np.sum(np.square(moves))))
    events = int((sample.status > 0).sum())
    low, high = max(0.0, value - reach), min(1.0, value + reach)
    return Estimate(value, low, high, sample.n, events)
