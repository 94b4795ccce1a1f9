"""What the models beyond Cox give back: Fine-Gray, dose-response, searched cut-points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rtvol.outcomes.stats.arrays import lock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rtvol.outcomes.stats.arrays import FloatArray
    from rtvol.outcomes.stats.results import CoxTerm, Estimate, TestResult


@dataclass(frozen=True, eq=False)
class FineGrayFit:
    """A fitted model of the subdistribution hazard.

    Attributes
    ----------
    method
        "Fine-Gray".
    terms
        One per covariate; hazard ratios are of the subdistribution.
    covariance
        Covariance (p, p) of the coefficients, the censoring weights' uncertainty included.
    log_likelihood, log_likelihood_null
        Weighted log partial likelihood at the fit and at zero.
    wald
        Test of all coefficients together.
    n, n_events, n_competing, n_clusters
        Rows, events of the cause, competing events, clusters (None without).
    level
        Confidence level.
    """

    method: str
    terms: tuple[CoxTerm, ...]
    covariance: FloatArray
    log_likelihood: float
    log_likelihood_null: float
    wald: TestResult
    n: int
    n_events: int
    n_competing: int
    n_clusters: int | None
    level: float
    errors: str = ""

    def __post_init__(self) -> None:
        lock(self.covariance)

    def __iter__(self) -> Iterator[CoxTerm]:
        return iter(self.terms)

    def __getitem__(self, name: str) -> CoxTerm:
        """Return the term of that name; KeyError when there is none."""
        return {term.name: term for term in self.terms}[name]

    @property
    def coef(self) -> FloatArray:
        """Coefficients (p,), in the order of the terms."""
        return np.array([term.coef for term in self.terms])


@dataclass(frozen=True, eq=False)
class DoseResponseFit:
    """A fitted curve of control against dose.

    Attributes
    ----------
    link, how, horizon
        "logistic" or "probit"; "censored" or "known" (`dose_response`); the time control is meant
        at.
    coef, covariance
        Intercept, slope per Gy and, when volume was given, its coefficient; their covariance from
        the observed information, the expected one for "known".
    robust_covariance, quantile
        Covariance by cluster, None without clusters; and what its errors are multiplied by for
        limits, normal or, with few clusters, of t.
    latency
        Rate at which failures come within the horizon, per unit of time; None without.
    log_likelihood, log_likelihood_flat
        At the fit, and without dose.
    statistic, p_naive
        Likelihood ratio of dose, chi-square with one degree of freedom.
    p
        The same by cluster (`dose_response`), None where clusters do not tell it; as p_naive
        without clusters.
    d50, gamma50
        Dose of half control and normalised slope there, with profile limits by cluster.
    d50_naive, gamma50_naive
        The same with the profile limits of independent rows.
    centre
        Median of the volume covariate, at which they are meant; 0 without.
    n, n_failed, n_controlled, n_censored, n_left_out
        Rows; failed by the horizon; seen without failure at it; censored before; left out because
        nothing is known of them ("known" only).
    n_clusters, errors
        Clusters (None: rows are independent), and how limits were made where they are few.
    level
        Confidence level.
    """

    link: str
    how: str
    horizon: float
    coef: FloatArray
    covariance: FloatArray
    robust_covariance: FloatArray | None
    quantile: float
    latency: float | None
    log_likelihood: float
    log_likelihood_flat: float
    statistic: float
    p: float | None
    p_naive: float
    d50: Estimate
    gamma50: Estimate
    d50_naive: Estimate
    gamma50_naive: Estimate
    centre: float
    n: int
    n_failed: int
    n_controlled: int
    n_censored: int
    n_left_out: int
    n_clusters: int | None
    errors: str
    level: float

    def __post_init__(self) -> None:
        for array in (self.coef, self.covariance, self.robust_covariance):
            if array is not None:
                lock(array)

    def band(self, design: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Limits (m,) of the linear predictor at rows (m, p) of intercept, dose and volume."""
        used = self.covariance if self.robust_covariance is None else self.robust_covariance
        middle = design @ self.coef
        reach = self.quantile * np.sqrt(np.einsum("ij,jk,ik->i", design, used, design))
        return middle - reach, middle + reach


@dataclass(frozen=True, eq=False)
class OptimalCut:
    """A cut-point looked for in the data: "data-driven", never to be printed without its price.

    Attributes
    ----------
    cut
        Groups are value <= cut and value > cut.
    cut_lower, cut_upper
        Percentile limits of the cut over bootstrap samples; None when none were asked for.
    statistic
        Largest absolute standardised log-rank statistic over the cuts that were looked at.
    naive
        The test as if the cut had been known before: too small a p.
    corrected, corrected_94
        Lausen and Schumacher 1992 (the default to print) and 1994 (improved Bonferroni).
    tried, statistics
        Cuts that were looked at, and the absolute standardised statistic at each.
    n_cuts
        How many.
    n_bootstrap, seed
        Bootstrap samples that gave a cut, and the seed of their draw.
    """

    cut: float
    cut_lower: float | None
    cut_upper: float | None
    statistic: float
    naive: TestResult
    corrected: TestResult
    corrected_94: TestResult
    tried: FloatArray
    statistics: FloatArray
    n_cuts: int
    n_bootstrap: int
    seed: int | None
