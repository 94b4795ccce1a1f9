"""Targets of a whole case: every lesion, the cumulative PTV, organs with a margin, findings."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from rtvol.margins.describe import describe_lesion, lesion_findings
from rtvol.margins.fields import grow_lesion
from rtvol.margins.organs import check_depths, grow_organs
from rtvol.margins.parts import split_parts
from rtvol.margins.setting import make_setting
from rtvol.margins.targets import PatientTargets
from rtvol.margins.union import Piece, share_union
from rtvol.masks.stack import stack_planes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from rtvol.errors import Finding
    from rtvol.margins.recipe import TargetRecipe
    from rtvol.margins.targets import Lesion
    from rtvol.masks.stack import PlaneStack
    from rtvol.structures import Roi

#: PTVs that share less than this are apart, cc.
APART_CC = 0.005


def build_targets(
    gtvs: Sequence[Roi],
    organs: Mapping[str, Roi],
    recipe: TargetRecipe,
    *,
    planes_mm: NDArray[np.float64] | None,
    images_mm: tuple[tuple[float, float], tuple[float, float]] | None = None,
    taken_names: Sequence[str] = (),
    threads: int = 1,
) -> PatientTargets:
    """Grow, cut and measure the targets of every lesion.

    Parameters
    ----------
    gtvs
        One region per lesion; with `recipe.split` each separate part of them is one.
    organs
        The organs the recipe names, by that name.
    recipe
        Margins and clips; the order of the steps is the recipe's (`TargetRecipe`).
    planes_mm
        Planes contours are written on: the CT's, patient z in mm, ascending. None without a CT.
    images_mm
        How far the images reach along x and along y, mm; None without a CT.
    taken_names
        ROI names in use, which derived names must not repeat.
    threads
        Organs grown at a time; the result is the same.

    Raises
    ------
    CaseRejected
        `roi-empty` for a GTV or an organ without contours; `roi-single-slice` for one drawn on
        a single plane without a CT to tell its thickness; `nothing-left` for a gap that would
        shrink an organ to nothing.
    """
    findings: list[Finding] = []
    names = list(taken_names)
    if recipe.split:
        gtvs = _split(gtvs, planes_mm, names)
    stacks = [_stack(gtv, planes_mm, findings) for gtv in gtvs]
    organ_stacks = {name: _stack(organs[name], planes_mm, findings) for name in recipe.organs}
    check_depths(recipe, organ_stacks)
    setting = make_setting(stacks, recipe, planes_mm, images_mm)
    lesions, pieces = [], []
    for gtv, stack in zip(gtvs, stacks, strict=True):
        fields = grow_lesion(stack, organ_stacks, recipe, setting.lattice(stack, recipe))
        lesion = describe_lesion(gtv, stack, fields, recipe, setting, taken_names=names)
        findings += lesion_findings(gtv, fields, organ_stacks, recipe, setting)
        names += [target.name for target in lesion.targets]
        lesions.append(lesion)
        cut = fields.ptv_clip if recipe.policy == "modified_ptv" else None
        counted = fields.ptv if cut is None else cut
        pieces.append(Piece(counted, fields.from_ctv, fields.lattice))
    shares = share_union(pieces)
    counts_clip = recipe.policy == "modified_ptv"
    prvs, seen = grow_organs(
        recipe.prvs,
        organ_stacks,
        names,
        planes_mm=planes_mm,
        images_mm=images_mm,
        threads=threads,
    )
    return PatientTargets(
        lesions=tuple(
            _with_share(lesion, owned_cc, counts_clip=counts_clip)
            for lesion, owned_cc in zip(lesions, shares.owned_cc, strict=True)
        ),
        prvs=prvs,
        cumulative_ptv_cc=shares.union_cc,
        sum_ptv_cc=_sum_cc(lesions, recipe),
        findings=(*findings, *seen),
    )


def _sum_cc(lesions: Sequence[Lesion], recipe: TargetRecipe) -> float:
    if recipe.policy == "modified_ptv":
        return sum(lesion.ptv_clip.volume_cc for lesion in lesions if lesion.ptv_clip)
    return sum(lesion.ptv.volume_cc for lesion in lesions)


def _with_share(lesion: Lesion, owned_cc: float, *, counts_clip: bool) -> Lesion:
    """Say at a PTV that overlaps another how much of the union is nearer to its own CTV."""
    counted = lesion.ptv_clip if counts_clip and lesion.ptv_clip else lesion.ptv
    if counted.volume_cc - owned_cc < APART_CC:
        return lesion
    shared = (
        f"{counted.volume_cc - owned_cc:.2f} cc lie nearer to another lesion's CTV; of the "
        f"cumulative PTV {owned_cc:.2f} cc are this lesion's"
    )
    noted = replace(counted, notes={**counted.notes, "volume_cc": shared})
    return replace(lesion, ptv_clip=noted) if counts_clip else replace(lesion, ptv=noted)


def _split(
    gtvs: Sequence[Roi], planes_mm: NDArray[np.float64] | None, taken: Sequence[str]
) -> list[Roi]:
    spacing = _spacing(planes_mm)
    parts: list[Roi] = []
    for gtv in gtvs:
        names = [*taken, *(part.name for part in parts)]
        parts += split_parts(gtv, spacing_mm=spacing, taken_names=names)
    return parts


def _spacing(planes_mm: NDArray[np.float64] | None) -> float | None:
    if planes_mm is None or planes_mm.size < 2:
        return None
    return float(np.median(np.diff(planes_mm)))


def _stack(roi: Roi, planes_mm: NDArray[np.float64] | None, findings: list[Finding]) -> PlaneStack:
    stack, seen = stack_planes(roi, spacing_mm=_spacing(planes_mm))
    findings += seen
    return stack
