"""One region of a case in its dose: metrics on the dose axis asked for, with their reasons."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import partial
from typing import TYPE_CHECKING

from rtvol import dvh
from rtvol.dvh.grammar import DEFINITIONS, ISODOSE_KINDS
from rtvol.dvh.readings import Sampling, measure
from rtvol.errors import CaseRejected, UsageError
from rtvol.names.expressions import body_of, contours_of, region_of
from rtvol.structures import TARGET_KINDS
from rtvol.verbs.doses import alpha_beta_for, dose_for

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rtvol.case import Case
    from rtvol.dvh.bed import Axis
    from rtvol.dvh.goals import GoalSet
    from rtvol.errors import Finding
    from rtvol.masks.stack import PlaneStack
    from rtvol.names.expressions import Region
    from rtvol.verbs.doses import GivenDose
    from rtvol.volumes import Dose

#: alpha/beta in Gy where none is given: of targets, and of everything else.
USUAL_TARGET_GY, USUAL_ORGAN_GY = 10.0, 3.0
AXIS_NAMES: dict[Axis, str] = {"physical": "physical", "bed": "BED", "eqd2": "EQD2"}


@dataclass(frozen=True)
class Terms:
    """What doses are held against.

    Attributes
    ----------
    prescription_gy, fractions
        As given in the call; None to take the plan's.
    axis
        What all doses of metrics are: physical, BED or EQD2.
    linear_from
        LQ-L by name or pattern: transition dose d_T in Gy, and slope or None for the tangent.
    goals
        The goals, if any.
    """

    prescription_gy: float | None = None
    fractions: int | None = None
    axis: Axis = "physical"
    linear_from: tuple[tuple[str, float, float | None], ...] = ()
    goals: GoalSet | None = None


@dataclass(frozen=True)
class Prescribed:
    """Prescription and fractions of a case, and where each is from."""

    dose_gy: float | None
    fractions: int | None
    dose_from: str = ""
    fractions_from: str = ""

    @property
    def text(self) -> str:
        """In words: `45 Gy in 3 fractions (RTPLAN)`; empty when no dose is known."""
        if self.dose_gy is None:
            return ""
        if self.fractions is None:
            return f"{self.dose_gy:g} Gy ({self.dose_from})"
        if self.dose_from == self.fractions_from:
            return f"{self.dose_gy:g} Gy in {self.fractions} fractions ({self.dose_from})"
        return (
            f"{self.dose_gy:g} Gy ({self.dose_from}) in {self.fractions} fractions "
            f"({self.fractions_from})"
        )


@dataclass(frozen=True, eq=False)
class Bench:
    """What the regions of one case are measured with; each is measured once.

    Attributes
    ----------
    case, given, sampling, terms
        The case, its dose, and what was asked.
    prescribed
        What 100 % is, and the number of fractions.
    findings
        What was noticed on the way.
    curves, targets, doses, isodoses
        What was measured so far, by region, ratio and level.
    """

    case: Case
    given: GivenDose
    sampling: Sampling
    terms: Terms
    prescribed: Prescribed
    findings: list[Finding] = field(default_factory=list)
    curves: dict[object, dvh.DVH] = field(default_factory=dict)
    targets: dict[object, dvh.Target] = field(default_factory=dict)
    doses: dict[object, Dose] = field(default_factory=dict)
    isodoses: dict[object, dvh.Isodose] = field(default_factory=dict)


def bench_of(case: Case, given: GivenDose, sampling: Sampling, terms: Terms) -> Bench:
    """Return the bench of a case: prescription and fractions are the plan's unless given."""
    plan = case.plan
    if plan is not None and any(one.plan_uid not in {"", plan.sop_uid} for one in given.sources):
        plan = None  # a dose of another plan
    dose_gy, dose_from = terms.prescription_gy, "given"
    if dose_gy is None and plan is not None and given.sum != "eqd2":
        # a prescription in Gy is no EQD2 of a sum
        dose_gy, dose_from = plan.prescription_gy, "RTPLAN"
    fractions, fractions_from = terms.fractions, "given"
    if fractions is None and len(given.parts) == 1 and given.sum is None:
        fractions, fractions_from = given.parts[0].fractions, "RTPLAN"
        if fractions is None and plan is not None:
            fractions = plan.fractions
    prescribed = Prescribed(dose_gy, fractions, dose_from, fractions_from)
    return Bench(case, given, sampling, terms, prescribed)


def curve_of(bench: Bench, region: Region) -> dvh.DVH:
    """Return the distribution of the physical dose (or of the sum asked for) in a region.

    Raises
    ------
    CaseRejected
        Why there is no solid, or no dose.
    """
    key = _key(region)
    if key not in bench.curves:
        stack, noticed = contours_of(region, bench.sampling.reading.cap_limit_mm)
        bench.findings.extend(noticed)
        dose = dose_for(bench.given, region.name, stack.bounds_mm)
        curve, _ = measure(partial(body_of, region), dose, bench.sampling)
        bench.curves[key] = curve
    return bench.curves[key]


def survival_of(bench: Bench, region: Region) -> dvh.Survival:
    """How a region answers to fractions: as given, else 10 Gy for targets and 3 Gy for the rest."""
    usual = USUAL_TARGET_GY if _is_typed_target(region) else USUAL_ORGAN_GY
    ratio = alpha_beta_for(bench.given.alpha_beta, region.name) or usual
    fits = [
        (gy, slope)
        for pattern, gy, slope in bench.terms.linear_from
        if fnmatchcase(region.name.casefold(), pattern.casefold())
    ]
    return dvh.Survival(ratio, *(fits[-1] if fits else ()))


def on_axis(bench: Bench, region: Region, curve: dvh.DVH) -> tuple[dvh.DVH, float | None, str]:
    """Distribution and prescription on the dose axis asked for; or why they cannot be."""
    axis, rx_gy = bench.terms.axis, bench.prescribed.dose_gy
    if axis == "physical":
        return curve, rx_gy, ""
    fractions = bench.prescribed.fractions
    if fractions is None:
        return curve, None, f"{AXIS_NAMES[axis]} needs the number of fractions: give --fractions"
    survival = survival_of(bench, region)
    if rx_gy is not None:
        rx_gy = dvh.effect_gy(rx_gy, fractions, survival, axis)
    return dvh.as_effect(curve, fractions, survival, axis), rx_gy, ""


def read_curve(
    bench: Bench, region: Region, metrics: Sequence[dvh.Metric], curve: dvh.DVH
) -> dict[str, dvh.MetricValue]:
    """Read metrics off a distribution of a region, on the dose axis asked for."""
    shown, rx_gy, absent = on_axis(bench, region, curve)
    return {
        metric.text: dvh.MetricValue(None, absent)
        if absent and metric.kind != "Volume"
        else dvh.evaluate(shown, metric, prescription_gy=rx_gy)
        for metric in metrics
    }


def values_of(
    bench: Bench, region: Region, metrics: Sequence[dvh.Metric]
) -> dict[str, dvh.MetricValue]:
    """Return all metrics of a region; conformity and gradient are those of the physical dose."""
    values = read_curve(bench, region, metrics, curve_of(bench, region))
    for metric in metrics:
        if metric.kind in ISODOSE_KINDS:
            found = _index(bench, region, metric)
            if found.value is not None and bench.terms.axis != "physical":
                note = "of the physical dose"
                found = replace(found, note=f"{note}; {found.note}" if found.note else note)
            values[metric.text] = found
    return values


def physical_values(
    bench: Bench, region: Region, metrics: Sequence[dvh.Metric]
) -> dict[str, dvh.MetricValue]:
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
    if given.dose_gy is None or not _is_typed_target(region) or bench.given.sum == "eqd2":
        return ""
    if given.fractions is None:
        return f"{given.text}; BED needs the number of fractions"
    survival = survival_of(bench, region)
    bed, eqd2 = (
        dvh.effect_gy(given.dose_gy, given.fractions, survival, axis) for axis in ("bed", "eqd2")
    )
    return f"{given.text}: BED {bed:.4g} Gy, EQD2 {eqd2:.4g} Gy ({survival.text})"


def parse_linear(words: Sequence[str]) -> tuple[tuple[str, float, float | None], ...]:
    """Parse LQ-L: `6.2` (all structures), `GTV*=6.2`, `GTV*=6.2:1.8` with a slope.

    Raises
    ------
    UsageError
        `bad-fractionation`.
    """
    found = []
    for word in words:
        pattern, _, text = word.rpartition("=")
        dose, _, slope = text.partition(":")
        try:
            numbers = [float(dose), *([float(slope)] if slope else [])]
        except ValueError:
            numbers = [0.0]
        if not all(0 < number < float("inf") for number in numbers):
            mend = "write --lql 6.2, or --lql 'GTV*=6.2:1.8' with the slope above 6.2 Gy"
            raise UsageError("bad-fractionation", where="--lql", seen=word, mend=mend)
        found.append((pattern or "*", numbers[0], numbers[1] if slope else None))
    return tuple(found)


def _index(bench: Bench, region: Region, metric: dvh.Metric) -> dvh.MetricValue:
    """Conformity or gradient index of a target, beside the other targets of its type."""
    if not region.is_target:
        return dvh.MetricValue(None, f"an ROI of type {region.kind} is no target")
    target = _target(bench, region)
    ratio = alpha_beta_for(bench.given.alpha_beta, region.name) if bench.given.sum else None
    if ratio not in bench.doses:
        bench.doses[ratio] = dose_for(bench.given, region.name)
    dose = bench.doses[ratio]
    kept = bench.isodoses

    def isodose(level_gy: float) -> dvh.Isodose:
        if (ratio, level_gy) not in kept:
            kept[ratio, level_gy] = dvh.measure_isodose(dose, level_gy)
        return kept[ratio, level_gy]

    def curve(stack: PlaneStack) -> dvh.DVH:
        if stack is target.stack:
            return curve_of(bench, region)
        return dvh.dose_volume(stack, dose, interpolation=bench.sampling.interpolation)

    return dvh.index_value(
        metric,
        target,
        _others(bench, region),
        dvh.Field(isodose, curve),
        prescription_gy=bench.prescribed.dose_gy,
    )


def _others(bench: Bench, region: Region) -> list[dvh.Target]:
    """All other targets of a region's type; one that has no solid is left out with a finding."""
    own = region.roi
    if own is None or own.kind not in TARGET_KINDS:
        return []
    found = []
    for roi in bench.case.structures.rois:
        if roi.kind == own.kind and roi is not own and not roi.is_empty:
            try:
                found.append(_target(bench, region_of(bench.case, roi)))
            except CaseRejected as fault:
                bench.findings.append(replace(fault.finding, severity="warning"))
    return found


def _target(bench: Bench, region: Region) -> dvh.Target:
    key = _key(region)
    if key not in bench.targets:
        body = body_of(region, bench.sampling.reading)
        bench.targets[key] = dvh.Target(region.name, body)
    return bench.targets[key]


def _key(region: Region) -> object:
    return tuple((operation, tuple(map(id, rois))) for operation, rois in region.parts)


def _is_typed_target(region: Region) -> bool:
    return region.kind in TARGET_KINDS or region.name.upper().startswith(TARGET_KINDS)
