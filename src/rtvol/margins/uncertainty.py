"""CTV-to-PTV margins from the errors of a population: van Herk 2000, Stroom 1999."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rtvol.errors import UsageError
from rtvol.margins.margin import Margin

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Errors of one source along the three axes, mm (one standard deviation each).
Three = tuple[float, float, float]
AXES = ("left-right", "anterior-posterior", "superior-inferior")
#: Usual choices of van Herk 2000: 90 % of patients, 95 % of the dose, penumbra in water.
COVERAGE_PERCENT, DOSE_PERCENT, PENUMBRA_MM = 90.0, 95.0, 3.2
#: Beside the full form: 2.5 Sigma + 0.7 sigma, and Stroom's 2 Sigma + 0.7 sigma.
SIMPLE, STROOM = (2.5, 0.7), (2.0, 0.7)
#: Where what is printed comes from.
SOURCES = (
    "van Herk, Remeijer, Rasch, Lebesque 2000, Int J Radiat Oncol Biol Phys 47:1121-1135",
    "Stroom, de Boer, Huizenga, Visser 1999, Int J Radiat Oncol Biol Phys 43:905-919",
    "van Herk 2004, Semin Radiat Oncol 14:52-64 (which errors are which, and their sum)",
    "Gordon, Siebers 2007, Phys Med Biol 52:1967-1990 (few fractions, small systematic errors)",
)
#: What the formulas take for granted.
LIMITS = (
    "errors are normal, alike in all patients, and translations: no rotation, no change of shape",
    "the dose conforms to the PTV, stays where it is, and falls off like a cumulative normal",
    "the target is much larger than its errors, and has neither shoulder nor tip",
    "many fractions: random errors blur the dose; of few, their mean stays (--fractions)",
    "lung: a wider penumbra (--penumbra 6.4) or an isodose of 80 % (--dose 80) asks for less",
    "respiration beyond 10 mm, peak to peak, is no normal error (van Herk 2003, 57:1460)",
)


@dataclass(frozen=True)
class ErrorMargins:
    """Margins along the three axes, mm, and what they were made of.

    Attributes
    ----------
    systematic_mm, random_mm
        Standard deviations along the axes, several sources added in quadrature: as given, or with
        `fractions` as they act.
    alpha, beta
        Numbers of systematic and of random standard deviations.
    full_mm
        alpha S + beta sqrt(s^2 + p^2) - beta p (van Herk 2000, his equation for a penumbra p).
    simple_mm, stroom_mm
        2.5 S + 0.7 s; 2 S + 0.7 s.
    fractions
        Number of fractions the errors act over; None for many.
    """

    systematic_mm: Three
    random_mm: Three
    alpha: float
    beta: float
    penumbra_mm: float
    full_mm: Three
    simple_mm: Three
    stroom_mm: Three
    fractions: int | None = None

    @property
    def margin(self) -> Margin:
        """The full form as a margin of six directions, rounded up to 0.1 mm."""
        x, y, z = (math.ceil(mm * 10 - 1e-6) / 10 for mm in self.full_mm)
        return Margin(x, x, y, y, z, z)

    @property
    def flag_text(self) -> str:
        """That margin as `--ptv` takes it."""
        pairs = zip("LRAPSI", self.margin.six_mm, strict=True)
        return ",".join(f"{letter}{mm:g}" for letter, mm in pairs)


def parse_errors(texts: Sequence[str], what: str) -> tuple[Three, ...]:
    """Read standard deviations in mm: `2`, or `2,2,3` for the three axes.

    Raises
    ------
    UsageError
        `bad-errors`.
    """
    found = []
    for text in texts:
        try:
            numbers = [float(part) for part in text.split(",")]
        except ValueError:
            numbers = []
        if len(numbers) == 1:
            numbers *= 3
        if len(numbers) != len(AXES) or not all(0 <= mm < math.inf for mm in numbers):
            raise UsageError(
                "bad-errors",
                where=what,
                seen=text,
                mend="one number of mm, or three: left-right, anterior-posterior, "
                "superior-inferior, as 2,2,3",
            )
        found.append((numbers[0], numbers[1], numbers[2]))
    return tuple(found)


def error_margins(
    systematic_mm: Sequence[Three],
    random_mm: Sequence[Three],
    *,
    penumbra_mm: float = PENUMBRA_MM,
    coverage_percent: float = COVERAGE_PERCENT,
    dose_percent: float = DOSE_PERCENT,
    fractions: int | None = None,
) -> ErrorMargins:
    """Return the margins that keep a dose for a part of the patients.

    Parameters
    ----------
    systematic_mm, random_mm
        Standard deviations of each source along the axes, mm; sources add up in quadrature.
    penumbra_mm
        Standard deviation of the normal that blurs the dose's edge: 3.2 in water, 6.4 in lung.
    coverage_percent
        Part of the patients whose target gets the dose all over: alpha is the radius, in standard
        deviations, of the sphere that holds this part of a normal distribution in 3-D (2.50).
    dose_percent
        The dose, in % of that in the plateau: beta is its quantile of the normal (1.64).
    fractions
        Of few fractions the mean of the random errors stays: S^2 + s^2 / N act systematically,
        s^2 (1 - 1 / N) blur.

    Raises
    ------
    UsageError
        `bad-errors`.
    """
    from scipy.special import gammaincinv, ndtri

    for what, percent, least in (("--coverage", coverage_percent, 0), ("--dose", dose_percent, 50)):
        if not least < percent < 100:
            mend = f"a percentage above {least} and below 100"
            raise UsageError("bad-errors", where=what, seen=f"{percent:g} %", mend=mend)
    if not 0 <= penumbra_mm < math.inf:
        raise UsageError(
            "bad-errors", where="--penumbra", seen=f"{penumbra_mm:g}", mend="0 mm or more"
        )
    if fractions is not None and fractions < 1:
        raise UsageError("bad-errors", where="--fractions", seen=str(fractions), mend="1 or more")
    big, small = _summed(systematic_mm), _summed(random_mm)
    if fractions is not None:
        pairs = list(zip(big, small, strict=True))
        big = _three([math.sqrt(S * S + s * s / fractions) for S, s in pairs])
        small = _three([s * math.sqrt(1 - 1 / fractions) for _, s in pairs])
    alpha = math.sqrt(2 * float(gammaincinv(1.5, coverage_percent / 100)))
    beta = float(ndtri(dose_percent / 100))
    both = list(zip(big, small, strict=True))
    blur = [beta * (math.hypot(s, penumbra_mm) - penumbra_mm) for _, s in both]
    return ErrorMargins(
        systematic_mm=big,
        random_mm=small,
        alpha=alpha,
        beta=beta,
        penumbra_mm=penumbra_mm,
        full_mm=_three([alpha * S + more for (S, _), more in zip(both, blur, strict=True)]),
        simple_mm=_three([SIMPLE[0] * S + SIMPLE[1] * s for S, s in both]),
        stroom_mm=_three([STROOM[0] * S + STROOM[1] * s for S, s in both]),
        fractions=fractions,
    )


def _summed(sources: Sequence[Three]) -> Three:
    return _three([math.hypot(*(one[axis] for one in sources)) for axis in range(3)])


def _three(numbers: Sequence[float]) -> Three:
    x, y, z = numbers
    return (x, y, z)
