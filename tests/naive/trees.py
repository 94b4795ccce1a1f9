"""Expressions of solids for tests, put together by hand, and their volumes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rtvol.margins.algebra import Combined, Leaf, Resized
from rtvol.margins.evaluate import lattice_of, sections_of, sections_volume_cc
from rtvol.margins.margin import Margin, parse_margin
from rtvol.margins.setting import Setting
from rtvol.margins.sources import Drawn
from rtvol.solids.pieces import Body
from rtvol.solids.stack import stack_planes

if TYPE_CHECKING:
    from typing import Any

    import numpy as np
    from numpy.typing import NDArray

    from rtvol.structures import Roi


def drawn(roi: Roi, **how: Any) -> Leaf:
    return Leaf(Drawn(Body.of(stack_planes(roi, **how)[0])))


def grown(tree: Any, margin: float | str) -> Resized:
    return Resized(tree, parse_margin(margin, allow_large=True))


def shrunk(tree: Any, margin_mm: float) -> Resized:
    return Resized(tree, Margin.uniform(-margin_mm))


def union(one: Any, other: Any) -> Combined:
    return Combined("union", one, other)


def both(one: Any, other: Any) -> Combined:
    return Combined("intersect", one, other)


def less(one: Any, other: Any) -> Combined:
    return Combined("subtract", one, other)


def volume_cc(tree: Any, planes_mm: NDArray[np.float64]) -> float:
    """Volume in cc, worked out on planes that divide these; 0 for nothing."""
    lattice = lattice_of(tree, Setting(planes_mm))
    return 0.0 if lattice is None else sections_volume_cc(sections_of(tree, lattice))
