"""What the statistics give back: estimates, tests, curves and fits, each with its counts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from rtvol.outcomes.stats.arrays import lock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rtvol.errors import Finding
    from rtvol.outcomes.stats.arrays import FloatArray, IntArray
    from rtvol.outcomes.stats.observations import Observations


@dataclass(frozen=True)
class Estimate:
    """One number with its confidence limits and what it rests on.

    Attributes
    ----------
    value
        The estimate; None where the data do not determine it ("NE"), and `note` says why.
    lower, upper
        Confidence limits; None where there are none (a survival of 1 or 0, a median whose band
        never comes down).
    n_risk
        Units at risk at the place of the estimate; None where the notion has no meaning.
    n_events
        Events behind the estimate: up to the horizon, or all of them for a median.
    note
        Why there is no value, or what weakens it. Empty when there is nothing to say.
    """

    value: float | None
    lower: float | None
    upper: float | None
    n_risk: int | None
    n_events: int | None
    note: str = ""


@dataclass(frozen=True)
class TestResult:
    """One named test.

    Attributes
    ----------
    name
        Which test, in words that belong beside the p-value: "log-rank", "Cox Wald (robust)".
    statistic
        The test statistic; chi-square where `df` is given.
    df
        Degrees of freedom; None for a test that has none.
    p
        Two-sided p-value, unrounded.
    n, n_events
        Units and events behind it; `n_events` is None for a test without events.
    note
        What must be said beside it.
    findings
        Rows that were left out, and why.
    """

    __test__: ClassVar[bool] = False  # pytest takes the name for a class of tests

    name: str
    statistic: float | None
    df: int | None
    p: float
    n: int = 0
    n_events: int | None = None
    note: str = ""
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, eq=False)
class _Curve:
    """Steps in time, the same for survival and incidence."""

    time: FloatArray
    n_risk: IntArray
    n_event: IntArray
    n_censored: IntArray
    se: FloatArray
    lower: FloatArray
    upper: FloatArray
    se_naive: FloatArray
    lower_naive: FloatArray
    upper_naive: FloatArray
    level: float
    n: int
    n_events: int
    n_clusters: int | None
    sample: Observations = field(repr=False)
    findings: tuple[Finding, ...]
    errors: str = field(default="", kw_only=True)

    def __post_init__(self) -> None:
        for array in vars(self).values():
            if isinstance(array, np.ndarray):
                if array.shape != self.time.shape:
                    raise ValueError("each column of a curve has one entry per time")
                lock(array)

    @property
    def last_time(self) -> float:
        """End of follow-up: the largest time seen, with or without an event."""
        return float(self.time[-1])


@dataclass(frozen=True, eq=False)
class SurvivalCurve(_Curve):
    """Product-limit curve. Columns have one entry per distinct observed time.

    Attributes
    ----------
    time
        Distinct times, ascending, in the unit they were given in; those without an event too.
    n_risk, n_event, n_censored
        At each time: units with entry < time <= exit, events, units censored.
    survival
        S(t) just after each time.
    se, lower, upper
        Standard error of S(t) and log-log limits: by cluster (infinitesimal jackknife) when
        clusters were given, else Greenwood. NaN where S is 1 or 0.
    se_naive, lower_naive, upper_naive
        Greenwood, as if all rows were independent. The same as above without clusters.
    level
        Confidence level.
    n, n_events, n_clusters
        Rows used, events among them, clusters (None when none were given).
    sample
        The checked rows.
    findings
        Rows left out, and other things to know.
    """

    survival: FloatArray


@dataclass(frozen=True, eq=False)
class IncidenceCurve(_Curve):
    """Cumulative incidence of one cause (Aalen-Johansen), the others competing.

    Attributes
    ----------
    n_event
        Events of the cause at each time.
    n_competing
        Events of the other causes at each time.
    incidence
        F(t) of the cause just after each time.
    event_free
        Probability of none of the causes by then; with all incidences it sums to 1.
    one_minus_km
        1 - KM with the other causes censored: what the incidence is often mistaken for. Never
        below `incidence`.
    se, lower, upper
        Infinitesimal-jackknife standard error of F(t), by cluster when clusters were given, and
        limits F^exp(+-z se / (F log F)). NaN where F is 0 or 1.
    se_naive, lower_naive, upper_naive
        The same as if all rows were independent.
    cause
        Status code of the cause.

    The remaining attributes are those of `SurvivalCurve`; `n_events` counts the cause.
    """

    n_competing: IntArray
    incidence: FloatArray
    event_free: FloatArray
    one_minus_km: FloatArray
    cause: int


@dataclass(frozen=True)
class CoxTerm:
    """One covariate of a Cox model.

    Attributes
    ----------
    name
        Name of the covariate.
    coef, hr
        Log hazard ratio and hazard ratio per unit of the covariate.
    se
        Model-based standard error of `coef`.
    robust_se
        Cluster-robust standard error; None when no clusters were given.
    lower, upper
        Limits of the hazard ratio: Wald, from `robust_se` when there is one; profile penalised
        likelihood for Firth. None where the profile does not end.
    statistic, p
        z of the Wald test (same standard error as the limits), or for Firth the chi-square of the
        penalised likelihood ratio, with the two-sided p.
    p_naive
        Wald p from `se` as if all rows were independent; equals `p` without clusters and is None
        for Firth.
    """

    name: str
    coef: float
    hr: float
    se: float
    robust_se: float | None
    lower: float | None
    upper: float | None
    statistic: float
    p: float
    p_naive: float | None


@dataclass(frozen=True, eq=False)
class CoxFit:
    """A fitted Cox model.

    Attributes
    ----------
    method
        "Cox (Efron)" or "Firth Cox (Breslow)", for the table's method column.
    terms
        One per covariate, in the order given.
    covariance
        Model-based covariance (p, p) of the coefficients.
    robust_covariance
        Cluster-robust covariance; None without clusters.
    log_likelihood, log_likelihood_null
        At the fit and at zero coefficients (penalised for Firth).
    likelihood_ratio, score, wald
        Tests of all coefficients together, model-based.
    robust_wald, robust_score
        The same from clusters; None without. For lesions these are the tests to print.
    n, n_events, n_clusters
        Rows used, events, clusters.
    level
        Confidence level.
    design
        Covariates (n, p) of the rows used.
    strata
        Stratum number of each row.
    sample
        The checked rows.
    note
        Why Firth was taken, when `cox_or_firth` took it.
    errors
        How limits and p were made where clusters are few (`corrected_for_few`); empty otherwise.
    findings
        Rows left out, few events per parameter.
    """

    method: str
    terms: tuple[CoxTerm, ...]
    covariance: FloatArray
    robust_covariance: FloatArray | None
    log_likelihood: float
    log_likelihood_null: float
    likelihood_ratio: TestResult
    score: TestResult | None
    wald: TestResult
    robust_wald: TestResult | None
    robust_score: TestResult | None
    n: int
    n_events: int
    n_clusters: int | None
    level: float
    design: FloatArray = field(repr=False)
    strata: IntArray = field(repr=False)
    sample: Observations = field(repr=False)
    note: str = ""
    errors: str = ""
    findings: tuple[Finding, ...] = ()

    def __post_init__(self) -> None:
        for array in vars(self).values():
            if isinstance(array, np.ndarray):
                lock(array)

    def __iter__(self) -> Iterator[CoxTerm]:
        return iter(self.terms)

    def __getitem__(self, name: str) -> CoxTerm:
        """Return the term of that name; KeyError when there is none."""
        for term in self.terms:
            if term.name == name:
                return term
        raise KeyError(name)

    @property
    def coef(self) -> FloatArray:
        """Coefficients (p,), in the order of the terms."""
        return np.array([term.coef for term in self.terms])


@dataclass(frozen=True)
class PHTest:
    """Test of proportional hazards: one result per term, and one for all."""

    terms: dict[str, TestResult]
    overall: TestResult


@dataclass(frozen=True)
class HazardInterval:
    """Constant hazard of one interval.

    Attributes
    ----------
    start, end
        The interval (start, end], in the unit of the times.
    events, exposure
        Events and time at risk in it.
    rate
        Events per unit of time, with exact Poisson limits; not estimable without time at risk.
    """

    start: float
    end: float
    events: int
    exposure: float
    rate: Estimate
