"""A case to look at: its structures as drawn with doses, and what a page shows beside a result."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rtvol import dvh
from rtvol.errors import CaseRejected, UsageError
from rtvol.names.expressions import regions_meant
from rtvol.names.regions import region_of, stacking_of
from rtvol.solids.volume import slab_volume_cc
from rtvol.tables.document import finding_entries
from rtvol.tables.rows import CaseResult, StructureRow, VolumePart
from rtvol.verbs.bench import on_axis
from rtvol.verbs.dose_volume import dvh_read, region_rows
from rtvol.verbs.given_dose import dose_for
from rtvol.verbs.region_rows import Chosen
from rtvol.verbs.target_doses import ORGAN_METRICS, dosed_bench

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rtvol.case import Case
    from rtvol.errors import Finding
    from rtvol.names.regions import Region
    from rtvol.structures import Roi
    from rtvol.verbs.bench import Bench
    from rtvol.verbs.dose_volume import DvhJob
    from rtvol.volumes import Dose

NO_DOSE_WORDS = "No dose: the case has none that can be used, so there are no curves and no goals."


@dataclass(frozen=True, eq=False)
class Beside:
    """What a page shows beside the rows of a result.

    Attributes
    ----------
    own
        Those rows, each with its curve where it has doses.
    rows
        Structures that are drawn and have no row there.
    dose
        The dose in Gy; None where there is none, or none for all structures alike.
    words
        Which dose it is, or why there is none.
    prescription_gy
        What 100 % is; None where nothing prescribes.
    """

    own: tuple[StructureRow, ...]
    rows: tuple[StructureRow, ...]
    dose: Dose | None
    words: str
    prescription_gy: float | None = None


def look_at(case: Case, job: DvhJob) -> CaseResult:
    """Return the structures of a case as they are drawn: doses where there are any, else volumes.

    Where nobody named a dose or a structure, what stands against doses is a warning: contours are
    there to be looked at all the same.

    Raises
    ------
    CaseRejected
        The case gets no number.
    """
    findings = case.findings
    if case.doses or job.doses:
        try:
            return dvh_read(case, job)
        except CaseRejected as fault:
            if job.doses or job.add or job.rois:
                raise
            findings = (*findings, fault.finding.as_warning())
    rows, noticed = _volume_rows(case, case.structures.rois)
    findings = (*findings, *noticed)
    return CaseResult.of(case.name, findings, structures=rows, unused=case.unused)


def beside(case: Case, result: CaseResult, job: DvhJob | None, made: Sequence[Roi] = ()) -> Beside:
    """Measure what is drawn and not in a result, and find the dose behind it.

    Parameters
    ----------
    case
        The case as read.
    result
        Its rows; structures named there are not measured again.
    job
        Which dose, and how; None where no dose is asked about.
    made
        Targets made, which goals may name.
    """
    known = {row.name for row in result.structures}
    rest = [roi for roi in case.structures.rois if roi.contours and roi.name not in known]
    if job is None or not (case.doses or job.doses):
        return Beside(result.structures, _volume_rows(case, rest)[0], None, NO_DOSE_WORDS)
    names = {roi.name for roi in made}
    every = (*made, *(roi for roi in case.structures.rois if roi.name not in names))
    measured = replace(case, structures=replace(case.structures, rois=every))
    job = replace(job, sampling=replace(job.sampling, with_curves=True))
    bench, findings = dosed_bench(measured, job)
    if bench is None:
        words = "; ".join(
            f"{entry['seen']} ({entry['mend']})" if entry["mend"] else entry["seen"]
            for entry in finding_entries(findings, notes=False)
        )
        rows = _volume_rows(case, rest)[0]
        return Beside(result.structures, rows, None, f"No dose: {words}")
    regions = [*map(region_of, rest), *_judged(bench, result, known)]
    rows, _ = region_rows(
        bench, Chosen(tuple(regions)), dvh.parse_metrics(ORGAN_METRICS), needed=False
    )
    drawn = {roi.name: roi for roi in every}
    own = tuple(_with_curve(bench, row, drawn) for row in result.structures)
    return Beside(own, rows, *_shown(bench), bench.prescribed.dose_gy)


def _with_curve(bench: Bench, row: StructureRow, drawn: Mapping[str, Roi]) -> StructureRow:
    """Return a row with its curve, worked out again where it came from a file."""
    part, reading = row.dose, bench.sampling.reading
    if part is None or part.curve is not None or row.name not in drawn:
        return row
    if (part.solid, part.caps) != (reading.solid, reading.caps):
        return row
    region = region_of(drawn[row.name])
    try:
        shown, _, _ = on_axis(bench, region, bench.measured(region).curve)
    except CaseRejected:
        return row  # its notes say why it has no number
    return replace(row, dose=replace(part, curve=shown.histogram))


def _judged(bench: Bench, result: CaseResult, known: set[str]) -> Iterator[Region]:
    """Yield the combinations that goals are about: they have curves though nobody drew them."""
    drawn = known | {roi.name for roi in bench.case.structures.rois}
    for text in dict.fromkeys(goal.structure for goal in result.goals):
        if text in drawn:
            continue
        try:
            yield from regions_meant(bench.case.structures, text)
        except (CaseRejected, UsageError):
            continue  # the goal's own row says why


def _shown(bench: Bench) -> tuple[Dose | None, str]:
    """Return the dose for a picture, and which it is."""
    given = bench.given
    if given.sum == "eqd2":
        return (
            None,
            "Curves are of EQD2, each structure with its own alpha/beta: no picture shows it.",
        )
    try:
        dose = dose_for(given, None)
    except CaseRejected as fault:
        return None, f"No dose on the pictures: {fault.finding.seen}"
    words = [f"{len(given.parts)} doses added" if len(given.parts) > 1 else "Dose"]
    words += [given.part] if given.part else []
    words += [bench.prescribed.text] if bench.prescribed.text else ["no prescription known"]
    words.append(f"{bench.sampling.reading.solid}, caps {bench.sampling.reading.caps}")
    axis = bench.terms.axis
    words += [f"curves and metrics in {axis.upper()}"] if axis != "physical" else []
    return dose, ", ".join(words)


def _volume_rows(
    case: Case, rois: Sequence[Roi]
) -> tuple[tuple[StructureRow, ...], tuple[Finding, ...]]:
    """Return rows of volumes alone; a region that makes no solid has a row without a number."""
    stacked, rows, findings = stacking_of(case), [], []
    for roi in rois:
        if not roi.contours:
            continue
        try:
            stack, noticed = stacked(roi, float("inf"))
        except CaseRejected as fault:
            volume, notes = (
                VolumePart(None, "slab", roi.planes_mm.size),
                {"volume_cc": fault.finding.seen},
            )
            findings.append(fault.at(f"ROI {roi.name}").finding.as_warning())
        else:
            volume, notes = VolumePart(slab_volume_cc(stack), "slab", stack.z_mm.size), {}
            findings += noticed
        rows.append(StructureRow(roi.name, "roi", "", volume, notes=notes))
    return tuple(rows), tuple(findings)
