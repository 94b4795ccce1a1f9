"""What a case holds, without making anything of it: for `rtvol scan` and `rtvol inspect`."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from rtvol import io, solids
from rtvol.errors import CaseRejected, Finding, RtvolError, status_of
from rtvol.names.find import choose_gtvs
from rtvol.names.regions import stacking_of

if TYPE_CHECKING:
    from rtvol.case import Case, DoseSource, LeftOut, Patient
    from rtvol.geometry import Grid
    from rtvol.io import CaseFiles
    from rtvol.names.regions import Stacking
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

    `modality` is that of the images whose grid is `ct`: CT, MR or PT.

    `rois` and `doses` are filled by `inspect_case`; `glance` counts them.
    """

    case: str
    status: str
    findings: tuple[Finding, ...]
    patient_position: str = ""
    modality: str = ""
    ct: GridFacts | None = None
    structure_set: str = ""
    form: str = "RTSTRUCT"
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
        why = dict.fromkeys((*files.findings, *error.noticed, error.finding))
        return CaseFacts(files.name, "reject", tuple(why))
    rois: list[tuple[RoiFacts, tuple[Finding, ...]]] = []
    doses: list[tuple[DoseFacts, tuple[Finding, ...]]] = []
    if closely:
        stacking = stacking_of(case)
        rois = [_roi_facts(roi, stacking) for roi in case.structures.rois]
        doses = [_dose_facts(source) for source in case.doses]
    noticed = [finding for _, found in (*rois, *doses) for finding in found]
    plan = case.plan
    unique = tuple(dict.fromkeys((*case.findings, *noticed)))
    return CaseFacts(
        case=case.name,
        status=status_of(unique),
        findings=unique,
        patient_position=case.ct.patient_position if case.ct else "",
        modality=case.ct.modality if case.ct else "",
        ct=_grid_facts(case.ct.grid) if case.ct else None,
        structure_set=case.structures.label,
        form=case.structures.form,
        roi_count=len(case.structures.rois),
        dose_count=len(case.doses),
        plan=plan.label if plan else None,
        prescription_gy=plan.prescription_gy if plan else None,
        fractions=plan.fractions if plan else None,
        gtvs=_gtv_names(case),
        rois=tuple(facts for facts, _ in rois),
        doses=tuple(facts for facts, _ in doses),
        unused=case.unused,
        patient=case.patient,
    )


def _gtv_names(case: Case) -> tuple[str, ...]:
    """Names that `rtvol expand` would take without --gtv; none when it would ask."""
    try:
        return tuple(roi.name for roi in choose_gtvs(case.structures, ()))
    except CaseRejected:
        return ()


def _roi_facts(roi: Roi, stacking: Stacking) -> tuple[RoiFacts, tuple[Finding, ...]]:
    volume_cc: float | None = None
    planes, holes = roi.planes_mm.size, 0
    findings: tuple[Finding, ...] = ()
    if not roi.is_empty:
        try:
            stack, findings = stacking(roi, math.inf)
            volume_cc = solids.slab_volume_cc(stack)
            planes, holes = stack.z_mm.size, solids.hole_count(stack)
        except RtvolError as error:
            findings = (error.finding.as_warning(),)
    facts = RoiFacts(
        name=roi.name,
        kind=roi.kind,
        volume_cc=volume_cc,
        stored_volume_cc=roi.stored_volume_cc,
        planes=planes,
        holes=holes,
    )
    return facts, findings


def _dose_facts(source: DoseSource) -> tuple[DoseFacts, tuple[Finding, ...]]:
    max_gy: float | None = None
    findings: tuple[Finding, ...] = ()
    try:
        max_gy = io.read_dose(source).max_gy
    except RtvolError as error:
        findings = (error.finding.as_warning(),)
    return DoseFacts(_grid_facts(source.grid), source.summation, source.units, max_gy), findings


def _grid_facts(grid: Grid) -> GridFacts:
    rows_mm, columns_mm = grid.spacing_mm
    return GridFacts(grid.shape, (grid.plane_spacing_mm, rows_mm, columns_mm))
