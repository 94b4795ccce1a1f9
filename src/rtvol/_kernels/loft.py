"""From distances on planes to the surface between them, and to distances in 3-D."""

from __future__ import annotations

import numpy as np
from numba import njit

from rtvol._kernels.jit import JIT

#: A gap is a real jump of the outline, kept as two slabs, where the surface is flatter than this
#: slope (mm in plane per mm along z) and at least JUMP_RATIO times the slope of the gaps beside it.
#: On a sphere the last gap reaches slope 2.4 with ratio 3.4 (8 mm radius, 2.5 mm slices), and an
#: inner gap never exceeds both neighbours.
INNER_STEEP, END_STEEP, JUMP_RATIO = 1.0, 2.5, 4.0


@njit(**JIT)
def _akima_slope(m1, m2, m3, m4):  # type: ignore[no-untyped-def]
    """Slope at a knot from the four secants around it (modified Akima weights).

    The weight |m4 - m3| + |m4 + m3| / 2 (instead of Akima's |m4 - m3|, J. ACM 17 (1970) 589)
    keeps flat runs flat beside a step: no overshoot there.
    """
    half = np.float32(0.5)
    w1 = abs(m4 - m3) + half * abs(m4 + m3)
    w2 = abs(m2 - m1) + half * abs(m2 + m1)
    total = w1 + w2 + np.float32(1e-12)
    return (w1 * m2 + w2 * m3) / total


@njit(**JIT)
def _closing(last, before, first, step1, step2, neighbours):  # type: ignore[no-untyped-def]
    """Slope and curvature with which the field goes on beyond its last plane.

    The parabola through the last three planes (`neighbours` = 2 or more before the last); their
    line where there are two and it closes; no change for one. A jump between the last two planes
    leaves the end flat, one before them leaves their line. At a distance t beyond the last plane
    the field is last + t (slope + (t + step1) curvature).
    """
    zero, ratio = np.float32(0.0), np.float32(JUMP_RATIO)
    if neighbours < 1:
        return zero, zero
    near = (last - before) / step1
    if neighbours < 2:
        return max(near, zero), zero
    far = (before - first) / step2
    if abs(near) > np.float32(END_STEEP) and abs(near) > ratio * abs(far):
        return zero, zero
    if abs(far) > np.float32(INNER_STEEP) and abs(far) > ratio * abs(near):
        return near, zero
    return near, (near - far) / (step1 + step2)


@njit(**JIT)
def extend_end(values, z, z_out, out):  # type: ignore[no-untyped-def]
    """Continue the field beyond the last of up to three planes: the closing end of a solid.

    Parameters
    ----------
    values
        (P, N) float32, P <= 3: the planes nearest the end, the last plane first.
    z
        (P,) their positions, mm, in the same order.
    z_out, out
        Positions (K,) wanted and (K, N) float32, overwritten.
    """
    planes, count = values.shape
    second, third = min(1, planes - 1), planes - 1
    step1 = np.float32(abs(z[second] - z[0])) if planes > 1 else np.float32(1.0)
    step2 = np.float32(abs(z[third] - z[second])) if planes > 2 else step1
    for i in range(count):
        slope, curvature = _closing(
            values[0, i], values[second, i], values[third, i], step1, step2, planes - 1
        )
        for k in range(z_out.size):
            t = np.float32(abs(z_out[k] - z[0]))
            out[k, i] = values[0, i] + t * (slope + (t + step1) * curvature)


@njit(**JIT)
def has_jump(values, z, gap):  # type: ignore[no-untyped-def]
    """Whether the outline jumps anywhere in a gap, so that two slabs meet in its middle."""
    knots, count = values.shape
    if knots < 3:
        return False
    inner = gap >= 1 and gap + 2 < knots
    steep = np.float32(INNER_STEEP if inner else END_STEEP)
    width = np.float32(z[gap + 1] - z[gap])
    for i in range(count):
        m3 = abs(values[gap + 1, i] - values[gap, i]) / width
        if m3 > steep:
            beside = np.float32(0.0)
            if gap >= 1:
                beside = abs(values[gap, i] - values[gap - 1, i]) / np.float32(z[gap] - z[gap - 1])
            if gap + 2 < knots:
                m4 = values[gap + 2, i] - values[gap + 1, i]
                beside = max(beside, abs(m4) / np.float32(z[gap + 2] - z[gap + 1]))
            if m3 > np.float32(JUMP_RATIO) * beside:
                return True
    return False


@njit(**JIT)
def interpolate_planes(values, z, gap, z_out, out):  # type: ignore[no-untyped-def]
    """Interpolate along z (modified Akima) inside one gap between two planes.

    Parameters
    ----------
    values
        (P, N) float32 at the knots `z` (P,), at least two.
    gap
        Index of the gap: between z[gap] and z[gap + 1]. Secants beyond the ends continue the
        last second difference.
    z_out
        (K,) positions; beyond the gap the cubic of the gap is not used: keep them inside.
    out
        (K, N) float32, overwritten.
    """
    knots, count = values.shape
    width = np.float32(z[gap + 1] - z[gap])
    half_width = 0.5 * (z[gap + 1] - z[gap])
    inverse = np.float32(1.0) / width
    two, three = np.float32(2.0), np.float32(3.0)
    left1, left2 = max(gap - 1, 0), max(gap - 2, 0)
    right1, right2 = min(gap + 2, knots - 1), min(gap + 3, knots - 1)
    to_left1 = np.float32(z[gap] - z[left1]) if gap >= 1 else width
    to_left2 = np.float32(z[left1] - z[left2]) if gap >= 2 else width
    to_right1 = np.float32(z[right1] - z[gap + 1]) if gap + 2 < knots else width
    to_right2 = np.float32(z[right2] - z[right1]) if gap + 3 < knots else width
    inner = gap >= 1 and gap + 2 < knots
    steep = np.float32(INNER_STEEP if inner else END_STEEP)
    for i in range(count):
        low, high = values[gap, i], values[gap + 1, i]
        m3 = (high - low) * inverse
        m2 = (low - values[left1, i]) / to_left1
        m4 = (values[right1, i] - high) / to_right1
        beside = np.float32(0.0)
        if gap >= 1:
            beside = abs(m2)
        if gap + 2 < knots:
            beside = max(beside, abs(m4))
        if knots > 2 and abs(m3) > steep and abs(m3) > np.float32(JUMP_RATIO) * beside:
            below = _closing(low, values[left1, i], values[left2, i], to_left1, to_left2, gap)
            above_count = knots - gap - 2
            above = _closing(
                high, values[right1, i], values[right2, i], to_right1, to_right2, above_count
            )
            for k in range(z_out.size):
                t = np.float32(z_out[k] - z[gap])
                if z_out[k] - z[gap] < half_width:
                    out[k, i] = low + t * (below[0] + (t + to_left1) * below[1])
                else:
                    t = width - t
                    out[k, i] = high + t * (above[0] + (t + to_right1) * above[1])
            continue
        if gap == 0:
            m2 = two * m3 - m4 if gap + 2 < knots else m3
        if gap + 2 >= knots:
            m4 = two * m3 - m2 if gap >= 1 else m3
        m1 = (values[left1, i] - values[left2, i]) / to_left2 if gap >= 2 else two * m2 - m3
        m5 = (
            (values[right2, i] - values[right1, i]) / to_right2
            if gap + 3 < knots
            else two * m4 - m3
        )
        d0 = _akima_slope(m1, m2, m3, m4)
        d1 = _akima_slope(m2, m3, m4, m5)
        c2 = (three * m3 - two * d0 - d1) * inverse
        c3 = (d0 + d1 - two * m3) * inverse * inverse
        for k in range(z_out.size):
            t = np.float32(z_out[k] - z[gap])
            out[k, i] = low + t * (d0 + t * (c2 + t * c3))


@njit(**JIT)
def _lower_segment(a, b, lower, upper, low, high, u, weight, best):  # type: ignore[no-untyped-def]
    """Lower `best` to the least max(0, f)^2 + weight (u - t)^2 over low <= t <= high.

    f is linear from `lower` at a to `upper` at b (t runs from 0). The sum is convex in t, so the
    free minimum, clamped, is the minimum: t = u where f(u) <= 0, else u - f' f(u) / (weight +
    f'^2).
    """
    zero = np.float32(0.0)
    inverse = np.float32(1.0) / np.float32(b - a)
    for i in range(best.size):
        slope = (upper[i] - lower[i]) * inverse
        at_u = lower[i] + slope * u
        free = u - slope * max(at_u, zero) / (weight + slope * slope)
        t = min(max(free, low), high)
        f = max(lower[i] + slope * t, zero)
        gap = u - t
        best[i] = min(best[i], f * f + weight * gap * gap)


@njit(**JIT)
def _reached(lower, upper, limit):  # type: ignore[no-untyped-def]
    """First and last + 1 of the points where the field of a gap comes below a limit."""
    first, end = 0, lower.size
    while first < end and min(lower[first], upper[first]) >= limit:
        first += 1
    while end > first and min(lower[end - 1], upper[end - 1]) >= limit:
        end -= 1
    return first, end


@njit(**JIT)
def grow_planes(field, z, z_out, up, down, limit, out):  # type: ignore[no-untyped-def]
    """Distance to a solid given by its in-plane distances on dense planes.

    D(x, y, z)^2 = min over s of max(0, field(x, y, s))^2 + ((z - s) / reach)^2, with the field
    linear in s between planes: closed form in each gap.

    Parameters
    ----------
    field
        (S, J, I) float32, in-plane signed distance (mm, or gauge) on the planes `z` (S,), S >= 2.
    z_out
        (K,) planes wanted, mm.
    up, down
        Reach in mm per unit of field for points above and below the solid's points; 1 for mm.
    limit
        Distances beyond it are cut to it.
    out
        (K, J, I) float32, overwritten with D >= 0.
    """
    zero = np.float32(0.0)
    cap = np.float32(limit * limit)
    rows = field.shape[1]
    out[:] = cap
    weight_up, weight_down = np.float32(1.0 / (up * up)), np.float32(1.0 / (down * down))
    for s in range(z.size - 1):
        width = np.float32(z[s + 1] - z[s])
        for j in range(rows):
            first, end = _reached(field[s, j], field[s + 1, j], np.float32(limit))
            if first == end:
                continue
            lower, upper = field[s, j, first:end], field[s + 1, j, first:end]
            for k in range(z_out.size):
                u = np.float32(z_out[k] - z[s])
                if u > width + limit * up or u < -limit * down:
                    continue
                best = out[k, j, first:end]
                if u > 0:
                    top = min(u, width)
                    _lower_segment(z[s], z[s + 1], lower, upper, zero, top, u, weight_up, best)
                if u < width:
                    low = max(u, zero)
                    _lower_segment(z[s], z[s + 1], lower, upper, low, width, u, weight_down, best)
    for k in range(z_out.size):
        for j in range(rows):
            for i in range(out.shape[2]):
                out[k, j, i] = np.sqrt(out[k, j, i])
