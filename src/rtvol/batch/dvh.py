"""One case from files to dose-volume metrics of its structures, on the slab solid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rtvol import dvh, io, masks
from rtvol.batch.choose import match_rois
from rtvol.batch.results import case_result
from rtvol.errors import CaseRejected
from rtvol.tables import StructureRow

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rtvol.case import Case
    from rtvol.errors import Finding
    from rtvol.io import CaseFiles
    from rtvol.structures import Roi
    from rtvol.tables import CaseResult
    from rtvol.volumes import Dose

DEFAULT_METRICS = ("D95%", "D50%", "D2%", "Mean")


@dataclass(frozen=True)
class DvhJob:
    """What to ask of every case of a run.

    Attributes
    ----------
    rois
        Names or glob patterns; empty for all drawn regions.
    metrics
        Metrics in any accepted spelling (`rtvol.dvh.parse_metric`).
    dose
        RTDOSE file to use; None for the one dose of the case.
    """

    rois: tuple[str, ...] = ()
    metrics: tuple[str, ...] = DEFAULT_METRICS
    dose: Path | None = None


def dvh_case(files: CaseFiles, job: DvhJob) -> CaseResult:
    """Read a case and its dose, and return one row of metrics per structure.

    Raises
    ------
    CaseRejected
        The case gets no number.
    """
    case = io.read_case(files)
    rois = match_rois(case.structures, job.rois)
    rows, noticed = dose_rows(case, rois, case_dose(case, job.dose), job.metrics)
    return case_result(files.name, (*case.findings, *noticed), structures=rows)


def case_dose(case: Case, wanted: Path | None = None) -> Dose:
    """Read the dose a DVH of this case is about: the plan's, or the file that is named.

    Raises
    ------
    CaseRejected
        `no-dose`, `ambiguous-dose`, `dose-not-plan`, or why the samples cannot be believed.
    """
    if wanted is None:
        return io.read_dose(io.pick_dose(case))
    for source in case.doses:
        if source.path.resolve() == wanted.resolve():
            return io.read_dose(source)
    raise CaseRejected(
        "no-dose",
        where=wanted.name,
        seen=f"the file is none of the {len(case.doses)} usable doses of this case",
        mend="name a RTDOSE of the same patient and frame of reference that lies in PATH",
    )


def dose_rows(
    case: Case, rois: Sequence[Roi], dose: Dose, metrics: Sequence[str]
) -> tuple[tuple[StructureRow, ...], tuple[Finding, ...]]:
    """Return metrics of regions in a dose: None with a note where there is no number."""
    parsed = [dvh.parse_metric(text) for text in metrics]
    prescription_gy = case.plan.prescription_gy if case.plan else None
    spacing_mm = case.ct.grid.plane_spacing_mm if case.ct else 0.0
    rows: list[StructureRow] = []
    findings: list[Finding] = []
    for roi in rois:
        stack, noticed = masks.stack_planes(roi, spacing_mm=spacing_mm or None)
        findings += noticed
        curve = dvh.dose_volume(stack, dose)
        values = {
            metric.text: dvh.evaluate(curve, metric, prescription_gy=prescription_gy)
            for metric in parsed
        }
        rows.append(
            StructureRow(
                name=roi.name,
                role="roi",
                lesion="",
                volume_cc=curve.volume_cc,
                solid="slab",
                planes=stack.z_mm.size,
                metrics={key: value.value for key, value in values.items()},
                notes={key: value.note for key, value in values.items() if value.note},
            )
        )
    return tuple(rows), tuple(findings)
