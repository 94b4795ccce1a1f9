"""`rtvol outcomes`: from a folder of tables to a study, and what is refused on the way."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from rtvol.outcomes.demo.tables import write_cohort

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., Any]


@pytest.fixture
def cohort(tmp_path: Path) -> Path:
    return write_cohort(tmp_path / "cohort")


def test_demo_check_run(rtvol: Run, tmp_path: Path) -> None:
    folder, out = tmp_path / "demo", tmp_path / "study"
    made = rtvol("outcomes", "demo", folder)
    assert made.code == 0
    assert "SYNTHETIC" in made.out
    checked = rtvol("outcomes", "check", folder)
    assert checked.code == 0
    assert "0 errors" in checked.out
    assert "55 patients, 77 lesions" in checked.out
    ran = rtvol("outcomes", "run", folder, "--mode", "paper", "-o", out)
    assert ran.code == 0
    assert "83 (" in ran.out
    assert "true PFS" in ran.out
    assert (out / "results.html").is_file()
    again = rtvol("outcomes", "run", folder, "-o", out)
    assert again.code == 4
    assert "[output-exists]" in again.err
    assert rtvol("outcomes", "demo", folder).code == 4
    assert rtvol("outcomes", "demo", folder, "--seed", "5", "--overwrite").code == 0


def test_errors_are_all_said_and_nothing_is_written(
    rtvol: Run, cohort: Path, tmp_path: Path
) -> None:
    path = cohort / "patients.csv"
    path.write_text(path.read_text().replace(",M,", ",male,").replace("colorectal", "colon", 1))
    checked = rtvol("outcomes", "check", cohort)
    assert checked.code == 3
    assert checked.out.count("[unknown-code]") == 31
    ran = rtvol("outcomes", "run", cohort, "-o", tmp_path / "study")
    assert ran.code == 3
    assert "[unknown-code]" in ran.err
    assert "[cohort-rejected]" in ran.err
    assert not (tmp_path / "study").exists()


def test_check_as_json(rtvol: Run, cohort: Path) -> None:
    path = cohort / "lesions.csv"
    path.write_text(path.read_text().replace("L1,0,", "L1,0.5,", 1))
    document = json.loads(rtvol("outcomes", "check", cohort, "--json").out)
    assert document["schema"] == "rtvol/outcomes-check@1"
    assert document["status"] == "reject"
    errors = [p for p in document["problems"] if p["severity"] == "error"]
    assert {(p["code"], p["file"], p["row"], p["column"], p["value"]) for p in errors} >= {
        ("not-a-day", "lesions.csv", 2, "sbrt_start_day", "0.5")
    }


def test_run_as_json_is_one_document(rtvol: Run, cohort: Path, tmp_path: Path) -> None:
    document = json.loads(rtvol("outcomes", "run", cohort, "-o", tmp_path / "s", "--json").out)
    assert document["schema"] == "rtvol/outcomes@1"
    assert "SYNTHETIC" in document["rows"][0]["row"]


def test_a_folder_that_is_none(rtvol: Run, tmp_path: Path) -> None:
    ran = rtvol("outcomes", "check", tmp_path / "nowhere")
    assert ran.code == 3
    assert "[no-cohort]" in ran.err


@pytest.mark.parametrize(
    "words",
    [
        ("check", "--mode", "paper"),
        ("check", "-o", "x"),
        ("run", "--seed", "3", "-o", "x"),
        ("demo", "--config", "x.toml"),
        ("run",),
        ("analyse",),
        ("run", "-o", "x", "--mode", "modern"),
    ],
)
def test_options_that_would_do_nothing_are_refused(
    rtvol: Run, cohort: Path, words: tuple[str, ...]
) -> None:
    ran = rtvol("outcomes", words[0], cohort, *words[1:])
    assert ran.code == 2
    assert "[bad-call]" in ran.err


def test_wrong_settings(rtvol: Run, cohort: Path, tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("horizon = 3\n")
    ran = rtvol("outcomes", "run", cohort, "--config", tmp_path / "a.toml", "-o", tmp_path / "s")
    assert ran.code == 2
    assert "horizon: unknown key" in ran.err


def test_without_the_extra_the_install_line(
    rtvol: Run, cohort: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rtvol.outcomes.study.NEEDED", ("scipy", "jinja3"))
    ran = rtvol("outcomes", "run", cohort, "-o", tmp_path / "s")
    assert ran.code == 5
    assert 'pip install "rtvol[outcomes]"' in ran.err


def test_synthetic_lesions_as_dicom_are_measured_as_drawn(rtvol: Run, tmp_path: Path) -> None:
    """From generated exports over `expand` to volumes: those of the cohort's own lesions."""
    folder = tmp_path / "demo"
    assert rtvol("outcomes", "demo", folder, "--dicom", "2").code == 0
    exports = folder / "exports"
    lines = (folder / "lesions.csv").read_text().splitlines()
    place = lines[0].split(",").index("gtv_ml")
    drawn: dict[str, list[float]] = {}
    for line in lines[1:]:
        cells = line.split(",")
        drawn.setdefault(cells[0], []).append(float(cells[place]))
    ran = rtvol("expand", exports, "--ctv", "2", "--ptv", "4", "--dry-run", "--json", "--quiet")
    assert ran.code == 0
    cases = json.loads(ran.out)["cases"]
    assert sorted(case["case"] for case in cases) == sorted(p.name for p in exports.iterdir())
    for case in cases:
        measured = [row["volume_cc"] for row in case["structures"] if row["role"] == "gtv"]
        assert measured == pytest.approx(drawn[case["case"]], rel=0.06)
    shutil.rmtree(exports)
    assert rtvol("outcomes", "demo", folder, "--dicom", "999", "--overwrite").code == 2


def test_quiet_is_quiet(rtvol: Run, tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    for words in (("demo", folder), ("check", folder), ("run", folder, "-o", tmp_path / "s")):
        ran = rtvol("outcomes", *words, "--quiet")
        assert ran.code == 0
        assert ran.err == ""
    assert (tmp_path / "s" / "results.html").is_file()


def test_problems_are_shown_by_kind_with_their_number(rtvol: Run, cohort: Path) -> None:
    path = cohort / "patients.csv"
    path.write_text(path.read_text().replace("colorectal", "rectal tumour"))
    checked = rtvol("outcomes", "check", cohort)
    assert "error: a value is not one of the codes, 36 x" in checked.out
    assert "rectal tumour" not in checked.out
    assert "rectal tumour" in rtvol("outcomes", "check", cohort, "--show-text").out
    path.write_text(path.read_text().replace(",1,oligo", ",9,oligo").replace("SYN", "X Y"))
    many = rtvol("outcomes", "check", cohort).out
    assert "more: --verbose" in many
    assert "more: --verbose" not in rtvol("outcomes", "check", cohort, "--verbose").out
