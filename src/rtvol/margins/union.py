"""The union of all PTVs, and whose each part of it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rtvol.frames import box_in
from rtvol.solids.distance import FAR_MM, level_volume_cc
from rtvol.solids.turned import box_of, read_across

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rtvol.margins.levels import LevelSet
    from rtvol.solids.lattice import Lattice


@dataclass(frozen=True, eq=False)
class Claim:
    """One target, and the distance, mm, from the CTV it belongs to."""

    target: LevelSet
    from_ctv: LevelSet


@dataclass(frozen=True)
class Shares:
    """Volumes of a union, cc: the whole, and the part nearest to each target's own CTV."""

    union_cc: float
    owned_cc: tuple[float, ...]


def share_union(claims: Sequence[Claim]) -> Shares:
    """Give each point that several targets hold to the lesion whose CTV is nearest.

    Each share is measured on the target's own lattice, so that a target that meets no other owns
    just its volume. The shares add up to the union.
    """
    owned = tuple(_owned_cc(claims, n) for n in range(len(claims)))
    return Shares(sum(owned), owned)


def _owned_cc(claims: Sequence[Claim], n: int) -> float:
    own = claims[n]
    lattice = own.target.lattice
    lost = None
    for m, other in enumerate(claims):
        if m == n or not _meet(lattice, other.target.lattice):
            continue
        target = resample(other.target, lattice)
        nearer = resample(other.from_ctv, lattice) - own.from_ctv.values
        if m < n:  # what is as near to both belongs to the first of them
            nearer = np.nextafter(nearer, np.float32(-np.inf))
        theirs = np.maximum(target, nearer)
        lost = theirs if lost is None else np.minimum(lost, theirs)
    if lost is None or not (np.maximum(lost, own.target.values) < 0).any():
        return own.target.volume_cc
    return level_volume_cc(np.maximum(own.target.values, -lost), lattice)


def resample(level: LevelSet, lattice: Lattice) -> NDArray[np.float32]:
    """Read a field on the points of another lattice (K, J, I), linearly; far outside beyond it."""
    own = level.lattice
    if own.frame != lattice.frame:
        return read_across(level.values, own, lattice)
    values: NDArray[np.float32] = level.values
    axes = ((own.z_mm, lattice.z_mm), (own.y_mm, lattice.y_mm), (own.x_mm, lattice.x_mm))
    known = np.ones(lattice.shape, bool)
    for axis, (have, want) in enumerate(axes):
        inside = (want >= have[0] - 1e-9) & (want <= have[-1] + 1e-9)
        above = np.clip(np.searchsorted(have, want), 1, have.size - 1)
        share = (want - have[above - 1]) / (have[above] - have[above - 1])
        shape = [1, 1, 1]
        shape[axis] = -1
        part = np.clip(share, 0, 1).astype(np.float32).reshape(shape)
        low, high = (np.take(values, at, axis=axis) for at in (above - 1, above))
        values = low + part * (high - low)
        known &= inside.reshape(shape)
    return np.where(known, values, np.float32(FAR_MM))


def _meet(one: Lattice, other: Lattice) -> bool:
    sides = zip(box_of(one), box_in(box_of(other), other.frame, one.frame), strict=True)
    return all(a[0] <= b[1] and b[0] <= a[1] for a, b in sides)
