"""Pictures and pages to look at (extra `report`).

Image + Outlines -> draw_slices -> PNG
"""

from __future__ import annotations

from rtvol.report.slices import Outline, draw_slices, planes_through

__all__ = ["Outline", "draw_slices", "planes_through"]
