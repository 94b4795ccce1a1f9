"""Every finding code: what it means, its usual verdict and how to mend it (`rtvol help codes`)."""

from __future__ import annotations

from rtvol.codes import geometry, outcomes, reading, running, statistics
from rtvol.codes.kinds import Code, Verdict

__all__ = ["CODES", "Code", "Verdict"]

CODES: dict[str, Code] = {
    **reading.CODES,
    **geometry.CODES,
    **running.CODES,
    **statistics.CODES,
    **outcomes.CODES,
}
