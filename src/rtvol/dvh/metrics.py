"""The metric grammar: `D95%`, `V20Gy[cc]`, `DC700cc`, `Mean[Gy]`, ... parsed once, then read off.

    D95%[Gy]  D2cc[Gy]     least dose in the hottest 95 % / 2 cc
    V20Gy[%]  V20Gy[cc]    part that receives at least 20 Gy
    V100%[%]  V100%[cc]    part that receives at least 100 % of the prescription
    CV15Gy[cc]  CV15Gy[%]  part that receives less than 15 Gy (the rest of V15Gy)
    DC700cc[Gy]  DC5%[Gy]  highest dose in the coldest 700 cc / 5 %
    Mean[Gy]  Min[Gy]  Max[Gy]  gEUD(a)  HI

`HI` is (D2% - D98%) / D50% (ICRU 83), `gEUD(a)` the generalised equivalent uniform dose in Gy.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from rtvol.dvh.curve import dose_at_volume_gy, generalised_mean_gy, volume_at_dose_cc
from rtvol.errors import UsageError

if TYPE_CHECKING:
    from rtvol.dvh.curve import DVH

#: Per kind: units of its amount, and units of its value with the usual one first.
_UNITS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "D": (("%", "cc"), ("Gy",)),
    "DC": (("%", "cc"), ("Gy",)),
    "V": (("Gy", "%"), ("%", "cc")),
    "CV": (("Gy", "%"), ("cc", "%")),
    "Mean": ((), ("Gy",)),
    "Min": ((), ("Gy",)),
    "Max": ((), ("Gy",)),
    "gEUD": ((), ("Gy",)),
    "HI": ((), ("",)),
}
_EXAMPLES = [
    *("D95%[Gy]", "D2cc[Gy]", "V20Gy[%]", "V20Gy[cc]", "V100%[%]", "CV15Gy[cc]"),
    *("DC700cc[Gy]", "Mean[Gy]", "Min[Gy]", "Max[Gy]", "gEUD(8)", "HI"),
]
_KIND = re.compile(r"gEUD|HI|D?Mean|D?Min|D?Max|DC|CV|D|V", re.IGNORECASE)
_NUMBER = re.compile(r"(?:\d+\.?\d*|\.\d+)")
_UNIT = re.compile(r"%|cc|Gy", re.IGNORECASE)
_EXPONENT = re.compile(r"\(\s*([+-]?(?:\d+\.?\d*|\.\d+))\s*\)")


@dataclass(frozen=True)
class Metric:
    """One parsed metric.

    Attributes
    ----------
    text
        The metric in its normal form, as it appears in tables: `D95%[Gy]`.
    kind
        D, DC, V, CV, Mean, Min, Max, gEUD or HI.
    amount
        The number it asks at (95, 20, ...; the exponent of gEUD); 0 where it has none.
    amount_unit
        "%", "cc" or "Gy"; empty where it has none.
    unit
        Unit of its value: "Gy", "%" or "cc"; empty for HI.
    """

    text: str
    kind: str
    amount: float
    amount_unit: str
    unit: str

    def __str__(self) -> str:
        """Return the normal form."""
        return self.text


@dataclass(frozen=True)
class MetricValue:
    """A metric of one structure: its value in the metric's unit, or None and the reason why."""

    value: float | None
    note: str = ""


def parse_metric(text: str) -> Metric:
    """Parse one metric; short forms and any case are taken, the result has the normal form.

    Parameters
    ----------
    text
        A metric such as `D95%`, `D0.03cc[Gy]`, `v20gy`, `V100%[cc]`, `Dmean`, `gEUD(8)`.

    Returns
    -------
    Metric

    Raises
    ------
    UsageError
        `bad-metric`, with a caret under the first character that does not fit.
    """
    word = text.strip()
    at, kind, amount, amount_unit = 0, "", 0.0, ""
    if head := _KIND.match(word):
        kind, at = _kind_of(head.group()), head.end()
    if not kind:
        raise _refused(word, 0, "a metric begins with D, V, CV, DC, Mean, Min, Max, gEUD or HI")
    if kind == "gEUD":
        amount, at = _exponent(word, at)
    elif _UNITS[kind][0]:
        amount, amount_unit, at = _amount(word, at, kind)
    unit = _value_unit(word, at, kind)
    asked = f"({amount:g})" if kind == "gEUD" else f"{amount:.10g}{amount_unit}"
    plain = kind + (asked if amount_unit or kind == "gEUD" else "")
    shown = plain if kind in {"gEUD", "HI"} else f"{plain}[{unit}]"
    return Metric(shown, kind, amount, amount_unit, unit)


def evaluate(dvh: DVH, metric: Metric, *, prescription_gy: float | None = None) -> MetricValue:
    """Read one metric off a DVH.

    Parameters
    ----------
    dvh
        Distribution of one structure.
    metric
        What to read.
    prescription_gy
        Prescribed dose in Gy that 100 % stands for; needed by `V100%` and its like.

    Returns
    -------
    The value in `metric.unit`; or None with the reason, when a part of the structure lies outside
    the dose grid, the structure is smaller than the volume asked for, or 100 % is not known.
    """
    if dvh.outside_fraction > 0:
        percent = 100 * dvh.outside_fraction
        shown = f"{percent:.1f}" if percent >= 0.05 else f"{percent:.2g}"
        return MetricValue(None, f"{shown} % of the structure lies outside the dose grid")
    if not dvh.dose_gy.size:
        return MetricValue(None, "the structure has no volume")
    asked = metric.amount
    if metric.kind in {"V", "CV"} and metric.amount_unit == "%":
        if prescription_gy is None or not prescription_gy > 0:
            return MetricValue(None, "no prescribed dose is known for 100 %")
        asked = metric.amount / 100 * prescription_gy
    if metric.amount_unit == "cc" and asked > dvh.volume_cc:
        held = f"{dvh.volume_cc:.3g} cc, less than the {asked:g} cc asked for"
        return MetricValue(None, f"the structure holds {held}")
    value = _value(dvh, metric, asked)
    if not math.isfinite(value):
        return MetricValue(None, "the doses of this structure have no such value")
    return MetricValue(value)


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


def _kind_of(word: str) -> str:
    kinds = {kind.lower(): kind for kind in _UNITS}
    return kinds.get(word.lower()) or kinds[word.lower().removeprefix("d")]


def _exponent(word: str, at: int) -> tuple[float, int]:
    found = _EXPONENT.match(word, at)
    if found is None:
        raise _refused(word, at, "gEUD needs its exponent: gEUD(8)")
    if float(found.group(1)) == 0:
        raise _refused(word, found.start(1), "the exponent of gEUD is not 0")
    return float(found.group(1)), found.end()


def _amount(word: str, at: int, kind: str) -> tuple[float, str, int]:
    number = _NUMBER.match(word, at)
    if number is None:
        raise _refused(word, at, "a number is missing")
    allowed = _UNITS[kind][0]
    found = _UNIT.match(word, number.end())
    unit = _spelled(found.group()) if found else ""
    if found is None or unit not in allowed:
        raise _refused(word, number.end(), f"{' or '.join(allowed)} must follow the number")
    amount = float(number.group())
    if kind in {"D", "DC"} and unit == "%" and amount > 100:
        raise _refused(word, at, "a structure has no more than 100 % volume")
    return amount, unit, found.end()


def _value_unit(word: str, at: int, kind: str) -> str:
    allowed = _UNITS[kind][1]
    if at == len(word):
        return allowed[0]
    if word[at] != "[" or kind == "HI":
        raise _refused(word, at, "nothing more belongs here")
    found = _UNIT.match(word, at + 1)
    unit = _spelled(found.group()) if found else ""
    if found is None or unit not in allowed:
        raise _refused(word, at + 1, f"{kind} is given in {' or '.join(allowed)}")
    if word[found.end() :] != "]":
        wrong = found.end() + (word[found.end() : found.end() + 1] == "]")
        raise _refused(word, wrong, "one ] must end it")
    return unit


def _spelled(unit: str) -> str:
    return {"%": "%", "cc": "cc", "gy": "Gy"}[unit.lower()]


def _refused(word: str, at: int, why: str) -> UsageError:
    by_case = {example.lower(): example for example in _EXAMPLES}
    near = get_close_matches(word.lower(), by_case, n=3, cutoff=0.5)
    forms = [by_case[form] for form in near] or _EXAMPLES
    # control characters would move the caret, or the screen
    shown = "".join(c if c.isprintable() else "?" for c in word)
    return UsageError(
        "bad-metric",
        where="metric",
        seen=f"{shown}\n{' ' * at}^ {why}",
        mend=f"write it like {', '.join(forms)}",
    )
