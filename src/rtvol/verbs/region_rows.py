"""Names, patterns and expressions -> regions -> rows of metrics."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from rtvol.dvh.grammar import one_line
from rtvol.dvh.readings import compare_structure, metric_range
from rtvol.errors import CaseRejected, Finding, UsageError
from rtvol.names.expressions import (
    Region,
    body_of,
    contours_of,
    expression_region,
    is_expression,
    region_of,
)
from rtvol.names.find import find_roi, match_rois
from rtvol.tables.rows import StructureRow
from rtvol.verbs.bench import (
    AXIS_NAMES,
    curve_of,
    definition_notes,
    on_axis,
    prescription_note,
    read_curve,
    survival_of,
    values_of,
)
from rtvol.verbs.doses import dose_for

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rtvol import dvh
    from rtvol.case import Case, StoredDvh
    from rtvol.verbs.bench import Bench


def chosen_regions(case: Case, words: Sequence[str]) -> list[Region | tuple[str, Finding]]:
    """Return what names, patterns and expressions mean, ROIs in file order, then expressions.

    An expression that cannot be made is its text and the reason.

    Raises
    ------
    CaseRejected
        As `match_rois`, for a plain name or a pattern.
    """
    names = case.structures.names
    plain = [word for word in words if word in names or not is_expression(word)]
    found: list[Region | tuple[str, Finding]] = []
    for word in dict.fromkeys(words):
        if word in plain:
            continue
        try:
            region = _pattern_or_expression(case, word)
        except (CaseRejected, UsageError) as fault:
            seen = one_line(fault.finding.seen)
            found.append((word, replace(fault.finding, severity="warning", seen=seen)))
            continue
        if region is None:
            plain.append(word)
        else:
            found.append(region)
    rois = match_rois(case.structures, plain) if plain or not words else ()
    regions = [region_of(case, roi) for roi in rois]
    own = [one for one in found if not (isinstance(one, Region) and one.roi in rois)]
    return [*regions, *own]


def region_row(
    bench: Bench,
    region: Region,
    metrics: Sequence[dvh.Metric],
    stored: Mapping[int, StoredDvh],
) -> StructureRow:
    """Return the row of a region: None with a note where there is no number.

    Raises
    ------
    CaseRejected
        It has no solid, or no dose can be given for it.
    """
    sampling, axis = bench.sampling, bench.terms.axis
    values = values_of(bench, region, metrics)
    curve = curve_of(bench, region)
    shown, _, _ = on_axis(bench, region, curve)
    notes = definition_notes(values)
    if note := prescription_note(bench, region):
        notes["prescription"] = note
    if curve.interpolation != sampling.interpolation:
        notes["dose_interpolation"] = (
            f"{curve.interpolation}: the dose is not known all around the structure"
        )
    stack, _ = contours_of(region, sampling.reading.cap_limit_mm)
    row = StructureRow(
        name=region.name,
        role="roi",
        lesion="",
        volume_cc=curve.volume_cc,
        solid=sampling.reading.solid,
        planes=stack.z_mm.size,
        metrics={key: value.value for key, value in values.items()},
        notes=notes,
        caps=sampling.reading.caps,
        dose_interpolation=curve.interpolation,
        dose=bench.given.text_for(region.name),
        curve=shown.histogram if sampling.with_curves else None,
    )
    if axis != "physical":
        row = replace(row, dose=f"{AXIS_NAMES[axis]}, {survival_of(bench, region).text}")
        if bench.prescribed.fractions is not None:
            row = replace(row, dose=f"{row.dose}, {bench.prescribed.fractions} fractions")
    dose, body = dose_for(bench.given, region.name, stack.bounds_mm), partial(body_of, region)
    if sampling.with_range:
        span = metric_range(body, dose, sampling, partial(read_curve, bench, region, metrics))
        row = replace(row, range=span)
    if sampling.with_stored and region.roi is not None:
        kept, cc = stored.get(region.roi.number), region.roi.stored_volume_cc
        found = compare_structure(curve, kept, body, dose, sampling, roi_volume_cc=cc)
        row = replace(row, comparison=found)
    return row


def absent_row(
    bench: Bench, name: str, metrics: Sequence[dvh.Metric], finding: Finding
) -> StructureRow:
    """Return the row of a region that could not be made: no number, and the reason for each."""
    why = f"{finding.where}: {finding.seen}" if finding.where else finding.seen
    note = f"[{finding.code}] {why}"
    sampling = bench.sampling
    return StructureRow(
        name=name,
        role="roi",
        lesion="",
        volume_cc=None,
        solid=sampling.reading.solid,
        planes=0,
        metrics={metric.text: None for metric in metrics},
        notes={"volume_cc": note, **{metric.text: note for metric in metrics}},
        caps=sampling.reading.caps,
        dose_interpolation=sampling.interpolation,
    )


def _pattern_or_expression(case: Case, word: str) -> Region | None:
    """Region of an expression; None for a pattern or a name that only looks like one."""
    if any(sign in word for sign in "*?["):
        try:
            match_rois(case.structures, [word])
        except CaseRejected:
            return expression_region(case, word)
        return None
    try:
        find_roi(case.structures, word)
    except CaseRejected as fault:
        if fault.finding.code == "roi-not-found":
            return expression_region(case, word)
        raise
    return None
