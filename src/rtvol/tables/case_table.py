"""The table of cases: one row per case of a run, rejected ones too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rtvol.tables.sheet import Column, Sheet, joined

if TYPE_CHECKING:
    from rtvol.errors import Finding
    from rtvol.tables.record import Record


@dataclass(frozen=True)
class CaseRow:
    """What became of a case: its record, or why it has none.

    Attributes
    ----------
    case, status, folder
        Its name, what became of it, and its folder below `cases`.
    findings
        What was noticed.
    record
        Its numbers; None for a rejected case.
    """

    case: str
    status: str
    folder: str
    findings: tuple[Finding, ...]
    record: Record | None


CASES: Sheet[CaseRow] = Sheet(
    "cases",
    "rtvol/cases@1",
    (
        Column(
            "case", "text", "", "folder of the structure set, or its pseudonym", lambda at: at.case
        ),
        Column(
            "patient_id",
            "text",
            "",
            "pseudonym of the patient",
            lambda at: at.record.patient if at.record else None,
        ),
        Column("status", "text", "", "accept, warn or reject", lambda at: at.status),
        Column(
            "codes",
            "text",
            "",
            "codes of the findings",
            lambda at: joined(dict.fromkeys(one.code for one in at.findings)),
        ),
        Column(
            "prescription_gy",
            "number",
            "Gy",
            "prescribed dose",
            lambda at: at.record.prescription_gy if at.record else None,
        ),
        Column(
            "fractions",
            "count",
            "",
            "number of fractions",
            lambda at: at.record.fractions if at.record else None,
        ),
        Column(
            "prescribed_by",
            "text",
            "",
            "recipe, RTPLAN",
            lambda at: at.record.prescribed_by if at.record else None,
        ),
        Column(
            "cumulative_ptv_cc",
            "number",
            "cc",
            "volume of the union of all PTVs",
            lambda at: at.record.result.cumulative_ptv_cc if at.record else None,
        ),
        Column(
            "sum_ptv_cc",
            "number",
            "cc",
            "plain sum of their volumes",
            lambda at: at.record.result.sum_ptv_cc if at.record else None,
        ),
        Column(
            "findings",
            "text",
            "",
            "what was noticed",
            lambda at: joined(f"[{one.code}] {one.where}: {one.seen}" for one in at.findings),
        ),
        Column("folder", "text", "", "folder below cases/", lambda at: at.folder),
    ),
)
