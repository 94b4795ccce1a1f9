"""Volume of the union of several targets: the cumulative PTV of a patient."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rtvol.masks.distance import FAR_MM, level_volume_cc
from rtvol.masks.lattice import Lattice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Piece = tuple[NDArray[np.float32], Lattice]


def union_volume_cc(pieces: Sequence[Piece]) -> float:
    """Volume, cc, of the union of solids {field < 0}.

    Parameters
    ----------
    pieces
        Field (K, J, I) and lattice of each; lattices of one step whose planes come from one
        list (`Setting.dense_mm`), so that they share their points where they overlap.
    """
    groups: list[list[Piece]] = []
    for piece in pieces:
        touching = [group for group in groups if any(_overlap(piece[1], p[1]) for p in group)]
        merged = [piece, *(p for group in touching for p in group)]
        groups = [group for group in groups if group not in touching] + [merged]
    return sum(_group_volume_cc(group) for group in groups)


def _box(lattice: Lattice) -> tuple[float, ...]:
    x, y, z = lattice.x_mm, lattice.y_mm, lattice.z_mm
    return (x[0], y[0], z[0], x[-1], y[-1], z[-1])


def _overlap(one: Lattice, other: Lattice) -> bool:
    a, b = _box(one), _box(other)
    return all(a[n] <= b[n + 3] and b[n] <= a[n + 3] for n in range(3))


def _group_volume_cc(group: Sequence[Piece]) -> float:
    if len(group) == 1:
        return level_volume_cc(*group[0])
    lattices = [lattice for _, lattice in group]
    first = np.min([lattice.first for lattice in lattices], axis=0)
    end = np.max([np.add(lattice.first, lattice.shape_ji) for lattice in lattices], axis=0)
    whole = Lattice(
        first=(int(first[0]), int(first[1])),
        shape_ji=(int(end[0] - first[0]), int(end[1] - first[1])),
        step_mm=lattices[0].step_mm,
        z_mm=np.unique(np.concatenate([lattice.z_mm for lattice in lattices])),
    )
    union = np.full(whole.shape, FAR_MM, np.float32)
    for field, lattice in group:
        k = int(np.searchsorted(whole.z_mm, lattice.z_mm[0]))
        j, i = np.subtract(lattice.first, whole.first)
        depth, rows, columns = field.shape
        part = union[k : k + depth, j : j + rows, i : i + columns]
        np.minimum(part, field, out=part)
    return level_volume_cc(union, whole)
