"""Names, patterns and expressions -> regions -> rows of metrics."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from rtvol import codes, io
from rtvol.dvh.grammar import one_line
from rtvol.dvh.readings import compare_structure, metric_range
from rtvol.dvh.shifts import NOT_SHIFTED, shift_spans
from rtvol.errors import CaseRejected, Finding, UsageError
from rtvol.names.expressions import Vocabulary, regions_meant
from rtvol.names.find import is_of_one_roi, match_rois
from rtvol.names.language import OPERATORS, is_isodose, parse_expression
from rtvol.names.plain import is_expression
from rtvol.names.regions import Region, region_of
from rtvol.tables.rows import DosePart, StructureRow, VolumePart
from rtvol.verbs.bench import (
    AXIS_NAMES,
    definition_notes,
    on_axis,
    prescription_note,
    read_curve,
    space_curves,
    survival_of,
    values_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rtvol import dvh
    from rtvol.case import StoredDvh
    from rtvol.dvh.readings import Sampling
    from rtvol.io import CaseFiles
    from rtvol.solids.planes import PlaneStack
    from rtvol.solids.reading import Reading
    from rtvol.structures import StructureSet
    from rtvol.verbs.bench import Bench, Measured

NOTHING = "its parts leave nothing: 0 cc"


@dataclass(frozen=True)
class Chosen:
    """The regions a call means.

    Attributes
    ----------
    regions
        ROIs in file order, then expressions.
    absent
        Texts that could not be made a region, and why, as warnings.
    """

    regions: tuple[Region, ...]
    absent: Mapping[str, Finding] = field(default_factory=dict)


def refuse_unreadable(
    cases: Iterable[CaseFiles], texts: Iterable[str], names: Sequence[str] = ()
) -> None:
    """Refuse expressions that no case can read, before any work.

    Whether a text is an expression hangs on the names of a case: `Liver-` may be one of them.

    Parameters
    ----------
    cases
        Looked at only where a text is no expression without them.
    texts
        Names, patterns and expressions.
    names
        Names that every case has besides its own.

    Raises
    ------
    UsageError
        `bad-expression`, with a caret.
    """
    open_faults: dict[str, UsageError] = {}
    for text in texts:
        if is_isodose(text) or any(sign in text for sign in OPERATORS):
            try:
                parse_expression(text, names)
            except UsageError as fault:
                open_faults[text] = fault
    read = not open_faults
    for files in cases if open_faults else ():
        try:
            structures = io.read_structures(files.rtstruct).structures
        except CaseRejected:
            continue  # it is told when the case itself is worked on
        read = True
        known = (*Vocabulary(structures).known, *names)
        open_faults = {
            text: fault for text, fault in open_faults.items() if not _reads(text, known)
        }
    if read and open_faults:
        raise next(iter(open_faults.values()))


def _reads(text: str, known: Sequence[str]) -> bool:
    try:
        parse_expression(text, known)
    except UsageError:
        return False
    return True


def chosen_regions(
    structures: StructureSet,
    texts: Sequence[str],
    *,
    skip_missing: bool = False,
    needed: bool = True,
) -> Chosen:
    """Return what names, patterns and expressions mean; all drawn regions without any.

    An expression that cannot be made is its text and the reason; so is, with `skip_missing`, a
    name or a pattern of which there is nothing.

    Raises
    ------
    CaseRejected
        As `find_rois`, for a plain name or a pattern; with `skip_missing` where nothing at all is
        left and something is needed.
    """
    if not texts:
        return Chosen(tuple(map(region_of, match_rois(structures, ()))))
    found: dict[Region, None] = {}
    absent: dict[str, Finding] = {}
    skipped: list[CaseRejected | UsageError] = []
    for text in dict.fromkeys(texts):
        try:
            found |= dict.fromkeys(regions_meant(structures, text))
        except (CaseRejected, UsageError) as fault:
            is_skipped = skip_missing and isinstance(fault, CaseRejected) and is_of_one_roi(fault)
            is_made = text not in structures.names and (is_expression(text) or is_isodose(text))
            if not is_skipped and not is_made:
                raise
            if is_skipped and not is_made:
                skipped.append(fault)
            seen = one_line(fault.finding.seen)
            absent[text] = replace(fault.finding, severity="warning", seen=seen)
    if needed and not found and len(skipped) == len(absent):
        raise skipped[0]  # nothing of what was asked for can be given
    places = {id(roi): place for place, roi in enumerate(structures.rois)}
    ordered = sorted(found, key=lambda one: places.get(id(one.roi), len(places)))
    return Chosen(tuple(ordered), absent)


def region_row(
    bench: Bench,
    region: Region,
    metrics: Sequence[dvh.Metric],
    stored: Mapping[int, StoredDvh],
) -> tuple[StructureRow, tuple[Finding, ...]]:
    """Return the row of a region: None with a note where there is no number.

    Raises
    ------
    CaseRejected
        It has no solid, or no dose can be given for it.
    """
    sampling, measured = bench.sampling, bench.measured(region)
    values, noticed = values_of(bench, region, metrics)
    shown, _, _ = on_axis(bench, region, measured.curve)
    part = DosePart(
        solid=region.solid_under(sampling.reading),
        caps=sampling.reading.caps,
        interpolation=measured.curve.interpolation,
        axis=axis_text(bench, region),
        metrics={key: value.value for key, value in values.items()},
        volume_cc=measured.curve.volume_cc,
        curve=shown.histogram if sampling.with_curves else None,
        space=space_curves(bench, region) if sampling.with_space else (),
    )
    if not measured.shape.is_empty:
        part = _beside(bench, measured, metrics, stored, part)
    volume = VolumePart(part.volume_cc, part.solid, measured.shape.stack.z_mm.size)
    notes = {**definition_notes(values), **_region_notes(bench, measured)}
    findings = [*measured.findings, *noticed]
    if measured.shape.is_empty:
        findings.append(
            nothing := codes.NOTHING_LEFT.warn(where=f"ROI {region.name}", seen=NOTHING)
        )
        absent = [key for key, value in values.items() if value.value is None]
        notes |= dict.fromkeys(["volume_cc", *absent], _why(nothing))
    return StructureRow(region.name, "roi", "", volume, dose=part, notes=notes), tuple(findings)


def _beside(
    bench: Bench,
    measured: Measured,
    metrics: Sequence[dvh.Metric],
    stored: Mapping[int, StoredDvh],
    part: DosePart,
) -> DosePart:
    """Return doses with their range and what the planning system stored, where asked for."""
    sampling, region = bench.sampling, measured.region

    def body(reading: Reading) -> PlaneStack:
        return bench.shape(region, reading).stack

    if sampling.with_range:
        read = partial(read_curve, bench, region, metrics)
        part = replace(part, range=metric_range(body, measured.dose, sampling, read))
    if sampling.shift_mm:
        moving = [metric for metric in metrics if metric.kind not in NOT_SHIFTED]
        read = partial(read_curve, bench, region, moving)
        spans = shift_spans(measured.body, measured.dose, sampling, read, measured.curve)
        part = replace(part, shift_mm=sampling.shift_mm, shift=spans)
    if sampling.with_stored and region.roi is not None:
        kept, cc = stored.get(region.roi.number), region.roi.stored_volume_cc
        found = compare_structure(
            measured.curve, kept, body, measured.dose, sampling, roi_volume_cc=cc
        )
        part = replace(part, comparison=found)
    return part


def _region_notes(bench: Bench, measured: Measured) -> dict[str, str]:
    """Say what must be known of a region beside its metrics."""
    region, notes = measured.region, {}
    prescribed = prescription_note(bench, region)
    if prescribed:
        notes["prescription"] = prescribed
    if measured.curve.interpolation != bench.sampling.interpolation:
        notes["dose_interpolation"] = (
            f"{measured.curve.interpolation}: the dose is not known all around the structure"
        )
    if region.meaning:
        notes["structure"] = region.meaning
    if region.is_guessed and (prescribed or bench.terms.axis != "physical"):
        notes["target"] = (
            f"taken for a target by its name, for its type is {region.kind or 'not given'}"
        )
    return notes


def axis_text(bench: Bench, region: Region) -> str:
    """Return which dose the metrics of a region are of: physical, or BED or EQD2 and how."""
    axis, fractions = bench.terms.axis, bench.prescribed.fractions
    if axis == "physical":
        return bench.given.text_for(region)
    parts = [AXIS_NAMES[axis], survival_of(bench, region).text]
    parts += [f"{fractions} fractions"] if fractions is not None else []
    return ", ".join(parts)


def no_doses(sampling: Sampling, keys: Iterable[str]) -> DosePart:
    """Return metrics that could not be given, and how they would have been read."""
    reading = sampling.reading
    return DosePart(reading.solid, reading.caps, sampling.interpolation, "", dict.fromkeys(keys))


def absent_row(
    bench: Bench, name: str, metrics: Sequence[dvh.Metric], finding: Finding
) -> StructureRow:
    """Return the row of a region that could not be made: no number, and the reason for each."""
    note = _why(finding)
    sampling = bench.sampling
    keys = [metric.text for metric in metrics]
    return StructureRow(
        name,
        "roi",
        "",
        VolumePart(None, sampling.reading.solid, 0),
        dose=no_doses(sampling, keys),
        notes=dict.fromkeys(["volume_cc", *keys], note),
    )


def _why(finding: Finding) -> str:
    """Return a finding as the reason of a missing number."""
    place = f"{finding.where}: " if finding.where else ""
    return f"[{finding.code}] {place}{finding.seen}"
