"""Coefficients with Wald limits, as the models list them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rtvol.outcomes.stats.results import CoxTerm
from rtvol.outcomes.stats.tails import normal_p, normal_quantile, t_p, t_quantile

if TYPE_CHECKING:
    from rtvol.outcomes.stats.arrays import FloatArray


def wald_terms(
    names: tuple[str, ...],
    coef: FloatArray,
    errors: FloatArray,
    level: float,
    free: int | None = None,
) -> tuple[CoxTerm, ...]:
    """Describe coefficients whose standard errors are known: normal, or t with `free` degrees."""
    z = normal_quantile(level) if free is None else t_quantile(level, free)
    terms = []
    for name, b, se in zip(names, coef.tolist(), errors.tolist(), strict=True):
        p = normal_p(b / se) if free is None else t_p(b / se, free)
        terms.append(
            CoxTerm(
                name=name,
                coef=b,
                hr=math.exp(b),
                se=se,
                robust_se=None,
                lower=math.exp(b - z * se),
                upper=math.exp(b + z * se),
                statistic=b / se,
                p=p,
                p_naive=p,
            )
        )
    return tuple(terms)
