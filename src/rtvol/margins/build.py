"""Targets of a whole case: every lesion, the cumulative PTV, organs with a margin, findings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from rtvol.frames import AXIAL
from rtvol.margins.describe import describe_lesion, lesion_findings
from rtvol.margins.fields import grow_lesion
from rtvol.margins.lesions import find_lesions
from rtvol.margins.organs import check_depths, grow_organs
from rtvol.margins.parts import split_parts
from rtvol.margins.setting import WrittenPlanes, make_setting
from rtvol.margins.targets import PatientTargets
from rtvol.margins.union import Claim, share_union
from rtvol.solids.pieces import Body
from rtvol.solids.stack import stack_planes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rtvol.errors import Finding
    from rtvol.frames import PlaneFrame
    from rtvol.margins.recipe import TargetRecipe
    from rtvol.margins.setting import Setting
    from rtvol.margins.targets import Derived, Lesion
    from rtvol.solids.planes import PlaneStack
    from rtvol.structures import Roi

#: PTVs that share less than this are apart, cc.
APART_CC = 0.005


@dataclass(frozen=True, eq=False)
class _Drawn:
    """A structure as it was drawn, with the contours and pieces found in it once."""

    roi: Roi
    body: Body
    findings: tuple[Finding, ...]

    @classmethod
    def of(cls, roi: Roi, written: WrittenPlanes) -> _Drawn:
        """Sort its contours; planes that are no images only tell how thick a lone one is."""
        planes_mm = written.planes_mm
        if planes_mm is None or planes_mm.size < 2:
            stack, findings = stack_planes(roi)
        elif written.are_images:
            stack, findings = stack_planes(roi, images_mm=planes_mm)
        else:
            usual_mm = float(np.median(np.diff(planes_mm)))
            stack, findings = stack_planes(roi, spacing_mm=usual_mm)
        return cls(roi, Body.of(stack), findings)


@dataclass(frozen=True)
class _Planes:
    """The planes structures are written on, by the frame of their own."""

    given: Mapping[PlaneFrame, WrittenPlanes]

    def of(self, roi: Roi) -> WrittenPlanes:
        """Return the planes of a structure's frame."""
        return self.given.get(roi.frame) or WrittenPlanes()

    def settings(self, drawn: Sequence[_Drawn]) -> dict[PlaneFrame, Setting]:
        """Return what structures of one frame share, for each frame."""
        stacks: dict[PlaneFrame, list[PlaneStack]] = {}
        for one in drawn:
            stacks.setdefault(one.roi.frame, []).append(one.body.stack)
        return {
            frame: make_setting(own, self.given.get(frame) or WrittenPlanes())
            for frame, own in stacks.items()
        }


def build_targets(
    gtvs: Sequence[Roi],
    organs: Mapping[str, Roi],
    recipe: TargetRecipe,
    *,
    planes_mm: NDArray[np.float64] | Mapping[PlaneFrame, WrittenPlanes] | None,
    taken_names: Sequence[str] = (),
    threads: int = 1,
    keep_levels: bool = False,
) -> PatientTargets:
    """Grow, cut and measure the targets of every lesion.

    Parameters
    ----------
    gtvs
        One region per lesion; with `recipe.split` each separate part of them is one. A region
        that is the union of others is no further lesion.
    organs
        The organs the recipe names, by that name.
    recipe
        Margins and clips; the order of the steps is the recipe's (`TargetRecipe`).
    planes_mm
        Planes contours are written on: those of an axial CT, patient z in mm, ascending; or what
        is known of the planes of each frame. Where nothing is, those of the contours.
    taken_names
        ROI names in use, which derived names must not repeat.
    threads
        Organs grown at a time; the result is the same.
    keep_levels
        Whether each target keeps its solid, to be cut by other planes than those it is written on.

    Raises
    ------
    CaseRejected
        `roi-empty` for a GTV or an organ without contours; `roi-single-slice` for one drawn on
        a single plane without a CT to tell its thickness; `nothing-left` for a gap or a negative
        margin that would shrink an organ or a target to nothing.
    """
    by_frame = planes_mm if isinstance(planes_mm, Mapping) else {AXIAL: WrittenPlanes(planes_mm)}
    planes = _Planes(by_frame)
    if recipe.split:
        gtvs = _split(gtvs, planes, taken_names)
    every = [_Drawn.of(gtv, planes.of(gtv)) for gtv in gtvs]
    drawn_organs = {
        name: _Drawn.of(organs[name], planes.of(organs[name])) for name in recipe.organs
    }
    bodies = {name: organ.body for name, organ in drawn_organs.items()}
    check_depths(recipe, bodies)
    kept, noticed = find_lesions([gtv.name for gtv in gtvs], [one.body.stack for one in every])
    drawn = [every[n] for n in kept]
    settings = planes.settings([*drawn_organs.values()]) | planes.settings(drawn)
    settings = {
        frame: replace(setting, keep_levels=keep_levels) for frame, setting in settings.items()
    }
    findings = [*noticed, *(f for one in (*drawn, *drawn_organs.values()) for f in one.findings)]
    lesions, seen, claims, names = _grow_all(drawn, bodies, recipe, settings, taken_names)
    shares = share_union(claims)
    owned_cc = [
        owned * _counted(lesion, recipe).volume_cc / claim.target.volume_cc
        for owned, lesion, claim in zip(shares.owned_cc, lesions, claims, strict=True)
    ]
    prvs, prv_findings = grow_organs(
        recipe.prvs, bodies, organs, settings, taken_names=names, threads=threads
    )
    return PatientTargets(
        lesions=tuple(map(_with_share, lesions, owned_cc, [recipe] * len(lesions))),
        prvs=prvs,
        cumulative_ptv_cc=sum(owned_cc),
        sum_ptv_cc=sum(_counted(lesion, recipe).volume_cc for lesion in lesions),
        findings=(*findings, *seen, *prv_findings),
    )


def _grow_all(
    drawn: Sequence[_Drawn],
    bodies: Mapping[str, Body],
    recipe: TargetRecipe,
    settings: Mapping[PlaneFrame, Setting],
    taken_names: Sequence[str],
) -> tuple[list[Lesion], list[Finding], list[Claim], list[str]]:
    """Grow one lesion after the other; of its fields only what the union needs is kept."""
    lesions, findings, claims, names = [], [], [], list(taken_names)
    for one in drawn:
        setting = settings[one.roi.frame]
        lattice = setting.lattice(one.body.stack, recipe.reach_mm)
        fields = grow_lesion(one.body, bodies, recipe, lattice)
        lesion, seen = describe_lesion(
            one.roi, one.body.stack, fields, recipe, setting, taken_names=names
        )
        findings += [*seen, *lesion_findings(lesion, fields, recipe, setting)]
        names += [target.name for target in lesion.targets]
        lesions.append(lesion)
        clipped = fields.ptv_clip if recipe.policy == "modified_ptv" else None
        claims.append(Claim(clipped or fields.ptv, fields.ctv_mm))
    return lesions, findings, claims, names


def _with_share(lesion: Lesion, owned_cc: float, recipe: TargetRecipe) -> Lesion:
    """Say at a PTV that overlaps another how much of the union is nearer to its own CTV."""
    counted = _counted(lesion, recipe)
    if counted.volume_cc - owned_cc < APART_CC:
        return lesion
    shared = (
        f"{counted.volume_cc - owned_cc:.2f} cc lie nearer to another lesion's CTV; of the "
        f"cumulative PTV {owned_cc:.2f} cc are this lesion's"
    )
    noted = replace(counted, notes={**counted.notes, "volume_cc": shared})
    is_clip = counted is lesion.ptv_clip
    return replace(lesion, ptv_clip=noted) if is_clip else replace(lesion, ptv=noted)


def _counted(lesion: Lesion, recipe: TargetRecipe) -> Derived:
    """Return the target that counts as the lesion's PTV."""
    clipped = lesion.ptv_clip if recipe.policy == "modified_ptv" else None
    return clipped or lesion.ptv


def _split(gtvs: Sequence[Roi], planes: _Planes, taken: Sequence[str]) -> list[Roi]:
    parts: list[Roi] = []
    for gtv in gtvs:
        names = [*taken, *(part.name for part in parts)]
        parts += split_parts(gtv, images_mm=planes.of(gtv).images_mm, taken_names=names)
    return parts
