"""`rtvol dvh`: calls and doses that cannot be have no number, a code and a reason."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pydicom
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., Any]


def case_of(run: Any) -> dict[str, Any]:
    (case,) = json.loads(run.out)["cases"]
    return case


def rows_of(run: Any) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in case_of(run)["structures"]}


def change(path: Path, **values: Any) -> None:
    data = pydicom.dcmread(path)
    for key, value in values.items():
        setattr(data, key, value)
    data.save_as(path)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--prescription", "0"), "bad-call"),
        (("--prescription", "nan"), "bad-call"),
        (("--fractions", "0"), "bad-call"),
        (("--as", "bed", "--lql", "x"), "bad-fractionation"),
        (("--as", "bed", "--lql", "6:-1"), "bad-fractionation"),
        (("--as", "bed", "--alpha-beta", "0"), "bad-fractionation"),
        (("--goals", "no-such-set"), "bad-goals"),
        (("--as", "bed", "--sum", "eqd2", "--alpha-beta", "3"), "bad-call"),
    ],
)
def test_a_call_that_cannot_be_is_refused(
    words: tuple[str, ...], code: str, rtvol: Run, exports: Path
) -> None:
    run = rtvol("dvh", exports, *words)
    assert run.code == 2
    assert f"[{code}]" in run.err


def test_a_caret_stands_below_its_character(rtvol: Run, exports: Path) -> None:
    lines = rtvol("dvh", exports, "--metric", "D95").err.splitlines()
    (at,) = [n for n, line in enumerate(lines) if line.endswith("D95")]
    assert lines[at + 1].index("^") == lines[at].index("D95") + 3


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"DoseUnits": "RELATIVE"}, "dose-relative"),
        ({"DoseUnits": ""}, "dose-no-units"),
        ({"DoseType": "ERROR"}, "dose-type-error"),
        ({"DoseGridScaling": None}, "dose-no-scaling"),
        ({"FrameOfReferenceUID": "1.2.3.4"}, "no-dose"),
    ],
)
def test_a_dose_that_is_none_gives_no_number(
    changes: dict[str, Any], code: str, rtvol: Run, exports: Path
) -> None:
    change(exports / "good" / "RD.dcm", **changes)
    run = rtvol("dvh", exports, "--goals", "liver-sbrt-3fx", "--json")
    assert run.code == 1
    case = case_of(run)
    assert (case["status"], case["structures"]) == ("reject", [])
    assert "goals" not in case
    (finding,) = [one for one in case["findings"] if one["severity"] == "error"]
    assert finding["code"] == "no-dose"
    assert code in [one["code"] for one in case["findings"]]


def test_a_grid_that_covers_half_the_structure_gives_no_number(rtvol: Run, exports: Path) -> None:
    path = exports / "good" / "RD.dcm"
    data = pydicom.dcmread(path)
    values = data.pixel_array
    half = values[:, :, values.shape[2] // 2 + 4 :]
    data.Columns = half.shape[2]
    data.PixelData = np.ascontiguousarray(half).tobytes()
    x, y, z = map(float, data.ImagePositionPatient)
    shift = (values.shape[2] - half.shape[2]) * float(data.PixelSpacing[1])
    data.ImagePositionPatient = [x + shift, y, z]
    data.save_as(path)
    words = ("--roi", "GTV", "--metric", "Mean", "--metric", "CI", "--metric", "V20Gy", "--metric")
    row = rows_of(rtvol("dvh", exports, *words, "NearMin", "--prescription", "30", "--json"))["GTV"]
    assert set(row["metrics"].values()) == {None}
    assert all("outside the dose grid" in row["notes"][key] for key in row["metrics"])


def test_a_dose_of_another_plan_takes_no_prescription_from_this_one(
    rtvol: Run, exports: Path
) -> None:
    words = ("dvh", exports, "--roi", "GTV", "--metric", "V50%", "--metric", "Mean", "--json")
    assert rows_of(rtvol(*words))["GTV"]["metrics"]["V50%[%]"] is not None
    path = exports / "good" / "RD.dcm"
    data = pydicom.dcmread(path)
    data.ReferencedRTPlanSequence[0].ReferencedSOPInstanceUID = pydicom.uid.generate_uid()
    data.save_as(path)
    run = rtvol(*words)
    row = rows_of(run)["GTV"]
    assert row["metrics"]["V50%[%]"] is None
    assert row["notes"]["V50%[%]"] == "no prescribed dose is known for 100 %"
    assert "prescription" not in row["notes"]
    assert "plan-mismatch" in [finding["code"] for finding in case_of(run)["findings"]]
