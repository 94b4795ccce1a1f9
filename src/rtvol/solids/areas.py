"""Even-odd areas of the planes of a stack, and whether their rings cross: exact, no mask.

Once the kernels are loaded they do it (`rtvol._kernels.polygon`, where the method is explained).
Commands that only look (`rtvol scan`, `inspect`) get the same numbers from numpy: all planes at
once are cut into the bands between two corners' heights, and each band into trapezoids.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from rtvol import _kernels

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Indices = NDArray[np.int64]

#: Rings cross when more than this area (mm2) depends on the rule that combines them. Coordinates
#: rounded to 0.01 mm let rings that merely touch overlap by less than this.
CROSSING_MM2 = 0.05
#: Edges that change places by less than this are taken not to: it moves no area.
_ROUND_OFF_MM = 1e-9
#: Edges in bands that are looked at together, which bounds the memory: some 20 MB.
_EDGES_AT_ONCE = 200_000


def plane_areas_mm2(xy_mm: Floats, ring_starts: Indices, plane_rings: Indices) -> Floats:
    """Exact even-odd area of each plane.

    Parameters
    ----------
    xy_mm
        Corners (N, 2) of all rings in mm, C order.
    ring_starts
        Offsets (R + 1,) of the rings into `xy_mm`.
    plane_rings
        Offsets (P + 1,) of the planes into the rings.

    Returns
    -------
    Area (P,) in mm2 of the points that an odd number of rings of the plane winds round: holes in
    any winding, islands in holes, keyholes, touching, crossing and self-crossing rings.
    """
    return _measure(xy_mm, ring_starts, plane_rings)[0]


def crossing_planes(xy_mm: Floats, ring_starts: Indices, plane_rings: Indices) -> NDArray[np.bool_]:
    """Planes (P,) on which rings cross each other or themselves by more than 0.05 mm2.

    Nested and touching rings and properly drawn keyholes do not cross. Overlapping rings, figures
    of eight, rings that run round twice, rings that lie on each other all round, and keyholes
    whose hole is wound like their outside do: there the area depends on the rule that combines
    rings. With `plane_rings = arange(R + 1)` the answer is per ring: which cross themselves.

    Parameters are those of `plane_areas_mm2`.
    """
    return _measure(xy_mm, ring_starts, plane_rings)[1] > CROSSING_MM2


def even_odd_area_mm2(xy_mm: Floats, ring_starts: Indices) -> float:
    """Exact even-odd area in mm2 of rings on one plane; see `plane_areas_mm2`."""
    plane = np.array([0, ring_starts.size - 1], dtype=np.int64)
    return float(plane_areas_mm2(xy_mm, ring_starts, plane)[0])


def _measure(xy_mm: Floats, ring_starts: Indices, plane_rings: Indices) -> tuple[Floats, Floats]:
    if not _kernels.are_loaded():
        return measure_plainly(xy_mm, ring_starts, plane_rings)
    from rtvol._kernels.polygon import measure

    found: tuple[Floats, Floats] = measure(*_kernels.locked(xy_mm, ring_starts, plane_rings))
    return found


@dataclass(frozen=True, eq=False)
class _Bands:
    """Edges cut to the bands they cross, sorted by band and from left to right in it.

    Attributes
    ----------
    band
        Of each piece of an edge (N,).
    xa, xb
        Where it enters at the band's foot and leaves at its head (N,), mm.
    height, plane
        How high each band (B,) is, mm, and the plane it is on.
    """

    band: Indices
    xa: Floats
    xb: Floats
    height: Floats
    plane: Indices

    @cached_property
    def runs(self) -> Floats:
        """Which way the region's boundary runs along each piece: -1 down, +1 up, in turn (N,)."""
        rank = np.arange(self.band.size) - np.searchsorted(self.band, self.band)
        return np.where(rank % 2 == 0, -1.0, 1.0)

    @cached_property
    def cuts(self) -> Floats:
        """Where in each band (B,) neighbours change places, as a share of its height; else NaN.

        Of several such places the one nearest to the middle.
        """
        ahead, behind = np.diff(self.xa), np.diff(self.xb)
        changes = (np.diff(self.band) == 0) & (np.minimum(ahead, behind) < -_ROUND_OFF_MM)
        share = ahead[changes] / (ahead[changes] - behind[changes])
        band = self.band[1:][changes]
        far_first = np.argsort(-np.abs(share - 0.5), kind="stable")
        cuts = np.full(self.height.size, np.nan)
        cuts[band[far_first]] = share[far_first]
        return cuts

    def areas(self) -> Floats:
        """Trapezoids (N,) between each piece and x = 0, mm2, positive where it runs upwards."""
        return self.runs * (self.xa + self.xb) / 2 * self.height[self.band]

    def weights(self) -> Floats:
        """Half the area (N,), mm2, to the nearer neighbour, signed as `runs`; 0 where it is on it.

        Pieces that lie on each other have no certain order.
        """
        twice_x = self.xa + self.xb
        gap = np.where(np.diff(self.band) == 0, np.diff(twice_x), np.inf)
        nearer = np.minimum(np.append(gap, np.inf), np.insert(gap, 0, np.inf))
        weights: Floats = self.runs * nearer / 2 * self.height[self.band]
        return np.where(nearer > 2 * _kernels.ON_EACH_OTHER_MM, weights, 0.0)

    def cut(self) -> _Bands:
        """Return the bands with a cut, each as two."""
        bad = np.flatnonzero(~np.isnan(self.cuts))
        pieces = np.isin(self.band, bad)
        band = np.searchsorted(bad, self.band[pieces])
        share, xa, xb = self.cuts[bad], self.xa[pieces], self.xb[pieces]
        middle = xa + share[band] * (xb - xa)
        height = self.height[bad]
        return _sorted(
            np.concatenate([band, band + bad.size]),
            np.concatenate([xa, middle]),
            np.concatenate([middle, xb]),
            np.concatenate([height * share, height * (1 - share)]),
            np.tile(self.plane[bad], 2),
        )[0]


def _sorted(
    band: Indices, xa: Floats, xb: Floats, height: Floats, plane: Indices
) -> tuple[_Bands, Indices]:
    """Sort pieces; what crosses between foot and head comes in the order of the middle."""
    order = np.lexsort((xa + xb, band))
    return _Bands(band[order], xa[order], xb[order], height, plane), order


@dataclass(frozen=True, eq=False)
class _Sides:
    """Sides (E,) of rings that are not horizontal, from their lower to their upper end.

    Coordinates count from a corner of their plane, which loses no digits. `levels` are the heights
    of all corners, plane by plane; a side reaches from level `low` to level `high`.
    """

    ring: Indices
    plane: Indices
    rises: NDArray[np.bool_]
    x_low: Floats
    x_high: Floats
    low: Indices
    high: Indices
    levels: Floats

    def groups(self) -> Iterator[slice]:
        """Yield sides of whole planes, as many as are worked on at once."""
        load = np.cumsum(self.high - self.low) // _EDGES_AT_ONCE
        group = load[np.searchsorted(self.plane, self.plane)]
        ends = np.flatnonzero(np.diff(group)) + 1
        for start, stop in pairwise([0, *ends.tolist(), self.ring.size]):
            yield slice(start, stop)

    def bands(self, part: slice) -> tuple[_Bands, Indices]:
        """Cut sides into bands between levels; the number of the side of each piece beside them."""
        low, high = self.low[part], self.high[part]
        spans = high - low
        side = np.repeat(np.arange(part.start, part.stop), spans)
        level = np.arange(side.size) + np.repeat(low - np.cumsum(spans) + spans, spans)
        y_low, y_high = self.levels[self.low[side]], self.levels[self.high[side]]
        slope = (self.x_high[side] - self.x_low[side]) / (y_high - y_low)
        xa = self.x_low[side] + (self.levels[level] - y_low) * slope
        xb = self.x_low[side] + (self.levels[level + 1] - y_low) * slope
        xb = np.where(level + 1 == self.high[side], self.x_high[side], xb)
        used, band = np.unique(level, return_inverse=True)
        plane = np.empty(used.size, np.int64)
        plane[band] = self.plane[side]
        height = self.levels[used + 1] - self.levels[used]
        found, order = _sorted(band, xa, xb, height, plane)
        return found, side[order]


def _sides_of(xy: Floats, ring: Indices, plane: Indices, before: Indices) -> _Sides:
    order = np.lexsort((xy[:, 1], plane))
    y, on = xy[order, 1], plane[order]
    is_new = np.append(True, (np.diff(y) != 0) | (np.diff(on) != 0))
    level = np.empty(len(xy), np.int64)
    level[order] = np.cumsum(is_new) - 1
    at = np.flatnonzero(xy[before, 1] != xy[:, 1])
    rises = xy[before[at], 1] < xy[at, 1]
    low, high = np.where(rises, before[at], at), np.where(rises, at, before[at])
    return _Sides(
        ring[at], plane[at], rises, xy[low, 0], xy[high, 0], level[low], level[high], y[is_new]
    )


def measure_plainly(
    xy_mm: Floats, ring_starts: Indices, plane_rings: Indices
) -> tuple[Floats, Floats]:
    """Do what the kernel `measure` does, in numpy.

    Returns
    -------
    Even-odd area (P,) of each plane in mm2, and how far it is from the signed sum of whole ring
    areas (P,): 0 where no rings cross.
    """
    rings, planes = ring_starts.size - 1, plane_rings.size - 1
    corners = np.diff(ring_starts)
    areas, lean = np.zeros(planes), np.zeros(rings)
    if not ring_starts[-1]:
        return areas, np.zeros(planes)
    ring_plane = np.repeat(np.arange(planes), np.diff(plane_rings))
    ring = np.repeat(np.arange(rings), corners)
    plane = ring_plane[ring]
    first = np.searchsorted(plane, np.arange(planes)).clip(max=plane.size - 1)
    xy = xy_mm - xy_mm[first][plane]
    before = np.arange(-1, len(xy) - 1)
    before[ring_starts[:-1][corners > 0]] = ring_starts[1:][corners > 0] - 1
    trapezoids = (xy[before, 0] + xy[:, 0]) / 2 * (xy[:, 1] - xy[before, 1])
    alone = np.bincount(ring, trapezoids, minlength=rings)
    sides = _sides_of(xy, ring, plane, before)
    for part in sides.groups():
        bands, side = sides.bands(part)
        along = bands.weights() * np.where(sides.rises[side], 1.0, -1.0)
        along[~np.isnan(bands.cuts)[bands.band]] = 0.0
        lean += np.bincount(sides.ring[side], along, minlength=rings)
        while bands.band.size:
            is_done = np.isnan(bands.cuts)[bands.band]
            part_mm2 = np.where(is_done, bands.areas(), 0.0)
            areas += np.bincount(bands.plane[bands.band], part_mm2, minlength=planes)
            bands = bands.cut()
    signed = np.where(lean != 0, np.sign(lean) * alone, np.abs(alone))
    areas = np.maximum(areas, 0.0)
    return areas, np.abs(areas - np.bincount(ring_plane, signed, minlength=planes))
