"""Roi -> solid (slab or loft) -> coverage, masks, distances; and back to contours."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rtvol.masks.coverage import cover, fill
    from rtvol.masks.distance import level_volume_cc, signed_distance
    from rtvol.masks.lattice import Lattice
    from rtvol.masks.stack import PlaneStack, stack_planes
    from rtvol.masks.trace import trace_rings
    from rtvol.masks.volume import slab_volume_cc

__all__ = [
    "Lattice",
    "PlaneStack",
    "cover",
    "fill",
    "level_volume_cc",
    "signed_distance",
    "slab_volume_cc",
    "stack_planes",
    "trace_rings",
]

_HOME = {
    "Lattice": "lattice",
    "PlaneStack": "stack",
    "cover": "coverage",
    "fill": "coverage",
    "level_volume_cc": "distance",
    "signed_distance": "distance",
    "slab_volume_cc": "volume",
    "stack_planes": "stack",
    "trace_rings": "trace",
}


def __getattr__(name: str) -> object:
    if name in _HOME:
        return getattr(import_module(f"rtvol.masks.{_HOME[name]}"), name)
    raise AttributeError(name)
