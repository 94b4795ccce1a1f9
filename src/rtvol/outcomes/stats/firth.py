"""Firth's penalised Cox regression: finite hazard ratios where a level has no event."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rtvol.errors import UsageError
from rtvol.outcomes.stats.observations import check_level
from rtvol.outcomes.stats.partial import likelihood, set_up, third_derivatives
from rtvol.outcomes.stats.ranktests import chi_square
from rtvol.outcomes.stats.results import CoxFit, CoxTerm
from rtvol.outcomes.stats.tails import chi2_quantile, chi2_tail

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from rtvol.outcomes.stats.arrays import FloatArray
    from rtvol.outcomes.stats.partial import Model

METHOD = "Firth Cox (Breslow)"
#: Penalised score at the maximum, per event, for covariates of unit spread.
SCORE_LIMIT = 1e-10
STEPS = 200
#: How many standard errors away the end of a profile is looked for.
REACH = 60.0


@dataclass(frozen=True, eq=False)
class _Penalised:
    """Penalised likelihood at some coefficients."""

    coef: FloatArray
    value: float
    score: FloatArray
    information: FloatArray


def _penalise(model: Model, coef: FloatArray) -> _Penalised:
    """Return l + log|I| / 2 and its gradient U_r + tr(I^-1 dI/db_r) / 2 (Firth 1993)."""
    here = likelihood(model.sets, model.scaled, coef)
    if not (np.isfinite(here.value) and np.isfinite(here.information).all()):
        return _Penalised(coef, -math.inf, here.score, here.information)  # a step too far
    sign, size = np.linalg.slogdet(here.information)
    if sign <= 0:
        return _Penalised(coef, -math.inf, here.score, here.information)
    slopes = third_derivatives(model.sets, model.scaled, here)
    pull = np.einsum("jk,kjl->l", np.linalg.inv(here.information), slopes)
    return _Penalised(
        coef, here.value + float(size) / 2.0, here.score + pull / 2.0, here.information
    )


def firth_cox(
    time: ArrayLike,
    event: ArrayLike,
    covariates: ArrayLike,
    *,
    names: Sequence[str],
    entry: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    level: float = 0.95,
) -> CoxFit:
    """Fit a Cox model by Firth's penalised partial likelihood.

    Parameters are those of `cox`, without clusters. Ties after Breslow. Limits are those of the
    profile penalised likelihood, p-values its likelihood ratio (Heinze and Schemper 2001); the
    standard error is that of the unpenalised information at the estimate.

    Raises
    ------
    UsageError
        As `cox`, without `no-finite-maximum`; `no-convergence` when no maximum was found.
    """
    check_level(level)
    model = set_up(
        time,
        event,
        covariates,
        names=names,
        entry=entry,
        cluster=None,
        strata=strata,
        ties="breslow",
    )
    sample, size = model.sample, model.spread.size
    start = _penalise(model, np.zeros(size))
    best = _maximise(model, start.coef, np.ones(size, dtype=bool))
    ratio = 2.0 * (best.value - start.value)
    unit = float(np.log(model.spread).sum())  # the penalty in the units of the covariates
    wald = float(best.coef @ best.information @ best.coef)
    return CoxFit(
        method=METHOD,
        terms=tuple(_term(model, best, index, level) for index in range(size)),
        covariance=np.linalg.inv(best.information) / np.outer(model.spread, model.spread),
        robust_covariance=None,
        log_likelihood=best.value + unit,
        log_likelihood_null=start.value + unit,
        likelihood_ratio=chi_square("Firth penalised likelihood ratio", ratio, size, sample),
        score=None,
        wald=chi_square("Firth Wald", wald, size, sample),
        robust_wald=None,
        robust_score=None,
        n=sample.n,
        n_events=int(sample.status.sum()),
        n_clusters=None,
        level=level,
        design=model.design,
        strata=model.strata,
        sample=sample,
        findings=sample.findings,
    )


def _maximise(model: Model, coef: FloatArray, free: NDArray[np.bool_]) -> _Penalised:
    """Newton's method over the free coefficients, the others held, with step halving."""
    here = _penalise(model, coef)
    limit = SCORE_LIMIT * model.sets.failures.size
    for _ in range(STEPS):
        if not free.any() or np.abs(here.score[free]).max() <= limit:
            return here
        step = np.zeros(coef.size)
        step[free] = np.linalg.solve(here.information[np.ix_(free, free)], here.score[free])
        there = _penalise(model, here.coef + step)
        while not there.value >= here.value and np.abs(step).max() > 1e-13:
            step = step / 2.0
            there = _penalise(model, here.coef + step)
        if not there.value >= here.value:
            break
        here = there
    if np.abs(here.score[free]).max() <= 1e4 * limit:  # as near as round-off lets it come
        return here
    raise UsageError(
        "no-convergence",
        seen=f"the penalised score is still {np.abs(here.score[free]).max():.1e}",
        mend="fit fewer covariates, or report the counts",
    )


def _profile(model: Model, best: _Penalised, index: int, value: float) -> float:
    """Penalised log likelihood with one coefficient held, the others at their best."""
    coef = best.coef.copy()
    coef[index] = value
    free = np.arange(coef.size) != index
    return _maximise(model, coef, free).value


def _term(model: Model, best: _Penalised, index: int, level: float) -> CoxTerm:
    """Describe one coefficient by its profile."""
    b, scale = float(best.coef[index]), float(model.spread[index])
    se = math.sqrt(float(np.linalg.inv(best.information)[index, index]))
    drop = chi2_quantile(1.0 - level, 1) / 2.0
    lower, upper = (_limit(model, best, index, drop, side * se) for side in (-1, 1))
    statistic = max(2.0 * (best.value - _profile(model, best, index, 0.0)), 0.0)
    return CoxTerm(
        name=model.names[index],
        coef=b / scale,
        hr=math.exp(b / scale),
        se=se / scale,
        robust_se=None,
        lower=None if lower is None else math.exp(lower / scale),
        upper=None if upper is None else math.exp(upper / scale),
        statistic=statistic,
        p=chi2_tail(statistic, 1),
        p_naive=None,
    )


def _limit(model: Model, best: _Penalised, index: int, drop: float, step: float) -> float | None:
    """Where the profile has come down by `drop`, on the side of `step`; None if it never does."""
    from scipy.optimize import brentq

    b = float(best.coef[index])

    def above(value: float) -> float:
        return _profile(model, best, index, value) - (best.value - drop)

    near, far = b, b + step
    while above(far) > 0.0:
        near, far = far, b + 2.0 * (far - b)
        if abs(far - b) > REACH * abs(step):
            return None
    return float(brentq(above, near, far, xtol=1e-10, rtol=1e-12))
