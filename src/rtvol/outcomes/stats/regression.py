"""Cox regression: Efron ties, clusters, strata, delayed entry."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol, TypeVar

import numpy as np

from rtvol.errors import Finding, UsageError
from rtvol.outcomes.stats.exactties import exact_likelihood
from rtvol.outcomes.stats.firth import firth_cox
from rtvol.outcomes.stats.observations import check_level
from rtvol.outcomes.stats.partial import likelihood, score_residuals, set_up
from rtvol.outcomes.stats.ranktests import chi_square
from rtvol.outcomes.stats.results import CoxFit, CoxTerm
from rtvol.outcomes.stats.tails import normal_p, normal_quantile

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import ArrayLike

    from rtvol.outcomes.stats.arrays import FloatArray
    from rtvol.outcomes.stats.exactties import ExactLikelihood
    from rtvol.outcomes.stats.partial import Likelihood, Model, Ties
    from rtvol.outcomes.stats.results import TestResult

METHODS: dict[Ties, str] = {
    "efron": "Cox (Efron)", "breslow": "Cox (Breslow)", "exact": "Cox (exact ties)",
}  # fmt: skip
METHOD = METHODS["efron"]
#: The score of covariates of unit spread at the maximum, per event.
SCORE_LIMIT = 1e-11
STEPS = 100
#: Information left, against that at zero, below which the likelihood rises without end: a finite
#: maximum with hazard ratios of a thousand still keeps a thousandth.
INFORMATION_LEFT = 1e-6
#: Spread between clusters, in units of the information, that is round-off of none.
SPREAD_LEFT = 1e-9
#: Fewer events per coefficient than this are a finding, and make `cox_or_firth` take Firth.
FEW_EVENTS = 5
#: A log hazard ratio over the range of a covariate beyond this makes `cox_or_firth` take Firth.
LARGE_COEF = 10.0


def cox(  # noqa: PLR0913  what a model is, as everybody knows it
    time: ArrayLike,
    event: ArrayLike,
    covariates: ArrayLike,
    *,
    names: Sequence[str],
    entry: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    ties: Ties = "efron",
    level: float = 0.95,
) -> CoxFit:
    """Fit a Cox proportional hazards model.

    Parameters
    ----------
    time, event, entry
        As in `kaplan_meier`.
    covariates
        Numbers (n, p), or (n,) for one covariate; complete rows only. A factor of k levels comes
        as k - 1 columns of 0 and 1.
    names
        Name of each column.
    cluster
        Label (n,) of the rows that belong together. Limits and p-values are then cluster-robust
        (sandwich of Efron dfbetas summed within clusters; Lin and Wei 1989), the model-based ones
        stand beside.
    strata
        Label (n,) of the stratum of each row: baseline hazards of their own.
    ties
        "efron" (1977), "breslow" (1974), or "exact": the discrete likelihood of which of those at
        risk failed (Cox 1972), for small data and without clusters.
    level
        Confidence level of the hazard ratios.

    Raises
    ------
    UsageError
        As `observe`; `no-events`; `bad-covariates` (missing, constant, collinear);
        `no-finite-maximum` when a covariate separates the events so that the hazard ratio grows
        without end (`firth_cox` answers then, and `cox_or_firth` chooses by itself).

    Notes
    -----
    Newton's method with step halving on covariates of unit spread until the
    score is zero; the likelihood is concave, so that the maximum is the only one.
    """
    check_level(level)
    model = set_up(
        time,
        event,
        covariates,
        names=names,
        entry=entry,
        cluster=cluster,
        strata=strata,
        ties=ties,
    )
    if ties == "exact":
        return _fit_exact(model, level)
    return _fit(model, level)


def cox_or_firth(  # noqa: PLR0913  as cox
    time: ArrayLike,
    event: ArrayLike,
    covariates: ArrayLike,
    *,
    names: Sequence[str],
    entry: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    ties: Ties = "efron",
    level: float = 0.95,
) -> CoxFit:
    """Fit by `cox`, or by `firth_cox` where its hazard ratios would not be trustworthy.

    Firth is taken when one of two levels of a covariate has no event, when the likelihood has no
    finite maximum, when a log hazard ratio over the range of its covariate exceeds 10, and with
    fewer than 5 events per coefficient. `method` says which it was and `note` why; Firth knows no
    clusters, which the note says too. Parameters and errors as in `cox`.
    """
    check_level(level)
    model = set_up(
        time,
        event,
        covariates,
        names=names,
        entry=entry,
        cluster=cluster,
        strata=strata,
        ties=ties,
    )
    reason = _reason_before(model)
    if not reason:
        try:
            fit = _fit_exact(model, level) if ties == "exact" else _fit(model, level)
        except UsageError as error:
            if error.finding.code != "no-finite-maximum":
                raise
            reason = error.finding.seen
        else:
            large = np.abs(fit.coef) * np.ptp(model.design, axis=0) > LARGE_COEF
            if not large.any():
                return fit
            reason = f"the log hazard ratio of {names[int(np.argmax(large))]} exceeds 10"
    if cluster is not None:
        reason += "; limits and p take rows as independent"
    fit = firth_cox(time, event, covariates, names=names, entry=entry, strata=strata, level=level)
    return replace(fit, note=f"Firth: {reason}")


def _fit_exact(model: Model, level: float) -> CoxFit:
    """Fit by the exact partial likelihood, which knows no clusters."""
    if model.sample.cluster is not None:
        raise UsageError(
            "bad-model",
            where="ties = exact",
            seen="clusters: the exact likelihood has no contributions of single rows",
            mend="take Efron's ties with clusters",
        )

    def at(coef: FloatArray) -> ExactLikelihood:
        return exact_likelihood(model.sample, model.strata, model.scaled, coef)

    start = at(np.zeros(model.spread.size))
    coef, end = _maximise(model, start, at)
    return _described(model, level, "exact", (start, coef, end))


def _fit(model: Model, level: float) -> CoxFit:
    def at(coef: FloatArray) -> Likelihood:
        return likelihood(model.sets, model.scaled, coef)

    coef, end = _maximise(model, model.start, at)
    fit = _described(model, level, model.ties, (model.start, coef, end))
    if model.sample.cluster is not None:
        fit = _with_clusters(fit, model, coef, end)
        return replace(fit, terms=_terms(fit, coef / model.spread, model.names))
    return fit


def _described(
    model: Model, level: float, ties: Ties, found: tuple[_Derived, FloatArray, _Derived]
) -> CoxFit:
    """Say what a maximum means, model-based."""
    sample, (start, coef, end) = model.sample, found
    _require_maximum(model, start, end)
    ratio = 2.0 * (end.value - start.value)
    wald = float(coef @ end.information @ coef)
    fit = CoxFit(
        method=METHODS[ties],
        terms=(),
        covariance=np.linalg.inv(end.information) / np.outer(model.spread, model.spread),
        robust_covariance=None,
        log_likelihood=end.value,
        log_likelihood_null=start.value,
        likelihood_ratio=_test("Cox likelihood ratio", ratio, model),
        score=_test("Cox score", _form(start.information, start.score), model),
        wald=_test("Cox Wald", wald, model),
        robust_wald=None,
        robust_score=None,
        n=sample.n,
        n_events=int(sample.status.sum()),
        n_clusters=sample.n_clusters,
        level=level,
        design=model.design,
        strata=model.strata,
        sample=sample,
        findings=sample.findings + _few_events(model),
    )
    return replace(fit, terms=_terms(fit, coef / model.spread, model.names))


class _Derived(Protocol):
    """A log likelihood with its first two derivatives."""

    @property
    def value(self) -> float: ...
    @property
    def score(self) -> FloatArray: ...
    @property
    def information(self) -> FloatArray: ...


_Here = TypeVar("_Here", bound=_Derived)


def _maximise(
    model: Model, start: _Here, at: Callable[[FloatArray], _Here]
) -> tuple[FloatArray, _Here]:
    """Newton's method with step halving, from zero."""
    coef: FloatArray = np.zeros(model.spread.size)
    here = start
    limit = SCORE_LIMIT * model.sets.failures.size
    for _ in range(STEPS):
        if np.abs(here.score).max() <= limit:
            break
        step = np.linalg.lstsq(here.information, here.score, rcond=None)[0]
        there = at(coef + step)
        # an overflow, one way or the other, is a step too far
        while not (
            np.isfinite(there.value)
            and np.isfinite(there.information).all()
            and there.value >= here.value - 1e-12 * abs(here.value)
        ):
            step = step / 2.0
            there = at(coef + step)
        coef, here = coef + step, there
    return coef, here


def _require_maximum(model: Model, start: _Derived, end: _Derived) -> None:
    """UsageError `no-finite-maximum` where the likelihood has gone flat on its way up."""
    # Information at the end in units of that at zero, along its own directions.
    root = np.linalg.inv(np.linalg.cholesky(start.information))
    left, directions = np.linalg.eigh(root @ end.information @ root.T)
    if left[0] > INFORMATION_LEFT:
        return
    guilty = model.names[int(np.argmax(np.abs(root.T @ directions[:, 0])))]
    raise UsageError(
        "no-finite-maximum",
        where="covariates",
        seen=f"{guilty} separates the events: its hazard ratio grows without end",
        mend="use firth_cox, or report the counts",
    )


def _with_clusters(fit: CoxFit, model: Model, coef: FloatArray, end: Likelihood) -> CoxFit:
    """Add what the clusters say."""
    dfbeta = _clustered(model, end) @ np.linalg.inv(end.information)
    robust = dfbeta.T @ dfbeta
    null = _clustered(model, model.start)
    meat = null.T @ null
    # both in units of the information, so that what is round-off shows as such
    root = np.linalg.cholesky(end.information)
    known = np.linalg.eigvalsh(root.T @ robust @ root)[0]
    if min(known, np.linalg.eigvalsh(meat)[0] / len(model.sets.failures)) <= SPREAD_LEFT:
        raise UsageError(
            "few-clusters",
            seen=f"{fit.n_clusters} clusters for {coef.size} coefficients",
            mend="fit fewer covariates, or without clusters and say so",
        )
    wald, score = _form(robust, coef), _form(meat, model.start.score)
    return replace(
        fit,
        robust_covariance=robust / np.outer(model.spread, model.spread),
        robust_wald=_test("Cox Wald (cluster-robust)", wald, model),
        robust_score=_test("Cox score (cluster-robust)", score, model),
    )


def _clustered(model: Model, at: Likelihood) -> FloatArray:
    """Score residuals summed within clusters."""
    return model.sample.by_cluster(score_residuals(model.sets, model.scaled, at))


def _terms(fit: CoxFit, coef: FloatArray, names: tuple[str, ...]) -> tuple[CoxTerm, ...]:
    z = normal_quantile(fit.level)
    naive = np.sqrt(np.diag(fit.covariance))
    robust = None if fit.robust_covariance is None else np.sqrt(np.diag(fit.robust_covariance))
    terms = []
    for index, name in enumerate(names):
        b, se = float(coef[index]), float(naive[index])
        used = se if robust is None else float(robust[index])
        terms.append(
            CoxTerm(
                name=name,
                coef=b,
                hr=math.exp(b),
                se=se,
                robust_se=None if robust is None else used,
                lower=math.exp(b - z * used),
                upper=math.exp(b + z * used),
                statistic=b / used,
                p=normal_p(b / used),
                p_naive=normal_p(b / se),
            )
        )
    return tuple(terms)


def _form(matrix: FloatArray, vector: FloatArray) -> float:
    return float(vector @ np.linalg.solve(matrix, vector))


def _test(name: str, statistic: float, model: Model) -> TestResult:
    return chi_square(name, max(statistic, 0.0), model.spread.size, model.sample)


def _few_events(model: Model) -> tuple[Finding, ...]:
    events, parameters = model.sets.failures.size, model.spread.size
    if events >= FEW_EVENTS * parameters:
        return ()
    return (
        Finding(
            "few-events",
            seen=f"{events} events for {parameters} coefficients",
            mend="fit fewer covariates, or use firth_cox",
        ),
    )


def _reason_before(model: Model) -> str:
    """Why Firth is needed, as far as it can be seen without a fit; empty if not."""
    for name, column in zip(model.names, model.design.T, strict=True):
        failing = column[model.sets.failures]
        if np.unique(column).size == 2 and np.ptp(failing) == 0.0:
            return f"a level of {name} has no event: every event has {name} = {failing[0]:g}"
    few = _few_events(model)
    return few[0].seen if few else ""
