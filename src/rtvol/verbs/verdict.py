"""Results of cases: what findings make of their status."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rtvol.errors import status_of
from rtvol.tables.rows import CaseResult

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rtvol.errors import Finding
    from rtvol.io import CaseFiles
    from rtvol.tables.rows import StructureRow


def case_result(
    case: str,
    findings: Iterable[Finding],
    *,
    structures: Iterable[StructureRow],
    cumulative_ptv_cc: float | None = None,
    sum_ptv_cc: float | None = None,
) -> CaseResult:
    """Return the result of a case that was read: accepted, or used with its findings."""
    noticed = tuple(dict.fromkeys(findings))
    return CaseResult(
        case=case,
        status=status_of(noticed),
        findings=noticed,
        cumulative_ptv_cc=cumulative_ptv_cc,
        sum_ptv_cc=sum_ptv_cc,
        structures=tuple(structures),
    )


def rejected(files: CaseFiles, finding: Finding, noticed: Iterable[Finding] = ()) -> CaseResult:
    """Return the result of a case that gets no number: why, behind what was noticed before."""
    findings = dict.fromkeys((*files.findings, *noticed, finding))
    return CaseResult(files.name, "reject", tuple(findings))
