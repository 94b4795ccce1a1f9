"""Fields -> contours on the image planes, with the volumes and margins that belong to them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rtvol.geometry import planes_at
from rtvol.margins.targets import SAME, Derived
from rtvol.solids.loft import SAME_Z_MM
from rtvol.solids.stack import stack_planes
from rtvol.solids.thinning import thinned
from rtvol.solids.trace import trace_planes
from rtvol.solids.volume import slab_volume_cc
from rtvol.structures import COLOURS, OTHER_COLOUR, Contour, Roi

if TYPE_CHECKING:
    from rtvol.frames import PlaneFrame
    from rtvol.margins.levels import LevelSet
    from rtvol.margins.setting import Setting
    from rtvol.margins.targets import TargetRole
    from rtvol.solids.planes import PlaneStack

#: Traced rings below this area are no target a machine could aim at, mm2.
SPECK_MM2 = 0.05
#: RTROIInterpretedType and display colour of each role (the colours ICRU reports use).
STYLE: dict[TargetRole, tuple[str, tuple[int, int, int]]] = {
    "ctv": ("CTV", COLOURS["CTV"]),
    "ptv": ("PTV", COLOURS["PTV"]),
    "ptv_clip": ("PTV", COLOURS["PTV^clip"]),
    "roi": ("AVOIDANCE", OTHER_COLOUR),
}


@dataclass(frozen=True)
class Tracer:
    """Turns solids on lattices into structures.

    Attributes
    ----------
    setting
        The planes contours are written on.
    lesion
        Name of the GTV; empty for an organ grown by a margin.
    text
        How the structures came about, for their ROIGenerationDescription.
    """

    setting: Setting
    lesion: str
    text: str

    def derive(self, name: str, role: TargetRole, level: LevelSet) -> Derived:
        """Trace a target on the written planes and measure it.

        Raises
        ------
        CaseRejected
            `roi-empty` when it meets none of the written planes.
        """
        traced, specks = self._contours(level)
        roi = self.named(name, role, thinned(traced), level.lattice.frame)
        planes_mm = self.setting.planes_mm
        stack, _ = stack_planes(roi, images_mm=planes_mm)
        notes = {}
        if specks:
            area = sum(specks)
            notes["planes"] = (
                f"{len(specks)} speck{'s' * (len(specks) > 1)}, {area:.3f} mm2 in all, left out"
            )
        return Derived(
            name=name,
            role=role,
            lesion=self.lesion,
            roi=roi,
            volume_cc=level.volume_cc,
            written_volume_cc=slab_volume_cc(stack),
            solid="loft",
            planes=stack.z_mm.size,
            notes=notes,
            traced=traced,
        )

    def same(self, name: str, role: TargetRole, parent: Derived) -> Derived:
        """Return a target that is its parent, contour by contour, under another name."""
        return replace(
            parent,
            name=name,
            role=role,
            lesion=self.lesion,
            roi=self.named(name, role, parent.roi.contours, parent.roi.frame),
            clips=(),
            achieved=SAME,
            notes={},
            lofted_cc=None,
            range_cc=None,
        )

    def named(
        self, name: str, role: TargetRole, contours: tuple[Contour, ...], frame: PlaneFrame
    ) -> Roi:
        """Return contours as a region of a role."""
        kind, colour = STYLE[role]
        return Roi(name, 0, kind, contours, colour, description=self.text, frame=frame)

    def _contours(self, level: LevelSet) -> tuple[tuple[Contour, ...], list[float]]:
        """Rings on the written planes, and the areas, mm2, of those too small to write."""
        lattice, planes = level.lattice, self.setting.planes_mm
        there = planes[(planes >= lattice.z_mm[0]) & (planes <= lattice.z_mm[-1])]
        at = planes_at(there, lattice.z_mm, within_mm=SAME_Z_MM)
        heights, at = there[at >= 0], at[at >= 0]
        x, y = lattice.x_mm, lattice.y_mm
        points, starts, plane_rings = trace_planes(level.values[at], x_mm=x, y_mm=y)
        contours, specks = [], []
        for plane, z in enumerate(heights.tolist()):
            for ring in range(plane_rings[plane], plane_rings[plane + 1]):
                contour = Contour(points[starts[ring] : starts[ring + 1]], z)
                if contour.area_mm2 > SPECK_MM2:
                    contours.append(contour)
                else:
                    specks.append(contour.area_mm2)
        return tuple(contours), specks


def as_given(roi: Roi, stack: PlaneStack, role: TargetRole) -> Derived:
    """Return a structure as it was drawn: its own contours, volume by the slab rule."""
    volume_cc = slab_volume_cc(stack)
    return Derived(
        name=roi.name,
        role=role,
        lesion=roi.name,
        roi=roi,
        volume_cc=volume_cc,
        written_volume_cc=volume_cc,
        solid="slab",
        planes=stack.z_mm.size,
    )
