"""Names of derived targets (TG-263, doi 10.1016/j.ijrobp.2017.12.013).

What comes of a name that fits in 16 characters fits too; other names keep their words, and the set
that is written says how it calls them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rtvol.structures import LONGEST_NAME, short_name

if TYPE_CHECKING:
    from collections.abc import Collection

    from rtvol.margins.margin import Margin

_GTV = re.compile(r"^([IZ]?)GTV", re.IGNORECASE)


def derived_name(gtv: str, kind: str, margin: Margin, taken: Collection[str]) -> str:
    """Name the CTV or PTV of a GTV: `GTV1` -> `PTV1` when free, else `PTV1^4mm`.

    Parameters
    ----------
    gtv
        Name of the GTV.
    kind
        "CTV" or "PTV".
    margin
        Its margin, for the name beside one that is taken.
    taken
        Names in use; compared without case, as planning systems do.
    """
    match = _GTV.match(gtv)
    base = kind + gtv[match.end() :] if match else f"{kind}_{gtv}"
    plain = _fitting(base, gtv)
    is_free = plain.casefold() not in {name.casefold() for name in taken}
    return plain if is_free else _free(f"{base}^{margin.largest_mm:g}mm", gtv, taken)


def given_name(name: str, taken: Collection[str]) -> str:
    """Return a name that was asked for, numbered when it is taken."""
    return _free(name, name, taken)


def clipped_name(ptv: str, taken: Collection[str], *, ending: str = "^clip") -> str:
    """Name the clipped PTV: `PTV1` -> `PTV1^clip`, numbered when taken."""
    return _free(f"{ptv}{ending}", ptv, taken)


def prv_name(organ: str, margin: Margin, taken: Collection[str]) -> str:
    """Name an organ grown by a margin: `SpinalCord` -> `SpinalCord_PRV02` (mm, two digits).

    One that only shrinks is no PRV: `Skin` -> `Skin-03`.
    """
    out_mm, in_mm = round(margin.outwards.largest_mm), round(margin.inwards.largest_mm)
    ending = f"-{in_mm:02d}" if in_mm and not out_mm else f"_PRV{out_mm:02d}"
    return _free(f"{organ}{ending}", organ, taken)


def part_names(gtv: str, count: int, taken: Collection[str]) -> list[str]:
    """Name the separate parts of a GTV: `GTV` -> `GTV1`, `GTV2`, where these are free."""
    names: list[str] = []
    for number in range(1, count + 1):
        names.append(_free(f"{gtv}{number}", gtv, [*taken, *names]))
    return names


def _free(name: str, source: str, taken: Collection[str]) -> str:
    used = {other.casefold() for other in taken}
    tried, number = _fitting(name, source), 2
    while tried.casefold() in used:
        tried, number = _fitting(f"{name}_{number}", source), number + 1
    return tried


def _fitting(name: str, source: str) -> str:
    """Return a name as short as all systems take, where that of its source is."""
    has_fitted = len(source) <= LONGEST_NAME and not any(sign.isspace() for sign in source)
    return short_name(name) if has_fitted else name
