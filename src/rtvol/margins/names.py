"""Names of derived targets (TG-263, doi 10.1016/j.ijrobp.2017.12.013)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

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
    used = {name.casefold() for name in taken}
    reach = f"{margin.largest_mm:g}mm"
    for name in (base, f"{base}^{reach}"):
        if name.casefold() not in used:
            return name
    number = 2
    while f"{base}^{reach}_{number}".casefold() in used:
        number += 1
    return f"{base}^{reach}_{number}"


def clipped_name(ptv: str, taken: Collection[str]) -> str:
    """Name the clipped PTV: `PTV1` -> `PTV1^clip`, numbered when taken."""
    used = {name.casefold() for name in taken}
    name, number = f"{ptv}^clip", 2
    while name.casefold() in used:
        name, number = f"{ptv}^clip{number}", number + 1
    return name
