"""RTDOSE of one plane each -> one dose: some systems export a grid as one file for each plane."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from rtvol import codes
from rtvol.case import LeftOut
from rtvol.geometry import Grid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rtvol.case import DoseSource
    from rtvol.errors import Finding

#: Steps of one grid differ by no more than this part: a wider one is a plane that is missing.
STEP_PART = 0.5


@dataclass(frozen=True)
class Joined:
    """Doses with their planes put together, what was noticed, and files that fit nowhere."""

    doses: tuple[DoseSource, ...]
    findings: tuple[Finding, ...] = ()
    unused: tuple[LeftOut, ...] = ()


def join_planes(doses: Sequence[DoseSource]) -> Joined:
    """Put doses of one plane together that are one dose by all they say.

    They share plan, beams, kind, frame, and rows and columns in their place, and lie at equal
    distances (PS3.3 C.8.8.3 allows a grid as single-frame images). Planes that do not make a grid
    are not used: which of them would be the dose?
    """
    groups: dict[object, list[DoseSource]] = defaultdict(list)
    for dose in doses:
        groups[_key(dose) if dose.grid.offsets_mm.size == 1 else dose.path].append(dose)
    kept: list[DoseSource] = []
    findings: list[Finding] = []
    unused: list[LeftOut] = []
    for group in groups.values():
        if len(group) == 1:
            kept.append(group[0])
            continue
        one, seen = _one_grid(group)
        if one is not None:
            kept.append(one)
            findings.append(
                codes.DOSE_PLANES_JOINED.note(where="RTDOSE", seen=seen, mend="none needed")
            )
        else:
            mend = "export the dose as one multi-frame RTDOSE"
            findings.append(codes.DOSE_PLANES_APART.warn(where="RTDOSE", seen=seen, mend=mend))
            unused += [LeftOut(dose.path, "dose-planes-apart", seen) for dose in group]
    return Joined(tuple(kept), tuple(findings), tuple(unused))


def _key(dose: DoseSource) -> object:
    grid = dose.grid
    lateral = [float(np.dot(grid.origin_mm, axis)) for axis in (grid.row, grid.column)]
    place = tuple(round(value, 2) for value in (*lateral, *grid.spacing_mm))
    turned = tuple(round(value, 4) for value in (*grid.row, *grid.column))
    what = (dose.plan_uid, dose.summation, dose.units, dose.kind, dose.beams, dose.frame_uid)
    return (*what, place, turned, grid.shape_ji)


def _one_grid(group: Sequence[DoseSource]) -> tuple[DoseSource | None, str]:
    """Return the dose that planes make together and what to say of it; None when they make none."""
    along = [float(np.dot(dose.grid.origin_mm, dose.grid.normal)) for dose in group]
    order = np.argsort(along, kind="stable").tolist()
    ordered = [group[at] for at in order]
    offsets = np.array([along[at] for at in order])
    steps = np.diff(offsets)
    usual = float(np.median(steps))
    if steps.min() < 0.01 or abs(steps - usual).max() > STEP_PART * usual:
        seen = f"{len(group)} doses of one plane each, {steps.min():.2f} to {steps.max():.2f} mm "
        return None, f"{seen}apart, do not make one grid; they are not used"
    first = ordered[0]
    grid = first.grid
    whole = Grid(
        grid.origin_mm,
        grid.row,
        grid.column,
        grid.spacing_mm,
        offsets - offsets[0],
        grid.shape_ji,
        grid.frame_uid,
    )
    paths = tuple(dose.path for dose in ordered)
    highest = max(dose.highest_gy for dose in ordered)
    seen = f"{len(group)} doses of one plane each make one grid, {usual:.2f} mm apart"
    return replace(first, grid=whole, planes=paths, highest_gy=highest), seen
