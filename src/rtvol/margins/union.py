"""Several targets that meet: the volume of their union, and whose it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rtvol.masks.distance import FAR_MM, level_volume_cc
from rtvol.masks.lattice import Lattice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Piece:
    """One target: its field, the distance from the CTV it belongs to, and their lattice.

    Lattices of one case have one step, and planes from one list (`Setting.dense_mm`), so that
    they share their points where they overlap.
    """

    target: NDArray[np.float32]
    from_ctv_mm: NDArray[np.float32]
    lattice: Lattice


@dataclass(frozen=True)
class Shares:
    """Volumes of a union, cc: the whole, and the part nearest to each piece's own CTV."""

    union_cc: float
    owned_cc: tuple[float, ...]


def share_union(pieces: Sequence[Piece]) -> Shares:
    """Measure the union of targets, and give each point of it to the lesion whose CTV is nearest.

    Targets whose lattices do not meet own what they are; the parts add up to the union.
    """
    owned = [0.0] * len(pieces)
    union = 0.0
    for group in _groups(pieces):
        if len(group) == 1:
            volume = level_volume_cc(pieces[group[0]].target, pieces[group[0]].lattice)
            owned[group[0]] = volume
            union += volume
            continue
        whole = _hull([pieces[n].lattice for n in group])
        targets = [_spread(pieces[n].target, pieces[n].lattice, whole) for n in group]
        distances = [_spread(pieces[n].from_ctv_mm, pieces[n].lattice, whole) for n in group]
        union += level_volume_cc(np.minimum.reduce(targets), whole)
        for place, n in enumerate(group):
            others = np.minimum.reduce([d for other, d in enumerate(distances) if other != place])
            nearer = distances[place] - others
            owned[n] = level_volume_cc(np.maximum(targets[place], nearer), whole)
    return Shares(union, tuple(owned))


def _groups(pieces: Sequence[Piece]) -> list[list[int]]:
    """Numbers of the pieces whose lattices meet, directly or through others."""
    groups: list[list[int]] = []
    for n, piece in enumerate(pieces):
        near = [g for g in groups if any(_meet(piece.lattice, pieces[m].lattice) for m in g)]
        merged = sorted([n, *(m for group in near for m in group)])
        groups = [group for group in groups if group not in near] + [merged]
    return groups


def _box(lattice: Lattice) -> tuple[float, ...]:
    x, y, z = lattice.x_mm, lattice.y_mm, lattice.z_mm
    return (x[0], y[0], z[0], x[-1], y[-1], z[-1])


def _meet(one: Lattice, other: Lattice) -> bool:
    a, b = _box(one), _box(other)
    return all(a[n] <= b[n + 3] and b[n] <= a[n + 3] for n in range(3))


def _hull(lattices: Sequence[Lattice]) -> Lattice:
    first = np.min([lattice.first for lattice in lattices], axis=0)
    end = np.max([np.add(lattice.first, lattice.shape_ji) for lattice in lattices], axis=0)
    return Lattice(
        first=(int(first[0]), int(first[1])),
        shape_ji=(int(end[0] - first[0]), int(end[1] - first[1])),
        step_mm=lattices[0].step_mm,
        z_mm=np.unique(np.concatenate([lattice.z_mm for lattice in lattices])),
    )


def _spread(field: NDArray[np.float32], lattice: Lattice, whole: Lattice) -> NDArray[np.float32]:
    """Put a field on a larger lattice; far outside where it was not known."""
    spread = np.full(whole.shape, FAR_MM, np.float32)
    k = int(np.searchsorted(whole.z_mm, lattice.z_mm[0]))
    j, i = np.subtract(lattice.first, whole.first)
    depth, rows, columns = field.shape
    spread[k : k + depth, j : j + rows, i : i + columns] = field
    return spread
