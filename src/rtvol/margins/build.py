"""Targets of a whole case: every lesion, the cumulative PTV, what was noticed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rtvol.margins.describe import describe_lesion, lesion_findings
from rtvol.margins.fields import grow_lesion
from rtvol.margins.setting import make_setting
from rtvol.margins.targets import PatientTargets
from rtvol.margins.union import union_volume_cc
from rtvol.masks.stack import stack_planes
from rtvol.masks.volume import slab_volume_cc

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from rtvol.errors import Finding
    from rtvol.margins.recipe import TargetRecipe
    from rtvol.masks.stack import PlaneStack
    from rtvol.structures import Roi


def build_targets(
    gtvs: Sequence[Roi],
    organs: Mapping[str, Roi],
    recipe: TargetRecipe,
    *,
    planes_mm: NDArray[np.float64] | None,
    taken_names: Sequence[str] = (),
) -> PatientTargets:
    """Grow, cut and measure the targets of every lesion.

    Parameters
    ----------
    gtvs
        One region per lesion.
    organs
        The organs the recipe names, by that name.
    recipe
        Margins and clips; the order of the steps is the recipe's (`TargetRecipe`).
    planes_mm
        Planes contours are written on: the CT's, patient z in mm, ascending. None without a CT.
    taken_names
        ROI names in use, which derived names must not repeat.

    Raises
    ------
    CaseRejected
        `roi-empty` for a GTV or an organ without contours; `roi-single-slice` for one drawn on
        a single plane without a CT to tell its thickness.
    """
    findings: list[Finding] = []
    stacks = [_stack(gtv, planes_mm, findings) for gtv in gtvs]
    organ_stacks = {name: _stack(organs[name], planes_mm, findings) for name in recipe.organs}
    setting = make_setting(stacks, [slab_volume_cc(s) for s in stacks], recipe, planes_mm)
    names, lesions, ptvs = list(taken_names), [], []
    for gtv, stack in zip(gtvs, stacks, strict=True):
        fields = grow_lesion(stack, organ_stacks, recipe, setting.lattice(stack, recipe))
        lesion = describe_lesion(gtv, stack, fields, recipe, setting, taken_names=names)
        findings += lesion_findings(gtv, fields, organ_stacks, recipe, setting)
        names += [target.name for target in lesion.targets]
        lesions.append(lesion)
        ptvs.append((fields.ptv, fields.lattice))
    return PatientTargets(
        lesions=tuple(lesions),
        cumulative_ptv_cc=union_volume_cc(ptvs),
        sum_ptv_cc=sum(lesion.ptv.volume_cc for lesion in lesions),
        findings=tuple(findings),
    )


def _stack(roi: Roi, planes_mm: NDArray[np.float64] | None, findings: list[Finding]) -> PlaneStack:
    spacing = None
    if planes_mm is not None and planes_mm.size > 1:
        spacing = float(np.median(np.diff(planes_mm)))
    stack, seen = stack_planes(roi, spacing_mm=spacing)
    findings += seen
    return stack
