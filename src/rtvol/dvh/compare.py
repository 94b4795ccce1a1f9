"""Our DVH beside the one a planning system stored: differences, and what convention makes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rtvol.dvh.curve import dose_at_volume_gy

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rtvol.case import StoredDvh
    from rtvol.dvh.curve import DVH

#: Differences up to this part of the stored value agree.
TOLERANCE = 0.01
#: Parts of the volume whose least dose is compared.
PARTS = (95, 50, 2)
VOLUME, ROI_VOLUME = "Volume[cc]", "ROIVolume[cc]"
AGREES, BINS, UNEXPLAINED = "agrees", "bins", "unexplained"
#: The stored value is that of the part inside the dose grid.
IN_GRID = "in grid"
#: The stored value lies between those of two readings: ends that are neither half nor none.
BETWEEN = "between readings"


@dataclass(frozen=True)
class Difference:
    """One quantity of one structure, by rtvol and as stored.

    Attributes
    ----------
    quantity
        `Volume[cc]`, `ROIVolume[cc]` (of the RTSTRUCT), `D95%[Gy]`, ..., `Mean[Gy]`, `Max[Gy]`.
    ours, stored
        The two values, in the unit named.
    verdict
        "agrees" within 1 %; "bins" when doses differ by no more than a stored bin; the reading of
        the contours ("slab, caps none", ...) under which ours agrees; "in grid" when it is that of
        the part inside the dose grid; "between readings" when the stored value lies between ours
        of two readings; else "unexplained".
    """

    quantity: str
    ours: float
    stored: float
    verdict: str

    @property
    def percent(self) -> float | None:
        """How much ours is higher, in % of the stored value; None when that is 0."""
        return 100 * (self.ours - self.stored) / self.stored if self.stored else None


def stored_values(stored: StoredDvh) -> dict[str, float]:
    """Read volume, doses, mean and maximum off a stored curve, linear between its edges."""
    volumes, doses = stored.cumulative_cc, stored.edges_gy
    total = float(volumes[0])
    if total <= 0:
        return {VOLUME: total}
    values = {VOLUME: total}
    for part in PARTS:
        wanted = total * part / 100
        # among edges of equal volume the hottest counts: reversed, and volumes made to ascend
        at = int(np.searchsorted(-volumes, -wanted, side="right")) - 1
        fall = volumes[at] - volumes[at + 1]
        share = (volumes[at] - wanted) / fall
        values[f"D{part}%[Gy]"] = float(doses[at] + share * (doses[at + 1] - doses[at]))
    values["Mean[Gy]"] = float(np.sum((volumes[1:] + volumes[:-1]) / 2 * np.diff(doses)) / total)
    last = int(np.flatnonzero(volumes > 0)[-1])
    values["Max[Gy]"] = float(doses[last + 1])
    return values


def our_values(dvh: DVH) -> dict[str, float]:
    """Read the same quantities off our distribution: doses of the part inside the dose grid."""
    values = {VOLUME: dvh.volume_cc}
    if not dvh.dose_gy.size:
        return values
    total = float(dvh.below_cc[-1])
    values |= {f"D{part}%[Gy]": dose_at_volume_gy(dvh, total * part / 100) for part in PARTS}
    return values | {"Mean[Gy]": dvh.mean_gy, "Max[Gy]": dvh.max_gy}


def compare_dvh(
    dvh: DVH,
    stored: StoredDvh | None,
    *,
    roi_volume_cc: float | None = None,
    readings: Iterable[tuple[str, DVH]] = (),
) -> tuple[Difference, ...]:
    """Compare a DVH with the stored one and with the volume the RTSTRUCT prints.

    Parameters
    ----------
    dvh
        Our distribution.
    stored
        The stored histogram of the same region; None when there is none.
    roi_volume_cc
        ROIVolume of the structure set.
    readings
        The same structure read in other ways, by name, the likeliest first; drawn only as far as
        differences ask for it.

    Returns
    -------
    One row per quantity both sides have.
    """
    wanted = stored_values(stored) if stored is not None else {}
    if roi_volume_cc:
        wanted[ROI_VOLUME] = roi_volume_cc
    bin_gy = stored.bin_gy if stored is not None else 0.0
    ours = _with_roi_volume(our_values(dvh))
    rows = {
        key: Difference(key, ours[key], value, _in_reading(dvh, key, value, bin_gy) or UNEXPLAINED)
        for key, value in wanted.items()
        if key in ours
    }
    pending = {key: [row.ours] for key, row in rows.items() if row.verdict == UNEXPLAINED}
    for name, other in readings if pending else ():
        theirs = _with_roi_volume(our_values(other))
        for key in list(pending):
            found = _in_reading(other, key, wanted[key], bin_gy)
            if found:
                said = f"{name}, {IN_GRID}" if found == IN_GRID else name
                rows[key] = Difference(key, ours[key], wanted[key], said)
                del pending[key]
            elif key in theirs:
                pending[key].append(theirs[key])
        if not pending:
            break
    for key, values in pending.items():
        if min(values) <= wanted[key] <= max(values):
            rows[key] = Difference(key, ours[key], wanted[key], BETWEEN)
    return tuple(rows.values())


def _with_roi_volume(values: Mapping[str, float]) -> dict[str, float]:
    return {**values, ROI_VOLUME: values[VOLUME]}


def _verdict(quantity: str, ours: float, stored: float, bin_gy: float) -> str:
    if abs(ours - stored) <= TOLERANCE * abs(stored):
        return AGREES
    is_dose = quantity.endswith("[Gy]")
    return BINS if is_dose and abs(ours - stored) <= bin_gy else UNEXPLAINED


def _in_reading(dvh: DVH, quantity: str, stored: float, bin_gy: float) -> str:
    """How a distribution explains a stored value: as a whole, by its part in the grid, or not."""
    values = _with_roi_volume(our_values(dvh))
    found = _verdict(quantity, values[quantity], stored, bin_gy) if quantity in values else ""
    if found in {AGREES, BINS}:
        is_part = dvh.outside_fraction > 0 and quantity.endswith("[Gy]")
        return IN_GRID if is_part else found
    if dvh.outside_fraction > 0 and quantity == VOLUME:
        inside_cc = dvh.inside.volume_cc
        return IN_GRID if _verdict(quantity, inside_cc, stored, bin_gy) == AGREES else ""
    return ""


def tags_agree(stored: StoredDvh) -> bool:
    """Whether DVH Maximum Dose is that of the stored curve; False for one in percent, say."""
    if stored.max_gy is None:
        return True
    highest = stored_values(stored).get("Max[Gy]", 0.0)
    return abs(stored.max_gy - highest) <= 2 * stored.bin_gy + TOLERANCE * highest
