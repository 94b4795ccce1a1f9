"""Organs that cut targets: their surfaces as fields, and what they take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rtvol.frames import box_in
from rtvol.margins.levels import LevelSet
from rtvol.solids.distance import signed_distance
from rtvol.solids.loft import loft
from rtvol.solids.turned import box_of, lattice_over, read_across

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from rtvol.margins.recipe import Clip
    from rtvol.solids.pieces import Body

#: In-plane distances of organs are followed this far beyond the gap, mm: enough for the outline
#: to be interpolated between planes that differ by a centimetre.
BEYOND_MM = 12.0


@dataclass(frozen=True, eq=False)
class OrganCut:
    """One organ's cut of a target, as computed.

    Attributes
    ----------
    clip
        The organ with its gap, and the practice.
    forbidden_mm
        Field (K, J, I), negative where the target may not be: distance to the organ less the gap.
    lost_cc, whole_cc
        Volume removed, in the stated order of the cuts, and that of the uncut target.
    """

    clip: Clip
    forbidden_mm: NDArray[np.float32]
    lost_cc: float
    whole_cc: float

    @property
    def organ_mm(self) -> NDArray[np.float32]:
        """Field, negative inside the organ itself; outside it for an organ to stay within."""
        sign = -1 if self.clip.step.keeps_inside else 1
        return self.forbidden_mm + np.float32(sign * self.clip.gap_mm)


@dataclass(frozen=True)
class Cutter:
    """Cuts targets on the lattice of a GTV, which is never cut.

    Attributes
    ----------
    organs
        The organs by name.
    gtv
        The GTV.
    """

    organs: Mapping[str, Body]
    gtv: LevelSet

    def surface(self, roi: str, gap_mm: float = 0.0) -> NDArray[np.float32]:
        """Signed distance (K, J, I), mm, to an organ, exact as far as a gap on either side."""
        body, wanted = self.organs[roi], self.gtv.lattice
        lattice, frame = wanted, body.stack.frame
        if frame != wanted.frame:
            box = box_in(box_of(wanted), wanted.frame, frame)
            lattice = lattice_over(box, wanted.step_mm, frame)
        reach = abs(gap_mm) + 3 * lattice.step_mm
        runs = loft(body, lattice, band_mm=reach + BEYOND_MM, reach_mm=reach)
        distances = signed_distance(runs, lattice, outside_mm=reach, inside_mm=reach)
        return distances if lattice is wanted else read_across(distances, lattice, wanted)

    def forbidden(self, clip: Clip) -> NDArray[np.float32]:
        """Field, negative in an organ grown by its gap; `inside`: outside it shrunk by its gap."""
        gap, surface = np.float32(clip.gap_mm), self.surface(clip.roi, clip.gap_mm)
        return -(surface + gap) if clip.step.keeps_inside else surface - gap

    def cut(self, target: LevelSet, clips: Sequence[Clip]) -> tuple[LevelSet, tuple[OrganCut, ...]]:
        """Cut a target by organs one after the other.

        Parameters
        ----------
        target
            What is cut. As much of the GTV as it holds stays.
        clips
            The organs in their order.

        Returns
        -------
        The cut target and one record per organ; removed volumes add up to the whole loss.
        """
        kept, cuts = np.maximum(self.gtv.values, target.values), []
        whole = target
        for clip in clips:
            forbidden = self.forbidden(clip)
            left = np.minimum(np.maximum(target.values, -forbidden), kept)
            is_met = ((left < 0) != (target.values < 0)).any()
            after = LevelSet(left, target.lattice) if is_met else target
            lost = max(target.volume_cc - after.volume_cc, 0.0)
            cuts.append(OrganCut(clip, forbidden, lost, whole.volume_cc))
            target = after
        return target, tuple(cuts)
