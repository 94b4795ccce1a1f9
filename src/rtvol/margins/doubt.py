"""Doubt as a number: the span of a volume over the readings that its contours allow."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from rtvol.errors import Finding
from rtvol.solids.volume import slab_readings_cc

if TYPE_CHECKING:
    from rtvol.margins.targets import Derived
    from rtvol.solids.planes import PlaneStack

#: A span of more than this share of the volume is a finding: flat ends of three planes or fewer.
IN_DOUBT = 0.3


def with_range(
    gtv: Derived, stack: PlaneStack, lofted_cc: float
) -> tuple[Derived, tuple[Finding, ...]]:
    """Add the volume of the loft, and the span over all readings, to a structure as drawn.

    Parameters
    ----------
    gtv, stack
        The structure and its contours.
    lofted_cc
        Volume of the surface that is grown.

    Returns
    -------
    The structure, and the finding `volume-in-doubt` for a span of more than 30 % of it.
    """
    readings = {**slab_readings_cc(stack), "loft": lofted_cc}
    low, high = min(readings.values()), max(readings.values())
    listed = ", ".join(f"{name} {volume_cc:.3f} cc" for name, volume_cc in readings.items())
    noted = replace(
        gtv, lofted_cc=lofted_cc, range_cc=(low, high), notes={**gtv.notes, "volume_cc": listed}
    )
    if high - low <= IN_DOUBT * gtv.volume_cc:
        return noted, ()
    seen = f"{low:.2f} to {high:.2f} cc on {stack.z_mm.size} planes, as contours are read: {listed}"
    finding = Finding(
        "volume-in-doubt",
        where=f"ROI {gtv.name}",
        seen=seen,
        mend="contour it on thinner slices, or state the range with the volume",
    )
    return noted, (finding,)
