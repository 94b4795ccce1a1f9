"""A lesion's fields -> its targets with their names, records and notes; and what was noticed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rtvol import codes
from rtvol.margins.achieved import OuterSurface
from rtvol.margins.derived_names import clipped_name, derived_name, given_name
from rtvol.margins.doubt import with_range
from rtvol.margins.setting import truncation_findings
from rtvol.margins.targets import SAME, Derived, Lesion
from rtvol.margins.tracing import Tracer, as_given

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from rtvol.errors import Finding
    from rtvol.margins.clip import OrganCut
    from rtvol.margins.fields import LesionFields
    from rtvol.margins.levels import LevelSet
    from rtvol.margins.margin import Margin
    from rtvol.margins.recipe import TargetRecipe
    from rtvol.margins.setting import Setting
    from rtvol.margins.targets import ClipRecord, TargetRole
    from rtvol.solids.planes import PlaneStack
    from rtvol.structures import Roi

#: An overlap of organ and GTV below this is contouring noise, cc.
OVERLAP_CC = 0.005
#: A CTV that exceeds its GTV by less than this share was cut back to it.
SAME_SHARE = 1e-3
#: Where nothing cut it, a margin that is off the one asked for by more is said, mm.
OFF_MM = 0.3


def describe_lesion(
    gtv: Roi,
    stack: PlaneStack,
    fields: LesionFields,
    recipe: TargetRecipe,
    setting: Setting,
    *,
    taken_names: Sequence[str],
) -> tuple[Lesion, tuple[Finding, ...]]:
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

    Returns
    -------
    The lesion, and the findings `margin-off` and `volume-in-doubt`.
    """
    ctv_name, ptv_name, clip_name = _names(gtv.name, recipe, taken_names)
    tracer = Tracer(setting, gtv.name, f"{gtv.name}: {recipe}")
    drawn, findings = with_range(as_given(gtv, stack, "gtv"), stack, fields.gtv.volume_cc)
    whole = _Step("ctv", fields.ctv, fields.gtv, recipe.ctv, fields.ctv_cuts)
    if setting.keep_levels:
        drawn = replace(drawn, level=fields.gtv)
    ctv, seen = _describe(tracer, ctv_name, whole, (drawn, fields))
    from_gtv = recipe.ptv_from == "gtv"
    parent = (drawn, fields.gtv) if from_gtv else (ctv, fields.ctv_mm)
    step = _Step("ptv", fields.ptv, parent[1], recipe.ptv, ())
    ptv, noticed = _describe(tracer, ptv_name, step, (parent[0], fields))
    clip = None
    if fields.ptv_clip is not None:
        last = _Step("ptv_clip", fields.ptv_clip, fields.ctv_mm, recipe.ptv, fields.ptv_cuts)
        clip, _ = _describe(tracer, clip_name, last, (ptv, fields))
    return Lesion(drawn, ctv, ptv, clip), (*findings, *seen, *noticed)


def _names(gtv: str, recipe: TargetRecipe, taken: Sequence[str]) -> tuple[str, str, str]:
    """Return what CTV, PTV and the PTV less organs are called: as asked for, else by the GTV."""
    asked = dict(recipe.names)
    ctv = (
        given_name(asked["ctv"], taken)
        if "ctv" in asked
        else derived_name(gtv, "CTV", recipe.ctv, taken)
    )
    used = [*taken, ctv]
    ptv = (
        given_name(asked["ptv"], used)
        if "ptv" in asked
        else derived_name(gtv, "PTV", recipe.ptv, used)
    )
    used.append(ptv)
    if "ptv_clip" in asked:
        return ctv, ptv, given_name(asked["ptv_clip"], used)
    ending = "_mod" if recipe.policy == "modified_ptv" else "^clip"
    return ctv, ptv, clipped_name(ptv, used, ending=ending)


@dataclass(frozen=True, eq=False)
class _Step:
    """One target: what it is, from which surface and by which margin, and what cut it."""

    role: TargetRole
    solid: LevelSet
    parent_mm: LevelSet
    margin: Margin
    cuts: tuple[OrganCut, ...]


def _describe(
    tracer: Tracer, name: str, step: _Step, known: tuple[Derived, LesionFields]
) -> tuple[Derived, tuple[Finding, ...]]:
    """Trace one target and measure it; what is its parent keeps its parent's contours."""
    parent, fields = known
    is_same = step.solid is (fields.ptv if step.role == "ptv_clip" else step.parent_mm)
    if step.role == "ptv" and step.margin.is_zero:
        is_same = True
    if is_same:
        target = tracer.same(name, step.role, parent)
    else:
        target = tracer.derive(name, step.role, step.solid)
    surface = OuterSurface.of(step.solid, step.parent_mm)
    achieved = SAME if is_same and step.margin.is_zero else surface.achieved()
    target = replace(
        target,
        achieved=achieved,
        clips=surface.records(step.cuts, fields.gtv, fields.ctv),
        notes={**target.notes, **_notes(target, step.margin, tracer.setting)},
        level=step.solid if tracer.setting.keep_levels else None,
    )
    return target, tuple(_off(target, step, surface.uncut(step.cuts, fields.gtv)))


def _off(target: Derived, step: _Step, uncut_mm: NDArray[np.float64]) -> Iterator[Finding]:
    """Yield a finding where the margin is not the one asked for, though nothing cut it."""
    if not uncut_mm.size or step.margin.is_mixed:
        return
    low, high = float(uncut_mm.min()), float(uncut_mm.max())
    if low < step.margin.least_mm - OFF_MM or high > step.margin.largest_mm + OFF_MM:
        yield codes.MARGIN_OFF.warn(
            where=f"ROI {target.name}",
            seen=f"{step.margin} was asked for; {low:.2f} to {high:.2f} mm were reached where "
            "nothing was cut",
            mend="look at the contours there; report it if they are sound",
        )


def lesion_findings(
    lesion: Lesion, fields: LesionFields, recipe: TargetRecipe, setting: Setting
) -> Iterator[Finding]:
    """Yield what a physicist must know: an organ inside a target, a PTV beyond the images."""
    gtv = lesion.gtv.name
    cuts = (*fields.ctv_cuts, *fields.ptv_cuts)
    records = (*lesion.ctv.clips, *(lesion.ptv_clip.clips if lesion.ptv_clip else ()))
    for cut, record in zip(cuts, records, strict=True):
        if cut.clip.step.keeps_inside:
            yield from _outside_findings(gtv, record)
        else:
            yield from _overlap_findings(gtv, cut, record, fields)
    lost = sum(cut.lost_cc for cut in fields.ctv_cuts)
    if lost > OVERLAP_CC and fields.ctv.volume_cc < (1 + SAME_SHARE) * fields.gtv.volume_cc:
        yield codes.CTV_CUT_TO_GTV.warn(
            where=f"ROI {gtv}",
            seen=f"barriers and containers took {lost:.2f} cc: all of the CTV but the GTV",
            mend="check the gap, and that the right structure is named",
        )
    elif not recipe.ctv.is_mixed:
        yield from _short_findings(lesion.ctv, recipe.ctv)
    yield from truncation_findings(f"PTV of ROI {gtv}", fields.ptv, setting)


def _outside_findings(gtv: str, record: ClipRecord) -> Iterator[Finding]:
    if record.gtv_touched_cc > OVERLAP_CC:
        seen = f"{record.gtv_touched_cc:.2f} cc of it lie outside {record.organ}, which its CTV is "
        seen += "kept inside; the GTV was not cut"
        yield codes.GTV_OUTSIDE_CONTAINER.warn(where=f"ROI {gtv}", seen=seen)


def _overlap_findings(
    gtv: str, cut: OrganCut, record: ClipRecord, fields: LesionFields
) -> Iterator[Finding]:
    shared = fields.gtv.shared_cc(cut.organ_mm)
    if shared > OVERLAP_CC:
        yield codes.GTV_OVERLAPS_ORGAN.warn(
            where=f"ROI {gtv}",
            seen=f"{shared:.2f} cc of it lie in {record.organ}; the GTV was not cut",
            mend="check the two contours where they overlap",
        )
    in_gtv, in_ctv = record.gtv_touched_cc, record.ctv_touched_cc
    is_ptv = cut.clip.step.cuts == "ptv"
    if (is_ptv and in_ctv > OVERLAP_CC) or in_gtv > max(OVERLAP_CC, shared):
        seen = f"{record.organ} with a gap of {record.gap_mm:g} mm holds {in_ctv:.2f} cc of its CTV"
        if in_gtv > OVERLAP_CC:
            seen += f" and {in_gtv:.2f} cc of the GTV, whose surface ends the target there"
        yield codes.AVOIDED_ZONE_HOLDS_TARGET.warn(
            where=f"ROI {gtv}",
            seen=seen,
            mend="take a smaller gap, or accept that no margin is left there",
        )


def _short_findings(ctv: Derived, margin: Margin) -> Iterator[Finding]:
    for clip in ctv.clips:
        if clip.least_mm is not None and clip.least_mm < margin.least_mm - OFF_MM:
            toward = f" towards {clip.toward}" if clip.toward else ""
            yield codes.MARGIN_SHORT.warn(
                where=f"ROI {ctv.name}",
                seen=f"{clip.organ} leaves {max(clip.least_mm, 0.0):.1f} mm of {margin}{toward}",
                mend="check that the disease does not cross it",
            )


def _notes(target: Derived, margin: Margin, setting: Setting) -> dict[str, str]:
    if margin.is_zero or not target.roi.contours:
        return {}
    heights = [contour.z_mm for contour in target.roi.contours]
    spacing = setting.spacing_mm((min(heights), max(heights)))
    if abs(margin.least_mm) >= spacing:
        return {}
    seen = (
        f"a margin of {margin} on slices {spacing:g} mm apart: contours on the slices "
        "hold it only in part"
    )
    return {"written_volume_cc": seen}
