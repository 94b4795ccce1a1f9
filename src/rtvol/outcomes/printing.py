"""Numbers as tables print them: half away from zero, by decimal; no p of 0.000, no infinite HR."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Decimal

#: Digits kept before rounding: beyond them a float is only the noise of its own arithmetic.
SIGNIFICANT = 12
#: From this many on, percents have a decimal.
FINE_PERCENT_FROM = 200
NOT_ESTIMABLE = "NE"
SMALLEST_P = 0.001
ALPHA = 0.05
LARGEST_HR = 999.0


def fixed(value: float, digits: int) -> str:
    """Return a number with that many decimals, halves away from zero: 112.5 is 113, 2.5 is 3.

    Python's and numpy's own rounding takes halves to the even neighbour, and would print 112.

    Parameters
    ----------
    value
        A finite number.
    digits
        Decimals, 0 or more.
    """
    exact = Decimal(f"{value:.{SIGNIFICANT}g}")
    rounded = exact.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)
    return f"{rounded or abs(rounded):f}"


def plain(value: float) -> str:
    """Return a number of the settings as it was given: 10, 0.5."""
    return f"{value:g}"


def percent(share: float, n: int) -> str:
    """Return a share as percent: no decimals below 200 units, one from there on; without sign."""
    return fixed(100 * share, 1 if n >= FINE_PERCENT_FROM else 0)


def count(part: int, whole: int) -> str:
    """Return `16 (29)`: a count and its percent."""
    return f"{part} ({percent(part / whole, whole)})" if whole else str(part)


def p_value(p: float | None) -> str:
    """Return a p with 3 decimals, 4 where 3 would read .050 or .000 is meant as small.

    The printed side of .05 is that of the number itself.
    """
    if p is None or not math.isfinite(p):
        return NOT_ESTIMABLE
    if p < SMALLEST_P:
        return "< .001"
    shown = fixed(p, 3)
    if shown == "0.050" and p != ALPHA:
        shown = fixed(p, 4)
        shown = shown if shown != "0.0500" else ("< .0500" if p < ALPHA else "> .0500")
    return "> .999" if shown == "1.000" else shown.replace("0.", ".", 1)


def ratio(value: float | None) -> str:
    """Return a hazard ratio with 2 decimals; one beyond 999 or below .01 is given as a bound."""
    if value is None or not math.isfinite(value):
        return NOT_ESTIMABLE
    if value > LARGEST_HR:
        return "> 999"
    return fixed(value, 2) if value >= 0.01 or value == 0 else "< 0.01"


def interval(lower: float | None, upper: float | None, digits: int, scale: float = 1) -> str:
    """Return `61-92`, with NE for a limit that does not exist; empty when neither does."""
    if lower is None and upper is None:
        return ""
    low, high = (
        NOT_ESTIMABLE if limit is None else fixed(scale * limit, digits) for limit in (lower, upper)
    )
    return f"{low}-{high}"


def hazard(value: float | None, lower: float | None, upper: float | None) -> str:
    """Return `0.59 (0.42-0.82)`."""
    if value is None:
        return NOT_ESTIMABLE
    return f"{ratio(value)} ({ratio(lower)}-{ratio(upper)})"
