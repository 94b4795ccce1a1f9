"""Solids and doses with closed-form truth, and the DICOM cases written from them.

    from rtvol.phantoms import Sphere, contour, stack_volume_cc
    roi = contour(Sphere((0, 0, 0), 15), planes_mm, "GTV", 1, "GTV")

Names are found on first use, so that importing this package loads neither numpy nor pydicom.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rtvol.phantoms.dicom import WriteOptions, write_case
    from rtvol.phantoms.doses import (
        DoseField,
        Gaussian,
        Highest,
        Linear,
        Plateau,
        rasterise,
        voxel_centres_mm,
    )
    from rtvol.phantoms.hollows import Cut, Torus, Tube
    from rtvol.phantoms.liver import write_liver_patients
    from rtvol.phantoms.patient import Lattice, Organ, PhantomCase, contour, paint, truth_of
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

_ROOMS = {
    "dicom": "WriteOptions write_case",
    "doses": "DoseField Gaussian Highest Linear Plateau rasterise voxel_centres_mm",
    "hollows": "Cut Torus Tube",
    "liver": "write_liver_patients",
    "patient": "Lattice Organ PhantomCase contour paint truth_of",
    "prisms": "Box Cone Cylinder EllipticCylinder LShape Step",
    "solids": "Capsule Ellipsoid Shell Solid Sphere contoured_planes sections stack_volume_cc",
}
_ROOM_OF = {name: room for room, names in _ROOMS.items() for name in names.split()}

__all__ = [
    "Box",
    "Capsule",
    "Cone",
    "Cut",
    "Cylinder",
    "DoseField",
    "Ellipsoid",
    "EllipticCylinder",
    "Gaussian",
    "Highest",
    "LShape",
    "Lattice",
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


def __getattr__(name: str) -> object:
    """Import the module that holds `name` on first use, and keep what was found."""
    if name not in _ROOM_OF:
        raise AttributeError(f"module 'rtvol.phantoms' has no attribute {name!r}")
    found: object = getattr(import_module(f"rtvol.phantoms.{_ROOM_OF[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    """List the public names, imported or not."""
    return sorted(__all__)
