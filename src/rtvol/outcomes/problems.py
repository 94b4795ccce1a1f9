"""What is wrong with a data set: all of it in one pass, each with file, row, column and remedy."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from rtvol.errors import Finding, InputError
from rtvol.outcomes.privacy import shown

if TYPE_CHECKING:
    from rtvol.errors import Severity

#: Longest part of a value that a message repeats.
SHOWN_LETTERS = 40


class Place(NamedTuple):
    """A cell: file name, row as a spreadsheet counts it (the header is row 1; 0: none), column."""

    file: str
    row: int = 0
    column: str = ""

    @property
    def text(self) -> str:
        """The place in words."""
        parts = [self.file, f"row {self.row}" if self.row else "", self.column]
        return ", ".join(part for part in parts if part)


@dataclass(frozen=True)
class Problem:
    """One thing wrong with, or worth knowing about, a data set.

    Attributes
    ----------
    code, severity
        Registered code; "error" stops the analysis, "warning" travels with it.
    place
        File, row and column.
    value
        What stands there; hidden when it may name a person.
    rule, remedy
        What must hold, and what to do.
    """

    code: str
    severity: Severity
    place: Place
    value: str
    rule: str
    remedy: str

    @property
    def finding(self) -> Finding:
        """The same in the four parts every rtvol finding has."""
        seen = f"{self.value or '(empty)'}; rule: {self.rule}" if self.rule else self.value
        return Finding(self.code, self.severity, self.place.text, seen, self.remedy)


@dataclass
class Problems:
    """A list that grows while a data set is read; it is frozen into the cohort at the end.

    Attributes
    ----------
    found
        So far.
    free_text
        Whether messages may repeat words that are no codes.
    """

    found: list[Problem] = field(default_factory=list)
    free_text: bool = False

    def cell(self, *texts: object) -> str:
        """Return what a message may repeat of cells."""
        return " ".join(shown(str(text), free_text=self.free_text) for text in texts)

    def error(self, code: str, place: Place, value: object, rule: str, remedy: str) -> None:
        """Note something that stops the analysis."""
        self.found.append(Problem(code, "error", place, _shown(value), rule, remedy))

    def warn(self, code: str, place: Place, value: object, rule: str, remedy: str) -> None:
        """Note something to know beside the numbers."""
        self.found.append(Problem(code, "warning", place, _shown(value), rule, remedy))

    @property
    def errors(self) -> tuple[Problem, ...]:
        """Those that stop the analysis."""
        return tuple(problem for problem in self.found if problem.severity == "error")

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """Those that do not."""
        return tuple(problem for problem in self.found if problem.severity == "warning")


class CohortRejected(InputError):
    """The data set has errors; `problems` lists all of them, warnings included."""

    def __init__(self, problems: tuple[Problem, ...], where: str) -> None:
        self.problems = problems
        count = sum(problem.severity == "error" for problem in problems)
        super().__init__(
            "cohort-rejected",
            where=where,
            seen=f"{count} error{'s' if count != 1 else ''} in the data set",
            mend="mend what is listed, then `rtvol outcomes check` again",
        )


def _shown(value: object) -> str:
    text = " ".join(str(value).split())
    if isinstance(value, int | float):
        return shown(text)
    return text if len(text) <= SHOWN_LETTERS else text[: SHOWN_LETTERS - 1] + "…"
