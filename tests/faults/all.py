"""All faults: importing this registers every one."""

from __future__ import annotations

from faults import beside, contours, doses, files, hostile, identity, images, regions, sound
from faults.register import FAULTS

__all__ = [
    "FAULTS",
    "beside",
    "contours",
    "doses",
    "files",
    "hostile",
    "identity",
    "images",
    "regions",
    "sound",
]
