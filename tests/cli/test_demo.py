"""`rtvol demo` and `rtvol warmup`: from nothing to tables and pictures, offline."""

from __future__ import annotations

import json
import shutil
import sys
from typing import TYPE_CHECKING, Any

from rtvol.report.pictures import draw_case

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

    Run = Callable[..., Any]

TARGETS = {"patient1": ["GTV"], "patient2": ["GTV1", "GTV2"], "patient3": ["GTV"]}


def test_the_demo_ends_in_tables_targets_and_pictures(
    rtvol: Run, tmp_path: Path, sample_dicom: Path
) -> None:
    folder = tmp_path / "demo"
    run = rtvol("demo", folder)
    assert run.code == 0
    assert "D95%[Gy]" in run.out
    assert str(folder / "pictures") in run.out
    pictures = sorted(path.name for path in (folder / "pictures").iterdir())
    assert pictures == [f"{case}-{gtv}.png" for case, gtvs in TARGETS.items() for gtv in gtvs]
    assert "true PFS" in run.out
    assert {"results.html", "fig1.png", "fig2.svg"} <= {
        p.name for p in (folder / "outcomes").iterdir()
    }
    for case in TARGETS:
        assert (folder / "out" / case / "RS.rtvol.dcm").is_file()
        assert (folder / "out" / case / "report.html").is_file()
    document = json.loads((folder / "out" / "result.json").read_text())
    truth = json.loads((sample_dicom / "truth.json").read_text())["patients"]
    for case in document["cases"]:
        for row in case["structures"]:
            if row["role"] == "roi":
                assert row["name"] in {"Duodenum", "Stomach"}
                assert row["metrics"].keys() == {"Mean[Gy]", "Max[Gy]"}
                continue
            assert row["metrics"].keys() >= {"D95%[Gy]", "Mean[Gy]"}
            # the plan's plateau ends about where the PTV does
            if row["lesion"]:
                assert row["metrics"]["Mean[Gy]"] > truth[case["case"]]["prescription_gy"]
    for path in sample_dicom.glob("patient?/*.dcm"):
        made = folder / "patients" / path.relative_to(sample_dicom)
        assert made.read_bytes() == path.read_bytes()
    again = rtvol("demo", folder)
    assert again.code == 4
    assert "[output-exists]" in again.err


def test_without_matplotlib_the_tables_come_before_what_is_missing(
    rtvol: Run, tmp_path: Path, sample_dicom: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write_one(folder: Path) -> None:
        shutil.copytree(sample_dicom / "patient2", folder / "patient2")

    monkeypatch.setattr("rtvol.phantoms.write_liver_patients", write_one)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    run = rtvol("demo", tmp_path / "demo", "--quiet")
    assert run.code == 5
    assert 'pip install "rtvol[report]"' in run.err
    assert "cumulative PTV" in run.out
    assert (tmp_path / "demo" / "out" / "result.json").is_file()


def test_a_case_without_a_ct_has_no_picture(tmp_path: Path, exports: Path) -> None:
    from rtvol.io import find, read_case
    from rtvol.margins import Margin, TargetRecipe
    from rtvol.verbs.expand import ExpandJob, case_targets

    for path in (exports / "good").glob("CT*.dcm"):
        path.unlink()
    case = read_case(find([exports]).cases[0])
    job = ExpandJob(TargetRecipe(Margin.uniform(2), Margin.uniform(4)))
    targets, findings = case_targets(case, job)
    assert "planes-from-contours" in [finding.code for finding in findings]
    assert draw_case(tmp_path / "pictures", case, targets, ()) == ()
    assert not (tmp_path / "pictures").exists()


def test_warmup_leaves_nothing_to_compile(rtvol: Run) -> None:
    run = rtvol("warmup")
    assert run.code == 0
    assert run.out.startswith("kernels are ready")
    assert "compiling" in run.err
    assert rtvol("warmup", "--quiet").err == ""
