"""What `rtvol collect` hands over, `rtvol outcomes check` takes: two rooms, one contract."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pytest

from naive.exports import RECIPE, write_exports
from rtvol.cli import main
from rtvol.outcomes.fields import TABLES, column_of
from rtvol.tables.lesion_table import LESIONS, PATIENTS

if TYPE_CHECKING:
    from pathlib import Path

#: What a clinic adds for each lesion, and for each patient.
FOLLOWED = {
    "best_response": "PR",
    "local_failure": "0",
    "local_failure_day": "",
    "last_imaging_day": "300",
    "salvage_day": "",
}
PATIENT = {
    "sex": "F",
    "age_at_sbrt_years": "60",
    "primary_site": "colorectal",
    "histology": "adenocarcinoma",
    "primary_controlled": "1",
    "disease_class": "oligo_recurrence",
    "extrahepatic_disease": "0",
    "systemic_after_recurrence": "0",
    "dx_day": "-30",
    "progression": "0",
    "progression_day": "",
    "fail_local": "0",
    "fail_local_day": "",
    "fail_intrahepatic": "0",
    "fail_intrahepatic_day": "",
    "fail_extrahepatic": "0",
    "fail_extrahepatic_day": "",
    "death": "0",
    "death_day": "",
    "last_contact_day": "400",
}


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def write(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0])
        writer.writeheader()
        writer.writerows(rows)


@pytest.mark.parametrize("sheet", [LESIONS, PATIENTS], ids=lambda sheet: sheet.name)
def test_every_column_handed_over_is_in_the_dictionary_with_its_unit(sheet) -> None:
    for column in sheet.columns:
        known = column_of(TABLES[sheet.name], column.name)
        assert known is not None, column.name
        assert known.unit == column.unit, column.name
        assert (known.kind in {"whole", "day"}) == (column.kind == "count"), column.name


def test_what_is_collected_passes_the_check_once_the_clinic_has_filled_it_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RTVOL_SALT", "salt")
    monkeypatch.setenv("RTVOL_CONFIG", str(tmp_path / "none.toml"))
    exports, out, cohort = write_exports(tmp_path / "e", 2), tmp_path / "o", tmp_path / "cohort"
    (tmp_path / "liver.toml").write_text(RECIPE)
    assert main(["run", str(tmp_path / "liver.toml"), str(exports), "-o", str(out)]) == 0
    cohort.mkdir()
    for name in ("lesions", "patients"):
        words = ["collect", str(out), "-o", str(cohort / f"{name}.csv"), "--table", name]
        assert main(words) == 0
    assert main(["outcomes", "check", str(cohort)]) != 0
    assert "lesion_followup" in capsys.readouterr().out
    lesions = [row | {"sbrt_start_day": "0"} for row in read(cohort / "lesions.csv")]
    write(cohort / "lesions.csv", lesions)
    keys = ("patient_id", "lesion_id")
    followed = [{key: row[key] for key in keys} | FOLLOWED for row in lesions]
    write(cohort / "lesion_followup.csv", followed)
    write(cohort / "patients.csv", [row | PATIENT for row in read(cohort / "patients.csv")])
    assert main(["outcomes", "check", str(cohort)]) == 0, capsys.readouterr().err
