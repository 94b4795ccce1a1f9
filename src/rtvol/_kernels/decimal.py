"""Decimal strings to float64, bit for bit what Python's float() gives."""

from __future__ import annotations

import numpy as np

from rtvol._kernels.jit import JIT, njit

# Powers of ten that float64 holds exactly. A mantissa below 2**53 times or divided by one of
# them is rounded once, hence correctly (Clinger, PLDI 1990, "fast path").
_POWERS = np.array([10.0**n for n in range(23)])
_EXACT = 1 << 53
#: So many digits may not fit 64 bits.
_DIGITS = 19


@njit(**JIT)
def parse_numbers(data, spans):
    """Backslash-separated decimal strings to float64.

    `data` (N,) uint8; `spans` (R, 2) int64 start and stop of each value. Returns the numbers (M,)
    float64; where those of each value begin (R + 1,) int64: there is one more than it has
    backslashes, and none in an empty value; and the doubtful ones (D, 3) int64: index, start, stop
    of each token that is not plainly a number of at most 2**53 and 22 decimal places; its value is
    NaN.
    """
    total = 0
    for value in range(spans.shape[0]):
        if spans[value, 0] < spans[value, 1]:
            total += 1
            for byte in data[spans[value, 0] : spans[value, 1]]:
                total += byte == 92
    numbers = np.empty(total, np.float64)
    doubts = np.empty((16, 3), np.int64)
    starts = np.zeros(spans.shape[0] + 1, np.int64)
    index, doubt_count = 0, 0
    for value in range(spans.shape[0]):
        at, stop = spans[value, 0], spans[value, 1]
        going = at < stop
        while going:
            token = at
            while at < stop and data[at] == 32:
                at += 1
            negative = False
            if at < stop and (data[at] == 45 or data[at] == 43):
                negative = data[at] == 45
                at += 1
            first, mantissa, exponent = at, np.int64(0), np.int64(0)
            while at < stop and 48 <= data[at] <= 57:
                mantissa = mantissa * 10 + (np.int64(data[at]) - 48)
                at += 1
            digits = at - first
            if at < stop and data[at] == 46:
                at += 1
                first = at
                while at < stop and 48 <= data[at] <= 57:
                    mantissa = mantissa * 10 + (np.int64(data[at]) - 48)
                    at += 1
                exponent = np.int64(first - at)
                digits += at - first
            plain = digits < _DIGITS
            if at < stop and digits > 0 and (data[at] == 69 or data[at] == 101):
                at += 1
                sign = np.int64(1)
                if at < stop and (data[at] == 45 or data[at] == 43):
                    sign = np.int64(-1 if data[at] == 45 else 1)
                    at += 1
                power, power_digits = np.int64(0), 0
                while at < stop and 48 <= data[at] <= 57:
                    power = min(power * 10 + (np.int64(data[at]) - 48), np.int64(9999))
                    power_digits += 1
                    at += 1
                exponent += sign * power
                plain = plain and power_digits > 0
            while at < stop and (data[at] == 32 or data[at] == 0):
                at += 1
            ended = at == stop or data[at] == 92
            while at < stop and data[at] != 92:
                at += 1
            if plain and ended and digits > 0 and mantissa < _EXACT and -23 < exponent < 23:
                number = np.float64(mantissa)
                number = (
                    number * _POWERS[exponent] if exponent >= 0 else number / _POWERS[-exponent]
                )
                numbers[index] = -number if negative else number
            else:
                numbers[index] = np.nan
                if doubt_count == doubts.shape[0]:
                    doubts = np.concatenate((doubts, doubts))
                doubts[doubt_count, 0] = index
                doubts[doubt_count, 1], doubts[doubt_count, 2] = token, at
                doubt_count += 1
            going = at < stop  # behind a backslash comes a number, even at the end
            index, at = index + 1, at + 1
        starts[value + 1] = index
    return numbers, starts, doubts[:doubt_count].copy()
