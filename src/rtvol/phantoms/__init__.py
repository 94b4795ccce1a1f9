"""Solids and doses with closed-form truth, and the DICOM cases written from them.

    from rtvol.phantoms import Sphere, contour, stack_volume_cc
    roi = contour(Sphere((0, 0, 0), 15), planes_mm, "GTV", 1, "GTV")

Names are found on first use, so that importing this package loads neither numpy nor pydicom.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from rtvol.phantoms.dicom import write_case
    from rtvol.phantoms.doses import (
        DoseField,
        Gaussian,
        Highest,
        Linear,
        Plateau,
        rasterise,
        voxel_centres_mm,
    )
    from rtvol.phantoms.hollows import Carved, Torus, Tube
    from rtvol.phantoms.liver import write_liver_patients
    from rtvol.phantoms.patient import Organ, PhantomCase, VoxelLattice, contour, paint, truth_of
    from rtvol.phantoms.prisms import Box, Cone, Cylinder, EllipticCylinder, LShape, Step
    from rtvol.phantoms.solids import (
        Capsule,
        Ellipsoid,
        Shell,
        Solid,
        Sphere,
        contoured_planes,
        sections,
        stack_volume_cc,
    )
    from rtvol.phantoms.write_options import WriteOptions


__all__ = [
    "Box",
    "Capsule",
    "Carved",
    "Cone",
    "Cylinder",
    "DoseField",
    "Ellipsoid",
    "EllipticCylinder",
    "Gaussian",
    "Highest",
    "LShape",
    "Linear",
    "Organ",
    "PhantomCase",
    "Plateau",
    "Shell",
    "Solid",
    "Sphere",
    "Step",
    "Torus",
    "Tube",
    "VoxelLattice",
    "WriteOptions",
    "contour",
    "contoured_planes",
    "paint",
    "rasterise",
    "sections",
    "stack_volume_cc",
    "truth_of",
    "voxel_centres_mm",
    "write_case",
    "write_liver_patients",
]

__getattr__, __dir__, _ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "dicom": ["write_case"],
        "write_options": ["WriteOptions"],
        "doses": [
            "DoseField",
            "Gaussian",
            "Highest",
            "Linear",
            "Plateau",
            "rasterise",
            "voxel_centres_mm",
        ],
        "hollows": ["Carved", "Torus", "Tube"],
        "liver": ["write_liver_patients"],
        "patient": ["VoxelLattice", "Organ", "PhantomCase", "contour", "paint", "truth_of"],
        "prisms": ["Box", "Cone", "Cylinder", "EllipticCylinder", "LShape", "Step"],
        "solids": [
            "Capsule",
            "Ellipsoid",
            "Shell",
            "Solid",
            "Sphere",
            "contoured_planes",
            "sections",
            "stack_volume_cc",
        ],
    },
)
