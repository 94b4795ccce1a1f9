"""Every finding code: what it means, its usual verdict and how to mend it (`rtvol help codes`).

A registered code is an attribute here, in capitals, and raises its own findings:

    codes.GOAL_FRACTIONS.warn(where="goals", seen="for 3 fractions, not for 5")
"""

from __future__ import annotations

from dataclasses import replace

from rtvol.codes import (
    batch,
    calls,
    cli,
    dvh,
    files,
    geometry,
    io,
    io_doses,
    io_write,
    margins,
    names,
    net,
    outcomes,
    phantoms,
    report,
    solids,
    statistics,
    verbs,
)
from rtvol.codes.kinds import Code, Verdict
from rtvol.codes.page import page_of

__all__ = ["CODES", "Code", "Verdict", "codes_page"]

#: By the room that raises a code; the lowest where several do.
_REGISTERS = {
    "What is read": io,
    "Doses and plans as they are read": io_doses,
    "What is written": io_write,
    "Grids": geometry,
    "Contours": solids,
    "Margins and clips": margins,
    "Metrics and goals": dvh,
    "Names of structures": names,
    "What one case is asked for": verbs,
    "Pages": report,
    "Calls": cli,
    "Calls in Python": calls,
    "Files to be written": files,
    "Runs over many cases": batch,
    "The network": net,
    "Phantoms": phantoms,
    "Statistics": statistics,
    "Tables of a cohort": outcomes,
}
CODES: dict[str, Code] = {
    name: replace(code, name=name)
    for room in _REGISTERS.values()
    for name, code in room.CODES.items()
}


def __getattr__(name: str) -> Code:
    """Return a registered code by its name in capitals (PEP 562)."""
    if name.isupper() and (code := CODES.get(name.lower().replace("_", "-"))):
        return code
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def codes_page() -> str:
    """Return the page docs/codes.md."""
    return page_of({title: room.CODES for title, room in _REGISTERS.items()})
