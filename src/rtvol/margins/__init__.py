"""GTV -> CTV -> PTV: six margins in patient terms, grown below the voxel, cut back at organs."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rtvol.margins.build import build_targets
    from rtvol.margins.margin import Margin, parse_margin
    from rtvol.margins.recipe import Clip, TargetRecipe, parse_clip
    from rtvol.margins.targets import Achieved, ClipRecord, Derived, Lesion, PatientTargets

__all__ = [
    "Achieved",
    "Clip",
    "ClipRecord",
    "Derived",
    "Lesion",
    "Margin",
    "PatientTargets",
    "TargetRecipe",
    "build_targets",
    "parse_clip",
    "parse_margin",
]

_HOME = {
    "Achieved": "targets",
    "Clip": "recipe",
    "ClipRecord": "targets",
    "Derived": "targets",
    "Lesion": "targets",
    "Margin": "margin",
    "PatientTargets": "targets",
    "TargetRecipe": "recipe",
    "build_targets": "build",
    "parse_clip": "recipe",
    "parse_margin": "margin",
}


def __getattr__(name: str) -> object:
    if name in _HOME:
        return getattr(import_module(f"rtvol.margins.{_HOME[name]}"), name)
    raise AttributeError(name)
