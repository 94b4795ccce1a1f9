"""Biologically effective dose (BED) and its equivalent in 2 Gy fractions (EQD2): LQ and LQ-L."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeVar

import numpy as np

from rtvol.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rtvol.dvh.curve import DVH

#: What the dose axis of a distribution shows.
Axis = Literal["physical", "bed", "eqd2"]

_Dose = TypeVar("_Dose", float, "NDArray[np.float64]")


@dataclass(frozen=True)
class Survival:
    """How a tissue answers to fractions: linear-quadratic, and linear above a transition dose.

    Attributes
    ----------
    alpha_beta_gy
        Ratio alpha/beta in Gy.
    transition_gy
        Dose per fraction d_T in Gy from which the response is a straight line (LQ-L; Astrahan,
        Med. Phys. 35 (2008) 4161; Park, IJROBP 70 (2008) 847); None for LQ at all doses.
    slope
        gamma/alpha, BED per Gy above d_T; None for the tangent 1 + 2 d_T / (alpha/beta).

    Raises
    ------
    UsageError
        At birth: `bad-fractionation` when a number is not above zero, or a slope has no
        transition dose.
    """

    alpha_beta_gy: float
    transition_gy: float | None = None
    slope: float | None = None

    def __post_init__(self) -> None:
        numbers = [self.alpha_beta_gy, self.transition_gy, self.slope]
        given = [number for number in numbers if number is not None]
        if not all(0 < number < math.inf for number in given) or (
            self.slope is not None and self.transition_gy is None
        ):
            raise UsageError(
                "bad-fractionation",
                seen=", ".join(f"{number:g}" for number in given),
                mend="alpha/beta, d_T and slope are numbers above 0, a slope has a d_T",
            )

    @property
    def text(self) -> str:
        """The numbers in words: `a/b 10 Gy`, `a/b 10 Gy, LQ-L from 6.2 Gy, slope 2.24`."""
        words = f"a/b {self.alpha_beta_gy:g} Gy"
        if self.transition_gy is None:
            return words
        return f"{words}, LQ-L from {self.transition_gy:g} Gy, slope {self.final_slope:.4g}"

    @property
    def final_slope(self) -> float:
        """BED per Gy above the transition dose: as given, else the tangent there."""
        if self.slope is not None:
            return self.slope
        return 1 + 2 * (self.transition_gy or 0.0) / self.alpha_beta_gy


def effect_gy(dose_gy: _Dose, fractions: int, survival: Survival, axis: Axis) -> _Dose:
    """Dose (Gy) of equal fractions as physical dose, BED or EQD2, in Gy.

    With d = D/n: BED = D (1 + d/(a/b)) up to d_T, n [d_T (1 + d_T/(a/b)) + slope (d - d_T)]
    above it. EQD2 = BED / (BED of 2 Gy / 2 Gy). Each rises with the dose.

    Parameters
    ----------
    dose_gy
        Total dose in Gy, one or an array.
    fractions
        Number of equal fractions it is given in.
    survival
        Parameters of the tissue.
    axis
        "physical", "bed" or "eqd2".

    Raises
    ------
    UsageError
        `bad-fractionation` when the fractions are not above zero.
    """
    if fractions <= 0:
        raise UsageError("bad-fractionation", seen=f"{fractions} fractions")
    if axis == "physical":
        return dose_gy
    bed = fractions * _fraction_gy(dose_gy / fractions, survival)
    per_gy = float(_fraction_gy(2.0, survival)) / 2 if axis == "eqd2" else 1.0
    return bed / per_gy


def _fraction_gy(dose_gy: _Dose, survival: Survival) -> _Dose:
    """BED in Gy of one fraction."""
    bent = dose_gy
    if survival.transition_gy is not None:
        bent = np.minimum(dose_gy, survival.transition_gy)
    straight = (dose_gy - bent) * survival.final_slope
    return bent * (1 + bent / survival.alpha_beta_gy) + straight


def as_effect(dvh: DVH, fractions: int, survival: Survival, axis: Axis) -> DVH:
    """Distribution with its dose axis in BED or EQD2; exact, for both rise with the dose."""
    edge_gy = dvh.edge_gy
    if math.isfinite(edge_gy):
        edge_gy = float(effect_gy(edge_gy, fractions, survival, axis))
    doses = np.array(effect_gy(dvh.dose_gy, fractions, survival, axis))
    return replace(dvh, dose_gy=doses, edge_gy=edge_gy)


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
    return _prescribed(dose_gy, fractions, alpha_beta_gy, "bed")


def eqd2_gy(dose_gy: float, fractions: int, alpha_beta_gy: float) -> float:
    """Dose in 2 Gy fractions with the same BED, in Gy: BED / (1 + 2 / (alpha/beta)).

    Parameters, errors and model are those of `bed_gy`.
    """
    return _prescribed(dose_gy, fractions, alpha_beta_gy, "eqd2")


def _prescribed(dose_gy: float, fractions: int, alpha_beta_gy: float, axis: Axis) -> float:
    numbers = (dose_gy, fractions, alpha_beta_gy)
    if not all(map(math.isfinite, numbers)) or dose_gy < 0 or min(numbers[1:]) <= 0:
        raise UsageError(
            "bad-fractionation",
            seen=f"{dose_gy:g} Gy in {fractions:g} fractions, alpha/beta {alpha_beta_gy:g} Gy",
            mend="give a dose of 0 Gy or more, and fractions and alpha/beta above 0",
        )
    return float(effect_gy(dose_gy, fractions, Survival(alpha_beta_gy), axis))
