"""The outcome tables as a target: five CSV files of a small synthetic cohort, spoilt."""

from __future__ import annotations

import csv
import io
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from fuzz.mutate import mutate_lines
from rtvol.errors import RtvolError

if TYPE_CHECKING:
    import random

TABLES = ("lesions", "lesion_followup", "patients", "toxicity", "screening")
NEXT_FILE = b"\n--next-table--\n"
#: Of the synthetic cohort, those of the first patients.
PATIENTS = 6


@cache
def seeds() -> list[bytes]:
    from rtvol.outcomes.demo.tables import pseudonym, write_cohort

    few = {pseudonym(number) for number in range(PATIENTS)}
    with tempfile.TemporaryDirectory() as folder:
        whole = write_cohort(Path(folder) / "cohort")
        parts = []
        for name in TABLES:
            header, *rows = (whole / f"{name}.csv").read_text(encoding="utf-8").splitlines()
            parts.append("\n".join([header, *(r for r in rows if r.split(",")[0] in few)]) + "\n")
    data = NEXT_FILE.join(part.encode() for part in parts)
    return [data, NEXT_FILE.join(data.split(NEXT_FILE)[:3])]


def spoil(data: bytes, dice: random.Random) -> bytes:
    parts = data.split(NEXT_FILE)
    at = dice.randrange(len(parts))
    parts[at] = mutate_lines(parts[at], dice)
    return NEXT_FILE.join(parts[: len(TABLES)])


def check(data: bytes, folder: Path) -> None:
    """Five tables: refused, or every id is text as it stood, and every volume the number."""
    from rtvol.outcomes import Cohort

    for name, part in zip(TABLES, data.split(NEXT_FILE), strict=False):
        (folder / f"{name}.csv").write_bytes(part)
    for name in TABLES[data.count(NEXT_FILE) + 1 :]:
        (folder / f"{name}.csv").unlink(missing_ok=True)
    try:
        cohort = Cohort.read(folder)
    except RtvolError:
        return
    patients, lesions = _plain(folder / "patients.csv"), _plain(folder / "lesions.csv")
    assert [one.patient_id for one in cohort.patients] == [row["patient_id"] for row in patients]
    found = [(one.patient_id, one.lesion_id) for one in cohort.lesions]
    assert sorted(found) == sorted((row["patient_id"], row["lesion_id"]) for row in lesions)
    if "ptv_ml" in lesions[0]:
        volumes = {(row["patient_id"], row["lesion_id"]): row["ptv_ml"] for row in lesions}
        for one in cohort.lesions:
            assert one.ptv_ml == float(volumes[one.patient_id, one.lesion_id])


def _plain(path: Path) -> list[dict[str, str]]:
    """Cells without blanks around them; rows without any cell left out."""
    text = path.read_bytes().decode("utf-8-sig")
    header, *rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    names = [name.strip() for name in header]
    cells = [[cell.strip() for cell in row] for row in rows]
    return [dict(zip(names, row, strict=True)) for row in cells if any(row)]
