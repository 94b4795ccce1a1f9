"""Which values stand apart from the others: a rule that outliers themselves cannot bend.

Modified z-scores (B. Iglewicz, D. Hoaglin, How to Detect and Handle Outliers, ASQC 1993, section
3.3): 0.6745 (x - median) / MAD beyond 3.5, the MAD being the median of |x - median|. Where more
than half of the values are equal the MAD is 0, and the mean of |x - median| times 1.253314 takes
its place: both are the standard deviation of normal values.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_SCORE = 3.5
#: Fewer values have no outliers: nothing says what is usual.
FEWEST = 8
NORMAL_MAD, NORMAL_MEAN = 0.6745, 1.253314


@dataclass(frozen=True, eq=False)
class UsualRange:
    """What is usual among values, and which are not.

    Attributes
    ----------
    median, low, high
        The middle, and the limits that outlying values lie beyond, in the unit of the values.
        The limits are infinite where there are too few values for any.
    outlying
        (n,) bool.
    """

    median: float
    low: float
    high: float
    outlying: NDArray[np.bool_]


def spread_of(
    values: NDArray[np.float64], *, resolution: float, by_ratio: bool = False
) -> UsualRange:
    """Find what is usual, and what is not.

    Parameters
    ----------
    values
        (n,) finite values; n from 1.
    resolution
        Values as near to the median as this are usual, however alike the others are: in the unit
        of the values, or as a part of the median with `by_ratio`.
    by_ratio
        Look at the logarithms: of volumes, which spread by ratio. Values of 0 and below then stand
        apart whatever the rule says, and take no part in it.

    Raises
    ------
    ValueError
        No values, or one is not finite.
    """
    if not values.size or not np.isfinite(values).all():
        raise ValueError("a spread needs finite values")
    usable = values > 0 if by_ratio else np.ones(values.shape, np.bool_)
    scale = np.log(values[usable]) if by_ratio else values[usable]
    if not scale.size:
        return UsualRange(
            float(np.median(values)), -math.inf, math.inf, np.zeros(values.shape, bool)
        )
    middle = float(np.median(scale))
    reach = math.inf
    if scale.size >= FEWEST:
        away = abs(scale - middle)
        deviation = float(np.median(away)) / NORMAL_MAD or NORMAL_MEAN * float(away.mean())
        reach = max(MOST_SCORE * deviation, math.log1p(resolution) if by_ratio else resolution)
    low, high = middle - reach, middle + reach
    if by_ratio:
        middle, high = math.exp(middle), _exp(high)
        low = math.exp(low) if math.isfinite(low) else low
    # limits themselves are usual; equal values must not fall out by a rounding of exp and log
    slack = 1e-9 * max(abs(middle), 1e-9)
    outlying = (values < low - slack) | (values > high + slack) | ~usable
    return UsualRange(middle, low, high, outlying & (scale.size >= FEWEST))


def _exp(power: float) -> float:
    return math.exp(power) if power < math.log(np.finfo(np.float64).max) else math.inf
