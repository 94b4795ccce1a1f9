"""Expressions as trees: leaves joined, cut and resized; nothing is computed before it is asked for.

One tree from the text to the solid: its leaves are words (`names.language`), then the regions these
mean in a case (`names.expressions`), then solids (`margins.evaluate`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from rtvol.margins.margin import mirrored, negated, one_after_the_other

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rtvol.frames import Box
    from rtvol.margins.margin import Margin
    from rtvol.solids.combine import Operation

T = TypeVar("T")
M = TypeVar("M")


@dataclass(frozen=True)
class Leaf(Generic[T]):
    """What an expression is made of: a word, a region, a solid."""

    what: T


@dataclass(frozen=True)
class Combined(Generic[T]):
    """Two parts joined by a boolean operation."""

    operation: Operation
    one: Tree[T]
    other: Tree[T]


@dataclass(frozen=True)
class Resized(Generic[T]):
    """A part grown by a margin: all points within it; shrunk where the margin is negative."""

    part: Tree[T]
    margin: Margin


Tree = Leaf[T] | Combined[T] | Resized[T]


def leaves(tree: Tree[T]) -> Iterator[T]:
    """Yield the leaves from left to right."""
    match tree:
        case Leaf(what):
            yield what
        case Combined(_, one, other):
            yield from leaves(one)
            yield from leaves(other)
        case Resized(part, _):  # pragma: no branch - there is no fourth kind
            yield from leaves(part)


def mapped(tree: Tree[T], change: Callable[[T], Tree[M]]) -> Tree[M]:
    """Put another tree in the place of each leaf."""
    match tree:
        case Leaf(what):
            return change(what)
        case Combined(operation, one, other):
            return Combined(operation, mapped(one, change), mapped(other, change))
        case Resized(part, margin):  # pragma: no branch - there is no fourth kind
            return Resized(mapped(part, change), margin)


def has_margin(tree: Tree[T]) -> bool:
    """Whether anything in it grows or shrinks; a margin of 0 changes nothing."""
    match tree:
        case Leaf():
            return False
        case Combined(_, one, other):
            return has_margin(one) or has_margin(other)
        case Resized(part, margin):  # pragma: no branch - there is no fourth kind
            return not margin.is_zero or has_margin(part)


def operations_in(tree: Tree[T]) -> frozenset[str]:
    """All that is done in a tree: operations, and `resize`."""
    match tree:
        case Leaf():
            return frozenset()
        case Combined(operation, one, other):
            return frozenset({operation}) | operations_in(one) | operations_in(other)
        case Resized(part, _):  # pragma: no branch - there is no fourth kind
            return frozenset({"resize"}) | operations_in(part)


def resize(tree: Tree[T], margin: Margin) -> Tree[T]:
    """Grow a tree by a margin, or shrink it by a negative one, with as few steps as that takes.

    What is the same by set algebra is put so that solids as drawn are what grows: a union grows
    part by part, so does the outside of a difference; two growths of one shape are one.
    """
    if margin.is_zero:
        return tree
    if isinstance(tree, Resized):
        both = _one_step(tree.margin, margin)
        if both is not None:
            return Resized(tree.part, both)
    if isinstance(tree, Combined):
        one, other = tree.one, tree.other
        if tree.operation == "union" and margin.least_mm >= 0:
            return Combined("union", resize(one, margin), resize(other, margin))
        if tree.operation != "union" and margin.largest_mm <= 0:
            # the outside of the second grows towards the other side: six margins change places
            second = margin if tree.operation == "intersect" else mirrored(negated(margin))
            return Combined(tree.operation, resize(one, margin), resize(other, second))
    return Resized(tree, margin)


def simplified(tree: Tree[T]) -> Tree[T]:
    """Return the same solid with every margin at the leaves, as far as that is the same."""
    match tree:
        case Leaf():
            return tree
        case Combined(operation, one, other):
            return Combined(operation, simplified(one), simplified(other))
        case Resized(part, margin):  # pragma: no branch - there is no fourth kind
            return resize(simplified(part), margin)


def _one_step(first: Margin, second: Margin) -> Margin | None:
    """Return the one margin of two steps outwards, or two steps inwards; None for one of each."""
    if max(first.largest_mm, second.largest_mm) <= 0:
        both = one_after_the_other(negated(first), negated(second))
        return negated(both) if both is not None else None
    return one_after_the_other(first, second)


def box_of(
    tree: Tree[T],
    box: Callable[[T], Box | None],
    turned: Callable[[Margin], Margin] = lambda margin: margin,
) -> Box | None:
    """Box (x, y, z), each low and high in mm, that holds a tree; None for nothing.

    Parameters
    ----------
    tree
        The expression.
    box
        The box of a leaf, None where there is nothing of it.
    turned
        A margin as it is along the axes of the box: right to left is x, and so on.
    """
    match tree:
        case Leaf(what):
            return box(what)
        case Combined("subtract", one, _):
            return box_of(one, box, turned)
        case Combined("union", one, other):
            boxes = [box_of(part, box, turned) for part in (one, other)]
            found = [known for known in boxes if known is not None]
            return _joined(found, union=True) if found else None
        case Combined(_, one, other):
            first, second = box_of(one, box, turned), box_of(other, box, turned)
            both = None if first is None or second is None else [first, second]
            return _joined(both, union=False) if both else None
        case Resized(part, margin):  # pragma: no branch - there is no fourth kind
            inner = box_of(part, box, turned)
            return None if inner is None else _grown(inner, turned(margin))


def _joined(boxes: list[Box], *, union: bool) -> Box | None:
    low, high = (min, max) if union else (max, min)
    x, y, z = (
        (low(side[0] for side in sides), high(side[1] for side in sides))
        for sides in zip(*boxes, strict=True)
    )
    return _box(x, y, z)


def _grown(box: Box, m: Margin) -> Box | None:
    (x, y, z) = box
    return _box(
        (x[0] - m.right_mm, x[1] + m.left_mm),
        (y[0] - m.anterior_mm, y[1] + m.posterior_mm),
        (z[0] - m.inferior_mm, z[1] + m.superior_mm),
    )


def _box(*sides: tuple[float, float]) -> Box | None:
    x, y, z = sides
    return (x, y, z) if all(low < high for low, high in sides) else None
