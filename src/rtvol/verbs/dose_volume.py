"""One case from files to dose-volume metrics of its structures."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rtvol import _kernels, codes, dvh, io
from rtvol.dvh.compare import tags_agree
from rtvol.dvh.readings import Sampling
from rtvol.errors import CaseRejected, Finding, keep_noticed
from rtvol.names.regions import region_of
from rtvol.tables.rows import CaseResult
from rtvol.verbs.bench import bench_of
from rtvol.verbs.given_dose import GivenDose, case_dose, still_asked
from rtvol.verbs.judge import goal_rows
from rtvol.verbs.region_rows import Chosen, absent_row, chosen_regions, region_row
from rtvol.verbs.terms import Terms

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rtvol.case import Case, StoredDvh
    from rtvol.dvh.grammar import DoseUnit
    from rtvol.dvh.sums import Sum
    from rtvol.io import CaseFiles
    from rtvol.structures import Roi
    from rtvol.tables.rows import StructureRow
    from rtvol.verbs.bench import Bench

DEFAULT_METRICS = ("D95%", "D50%", "D2%", "Mean")
DEFAULT_SAMPLING = Sampling()
DEFAULT_TERMS = Terms()


@dataclass(frozen=True)
class DvhJob:
    """What to ask of every case of a run.

    Attributes
    ----------
    rois
        Names, glob patterns or expressions (`Liver-GTV`); empty for all drawn regions.
    metrics
        Metrics and groups in any accepted spelling (`rtvol.dvh.parse_metrics`).
    doses
        RTDOSE files to use; empty for the one dose of the case.
    add
        How several doses are added: "physical" or "eqd2".
    alpha_beta
        Ratios in Gy by name or pattern, for "eqd2".
    sampling
        How contours and dose are read, and what comes with each row.
    terms
        Prescription, fractions, dose axis and goals.
    skip_missing
        Whether a case without a structure that is asked for has a row without numbers.
    dose_unit
        What doses in metrics are given in; goals keep their own unit.
    """

    rois: tuple[str, ...] = ()
    metrics: tuple[str, ...] = DEFAULT_METRICS
    doses: tuple[Path, ...] = ()
    add: Sum | None = None
    alpha_beta: tuple[tuple[str, float], ...] = ()
    sampling: Sampling = DEFAULT_SAMPLING
    terms: Terms = DEFAULT_TERMS
    skip_missing: bool = False
    dose_unit: DoseUnit = "Gy"


def dvh_case(files: CaseFiles, job: DvhJob) -> CaseResult:
    """Read a case and its dose, and return one row of metrics per structure, and its goals.

    Raises
    ------
    CaseRejected
        The case gets no number.
    """
    _kernels.load()
    case = io.read_case(files)
    with keep_noticed(case.findings):
        return dvh_read(case, job)


def dvh_read(case: Case, job: DvhJob) -> CaseResult:
    """Do the same for a case that is read already."""
    chosen = chosen_regions(case.structures, job.rois, skip_missing=job.skip_missing)
    given = case_dose(case, job.doses, add=job.add, alpha_beta=job.alpha_beta)
    bench = bench_of(case, given, job.sampling, job.terms)
    rows, noticed = region_rows(bench, chosen, dvh.parse_metrics(job.metrics, job.dose_unit))
    goals, judged = goal_rows(bench)
    read = still_asked(case.findings, job.doses, job.add)
    findings = (*read, *given.findings, *noticed, *judged)
    return CaseResult.of(case.name, findings, structures=rows, goals=goals, unused=case.unused)


def dose_rows(
    case: Case,
    rois: Sequence[Roi],
    given: GivenDose,
    metrics: Sequence[str],
    *,
    sampling: Sampling = DEFAULT_SAMPLING,
) -> tuple[tuple[StructureRow, ...], tuple[Finding, ...]]:
    """Return metrics of regions in a dose: None with a note where there is no number."""
    bench = bench_of(case, given, sampling, DEFAULT_TERMS)
    chosen = Chosen(tuple(map(region_of, rois)))
    return region_rows(bench, chosen, dvh.parse_metrics(metrics))


def region_rows(
    bench: Bench, chosen: Chosen, metrics: Sequence[dvh.Metric], *, needed: bool = True
) -> tuple[tuple[StructureRow, ...], tuple[Finding, ...]]:
    """Return a row for each region that has a solid, and what was noticed.

    Raises
    ------
    CaseRejected
        None of them has one, and one is needed.
    """
    stored, noticed = _stored(bench) if bench.sampling.with_stored else ({}, ())
    rows: list[StructureRow] = []
    findings = list(noticed)
    faults: list[CaseRejected] = []
    for region in chosen.regions:
        try:
            row, noticed = region_row(bench, region, metrics, stored)
        except CaseRejected as fault:
            if region.roi is not None:
                faults.append(fault.at(f"ROI {region.name}"))
                continue
            finding = fault.at(f"ROI {region.name}").finding.as_warning()
            row, noticed = absent_row(bench, region.name, metrics, finding), (finding,)
        rows.append(row)
        findings += noticed
    for text, finding in chosen.absent.items():
        findings.append(finding)
        rows.append(absent_row(bench, text, metrics, finding))
    if needed and faults and not rows:
        raise faults[0]
    findings += (_without_row(fault.finding) for fault in faults)
    return tuple(rows), tuple(findings)


def with_dose(row: StructureRow, dosed: StructureRow) -> StructureRow:
    """Return a row with the doses of another row of the same structure."""
    return replace(row, dose=dosed.dose, notes={**dosed.notes, **row.notes})


def _without_row(finding: Finding) -> Finding:
    """Say as a warning that a structure has no row; the rest of the table stands."""
    return replace(finding, severity="warning", seen=f"{finding.seen}; it has no row")


def _stored(bench: Bench) -> tuple[dict[int, StoredDvh], tuple[Finding, ...]]:
    """Histograms the one dose stores, by the number of their region."""
    given = bench.given
    if len(given.sources) != 1 or given.sum == "eqd2":
        seen, mend = "a sum of doses stores no histogram", "name one dose with --dose"
        return {}, (codes.NO_STORED_DVH.warn(where="RTDOSE", seen=seen, mend=mend),)
    stored, noticed = io.read_stored_dvhs(given.sources[0].path)
    findings = list(noticed)
    if not stored:
        seen, mend = "the RTDOSE holds no DVH to compare with", "export it with its DVHs"
        findings.append(codes.NO_STORED_DVH.warn(where="RTDOSE", seen=seen, mend=mend))
    known = {roi.number for roi in bench.case.structures.rois}
    lost = sorted({one.roi_number for one in stored} - known)
    if lost:
        seen = f"{len(lost)} of {len(stored)} stored DVHs are of ROIs that the structure set does "
        seen += f"not have: number {', '.join(map(str, lost))}"
        mend = "name the structure set that the dose was computed for"
        findings.append(codes.STORED_DVH_NOT_USED.warn(where="RTDOSE", seen=seen, mend=mend))
    odd = [one for one in stored if not tags_agree(one)]
    if odd:
        seen = f"DVH Maximum Dose of {len(odd)} of {len(stored)} stored DVHs is not that of its "
        seen += "own data (in percent?)"
        mend = "the data are compared, not the attribute"
        findings.append(codes.STORED_DVH_TAGS.warn(where="RTDOSE", seen=seen, mend=mend))
    return {one.roi_number: one for one in stored}, tuple(findings)
