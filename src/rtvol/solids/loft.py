"""The lofted solid: the surface interpolated between contour planes, closed beyond the ends.

What ends by itself is a piece (`rtvol.solids.pieces`). Between its contour planes the in-plane
distances are interpolated along z (modified Akima, real jumps kept as slabs), with the bulge of
round bodies added (`rtvol.solids.round`). There the solid lies within the union of both sections,
but for the sagitta of a round body, and holds what both share. Its ends close to a point or are cut
at half a spacing, where the slab ends, always within the last section (`rtvol.solids.ends`).
No contour of any shape breaks these bounds (docs/decisions/0012).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from rtvol.solids.ends import End
from rtvol.solids.round import bulge, sagitta_mm
from rtvol.solids.sections import Run, distances_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rtvol.solids.ends import Rings
    from rtvol.solids.lattice import Lattice, Spots
    from rtvol.solids.pieces import Body, FlatRings, Piece
    from rtvol.solids.planes import PlaneStack

#: Two planes closer than this are one plane (mm).
SAME_Z_MM = 1e-4
#: Planes beyond those that are met which still shape them.
CONTEXT = 4
#: Half the distance between the two dense planes that hold the face of a jump (mm).
FACE_MM = 1e-3


def loft(body: Body, lattice: Lattice | Spots, *, band_mm: float, reach_mm: float) -> list[Run]:
    """Interpolate the outlines of a structure between its planes.

    What is found on a plane of the lattice does not depend on which other planes it has.

    Parameters
    ----------
    body
        The contours and their pieces.
    lattice
        Points in plane; its planes inside the solid become planes of the runs.
    band_mm
        In-plane distances beyond are cut to it; take the largest distance asked for and some
        spacings more.
    reach_mm
        Layers are made as far as this beyond the lattice's planes, mm.

    Returns
    -------
    One run per lobe; an empty list when the solid lies out of reach.
    """
    wanted = (lattice.z_mm[0] - reach_mm, lattice.z_mm[-1] + reach_mm)
    lobes: dict[int, list[_LoftedPiece]] = {}
    for piece in body.pieces:
        lofted = _LoftedPiece.of(piece, body.stack, (lattice, wanted), band_mm)
        if lofted is not None:
            lobes.setdefault(int(body.stack.lobe[piece.first]), []).append(lofted)
    runs = (_joined(pieces, lattice, band_mm, wanted) for _, pieces in sorted(lobes.items()))
    return [run for run in runs if run is not None]


def _joined(
    lofted: list[_LoftedPiece],
    lattice: Lattice | Spots,
    band_mm: float,
    wanted: tuple[float, float],
) -> Run | None:
    """Return the union of the pieces of one lobe; None where it lies out of reach."""
    span = (
        max(wanted[0], min(piece.span_mm[0] for piece in lofted)),
        min(wanted[1], max(piece.span_mm[1] for piece in lofted)),
    )
    if span[1] - span[0] <= SAME_Z_MM:
        return None
    dense = _dense_planes(lofted, lattice.z_mm, span)
    if len(lofted) == 1:
        return Run(dense, lofted[0].field(dense).reshape(dense.size, *lattice.shape_ji))
    field = np.full((dense.size, *lattice.shape_ji), band_mm, np.float32)
    for piece in lofted:
        met = slice(*np.searchsorted(dense, piece.span_mm + np.array([-SAME_Z_MM, SAME_Z_MM])))
        if dense[met].size:
            own = piece.field(dense[met]).reshape(-1, *lattice.shape_ji)
            np.minimum(field[met], own, out=field[met])
    return Run(dense, field)


@dataclass(frozen=True, eq=False)
class _LoftedPiece:
    """A piece, or as much of it as is near, with its distances on its own planes and its ends.

    Attributes
    ----------
    z_mm, knots, depths_mm
        Its planes (P,), the distances there (P, N), and its depths (P,).
    ends
        Below and above; None where it goes on as another piece, or beyond what is near.
    span_mm
        Where it is solid.
    """

    z_mm: NDArray[np.float64]
    knots: NDArray[np.float32]
    depths_mm: NDArray[np.float64]
    ends: tuple[End | None, End | None]
    span_mm: tuple[float, float]

    @classmethod
    def of(
        cls,
        piece: Piece,
        stack: PlaneStack,
        where: tuple[Lattice | Spots, tuple[float, float]],
        band_mm: float,
    ) -> Self | None:
        """Take what is near of a piece; None where nothing is."""
        lattice, wanted = where
        planes, every = piece.planes, stack.z_mm[piece.planes]
        half = float(stack.below_mm[planes[0]]), float(stack.above_mm[planes[-1]])
        if every[0] - 2 * half[0] > wanted[1] or every[-1] + 2 * half[1] < wanted[0]:
            return None
        low, high = np.searchsorted(every, wanted)
        near = slice(max(int(low) - CONTEXT, 0), int(high) + CONTEXT)
        z, depths, rings = every[near].copy(), piece.depths_mm[near], piece.rings(stack, near)
        knots = distances_of(*rings, lattice, band_mm).reshape(z.size, -1)
        sections = [_section(rings, plane) for plane in range(z.size)]
        below = above = None
        if piece.first == planes[0] and near.start == 0:
            below = End.of(knots, z, depths, half[0], outlines=(sections[:2], lattice))
        if piece.last == planes[-1] and near.stop >= every.size:
            outlines = (sections[:-3:-1], lattice)
            above = End.of(knots[::-1], z[::-1], depths[::-1], half[1], outlines=outlines)
        first, last = max(stack.z_mm[piece.first], z[0]), min(stack.z_mm[piece.last], z[-1])
        span = (
            float(first - below.height_mm if below else first),
            float(last + above.height_mm if above else last),
        )
        return cls(z, knots, depths, (below, above), span)

    @property
    def dense_mm(self) -> NDArray[np.float64]:
        """Planes it needs: its own, both sides of each jump, what its ends ask for.

        A jump keeps two slabs that meet in the middle of its gap: a plane on either side of it
        keeps that face sharp, whatever the pitch of the lattice; so does one just beyond an end.
        """
        from rtvol._kernels.loft import has_jump

        jumps = [g for g in range(self.z_mm.size - 1) if has_jump(self.knots, self.z_mm, g)]
        middles = ((self.z_mm[1:] + self.z_mm[:-1]) / 2)[jumps]
        levels = [end.levels_mm for end in self.ends if end is not None]
        low, high = self.span_mm
        faces = [low - FACE_MM, low, high, high + FACE_MM]
        wanted = np.concatenate([self.z_mm, middles - FACE_MM, middles + FACE_MM, *levels])
        inside = wanted[(wanted > low + FACE_MM) & (wanted < high - FACE_MM)]
        return np.concatenate([inside, faces])

    def field(self, dense: NDArray[np.float64]) -> NDArray[np.float32]:
        """Return the field (D, N) on dense planes within its span."""
        from rtvol._kernels.loft import interpolate_planes, keep_within, plane_slopes

        z, knots = self.z_mm, self.knots
        field = np.empty((dense.size, knots.shape[1]), np.float32)
        edges = np.searchsorted(dense, z - SAME_Z_MM / 2)
        edges[-1] = np.searchsorted(dense, z[-1] + SAME_Z_MM / 2, side="right")
        below, above = self.ends
        if below is not None:
            below.extend(dense[: edges[0]], field[: edges[0]])
        if above is not None:
            above.extend(dense[edges[-1] :], field[edges[-1] :])
        field[edges[0] : edges[-1]] = knots[0]
        slopes = np.empty_like(knots)
        plane_slopes(knots, z, slopes)
        for gap in range(z.size - 1):
            met = slice(edges[gap], edges[gap + 1])
            if dense[met].size:
                interpolate_planes(knots, slopes, z, gap, dense[met], field[met])
                bulge(knots, z, self.depths_mm, gap=gap, z_out=dense[met], out=field[met])
                spare = np.float32(sagitta_mm(self.depths_mm, z, gap))
                keep_within(knots[gap], knots[gap + 1], spare, field[met])
        return field


def _section(rings: FlatRings, plane: int) -> Rings:
    """Points and ring offsets of one plane of a piece."""
    xy, ring_starts, plane_rings = rings
    starts = ring_starts[plane_rings[plane] : plane_rings[plane + 1] + 1]
    return xy[starts[0] : starts[-1]], starts - starts[0]


def _dense_planes(
    lofted: list[_LoftedPiece], wanted: NDArray[np.float64], span_mm: tuple[float, float]
) -> NDArray[np.float64]:
    """All planes the pieces and the lattice ask for in the span, and its two ends."""
    every = np.concatenate([wanted, *(piece.dense_mm for piece in lofted)])
    inside = every[(every > span_mm[0] + FACE_MM / 2) & (every < span_mm[1] - FACE_MM / 2)]
    merged = np.unique(np.concatenate([inside, span_mm]))
    return merged[np.diff(merged, prepend=-np.inf) > SAME_Z_MM]
