"""rtvol: targets and volumes from DICOM-RT contours, true below the voxel.

The nouns and verbs below are found on first use (PEP 562), so that `import rtvol` costs nothing:

    case = rtvol.read("exports/case1")
    targets = rtvol.expand(case, ctv=2, ptv=4, avoid={"Duodenum": 3})
    rtvol.dose_volume(case, targets["PTV"])["D95%"]
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import lazy_loader

from rtvol.version import __version__

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
    from rtvol.solids import cover, fill, slab_volume_cc, stack_planes
    from rtvol.structures import Contour, Roi, StructureSet
    from rtvol.volumes import Coverage, Dose, Image, Mask

__all__ = [
    "Case",
    "CaseRejected",
    "Clip",
    "Contour",
    "Coverage",
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

__getattr__, __dir__, _ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "case": ["Case"],
        "dvh": ["dose_volume", "evaluate", "parse_metric"],
        "errors": [
            "CaseRejected",
            "ExtraMissing",
            "Finding",
            "GeometryError",
            "InputError",
            "OutputRefused",
            "RtvolError",
            "UsageError",
        ],
        "geometry": ["Grid"],
        "io": ["find", "read_case", "read_dose", "read_image", "write_nifti", "write_rtstruct"],
        "margins": ["Clip", "Margin", "TargetRecipe", "build_targets", "parse_margin"],
        "solids": ["cover", "fill", "slab_volume_cc", "stack_planes"],
        "structures": ["Contour", "Roi", "StructureSet"],
        "volumes": ["Coverage", "Dose", "Image", "Mask"],
    },
)
