"""Conformity and gradient indices of targets, with merged isodoses given for their union."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rtvol.dvh.curve import DVH, volume_at_dose_cc
from rtvol.dvh.isodose import Isodose, regions_in, regions_within
from rtvol.dvh.metrics import MetricValue, missing
from rtvol.errors import CaseRejected
from rtvol.solids import slab_volume_cc
from rtvol.solids.combine import combine

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rtvol.dvh.grammar import Metric
    from rtvol.solids.planes import PlaneStack

#: Of two structures that share more than this part of the smaller one, neither is another lesion.
SAME_LESION = 0.5


@dataclass(frozen=True, eq=False)
class Target:
    """A target: its name and its solid."""

    name: str
    stack: PlaneStack


@dataclass(frozen=True)
class Field:
    """What indices are measured in.

    Attributes
    ----------
    isodose
        The isodose of a level in Gy, on the whole dose grid.
    curve
        The dose-volume distribution of a solid.
    """

    isodose: Callable[[float], Isodose]
    curve: Callable[[PlaneStack], DVH]


def index_value(
    metric: Metric,
    target: Target,
    others: Sequence[Target],
    field: Field,
    *,
    prescription_gy: float | None,
) -> MetricValue:
    """Conformity index (`CI` of Paddick, `CI_RTOG`) or gradient index (`GI`) of a target.

    PIV, the volume of the prescription isodose, is that of the connected regions that lie in the
    target, in whole or in part. Where one of them holds other targets, too, the value is that of
    their union, and its note says so. GI is the volume of half the prescription isodose over
    that of the prescription isodose in it.

    Parameters
    ----------
    metric
        One of kind CI, CI_RTOG or GI.
    target, others
        The target, and all others of its kind. One that shares more than half of its volume with
        the target, or the other way round, is another drawing of the same lesion, and left out.
    field
        Isodoses and distributions of the dose.
    prescription_gy
        Prescribed dose in Gy.

    Returns
    -------
    The index, or None with the reason: no prescribed dose is known, its isodose is not in the
    target or is cut by the edge of the dose grid, or the target is.
    """
    if prescription_gy is None or not prescription_gy > 0:
        return MetricValue(None, "no prescribed dose is known")
    if absent := missing(field.curve(target.stack)):
        return MetricValue(None, absent)
    whole = field.isodose(prescription_gy)
    outer = field.isodose(prescription_gy / 2) if metric.kind == "GI" else whole
    if not regions_in(whole, target.stack):
        return MetricValue(None, f"the isodose of {prescription_gy:g} Gy is not in the target")
    regions, held = _joined(target, others, outer)
    if outer.is_open[list(regions)].any():
        seen = f"the isodose of {outer.level_gy:g} Gy is cut by the edge of the dose grid"
        return MetricValue(None, seen)
    note = ""
    if len(held) > 1:
        names = ", ".join(sorted(one.name for one in held))
        note = f"one isodose of {outer.level_gy:g} Gy holds {names}: the value is of their union"
    piv_cc = float(outer.volumes_cc[list(regions)].sum())
    if metric.kind == "GI":
        inner = regions_within(whole, outer, regions)
        return MetricValue(piv_cc / float(whole.volumes_cc[list(inner)].sum()), note)
    found = _conformity(metric, _union(held), field, (piv_cc, prescription_gy))
    return MetricValue(found.value, "; ".join(part for part in (note, found.note) if part))


def _conformity(
    metric: Metric, stack: PlaneStack, field: Field, isodose: tuple[float, float]
) -> MetricValue:
    """CI or CI_RTOG of a solid; `isodose`: volume in cc and level in Gy."""
    curve = field.curve(stack)
    if absent := missing(curve):
        return MetricValue(None, absent)
    piv_cc, level_gy = isodose
    if metric.kind == "CI_RTOG":
        return MetricValue(piv_cc / curve.volume_cc)
    covered_cc = volume_at_dose_cc(curve, level_gy)
    return MetricValue(covered_cc**2 / (curve.volume_cc * piv_cc))


def _union(targets: Sequence[Target]) -> PlaneStack:
    union = targets[0].stack
    for one in targets[1:]:
        union = combine(union, one.stack, "union")
    return union


def _joined(
    target: Target, others: Sequence[Target], found: Isodose
) -> tuple[frozenset[int], list[Target]]:
    """Regions in a target and in all targets that share one, and these targets."""
    regions, held = regions_in(found, target.stack), [target]
    waiting = {one: regions_in(found, one.stack) for one in others}
    while joining := [one for one, own in waiting.items() if own & regions]:
        for one in joining:
            own = waiting.pop(one)
            if not any(_same_lesion(one, other) for other in held):
                regions |= own
                held.append(one)
    return regions, held


def _same_lesion(one: Target, other: Target) -> bool:
    try:
        shared = slab_volume_cc(combine(one.stack, other.stack, "intersect"))
    except CaseRejected:  # nothing in common
        return False
    smaller = min(slab_volume_cc(one.stack), slab_volume_cc(other.stack))
    return shared > SAME_LESION * smaller
