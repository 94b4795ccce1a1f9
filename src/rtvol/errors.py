"""Errors and findings: each has a stable code, and says what, where, what was seen, how to mend.

    RtvolError                   carries one Finding and the exit code of the command line
    |-- UsageError               2   the call itself is wrong (also a ValueError)
    |-- InputError               3   nothing usable was given
    |   `-- CaseRejected         1   this case gets no number, the others go on
    |-- GeometryError            1   geometry that cannot be (also a ValueError)
    |-- OutputRefused            4   the output cannot or must not be written
    `-- ExtraMissing             5   an optional dependency is not installed

`Finding`s of severity "warning" travel beside results; those of severity "error" reject a case; a
"note" is said and leaves the case accepted.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Literal, Self, get_args

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

Severity = Literal["note", "warning", "error"]
Status = Literal["accept", "warn", "reject"]


@dataclass(frozen=True)
class Finding:
    """Something a physicist must know about a case.

    Attributes
    ----------
    code
        Stable lower-case name, registered in `rtvol.codes.CODES`.
    severity
        "note": nothing to look at, but something was left out on purpose. "warning": the numbers
        stand, with this beside them. "error": there is no number.
    where
        Case, file, ROI, contour or slice, as far as known.
    seen
        What was found there.
    mend
        What to do about it.
    """

    code: str
    severity: Severity = "warning"
    where: str = ""
    seen: str = ""
    mend: str = ""

    def __post_init__(self) -> None:
        if self.severity not in get_args(Severity):
            raise ValueError(f"a finding is a note, a warning or an error, not {self.severity!r}")

    def as_warning(self) -> Finding:
        """Return it as a warning: what rejects one structure need not reject the case."""
        return replace(self, severity="warning")


def status_of(findings: Iterable[Finding]) -> Status:
    """Return what findings make of a case: notes alone leave it accepted."""
    worst = {finding.severity for finding in findings}
    return "reject" if "error" in worst else "warn" if "warning" in worst else "accept"


class RtvolError(Exception):
    """Root of all errors rtvol raises on purpose.

    `noticed` are the warnings that had been found before: often they say why it came to this.
    """

    exit_code: ClassVar[int] = 70

    def __init__(self, code: str, *, where: str = "", seen: str = "", mend: str = "") -> None:
        self.finding = Finding(code, "error", where, seen, mend)
        self.noticed: tuple[Finding, ...] = ()
        super().__init__(f"{seen or code} [{code}]")

    def at(self, where: str) -> Self:
        """Name the place (outermost first) and return the same error."""
        place = f"{where}, {self.finding.where}" if self.finding.where else where
        self.finding = replace(self.finding, where=place)
        return self


class UsageError(RtvolError, ValueError):
    """The call is wrong: a bad margin, an unknown metric."""

    exit_code = 2


class InputError(RtvolError):
    """Nothing usable was given."""

    exit_code = 3


class CaseRejected(InputError):
    """This case gets no number; the others go on."""

    exit_code = 1


class GeometryError(RtvolError, ValueError):
    """Geometry that cannot be, or that does not match."""

    exit_code = 1


class OutputRefused(RtvolError):
    """The output cannot be written, or must not be overwritten."""

    exit_code = 4


class ExtraMissing(RtvolError):
    """An optional dependency is not installed; `mend` holds the install line."""

    exit_code = 5


@contextmanager
def keep_noticed(findings: Sequence[Finding]) -> Iterator[None]:
    """Let an error of the block carry what had been noticed before it."""
    try:
        yield
    except RtvolError as error:
        error.noticed = (*findings, *error.noticed)
        raise
