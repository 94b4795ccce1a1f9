"""`rtvol dvh --plot`: DVHs as a page and as pictures."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pydicom
import pytest

from rtvol.cli import extras

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., Any]

#: What a page, a formula and a spreadsheet would each take for their own.
HOSTILE = "</script><b>$x_1$&"


def test_the_curves_of_a_page_pass_through_the_metrics(
    rtvol: Run, exports: Path, tmp_path: Path
) -> None:
    file = tmp_path / "dvh.html"
    run = rtvol(
        "dvh", exports / "good", "--metric", "D90%", "--metric", "D50%", "--plot", file, "--json"
    )
    assert run.code == 0, run.err
    page = file.read_text("utf-8")
    assert "http-equiv" in page
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    chart = json.loads(found[1])["chart"]
    doses = np.array(chart["dose_gy"])
    rows = {row["name"]: row["metrics"] for row in json.loads(run.out)["cases"][0]["structures"]}
    tried = 0
    for curve in chart["curves"]:
        for share in (90, 50):
            value = rows[curve["name"]][f"D{share}%[Gy]"]
            if value is not None and value > 1:
                percent = np.array(curve["percent"])
                read = np.interp(-share, -percent, doses)
                assert read == pytest.approx(value, abs=2 * (doses[1] - doses[0]))
                tried += 1
    assert tried > 2


@pytest.mark.parametrize(("unit", "per_gy"), [("Gy", 1), ("cGy", 100)])
def test_doses_of_a_page_are_in_the_unit_asked_for(
    unit: str, per_gy: int, rtvol: Run, exports: Path, tmp_path: Path
) -> None:
    file = tmp_path / "dvh.html"
    assert rtvol("dvh", exports / "good", "--dose-unit", unit, "--plot", file).code == 0
    found = re.search(r'id="data">(.*?)</script>', file.read_text("utf-8"), re.DOTALL)
    assert found is not None
    chart = json.loads(found[1])["chart"]
    assert chart["unit"] == unit
    dose = pydicom.dcmread(exports / "good" / "RD.dcm")
    most_gy = float(dose.pixel_array.max() * dose.DoseGridScaling)
    assert chart["dose_gy"][-1] / per_gy <= most_gy + 0.2


@pytest.mark.parametrize("ending", ["svg", "png", "pdf"])
def test_a_name_is_text_in_each_picture(
    ending: str, rtvol: Run, exports: Path, tmp_path: Path
) -> None:
    path = exports / "good" / "RS.dcm"
    data = pydicom.dcmread(path)
    data.StructureSetROISequence[0].ROIName = HOSTILE
    data.save_as(path)
    file = tmp_path / f"dvh.{ending}"
    run = rtvol("dvh", exports / "good", "--plot", file)
    assert run.code == 0, run.err
    content = file.read_bytes()
    if ending == "svg":
        text = content.decode()
        assert "&lt;/script&gt;&lt;b&gt;$x_1$&amp;" in text
        assert "Dose, Gy" in text
        assert "Volume, %" in text
    else:
        assert content.startswith({"png": b"\x89PNG", "pdf": b"%PDF"}[ending])


def test_a_pdf_has_a_page_for_each_case_and_a_picture_room_for_one(
    rtvol: Run, sample_dicom: Path, tmp_path: Path
) -> None:
    cases = (sample_dicom / "patient1", sample_dicom / "patient2")
    asked = ("--roi", "GTV*", "--on-missing", "skip", "--plot")
    assert rtvol("dvh", *cases, *asked, tmp_path / "dvh.pdf").code == 0
    assert (tmp_path / "dvh.pdf").read_bytes().count(b"/Type /Page ") == 2
    for ending in ("svg", "png", "html"):
        run = rtvol("dvh", *cases, *asked, tmp_path / f"dvh.{ending}")
        assert run.code == 2
        assert "2 cases" in run.err
        assert not (tmp_path / f"dvh.{ending}").exists()


def test_what_cannot_be_written_is_said_before_any_work(
    rtvol: Run, exports: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert rtvol("dvh", exports / "good", "--plot", tmp_path / "dvh.jpg").code == 2
    there = tmp_path / "dvh.svg"
    there.write_text("mine")
    assert rtvol("dvh", exports / "good", "--plot", there).code == 4
    assert there.read_text() == "mine"
    monkeypatch.setattr(extras, "find_spec", lambda _: None)
    run = rtvol("dvh", exports / "good", "--plot", tmp_path / "dvh.png")
    assert run.code == 5
    assert "rtvol[report]" in run.err
