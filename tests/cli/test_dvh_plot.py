"""`rtvol dvh --plot`: DVHs as a page and as pictures, read back and held against truths."""

from __future__ import annotations

import csv
import json
import re
from subprocess import run as start
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import numpy as np
import pydicom
import pytest

from rtvol.cli import extras
from rtvol.phantoms import Box, Linear, Organ, PhantomCase, VoxelLattice, write_case

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., Any]

#: What a page, a formula and a spreadsheet would each take for their own.
HOSTILE = "</script><b>$x_1$&"
SVG = "{http://www.w3.org/2000/svg}"
#: A box 40 mm wide in a dose that grows along x by 0.5 Gy per mm around 30 Gy: 20 to 40 Gy.
HALF_MM, MIDDLE_GY, SLOPE = 20.0, 30.0, 0.5


def charts_of(page: Path) -> list[dict[str, Any]]:
    found = re.search(r'id="data">(.*?)</script>', page.read_text("utf-8"), re.DOTALL)
    assert found is not None
    charts: list[dict[str, Any]] = json.loads(found[1])["charts"]
    return charts


def points_of(path: str) -> np.ndarray:
    """Corners (n, 2) of an SVG path of straight lines."""
    numbers = [float(one) for one in re.findall(r"-?\d+\.?\d*(?:e-?\d+)?", path)]
    return np.array(numbers).reshape(-1, 2)


def svg_curves(svg: str) -> list[np.ndarray]:
    """Dose and % (n, 2) of each curve of a picture, by the ticks of its axes."""
    root = ElementTree.fromstring(svg)  # noqa: S314 - just made
    ticks = []
    for axis in ("xtick", "ytick"):
        at, values = [], []
        for group in root.iter(f"{SVG}g"):
            if re.fullmatch(rf"{axis}_\d+", group.get("id", "")):
                use = next(group.iter(f"{SVG}use"))
                at.append(float(use.get("x" if axis == "xtick" else "y", "")))
                values.append(float(next(group.iter(f"{SVG}text")).text or ""))
        ticks.append(np.polyfit(at, values, 1))
    curves = []
    for group in root.iter(f"{SVG}g"):
        if group.get("id", "").startswith("curve-"):
            points = points_of(next(group.iter(f"{SVG}path")).get("d", ""))
            curves.append(np.column_stack([np.polyval(ticks[n], points[:, n]) for n in range(2)]))
    return curves


def write_box(folder: Path, slope: float) -> Path:
    lattice = VoxelLattice.around((0, 0, 0), (80, 80, 60), (2, 2, 2))
    organ = Organ("Box", Box((0, 0, 0), (2 * HALF_MM, 2 * HALF_MM, 20.0)), 0)
    dose = Linear((0, 0, 0), MIDDLE_GY, (slope, 0.0, 0.0))
    write_case(folder, PhantomCase("SYNTHETIC^BOX", "RTVOL-BOX", (organ,), lattice, dose, lattice))
    return folder


def read_back(rtvol: Run, box: Path, file: Path, unit: str, cairo: Path) -> np.ndarray:
    """Dose and % of the only curve, out of the file itself."""
    run = rtvol("dvh", box, "--dose-unit", unit, "--plot", file, "--metric", "D50%", "-q")
    assert run.code == 0, run.err
    if file.suffix == ".html":
        (chart,) = charts_of(file)
        return np.column_stack([chart["dose_gy"], chart["curves"][0]["percent"]])
    if file.suffix == ".svg":
        return svg_curves(file.read_text("utf-8"))[0]
    return pdf_curve(file, cairo)


def placed(path: Any) -> np.ndarray:
    """Corners (n, 2) of a path where they are on the page."""
    points = points_of(path.get("d", ""))
    a, b, c, d, x, y = [
        float(one) for one in re.findall(r"-?[\d.]+", path.get("transform", ""))
    ] or [1, 0, 0, 1, 0, 0]
    return points @ np.array([[a, b], [c, d]]) + [x, y]


def pdf_curve(pdf: Path, cairo: Path) -> np.ndarray:
    """Dose and % of the curve of a PDF, by the numbers at its axes: poppler reads both."""
    drawn, told = pdf.with_suffix(".cairo.svg"), pdf.with_suffix(".bbox.html")
    start([cairo, "-svg", pdf, drawn], check=True)
    start([cairo.with_name("pdftotext"), "-bbox", pdf, told], check=True)
    root = ElementTree.parse(drawn)  # noqa: S314 - just made
    thin = [one for one in root.iter(f"{SVG}path") if "stroke-width:1.4" in one.get("style", "")]
    curve = max(map(placed, thin), key=lambda points: np.ptp(points[:, 0]))
    words = re.findall(
        r'xMin="(.*?)" yMin="(.*?)" xMax="(.*?)" yMax="(.*?)">([\d.]+)<', told.read_text()
    )
    boxes = np.array([[float(part) for part in word] for word in words])
    middles = np.column_stack([boxes[:, [0, 2]].mean(axis=1), boxes[:, [1, 3]].mean(axis=1)])
    left = boxes[:, 2] < curve[:, 0].min()
    below = boxes[:, 1] > curve[:, 1].max()
    found = []
    for axis, chosen in ((0, below & ~left), (1, left & ~below)):
        line = np.polyfit(middles[chosen, axis], boxes[chosen, 4], 1)
        found.append(np.polyval(line, curve[:, axis]))
    return np.column_stack(found)


def true_percent(doses_gy: np.ndarray, slope: float) -> np.ndarray:
    """Of a box in a linear dose: the share of its width above each dose."""
    if slope == 0:
        return np.where(doses_gy <= MIDDLE_GY, 100.0, 0.0)
    return 100 * np.clip((MIDDLE_GY + slope * HALF_MM - doses_gy) / (2 * slope * HALF_MM), 0, 1)


@pytest.mark.parametrize("unit", ["Gy", "cGy"])
@pytest.mark.parametrize("slope", [SLOPE, 0.0])
@pytest.mark.parametrize("ending", ["html", "svg", "pdf"])
def test_a_dose_known_everywhere_is_the_curve_drawn(
    ending: str, slope: float, unit: str, rtvol: Run, tmp_path: Path, require_tool: Any
) -> None:
    """A line in a linear dose, a step in a constant one: as the picture has it, and as --curves."""
    cairo = require_tool("pdftocairo") if ending == "pdf" else tmp_path
    box = write_box(tmp_path / "box", slope)
    found = read_back(rtvol, box, tmp_path / f"dvh.{ending}", unit, cairo)
    doses_gy, percent = found[:, 0] / {"Gy": 1, "cGy": 100}[unit], found[:, 1]
    assert doses_gy[0] == pytest.approx(0.0, abs=0.05)
    assert doses_gy[-1] == pytest.approx(MIDDLE_GY + slope * HALF_MM, abs=0.2)
    # beside the step any height stands on it
    away = abs(doses_gy - MIDDLE_GY) > 0.15 if slope == 0 else np.ones(len(found), bool)
    assert percent[away] == pytest.approx(true_percent(doses_gy[away], slope), abs=0.6)
    table = tmp_path / "curves.csv"
    assert rtvol("dvh", box, "--curves", table, "-q").code == 0
    with table.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    at = [float(row["dose_gy"]) for row in rows]
    drawn = np.interp(doses_gy, at, [float(row["cumulative_percent"]) for row in rows])
    assert percent[away] == pytest.approx(drawn[away], abs=0.6)


def test_the_curves_of_a_page_pass_through_the_metrics(
    rtvol: Run, exports: Path, tmp_path: Path
) -> None:
    file = tmp_path / "dvh.html"
    run = rtvol(
        "dvh", exports / "good", "--metric", "D90%", "--metric", "D50%", "--plot", file, "--json"
    )
    assert run.code == 0, run.err
    assert "http-equiv" in file.read_text("utf-8")
    (chart,) = charts_of(file)
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


@pytest.mark.parametrize("ending", ["html", "svg", "png", "pdf"])
def test_a_name_is_text_in_each_picture(
    ending: str, rtvol: Run, exports: Path, tmp_path: Path
) -> None:
    path = exports / "good" / "RS.dcm"
    data = pydicom.dcmread(path)
    names = [HOSTILE, "肝臓\u202e\n_x", "n" * 60 + "\u4e2d" * 2]
    for item, name in zip(data.StructureSetROISequence, names, strict=True):
        item.ROIName = name
    data.SpecificCharacterSet = "ISO_IR 192"
    data.save_as(path)
    file = tmp_path / f"dvh.{ending}"
    run = rtvol("dvh", exports / "good", "--plot", file)
    assert run.code == 0, run.err
    content = file.read_bytes()
    if ending == "svg":
        root = ElementTree.fromstring(content)  # noqa: S314 - just made
        texts = {"".join(one.itertext()) for one in root.iter(f"{SVG}text")}
        assert f" {HOSTILE}" in texts
        assert any(text.startswith(r" \u809d\u81d3") for text in texts)
        assert {"Dose, Gy", "Volume, %"} <= texts
    elif ending == "html":
        assert b"</script><b>" not in content
        assert HOSTILE in {curve["name"] for curve in charts_of(file)[0]["curves"]}
    else:
        assert content.startswith({"png": b"\x89PNG", "pdf": b"%PDF"}[ending])


def test_a_page_and_a_pdf_have_room_for_each_case_and_a_picture_for_one(
    rtvol: Run, sample_dicom: Path, tmp_path: Path
) -> None:
    cases = (sample_dicom / "patient1", sample_dicom / "patient2")
    asked = ("--roi", "GTV*", "--on-missing", "skip", "--plot")
    assert rtvol("dvh", *cases, *asked, tmp_path / "dvh.pdf").code == 0
    assert (tmp_path / "dvh.pdf").read_bytes().count(b"/Type /Page ") == 2
    assert rtvol("dvh", *cases, *asked, tmp_path / "dvh.html").code == 0
    charts = charts_of(tmp_path / "dvh.html")
    assert [len(chart["curves"]) for chart in charts] == [1, 2]
    for ending in ("svg", "png"):
        run = rtvol("dvh", *cases, *asked, tmp_path / f"dvh.{ending}")
        assert run.code == 2
        assert "2 cases" in run.err
        assert ".html" in run.err
        assert not (tmp_path / f"dvh.{ending}").exists()


def test_a_case_without_curves_is_named_with_the_reason(
    rtvol: Run, exports: Path, tmp_path: Path, require_tool: Any
) -> None:
    words = require_tool("pdftotext")
    other = exports / "without"
    write_box(other, 0.0)
    for path in other.iterdir():
        if pydicom.dcmread(path, stop_before_pixels=True).Modality == "RTDOSE":
            path.unlink()
    run = rtvol("dvh", exports, "--plot", tmp_path / "dvh.html")
    assert run.code == 1
    reason = re.search(r"without.*\n.*error.*\[([a-z-]+)\]|\[(no-[a-z-]+)\]", run.err)
    assert reason is not None
    page = (tmp_path / "dvh.html").read_text("utf-8")
    assert re.search(r'<h2>without</h2>\s*<p class="note">No curves: [^<]+', page)
    assert rtvol("dvh", exports, "--plot", tmp_path / "dvh.pdf").code == 1
    told = start([words, "-layout", tmp_path / "dvh.pdf", "-"], check=True, capture_output=True)
    first, second, *_ = told.stdout.decode().split("\f")
    assert "good" in first
    assert "without" in second
    assert "No curves:" in second
    # of no case there is a curve: nothing is written, and the reason is said
    run = rtvol("dvh", other, "--plot", tmp_path / "none.html")
    assert run.code != 0
    assert not (tmp_path / "none.html").exists()


def test_no_page_names_a_folder_that_is_to_be_hidden(
    rtvol: Run, exports: Path, tmp_path: Path, require_tool: Any
) -> None:
    (exports / "good").rename(exports / "Doe_John_4711")
    for ending in ("html", "svg", "pdf"):
        file = tmp_path / f"dvh.{ending}"
        assert rtvol("dvh", exports, "--pseudonymise", "--plot", file, "-q").code == 0
        content = file.read_bytes()
        if ending == "pdf":
            told = start([require_tool("pdftotext"), file, "-"], check=True, capture_output=True)
            content += told.stdout
        for word in (b"Doe_John", b"SYNTHETIC", b"RTVOL-TINY"):
            assert word not in content


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
