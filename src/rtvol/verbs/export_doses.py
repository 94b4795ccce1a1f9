"""Doses of a case as files: on the grid of its images, or as RTDOSE with computed DVHs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rtvol import codes, io
from rtvol.case import StoredDvh
from rtvol.dvh.curve import BIN_GY, SAME_VOLUME
from rtvol.dvh.readings import Sampling
from rtvol.dvh.sums import dose_on
from rtvol.errors import CaseRejected
from rtvol.geometry import crop_grid
from rtvol.verbs.bench import bench_of
from rtvol.verbs.given_dose import case_dose, dose_for
from rtvol.verbs.region_rows import region_row
from rtvol.verbs.terms import Terms
from rtvol.volumes import Dose

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rtvol.case import Case
    from rtvol.dvh.curve import DVH
    from rtvol.dvh.sums import Sum
    from rtvol.errors import Finding
    from rtvol.names.regions import Region
    from rtvol.tables.rows import StructureRow
    from rtvol.verbs.given_dose import GivenDose

#: Names of the files: a dot is in no slug of a region, so that none takes the place of a dose.
DOSE_NAME, OBJECT_NAME = "dose.Gy", "RD.rtvol.dcm"


@dataclass(frozen=True)
class DoseAsked:
    """Which dose to write: the plan's, files named, or a sum in Gy."""

    files: tuple[Path, ...] = ()
    add: Sum | None = None


def write_case_dose(draft: Path, case: Case, asked: DoseAsked, ending: str) -> list[Finding]:
    """Write the dose in Gy on the grid of the CT; NaN where it is not known.

    Raises
    ------
    CaseRejected
        `no-ct`, or why there is no dose.
    GeometryError
        `irregular-planes`.
    """
    if case.ct is None:
        mend = "export the images too, or use --format rtdose"
        raise CaseRejected("no-ct", where="dose", seen="no grid to write it on", mend=mend)
    given = case_dose(case, asked.files, add=asked.add)
    values = dose_on(dose_for(given, None), case.ct.grid).astype(np.float32)
    io.write_itk(draft / f"{DOSE_NAME}{ending}", Dose(values, case.ct.grid))
    findings = list(given.findings)
    unknown = int(np.isnan(values).sum())
    if unknown:
        seen = f"{unknown} of {values.size} voxels of the images lie outside the dose grid: NaN"
        findings.append(codes.DOSE_OUTSIDE_IMAGES.note(where="dose", seen=seen))
    return findings


def write_dose_object(
    draft: Path, case: Case, regions: Sequence[Region], asked: DoseAsked | None
) -> tuple[list[StructureRow], list[Finding]]:
    """Write the dose as RTDOSE, with a DVH of every single ROI that lies inside its grid.

    Raises
    ------
    CaseRejected
        Why there is no dose, or none that all parts of the sum know.
    """
    asked = asked or DoseAsked()
    given = case_dose(case, asked.files, add=asked.add)
    dose, findings = _known(dose_for(given, None))
    findings += given.findings
    bench = bench_of(case, given, Sampling(), Terms())
    rows: list[StructureRow] = []
    dvhs: list[StoredDvh] = []
    for region in regions:
        try:
            curve = bench.measured(region).curve
            row, noticed = region_row(bench, region, (), {})
            dvhs.append(_stored(region, curve))
        except CaseRejected as fault:
            seen = f"{fault.finding.seen}; it has no DVH in the RTDOSE"
            where = f"ROI {region.name}"
            findings.append(codes.DVH_NOT_WRITTEN.warn(where=where, seen=seen))
            continue
        rows.append(row)
        findings += noticed
    plans = tuple(dict.fromkeys(source.plan_uid for source in given.sources if source.plan_uid))
    io.write_dose(
        draft / OBJECT_NAME,
        dose,
        case,
        summation="MULTI_PLAN" if len(plans) > 1 else "PLAN",
        plan_uids=plans,
        description=_said(given, plans),
        kind="EFFECTIVE" if any(one.kind == "EFFECTIVE" for one in given.sources) else "PHYSICAL",
        dvhs=dvhs,
    )
    return rows, findings


def _said(given: GivenDose, plans: Sequence[str]) -> str:
    if len(given.sources) == 1:
        return "rtvol: dose as stored"
    return f"rtvol: sum of {len(given.sources)} doses of {len(plans)} plans, in Gy"


def _known(dose: Dose) -> tuple[Dose, list[Finding]]:
    """Cut a dose to a box in which every voxel is known: the side with most gaps goes first."""
    known = ~np.isnan(dose.values_gy)
    low, high = [0, 0, 0], list(known.shape)
    while True:
        box = known[tuple(map(slice, low, high))]
        if not box.size:
            seen = "no voxel of the finest grid is known to all doses of the sum"
            mend = "export the doses on grids that overlap"
            raise CaseRejected("no-dose", where="RTDOSE", seen=seen, mend=mend)
        if box.all():
            break
        _, axis, end = max(
            (1 - float(np.take(box, end, axis=axis).mean()), axis, end)
            for axis in range(3)
            for end in (0, -1)
        )
        if end:
            high[axis] -= 1
        else:
            low[axis] += 1
    if box.shape == known.shape:
        return dose, []
    k, j, i = low
    values = dose.values_gy[tuple(map(slice, low, high))].copy()
    sizes = " x ".join(map(str, values.shape)), " x ".join(map(str, known.shape))
    seen = f"{sizes[0]} of {sizes[1]} voxels (k, j, i) of the finest grid are known to all doses"
    cropped = Dose(values, crop_grid(dose.grid, (k, j, i), values.shape))
    return cropped, [codes.DOSE_CROPPED.note(where="RTDOSE", seen=seen)]


def _stored(region: Region, curve: DVH) -> StoredDvh:
    """Histogram of a single ROI in bins of 1 cGy.

    Raises
    ------
    CaseRejected
        `dvh-not-written` for what is no one ROI with a number, or passes the dose grid.
    """
    roi = region.roi
    if roi is None or roi.number < 0:
        raise CaseRejected("dvh-not-written", seen="it is no one ROI of the structure set")
    if curve.outside_fraction > SAME_VOLUME:
        seen = f"{100 * curve.outside_fraction:.1f} % of it lie outside the dose grid"
        raise CaseRejected("dvh-not-written", seen=seen)
    histogram = curve.histogram
    if not histogram.differential_cc.size:
        raise CaseRejected("dvh-not-written", seen="it has no volume inside the dose grid")
    return StoredDvh(
        roi.number,
        histogram.edges_gy.copy(),
        histogram.cumulative_cc.copy(),
        BIN_GY,
        curve.min_gy,
        curve.max_gy,
        curve.mean_gy,
    )
