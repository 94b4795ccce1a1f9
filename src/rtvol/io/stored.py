"""RTDOSE -> the dose-volume histograms its planning system stored (PS3.3 C.8.8.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rtvol import codes
from rtvol.case import StoredDvh
from rtvol.errors import CaseRejected, Finding
from rtvol.io import tags
from rtvol.io.headers import read_header

if TYPE_CHECKING:
    from pathlib import Path

    from rtvol.io.headers import Header


#: A volume of minus this part of the whole is 0.
ROUNDING = 1e-6


def read_stored_dvhs(
    path: Path,
) -> tuple[tuple[StoredDvh, ...], tuple[Finding, ...]]:
    """Read the histograms stored in a RTDOSE, those of one region each.

    DVH Data holds a bin width and a volume for each bin; widths are multiplied by DVH Dose
    Scaling. A cumulative volume is taken to be that at the lower edge of its bin.

    Returns
    -------
    histograms, findings
        `stored-dvh-not-used` for each that cannot be compared in Gy and cc, with the reason.

    Raises
    ------
    CaseRejected
        Those of a file that cannot be read.
    """
    header = read_header(path, into=tags.STORED_DVHS)
    found, findings = [], []
    for number, item in enumerate(header.items(tags.DVH_SEQUENCE), start=1):
        try:
            found.append(_stored(item))
        except CaseRejected as fault:
            seen, mend = fault.finding.seen, "compare this one in the planning system"
            where = f"RTDOSE, stored DVH {number}"
            findings.append(codes.STORED_DVH_NOT_USED.warn(where=where, seen=seen, mend=mend))
    return tuple(found), tuple(findings)


def _refuse(seen: str) -> CaseRejected:
    return CaseRejected("stored-dvh-not-used", seen=seen)


def _stored(item: Header) -> StoredDvh:
    rois = item.items(tags.DVH_REFERENCED_ROI_SEQUENCE)
    kinds = {roi.text(tags.DVH_ROI_CONTRIBUTION_TYPE).upper() for roi in rois}
    number = rois[0].whole(tags.REFERENCED_ROI_NUMBER) if rois else None
    if len(rois) != 1 or kinds - {"", "INCLUDED"} or number is None:
        raise _refuse(f"it is of {len(rois)} regions, or of what one leaves out")
    units = item.text(tags.DOSE_UNITS).upper()
    volume_units = item.text(tags.DVH_VOLUME_UNITS).upper()
    kind = item.text(tags.DVH_TYPE).upper()
    if units != "GY" or volume_units != "CM3":
        raise _refuse(f"it is in {units or 'no unit'} and {volume_units or 'no unit'}")
    if kind not in {"CUMULATIVE", "DIFFERENTIAL"}:
        raise _refuse(f"its type is {kind or 'not said'}")
    if item.text(tags.DOSE_TYPE).upper() not in {"", "PHYSICAL"}:
        raise _refuse("its dose is not the physical one")
    data = np.array(item.numbers(tags.DVH_DATA), np.float64)
    scaling = item.number(tags.DVH_DOSE_SCALING)
    if data.size < 2 or data.size % 2 or scaling is None or scaling <= 0:
        raise _refuse("its data are not pairs of bin width and volume, or have no scaling")
    widths, volumes = data[::2] * scaling, data[1::2]
    # the last volumes of real exports are minus a rounding error
    if widths.min() < 0 or volumes.min() < -ROUNDING * volumes.max():
        raise _refuse("a bin width or a volume is negative")
    volumes = np.maximum(volumes, 0.0)
    if kind == "DIFFERENTIAL":
        volumes = np.cumsum(volumes[::-1])[::-1]
    return StoredDvh(
        number,
        np.concatenate([[0.0], np.cumsum(widths)]),
        np.append(np.minimum.accumulate(volumes), 0.0),
        float(np.median(widths)),
        item.number(tags.DVH_MINIMUM_DOSE),
        item.number(tags.DVH_MAXIMUM_DOSE),
        item.number(tags.DVH_MEAN_DOSE),
    )
