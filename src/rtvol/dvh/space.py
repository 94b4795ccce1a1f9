"""Where an organ lies to a target, and the dose on its surface: as distributions.

The overlap-volume histogram and the distance-to-target histogram are two readings of one
distribution: the volume of an organ by its signed distance to a target, negative inside (Wu 2009,
Med Phys 36:5497; Kazhdan 2009, LNCS 5762:100). It is sampled as a dose is, with distances in mm
where doses are in Gy.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from rtvol.dvh.curve import dose_at_volume_gy, volume_at_dose_cc
from rtvol.dvh.metrics import MetricValue
from rtvol.dvh.sampling import dose_volume
from rtvol.frames import AXIAL
from rtvol.geometry import Grid, lock
from rtvol.solids.boundary import Boundary
from rtvol.volumes import Dose

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rtvol.dvh.curve import DVH
    from rtvol.dvh.grammar import Metric
    from rtvol.frames import PlaneFrame
    from rtvol.solids.planes import PlaneStack

#: Distances are worked out in points this part of an organ's size (cube root of its box) apart,
#: within these bounds in mm.
STEP_PER_SIZE, STEP_MM = 0.02, (0.5, 4.0)
#: Steps of the curves: of distance in mm, of dose in Gy.
CURVE_MM, CURVE_GY = 1.0, 0.1


@dataclass(frozen=True, eq=False)
class TargetSurface:
    """The lofted surface of a target, in the frame of its planes."""

    surface: Boundary
    frame: PlaneFrame

    @classmethod
    def of(cls, stack: PlaneStack) -> TargetSurface:
        """Find the surface of a contour stack."""
        return cls(Boundary.of(stack, "loft"), stack.frame)


def distances_in(body: PlaneStack, targets: Sequence[TargetSurface]) -> DVH:
    """Volume of a solid by its signed distance to the nearest of some targets.

    Parameters
    ----------
    body
        The organ: prisms.
    targets
        Surfaces of the targets.

    Returns
    -------
    DVH
        With distances in mm, negative inside, in place of doses in Gy.
    """
    (x, y, z) = body.bounds_mm
    size_mm = math.prod(max(high - low, 1.0) for low, high in (x, y, z)) ** (1 / 3)
    step = float(np.clip(size_mm * STEP_PER_SIZE, *STEP_MM))
    along = [np.arange(low - step, high + 2 * step, step) for low, high in (z, y, x)]
    grid = Grid(
        (float(along[2][0]), float(along[1][0]), float(along[0][0])),
        (1.0, 0.0, 0.0),
        (0.0, 1.0, 0.0),
        (step, step),
        along[0] - along[0][0],
        (along[1].size, along[2].size),
    )
    points = np.stack(np.meshgrid(*along, indexing="ij")[::-1], axis=-1).reshape(-1, 3)
    points = body.frame.to_patient(points)
    nearest = np.full(len(points), np.inf)
    for target in targets:
        own = target.surface.signed_mm(target.frame.from_patient(points))
        np.minimum(nearest, own, out=nearest)
    values = nearest.reshape(tuple(axis.size for axis in along)).astype(np.float32)
    # sampled in the frame of its planes: the grid is given in it
    flat = body if body.frame.is_axial else replace(body, frame=AXIAL)
    return dose_volume(flat, Dose(values, grid))


@dataclass(frozen=True, eq=False)
class SpaceCurve:
    """An overlap-volume or a dose-surface histogram.

    Attributes
    ----------
    kind
        "OVH": what lies within each distance; "DSH": what receives at least each dose.
    at
        Distances (N,) in mm, or doses in Gy; ascending.
    amount
        Volume in cc, or area in cm2, (N,).
    total
        All of it.
    """

    kind: str
    at: NDArray[np.float64]
    amount: NDArray[np.float64]
    total: float

    def __post_init__(self) -> None:
        lock(self.at)
        lock(self.amount)


def overlap_curve(curve: DVH) -> SpaceCurve:
    """Return the overlap-volume histogram of a distribution of distances, mm by mm."""
    low, high = math.floor(curve.min_gy), math.ceil(curve.max_gy)
    at = np.arange(low, high + CURVE_MM, CURVE_MM, dtype=np.float64)
    total = float(curve.below_cc[-1])
    hot = [volume_at_dose_cc(curve, math.nextafter(mm, math.inf)) for mm in at.tolist()]
    return SpaceCurve("OVH", at, total - np.array(hot), total)


def distance_value(metric: Metric, curve: DVH) -> MetricValue:
    """Read `OVH5mm` or `DTH50%` off a distribution of distances."""
    total_cc = float(curve.below_cc[-1])
    if metric.kind == "OVH":
        near_cc = total_cc - volume_at_dose_cc(curve, math.nextafter(metric.amount, math.inf))
        return MetricValue(100 * near_cc / total_cc if metric.unit == "%" else near_cc)
    part_cc = metric.amount / 100 * total_cc if metric.amount_unit == "%" else metric.amount
    if part_cc > total_cc:
        return MetricValue(None, f"the structure holds {total_cc:.4g} cc in all")
    return MetricValue(dose_at_volume_gy(curve, total_cc - part_cc))


@dataclass(frozen=True, eq=False)
class SurfaceDoses:
    """The surface of a structure in pieces, with the dose on each.

    Attributes
    ----------
    dose_gy
        Dose (N,) in Gy, ascending; NaN, last, outside the grid.
    area_cm2
        Area (N,) in cm2.
    """

    dose_gy: NDArray[np.float64]
    area_cm2: NDArray[np.float64]

    def __post_init__(self) -> None:
        lock(self.dose_gy)
        lock(self.area_cm2)

    @classmethod
    def of(cls, stack: PlaneStack, dose: Dose) -> SurfaceDoses:
        """Look up the trilinear dose on the lofted surface of a contour stack.

        The steps of prisms would add area that no organ has.
        """
        from rtvol.dvh.nodes import dose_nodes, doses_at

        surface = Boundary.of(stack, "loft")
        points = stack.frame.to_patient(surface.point_mm)
        low, high = points.min(axis=0) - 1.0, points.max(axis=0) + 1.0
        nodes = dose_nodes(dose, tuple(zip(low.tolist(), high.tolist(), strict=True)))
        if min(axis.size for axis in nodes.axes_mm) < 2:
            doses = np.full(len(points), np.nan)
        else:
            doses = doses_at(points, nodes)
        order = np.argsort(doses)
        return cls(doses[order], surface.area_mm2[order] / 100)

    @property
    def curve(self) -> SpaceCurve | None:
        """The dose-surface histogram; None where a part of the surface lies outside the grid."""
        if np.isnan(self.dose_gy).any():
            return None
        at = np.arange(0.0, float(self.dose_gy[-1]) + CURVE_GY, CURVE_GY)
        total = float(self.area_cm2.sum())
        below = np.concatenate([[0.0], np.cumsum(self.area_cm2)])
        cold = below[np.searchsorted(self.dose_gy, at, side="left")]
        return SpaceCurve("DSH", at, total - cold, total)

    def value(self, metric: Metric, level_gy: float) -> MetricValue:
        """Read `DSH20Gy`: the surface that receives at least a dose."""
        total = float(self.area_cm2.sum())
        unknown = float(self.area_cm2[np.isnan(self.dose_gy)].sum())
        if unknown > 0:
            part = 100 * unknown / total
            return MetricValue(None, f"{part:.1f} % of the surface lies outside the dose grid")
        hot = float(self.area_cm2[self.dose_gy >= level_gy].sum())
        note = "of the surface of the loft, its ends included"
        return MetricValue(100 * hot / total if metric.unit == "%" else hot, note)
