"""One region of a case in its dose: metrics on the dose axis asked for, with their reasons."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import TYPE_CHECKING

import numpy as np

from rtvol import dvh
from rtvol.dvh.grammar import (
    DEFINITIONS,
    DISTANCE_KINDS,
    ISODOSE_KINDS,
    SURFACE_KINDS,
    TARGET_METRICS,
)
from rtvol.dvh.readings import measure
from rtvol.dvh.space import (
    SpaceCurve,
    SurfaceDoses,
    TargetSurface,
    distance_value,
    distances_in,
    overlap_curve,
)
from rtvol.errors import CaseRejected
from rtvol.names.expressions import regions_meant
from rtvol.names.plain import fits
from rtvol.names.regions import Region, Shape, region_of, shape_of
from rtvol.solids.reading import Reading
from rtvol.structures import TARGET_KINDS
from rtvol.verbs.given_dose import dose_for
from rtvol.verbs.grounds import ground_of
from rtvol.verbs.terms import prescribed_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from rtvol.case import Case
    from rtvol.dvh.bed import Axis
    from rtvol.dvh.readings import Sampling
    from rtvol.errors import Finding
    from rtvol.solids.planes import PlaneStack
    from rtvol.verbs.given_dose import GivenDose
    from rtvol.verbs.terms import Prescribed, Terms
    from rtvol.volumes import Dose

#: alpha/beta in Gy where none is given: of targets, and of everything else.
USUAL_TARGET_GY, USUAL_ORGAN_GY = 10.0, 3.0
AXIS_NAMES: dict[Axis, str] = {"physical": "physical", "bed": "BED", "eqd2": "EQD2"}
Values = dict[str, dvh.MetricValue]


@dataclass(frozen=True, eq=False)
class Measured:
    """A region in its dose: worked out once, carried from there on.

    Attributes
    ----------
    region
        The region.
    shape
        Its contours as drawn, combined slab by slab where it is an expression.
    body
        The solid its doses are of.
    dose
        The dose around it.
    curve
        Its distribution, in Gy of that dose.
    """

    region: Region
    shape: Shape
    body: PlaneStack
    dose: Dose
    curve: dvh.DVH

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was noticed while its contours were stacked."""
        return self.shape.findings


@dataclass(frozen=True, eq=False)
class Bench:
    """What the regions of one case are measured with.

    Attributes
    ----------
    case, given, sampling, terms
        The case, its dose, and what was asked.
    prescribed
        What 100 % is, and the number of fractions.
    shape
        The solid of a region under a reading.
    measured
        A region in its dose.
    isodose
        The isodose of a level in Gy, in the dose for one alpha/beta.
    distances
        The volume of a region by its distance to the target, and what the target is.
    surface
        The dose on the surface of a region.

    The last five are functions of their arguments alone, and work each answer out once.
    """

    case: Case
    given: GivenDose
    sampling: Sampling
    terms: Terms
    prescribed: Prescribed
    shape: Callable[[Region, Reading], Shape]
    measured: Callable[[Region], Measured]
    isodose: Callable[[float | None, float], dvh.Isodose]
    distances: Callable[[Region], tuple[dvh.DVH, str]]
    surface: Callable[[Region], SurfaceDoses]


def bench_of(case: Case, given: GivenDose, sampling: Sampling, terms: Terms) -> Bench:
    """Return the bench of a case."""
    whole = cache(partial(dose_for, given))
    found = cache(partial(shape_of, ground=ground_of(case, terms, lambda: given)))

    def shape(region: Region, reading: Reading) -> Shape:
        return found(region, replace(reading, solid=region.solid_under(reading)))

    @cache
    def isodose(ratio: float | None, level_gy: float) -> dvh.Isodose:
        return dvh.measure_isodose(whole(ratio), level_gy)

    prescribed = prescribed_of(case, terms, given)
    measured = cache(partial(_measured, given, sampling, shape))

    targets = cache(partial(_targets, case, terms.target, shape))

    @cache
    def distances(region: Region) -> tuple[dvh.DVH, str]:
        surfaces, name = targets()
        return distances_in(measured(region).body, surfaces), name

    @cache
    def surface(region: Region) -> SurfaceDoses:
        own = measured(region)
        return SurfaceDoses.of(own.shape.stack, own.dose)

    return Bench(
        case, given, sampling, terms, prescribed, shape, measured, isodose, distances, surface
    )


def _targets(
    case: Case, text: str, shape: Callable[[Region, Reading], Shape]
) -> tuple[list[TargetSurface], str]:
    """Surfaces of what distances are measured to, and what that is.

    Raises
    ------
    CaseRejected
        There is no such target.
    """
    regions = regions_meant(case.structures, text or "PTV")
    shapes = [shape(region, Reading()) for region in regions]
    stacks = [one.stack for one in shapes if not one.is_empty]
    if not stacks:
        raise CaseRejected("nothing-left", where=text or "PTV", seen="the target has no volume")
    surfaces = [TargetSurface.of(stack) for stack in stacks]
    return surfaces, " + ".join(region.name for region in regions)


def _measured(
    given: GivenDose, sampling: Sampling, shape: Callable[[Region, Reading], Shape], region: Region
) -> Measured:
    """Measure a region.

    Raises
    ------
    CaseRejected
        Why there is no solid, or no dose.
    """
    drawn = shape(region, replace(sampling.reading, solid="slab"))
    if drawn.is_empty:
        dose = dose_for(given, given.ratio_for(region))
        curve = dvh.DVH(np.empty(0), np.empty(0), 0.0, 0.0, sampling.interpolation)
        return Measured(region, drawn, drawn.stack, dose, curve)
    dose = dose_for(given, given.ratio_for(region), drawn.stack.patient_box_mm)
    body = shape(region, sampling.reading).stack
    curve = measure(body, dose, sampling)
    return Measured(region, drawn, body, dose, curve)


def survival_of(bench: Bench, region: Region) -> dvh.Survival:
    """How a region answers to fractions: as given, else 10 Gy for targets and 3 Gy for the rest."""
    usual = USUAL_TARGET_GY if region.is_target else USUAL_ORGAN_GY
    ratio = bench.given.ratio_for(region) or usual
    given = [
        (gy, slope) for pattern, gy, slope in bench.terms.linear_from if fits(pattern, region.name)
    ]
    return dvh.Survival(ratio, *(given[-1] if given else ()))


def on_axis(bench: Bench, region: Region, curve: dvh.DVH) -> tuple[dvh.DVH, float | None, str]:
    """Distribution and prescription on the dose axis asked for; or why they cannot be."""
    axis, rx_gy = bench.terms.axis, bench.prescribed.dose_gy
    if axis == "physical":
        return curve, rx_gy, ""
    fractions = bench.prescribed.fractions
    if fractions is None and bench.given.part:
        return curve, None, f"{bench.given.part}: no {AXIS_NAMES[axis]} of the course"
    if fractions is None:
        return curve, None, f"{AXIS_NAMES[axis]} needs the number of fractions: give --fractions"
    survival = survival_of(bench, region)
    if rx_gy is not None:
        rx_gy = dvh.effect_gy(rx_gy, fractions, survival, axis)
    return dvh.as_effect(curve, fractions, survival, axis), rx_gy, ""


def read_curve(
    bench: Bench, region: Region, metrics: Sequence[dvh.Metric], curve: dvh.DVH
) -> Values:
    """Read metrics off a distribution of a region, on the dose axis asked for."""
    shown, rx_gy, absent = on_axis(bench, region, curve)
    return {
        metric.text: dvh.MetricValue(None, absent)
        if absent and metric.kind != "Volume"
        else dvh.evaluate(shown, metric, prescription_gy=rx_gy, outside=bench.sampling.outside)
        for metric in metrics
    }


def values_of(
    bench: Bench, region: Region, metrics: Sequence[dvh.Metric]
) -> tuple[Values, tuple[Finding, ...]]:
    """Return all metrics of a region; conformity and gradient are those of the physical dose.

    With what was noticed on the other targets that these are measured beside.
    """
    values = read_curve(bench, region, metrics, bench.measured(region).curve)
    findings: tuple[Finding, ...] = ()
    for metric in metrics:
        if metric.kind in TARGET_METRICS and not region.is_target:
            values[metric.text] = dvh.MetricValue(None, _no_target(region))
        elif metric.kind in DISTANCE_KINDS | SURFACE_KINDS:
            values[metric.text] = _in_space(bench, region, metric)
        elif metric.kind in ISODOSE_KINDS:
            others, noticed = _others(bench, region)
            findings += noticed
            found = _index(bench, region, metric, others)
            if found.value is not None and bench.terms.axis != "physical":
                note = "of the physical dose"
                found = replace(found, note=f"{note}; {found.note}" if found.note else note)
            values[metric.text] = found
    return values, tuple(dict.fromkeys(findings))


def _in_space(bench: Bench, region: Region, metric: dvh.Metric) -> dvh.MetricValue:
    """Read a metric of distance to the target, or of the surface."""
    if bench.measured(region).shape.is_empty:
        return dvh.MetricValue(None, "the structure has no volume")
    if metric.kind in DISTANCE_KINDS:
        try:
            curve, target = bench.distances(region)
        except CaseRejected as fault:
            why = f"no target to measure to: {fault.finding.seen}; name one with --target"
            return dvh.MetricValue(None, why)
        return replace(distance_value(metric, curve), note=f"distance to {target}")
    level_gy = metric.amount
    if metric.amount_unit == "%":
        if not bench.prescribed.dose_gy:
            return dvh.MetricValue(None, "no prescribed dose is known for 100 %")
        level_gy *= bench.prescribed.dose_gy / 100
    return bench.surface(region).value(metric, level_gy)


def space_curves(bench: Bench, region: Region) -> tuple[SpaceCurve, ...]:
    """Return the histograms of distance and surface of a region, as far as there are any."""
    if bench.measured(region).shape.is_empty:
        return ()
    found = [bench.surface(region).curve]
    with suppress(CaseRejected):  # its metrics say why there is no target
        found.append(overlap_curve(bench.distances(region)[0]))
    return tuple(one for one in found if one is not None)


def physical_values(
    bench: Bench, region: Region, metrics: Sequence[dvh.Metric]
) -> tuple[Values, tuple[Finding, ...]]:
    """Return all metrics of a region in Gy, whatever dose axis is asked for."""
    terms = replace(bench.terms, axis="physical")
    return values_of(replace(bench, terms=terms), region, metrics)


def definition_notes(values: Mapping[str, dvh.MetricValue]) -> dict[str, str]:
    """Say why a value is absent, else its remark and which definition it follows."""
    notes = {}
    for key, value in values.items():
        parts = [value.note, DEFINITIONS.get(key, "") if value.value is not None else ""]
        if any(parts):
            notes[key] = "; ".join(part for part in parts if part)
    return notes


def prescription_note(bench: Bench, region: Region) -> str:
    """Say what is prescribed to a target: dose, BED and EQD2; empty where that is not known."""
    given = bench.prescribed
    if given.dose_gy is None or not region.is_target or bench.given.sum == "eqd2":
        return ""
    if given.fractions is None:
        return f"{given.text}; BED needs the number of fractions"
    survival = survival_of(bench, region)
    bed, eqd2 = (
        dvh.effect_gy(given.dose_gy, given.fractions, survival, axis) for axis in ("bed", "eqd2")
    )
    return f"{given.text}: BED {bed:.4g} Gy, EQD2 {eqd2:.4g} Gy ({survival.text})"


def _no_target(region: Region) -> str:
    if region.kind:
        return f"an ROI of type {region.kind} is no target"
    return "it is no target by its type or its name"


def _index(
    bench: Bench, region: Region, metric: dvh.Metric, others: Sequence[dvh.Target]
) -> dvh.MetricValue:
    """Conformity or gradient index of a target, beside the other targets of its type."""
    own = bench.measured(region)
    if own.shape.is_empty:
        return dvh.MetricValue(None, "the structure has no volume")
    ratio = bench.given.ratio_for(region) if bench.given.sum else None

    def curve(stack: PlaneStack) -> dvh.DVH:
        if stack is own.body:
            return own.curve
        dose = dose_for(bench.given, ratio)
        return measure(stack, dose, bench.sampling)

    return dvh.index_value(
        metric,
        dvh.Target(region.name, own.body),
        others,
        dvh.Field(partial(bench.isodose, ratio), curve),
        prescription_gy=bench.prescribed.dose_gy,
    )


def _others(bench: Bench, region: Region) -> tuple[list[dvh.Target], tuple[Finding, ...]]:
    """All other targets of a region's type; one that has no solid is left out with a finding."""
    own = region.roi
    if own is None or own.kind not in TARGET_KINDS:
        return [], ()
    found: list[dvh.Target] = []
    findings: list[Finding] = []
    for roi in bench.case.structures.rois:
        if roi.kind == own.kind and roi is not own and not roi.is_empty:
            try:
                body = bench.shape(region_of(roi), bench.sampling.reading)
                found.append(dvh.Target(roi.name, body.stack))
            except CaseRejected as fault:
                findings.append(fault.finding.as_warning())
    return found, tuple(findings)
