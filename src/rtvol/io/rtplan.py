"""RTPLAN -> Plan: what is prescribed, in how many fractions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rtvol import codes
from rtvol.case import Plan
from rtvol.io import tags
from rtvol.io.headers import read_header

if TYPE_CHECKING:
    from pathlib import Path

    from rtvol.errors import Finding
    from rtvol.io.headers import Header


def _prescription(header: Header, findings: list[Finding]) -> float | None:
    """Dose prescribed to the target in Gy (PS3.3 C.8.8.10), when the plan says one.

    A dose at a point (a calculation point, say) counts only where no volume or site has one.
    """
    targets = [
        item
        for item in header.items(tags.DOSE_REFERENCE_SEQUENCE)
        if item.text(tags.DOSE_REFERENCE_TYPE).upper() == "TARGET"
        and item.has(tags.TARGET_PRESCRIPTION_DOSE)
    ]
    extended = [
        item
        for item in targets
        if item.text(tags.DOSE_REFERENCE_STRUCTURE_TYPE).upper() not in ("POINT", "COORDINATES")
    ]
    targets = extended or targets
    doses = [item.number(tags.TARGET_PRESCRIPTION_DOSE) for item in targets]
    different = sorted({dose for dose in doses if dose is not None and dose > 0})
    if len(different) == 1:
        return different[0]
    if different:
        seen = "target doses are " + ", ".join(f"{dose:g} Gy" for dose in different)
        mend = "give the prescription of the target you evaluate"
        findings.append(codes.PRESCRIPTION_AMBIGUOUS.warn(where="RTPLAN", seen=seen, mend=mend))
    return None


def _fractions(header: Header, findings: list[Finding]) -> int | None:
    """Return the number of fractions planned (PS3.3 C.8.8.13), when there is one group."""
    groups = header.items(tags.FRACTION_GROUP_SEQUENCE)
    counts = [group.whole(tags.NUMBER_OF_FRACTIONS_PLANNED) for group in groups]
    if len(counts) == 1:
        return counts[0]
    if counts:
        seen = f"{len(counts)} fraction groups"
        mend = "give the number of fractions, or one plan per group"
        findings.append(codes.FRACTIONS_AMBIGUOUS.warn(where="RTPLAN", seen=seen, mend=mend))
    return None


def _beams(header: Header) -> tuple[int, ...]:
    """Return the numbers of the beams that deliver dose: those with a Beam Meterset above 0."""
    numbers = set()
    for group in header.items(tags.FRACTION_GROUP_SEQUENCE):
        for beam in group.items(tags.REFERENCED_BEAM_SEQUENCE):
            number = beam.whole(tags.REFERENCED_BEAM_NUMBER)
            if number is not None and (beam.number(tags.BEAM_METERSET) or 0) > 0:
                numbers.add(number)
    return tuple(sorted(numbers))


def build_plan(header: Header) -> tuple[Plan, tuple[Finding, ...]]:
    """Plan of a header (see `read_plan`)."""
    findings: list[Finding] = []
    references = header.items(tags.REFERENCED_STRUCTURE_SET_SEQUENCE)
    plan = Plan(
        label=header.label(tags.RT_PLAN_LABEL),
        sop_uid=header.uid(tags.SOP_INSTANCE_UID),
        prescription_gy=_prescription(header, findings),
        fractions=_fractions(header, findings),
        structure_set_uid=(
            references[0].uid(tags.REFERENCED_SOP_INSTANCE_UID) if references else ""
        ),
        beams=_beams(header),
    )
    return plan, tuple(findings)


def read_plan(path: Path) -> tuple[Plan, tuple[Finding, ...]]:
    """Read prescription (Gy) and fractions of a RTPLAN; what it does not say plainly is None.

    Raises
    ------
    CaseRejected
        `bad-number`, and those of a file that cannot be read.
    """
    return build_plan(read_header(path, into=tags.PRESCRIPTION))
