"""Doses against the plan, the targets and one another: what a DVH of the case could stand on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rtvol import codes
from rtvol.errors import CaseRejected, Finding
from rtvol.geometry import seen_from
from rtvol.io.headers import printable
from rtvol.io.listing import listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from rtvol.case import DoseSource, Plan
    from rtvol.structures import Roi, StructureSet

#: The highest dose of a plan is at least this part of its prescription; less is another unit, one
#: fraction, or another plan. More than so many times the prescription is cGy.
LEAST_PART, MOST_TIMES = 0.5, 50.0
#: A point this far outside the outermost samples still lies on them: positions are rounded.
ON_EDGE_MM = 0.01


def pick_dose(doses: Sequence[DoseSource], plan: Plan | None) -> DoseSource:
    """Return the dose of the plan, when there is exactly one.

    Raises
    ------
    CaseRejected
        `no-dose`; `dose-not-plan` when none has Dose Summation Type PLAN (PS3.3 C.8.8.3);
        `ambiguous-dose` when several have, and the plan does not tell them apart.
    """
    whole = [dose for dose in doses if dose.summation == "PLAN"]
    if plan is not None and len(whole) > 1:
        whole = [dose for dose in whole if dose.plan_uid == plan.sop_uid] or whole
    if len(whole) == 1:
        return whole[0]
    if whole:
        seen, mend = f"{len(whole)} doses of the whole plan", "name the dose file to use"
        raise CaseRejected("ambiguous-dose", where="RTDOSE", seen=seen, mend=mend)
    if doses:
        kinds = ", ".join(sorted({printable(dose.summation) or "none" for dose in doses}))
        seen = f"{len(doses)} doses, of summation type {kinds}; none is PLAN"
        mend = "export the dose of the whole plan, or name the dose file to use"
        raise CaseRejected("dose-not-plan", where="RTDOSE", seen=seen, mend=mend)
    raise CaseRejected(
        "no-dose", where="RTDOSE", seen="no usable dose was found", mend="export the RTDOSE"
    )


def check_doses(
    doses: Sequence[DoseSource],
    plan: Plan | None,
    plans: Mapping[str, Plan],
    rs: StructureSet,
    *,
    labels: Mapping[Path, str],
) -> Iterator[Finding]:
    """Compare the usable doses of a case with what they are to be used for.

    `labels` are what the files are called in messages.

    Yields
    ------
    Finding
        Warnings: `dose-not-plan` or `ambiguous-dose` when no dose stands out as the plan's;
        `dose-coverage` when a target reaches beyond the grid of a plan's dose;
        `dose-implausible` when its maximum does not fit the prescription.
    """
    if doses:
        try:
            pick_dose(doses, plan)
        except CaseRejected as fault:
            one = fault.finding
            yield Finding(one.code, "warning", one.where, one.seen, one.mend)
    whole = [dose for dose in doses if dose.summation == "PLAN"]
    for dose in whole:
        where = labels[dose.path]
        yield from _coverage(dose, rs, where)
        own = plans.get(dose.plan_uid) or plan
        if own is not None and own.prescription_gy:
            yield from _plausible(dose.highest_gy, own.prescription_gy, where)


def _coverage(dose: DoseSource, rs: StructureSet, where: str) -> Iterator[Finding]:
    outside = [(roi, _outside(roi, dose)) for roi in rs.rois if roi.is_target]
    parts = [
        f"{printable(roi.name)} ({count} of {len(roi.contours)} contours)"
        for roi, count in outside
        if count
    ]
    if parts:
        seen = f"targets reach beyond the dose grid: {listed(parts)}"
        mend = "compute the dose on a grid that holds the targets"
        yield codes.DOSE_COVERAGE.warn(where=where, seen=seen, mend=mend)


def _outside(roi: Roi, dose: DoseSource) -> int:
    """Count the contours with a point beyond the outermost samples of a dose."""
    grid = seen_from(dose.grid, roi.frame)
    rows, columns = grid.shape_ji
    room = ON_EDGE_MM / np.array([grid.spacing_mm[1], grid.spacing_mm[0], 1.0])
    highest = np.array([columns - 1, rows - 1, grid.offsets_mm[-1]]) + room
    count = 0
    for contour in roi.contours:
        local = grid.to_plane_frame(contour.points_mm)
        count += bool((local < -room).any() or (local > highest).any())
    return count


def _plausible(highest_gy: float, prescription_gy: float, where: str) -> Iterator[Finding]:
    times = highest_gy / prescription_gy
    if LEAST_PART <= times <= MOST_TIMES:
        return
    seen = f"the highest dose is {highest_gy:.4g} Gy, the prescription {prescription_gy:.4g} Gy"
    mend = "check the units (Gy or cGy), and whether it is the dose of one fraction or of a part"
    yield codes.DOSE_IMPLAUSIBLE.warn(where=where, seen=seen, mend=mend)
