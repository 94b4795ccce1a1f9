"""What a finding code is registered with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["accept", "note", "warn", "reject", "usage", "refused"]


@dataclass(frozen=True)
class Code:
    """One registered code: its usual verdict, what it means and the general mend."""

    verdict: Verdict
    meaning: str
    mend: str
