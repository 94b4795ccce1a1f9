"""Fields of a lesion -> contours on the image planes, volumes, achieved margins, findings."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from rtvol.errors import Finding
from rtvol.margins.achieved import measure_achieved
from rtvol.margins.clip import Cutter
from rtvol.margins.names import clipped_name, derived_name
from rtvol.margins.setting import truncation_findings
from rtvol.margins.targets import Derived, Lesion
from rtvol.masks.distance import level_volume_cc
from rtvol.masks.loft import SAME_Z_MM
from rtvol.masks.sections import trace_sections
from rtvol.masks.stack import stack_planes
from rtvol.masks.trace import trace_rings
from rtvol.masks.volume import slab_volume_cc
from rtvol.structures import Contour, Roi

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from rtvol.margins.fields import LesionFields
    from rtvol.margins.recipe import TargetRecipe
    from rtvol.margins.setting import Setting
    from rtvol.margins.targets import TargetRole
    from rtvol.masks.stack import PlaneStack

#: An overlap of organ and GTV below this is contouring noise, cc.
OVERLAP_CC = 0.005
#: Traced rings below this area are no target a machine could aim at, mm2.
SPECK_MM2 = 0.05
#: RTROIInterpretedType and display colour of each role (the colours ICRU reports use).
_STYLE: dict[str, tuple[str, tuple[int, int, int]]] = {
    "ctv": ("CTV", (255, 165, 0)),
    "ptv": ("PTV", (0, 0, 255)),
    "ptv_clip": ("PTV", (0, 160, 255)),
}


def describe_lesion(
    gtv: Roi,
    stack: PlaneStack,
    fields: LesionFields,
    recipe: TargetRecipe,
    setting: Setting,
    *,
    taken_names: Sequence[str],
) -> Lesion:
    """Name, trace and measure the targets of one lesion.

    Parameters
    ----------
    gtv, stack
        The GTV as given, and its planes.
    fields
        What was grown from it.
    recipe, setting
        How, and on which planes contours are written.
    taken_names
        ROI names in use.
    """
    ctv_name = derived_name(gtv.name, "CTV", recipe.ctv, taken_names)
    ptv_name = derived_name(gtv.name, "PTV", recipe.ptv, [*taken_names, ctv_name])
    tracer = _Tracer(gtv, fields, setting, f"{gtv.name}: {recipe}")
    parent = fields.gtv if recipe.ptv_from == "gtv" else fields.from_ctv
    clip = None
    if fields.ptv_clip is not None:
        name = clipped_name(ptv_name, [*taken_names, ctv_name, ptv_name])
        clip = tracer.derive(name, "ptv_clip", fields.ptv_clip, fields.from_ctv)
        clip = replace(clip, clips=fields.ptv_clips)
    ctv = tracer.derive(ctv_name, "ctv", fields.ctv, fields.gtv)
    return Lesion(
        gtv=_as_given(gtv, stack, fields),
        ctv=replace(ctv, clips=fields.ctv_clips),
        ptv=tracer.derive(ptv_name, "ptv", fields.ptv, parent),
        ptv_clip=clip,
    )


def lesion_findings(
    gtv: Roi,
    fields: LesionFields,
    organs: Mapping[str, PlaneStack],
    recipe: TargetRecipe,
    setting: Setting,
) -> Iterator[Finding]:
    """Yield what a physicist must know: an organ inside the GTV, a PTV beyond the images."""
    cutter = Cutter(organs, fields.lattice, fields.gtv)
    for clip in (*recipe.barrier, *recipe.avoid):
        organ = cutter.surface(clip.roi)
        shared = cutter.shared_cc(fields.gtv, organ)
        if shared > OVERLAP_CC:
            yield Finding(
                "gtv-overlaps-organ",
                where=f"ROI {gtv.name}",
                seen=f"{shared:.2f} cc of it lie in {clip.roi}; the GTV was not cut",
                mend="check the two contours where they overlap",
            )
    z = fields.lattice.z_mm[(fields.ptv < 0).any(axis=(1, 2))]
    yield from truncation_findings(gtv.name, (float(z[0]), float(z[-1])), setting)


def _as_given(gtv: Roi, stack: PlaneStack, fields: LesionFields) -> Derived:
    volume_cc = slab_volume_cc(stack)
    return Derived(
        name=gtv.name,
        role="gtv",
        lesion=gtv.name,
        roi=gtv,
        volume_cc=volume_cc,
        written_volume_cc=volume_cc,
        solid="slab",
        planes=stack.z_mm.size,
        lofted_cc=level_volume_cc(fields.gtv, fields.lattice),
    )


@dataclass(frozen=True)
class _Tracer:
    """Turns the fields of one lesion into targets."""

    gtv: Roi
    fields: LesionFields
    setting: Setting
    text: str

    def derive(
        self,
        name: str,
        role: TargetRole,
        field: NDArray[np.float32],
        parent_mm: NDArray[np.float32],
    ) -> Derived:
        """Trace {field < 0} on the written planes and measure it against its parent."""
        lattice = self.fields.lattice
        kind, colour = _STYLE[role]
        roi = Roi(name, 0, kind, tuple(self._contours(field)), colour, description=self.text)
        stack, _ = stack_planes(roi, spacing_mm=self.setting.spacing_mm)
        return Derived(
            name=name,
            role=role,
            lesion=self.gtv.name,
            roi=roi,
            volume_cc=level_volume_cc(field, lattice),
            written_volume_cc=slab_volume_cc(stack),
            solid="loft",
            planes=stack.z_mm.size,
            achieved=measure_achieved(trace_sections(field, lattice), parent_mm, lattice),
        )

    def _contours(self, field: NDArray[np.float32]) -> Iterator[Contour]:
        lattice = self.fields.lattice
        for z in self.setting.planes_mm:
            k = int(np.argmin(abs(lattice.z_mm - z)))
            if abs(lattice.z_mm[k] - z) > SAME_Z_MM:
                continue
            for ring in trace_rings(field[k], x_mm=lattice.x_mm, y_mm=lattice.y_mm, level=0.0):
                contour = Contour(ring, float(z))
                if contour.area_mm2 > SPECK_MM2:
                    yield contour
