"""A region of an expression -> a structure: contours on planes, its volume and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from rtvol import codes
from rtvol.geometry import planes_at
from rtvol.margins.algebra import leaves
from rtvol.margins.doubt import IN_DOUBT
from rtvol.margins.evaluate import lattice_of, sections_of, sections_volume_cc
from rtvol.margins.setting import beyond_images
from rtvol.margins.targets import Derived
from rtvol.margins.tracing import SPECK_MM2
from rtvol.names.regions import NOTHING, combined_stacks, shape_of, sources_of
from rtvol.solids.reading import Reading
from rtvol.solids.stack import stack_planes
from rtvol.solids.thinning import thinned
from rtvol.solids.volume import slab_volume_cc
from rtvol.structures import COLOURS, OTHER_COLOUR, Contour, Roi, target_kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rtvol.errors import Finding
    from rtvol.margins.setting import Setting
    from rtvol.names.regions import Ground, Region
    from rtvol.solids.planes import PlaneStack
    from rtvol.solids.reading import SolidName

#: RTROIInterpretedType of what is no target: "to be used in control of dose optimization and
#: calculation" (PS3.3 C.8.8.8.1).
OTHER_KIND = "CONTROL"
#: A plane within this of one that is written on may be that plane, mm: contours' own are rounded.
ON_PLANE_MM = 0.01
#: Lattice steps of the readings that tell the doubt, in steps of the solid itself.
COARSER = 3.0
#: What is written and what is meant differ by less than this share without a word.
WRITTEN_OFF = 0.05
#: The readings of contours, and what each is called.
READINGS: dict[str, tuple[SolidName, float]] = {
    "loft": ("loft", np.inf),
    "loft without caps": ("loft", 0.0),
    "slab": ("slab", np.inf),
    "slab without caps": ("slab", 0.0),
}


@dataclass(frozen=True, eq=False)
class MadeSolid:
    """A solid, and the contours that are written of it.

    Attributes
    ----------
    stack
        Its planes; their slabs are the solid. Without any for nothing.
    contours
        On the written planes.
    solid
        Slab where contours were combined as they are, else loft.
    specks_mm2
        Areas of rings too small to be written.
    traced
        What the contours were thinned from; empty where they are as they came.
    """

    stack: PlaneStack
    contours: tuple[Contour, ...]
    solid: SolidName
    specks_mm2: tuple[float, ...] = ()
    traced: tuple[Contour, ...] = ()

    @property
    def volume_cc(self) -> float:
        """Volume in cc; 0 for nothing."""
        if self.solid == "loft":
            return sections_volume_cc(self.stack)
        return slab_volume_cc(self.stack) if self.stack.z_mm.size else 0.0


def make_structure(
    region: Region, text: str, ground: Ground, setting: Setting, *, is_resampled: bool = False
) -> tuple[Derived, tuple[Finding, ...]]:
    """Make a structure of a region.

    Parameters
    ----------
    region
        The region; its name is the structure's.
    text
        The expression, for its description.
    ground
        What it stands on.
    setting
        The planes its contours are written on.
    is_resampled
        Whether these are other planes than the contours were drawn for.

    Returns
    -------
    Derived
        Without contours where nothing is left.
    findings
        What was noticed: `derived-empty`, `margin-truncated`, `volume-in-doubt`, and findings on
        contours and isodoses.

    Raises
    ------
    CaseRejected
        As `names.regions.shape_of`.
    """
    findings: list[Finding] = [*region.findings]
    made = None if is_resampled or not region.is_exact else _combined(region, ground, setting)
    if made is None:
        made = _evaluated(region, ground, setting, findings)
    findings += _stack_findings(region, ground)
    kind = target_kind(region.name)
    colour = COLOURS.get(kind, OTHER_COLOUR)
    frame = made.stack.frame
    roi = Roi(
        region.name, 0, kind or OTHER_KIND, made.contours, colour, description=text, frame=frame
    )
    volume_cc, where = made.volume_cc, roi.name
    structure = Derived(roi.name, "roi", "", roi, volume_cc, 0.0, made.solid, 0, traced=made.traced)
    if not made.contours:
        seen = "nothing is left of it: 0 cc" if not volume_cc else _between(volume_cc)
        findings.append(codes.DERIVED_EMPTY.warn(where=f"ROI {where}", seen=f"{text}: {seen}"))
        return structure, tuple(dict.fromkeys(findings))
    written_cc, planes = _written(roi, made, setting)
    structure = replace(structure, written_volume_cc=written_cc, planes=planes)
    structure = replace(structure, notes=_notes(structure, made, region, setting))
    findings += beyond_images(f"ROI {where}", made.stack.bounds_mm, setting)
    structure, doubt = _with_range(structure, region, ground)
    return structure, tuple(dict.fromkeys((*findings, *doubt)))


def _combined(region: Region, ground: Ground, setting: Setting) -> MadeSolid | None:
    """Combine contours as they are; None where their planes are not those written on."""
    stack = combined_stacks(region, lambda roi: ground.stacking(roi, np.inf)[0])
    if not stack.z_mm.size:
        return MadeSolid(stack, (), "slab")
    at = planes_at(stack.z_mm, setting.planes_mm, within_mm=ON_PLANE_MM)
    if (at < 0).any() or np.unique(at).size < at.size:
        return None
    contours, specks = _contours(stack, setting)
    return MadeSolid(stack, contours, "slab", specks)


def _evaluated(
    region: Region, ground: Ground, setting: Setting, findings: list[Finding]
) -> MadeSolid:
    """Work a region out on fields of its lofts and isodoses."""
    tree, _ = sources_of(region, ground, lambda roi: ground.stacking(roi, np.inf)[0])
    findings += (seen for one in leaves(tree) for seen in one.findings)
    lattice = lattice_of(tree, setting)
    if lattice is None:
        return MadeSolid(NOTHING, (), "loft")
    stack = sections_of(tree, lattice)
    traced, specks = _contours(stack, setting)
    return MadeSolid(stack, thinned(traced), "loft", specks, traced)


def _contours(stack: PlaneStack, setting: Setting) -> tuple[tuple[Contour, ...], tuple[float, ...]]:
    """Rings on the written planes, and the areas, mm2, of those too small to write."""
    if not stack.z_mm.size:
        return (), ()
    # sections may stand close to a plane: the nearest one is its own
    at = planes_at(setting.planes_mm, stack.z_mm, within_mm=ON_PLANE_MM)
    each = stack.rings
    contours = [
        Contour(ring, float(z))
        for z, section in zip(setting.planes_mm, at.tolist(), strict=True)
        if section >= 0
        for ring in each[section]
    ]
    kept = tuple(one for one in contours if one.area_mm2 > SPECK_MM2)
    return kept, tuple(one.area_mm2 for one in contours if one.area_mm2 <= SPECK_MM2)


def _written(roi: Roi, made: MadeSolid, setting: Setting) -> tuple[float, int]:
    """Volume, cc, of the contours written, read as slabs, and on how many planes they lie.

    The rings of a thin shell are no contour drawn twice: each traced ring tells by the way it runs
    whether it is a hole, and the largest of each plane tells how thick its slab is.
    """
    if made.solid == "slab":
        stack, _ = stack_planes(roi, images_mm=setting.planes_mm)
        return slab_volume_cc(stack), stack.z_mm.size
    areas: dict[float, float] = {}
    largest: dict[float, Contour] = {}
    for contour in sorted(roi.contours, key=lambda one: one.area_mm2):
        x, y = contour.xy_mm.T
        is_hole = float(np.dot(x, np.roll(y, -1)) - np.dot(np.roll(x, -1), y)) < 0
        signed = -contour.area_mm2 if is_hole else contour.area_mm2
        areas[contour.z_mm] = areas.get(contour.z_mm, 0.0) + signed
        largest[contour.z_mm] = contour
    whole = replace(roi, contours=tuple(largest.values()))
    stack, _ = stack_planes(whole, images_mm=setting.planes_mm)
    each = [areas[z] for z in sorted(areas)]
    return float(np.dot(each, stack.thickness_mm)) / 1000, stack.z_mm.size


def _stack_findings(region: Region, ground: Ground) -> Iterator[Finding]:
    for roi in region.rois:
        yield from ground.stacking(roi, np.inf)[1]


def _between(volume_cc: float) -> str:
    return f"its {volume_cc:.3f} cc lie between the planes that contours are written on"


def _notes(structure: Derived, made: MadeSolid, region: Region, setting: Setting) -> dict[str, str]:
    notes = {"structure": region.meaning} if region.meaning else {}
    if made.specks_mm2:
        count = len(made.specks_mm2)
        notes["planes"] = (
            f"{count} speck{'s' * (count > 1)}, {sum(made.specks_mm2):.3f} mm2 in all, left out"
        )
    if abs(structure.written_volume_cc - structure.volume_cc) > WRITTEN_OFF * structure.volume_cc:
        heights = [contour.z_mm for contour in structure.roi.contours]
        spacing = setting.spacing_mm((min(heights), max(heights)))
        notes["written_volume_cc"] = f"contours on planes {spacing:g} mm apart hold it only in part"
    return notes


def _with_range(
    structure: Derived, region: Region, ground: Ground
) -> tuple[Derived, tuple[Finding, ...]]:
    """Add the span of the volume over the readings that the contours allow."""
    if not region.rois:
        return structure, ()
    found = {name: _reading_cc(region, ground, *how) for name, how in READINGS.items()}
    base = found[structure.solid]
    if base <= 0:
        return structure, ()
    each = {name: structure.volume_cc * cc / base for name, cc in found.items()}
    low, high = min(each.values()), max(each.values())
    listed = ", ".join(f"{name} {cc:.3f} cc" for name, cc in each.items())
    noted = replace(structure, range_cc=(low, high), notes={**structure.notes, "volume_cc": listed})
    if high - low <= IN_DOUBT * structure.volume_cc:
        return noted, ()
    seen = f"{low:.2f} to {high:.2f} cc, as contours are read: {listed}"
    finding = codes.VOLUME_IN_DOUBT.warn(
        where=f"ROI {structure.name}",
        seen=seen,
        mend="contour on thinner slices, or state the range with the volume",
    )
    return noted, (finding,)


def _reading_cc(region: Region, ground: Ground, solid: SolidName, cap_limit_mm: float) -> float:
    """Volume under one reading of all its contours: exact, or on a coarser lattice for a ratio."""
    if region.is_exact:
        shape = shape_of(region, Reading(solid, cap_limit_mm), ground)
        return 0.0 if shape.is_empty else slab_volume_cc(shape.stack)
    tree, setting = sources_of(
        region,
        ground,
        lambda roi: ground.stacking(roi, cap_limit_mm)[0],
        is_staircase=solid == "slab",
    )
    lattice = lattice_of(tree, setting, coarser=COARSER)
    return 0.0 if lattice is None else sections_volume_cc(sections_of(tree, lattice, is_rough=True))
