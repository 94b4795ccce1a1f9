"""Hazards that are constant within intervals."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from rtvol.errors import UsageError
from rtvol.outcomes.stats.observations import check_level, observe
from rtvol.outcomes.stats.results import Estimate, HazardInterval
from rtvol.outcomes.stats.tails import chi2_quantile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike


def piecewise_hazard(
    time: ArrayLike,
    event: ArrayLike,
    *,
    edges: Sequence[float],
    entry: ArrayLike | None = None,
    level: float = 0.95,
) -> tuple[HazardInterval, ...]:
    """Events per time at risk in each interval between edges.

    Parameters
    ----------
    time, event, entry
        As in `kaplan_meier`.
    edges
        Two or more ascending times >= 0. An interval holds its end and not its start, but for a
        start of 0. What lies beyond the last edge is left out.
    level
        Confidence level of the exact Poisson limits (Garwood 1936).

    Raises
    ------
    UsageError
        As `observe`; `bad-times` for edges that do not ascend; `bad-level`.
    """
    sample = observe(time, event, entry=entry)
    check_level(level)
    ends = np.asarray(edges, dtype=np.float64)
    good = ends.ndim == 1 and ends.size >= 2 and np.isfinite(ends).all()
    if not good or ends[0] < 0 or (np.diff(ends) <= 0).any():
        raise UsageError(
            "bad-times", where="edges", seen=f"{edges!r}", mend="give ascending times >= 0"
        )
    intervals = []
    for start, end in pairwise(ends.tolist()):
        inside = (sample.time > start) & (sample.time <= end)
        if start == 0.0:
            inside |= sample.time == 0.0
        events = int((inside & (sample.status > 0)).sum())
        seen = np.minimum(sample.time, end) - np.maximum(sample.entry, start)
        exposure = float(np.maximum(seen, 0.0).sum())
        rate = _rate(events, exposure, int((seen > 0).sum()), level)
        intervals.append(HazardInterval(start, end, events, exposure, rate))
    return tuple(intervals)


def _rate(events: int, exposure: float, n_risk: int, level: float) -> Estimate:
    """Rate with exact limits; `n_risk` counts all who were at risk at some time of the interval."""
    if exposure == 0.0:
        return Estimate(None, None, None, n_risk, events, "nobody at risk in this interval")
    tail = (1.0 - level) / 2.0
    lower = chi2_quantile(1.0 - tail, 2 * events) / 2.0 if events else 0.0
    upper = chi2_quantile(tail, 2 * events + 2) / 2.0
    return Estimate(events / exposure, lower / exposure, upper / exposure, n_risk, events)
