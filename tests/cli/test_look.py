"""`rtvol scan`, `inspect`, `help` and the frame of all commands."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from rtvol import __version__
from rtvol.cli import EXIT_CODES
from rtvol.cli.app import COMMANDS
from rtvol.codes import CODES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., Any]


def test_scan_lists_every_case_of_a_tree(rtvol: Run, sample_dicom: Path) -> None:
    run = rtvol("scan", sample_dicom)
    assert run.code == 0
    rows = [re.split(r"  +", line) for line in run.out.splitlines()]
    assert rows[0] == ["case", "status", "position", "CT", "ROIs", "doses", "plan", "GTVs"]
    cases = {row[0]: row for row in rows[1:]}
    assert sorted(cases) == ["patient1", "patient2", "patient3"]
    assert cases["patient3"][2] == "HFP"
    assert cases["patient2"][7] == "GTV1, GTV2"


def test_scan_counts_what_the_truth_says(rtvol: Run, sample_dicom: Path) -> None:
    truth = json.loads((sample_dicom / "truth.json").read_text())["patients"]
    document = json.loads(rtvol("scan", sample_dicom, "--json").out)
    assert document["schema"] == "rtvol/scan@1"
    assert document["rtvol"] == __version__
    assert [case["case"] for case in document["cases"]] == sorted(truth)
    for case in document["cases"]:
        expected = truth[case["case"]]
        assert case["roi_count"] == len(expected["structures"])
        assert case["ct"]["voxels"][0] == expected["slices"]
        assert case["ct"]["spacing_mm"][0] == pytest.approx(expected["slice_spacing_mm"])
        assert case["prescription_gy"] == expected["prescription_gy"]
        assert case["fractions"] == expected["fractions"]
        assert case["patient_position"] == expected["position"]
        assert "patient" not in case


def test_inspect_gives_each_structure_its_volume_and_planes(rtvol: Run, sample_dicom: Path) -> None:
    truth = json.loads((sample_dicom / "truth.json").read_text())["patients"]
    document = json.loads(rtvol("inspect", sample_dicom, "--json").out)
    assert document["schema"] == "rtvol/inspect@1"
    for case in document["cases"]:
        expected = truth[case["case"]]["structures"]
        rois = {roi["name"]: roi for roi in case["rois"]}
        assert list(rois) == list(expected)
        for name, roi in rois.items():
            assert roi["planes"] == expected[name]["planes"]
            assert roi["kind"] == expected[name]["kind"]
            assert roi["volume_cc"] == pytest.approx(expected[name]["stack_cc"], rel=2e-3)
        (dose,) = case["doses"]
        assert dose["summation"] == "PLAN"
        assert 45 < dose["max_gy"] <= 54.0001


def test_inspect_says_what_to_do_next(rtvol: Run, sample_dicom: Path) -> None:
    run = rtvol("inspect", sample_dicom / "patient2")
    assert run.code == 0
    folder = sample_dicom / "patient2"
    assert f"next: rtvol expand {folder} --gtv GTV1 --gtv GTV2 --ctv 2 --ptv 4" in run.out
    holes = rtvol("inspect", sample_dicom / "patient3").out
    (liver,) = [line.split() for line in holes.splitlines() if line.split()[:1] == ["Liver"]]
    assert int(liver[-1]) > 0


def test_version_and_help(rtvol: Run) -> None:
    assert rtvol("--version").out == f"rtvol {__version__}\n"
    overview = rtvol("--help").out
    assert all(f" {name} " in overview for name in COMMANDS)
    for name in COMMANDS:
        page = rtvol(name, "--help")
        assert page.code == 0
        assert page.out.startswith(f"Usage: rtvol {name}")


def test_help_pages_are_whole(rtvol: Run) -> None:
    codes = rtvol("help", "codes").out
    assert all(f"{code} " in codes for code in CODES)
    exits = rtvol("help", "exit-codes").out
    assert all(re.search(rf"^ *{value} ", exits, re.MULTILINE) for value in EXIT_CODES)


def test_an_unknown_command_is_usage_and_says_the_nearest(rtvol: Run) -> None:
    run = rtvol("expan", "x")
    assert run.code == 2
    assert 'Did you mean "expand"?' in run.err
    assert run.out == ""


def test_a_bug_is_one_line_without_debug_and_a_traceback_with_it(
    rtvol: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(words: object) -> None:
        raise ZeroDivisionError(f"in {words}")

    monkeypatch.setattr("rtvol.cli.app.build_app", fail)
    run = rtvol("scan", "x")
    assert run.code == 70
    assert "Traceback" not in run.err
    assert "--debug" in run.err
    assert "Traceback" in rtvol("scan", "x", "--debug").err


def test_stopping_is_exit_130(rtvol: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(words: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("rtvol.cli.app.build_app", stop)
    assert rtvol("scan", "x").code == 130


def test_a_path_that_is_not_there_is_exit_3(rtvol: Run, tmp_path: Path) -> None:
    run = rtvol("scan", tmp_path / "nowhere")
    assert run.code == 3
    assert "Traceback" not in run.err
