"""Where the targets of a case are computed: planes and steps shared by all its lesions."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rtvol.errors import Finding
from rtvol.geometry import SAME_MM
from rtvol.masks.lattice import Lattice
from rtvol.masks.volume import slab_volume_cc

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from rtvol.margins.recipe import TargetRecipe
    from rtvol.masks.stack import PlaneStack

#: Lattice steps per radius of the smallest lesion: the area of a circle traced on such a lattice
#: is 0.1 % small at most (a chord of step h lies h^2 / 8R inside).
STEPS_PER_RADIUS = 16
#: Limits of the lattice step and of the pitch of the dense planes, mm.
FINEST_MM, COARSEST_MM = 0.25, 1.0
#: Lattice steps in the shortest of six unequal margins.
STEPS_PER_MARGIN = 4
#: Pitch of the dense planes in lattice steps; along z the distance between planes is closed form.
PITCH_PER_STEP = 1.25
#: A lattice is not made finer than this many steps across the largest lesion.
MOST_STEPS = 300


@dataclass(frozen=True)
class Setting:
    """What all lesions of a case share.

    Attributes
    ----------
    planes_mm
        The planes contours are written on (the CT's; the contours' own without a CT), ascending.
    dense_mm
        Planes fields are evaluated on: `planes_mm`, subdivided and continued as far as needed.
    step_mm
        In-plane lattice step, mm.
    spacing_mm
        Usual distance between written planes, mm.
    images_mm
        How far the images reach along x and along y, mm; None without images.
    """

    planes_mm: NDArray[np.float64]
    dense_mm: NDArray[np.float64]
    step_mm: float
    spacing_mm: float
    images_mm: tuple[tuple[float, float], tuple[float, float]] | None = None

    def lattice(self, stack: PlaneStack, recipe: TargetRecipe) -> Lattice:
        """Return the lattice that holds everything grown from a stack by a recipe."""
        reach = _reach_mm(recipe) + 4 * self.step_mm
        (x, y, z) = stack.bounds_mm
        low, high = np.searchsorted(self.dense_mm, (z[0] - reach, z[1] + reach))
        planes = self.dense_mm[max(low - 1, 0) : high + 1]
        return Lattice.around(
            (x[0] - reach, x[1] + reach), (y[0] - reach, y[1] + reach), planes, self.step_mm
        )


def make_setting(
    stacks: Sequence[PlaneStack],
    recipe: TargetRecipe,
    planes_mm: NDArray[np.float64] | None,
    images_mm: tuple[tuple[float, float], tuple[float, float]] | None = None,
) -> Setting:
    """Choose the planes and the lattice step for the lesions of a case.

    Parameters
    ----------
    stacks
        Contours of each GTV.
    recipe
        What is grown.
    planes_mm
        The CT's planes (patient z, mm, ascending); None without a CT: the contours' own planes,
        continued at their spacing.
    images_mm
        How far the images reach along x and along y, mm.
    """
    own = np.unique(np.round(np.concatenate([stack.z_mm for stack in stacks]), 3))
    spacing = _usual_spacing(own if planes_mm is None else planes_mm, stacks)
    reach = _reach_mm(recipe) + 2 * spacing
    low = min(stack.bounds_mm[2][0] for stack in stacks) - reach
    high = max(stack.bounds_mm[2][1] for stack in stacks) + reach
    if planes_mm is None:
        planes_mm = _continued(_filled(own, spacing), spacing, low, high)
    radius = min(map(_radius_mm, stacks))
    span = max(side[1] - side[0] for stack in stacks for side in stack.bounds_mm) + 2 * reach
    # a gauge rises within a margin's length: several steps must fit into the shortest
    uneven = [m.six_mm for m in (recipe.ctv, recipe.ptv) if not m.is_uniform]
    shortest = min((length for six in uneven for length in six if length > 0), default=math.inf)
    step = min(radius / STEPS_PER_RADIUS, shortest / STEPS_PER_MARGIN)
    step = min(max(step, span / MOST_STEPS, FINEST_MM), COARSEST_MM)
    dense = _densify(_continued(planes_mm, spacing, low, high), PITCH_PER_STEP * step)
    return Setting(planes_mm, dense[(dense >= low) & (dense <= high)], step, spacing, images_mm)


def truncation_findings(
    name: str, lattice: Lattice, field: NDArray[np.float32], setting: Setting
) -> Iterator[Finding]:
    """Warn when a grown structure {field < 0} reaches beyond the images it is written on."""
    inside = field < 0
    reached = {
        "x": lattice.x_mm[inside.any(axis=(0, 1))],
        "y": lattice.y_mm[inside.any(axis=(0, 2))],
        "z": lattice.z_mm[inside.any(axis=(1, 2))],
    }
    half = setting.spacing_mm / 2
    known = {"z": (setting.planes_mm[0] - half, setting.planes_mm[-1] + half)}
    if setting.images_mm is not None:
        known |= dict(zip("xy", setting.images_mm, strict=True))
    for axis, (low, high) in known.items():
        first, last = reached[axis][0], reached[axis][-1]
        if first < low - SAME_MM or last > high + SAME_MM:
            yield Finding(
                "margin-truncated",
                where=name,
                seen=f"reaches from {axis} {first:.1f} to {last:.1f} mm, "
                f"the images from {low:.1f} to {high:.1f} mm",
                mend="scan further; the volume is of the whole target",
            )


def _reach_mm(recipe: TargetRecipe) -> float:
    return max(recipe.ctv.largest_mm + recipe.ptv.largest_mm, recipe.ptv.largest_mm)


def _radius_mm(stack: PlaneStack) -> float:
    """Radius of the ball of its volume, or of its mean section if that is smaller (a cord)."""
    volume_mm3 = 1000 * slab_volume_cc(stack)
    section_mm2 = volume_mm3 / float(stack.thickness_mm.sum())
    return min(math.cbrt(3 * volume_mm3 / (4 * math.pi)), math.sqrt(section_mm2 / math.pi))


def _usual_spacing(planes_mm: NDArray[np.float64], stacks: Sequence[PlaneStack]) -> float:
    if planes_mm.size > 1:
        return float(np.median(np.diff(planes_mm)))
    return float(np.median(stacks[0].thickness_mm))


def _filled(planes_mm: NDArray[np.float64], spacing: float) -> NDArray[np.float64]:
    """Put planes at about the usual spacing into wider gaps."""
    parts = np.maximum(np.rint(np.diff(planes_mm) / spacing).astype(int), 1)
    return _subdivided(planes_mm, parts)


def _continued(
    planes_mm: NDArray[np.float64], spacing: float, low: float, high: float
) -> NDArray[np.float64]:
    below = max(math.ceil((planes_mm[0] - low) / spacing), 0) + 1
    above = max(math.ceil((high - planes_mm[-1]) / spacing), 0) + 1
    return np.concatenate(
        [
            planes_mm[0] + spacing * np.arange(-below, 0),
            planes_mm,
            planes_mm[-1] + spacing * np.arange(1, above + 1),
        ]
    )


def _densify(planes_mm: NDArray[np.float64], pitch: float) -> NDArray[np.float64]:
    """Subdivide each gap so that no part exceeds the pitch; evenly, to meet the slab faces."""
    halves = np.ceil(np.diff(planes_mm) / (2 * pitch) - 1e-9)
    return _subdivided(planes_mm, 2 * halves.astype(int))


def _subdivided(planes_mm: NDArray[np.float64], parts: NDArray[np.int64]) -> NDArray[np.float64]:
    first = np.cumsum(parts) - parts
    number = np.arange(parts.sum()) - np.repeat(first, parts)
    inner = np.repeat(planes_mm[:-1], parts)
    inner += np.repeat(np.diff(planes_mm) / parts, parts) * number
    return np.concatenate([inner, planes_mm[-1:]])
