"""rtvol: targets and volumes from DICOM-RT contours, true below the voxel.

The nouns and verbs below are found on first use (PEP 562), so that `import rtvol` costs nothing:

    from rtvol import find, read_case, build_targets, TargetRecipe, parse_margin
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rtvol.case import Case
    from rtvol.dvh import dose_volume, evaluate, parse_metric
    from rtvol.errors import (
        CaseRejected,
        ExtraMissing,
        Finding,
        GeometryError,
        InputError,
        OutputRefused,
        RtvolError,
        UsageError,
    )
    from rtvol.geometry import Grid
    from rtvol.io import find, read_case, read_dose, read_image, write_nifti, write_rtstruct
    from rtvol.margins import Clip, Margin, TargetRecipe, build_targets, parse_margin
    from rtvol.masks import cover, fill, slab_volume_cc, stack_planes
    from rtvol.structures import Contour, Roi, StructureSet
    from rtvol.volumes import Coverage, DistanceMap, Dose, Image, Mask

__version__ = "0.1.0"

__all__ = [
    "Case",
    "CaseRejected",
    "Clip",
    "Contour",
    "Coverage",
    "DistanceMap",
    "Dose",
    "ExtraMissing",
    "Finding",
    "GeometryError",
    "Grid",
    "Image",
    "InputError",
    "Margin",
    "Mask",
    "OutputRefused",
    "Roi",
    "RtvolError",
    "StructureSet",
    "TargetRecipe",
    "UsageError",
    "__version__",
    "build_targets",
    "cover",
    "dose_volume",
    "evaluate",
    "fill",
    "find",
    "parse_margin",
    "parse_metric",
    "read_case",
    "read_dose",
    "read_image",
    "slab_volume_cc",
    "stack_planes",
    "write_nifti",
    "write_rtstruct",
]

_ROOMS = {
    "rtvol.errors": (
        "CaseRejected ExtraMissing Finding GeometryError InputError OutputRefused RtvolError "
        "UsageError"
    ),
    "rtvol.geometry": "Grid",
    "rtvol.structures": "Contour Roi StructureSet",
    "rtvol.volumes": "Coverage DistanceMap Dose Image Mask",
    "rtvol.case": "Case",
    "rtvol.io": "find read_case read_dose read_image write_nifti write_rtstruct",
    "rtvol.masks": "cover fill slab_volume_cc stack_planes",
    "rtvol.margins": "Clip Margin TargetRecipe build_targets parse_margin",
    "rtvol.dvh": "dose_volume evaluate parse_metric",
}
_ROOM_OF = {name: room for room, names in _ROOMS.items() for name in names.split()}


def __getattr__(name: str) -> object:
    """Import the room that holds `name` on first use, and keep what was found."""
    if name not in _ROOM_OF:
        raise AttributeError(f"module 'rtvol' has no attribute {name!r}")
    found: object = getattr(import_module(_ROOM_OF[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    """List the public names, imported or not."""
    return sorted(__all__)
