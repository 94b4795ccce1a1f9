"""The metric grammar: `D95%`, `V20Gy[cc]`, `DC700cc`, `Mean[Gy]`, ... parsed once.

D95%[Gy]  D2cc[Gy]     least dose in the hottest 95 % / 2 cc
V20Gy[%]  V20Gy[cc]    part that receives at least 20 Gy
V100%[%]  V100%[cc]    part that receives at least 100 % of the prescription
CV15Gy[cc]  CV15Gy[%]  part that receives less than 15 Gy (the rest of V15Gy)
DC700cc[Gy]  DC5%[Gy]  highest dose in the coldest 700 cc / 5 %
Mean[Gy]  Min[Gy]  Max[Gy]  gEUD(a)  Volume[cc]
D95%[cGy]  D95%[%]     any dose in cGy, or in % of the prescription; V2000cGy is V20Gy
NearMin[Gy]  NearMax[Gy]   ICRU 91: D98% and D2%, below 2 cc the same by 35 mm3
OVH5mm[%]  OVH5mm[cc]  part that lies within 5 mm of the target; OVH-3mm: 3 mm inside or deeper
DTH50%[mm] DTH2cc[mm]  signed distance to the target that 50 % / 2 cc lie within
DSH20Gy[%] DSH20Gy[cm2]    part of the surface that receives at least 20 Gy
HI  CI  CI_RTOG  GI        without unit; `DEFINITIONS` says which definition is meant
ICRU91                     the block of doses ICRU 91 asks to be reported, as a group
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Literal

from rtvol.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

DoseUnit = Literal["Gy", "cGy"]
#: Units a dose is given in, the usual one first; % is of the prescription.
_DOSES = ("Gy", "cGy", "%")
#: What a value in Gy is multiplied by.
CGY_IN_GY = 100.0
#: Per kind: units of its amount, and units of its value with the usual one first.
_UNITS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "D": (("%", "cc"), _DOSES),
    "DC": (("%", "cc"), _DOSES),
    "V": (("Gy", "%", "cGy"), ("%", "cc")),
    "CV": (("Gy", "%", "cGy"), ("cc", "%")),
    "OVH": (("mm",), ("%", "cc")),
    "DTH": (("%", "cc"), ("mm",)),
    "DSH": (("Gy", "%", "cGy"), ("%", "cm2")),
    "Mean": ((), _DOSES),
    "Min": ((), _DOSES),
    "Max": ((), _DOSES),
    "NearMin": ((), _DOSES),
    "NearMax": ((), _DOSES),
    "gEUD": ((), _DOSES),
    "Volume": ((), ("cc",)),
    "HI": ((), ("",)),
    "CI": ((), ("",)),
    "CI_RTOG": ((), ("",)),
    "GI": ((), ("",)),
}
#: Which of several published definitions the kinds without a unit follow.
DEFINITIONS: dict[str, str] = {
    "HI": "(D2% - D98%) / D50% (ICRU 83)",
    "CI": "TV_PIV^2 / (TV x PIV) (Paddick 2000)",
    "CI_RTOG": "PIV / TV (RTOG, Shaw 1993)",
    "GI": "volume of half the prescription isodose / volume of the prescription isodose "
    "(Paddick 2006)",
}
#: Kinds that need the volumes of isodoses, not the distribution in the structure alone.
ISODOSE_KINDS = frozenset({"CI", "CI_RTOG", "GI"})
#: Kinds that ask where the structure lies to a target, and of the dose on its surface.
DISTANCE_KINDS, SURFACE_KINDS = frozenset({"OVH", "DTH"}), frozenset({"DSH"})
#: Kinds that are about how well a target is covered, and mean nothing of anything else.
TARGET_METRICS = ISODOSE_KINDS | {"HI"}
#: Named groups of metrics.
GROUPS: dict[str, tuple[str, ...]] = {
    "ICRU91": ("D50%", "D98%", "D2%", "NearMin", "NearMax", "Mean", "Volume"),
}
_EXAMPLES = [
    *("D95%[Gy]", "D2cc[Gy]", "V20Gy[%]", "V20Gy[cc]", "V100%[%]", "CV15Gy[cc]"),
    *("OVH5mm[%]", "DTH50%[mm]", "DSH20Gy[cm2]"),
    *("DC700cc[Gy]", "Mean[Gy]", "Min[Gy]", "Max[Gy]", "gEUD(8)", "HI", "CI", "GI"),
]
_KIND = re.compile(
    r"gEUD|OVH|DTH|DSH|HI|CI_RTOG|CI|GI|Volume|D?Near(?:Min|Max)|D?Mean|D?Min|D?Max|DC|CV|D|V",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"(?:\d+\.?\d*|\.\d+)")
_SIGNED = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)")
_UNIT = re.compile(r"%|cc|c?Gy|mm|cm2", re.IGNORECASE)
_EXPONENT = re.compile(r"\(\s*([+-]?(?:\d+\.?\d*|\.\d+))\s*\)")


@dataclass(frozen=True)
class Metric:
    """One parsed metric.

    Attributes
    ----------
    text
        The metric in its normal form, as it appears in tables: `D95%[Gy]`.
    kind
        D, DC, V, CV, Mean, Min, Max, NearMin, NearMax, gEUD, Volume, HI, CI, CI_RTOG, GI, OVH, DTH
        or DSH.
    amount
        The number it asks at (95, 20, ...; the exponent of gEUD); 0 where it has none.
    amount_unit
        "%", "cc", "Gy" or "mm"; empty where it has none.
    unit
        Unit of its value: "Gy", "cGy", "%", "cc", "mm" or "cm2"; empty for HI, CI, CI_RTOG and GI.
    """

    text: str
    kind: str
    amount: float
    amount_unit: str
    unit: str

    @property
    def is_dose(self) -> bool:
        """Whether its value is a dose."""
        return value_units(self.kind) is _DOSES

    def __str__(self) -> str:
        """Return the normal form."""
        return self.text


def parse_metrics(texts: Sequence[str], dose_unit: DoseUnit = "Gy") -> tuple[Metric, ...]:
    """Parse metrics and groups of them (`ICRU91`); one that is asked for twice comes once.

    Doses in Gy are given in `dose_unit`.

    Raises
    ------
    UsageError
        `bad-metric`, as `parse_metric`.
    """
    groups = {name.lower(): members for name, members in GROUPS.items()}
    words = (word for text in texts for word in groups.get(text.strip().lower(), (text,)))
    metrics = (parse_metric(word) for word in words)
    return tuple(dict.fromkeys(_in_unit(metric, dose_unit) for metric in metrics))


def _in_unit(metric: Metric, dose_unit: DoseUnit) -> Metric:
    if dose_unit == "Gy" or not metric.is_dose or metric.unit != "Gy":
        return metric
    return parse_metric(f"{metric.text.removesuffix('[Gy]')}[{dose_unit}]")


def parse_metric(text: str) -> Metric:
    """Parse one metric; short forms and any case are taken, the result has the normal form.

    Parameters
    ----------
    text
        A metric such as `D95%`, `D0.03cc[Gy]`, `v20gy`, `V100%[cc]`, `Dmean`, `gEUD(8)`, `CI`.

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
        raise _refused(
            word,
            0,
            "a metric begins with D, V, CV, DC, Mean, Min, Max, gEUD, HI, CI, GI, OVH, DTH or DSH",
        )
    if kind == "gEUD":
        amount, at = _exponent(word, at)
    elif _UNITS[kind][0]:
        amount, amount_unit, at = _amount(word, at, kind)
    unit = _value_unit(word, at, kind)
    asked = f"({amount:g})" if kind == "gEUD" else f"{amount:.10g}{amount_unit}"
    plain = kind + (asked if amount_unit or kind == "gEUD" else "")
    is_bare = not unit or (kind == "gEUD" and unit == "Gy")
    shown = plain if is_bare else f"{plain}[{unit}]"
    return Metric(shown, kind, amount, amount_unit, unit)


def value_units(kind: str) -> tuple[str, ...]:
    """Units a kind of metric can be given in, the usual one first."""
    return _UNITS[kind][1]


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
    number = (_SIGNED if kind == "OVH" else _NUMBER).match(word, at)
    if number is None:
        raise _refused(word, at, "a number is missing")
    allowed = _UNITS[kind][0]
    found = _UNIT.match(word, number.end())
    unit = _spelled(found.group()) if found else ""
    if found is None or unit not in allowed:
        raise _refused(word, number.end(), f"{' or '.join(allowed)} must follow the number")
    amount = float(number.group())
    if unit == "cGy":
        amount, unit = amount / CGY_IN_GY, "Gy"
    if kind in {"D", "DC", "DTH"} and unit == "%" and amount > 100:
        raise _refused(word, at, "a structure has no more than 100 % volume")
    return amount, unit, found.end()


def _value_unit(word: str, at: int, kind: str) -> str:
    allowed = _UNITS[kind][1]
    if at == len(word):
        return allowed[0]
    if word[at] != "[" or not allowed[0]:
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
    return {"gy": "Gy", "cgy": "cGy"}.get(unit.lower(), unit.lower())


def _refused(word: str, at: int, why: str) -> UsageError:
    by_case = {example.lower(): example for example in _EXAMPLES}
    near = get_close_matches(word.lower(), by_case, n=3, cutoff=0.5)
    if word[at : at + 1] == ",":
        why = "one metric at a time: repeat --metric for each"
    forms = [by_case[form] for form in near] or _EXAMPLES
    return UsageError(
        "bad-metric",
        where="metric",
        seen=marked(word, at, why),
        mend=f"write it like {', '.join(forms)}",
    )


def one_line(seen: str) -> str:
    """Return what `marked` gave in one line, for tables and notes."""
    word, _, mark = seen.partition("\n")
    if not mark:
        return word
    return f"{word}: {mark.strip().removeprefix('^ ')}, at character {mark.index('^') + 1}"


def marked(word: str, at: int, why: str) -> str:
    """Return the word and, on a line below, a caret under one character and what is wrong."""
    # control characters would move the caret, or the screen
    shown = "".join(c if c.isprintable() else "?" for c in word)
    return f"{shown}\n{' ' * at}^ {why}"
