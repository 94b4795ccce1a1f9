"""From distances on planes to the surface between them."""

from __future__ import annotations

import numpy as np

from rtvol._kernels.jit import BARE, JIT, njit

#: A gap is a real jump of the outline, kept as two slabs, where the surface is flatter than this
#: slope (mm in plane per mm along z) and the outline stands still on both sides of it: JUMP_RATIO
#: times the slope of the gaps there. A lesser ratio takes the slopes of real organs for jumps
#: (docs/decisions/0012).
INNER_STEEP, END_STEEP, JUMP_RATIO = 1.0, 2.5, 20.0


@njit(**BARE)
def _akima_slope(m1, m2, m3, m4):
    """Slope at a knot from the four secants around it (modified Akima weights).

    The weight |m4 - m3| + |m4 + m3| / 2 (instead of Akima's |m4 - m3|, J. ACM 17 (1970) 589)
    keeps flat runs flat beside a step: no overshoot there.
    """
    half = np.float32(0.5)
    w1 = abs(m4 - m3) + half * abs(m4 + m3)
    w2 = abs(m2 - m1) + half * abs(m2 + m1)
    total = w1 + w2 + np.float32(1e-12)
    return (w1 * m2 + w2 * m3) / total


@njit(**BARE)
def _closing(last, before, first, step1, step2, neighbours):
    """Slope and curvature with which the field goes on beyond its last plane.

    The parabola through the last three planes (`neighbours` = 2 or more before the last), the line
    of two, no change for one. At a distance t beyond the last plane the field is
    last + t (slope + (t + step1) curvature).
    """
    zero = np.float32(0.0)
    if neighbours < 1:
        return zero, zero
    near = (last - before) / step1
    if neighbours < 2:
        return near, zero
    return near, (near - (before - first) / step2) / (step1 + step2)


@njit(**BARE)
def extend_end(values, z, z_out, out):
    """Continue the field beyond the last of up to three planes: the closing end of a solid.

    Never below the last plane's own value: what was not drawn is not inside.

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
            rise = t * (slope + (t + step1) * curvature)
            out[k, i] = values[0, i] + max(rise, np.float32(0.0))


@njit(**BARE)
def _width(z, low, high):
    """Distance between two planes, mm; 1 from a plane to itself, where nothing changes."""
    return np.float32(z[high] - z[low]) if high > low else np.float32(1.0)


@njit(**BARE)
def _mark_jumps(values, z, gap, jumps):
    """Mark the points (N,) where the outline jumps in a gap; returns how many there are."""
    below, above, beyond = max(gap - 1, 0), gap + 1, min(gap + 2, z.size - 1)
    inner = below < gap and beyond > above
    steep = np.float32(INNER_STEEP if inner else END_STEEP)
    h1, h2, h3 = _width(z, below, gap), _width(z, gap, above), _width(z, above, beyond)
    v1, v2, v3, v4 = values[below], values[gap], values[above], values[beyond]
    count = 0
    for i in range(v1.size):
        slope = abs(v3[i] - v2[i]) / h2
        beside = max(abs(v2[i] - v1[i]) / h1, abs(v4[i] - v3[i]) / h3)
        jumps[i] = (slope > steep) & (slope > np.float32(JUMP_RATIO) * beside) & (z.size > 2)
        count += jumps[i]
    return count


@njit(**JIT)
def has_jump(values, z, gap):
    """Whether the outline jumps anywhere in a gap, so that two slabs meet in its middle."""
    return _mark_jumps(values, z, gap, np.empty(values.shape[1], np.bool_)) > 0


@njit(**BARE)
def plane_slopes(values, z, out):
    """Slope along z at each plane (modified Akima); beyond the ends the secants change evenly.

    Parameters
    ----------
    values
        (P, N) float32 at the planes `z` (P,), mm.
    out
        (P, N) float32, overwritten.
    """
    last, count = values.shape[0] - 1, values.shape[1]
    two = np.float32(2.0)
    for p in range(last + 1):
        far_below, below = max(p - 2, 0), max(p - 1, 0)
        above, far_above = min(p + 1, last), min(p + 2, last)
        h1, h2 = _width(z, far_below, below), _width(z, below, p)
        h3, h4 = _width(z, p, above), _width(z, above, far_above)
        v1, v2, v3 = values[far_below], values[below], values[p]
        v4, v5 = values[above], values[far_above]
        found = out[p]
        for i in range(count):
            m1, m2 = (v2[i] - v1[i]) / h1, (v3[i] - v2[i]) / h2
            m3, m4 = (v4[i] - v3[i]) / h3, (v5[i] - v4[i]) / h4
            if p == 0:
                m2 = two * m3 - m4 if last > 1 else m3
            if p == last:
                m3 = two * m2 - m1 if last > 1 else m2
            if p <= 1:
                m1 = two * m2 - m3
            if p >= last - 1:
                m4 = two * m3 - m2
            found[i] = _akima_slope(m1, m2, m3, m4)


@njit(**BARE)
def _keep_slabs(low, high, jumps, share, found):
    """Where the outline jumps, let each section go on to the middle of the gap as it is."""
    section = low if share < np.float32(0.5) else high
    for i in range(low.size):
        if jumps[i]:
            found[i] = section[i]


@njit(**JIT)
def interpolate_planes(values, slopes, z, gap, z_out, out):
    """Interpolate along z inside one gap between two planes; jumps are kept as slabs.

    Parameters
    ----------
    values, slopes
        (P, N) float32 at the planes `z` (P,), at least two, and `plane_slopes` of them.
    gap
        Index of the gap: between z[gap] and z[gap + 1].
    z_out
        (K,) positions; beyond the gap the cubic of the gap is not used: keep them inside.
    out
        (K, N) float32, overwritten.
    """
    one, two, three = np.float32(1.0), np.float32(2.0), np.float32(3.0)
    width = _width(z, gap, gap + 1)
    low, high, rise, fall = values[gap], values[gap + 1], slopes[gap], slopes[gap + 1]
    jumps = np.empty(low.size, np.bool_)
    has_jumps = _mark_jumps(values, z, gap, jumps) > 0
    for k in range(z_out.size):
        # the cubic with these values and slopes at both ends (Hermite)
        share = np.float32((z_out[k] - z[gap]) / (z[gap + 1] - z[gap]))
        blend = share * share * (three - two * share)
        from_low = share * (one - share) * (one - share) * width
        from_high = share * share * (one - share) * width
        found = out[k]
        for i in range(low.size):
            steps = from_low * rise[i] - from_high * fall[i]
            found[i] = low[i] + blend * (high[i] - low[i]) + steps
        if has_jumps:
            _keep_slabs(low, high, jumps, share, found)


@njit(**BARE)
def add_shares(low, high, change, most, more, out):
    """Add `more` (K,) to `out` (K, N), times (high - low) / change bounded by 0 and `most`."""
    for k in range(more.size):
        found = out[k]
        for i in range(low.size):
            share = min(max((high[i] - low[i]) / change, np.float32(0.0)), most)
            found[i] += more[k] * share


@njit(**BARE)
def keep_within(low, high, spare, out):
    """Keep `out` (K, N) between the values on both planes (N,), or `spare` mm below the lesser.

    What both sections share stays inside, and what lies `spare` outside both stays outside.
    """
    for k in range(out.shape[0]):
        found = out[k]
        for i in range(low.size):
            least, most = min(low[i], high[i]) - spare, max(low[i], high[i])
            found[i] = min(max(found[i], least), most)
