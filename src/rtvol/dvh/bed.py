"""Biologically effective dose of a fractionated prescription."""

from __future__ import annotations

import math

from rtvol.errors import UsageError


def bed_gy(dose_gy: float, fractions: int, alpha_beta_gy: float) -> float:
    """Biologically effective dose of equal fractions: D (1 + d / (alpha/beta)).

    Parameters
    ----------
    dose_gy
        Total dose in Gy.
    fractions
        Number of equal fractions it is given in.
    alpha_beta_gy
        Ratio alpha/beta of the tissue in Gy; to be printed beside the result.

    Returns
    -------
    BED in Gy (for that alpha/beta), by the linear-quadratic model without a time factor (Fowler,
    Br. J. Radiol. 62 (1989) 679).

    Raises
    ------
    UsageError
        `bad-fractionation` when a number is not finite, the dose is negative, or fractions or
        alpha/beta are not above zero.
    """
    numbers = (dose_gy, fractions, alpha_beta_gy)
    if not all(map(math.isfinite, numbers)) or dose_gy < 0 or min(numbers[1:]) <= 0:
        raise UsageError(
            "bad-fractionation",
            seen=f"{dose_gy:g} Gy in {fractions:g} fractions, alpha/beta {alpha_beta_gy:g} Gy",
            mend="give a dose of 0 Gy or more, and fractions and alpha/beta above 0",
        )
    return dose_gy * (1 + dose_gy / fractions / alpha_beta_gy)


def eqd2_gy(dose_gy: float, fractions: int, alpha_beta_gy: float) -> float:
    """Dose in 2 Gy fractions with the same BED, in Gy: BED / (1 + 2 / (alpha/beta)).

    Parameters, errors and model are those of `bed_gy`.
    """
    return bed_gy(dose_gy, fractions, alpha_beta_gy) / (1 + 2 / alpha_beta_gy)
