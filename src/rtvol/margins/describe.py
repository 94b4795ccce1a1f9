"""A lesion's fields -> its targets with their names, records and notes; and what was noticed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from rtvol.errors import Finding
from rtvol.margins.clip import Cutter
from rtvol.margins.names import clipped_name, derived_name
from rtvol.margins.setting import truncation_findings
from rtvol.margins.targets import Derived, Lesion
from rtvol.margins.tracing import Tracer
from rtvol.masks.distance import level_volume_cc
from rtvol.masks.volume import slab_volume_cc

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rtvol.margins.fields import LesionFields
    from rtvol.margins.margin import Margin
    from rtvol.margins.recipe import TargetRecipe
    from rtvol.margins.setting import Setting
    from rtvol.masks.stack import PlaneStack
    from rtvol.structures import Roi

#: An overlap of organ and GTV below this is contouring noise, cc.
OVERLAP_CC = 0.005
#: A CTV that exceeds its GTV by less than this share was cut back to it.
SAME_SHARE = 1e-3


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
    tracer = Tracer(fields.lattice, setting, gtv.name, f"{gtv.name}: {recipe}")
    parent = fields.gtv if recipe.ptv_from == "gtv" else fields.from_ctv
    clip = None
    if fields.ptv_clip is not None:
        ending = "_mod" if recipe.policy == "modified_ptv" else "^clip"
        name = clipped_name(ptv_name, [*taken_names, ctv_name, ptv_name], ending=ending)
        clip = tracer.derive(name, "ptv_clip", fields.ptv_clip, fields.from_ctv)
        clip = replace(clip, clips=fields.ptv_clips)
    ctv = tracer.derive(ctv_name, "ctv", fields.ctv, fields.gtv)
    ptv = tracer.derive(ptv_name, "ptv", fields.ptv, parent)
    return Lesion(
        gtv=_as_given(gtv, stack, fields),
        ctv=replace(ctv, clips=fields.ctv_clips, notes=_notes(ctv, recipe.ctv, setting)),
        ptv=replace(ptv, notes=_notes(ptv, recipe.ptv, setting)),
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
    gtv_cc = level_volume_cc(fields.gtv, fields.lattice)
    ctv_cc = level_volume_cc(fields.ctv, fields.lattice)
    lost = sum(clip.lost_cc for clip in fields.ctv_clips)
    if lost > OVERLAP_CC and ctv_cc < (1 + SAME_SHARE) * gtv_cc:
        yield Finding(
            "ctv-cut-to-gtv",
            where=f"ROI {gtv.name}",
            seen=f"barriers and containers took {lost:.2f} cc: all of the CTV but the GTV",
            mend="check the gap, and that the right structure is named",
        )
    name = f"PTV of ROI {gtv.name}"
    yield from truncation_findings(name, fields.lattice, fields.ptv, setting)


def _notes(target: Derived, margin: Margin, setting: Setting) -> dict[str, str]:
    if margin.is_zero or margin.least_mm >= setting.spacing_mm:
        return target.notes
    seen = (
        f"a margin of {margin} on slices {setting.spacing_mm:g} mm apart: contours on the slices "
        "hold it only in part"
    )
    return {**target.notes, "written_volume_cc": seen}


def _as_given(gtv: Roi, stack: PlaneStack, fields: LesionFields) -> Derived:
    volume_cc = slab_volume_cc(stack)
    lofted_cc = level_volume_cc(fields.gtv, fields.lattice)
    return Derived(
        name=gtv.name,
        role="gtv",
        lesion=gtv.name,
        roi=gtv,
        volume_cc=volume_cc,
        written_volume_cc=volume_cc,
        solid="slab",
        planes=stack.z_mm.size,
        lofted_cc=lofted_cc,
        notes={"volume_cc": f"slab {volume_cc:.3f} cc, loft {lofted_cc:.3f} cc"},
    )
