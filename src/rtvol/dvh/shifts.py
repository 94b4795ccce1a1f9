"""Metrics of a structure that moves while the dose stays: worst and best over a shift."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from rtvol.dvh.grammar import DISTANCE_KINDS, ISODOSE_KINDS, SURFACE_KINDS
from rtvol.dvh.readings import measure
from rtvol.dvh.sampling import moved_volumes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from rtvol.dvh import DVH, MetricValue
    from rtvol.dvh.readings import Sampling
    from rtvol.solids.planes import PlaneStack
    from rtvol.volumes import Dose

#: Letters of LPS axes towards larger and smaller numbers.
LETTERS = (("L", "R"), ("P", "A"), ("S", "I"))
#: Kinds of metrics that are no matter of the doses in the structure alone, or not of a dose.
NOT_SHIFTED = DISTANCE_KINDS | SURFACE_KINDS | ISODOSE_KINDS | {"Volume"}
#: What is said beside the numbers.
HELD = "the structure is moved, the dose held fixed"


@dataclass(frozen=True)
class ShiftSpan:
    """Least and greatest value of a metric over the shifts, and towards where; None with `note`.

    A direction is written `L`, `AS`, `RPI`; an empty one is where the structure lies.
    """

    low: float | None
    high: float | None
    low_toward: str = ""
    high_toward: str = ""
    note: str = ""


def directions() -> dict[str, NDArray[np.float64]]:
    """Return 26 unit vectors, patient LPS, by name: along axes, edges and corners of a cube."""
    found = {}
    for signs in product((-1, 0, 1), repeat=3):
        if any(signs):
            name = "".join(
                pair[sign < 0] for pair, sign in zip(LETTERS, signs, strict=True) if sign
            )
            found[name] = np.array(signs) / np.linalg.norm(signs)
    return found


def shift_spans(
    body: PlaneStack,
    dose: Dose,
    sampling: Sampling,
    read: Callable[[DVH], Mapping[str, MetricValue]],
    here: DVH,
) -> dict[str, ShiftSpan]:
    """Return worst and best of each metric over 26 directions of a shift, and none.

    Parameters
    ----------
    body
        The solid where it lies.
    dose
        Dose in Gy; it stays.
    sampling
        How it is measured, and the length of the shift.
    read
        Gives the metrics of one distribution.
    here
        The distribution where the structure lies.
    """
    ways = directions()
    moves = [sampling.shift_mm * way for way in ways.values()]
    if sampling.interpolation == "linear":
        curves = moved_volumes(body, dose, moves)
        # what leaves the grid needs the doses on its border
        curves = [
            measure(body, _moved(dose, -move), sampling) if curve.outside_fraction else curve
            for curve, move in zip(curves, moves, strict=True)
        ]
    else:
        curves = [measure(body, _moved(dose, -move), sampling) for move in moves]
    found = {"": read(here), **dict(zip(ways, map(read, curves), strict=True))}
    return {key: _span(found, key) for key in found[""]}


def _moved(dose: Dose, by_mm: NDArray[np.float64]) -> Dose:
    """Return a dose elsewhere: to move a structure is to move the dose the other way."""
    x, y, z = (np.array(dose.grid.origin_mm) + by_mm).tolist()
    return replace(dose, grid=replace(dose.grid, origin_mm=(x, y, z)))


def _span(found: Mapping[str, Mapping[str, MetricValue]], key: str) -> ShiftSpan:
    absent = [way for way, values in found.items() if values[key].value is None]
    if absent:
        where = f"moved towards {absent[0]}" if absent[0] else "where it lies"
        return ShiftSpan(None, None, note=f"{where}: {found[absent[0]][key].note}")
    values = {way: float(one[key].value or 0.0) for way, one in found.items()}
    low, high = min(values, key=values.__getitem__), max(values, key=values.__getitem__)
    return ShiftSpan(values[low], values[high], low, high)
