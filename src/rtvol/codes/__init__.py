"""Every finding code: what it means, its usual verdict and how to mend it (`rtvol help codes`).

A registered code is an attribute here, in capitals, and raises its own findings:

    codes.GOAL_FRACTIONS.warn(where="goals", seen="for 3 fractions, not for 5")
"""

from __future__ import annotations

from dataclasses import replace

from rtvol.codes import doses, geometry, outcomes, reading, running, statistics
from rtvol.codes.kinds import Code, Verdict
from rtvol.codes.page import page_of

__all__ = ["CODES", "Code", "Verdict", "codes_page"]

_REGISTERS = (reading, doses, geometry, running, statistics, outcomes)
CODES: dict[str, Code] = {
    name: replace(code, name=name) for room in _REGISTERS for name, code in room.CODES.items()
}


def __getattr__(name: str) -> Code:
    """Return a registered code by its name in capitals (PEP 562)."""
    if name.isupper() and (code := CODES.get(name.lower().replace("_", "-"))):
        return code
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def codes_page() -> str:
    """Return the page docs/codes.md."""
    groups = {
        "What is read": reading.CODES,
        "Doses and plans": doses.CODES,
        "Geometry, contours, margins": geometry.CODES,
        "Calls, runs, outputs": running.CODES,
        "Statistics": statistics.CODES,
        "Tables of a cohort": outcomes.CODES,
    }
    return page_of(groups)
