"""Pictures and pages to look at (extra `report`).

Image + Outlines -> draw_slices -> PNG
"""

from __future__ import annotations

from rtvol.report.slices import DrawnOutline, draw_slices, planes_through

__all__ = ["DrawnOutline", "draw_slices", "planes_through"]
