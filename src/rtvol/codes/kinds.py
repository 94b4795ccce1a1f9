"""What a finding code is registered with, and how it is raised."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rtvol.errors import Finding

Verdict = Literal["accept", "note", "warn", "reject", "usage", "refused"]


@dataclass(frozen=True)
class Code:
    """One registered code.

    Attributes
    ----------
    verdict
        Its usual verdict.
    meaning, mend
        What it means, and how it is mended in general.
    name
        The code itself, by which it stands in the register.
    """

    verdict: Verdict
    meaning: str
    mend: str
    name: str = ""

    def warn(self, *, where: str = "", seen: str = "", mend: str = "") -> Finding:
        """Return it as a warning: the numbers stand, with this beside them.

        Parameters
        ----------
        where
            Case, file, ROI, contour or slice, as far as known.
        seen
            What was found there.
        mend
            What to do about it; the general mend when empty.
        """
        return Finding(self.name, "warning", where, seen, mend or self.mend)

    def note(self, *, where: str = "", seen: str = "", mend: str = "") -> Finding:
        """Return it as a note: the case stays accepted. Parameters are those of `warn`."""
        return Finding(self.name, "note", where, seen, mend or self.mend)

    def error(self, *, where: str = "", seen: str = "", mend: str = "") -> Finding:
        """Return it as an error: there is no number. Parameters are those of `warn`."""
        return Finding(self.name, "error", where, seen, mend or self.mend)
