"""Every finding code: what it means, its usual verdict and how to mend it (`rtvol help codes`)."""

from __future__ import annotations

from rtvol.codes import doses, geometry, outcomes, reading, running, statistics
from rtvol.codes.kinds import Code, Verdict
from rtvol.codes.page import page_of

__all__ = ["CODES", "Code", "Verdict", "codes_page"]

CODES: dict[str, Code] = {
    **reading.CODES,
    **doses.CODES,
    **geometry.CODES,
    **running.CODES,
    **statistics.CODES,
    **outcomes.CODES,
}


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
