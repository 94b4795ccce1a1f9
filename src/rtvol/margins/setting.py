"""Where targets are computed: the planes they are written on, and each structure's own lattice."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rtvol import codes
from rtvol.geometry import SAME_MM, continue_planes, fill_planes, subdivide
from rtvol.solids.lattice import Lattice
from rtvol.solids.volume import slab_volume_cc

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from rtvol.errors import Finding
    from rtvol.frames import Box
    from rtvol.geometry import Edges
    from rtvol.margins.levels import LevelSet
    from rtvol.solids.planes import PlaneStack

#: Lattice steps per radius of a structure: the area of a circle traced on such a lattice is 0.06 %
#: small at most (a chord of step h lies h^2 / 8R inside).
STEPS_PER_RADIUS = 20
#: Limits of the lattice step and of the pitch of the dense planes, mm.
FINEST_MM, COARSEST_MM = 0.25, 0.8
#: Pitch of the dense planes in lattice steps; along z the distance between planes is closed form.
PITCH_PER_STEP = 1.25
#: A lattice is made coarser where the structure's own box would hold more points.
MOST_POINTS = 2_000_000
#: No margin reaches farther beyond the contours, mm.
FARTHEST_MM = 110.0


@dataclass(frozen=True, eq=False)
class WrittenPlanes:
    """On which planes of one frame structures are written.

    Attributes
    ----------
    planes_mm
        The planes (P,), mm along their normal, ascending; None for the contours' own.
    are_images
        Whether these are planes of images, so that one between contours without any is missing.
    edges_mm
        How far the images reach in plane, along x and y of their frame, mm; None without images.
    """

    planes_mm: NDArray[np.float64] | None = None
    are_images: bool = True
    edges_mm: Edges | None = None

    @property
    def images_mm(self) -> NDArray[np.float64] | None:
        """The planes, where they are those of images."""
        return self.planes_mm if self.are_images else None


@dataclass(frozen=True)
class Setting:
    """What all structures of a case on planes of one orientation share.

    Attributes
    ----------
    planes_mm
        The planes contours are written on (the CT's; the contours' own without a CT), mm along
        their normal, ascending.
    are_images
        Whether those are the planes of images: a slice between contours that has none is missing.
    edges_mm
        How far the images reach in plane, along x and y of their frame, mm; None without images.
    keep_levels
        Whether targets keep the solids they were traced from: tens of MB each.
    """

    planes_mm: NDArray[np.float64]
    are_images: bool = True
    edges_mm: Edges | None = None
    keep_levels: bool = False

    def lattice(self, stack: PlaneStack, reach_mm: float) -> Lattice:
        """Return the lattice that holds a structure grown by as much.

        Its points depend on the structure and the written planes alone; the reach only tells how
        many there are. What is computed on them is the same whatever is grown afterwards.
        """
        step = step_of(stack)
        reach = max(reach_mm, 0.0) + 4 * step
        x, y, z = stack.bounds_mm
        low, high = z[0] - reach, z[1] + reach
        every = subdivide(continue_planes(self.planes_mm, low, high), PITCH_PER_STEP * step)
        first, last = np.searchsorted(every, (low, high))
        planes = every[max(int(first) - 1, 0) : int(last) + 1]
        across, along = ((side[0] - reach, side[1] + reach) for side in (x, y))
        return Lattice.around(across, along, planes, step, stack.frame)

    def spacing_mm(self, z_mm: tuple[float, float]) -> float:
        """Widest distance, mm, between written planes from one height to another."""
        gaps = np.diff(self.planes_mm)
        met = (self.planes_mm[1:] > z_mm[0]) & (self.planes_mm[:-1] < z_mm[1])
        return float(gaps[met].max() if met.any() else np.median(gaps))


def make_setting(stacks: Sequence[PlaneStack], written: WrittenPlanes) -> Setting:
    """Choose the planes that structures on planes of one frame are written on.

    Parameters
    ----------
    stacks
        Contours of each structure.
    written
        The planes; where they are the contours' own, planes at the spacing there are put where
        some are missing, and continued as far as anything may reach.
    """
    planes_mm = written.planes_mm
    if planes_mm is not None and planes_mm.size > 1:
        return Setting(planes_mm, written.are_images, written.edges_mm)
    own = np.unique(np.round(np.concatenate([stack.z_mm for stack in stacks]), 3))
    if own.size == 1:
        thick = float(stacks[0].thickness_mm[0])
        own = own + thick * np.arange(-1.0, 2.0)
    own = fill_planes(own)
    planes = continue_planes(own, own[0] - FARTHEST_MM, own[-1] + FARTHEST_MM)
    return Setting(planes, are_images=False, edges_mm=written.edges_mm)


def step_of(stack: PlaneStack) -> float:
    """In-plane lattice step, mm, that suits a structure."""
    x, y, z = stack.bounds_mm
    box_mm3 = math.prod(side[1] - side[0] for side in (x, y, z))
    step = max(
        _radius_mm(stack) / STEPS_PER_RADIUS, math.cbrt(box_mm3 / (PITCH_PER_STEP * MOST_POINTS))
    )
    return min(max(step, FINEST_MM), COARSEST_MM)


def truncation_findings(name: str, grown: LevelSet, setting: Setting) -> Iterator[Finding]:
    """Warn when a grown structure reaches beyond the images it is written on."""
    inside, lattice = grown.values < 0, grown.lattice
    reached = {
        "x": lattice.x_mm[inside.any(axis=(0, 1))],
        "y": lattice.y_mm[inside.any(axis=(0, 2))],
        "z": lattice.z_mm[inside.any(axis=(1, 2))],
    }
    spans = [(float(own[0]), float(own[-1])) for own in reached.values()]
    yield from beyond_images(name, (spans[0], spans[1], spans[2]), setting)


def beyond_images(name: str, box_mm: Box, setting: Setting) -> Iterator[Finding]:
    """Warn when a structure of this box (x, y, z), mm, reaches beyond the images."""
    planes = setting.planes_mm
    below, above = (planes[1] - planes[0]) / 2, (planes[-1] - planes[-2]) / 2
    known = {"z": (planes[0] - below, planes[-1] + above)}
    if setting.edges_mm is not None:
        known |= dict(zip("xy", setting.edges_mm, strict=True))
    reached = dict(zip("xyz", box_mm, strict=True))
    for axis, (low, high) in known.items():
        first, last = reached[axis]
        if first < low - SAME_MM or last > high + SAME_MM:
            yield codes.MARGIN_TRUNCATED.warn(
                where=name,
                seen=f"reaches from {axis} {first:.1f} to {last:.1f} mm, "
                f"the images from {low:.1f} to {high:.1f} mm",
                mend="scan further; the volume is of the whole target",
            )


def _radius_mm(stack: PlaneStack) -> float:
    """Radius of the ball of its volume, or of its mean section if that is smaller (a cord)."""
    volume_mm3 = 1000 * slab_volume_cc(stack)
    section_mm2 = volume_mm3 / float(stack.thickness_mm.sum())
    return min(math.cbrt(3 * volume_mm3 / (4 * math.pi)), math.sqrt(section_mm2 / math.pi))
