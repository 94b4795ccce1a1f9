"""A small picture of contours for a notebook: SVG text, without any library for drawing."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import numpy as np

from rtvol.structures import COLOURS, target_kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from rtvol.structures import Roi

#: Width of the picture in pixels, and how far around the outermost contour it goes, in mm.
WIDTH_PX, AROUND_MM = 240, 5.0
#: Contours nearer than this to the plane shown lie on it.
PLANE_MM = 0.1
#: Regions without a colour of their own, in turn.
OTHERS = ("#4d7", "#c6c", "#aa5", "#6ad", "#a86", "#8a8")


def contours_svg(rois: Sequence[Roi], about: Roi | None = None) -> str:
    """Return the contours of one plane as SVG: patient's left on the right, anterior at the top.

    Parameters
    ----------
    rois
        What is drawn, the last on top.
    about
        Whose plane of largest area is shown; the first target with contours by default, else the
        first region with any.

    Returns
    -------
    str
        Empty where nothing has a contour. Names of regions are titles of their outlines, escaped.
    """
    drawn = [roi for roi in rois if roi.contours]
    targets = [roi for roi in drawn if target_kind(roi.name, roi.kind)]
    chosen = about or next(iter(targets or drawn), None)
    if chosen is None:
        return ""
    z_mm = max(chosen.contours, key=lambda one: _area_mm2(one.xy_mm)).z_mm
    shown = [
        (roi, [one.xy_mm for one in roi.contours if abs(one.z_mm - z_mm) < PLANE_MM])
        for roi in drawn
    ]
    points = np.concatenate([ring for _, rings in shown for ring in rings])
    low, high = points.min(axis=0) - AROUND_MM, points.max(axis=0) + AROUND_MM
    wide, tall = high - low
    paths = "".join(
        _path(roi, rings, OTHERS[number % len(OTHERS)])
        for number, (roi, rings) in enumerate(shown)
        if rings
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH_PX}" '
        f'height="{WIDTH_PX * tall / wide:.0f}" '
        f'viewBox="{low[0]:.1f} {low[1]:.1f} {wide:.1f} {tall:.1f}" fill="none" stroke-width="1">'
        f"<title>contours at z = {z_mm:.1f} mm, seen from the feet</title>{paths}</svg>"
    )


def _path(roi: Roi, rings: Sequence[NDArray[np.float64]], other: str) -> str:
    kind = target_kind(roi.name, roi.kind)
    colour = f"rgb{COLOURS[kind]}" if kind in COLOURS else other
    dashes = ' stroke-dasharray="2 1"' if roi.name.endswith("^clip") else ""
    steps = " ".join("M" + " L".join(f"{x:.1f} {y:.1f}" for x, y in ring) + " Z" for ring in rings)
    return f'<path d="{steps}" stroke="{colour}"{dashes}><title>{escape(roi.name)}</title></path>'


def _area_mm2(xy_mm: NDArray[np.float64]) -> float:
    x, y = xy_mm.T
    return 0.5 * abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1)))
