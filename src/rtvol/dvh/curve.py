"""The dose-volume distribution of one structure, and what can be read off it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from rtvol.geometry import lock

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: How the dose runs between its samples.
Interpolation = Literal["linear", "cubic"]

#: Width of the bins of the histogram for curves, in Gy.
BIN_GY = 0.01
#: A part of the structure outside the dose grid below this fraction is round-off, not a part.
SAME_VOLUME = 1e-6
#: Doses that differ by less than this part are one: they are stored as 32-bit floats.
SAME_DOSE = 2e-7


@dataclass(frozen=True, eq=False)
class DVH:
    """Cumulative dose-volume distribution of one structure, from the part inside the dose grid.

    Attributes
    ----------
    dose_gy
        Doses (n,) in Gy, ascending from the lowest to the highest dose; empty when no part of the
        structure lies inside the dose grid. Much finer than a histogram needs: metrics are read
        by linear interpolation. A dose that stands twice is that of a flat part of the field.
    below_cc
        Volume (n,) in cc that receives at most each dose, from 0 to the volume inside the grid.
    volume_cc
        Volume of the whole structure in cc: exact polygon areas times slab thickness.
    outside_cc
        Volume in cc that lies outside the dose grid; no dose is assumed there.
    interpolation
        How the dose was taken between its samples.
    edge_gy
        Highest dose in Gy on the border of the dose grid where the structure leaves it: a higher
        isodose is closed inside. Infinite where that is not known; not used where nothing is
        outside.
    """

    dose_gy: NDArray[np.float64]
    below_cc: NDArray[np.float64]
    volume_cc: float
    outside_cc: float
    interpolation: Interpolation = "linear"
    edge_gy: float = math.inf

    def __post_init__(self) -> None:
        if self.dose_gy.shape != self.below_cc.shape or self.dose_gy.ndim != 1:
            raise ValueError("a DVH needs one volume for each dose")
        if np.any(np.diff(self.dose_gy) < 0) or np.any(np.diff(self.below_cc) < 0):
            raise ValueError("doses and volumes of a DVH must ascend")
        if self.dose_gy.size == 1:
            raise ValueError("a DVH runs from a lowest to a highest dose, equal ones included")
        lock(self.dose_gy)
        lock(self.below_cc)

    def __repr__(self) -> str:
        ends = (
            f"{self.dose_gy[0]:.2f} to {self.dose_gy[-1]:.2f} Gy" if self.dose_gy.size else "none"
        )
        return f"DVH({self.volume_cc:.2f} cc, {ends})"

    @property
    def outside_fraction(self) -> float:
        """Part (0..1) of the structure that lies outside the dose grid."""
        known = self.outside_cc <= SAME_VOLUME * self.volume_cc
        return 0.0 if known else self.outside_cc / self.volume_cc

    @property
    def inside(self) -> DVH:
        """The distribution of the part inside the dose grid alone, as if it were the structure."""
        inside_cc = float(self.below_cc[-1]) if self.dose_gy.size else 0.0
        return replace(self, volume_cc=inside_cc, outside_cc=0.0)

    @property
    def min_gy(self) -> float:
        """Lowest dose in Gy over the closed solid inside the dose grid; NaN if none is inside."""
        return float(self.dose_gy[0]) if self.dose_gy.size else math.nan

    @property
    def max_gy(self) -> float:
        """Highest dose in Gy over the closed solid inside the dose grid; NaN if none is inside."""
        return float(self.dose_gy[-1]) if self.dose_gy.size else math.nan

    @property
    def mean_gy(self) -> float:
        """Mean dose in Gy over the part inside the dose grid; NaN if none is inside."""
        return _moment(self, 1.0)

    @property
    def histogram(self) -> Histogram:
        """The curve in bins of 1 cGy, from 0 to past the highest dose."""
        top = math.floor(max(self.max_gy, 0.0) / BIN_GY) + 1 if self.dose_gy.size else 0
        edges = np.arange(top + 1, dtype=np.float64) * np.float64(BIN_GY)
        volumes = np.empty(0)
        if self.dose_gy.size:
            below = np.interp(edges, self.dose_gy, self.below_cc)
            below[0] = 0.0
            # doses up to the last edge: np.interp may end a rounding below the highest
            below[-1] = self.below_cc[-1]
            volumes = np.diff(below)
        return Histogram(volumes, self.volume_cc, self.outside_cc)

    @property
    def edges_gy(self) -> NDArray[np.float64]:
        """Edges (m + 1,) of the histogram in Gy: every 1 cGy from 0 to past the highest dose."""
        return self.histogram.edges_gy

    @property
    def differential_cc(self) -> NDArray[np.float64]:
        """Volume (m,) in cc in each bin of the histogram; sums to the volume inside the grid."""
        return self.histogram.differential_cc


@dataclass(frozen=True, eq=False)
class Histogram:
    """A dose-volume histogram in bins of 1 cGy: differential inside, cumulative as a view.

    Attributes
    ----------
    differential_cc
        Volume (m,) in cc in each bin; the first begins at 0 Gy. Empty when no part of the
        structure lies inside the dose grid.
    volume_cc
        Volume of the whole structure in cc.
    outside_cc
        Volume in cc outside the dose grid; it is in no bin, and nothing is scaled to make up
        for it.
    """

    differential_cc: NDArray[np.float64]
    volume_cc: float
    outside_cc: float

    def __post_init__(self) -> None:
        lock(self.differential_cc)

    def __repr__(self) -> str:
        return f"Histogram({self.edges_gy.size - 1} bins)"

    @property
    def edges_gy(self) -> NDArray[np.float64]:
        """Edges (m + 1,) of the bins in Gy."""
        count = self.differential_cc.size
        return np.arange(count + 1 if count else 0, dtype=np.float64) * np.float64(BIN_GY)

    @property
    def inside_cc(self) -> float:
        """Volume in cc that is in the bins: the volume the curve was computed on."""
        return float(self.differential_cc.sum())

    @property
    def cumulative_cc(self) -> NDArray[np.float64]:
        """Volume (m + 1,) in cc that receives at least the dose of each edge; 0 at the last."""
        if not self.differential_cc.size:
            return np.empty(0)
        hotter: NDArray[np.float64] = np.cumsum(self.differential_cc[::-1])[::-1]
        return np.append(hotter, 0.0)

    @property
    def cumulative_percent(self) -> NDArray[np.float64]:
        """The same in % of the volume it was computed on (`inside_cc`)."""
        cumulative = self.cumulative_cc
        return 100 * cumulative / cumulative[0] if cumulative.size else cumulative


def dose_at_volume_gy(dvh: DVH, hottest_cc: float) -> float:
    """Least dose in Gy within the hottest `hottest_cc` of the structure."""
    colder = dvh.below_cc[-1] - hottest_cc
    if colder <= 0:
        return dvh.min_gy
    above = int(np.searchsorted(dvh.below_cc, colder, side="right"))
    if above == dvh.below_cc.size:
        return dvh.max_gy
    part = (colder - dvh.below_cc[above - 1]) / (dvh.below_cc[above] - dvh.below_cc[above - 1])
    return float(dvh.dose_gy[above - 1] + part * (dvh.dose_gy[above] - dvh.dose_gy[above - 1]))


def volume_at_dose_cc(dvh: DVH, dose_gy: float) -> float:
    """Volume in cc that receives at least `dose_gy`."""
    least = dose_gy * (1 - SAME_DOSE)
    if least <= dvh.min_gy:
        return float(dvh.below_cc[-1])
    below = float(np.interp(least, dvh.dose_gy, dvh.below_cc))
    return float(dvh.below_cc[-1]) - below


def generalised_mean_gy(dvh: DVH, exponent: float) -> float:
    """Generalised equivalent uniform dose in Gy: (sum v d^a)^(1/a) (Niemierko 1999)."""
    if exponent < 0 and dvh.min_gy <= 0:
        return 0.0
    return float(_moment(dvh, exponent) ** (1 / exponent))


def _moment(dvh: DVH, power: float) -> float:
    """Volume-weighted mean of dose ** power; within a step the volume is spread evenly."""
    if not dvh.dose_gy.size:
        return math.nan
    volumes = np.diff(dvh.below_cc)
    low, high = dvh.dose_gy[:-1], dvh.dose_gy[1:]
    middle = (low + high) / 2
    values = middle**power
    return float(volumes @ values / volumes.sum())
