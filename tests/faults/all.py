"""All faults: importing this registers every one."""

from __future__ import annotations

from faults import contours, doses, files, identity, images, regions, sound
from faults.register import FAULTS

__all__ = ["FAULTS", "contours", "doses", "files", "identity", "images", "regions", "sound"]
