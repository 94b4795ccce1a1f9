"""Metrics (`rtvol.dvh.grammar`) read off the dose-volume distribution of one structure."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from rtvol.dvh.curve import dose_at_volume_gy, generalised_mean_gy, volume_at_dose_cc
from rtvol.dvh.grammar import (
    CGY_IN_GY,
    DISTANCE_KINDS,
    ISODOSE_KINDS,
    SURFACE_KINDS,
    parse_metric,
)

if TYPE_CHECKING:
    from rtvol.dvh.curve import DVH
    from rtvol.dvh.grammar import Metric

#: What is given of a structure that lies in part outside the dose grid.
Outside = Literal["null", "ignore"]
#: ICRU 91: in targets below 2 cc the near-minimum and near-maximum doses are by 35 mm3.
SMALL_TARGET_CC, NEAR_CC = 2.0, 0.035
#: Volumes nearer to each other than this part are the same volume.
_SAME = 1e-9


@dataclass(frozen=True)
class MetricValue:
    """A metric of one structure: its value in the metric's unit, or None and the reason why.

    A value may have a note, too, that says how it is to be understood.
    """

    value: float | None
    note: str = ""


def evaluate(
    dvh: DVH,
    metric: Metric | str,
    *,
    prescription_gy: float | None = None,
    outside: Outside = "null",
) -> MetricValue:
    """Read one metric off a DVH.

    Parameters
    ----------
    dvh
        Distribution of one structure.
    metric
        What to read; a text as in `parse_metric`.
    prescription_gy
        Prescribed dose in Gy that 100 % stands for; needed by `V100%` and its like.
    outside
        What to do where a part of the structure lies outside the dose grid. "null": only what
        does not depend on that part is given, that is volumes and doses above the highest dose on
        the border (`DVH.edge_gy`), of the whole structure. "ignore": everything is given for the
        part inside, and says so.

    Returns
    -------
    The value in `metric.unit`; or None with the reason, when it depends on a part that lies outside
    the dose grid, the structure is smaller than the volume asked for, 100 % is not known, or the
    metric is one of isodoses (`rtvol.dvh.index_value` gives those).
    """
    if isinstance(metric, str):
        metric = parse_metric(metric)
    if metric.is_dose and metric.unit != "Gy":
        return _scaled(dvh, metric, prescription_gy, outside)
    if metric.kind in DISTANCE_KINDS | SURFACE_KINDS:
        return MetricValue(None, "it is no matter of the doses in the structure alone")
    if metric.kind == "Volume":
        return MetricValue(dvh.volume_cc)
    asked, is_percent = metric.amount, metric.kind in {"V", "CV"} and metric.amount_unit == "%"
    if is_percent:
        asked *= (prescription_gy or math.nan) / 100
    if dvh.outside_fraction and dvh.dose_gy.size and metric.kind not in ISODOSE_KINDS:
        return _of_a_part(dvh, metric, asked, outside)
    if absent := missing(dvh) or _unasked(dvh, metric, asked):
        return MetricValue(None, absent)
    return _whole(dvh, metric, asked)


def _scaled(
    dvh: DVH, metric: Metric, prescription_gy: float | None, outside: Outside
) -> MetricValue:
    """Read a dose in cGy, or in % of the prescription."""
    if metric.unit == "%" and not prescription_gy:
        return MetricValue(None, "no prescribed dose is known for 100 %")
    factor = CGY_IN_GY if metric.unit == "cGy" else 100 / (prescription_gy or math.nan)
    in_gy = replace(metric, unit="Gy")
    found = evaluate(dvh, in_gy, prescription_gy=prescription_gy, outside=outside)
    return found if found.value is None else replace(found, value=factor * found.value)


def _whole(dvh: DVH, metric: Metric, asked: float) -> MetricValue:
    if metric.kind in {"NearMin", "NearMax"}:
        return _near_extreme(dvh, metric.kind)
    value = _value(dvh, metric, asked)
    if not math.isfinite(value):
        return MetricValue(None, "the doses of this structure have no such value")
    return MetricValue(value)


def _of_a_part(dvh: DVH, metric: Metric, asked: float, outside: Outside) -> MetricValue:
    """Read a metric of a structure that lies in part outside the dose grid."""
    if outside == "null":
        return _hot_part(dvh, metric, asked)
    inner, mark = dvh.inside, f"of the part inside the dose grid: {missing(dvh)}"
    if absent := _unasked(inner, metric, asked):
        return MetricValue(None, absent)
    found = _whole(inner, metric, asked)
    return MetricValue(found.value, "; ".join(filter(None, (found.note, mark))))


def _hot_part(dvh: DVH, metric: Metric, asked: float) -> MetricValue:
    """Read what the doses above those on the grid's border tell: of the whole structure."""
    unknown = MetricValue(None, missing(dvh))
    if absent := _unasked(dvh, metric, asked):
        return MetricValue(None, absent)
    inside_cc, total_cc = float(dvh.below_cc[-1]), dvh.volume_cc
    if metric.kind in {"V", "CV"}:
        if asked <= dvh.edge_gy:
            return unknown
        hot_cc = volume_at_dose_cc(dvh, asked)
        part_cc = hot_cc if metric.kind == "V" else total_cc - hot_cc
        value = 100 * part_cc / total_cc if metric.unit == "%" else part_cc
        return MetricValue(value, _closed(dvh))
    if metric.kind in {"D", "NearMax", "Max"}:
        near_cc = NEAR_CC if total_cc < SMALL_TARGET_CC else 0.02 * total_cc
        amounts = {"NearMax": near_cc, "Max": 0.0}
        part_cc = amounts.get(metric.kind, asked)
        if metric.kind == "D" and metric.amount_unit == "%":
            part_cc = asked / 100 * total_cc
        dose_gy = dose_at_volume_gy(dvh, part_cc) if part_cc <= inside_cc else -math.inf
        if dose_gy > dvh.edge_gy:
            return MetricValue(dose_gy, _closed(dvh))
    return unknown


def _closed(dvh: DVH) -> str:
    return f"{missing(dvh)}, where no dose is above {dvh.edge_gy:.3g} Gy by that on the border"


def _unasked(dvh: DVH, metric: Metric, asked: float) -> str:
    """Why a metric cannot be read off at an amount (Gy, cc or %); empty when it can."""
    if metric.kind in ISODOSE_KINDS:
        return "the volumes of isodoses are needed, not the structure's alone"
    if not asked >= 0 and metric.kind != "gEUD":
        return "no prescribed dose is known for 100 %"
    if metric.amount_unit == "cc" and asked > dvh.volume_cc * (1 + _SAME):
        held = f"{dvh.volume_cc:.3g} cc, less than the {asked:g} cc asked for"
        return f"the structure holds {held}"
    return ""


def missing(dvh: DVH) -> str:
    """Why no dose metric can be given for a structure; empty when it can."""
    if dvh.outside_fraction > 0:
        percent = 100 * dvh.outside_fraction
        shown = f"{percent:.1f}" if percent >= 0.05 else f"{percent:.2g}"
        return f"{shown} % of the structure lies outside the dose grid"
    return "" if dvh.dose_gy.size else "the structure has no volume"


def _near_extreme(dvh: DVH, kind: str) -> MetricValue:
    """Near-minimum or near-maximum dose of ICRU 91 (J. ICRU 14 (2), 2014)."""
    total_cc = float(dvh.below_cc[-1])
    is_small = total_cc < SMALL_TARGET_CC
    if is_small and total_cc < NEAR_CC:
        return MetricValue(None, f"the structure holds {total_cc:.3g} cc, less than 35 mm3")
    part_cc = NEAR_CC if is_small else 0.02 * total_cc
    value = dose_at_volume_gy(dvh, part_cc if kind == "NearMax" else total_cc - part_cc)
    form = "D0.035cc" if kind == "NearMax" else "DC0.035cc"
    note = f"{form}, for the structure holds less than 2 cc (ICRU 91)" if is_small else ""
    return MetricValue(value, note)


def _value(dvh: DVH, metric: Metric, asked: float) -> float:
    kind, total_cc = metric.kind, float(dvh.below_cc[-1])
    if kind in {"D", "DC"}:
        part_cc = asked / 100 * total_cc if metric.amount_unit == "%" else asked
        return dose_at_volume_gy(dvh, part_cc if kind == "D" else total_cc - part_cc)
    if kind in {"V", "CV"}:
        hot_cc = volume_at_dose_cc(dvh, asked)
        part_cc = hot_cc if kind == "V" else total_cc - hot_cc
        return 100 * part_cc / total_cc if metric.unit == "%" else part_cc
    if kind == "gEUD":
        return generalised_mean_gy(dvh, metric.amount)
    if kind == "HI":
        near_max, near_min, median = (
            dose_at_volume_gy(dvh, part * total_cc) for part in (0.02, 0.98, 0.5)
        )
        return (near_max - near_min) / median if median else math.nan
    return {"Mean": dvh.mean_gy, "Min": dvh.min_gy, "Max": dvh.max_gy}[kind]
