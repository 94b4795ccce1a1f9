"""Fine and Gray's regression of the subdistribution hazard of one cause."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rtvol.errors import UsageError
from rtvol.outcomes.stats.modelresults import FineGrayFit
from rtvol.outcomes.stats.observations import check_level, observe
from rtvol.outcomes.stats.partial import checked_design
from rtvol.outcomes.stats.ranktests import chi_square, too_few_rows
from rtvol.outcomes.stats.terms import wald_terms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from rtvol.outcomes.stats.arrays import FloatArray, IntArray
    from rtvol.outcomes.stats.observations import Observations

METHOD = "Fine-Gray"
SCORE_LIMIT = 1e-11
STEPS = 50
#: Spread of the contributions, per event, that is round-off of none.
SPREAD_LEFT = 1e-9
#: Information left, against that at zero, below which there is no finite maximum.
INFORMATION_LEFT = 1e-6


@dataclass(frozen=True, eq=False)
class _Weighted:
    """Rows of an analysis with their weights at the times of the cause.

    Attributes
    ----------
    times, deaths
        Distinct times (J,) of the cause, and events (J,) at each.
    weights
        Weight (n, J): 1 at risk, G(t-) / G(T-) after a competing event at T, else 0.
    fails
        Whether each row (n,) has the cause.
    moment
        Index (n,) into `times` for rows with the cause.
    """

    times: FloatArray
    deaths: FloatArray
    weights: FloatArray
    fails: np.ndarray
    moment: IntArray


@dataclass(frozen=True, eq=False)
class _At:
    value: float
    score: FloatArray
    information: FloatArray
    total: FloatArray
    mean: FloatArray
    risk: FloatArray


def fine_gray(
    time: ArrayLike,
    status: ArrayLike,
    covariates: ArrayLike,
    *,
    names: Sequence[str],
    cause: int = 1,
    cluster: ArrayLike | None = None,
    level: float = 0.95,
) -> FineGrayFit:
    """Fit Fine and Gray's proportional subdistribution hazards.

    Parameters
    ----------
    time, status, cause
        As in `cumulative_incidence`.
    covariates, names
        As in `cox`.
    cluster
        Label (n,) of the rows that belong together: contributions to the variance are then summed
        within clusters (Zhou and others, Biostatistics 2012;13:371).
    level
        Confidence level of the hazard ratios.

    Raises
    ------
    UsageError
        As `observe`; `no-events` when the cause never happens; `bad-covariates`;
        `no-finite-maximum`.

    Notes
    -----
    Fine and Gray, JASA 1999;94:496. Rows with a competing event stay at risk with weight
    G(t-) / G(T-), G the Kaplan-Meier curve of censoring of all rows together; ties after Breslow;
    the variance holds the uncertainty of G. As R's cmprsk, for one censoring group.
    """
    check_level(level)
    sample = observe(time, status, cluster=cluster, causes=True)
    kind = np.where(sample.status == cause, 1, np.minimum(sample.status, 1) * 2)
    if not (kind == 1).any():
        raise UsageError(
            "no-events",
            seen=f"cause {cause} never happens in {sample.n} rows",
            mend="report the counts; there is nothing to fit",
        )
    design = checked_design(covariates, tuple(names), sample)
    spread = design.std(axis=0)
    scaled = (design - design.mean(axis=0)) / spread
    rows = _weigh(sample, kind)
    coef, start, end = _maximise(rows, scaled, tuple(names))
    residuals = sample.by_cluster(_influences(sample, kind, rows, scaled, end))
    inverse = np.linalg.inv(end.information)
    meat = residuals.T @ residuals
    if np.linalg.eigvalsh(meat)[0] <= SPREAD_LEFT * float(rows.deaths.sum()):
        raise too_few_rows("rows or clusters do not differ: the variance is not positive")
    covariance = inverse @ meat @ inverse / np.outer(spread, spread)
    wald = float((coef / spread) @ np.linalg.solve(covariance, coef / spread))
    errors = np.sqrt(np.diag(covariance))
    return FineGrayFit(
        method=METHOD,
        terms=wald_terms(tuple(names), coef / spread, errors, level),
        covariance=covariance,
        log_likelihood=end.value,
        log_likelihood_null=start.value,
        wald=chi_square("Fine-Gray Wald", wald, coef.size, sample),
        n=sample.n,
        n_events=int((kind == 1).sum()),
        n_competing=int((kind == 2).sum()),
        n_clusters=sample.n_clusters,
        level=level,
    )


def _weigh(sample: Observations, kind: IntArray) -> _Weighted:
    times, deaths = np.unique(sample.time[kind == 1], return_counts=True)
    before = _free_of_censoring(sample.time, kind == 0, times)
    own = _free_of_censoring(sample.time, kind == 0, sample.time)
    at_risk = sample.time[:, None] >= times
    gone = (kind == 2)[:, None] & ~at_risk
    weights = np.where(gone, before / np.where(own > 0, own, 1.0)[:, None], at_risk)
    fails = kind == 1
    moment = np.searchsorted(times, sample.time)
    return _Weighted(times, deaths.astype(np.float64), weights, fails, moment)


def _free_of_censoring(time: FloatArray, censored: np.ndarray, at: FloatArray) -> FloatArray:
    """Kaplan-Meier of censoring just before each of some times."""
    moments, count = np.unique(time[censored], return_counts=True)
    risk = time.size - np.searchsorted(np.sort(time), moments, side="left")
    curve = np.concatenate([[1.0], np.cumprod(1.0 - count / risk)])
    return np.asarray(curve[np.searchsorted(moments, at, side="left")])


def _evaluate(rows: _Weighted, design: FloatArray, coef: FloatArray) -> _At:
    linear = design @ coef
    top = float(linear.max())
    risk = np.exp(linear - top)
    with np.errstate(divide="ignore", invalid="ignore"):  # a step too far is seen by its value
        total = risk @ rows.weights
        mean = (rows.weights.T @ (risk[:, None] * design)) / total[:, None]
        square = np.einsum("ij,i,ik,il->jkl", rows.weights, risk, design, design, optimize=True)
        spread = square / total[:, None, None] - mean[:, :, None] * mean[:, None, :]
        logs = np.log(total) + top
    value = float(linear[rows.fails].sum() - rows.deaths @ logs)
    score = design[rows.fails].sum(axis=0) - rows.deaths @ mean
    information = np.einsum("j,jkl->kl", rows.deaths, spread)
    return _At(value, score, information, total, mean, risk)


def _maximise(
    rows: _Weighted, design: FloatArray, names: tuple[str, ...]
) -> tuple[FloatArray, _At, _At]:
    """Newton's method with step halving, from zero."""
    coef = np.zeros(design.shape[1])
    start = here = _evaluate(rows, design, coef)
    for _ in range(STEPS):
        if np.abs(here.score).max() <= SCORE_LIMIT * rows.deaths.sum():
            break
        step = np.linalg.lstsq(here.information, here.score, rcond=None)[0]
        there = _evaluate(rows, design, coef + step)
        while not (
            np.isfinite(there.value)
            and np.isfinite(there.information).all()
            and there.value >= here.value - 1e-12 * abs(here.value)
        ):
            step = step / 2.0
            there = _evaluate(rows, design, coef + step)
        coef, here = coef + step, there
    if np.linalg.eigvalsh(here.information)[0] <= INFORMATION_LEFT * rows.deaths.sum():
        raise UsageError(
            "no-finite-maximum",
            where="covariates",
            seen=f"one of {', '.join(names)} separates the events, or says what the others say",
            mend="fit fewer covariates, or report the counts",
        )
    return coef, start, here


def _influences(
    sample: Observations, kind: IntArray, rows: _Weighted, design: FloatArray, at: _At
) -> FloatArray:
    """Contribution (n, p) of each row to the score, that to the weights of others included."""
    hazard = rows.deaths / (at.total)
    # own part: the martingale of the cause, weighted
    pull = at.risk[:, None] * rows.weights * hazard  # (n, J)
    own = -(pull.sum(axis=1)[:, None] * design - pull @ at.mean)
    fails = np.flatnonzero(rows.fails)
    own[fails] += design[fails] - at.mean[rows.moment[fails]]
    censored = kind == 0
    moments, count = np.unique(sample.time[censored], return_counts=True)
    if not moments.size:
        return np.asarray(own)
    # the censoring curve weighs rows that had a competing event before, in deaths from then on
    lost = np.zeros((moments.size, design.shape[1]))
    for k, u in enumerate(moments.tolist()):
        gone = (kind == 2) & (sample.time < u)
        part = pull[gone][:, rows.times >= u]
        lost[k] = part.sum(axis=1) @ design[gone] - part.sum(axis=0) @ at.mean[rows.times >= u]
    left = sample.n - np.searchsorted(np.sort(sample.time), moments, side="left")
    share = lost / left[:, None]
    steps = np.cumsum(share * (count / left)[:, None], axis=0)
    upto = np.searchsorted(moments, sample.time, side="right")
    own -= np.vstack([np.zeros(design.shape[1]), steps])[upto]
    own[censored] += share[np.searchsorted(moments, sample.time[censored])]
    return np.asarray(own)
