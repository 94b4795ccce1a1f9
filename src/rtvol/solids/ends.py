"""Where a structure ends beyond its last contour, and how it gets there: within that contour.

The depth w of a section is the radius of the largest circle it holds. On balls, ellipsoids, tori
and lying cylinders w^2 is a parabola of z; on wedges, cones and the ridge of a lying cone w itself
falls evenly. Where either comes to 0 the structure ends; where none does within a spacing it is
cut at half of one, as the slab is (docs/decisions/0012).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from rtvol._kernels import locked
from rtvol.solids.sections import distances_of
from rtvol.solids.trace import trace_planes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rtvol.solids.lattice import Lattice

    Rings = tuple[NDArray[np.float64], NDArray[np.int64]]

#: How many contour planes shape an end.
SHAPING = 3
#: Heights of the planes of an end that closes, as shares of its own.
LEVELS = (0.3, 0.55, 0.75, 0.88, 0.96)
#: An outline moves at most this many times as fast as the depth.
FASTEST = 3.0
#: Speeds of an outline that differ by less than this are alike.
ALIKE = 0.15
#: Points along each side of the box in which a moving outline is traced, and its rim, mm.
ACROSS, AROUND_MM = 64, 0.01
#: Errors of a foretold depth below this tell nothing, mm.
SAME_DEPTH_MM = 0.005


@dataclass(frozen=True)
class End:
    """One end of a piece: how far the solid goes on beyond its last plane, and how.

    Attributes
    ----------
    planes, z_mm
        (P, N) distances on the last one to three planes, the last one first, and where they are.
    height_mm
        Where the solid ends, mm beyond its last plane.
    open
        0 where it closes to a point there, 1 where it is cut at half a spacing, where the slab
        ends; between, a mixture of both, so that nothing flips.
    half_mm
        Half a spacing, as the caps allow.
    law, outline
        How the depth falls, where it closes; how its outline moves, where not all alike.
    """

    planes: NDArray[np.float32]
    z_mm: NDArray[np.float64]
    height_mm: float
    open: float
    half_mm: float
    law: Fall | None = None
    outline: MovingOutline | None = None

    @classmethod
    def of(
        cls,
        planes: NDArray[np.float32],
        z_mm: NDArray[np.float64],
        depths: NDArray[np.float64],
        half_mm: float,
        *,
        outlines: tuple[Sequence[Rings], Lattice],
    ) -> Self:
        """Judge an end by its last planes, the last one first.

        Parameters
        ----------
        planes, z_mm, depths
            (P, N) distances on the planes (P,), and the depths of their sections, mm.
        half_mm
            Half a spacing, as the caps allow.
        outlines
            Rings of the last two sections, and the lattice.
        """
        last, z = np.ascontiguousarray(planes[:SHAPING]), z_mm[:SHAPING].copy()
        cut = cls(last, z, half_mm, 1.0, half_mm)
        if z.size < SHAPING or depths[:SHAPING].min() <= 0:
            return cut
        step = abs(float(z[0] - z[1]))
        if half_mm < step / 2 - SAME_DEPTH_MM:
            return cut
        law = Fall.of(depths, z_mm)
        reach = law.reach_mm / step
        share = float(np.clip(reach - 1, 0, 1))
        height = (1 - share) * min(reach, 1.0) * step + share * half_mm
        if share == 1:
            return cls(last, z, height, share, half_mm)
        (outline, before), lattice = outlines
        moving = MovingOutline.of(outline, before, lattice, law.moved_mm)
        return cls(last, z, height, share, half_mm, law, moving)

    @property
    def levels_mm(self) -> NDArray[np.float64]:
        """Planes (L,) that a closing end needs, closer together towards its point."""
        if self.law is None:
            return np.empty(0)
        way = np.sign(self.z_mm[0] - self.z_mm[1]) * self.height_mm
        levels: NDArray[np.float64] = self.z_mm[0] + way * np.array(LEVELS)
        return levels

    def extend(self, z_mm: NDArray[np.float64], field: NDArray[np.float32]) -> None:
        """Fill the field (K, N) on planes (K,) beyond the last one, nowhere below its values."""
        from rtvol._kernels.loft import extend_end

        if not z_mm.size:
            return
        if self.law is None:
            extend_end(self.planes, self.z_mm, z_mm, field)
            return
        way = abs(z_mm - self.z_mm[0]) / self.height_mm
        depth = self.law.depths_mm(way)[:, None].astype(np.float32)
        moved = np.float32(self.law.moved_mm)
        speed = np.clip((self.planes[0] - self.planes[1]) / moved, 0, FASTEST)
        np.multiply(speed, np.float32(self.law.last_mm) - depth, out=field)
        field += self.planes[0]
        if self.outline is not None:
            deltas = self.law.last_mm - self.law.depths_mm(way)
            self.outline.move(deltas, self.planes[0], field)
        np.maximum(field, -depth, out=field)
        np.maximum(field, self.planes[0], out=field)
        if self.open > 0:
            side = np.sign(self.z_mm[0] - self.z_mm[1])
            cut = np.empty_like(field)
            extend_end(self.planes, self.z_mm, self.z_mm[0] + side * way * self.half_mm, cut)
            field += np.float32(self.open) * (cut - field)


@dataclass(frozen=True, eq=False)
class MovingOutline:
    """The last outline where its edges move at different speeds: a flat side stays, others close.

    Attributes
    ----------
    xy_mm, ring_starts
        Its rings.
    speeds
        (N,) of the edge that ends at each point, in units of the depth's.
    lattice
        Where fields are wanted.
    """

    xy_mm: NDArray[np.float64]
    ring_starts: NDArray[np.int64]
    speeds: NDArray[np.float64]
    lattice: Lattice

    @classmethod
    def of(cls, last: Rings, before: Rings, lattice: Lattice, moved_mm: float) -> Self | None:
        """Compare two sections; None where all of the outline moves alike."""
        from rtvol._kernels.closing import edge_moves

        moves = edge_moves(*locked(*last, *before), FASTEST * moved_mm)
        speeds = np.clip(moves / moved_mm, 0, FASTEST)
        return None if np.ptp(speeds) < ALIKE else cls(*last, speeds, lattice)

    def move(
        self, deltas_mm: NDArray[np.float64], own: NDArray[np.float32], field: NDArray[np.float32]
    ) -> None:
        """Replace the field (K, N) by distances to the outline moved by deltas (K,), mm.

        The outline is traced on points of its own, so that nothing depends on the lattice.
        """
        from rtvol._kernels.closing import move_outline

        low, high = self.xy_mm.min(axis=0) - AROUND_MM, self.xy_mm.max(axis=0) + AROUND_MM
        x, y = (np.linspace(low[axis], high[axis], ACROSS) for axis in (0, 1))
        levels = np.empty((deltas_mm.size, ACROSS, ACROSS), np.float32)
        move_outline(*locked(self.xy_mm, self.ring_starts, self.speeds), x, y, deltas_mm, levels)
        points, starts, plane_rings = trace_planes(levels, x_mm=x, y_mm=y)
        has_rings = np.diff(plane_rings) > 0
        traced = np.flatnonzero(has_rings)
        rings = plane_rings[np.append(traced, deltas_mm.size)]
        band, seen = float(own.max()), None
        distances = distances_of(points, starts, rings, self.lattice, band)
        field[traced] = distances.reshape(traced.size, own.size)
        for k in np.argsort(deltas_mm):
            if has_rings[k]:
                seen = k
            elif seen is not None:
                # too thin to be seen: it goes on closing from where it was seen last
                field[k] = field[seen] + np.float32(deltas_mm[k] - deltas_mm[seen])


@dataclass(frozen=True)
class Fall:
    """How the depth falls beyond the last plane: a mixture of two laws.

    Attributes
    ----------
    last_mm, moved_mm
        The last depth, and how much less it is than the one before, mm.
    round_share
        Share of the law "w^2 is a parabola"; the rest is "w falls evenly".
    parabola
        w^2 at the last plane, its slope and its curvature outwards.
    reaches_mm
        Where each law comes to 0, at most two spacings.
    """

    last_mm: float
    moved_mm: float
    round_share: float
    parabola: tuple[float, float, float]
    reaches_mm: tuple[float, float]

    @classmethod
    def of(cls, depths: NDArray[np.float64], z_mm: NDArray[np.float64]) -> Self:
        """Find the laws from three depths and more, mm, the last one first."""
        step, last = abs(float(z_mm[0] - z_mm[1])), float(depths[0])
        moved = float(depths[1] - depths[0])
        near, curve = parabola(depths[:SHAPING] ** 2, z_mm[:SHAPING])
        slope, square = near + curve * step, last**2
        if slope < 0:
            # a parabola that stops short of 0 is taken to touch it
            curve = min(curve, slope**2 / (4 * square))
        steep = float(np.sqrt(max(slope**2 - 4 * curve * square, 0.0))) - slope
        farthest = 2 * step
        of_round = min(2 * square / steep, farthest) if steep > 0 else farthest
        evenly = last * step / moved if moved > 0 else farthest
        errors = (0.0, np.inf)
        if depths.size > SHAPING and depths[SHAPING] > 0:
            errors = (_error_mm(depths, z_mm, 2.0), _error_mm(depths, z_mm, 1.0))
        weights = [1 / (error**2 + SAME_DEPTH_MM**2) for error in errors]
        return cls(
            last_mm=last,
            moved_mm=max(moved, SAME_DEPTH_MM),
            round_share=weights[0] / sum(weights),
            parabola=(square, slope, curve),
            reaches_mm=(of_round, min(evenly, farthest)),
        )

    @property
    def reach_mm(self) -> float:
        """Where the depth comes to 0, mm beyond the last plane."""
        of_round, evenly = self.reaches_mm
        return self.round_share * of_round + (1 - self.round_share) * evenly

    def depths_mm(self, way: NDArray[np.float64]) -> NDArray[np.float64]:
        """Depth at shares (K,) of the way to the end."""
        square, slope, curve = self.parabola
        t = way * self.reaches_mm[0]
        of_round = np.sqrt(np.maximum(square + t * (slope + t * curve), 0))
        evenly = self.last_mm * (1 - way)
        mixed: NDArray[np.float64] = self.round_share * of_round + (1 - self.round_share) * evenly
        return mixed


def parabola(values: NDArray[np.float64], z_mm: NDArray[np.float64]) -> tuple[float, float]:
    """Slope before the first of three values, and curvature, seen from the first outwards.

    At a distance t beyond z_mm[0] the parabola is values[0] + t (slope + (t + step) curvature),
    where step is the distance of the first two.
    """
    step, before = abs(z_mm[0] - z_mm[1]), abs(z_mm[1] - z_mm[2])
    near, far = (values[0] - values[1]) / step, (values[1] - values[2]) / before
    return float(near), float((near - far) / (step + before))


def _error_mm(depths: NDArray[np.float64], z_mm: NDArray[np.float64], power: float) -> float:
    """How far a power of the depth, as a parabola of three planes, misses the last depth, mm."""
    t, step = abs(float(z_mm[0] - z_mm[1])), abs(float(z_mm[1] - z_mm[2]))
    rest = slice(1, SHAPING + 1)
    near, curve = parabola(depths[rest] ** power, z_mm[rest])
    foretold = depths[1] ** power + t * (near + (t + step) * curve)
    per_mm = power * float(depths[1]) ** (power - 1)
    off_mm: float = abs(foretold - depths[0] ** power) / per_mm
    return off_mm
