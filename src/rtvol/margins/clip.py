"""Organs that cut targets: their surfaces as fields, and what they take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rtvol.margins.targets import ClipRecord
from rtvol.masks.distance import level_volume_cc, signed_distance
from rtvol.masks.loft import loft

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from rtvol.margins.recipe import Clip, ClipKind
    from rtvol.masks.lattice import Lattice
    from rtvol.masks.stack import PlaneStack

#: In-plane distances of organs are followed this far beyond the gap, mm: enough for the outline
#: to be interpolated between planes that differ by a centimetre.
BEYOND_MM = 12.0


@dataclass(frozen=True)
class Cutter:
    """Cuts targets on one lattice; a GTV is never cut.

    Attributes
    ----------
    organs
        Contours of the organs by name.
    lattice
        Points of the fields.
    gtv
        Field (K, J, I) negative inside the GTV.
    """

    organs: Mapping[str, PlaneStack]
    lattice: Lattice
    gtv: NDArray[np.float32]

    def surface(self, roi: str, gap_mm: float = 0.0) -> NDArray[np.float32]:
        """Signed distance (K, J, I), mm, to an organ, exact as far as a gap on either side."""
        reach = abs(gap_mm) + 3 * self.lattice.step_mm
        runs = loft(self.organs[roi], self.lattice, band_mm=reach + BEYOND_MM, reach_mm=reach)
        return signed_distance(runs, self.lattice, outside_mm=reach, inside_mm=reach)

    def taken_away(self, clip: Clip) -> NDArray[np.float32]:
        """Field negative where an organ grown by its gap (shrunk by a negative one) lies."""
        return self.surface(clip.roi, clip.gap_mm) - np.float32(clip.gap_mm)

    def left_out(self, clip: Clip) -> NDArray[np.float32]:
        """Field negative outside an organ shrunk by its gap (grown by a negative one)."""
        return -(self.surface(clip.roi, clip.gap_mm) + np.float32(clip.gap_mm))

    def cut(
        self,
        target: NDArray[np.float32],
        clips: Sequence[Clip],
        kind: ClipKind,
        ctv: NDArray[np.float32],
    ) -> tuple[NDArray[np.float32], tuple[ClipRecord, ...]]:
        """Cut a target by organs one after the other.

        Parameters
        ----------
        target
            Field (K, J, I) negative inside what is cut.
        clips, kind
            The organs in their order, and the practice.
        ctv
            Field of the CTV, to report how much of it the organs touch.

        Returns
        -------
        The cut field and one record per organ; removed volumes add up to the whole loss.
        """
        whole = before = level_volume_cc(target, self.lattice)
        records = []
        for clip in clips:
            forbidden = self.left_out(clip) if kind == "inside" else self.taken_away(clip)
            target = np.minimum(np.maximum(target, -forbidden), self.gtv)
            after = level_volume_cc(target, self.lattice)
            records.append(
                ClipRecord(
                    organ=clip.roi,
                    kind=kind,
                    gap_mm=clip.gap_mm,
                    lost_cc=max(before - after, 0.0),
                    lost_percent=100 * max(before - after, 0.0) / whole,
                    gtv_touched_cc=self.shared_cc(self.gtv, forbidden),
                    ctv_touched_cc=self.shared_cc(ctv, forbidden),
                )
            )
            before = after
        return target, tuple(records)

    def shared_cc(self, one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
        """Volume, cc, that two solids have in common."""
        return level_volume_cc(np.maximum(one, other), self.lattice)
