"""GTV -> CTV -> PTV: six margins in patient terms, grown below the voxel, cut back at organs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from rtvol.margins.build import build_targets
    from rtvol.margins.margin import Margin, parse_margin
    from rtvol.margins.recipe import Clip, Prv, TargetRecipe, parse_clip, parse_prv
    from rtvol.margins.targets import Achieved, ClipRecord, Derived, Lesion, PatientTargets

__all__ = [
    "Achieved",
    "Clip",
    "ClipRecord",
    "Derived",
    "Lesion",
    "Margin",
    "PatientTargets",
    "Prv",
    "TargetRecipe",
    "build_targets",
    "parse_clip",
    "parse_margin",
    "parse_prv",
]

__getattr__, __dir__, _ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "build": ["build_targets"],
        "margin": ["Margin", "parse_margin"],
        "recipe": ["Clip", "Prv", "TargetRecipe", "parse_clip", "parse_prv"],
        "targets": ["Achieved", "ClipRecord", "Derived", "Lesion", "PatientTargets"],
    },
)
