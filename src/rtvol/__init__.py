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
    from rtvol.calls.compared import Comparison, compare
    from rtvol.calls.derived import DerivedSet, derive
    from rtvol.calls.exported import ExportedFiles, export
    from rtvol.calls.made import dose_volume, expand, rows
    from rtvol.calls.nouns import RegionDose, TargetSet
    from rtvol.calls.opened import find, inspect, read, read_case
    from rtvol.calls.regions_given import (
        cover,
        fill,
        mask,
        slab_volume_cc,
        write_nifti,
        write_rtstruct,
    )
    from rtvol.case import Case
    from rtvol.dvh import evaluate, parse_metric
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
    from rtvol.io import read_dose, read_image
    from rtvol.margins import Clip, Margin, TargetRecipe, build_targets, parse_margin
    from rtvol.solids import stack_planes
    from rtvol.structures import Contour, Roi, StructureSet
    from rtvol.volumes import Coverage, Dose, Image, Mask

__all__ = [
    "Case",
    "CaseRejected",
    "Clip",
    "Comparison",
    "Contour",
    "Coverage",
    "DerivedSet",
    "Dose",
    "ExportedFiles",
    "ExtraMissing",
    "Finding",
    "GeometryError",
    "Grid",
    "Image",
    "InputError",
    "Margin",
    "Mask",
    "OutputRefused",
    "RegionDose",
    "Roi",
    "RtvolError",
    "StructureSet",
    "TargetRecipe",
    "TargetSet",
    "UsageError",
    "__version__",
    "build_targets",
    "compare",
    "cover",
    "derive",
    "dose_volume",
    "evaluate",
    "expand",
    "export",
    "fill",
    "find",
    "inspect",
    "mask",
    "parse_margin",
    "parse_metric",
    "read",
    "read_case",
    "read_dose",
    "read_image",
    "rows",
    "slab_volume_cc",
    "stack_planes",
    "write_nifti",
    "write_rtstruct",
]

__getattr__, __dir__, _ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "case": ["Case"],
        "calls.nouns": ["RegionDose", "TargetSet"],
        "calls.compared": ["Comparison", "compare"],
        "calls.derived": ["DerivedSet", "derive"],
        "calls.exported": ["ExportedFiles", "export"],
        "calls.made": ["dose_volume", "expand", "rows"],
        "calls.opened": ["find", "inspect", "read", "read_case"],
        "calls.regions_given": [
            "cover",
            "fill",
            "mask",
            "slab_volume_cc",
            "write_nifti",
            "write_rtstruct",
        ],
        "dvh": ["evaluate", "parse_metric"],
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
        "io": ["read_dose", "read_image"],
        "margins": ["Clip", "Margin", "TargetRecipe", "build_targets", "parse_margin"],
        "solids": ["stack_planes"],
        "structures": ["Contour", "Roi", "StructureSet"],
        "volumes": ["Coverage", "Dose", "Image", "Mask"],
    },
)
