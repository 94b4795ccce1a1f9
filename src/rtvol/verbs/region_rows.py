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
from rtvol.tables.rows import DosePart, StructureRow, VolumePart
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
    from collections.abc import Iterable, Mapping, Sequence

    from rtvol import dvh
    from rtvol.case import Case, StoredDvh
    from rtvol.dvh.readings import Sampling
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
    sampling = bench.sampling
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
    part = DosePart(
        solid=sampling.reading.solid,
        caps=sampling.reading.caps,
        interpolation=curve.interpolation,
        axis=axis_text(bench, region),
        metrics={key: value.value for key, value in values.items()},
        volume_cc=curve.volume_cc,
        curve=shown.histogram if sampling.with_curves else None,
    )
    dose, body = dose_for(bench.given, region.name, stack.bounds_mm), partial(body_of, region)
    if sampling.with_range:
        span = metric_range(body, dose, sampling, partial(read_curve, bench, region, metrics))
        part = replace(part, range=span)
    if sampling.with_stored and region.roi is not None:
        kept, cc = stored.get(region.roi.number), region.roi.stored_volume_cc
        found = compare_structure(curve, kept, body, dose, sampling, roi_volume_cc=cc)
        part = replace(part, comparison=found)
    volume = VolumePart(curve.volume_cc, sampling.reading.solid, stack.z_mm.size)
    return StructureRow(region.name, "roi", "", volume, dose=part, notes=notes)


def axis_text(bench: Bench, region: Region) -> str:
    """Return which dose the metrics of a region are of: physical, or BED or EQD2 and how."""
    axis, fractions = bench.terms.axis, bench.prescribed.fractions
    if axis == "physical":
        return bench.given.text_for(region.name)
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
    why = f"{finding.where}: {finding.seen}" if finding.where else finding.seen
    note = f"[{finding.code}] {why}"
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
