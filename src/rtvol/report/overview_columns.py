"""The columns of an overview's table of cases: one line per case."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from rtvol.structures import target_kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from rtvol.report.cohort import CohortCase
    from rtvol.tables.rows import StructureRow


@dataclass(frozen=True)
class CaseLine:
    """One case in the table.

    Attributes
    ----------
    case, status
        Its name, and what became of it.
    points, reasons
        How much it is worth a look, and why.
    lesions
        Number of lesions.
    gtv_cc, ctv_cc, ptv_cc
        Volumes: of GTVs and CTVs made the sum, of PTVs their union; of drawn ones the largest.
    lost_percent
        Most that organs took of a PTV.
    ctv_mm, ptv_mm
        Least achieved margin over the lesions.
    d95_gy
        Least D95% over the PTVs.
    passed, failed, unsure
        Goals by verdict.
    outlying
        Number of values that stand apart.
    findings
        Codes of the findings.
    """

    case: str
    status: str
    lesions: int
    gtv_cc: float | None
    ctv_cc: float | None
    ptv_cc: float | None
    lost_percent: float | None
    ctv_mm: float | None
    ptv_mm: float | None
    d95_gy: float | None
    passed: int
    failed: int
    unsure: int
    outlying: int
    findings: tuple[str, ...]
    points: int = 0
    reasons: tuple[str, ...] = ()

    @classmethod
    def of(cls, case: CohortCase, outlying: int) -> CaseLine:
        """Return the line of a case, without its points."""
        result = case.result
        rows = result.structures
        verdicts = [goal.verdict for goal in result.goals]
        union = result.cumulative_ptv_cc
        return cls(
            case=result.case,
            status=result.status,
            lesions=len({row.lesion for row in rows if row.lesion}),
            gtv_cc=_volume(rows, "gtv"),
            ctv_cc=_volume(rows, "ctv"),
            ptv_cc=_volume(rows, "ptv") if union is None else union,
            lost_percent=_most(clip.lost_percent for row in rows for clip in row.clips),
            ctv_mm=_least(row.achieved_mm.get("min") for row in rows if row.role == "ctv"),
            ptv_mm=_least(
                row.achieved_mm.get("min") for row in rows if row.role in ("ptv", "ptv_clip")
            ),
            d95_gy=_least(row.metrics.get("D95%[Gy]") for row in rows if _is(row, "ptv")),
            passed=verdicts.count("pass"),
            failed=verdicts.count("fail"),
            unsure=verdicts.count("cannot say"),
            outlying=outlying,
            findings=tuple(dict.fromkeys(one.code for one in result.findings)),
        )


def _is(row: StructureRow, role: str) -> bool:
    """Whether a row is a target of a role: made, or drawn and named so."""
    return row.role == role or (row.role == "roi" and target_kind(row.name) == role.upper())


def _volume(rows: Iterable[StructureRow], role: str) -> float | None:
    known = [(row.role, row.volume.cc) for row in rows if _is(row, role)]
    made = [cc for own, cc in known if own == role]
    if made:  # a sum without one of them would be too small
        return None if None in made else sum(cc for cc in made if cc is not None)
    return _most(cc for _, cc in known)


def _least(values: Iterable[float | None]) -> float | None:
    return min((value for value in values if value is not None), default=None)


def _most(values: Iterable[float | None]) -> float | None:
    return max((value for value in values if value is not None), default=None)


@dataclass(frozen=True)
class OverviewColumn:
    """One column: its key, heading, what it means, kind and digits, and where in a line it is."""

    key: str
    label: str
    about: str
    kind: Literal["text", "number"]
    digits: int
    get: Callable[[CaseLine], Any]

    @property
    def entry(self) -> dict[str, Any]:
        """What the page's scripts know of it."""
        words = {"key": self.key, "label": self.label, "about": self.about}
        return {**words, "kind": self.kind, "digits": self.digits}


def _text(
    key: str, label: str, about: str, get: Callable[[CaseLine], str] | None = None
) -> OverviewColumn:
    return OverviewColumn(key, label, about, "text", 0, get or (lambda line: getattr(line, key)))


def _number(key: str, label: str, about: str, digits: int = 0) -> OverviewColumn:
    return OverviewColumn(key, label, about, "number", digits, lambda line: getattr(line, key))


COLUMNS: tuple[OverviewColumn, ...] = (
    _text("case", "Case", "folder of the structure set, or its pseudonym"),
    _text("status", "Status", "accept; warn: used with findings; reject: no number"),
    _number("points", "Look", "points: how much the case is worth a look"),
    _number("outlying", "Outlying", "values that stand apart from those of the other cases"),
    _number("failed", "Failed", "goals that failed"),
    _number("unsure", "Cannot say", "goals that cannot be judged"),
    _number("passed", "Passed", "goals that were met"),
    _number("lesions", "Lesions", "number of lesions"),
    _number("gtv_cc", "GTV cc", "sum over the lesions; of drawn GTVs the largest", 2),
    _number("ctv_cc", "CTV cc", "sum over the lesions; of drawn CTVs the largest", 2),
    _number("ptv_cc", "PTV cc", "union of the PTVs made; of drawn ones the largest", 2),
    _number("lost_percent", "Lost %", "most that an organ took of a target", 1),
    _number("ctv_mm", "CTV mm", "least achieved margin from GTV to CTV", 2),
    _number("ptv_mm", "PTV mm", "least achieved margin to the PTV, less organs where they cut", 2),
    _number("d95_gy", "D95 Gy", "least D95% over the PTVs", 2),
    _text("reasons", "Why", "why it is worth a look", lambda line: "; ".join(line.reasons)),
    _text("findings", "Findings", "codes of the findings", lambda line: ", ".join(line.findings)),
)
