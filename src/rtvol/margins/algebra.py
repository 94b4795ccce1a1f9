"""Solids as expressions: grown, shrunk, clipped, joined; evaluated only when a number is asked.

An expression holds regions and what is done to them, no arrays. `Expanded` of an `Expanded` whose
bodies have one shape becomes one growth by the sum, so a chain never loses anything on its way.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rtvol.errors import UsageError
from rtvol.margins.margin import Margin, one_after_the_other

if TYPE_CHECKING:
    from rtvol.frames import Box
    from rtvol.solids.combine import Operation
    from rtvol.solids.planes import PlaneStack


@dataclass(frozen=True)
class Drawn:
    """The lofted solid of a structure's contours."""

    stack: PlaneStack


@dataclass(frozen=True)
class Expanded:
    """A solid grown by a margin: all points within the margin of it."""

    solid: Solid
    margin: Margin


@dataclass(frozen=True)
class Shrunk:
    """A solid less all points within `margin_mm` of its outside."""

    solid: Solid
    margin_mm: float


@dataclass(frozen=True)
class Combined:
    """Two solids joined by a boolean operation."""

    operation: Operation
    one: Solid
    other: Solid


Solid = Drawn | Expanded | Shrunk | Combined


def drawn(stack: PlaneStack) -> Solid:
    """Return the lofted solid of contours."""
    return Drawn(stack)


def expand(solid: Solid, margin: Margin) -> Solid:
    """Grow a solid: its Minkowski sum with the margin's body. A margin of 0 changes nothing."""
    if margin.is_zero:
        return solid
    if isinstance(solid, Expanded):
        both = one_after_the_other(solid.margin, margin)
        if both is not None:
            return Expanded(solid.solid, both)
    return Expanded(solid, margin)


def shrink(solid: Solid, margin_mm: float) -> Solid:
    """Shrink a solid by the same margin, mm, on all sides: grow its outside.

    Raises
    ------
    UsageError
        `bad-margin` unless the margin is a finite number of at least 0.
    """
    if not margin_mm >= 0 or math.isinf(margin_mm):
        raise UsageError(
            "bad-margin",
            seen=f"shrinking by {margin_mm} mm",
            mend="give millimetres of 0 or more; a negative margin of `resize` shrinks",
        )
    if margin_mm == 0:
        return solid
    if isinstance(solid, Shrunk):
        return Shrunk(solid.solid, solid.margin_mm + margin_mm)
    return Shrunk(solid, margin_mm)


def resize(solid: Solid, margin_mm: float) -> Solid:
    """Grow by a positive margin, mm, shrink by a negative one."""
    return expand(solid, Margin.uniform(margin_mm)) if margin_mm >= 0 else shrink(solid, -margin_mm)


def union(one: Solid, other: Solid) -> Solid:
    """Return what lies in either solid."""
    return Combined("union", one, other)


def intersect(one: Solid, other: Solid) -> Solid:
    """Return what lies in both solids."""
    return Combined("intersect", one, other)


def subtract(one: Solid, other: Solid) -> Solid:
    """Return what lies in the first solid and not in the other."""
    return Combined("subtract", one, other)


def clip(solid: Solid, organ: Solid, *, gap_mm: float = 0.0) -> Solid:
    """Cut a solid back to `gap_mm` from an organ; a negative gap lets them overlap by as much."""
    return subtract(solid, resize(organ, gap_mm))


def confine(solid: Solid, container: Solid, *, gap_mm: float = 0.0) -> Solid:
    """Keep a solid inside another, `gap_mm` off its surface; a negative gap lets it reach out."""
    return intersect(solid, resize(container, -gap_mm))


def bounds_mm(solid: Solid) -> Box:
    """Box (x, y, z), each low and high in patient mm, that holds the solid.

    Raises
    ------
    UsageError
        `nothing-left` when two solids that are intersected lie apart.
    """
    match solid:
        case Drawn(stack):
            return stack.bounds_mm
        case Expanded(inner, m):
            (x, y, z) = bounds_mm(inner)
            return (
                (x[0] - m.right_mm, x[1] + m.left_mm),
                (y[0] - m.anterior_mm, y[1] + m.posterior_mm),
                (z[0] - m.inferior_mm, z[1] + m.superior_mm),
            )
        case Shrunk(inner, _):
            return bounds_mm(inner)
        case Combined("subtract", one, _):
            return bounds_mm(one)
        case Combined(operation, one, other):  # pragma: no branch - there is no fifth kind
            return _join(operation, bounds_mm(one), bounds_mm(other))


def _join(operation: Operation, one: Box, other: Box) -> Box:
    low, high = (min, max) if operation == "union" else (max, min)
    x, y, z = ((low(a[0], b[0]), high(a[1], b[1])) for a, b in zip(one, other, strict=True))
    if any(side[1] <= side[0] for side in (x, y, z)):
        raise UsageError(
            "nothing-left",
            seen="the two structures do not overlap",
            mend="check the names; an intersection of structures that lie apart has no volume",
        )
    return (x, y, z)
