"""Tails and quantiles of the normal, chi-square, t and beta distributions, from scipy.special.

The functions scipy.stats ends in; without its import, which takes longer than a small analysis.
"""

from __future__ import annotations

import math

from scipy import special

#: Below this number of clusters errors summed by cluster are known to be too small.
FEW_CLUSTERS = 20


def normal_tail(z: float) -> float:
    """Probability above z."""
    return float(special.ndtr(-z))


def normal_p(z: float) -> float:
    """Two-sided p of a normal statistic."""
    return 2.0 * normal_tail(abs(z))


def normal_quantile(level: float) -> float:
    """Two-sided normal quantile: 1.96 for 0.95."""
    return float(-special.ndtri((1.0 - level) / 2.0))


def chi2_tail(statistic: float, df: int) -> float:
    """Probability above a chi-square statistic."""
    return float(special.chdtrc(df, statistic))


def chi2_quantile(tail: float, df: int) -> float:
    """Chi-square value with this probability above it."""
    return float(special.chdtri(df, tail))


def t_p(statistic: float, df: float) -> float:
    """Two-sided p of a t statistic."""
    return 2.0 * float(special.stdtr(df, -abs(statistic)))


def t_quantile(level: float, df: float) -> float:
    """Two-sided t quantile: 2.23 for 0.95 and 10 degrees of freedom."""
    return float(-special.stdtrit(df, (1.0 - level) / 2.0))


def is_few(clusters: int | None) -> bool:
    """Tell whether errors by cluster must be corrected: clusters, more than one and few."""
    return clusters is not None and 1 < clusters < FEW_CLUSTERS


def reach_by_cluster(level: float, clusters: int | None) -> float:
    """Return what a standard error by cluster is multiplied by for limits.

    The normal quantile; with few clusters root of G / (G - 1) times that of t with G - 1 degrees
    of freedom, as sample surveys take it for the variance between clusters (Williams, Biometrics
    1995;51:1362, for product-limit curves).
    """
    if clusters is None or not is_few(clusters):
        return normal_quantile(level)
    return math.sqrt(clusters / (clusters - 1)) * t_quantile(level, clusters - 1)


def p_by_cluster(ratio: float, clusters: int | None) -> float:
    """Two-sided p of an estimate over its standard error by cluster, as `reach_by_cluster`."""
    if clusters is None or not is_few(clusters):
        return normal_p(ratio)
    return t_p(ratio * math.sqrt((clusters - 1) / clusters), clusters - 1)


def beta_quantile(probability: float, a: float, b: float) -> float:
    """Value of a beta variable with this probability below it."""
    return float(special.betaincinv(a, b, probability))
