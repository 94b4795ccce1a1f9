"""Holes of a region: rings within rings, and those a keyhole joins to their outer ring."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from rtvol.solids.planes import PlaneStack

#: Corners of a bridge are the same to this many decimals (a micrometre): it is run to and fro.
DECIMALS = 3


def hole_count(stack: PlaneStack) -> int:
    """Count the loops that lie inside an odd number of other loops of their plane.

    A ring whose bridge runs to and fro (PS3.3 C.8.8.6.3, the keyhole technique) is several loops:
    its outer one, and one for each hole.
    """
    count = 0
    for first, last in zip(stack.plane_rings[:-1], stack.plane_rings[1:], strict=True):
        loops = [
            loop
            for ring in range(int(first), int(last))
            for loop in _loops(stack.xy_mm[stack.ring_starts[ring] : stack.ring_starts[ring + 1]])
        ]
        if len(loops) > 1:
            count += sum(_depth(loop, loops) % 2 for loop in loops)
    return count


def _loops(ring: NDArray[np.float64]) -> Iterator[NDArray[np.float64]]:
    """Yield a ring as loops that meet themselves nowhere; bridges run to and fro are left out."""
    corners, number = np.unique(np.round(ring, DECIMALS) + 0.0, axis=0, return_inverse=True)
    path = number.ravel().tolist()
    if len(corners) == len(path):
        yield ring
        return
    steps = Counter(zip(path, [*path[1:], path[0]], strict=True))
    onward: dict[int, list[int]] = {}
    for start, stop in (steps - Counter({(b, a): n for (a, b), n in steps.items()})).elements():
        onward.setdefault(start, []).append(stop)
    for start in list(onward):
        walked: list[int] = []
        at = start
        while onward.get(at):
            walked.append(at)
            at = onward[at].pop()
            if at in walked:
                back = walked.index(at)
                yield corners[walked[back:]]
                del walked[back:]


def _depth(loop: NDArray[np.float64], loops: list[NDArray[np.float64]]) -> int:
    """Count the other loops around the middle of a loop's longest side."""
    sides = np.roll(loop, -1, axis=0) - loop
    longest = int((sides**2).sum(axis=1).argmax())
    point = loop[longest] + sides[longest] / 2
    return sum(_encloses(other, point) for other in loops if other is not loop)


def _encloses(ring: NDArray[np.float64], point: NDArray[np.float64]) -> bool:
    """Whether a ray from the point towards +x crosses the ring an odd number of times."""
    start, end = ring, np.roll(ring, -1, axis=0)
    crosses = (start[:, 1] > point[1]) != (end[:, 1] > point[1])
    start, end = start[crosses], end[crosses]
    share = (point[1] - start[:, 1]) / (end[:, 1] - start[:, 1])
    crossing_x = start[:, 0] + share * (end[:, 0] - start[:, 0])
    return bool(np.count_nonzero(crossing_x > point[0]) % 2)
