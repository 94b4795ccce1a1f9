"""Roi -> solid (slab or loft) -> coverage, masks, distances; and back to contours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from rtvol.solids.coverage import cover, fill, spread
    from rtvol.solids.distance import level_volume_cc, signed_distance
    from rtvol.solids.holes import hole_count
    from rtvol.solids.lattice import Lattice
    from rtvol.solids.planes import PlaneStack
    from rtvol.solids.stack import stack_planes
    from rtvol.solids.trace import trace_rings
    from rtvol.solids.volume import slab_volume_cc

__all__ = [
    "Lattice",
    "PlaneStack",
    "cover",
    "fill",
    "hole_count",
    "level_volume_cc",
    "signed_distance",
    "slab_volume_cc",
    "spread",
    "stack_planes",
    "trace_rings",
]

__getattr__, __dir__, _ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "coverage": ["cover", "fill", "spread"],
        "distance": ["level_volume_cc", "signed_distance"],
        "holes": ["hole_count"],
        "lattice": ["Lattice"],
        "planes": ["PlaneStack"],
        "stack": ["stack_planes"],
        "trace": ["trace_rings"],
        "volume": ["slab_volume_cc"],
    },
)
