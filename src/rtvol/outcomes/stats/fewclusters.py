"""Errors by cluster where clusters are few: they are then too small."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from rtvol.errors import UsageError
from rtvol.outcomes.stats.ranktests import chi_square
from rtvol.outcomes.stats.regression import cox
from rtvol.outcomes.stats.results import IncidenceCurve, SurvivalCurve
from rtvol.outcomes.stats.survival import log_log_limits
from rtvol.outcomes.stats.tails import (
    FEW_CLUSTERS,
    is_few,
    reach_by_cluster,
    t_p,
    t_quantile,
)
from rtvol.outcomes.stats.terms import wald_terms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rtvol.outcomes.stats.arrays import FloatArray
    from rtvol.outcomes.stats.modelresults import FineGrayFit
    from rtvol.outcomes.stats.results import CoxFit, CoxTerm

_CurveT = TypeVar("_CurveT", SurvivalCurve, IncidenceCurve)

JACKKNIFE = "jackknife over {} clusters, t"
TINY = "few clusters: limits by t"
SCALED = "cluster-robust x G / (G - 1), {} clusters, t"


def corrected_for_few(fit: CoxFit) -> CoxFit:
    """Return a fit whose limits and p hold for few clusters; as it is with 20 or more.

    Covariance (G - 1) / G sum_g (b_g - b)(b_g - b)' with b_g fitted without cluster g, limits and
    p from t with G - 1 degrees of freedom (Lipsitz and Parzen, Biometrics 1996;52:291). Where a
    fit without one cluster has no finite maximum, the sandwich times G / (G - 1) takes its place.
    `errors` says which.

    Parameters
    ----------
    fit
        Of `cox`, with clusters.
    """
    groups = fit.n_clusters
    if groups is None or groups >= FEW_CLUSTERS or fit.robust_covariance is None:
        return fit
    errors = JACKKNIFE.format(groups)
    covariance = jackknifed([_without(fit, number) for number in range(groups)], fit.coef)
    if covariance is None:
        covariance = fit.robust_covariance * groups / (groups - 1)
        errors = SCALED.format(groups)
    wald = float(fit.coef @ np.linalg.pinv(covariance, hermitian=True) @ fit.coef)
    name = f"Cox Wald ({errors.removesuffix(', t')})"
    return replace(
        fit,
        terms=tuple(_term(fit, term, covariance, place) for place, term in enumerate(fit.terms)),
        robust_covariance=covariance,
        robust_wald=chi_square(name, wald, len(fit.terms), fit.sample),
        errors=errors,
    )


def curve_for_few(curve: _CurveT) -> _CurveT:
    """Return a curve whose errors and limits hold for few clusters; as it is with 20 or more.

    See `reach_by_cluster`; `errors` says that it was done. The naive columns stay.
    """
    if not is_few(curve.n_clusters):
        return curve
    groups = curve.n_clusters or 2
    reach = reach_by_cluster(curve.level, groups)
    values = curve.survival if isinstance(curve, SurvivalCurve) else curve.incidence
    lower, upper = log_log_limits(values, curve.se, reach)
    se = curve.se * math.sqrt(groups / (groups - 1))
    return replace(curve, se=se, lower=lower, upper=upper, errors=TINY)


def fine_gray_for_few(fit: FineGrayFit) -> FineGrayFit:
    """Return a fit whose limits and p hold for few clusters; as it is with 20 or more.

    The sandwich times G / (G - 1), limits and p from t with G - 1 degrees of freedom.
    """
    if not is_few(fit.n_clusters):
        return fit
    groups = fit.n_clusters or 2
    covariance = fit.covariance * groups / (groups - 1)
    names = tuple(term.name for term in fit.terms)
    terms = wald_terms(names, fit.coef, np.sqrt(np.diag(covariance)), fit.level, groups - 1)
    return replace(fit, terms=terms, covariance=covariance, errors=SCALED.format(groups))


def jackknifed(without: Sequence[FloatArray | None], coef: FloatArray) -> FloatArray | None:
    """Covariance from the coefficients without each cluster; None where one has none."""
    known = [one for one in without if one is not None]
    if len(known) < len(without):
        return None
    moves = np.array(known) - coef
    covariance: FloatArray = (len(known) - 1) / len(known) * moves.T @ moves
    return covariance


def _without(fit: CoxFit, number: int) -> FloatArray | None:
    """Coefficients without one cluster, None where there are none."""
    sample = fit.sample
    assert sample.cluster is not None  # noqa: S101  for the checker: the fit has clusters
    rows = sample.cluster != number
    try:
        again = cox(
            sample.time[rows],
            sample.status[rows],
            fit.design[rows],
            names=[term.name for term in fit.terms],
            entry=sample.entry[rows] if sample.delayed else None,
            strata=fit.strata[rows],
        )
    except UsageError:
        return None
    return again.coef


def _term(fit: CoxFit, term: CoxTerm, covariance: FloatArray, place: int) -> CoxTerm:
    free = (fit.n_clusters or 2) - 1
    se = math.sqrt(float(covariance[place, place]))
    reach = t_quantile(fit.level, free) * se
    ratio = term.coef / se
    return replace(
        term,
        robust_se=se,
        lower=math.exp(term.coef - reach),
        upper=math.exp(term.coef + reach),
        statistic=ratio,
        p=t_p(ratio, free),
    )
