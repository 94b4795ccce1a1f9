"""Plain twins of the distance kernels: every edge for every point, no shortcut."""

import math
from itertools import pairwise

#: Points at which the twins sample an edge or a gap.
SAMPLES = 400


def inside_even_odd(x, y, rings):
    """Whether an odd number of edges lies at smaller x on the horizontal line through (x, y)."""
    odd = False
    for ring in rings:
        for (xa, ya), (xb, yb) in zip(ring, [*ring[1:], ring[0]], strict=True):
            if (ya > y) != (yb > y) and xa + (xb - xa) * (y - ya) / (yb - ya) < x:
                odd = not odd
    return odd


def edge_distance(x, y, a, b):
    """Distance of a point to a segment."""
    ex, ey = b[0] - a[0], b[1] - a[1]
    length = ex * ex + ey * ey
    t = 0.0 if length == 0 else ((x - a[0]) * ex + (y - a[1]) * ey) / length
    t = min(max(t, 0.0), 1.0)
    return math.hypot(x - a[0] - t * ex, y - a[1] - t * ey)


def signed_distance(x, y, rings):
    """Signed distance to polygon edges; negative inside by even-odd parity."""
    nearest = min(
        edge_distance(x, y, a, b)
        for ring in rings
        for a, b in zip(ring, [*ring[1:], ring[0]], strict=True)
    )
    return -nearest if inside_even_odd(x, y, rings) else nearest


def gauge(dx, dy, reach):
    """Gauge of a displacement: reach is -x, +x, -y, +y in mm."""
    return math.hypot(
        dx / (reach[1] if dx > 0 else reach[0]), dy / (reach[3] if dy > 0 else reach[2])
    )


def signed_gauge(x, y, rings, reach, samples=SAMPLES):
    """Signed gauge distance with the edges sampled densely (an upper bound of its size)."""
    inside = inside_even_odd(x, y, rings)
    sign = -1 if inside else 1
    best = math.inf
    for ring in rings:
        for a, b in zip(ring, [*ring[1:], ring[0]], strict=True):
            for n in range(samples + 1):
                t = n / samples
                dx = sign * (x - a[0] - t * (b[0] - a[0]))
                dy = sign * (y - a[1] - t * (b[1] - a[1]))
                best = min(best, gauge(dx, dy, reach))
    return sign * best


def grown(z, z_planes, field, up, down, samples=400):
    """Distance at height z over one column of in-plane distances: the column sampled densely."""
    best = math.inf
    for n in range(len(z_planes) - 1):
        for m in range(samples + 1):
            s = z_planes[n] + (z_planes[n + 1] - z_planes[n]) * m / samples
            f = field[n] + (field[n + 1] - field[n]) * m / samples
            reach = up if z > s else down
            best = min(best, math.hypot(max(f, 0.0), (z - s) / reach))
    return best


def akima(z_planes, values, z):
    """Modified Akima interpolation of one column, knots evenly spaced."""
    step = z_planes[1] - z_planes[0]
    slopes = [(b - a) / step for a, b in pairwise(values)]
    slopes = [2 * slopes[0] - slopes[1], *slopes]
    slopes = [2 * slopes[0] - slopes[1], *slopes]
    slopes.append(2 * slopes[-1] - slopes[-2])
    slopes.append(2 * slopes[-1] - slopes[-2])

    def at_knot(n):
        m1, m2, m3, m4 = slopes[n : n + 4]
        w1 = abs(m4 - m3) + abs(m4 + m3) / 2
        w2 = abs(m2 - m1) + abs(m2 + m1) / 2
        return (m2 + m3) / 2 if w1 + w2 < 1e-12 else (w1 * m2 + w2 * m3) / (w1 + w2)

    n = min(int((z - z_planes[0]) / step), len(values) - 2)
    t = (z - z_planes[n]) / step
    d0, d1 = at_knot(n) * step, at_knot(n + 1) * step
    h00, h10 = 2 * t**3 - 3 * t**2 + 1, t**3 - 2 * t**2 + t
    h01, h11 = -2 * t**3 + 3 * t**2, t**3 - t**2
    return h00 * values[n] + h10 * d0 + h01 * values[n + 1] + h11 * d1
