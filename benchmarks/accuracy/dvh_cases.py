"""The cases of the DVH table: shapes, slices, dose grids, dose fields, and what is asked."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from cases import CENTRE, Case, shapes
from dvh_truth import DenseTruth, LinearTruth, slabs_of
from rtvol.geometry import Grid
from rtvol.phantoms import Gaussian, Linear, Plateau, rasterise, voxel_centres_mm

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cases import Shape
    from dvh_truth import Array, Slab, Truth
    from rtvol.phantoms import DoseField
    from rtvol.structures import Roi
    from rtvol.volumes import Dose

#: Parts of the hottest volume asked for, %; and the small volume, cc.
PERCENTS = (99, 98, 95, 50, 5, 2, 1)
SMALL_CC = 0.03
#: VxGy is asked for at these shares of the way from the lowest to the highest dose.
DOSE_SHARES = (0.1, 0.25, 0.5, 0.75, 0.9)
#: The nine metrics of Nelms 2015, and the shapes of 24 mm he took.
NELMS = ("volume", "Dmin", "Dmax", "Dmean", "D99%", "D95%", "D5%", "D1%", "D0.03cc")
NELMS_SHAPES = (
    "sphere 24 mm", "upright cylinder", "lying cylinder", "upright cone", "lying cone"
)  # fmt: skip
#: Directions of the linear doses, 1 Gy/mm.
GRADIENTS = {
    "x": (1.0, 0.0, 0.0),
    "y": (0.0, -1.0, 0.0),
    "z": (0.0, 0.0, 1.0),
    "oblique": (0.48, -0.6, 0.64),
}
#: Lowest dose in the shape's box, Gy: as Nelms 2015.
LOWEST_GY = 4.0
#: Shapes smaller than this are drawn on 1 mm slices only, mm.
SMALL_MM = 6.0
#: Dose samples beyond the shape on each side, mm.
BEYOND_MM = 8.0
#: Where slices and dose samples lie to the shape's centre changes from case to case: golden ratio.
PHASE = 0.6180339887


@dataclass(frozen=True, eq=False)
class DvhCase:
    """A contoured shape in a dose.

    Attributes
    ----------
    drawn
        Shape, slices and their phase.
    grid_mm
        Spacing of the dose samples.
    direction
        A key of `GRADIENTS`, "gaussian" or "plateau".
    """

    drawn: Case
    grid_mm: float
    direction: str
    number: int

    @property
    def shape(self) -> Shape:
        """What is contoured."""
        return self.drawn.shape

    @property
    def is_linear(self) -> bool:
        """Whether the dose is linear."""
        return self.direction in GRADIENTS

    @cached_property
    def roi(self) -> Roi:
        """The contours every system is given."""
        return self.drawn.roi()

    @cached_property
    def slabs(self) -> tuple[Slab, ...]:
        """The prisms of these contours."""
        return slabs_of(self.roi, self.drawn.spacing_mm)

    @cached_property
    def field(self) -> DoseField:
        """The dose in all of space."""
        half = np.array(self.shape.half_mm)
        if self.is_linear:
            gradient = GRADIENTS[self.direction]
            return Linear(CENTRE, LOWEST_GY + float(np.abs(gradient) @ half), gradient)
        x, y, z = CENTRE
        if self.direction == "gaussian":  # steep over the shape, its top beside the centre
            a, b, c = (float(s) for s in 0.8 * half + 2)
            return Gaussian((x + 1.7, y - 1.1, z + 0.9), 60.0, (a, b, c))
        a, b, c = (float(s) for s in half + 2)
        return Plateau((x + 0.8, y, z - 0.6), (a, b, c), 40.0, 55.0, 2.5)

    @cached_property
    def dose(self) -> Dose:
        """The dose's samples, float32."""
        half = np.array(self.shape.half_mm) + BEYOND_MM
        count = 2 * np.ceil(half / self.grid_mm).astype(int) + 1
        phase = (np.array([1, 2, 3]) * self.number * PHASE) % 1 - 0.5
        first = np.array(CENTRE) + (phase - (count - 1) / 2) * self.grid_mm
        origin = (float(first[0]), float(first[1]), float(first[2]))
        axes = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
        spacing = (self.grid_mm, self.grid_mm)
        offsets = np.arange(count[2]) * self.grid_mm
        return rasterise(
            self.field, Grid(origin, *axes, spacing, offsets, (int(count[1]), int(count[0])))
        )

    def sampled_at(self, points: Array) -> Array:
        """Trilinear dose between the samples, by scipy."""
        grid = self.dose.grid
        places = ((points - np.array(grid.origin_mm)) / self.grid_mm).T[::-1]
        values = self.dose.values_gy.astype(np.float64)
        found: Array = ndimage.map_coordinates(values, places, order=1)
        return found

    @cached_property
    def step_mm(self) -> float:
        """Distance between the dense truth's points."""
        return 0.012 * float(np.cbrt(np.prod(self.shape.half_mm) * 8))

    @cached_property
    def truth(self) -> Truth:
        """What is right for the samples given: exact for linear doses, else trilinear."""
        if isinstance(self.field, Linear):
            return LinearTruth(self.slabs, self.field)
        nodes = voxel_centres_mm(self.dose.grid).reshape(-1, 3)
        return DenseTruth(self.slabs, self.sampled_at, self.step_mm, nodes)

    @cached_property
    def true_field(self) -> Truth:
        """What is right for the dose the samples were taken from."""
        centre = np.array([getattr(self.field, "centre_mm", CENTRE)])
        return DenseTruth(self.slabs, self.field.at, self.step_mm, centre)

    @property
    def asked_gy(self) -> NDArray[np.float64]:
        """Doses of VxGy."""
        truth = self.truth
        found: Array = truth.min_gy + np.array(DOSE_SHARES) * (truth.max_gy - truth.min_gy)
        return found


def values_of(truth: Truth, asked_gy: Array) -> dict[str, float]:
    """Every metric of the table; VxGy in % of the volume."""
    found = {"volume": truth.volume_cc}
    for percent in PERCENTS:
        found[f"D{percent}%"] = truth.hottest_gy(percent / 100 * truth.volume_cc)
    if truth.volume_cc > SMALL_CC:
        found["D0.03cc"] = truth.hottest_gy(SMALL_CC)
    found |= {"Dmean": truth.mean_gy, "Dmin": truth.min_gy, "Dmax": truth.max_gy}
    for share, dose in zip(DOSE_SHARES, asked_gy, strict=True):
        found[f"V at {share:g}"] = 100 * truth.at_least_cc(float(dose)) / truth.volume_cc
    return found


def linear_cases(*, smoke: bool) -> list[DvhCase]:
    """Every shape on 1, 2.5 and 3 mm slices, dose grids of 1, 2, 3 mm, four directions."""
    spacings = (2.5,) if smoke else (1.0, 2.5, 3.0)
    grids = (2.0,) if smoke else (1.0, 2.0, 3.0)
    return _cases([shape.name for shape in shapes()], spacings, grids, tuple(GRADIENTS))


def curved_cases(*, smoke: bool) -> list[DvhCase]:
    """Some shapes in a Gaussian and in a plateau with a sigmoid fall."""
    names = ["sphere 24 mm", "ellipsoid", "lying cylinder", "upright cone", "L", "sphere 0.3 cc"]
    pairs = [(2.5, 2.0)] if smoke else [(1.0, 1.0), (2.5, 2.0), (3.0, 2.5), (3.0, 3.0)]
    found: list[DvhCase] = []
    for spacing, grid in pairs:
        chosen = names[:1] if smoke else names
        found += _cases(chosen, (spacing,), (grid,), ("gaussian", "plateau"), len(found))
    return found


def _cases(
    names: list[str],
    spacings: tuple[float, ...],
    grids: tuple[float, ...],
    directions: tuple[str, ...],
    begin: int = 0,
) -> list[DvhCase]:
    found: list[DvhCase] = []
    chosen = [shape for shape in shapes() if shape.name in names]
    for shape, spacing, grid, direction in product(chosen, spacings, grids, directions):
        if max(shape.half_mm) < SMALL_MM / 2 and spacing > 1:
            continue
        number = begin + len(found)
        drawn = Case(shape, spacing, (number * PHASE) % 1, shape.kind)
        found.append(DvhCase(drawn, grid, direction, number))
    return found
