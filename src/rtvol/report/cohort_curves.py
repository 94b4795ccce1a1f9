"""Dose-volume curves of many cases as bands: what share of a structure usually gets a dose."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from rtvol.dvh.curve import SAME_VOLUME
from rtvol.names.plain import plain
from rtvol.report.palette import NAMES
from rtvol.tables.curve_file import STRIDE

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Percentiles of the volume at each dose.
PERCENTILES = (5, 25, 50, 75, 95)
#: A page shows bands of at most so many structures, those of most curves.
MOST_BANDS = 200


@dataclass(eq=False)
class CurveBook:
    """Curves of a cohort while they are read, by structure and kind of dose.

    Attributes
    ----------
    curves
        Cumulative % at multiples of `STEP_GY`, without the zeros behind the highest dose.
    beyond
        How many curves are left out: part of their structure lies outside the dose grid.
    spelled
        What the structures are called.
    """

    curves: dict[tuple[str, str], list[NDArray[np.float32]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    beyond: Counter[tuple[str, str]] = field(default_factory=Counter)
    spelled: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def add(
        self, group: str, axis: str, percent: NDArray[np.float64], outside_fraction: float
    ) -> None:
        """Add a curve: % of the volume at each cGy (n,), and which part (0..1) it is not of."""
        self.add_thin(group, axis, percent[::STRIDE].astype(np.float32), outside_fraction)

    def add_thin(
        self, group: str, axis: str, percent: NDArray[np.float32], outside_fraction: float
    ) -> None:
        """Add a curve at multiples of `STEP_GY`."""
        key = group if group in NAMES.values() else plain(group)
        self.spelled[key][group] += 1
        if outside_fraction > SAME_VOLUME or not percent.size:
            self.beyond[key, axis] += 1
        else:
            self.curves[key, axis].append(percent)

    def bands(self) -> list[dict[str, Any]]:
        """Return a band for each structure, those of most curves first."""
        keys = sorted(
            {*self.curves, *self.beyond},
            key=lambda key: (-len(self.curves.get(key, ())), key),
        )
        return [self._band(*key) for key in keys[:MOST_BANDS]]

    @property
    def left_out(self) -> int:
        """How many structures have no band, for there are too many."""
        return max(len({*self.curves, *self.beyond}) - MOST_BANDS, 0)

    def _band(self, key: str, axis: str) -> dict[str, Any]:
        name = self.spelled[key].most_common(1)[0][0]
        words = name if axis in ("", "physical") else f"{name} ({axis})"
        curves = self.curves.get((key, axis), [])
        entry = {"name": words, "cases": len(curves), "beyond": self.beyond[key, axis]}
        return {**entry, "percentiles": percentiles_of(curves)}


def percentiles_of(curves: list[NDArray[np.float32]]) -> list[list[float]]:
    """Return for each of `PERCENTILES` the % of the volume at multiples of `STEP_GY`.

    At each dose the percentile over the curves (linear between order statistics); a curve that has
    ended is at 0 there. Empty without curves.
    """
    if not curves:
        return []
    longest = max(curve.size for curve in curves) + 1
    table = np.zeros((len(curves), longest), np.float32)
    for row, curve in zip(table, curves, strict=True):
        row[: curve.size] = curve
    lines = np.percentile(table, PERCENTILES, axis=0)
    return [[round(float(value), 2) for value in line] for line in lines]
