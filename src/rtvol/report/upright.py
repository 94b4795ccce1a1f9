"""What lies on turned planes, seen on the axial ones a page shows."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from rtvol import codes
from rtvol.errors import RtvolError
from rtvol.frames import AXIAL
from rtvol.solids.stack import stack_planes
from rtvol.solids.turned import cut_across
from rtvol.structures import Contour

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rtvol.errors import Finding
    from rtvol.report.shown import ShownCase
    from rtvol.structures import Roi


def upright(shown: ShownCase) -> tuple[ShownCase, tuple[Finding, ...]]:
    """Cut what lies on turned planes along axial ones, and leave turned images out.

    Solids stay where they are in the patient; the finding `page-without-images` says that images
    on turned planes are not shown.
    """
    case = shown.case
    rois = _cut(case.structures.rois, shown)
    targets = tuple(
        target if target.roi.frame.is_axial else replace(target, roi=roi, level=None)
        for target, roi in zip(
            shown.targets, _cut([target.roi for target in shown.targets], shown), strict=True
        )
    )
    findings: tuple[Finding, ...] = ()
    if case.ct is not None and not case.ct.frame.is_axial:
        seen = f"the {case.ct.modality} lies on planes that are not axial"
        findings = (codes.PAGE_WITHOUT_IMAGES.warn(where="images", seen=seen),)
        case = replace(case, ct=None)
    case = replace(case, structures=replace(case.structures, rois=rois))
    return replace(shown, case=case, targets=targets), findings


def _cut(rois: Iterable[Roi], shown: ShownCase) -> tuple[Roi, ...]:
    return tuple(roi if roi.frame.is_axial else _on_axial(roi, shown) for roi in rois)


def _on_axial(roi: Roi, shown: ShownCase) -> Roi:
    """Return a region with the sections of its slabs on axial planes; empty without a solid."""
    try:
        stack, _ = stack_planes(roi, images_mm=shown.case.planes_of(roi))
    except RtvolError:  # a finding has said why
        return replace(roi, contours=(), frame=AXIAL)
    cut = cut_across(stack, AXIAL)
    z = np.repeat(cut.z_mm, np.diff(cut.plane_rings)).tolist()
    rings = [cut.xy_mm[a:b] for a, b in pairwise(cut.ring_starts)]
    contours = tuple(Contour(ring, height) for ring, height in zip(rings, z, strict=True))
    return replace(roi, contours=contours, frame=AXIAL)
