"""What a finished case leaves behind as numbers: its record, from which all tables are made."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rtvol.files import write_text
from rtvol.tables.document import case_entry, parse_case

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from rtvol.tables.rows import CaseResult

SCHEMA = "rtvol/record@1"


@dataclass(frozen=True)
class Record:
    """One finished case.

    Attributes
    ----------
    result
        Its numbers.
    patient
        Pseudonym of the patient: a salted hash, the same in every case of the patient.
    source
        Salted hash of the case.
    prescription_gy, fractions
        What is prescribed; None where that is not known.
    prescribed_by
        "recipe", "RTPLAN" or both in words.
    settings
        SHA-256 over recipe and versions.
    versions
        Versions of rtvol and of the libraries that make numbers.
    """

    result: CaseResult
    patient: str
    source: str
    prescription_gy: float | None
    fractions: int | None
    prescribed_by: str
    settings: str
    versions: Mapping[str, str]


def write_record(path: Path, record: Record) -> None:
    """Write a record as JSON, all or nothing.

    Raises
    ------
    OutputRefused
        `output-unwritable`.
    """
    document = {
        "schema": SCHEMA,
        "patient": record.patient,
        "source": record.source,
        "prescription_gy": record.prescription_gy,
        "fractions": record.fractions,
        "prescribed_by": record.prescribed_by,
        "settings": record.settings,
        "versions": dict(record.versions),
        "result": case_entry(record.result),
    }
    text = json.dumps(document, indent=1, allow_nan=False)
    write_text(path, text + "\n", overwrite=True)


def parse_record(text: str | bytes) -> Record:
    """Return the record a JSON text holds; nothing is rounded on the way.

    Raises
    ------
    ValueError, KeyError, TypeError
        It is none.
    """
    document: dict[str, Any] = json.loads(text)
    if document["schema"] != SCHEMA:
        raise ValueError(f"schema {document['schema']}")
    return Record(
        result=parse_case(document["result"]),
        patient=document["patient"],
        source=document["source"],
        prescription_gy=document["prescription_gy"],
        fractions=document["fractions"],
        prescribed_by=document["prescribed_by"],
        settings=document["settings"],
        versions=document["versions"],
    )
