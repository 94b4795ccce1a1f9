"""Fields -> contours on the image planes, with the volumes and margins that belong to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rtvol.margins.achieved import measure_achieved
from rtvol.margins.targets import Derived
from rtvol.masks.distance import level_volume_cc
from rtvol.masks.loft import SAME_Z_MM
from rtvol.masks.sections import trace_sections
from rtvol.masks.stack import stack_planes
from rtvol.masks.trace import trace_rings
from rtvol.masks.volume import slab_volume_cc
from rtvol.structures import Contour, Roi

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rtvol.margins.setting import Setting
    from rtvol.margins.targets import TargetRole
    from rtvol.masks.lattice import Lattice

#: Traced rings below this area are no target a machine could aim at, mm2.
SPECK_MM2 = 0.05
#: RTROIInterpretedType and display colour of each role (the colours ICRU reports use).
STYLE: dict[TargetRole, tuple[str, tuple[int, int, int]]] = {
    "ctv": ("CTV", (255, 165, 0)),
    "ptv": ("PTV", (0, 0, 255)),
    "ptv_clip": ("PTV", (0, 160, 255)),
    "roi": ("AVOIDANCE", (160, 160, 160)),
}


@dataclass(frozen=True)
class Tracer:
    """Turns fields on one lattice into structures.

    Attributes
    ----------
    lattice, setting
        Where the fields are, and the planes contours are written on.
    lesion
        Name of the GTV; empty for an organ grown by a margin.
    text
        How the structures came about, for their ROIGenerationDescription.
    """

    lattice: Lattice
    setting: Setting
    lesion: str
    text: str

    def derive(
        self,
        name: str,
        role: TargetRole,
        field: NDArray[np.float32],
        parent_mm: NDArray[np.float32],
    ) -> Derived:
        """Trace {field < 0} on the written planes and measure it against its parent.

        Raises
        ------
        CaseRejected
            `roi-empty` when it meets none of the written planes.
        """
        contours, specks = self._contours(field)
        kind, colour = STYLE[role]
        roi = Roi(name, 0, kind, tuple(contours), colour, description=self.text)
        stack, _ = stack_planes(roi, spacing_mm=self.setting.spacing_mm)
        notes = {}
        if specks:
            area = sum(specks)
            notes["planes"] = f"{len(specks)} specks of {area:.3f} mm2 in all were left out"
        return Derived(
            name=name,
            role=role,
            lesion=self.lesion,
            roi=roi,
            volume_cc=level_volume_cc(field, self.lattice),
            written_volume_cc=slab_volume_cc(stack),
            solid="loft",
            planes=stack.z_mm.size,
            achieved=measure_achieved(trace_sections(field, self.lattice), parent_mm, self.lattice),
            notes=notes,
        )

    def _contours(self, field: NDArray[np.float32]) -> tuple[list[Contour], list[float]]:
        """Rings on the written planes, and the areas, mm2, of those too small to write."""
        contours, specks = [], []
        x, y = self.lattice.x_mm, self.lattice.y_mm
        for z in self.setting.planes_mm:
            k = int(np.argmin(abs(self.lattice.z_mm - z)))
            if abs(self.lattice.z_mm[k] - z) > SAME_Z_MM:
                continue
            for ring in trace_rings(field[k], x_mm=x, y_mm=y, level=0.0):
                contour = Contour(ring, float(z))
                if contour.area_mm2 > SPECK_MM2:
                    contours.append(contour)
                else:
                    specks.append(contour.area_mm2)
        return contours, specks
