"""What a case holds, without making anything of it: for `rtvol scan` and `rtvol inspect`."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from rtvol import io, masks
from rtvol.errors import CaseRejected, Finding, RtvolError, status_of
from rtvol.names.find import choose_gtvs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rtvol.case import Case, DoseSource, LeftOut, Patient
    from rtvol.geometry import Grid
    from rtvol.io import CaseFiles
    from rtvol.structures import Roi


@dataclass(frozen=True)
class GridFacts:
    """Size and spacing of a grid; order (k, j, i): planes, rows, columns."""

    voxels: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]


@dataclass(frozen=True)
class RoiFacts:
    """One region: `volume_cc` by the slab, from its contours alone; None when it has none."""

    name: str
    kind: str
    volume_cc: float | None
    stored_volume_cc: float | None
    planes: int
    holes: int


@dataclass(frozen=True)
class DoseFacts:
    """One stored dose; `max_gy` is None when it cannot be given in Gy (a finding says why)."""

    grid: GridFacts
    summation: str
    units: str
    max_gy: float | None


@dataclass(frozen=True)
class CaseFacts:
    """What a case holds. A rejected case has its findings only.

    `rois` and `doses` are filled by `inspect_case`; `glance` counts them.
    """

    case: str
    status: str
    findings: tuple[Finding, ...]
    patient_position: str = ""
    ct: GridFacts | None = None
    structure_set: str = ""
    roi_count: int = 0
    dose_count: int = 0
    plan: str | None = None
    prescription_gy: float | None = None
    fractions: int | None = None
    gtvs: tuple[str, ...] = ()
    rois: tuple[RoiFacts, ...] = ()
    doses: tuple[DoseFacts, ...] = ()
    unused: tuple[LeftOut, ...] = ()
    patient: Patient | None = field(default=None, repr=False)


def glance(files: CaseFiles) -> CaseFacts:
    """Read a case's headers and contours and say what is there; a bad case says why."""
    return _look(files, closely=False)


def inspect_case(files: CaseFiles) -> CaseFacts:
    """Read a case and describe every region (with its volume) and every dose (with its maximum)."""
    return _look(files, closely=True)


def _each_shown(files: CaseFiles) -> CaseFiles:
    """One of several structure sets is shown all the same: nothing is made of it here."""
    why = files.rejection
    if why is None or why.code != "ambiguous-rtstruct":
        return files
    warning = replace(why, severity="warning")
    return replace(files, rejection=None, findings=(*files.findings, warning))


def _look(files: CaseFiles, *, closely: bool) -> CaseFacts:
    files = _each_shown(files)
    try:
        case = io.read_case(files)
    except CaseRejected as error:
        noticed = tuple(dict.fromkeys((*files.findings, *error.noticed, error.finding)))
        return CaseFacts(files.name, "reject", noticed)
    rois: tuple[RoiFacts, ...] = ()
    doses: tuple[DoseFacts, ...] = ()
    findings = list(case.findings)
    if closely:
        rois = tuple(_roi_facts(roi, case, findings) for roi in case.structures.rois)
        doses = tuple(_dose_facts(source, findings) for source in case.doses)
    plan = case.plan
    unique = tuple(dict.fromkeys(findings))
    return CaseFacts(
        case=case.name,
        status=status_of(unique),
        findings=unique,
        patient_position=case.ct.patient_position if case.ct else "",
        ct=_grid_facts(case.ct.grid) if case.ct else None,
        structure_set=case.structures.label,
        roi_count=len(case.structures.rois),
        dose_count=len(case.doses),
        plan=plan.label if plan else None,
        prescription_gy=plan.prescription_gy if plan else None,
        fractions=plan.fractions if plan else None,
        gtvs=_gtv_names(case),
        rois=rois,
        doses=doses,
        unused=case.unused,
        patient=case.patient,
    )


def _gtv_names(case: Case) -> tuple[str, ...]:
    """Names that `rtvol expand` would take without --gtv; none when it would ask."""
    try:
        return tuple(roi.name for roi in choose_gtvs(case.structures, ()))
    except CaseRejected:
        return ()


def _roi_facts(roi: Roi, case: Case, findings: list[Finding]) -> RoiFacts:
    volume_cc: float | None = None
    if not roi.is_empty:
        try:
            stack, noticed = masks.stack_planes(roi, spacing_mm=_slice_spacing_mm(case))
            findings += noticed
            volume_cc = masks.slab_volume_cc(stack)
        except RtvolError as error:
            findings.append(error.finding)
    return RoiFacts(
        name=roi.name,
        kind=roi.kind,
        volume_cc=volume_cc,
        stored_volume_cc=roi.stored_volume_cc,
        planes=roi.planes_mm.size,
        holes=hole_count(roi),
    )


def _slice_spacing_mm(case: Case) -> float | None:
    spacing_mm = case.ct.grid.plane_spacing_mm if case.ct else 0.0
    return spacing_mm or None


def _dose_facts(source: DoseSource, findings: list[Finding]) -> DoseFacts:
    max_gy: float | None = None
    try:
        max_gy = io.read_dose(source).max_gy
    except RtvolError as error:
        findings.append(error.finding)
    return DoseFacts(_grid_facts(source.grid), source.summation, source.units, max_gy)


def _grid_facts(grid: Grid) -> GridFacts:
    rows_mm, columns_mm = grid.spacing_mm
    return GridFacts(grid.shape, (grid.plane_spacing_mm, rows_mm, columns_mm))


def hole_count(roi: Roi) -> int:
    """Count the rings that lie inside an odd number of other rings of their plane."""
    planes: dict[float, list[NDArray[np.float64]]] = {}
    for contour in roi.contours:
        planes.setdefault(round(contour.z_mm, 2), []).append(contour.xy_mm)
    return sum(
        sum(_encloses(other, ring[0]) for other in rings if other is not ring) % 2
        for rings in planes.values()
        if len(rings) > 1
        for ring in rings
    )


def _encloses(ring: NDArray[np.float64], point: NDArray[np.float64]) -> bool:
    """Whether a ray from the point towards +x crosses the ring an odd number of times."""
    start, end = ring, np.roll(ring, -1, axis=0)
    crosses = (start[:, 1] > point[1]) != (end[:, 1] > point[1])
    start, end = start[crosses], end[crosses]
    share = (point[1] - start[:, 1]) / (end[:, 1] - start[:, 1])
    crossing_x = start[:, 0] + share * (end[:, 0] - start[:, 0])
    return bool(np.count_nonzero(crossing_x > point[0]) % 2)
