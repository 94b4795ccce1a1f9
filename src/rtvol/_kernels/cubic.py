"""Cubic splines along one axis of a block of samples, and bounds by the samples around."""

from __future__ import annotations

import numpy as np

from rtvol._kernels.jit import BARE, JIT, njit

#: Part of a second difference by which a smooth extremum may pass the samples: an eighth for a
#: parabola, a quarter more for bells.
_PART = 1.25 / 8


@njit(**JIT)
def bends(values, at):
    """Second derivatives (n, m) of the natural cubic splines through values (n, m) at `at` (n,).

    Zero at both ends: the spline goes on there as a straight line (odd extension). The tridiagonal
    system of de Boor, A Practical Guide to Splines (1978), ch. IV, by elimination.
    """
    n, m = values.shape
    found = np.zeros((n, m))
    upper = np.zeros(n)
    for k in range(1, n - 1):
        below, above = at[k] - at[k - 1], at[k + 1] - at[k]
        pivot = 2 * (below + above) - below * upper[k - 1]
        upper[k] = above / pivot
        for i in range(m):
            jump = (values[k + 1, i] - values[k, i]) / above
            jump -= (values[k, i] - values[k - 1, i]) / below
            found[k, i] = (6 * jump - below * found[k - 1, i]) / pivot
    for k in range(n - 2, 0, -1):
        for i in range(m):
            found[k, i] -= upper[k] * found[k + 1, i]
    return found


@njit(**JIT)
def refine(values, at, parts, first, last):
    """Natural cubic splines of values (n, m) in `parts` equal steps of each interval.

    Parameters
    ----------
    values : float64 (n, m)
        Samples at the places `at` (n,), ascending.
    first, last
        Indices of the first and the last sample wanted; the others only shape the spline.

    Returns
    -------
    float64 ((last - first) * parts + 1, m)
    """
    m = values.shape[1]
    second = bends(values, at)
    out = np.empty(((last - first) * parts + 1, m))
    for k in range(first, last):
        width = at[k + 1] - at[k]
        for part in range(parts):
            b = part / parts
            a = 1 - b
            c, d = (a * a * a - a) * width * width / 6, (b * b * b - b) * width * width / 6
            row = out[(k - first) * parts + part]
            for i in range(m):
                row[i] = a * values[k, i] + b * values[k + 1, i]
                row[i] += c * second[k, i] + d * second[k + 1, i]
    for i in range(m):
        out[out.shape[0] - 1, i] = values[last, i]
    return out


@njit(**BARE)
def _peak(before, near, after):
    """Second difference of least size among three of one sign; 0 where their signs differ."""
    if before > 0 and near > 0 and after > 0:
        return min(before, near, after)
    if before < 0 and near < 0 and after < 0:
        return max(before, near, after)
    return 0.0


@njit(**BARE)
def _bend_at(samples, k, j, i, axis):
    """Second difference of the samples along an axis; 0 at the border."""
    c, b, a = int(axis == 0), int(axis == 1), int(axis == 2)
    at = k if axis == 0 else (j if axis == 1 else i)
    if at < 1 or at > samples.shape[axis] - 2:
        return 0.0
    sides = np.float64(samples[k - c, j - b, i - a]) + samples[k + c, j + b, i + a]
    return sides - 2 * np.float64(samples[k, j, i])


@njit(**JIT)
def headroom(samples):
    """How far (2, kz, ky, kx) a smooth extremum may pass the samples, down and up.

    A parabola rises by an eighth of its second difference above two equal samples. It counts as
    smooth where three second differences in a row have one sign (the least counts): at a step or
    in noise they alternate, and nothing passes the samples.
    """
    found = np.zeros((2, *samples.shape))
    for axis in range(3):
        c, b, a = int(axis == 0), int(axis == 1), int(axis == 2)
        for k in range(c, samples.shape[0] - c):
            for j in range(b, samples.shape[1] - b):
                for i in range(a, samples.shape[2] - a):
                    bend = _peak(
                        _bend_at(samples, k - c, j - b, i - a, axis),
                        _bend_at(samples, k, j, i, axis),
                        _bend_at(samples, k + c, j + b, i + a, axis),
                    )
                    found[0 if bend > 0 else 1, k, j, i] += abs(bend) * _PART
    return found


@njit(**JIT)
def bound(fine, samples, parts, first):
    """Cut a refined block to what the 64 samples around each of its cells allow.

    That is their least and greatest, and the headroom of smooth extrema at the cell's corners.

    Parameters
    ----------
    fine : float32 (nz, ny, nx)
        Values `parts` to a cell of the samples, overwritten; its corner lies on sample `first`.
    samples : float32 (kz, ky, kx)
        What was refined, with what lies beyond.
    """
    kz, ky, kx = samples.shape
    room = headroom(samples)
    lowest, highest = np.empty(kx), np.empty(kx)
    down, up = np.empty(kx), np.empty(kx)
    for k in range(fine.shape[0]):
        cell_k = min(k // parts[0] + first[0], kz - 2)
        for j in range(fine.shape[1]):
            cell_j = min(j // parts[1] + first[1], ky - 2)
            for i in range(kx):
                lowest[i], highest[i], down[i], up[i] = np.inf, -np.inf, 0.0, 0.0
                for c in range(max(cell_k - 1, 0), min(cell_k + 3, kz)):
                    for b in range(max(cell_j - 1, 0), min(cell_j + 3, ky)):
                        lowest[i] = min(lowest[i], samples[c, b, i])
                        highest[i] = max(highest[i], samples[c, b, i])
                for c in range(cell_k, cell_k + 2):
                    for b in range(cell_j, cell_j + 2):
                        down[i], up[i] = (
                            max(down[i], room[0, c, b, i]),
                            max(up[i], room[1, c, b, i]),
                        )
            for i in range(fine.shape[2]):
                at = min(i // parts[2] + first[2], kx - 2)
                low, high = np.inf, -np.inf
                for a in range(max(at - 1, 0), min(at + 3, kx)):
                    low, high = min(low, lowest[a]), max(high, highest[a])
                low -= max(down[at], down[at + 1])
                high += max(up[at], up[at + 1])
                fine[k, j, i] = min(max(fine[k, j, i], low), high)
