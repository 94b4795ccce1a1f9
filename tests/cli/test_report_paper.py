"""`rtvol report --pdf` and `--png`: records and slides, read back by another program."""

from __future__ import annotations

import json
import re
import struct
from subprocess import run as start
from typing import TYPE_CHECKING, Any

import pydicom
import pytest

from rtvol.cli import extras
from rtvol.errors import OutputRefused
from rtvol.phantoms import Organ, PhantomCase, Sphere, VoxelLattice, write_case
from rtvol.report import case_files

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., Any]

GROW = ("--ctv", "2", "--ptv", "4", "--avoid", "Duodenum:3")
#: A formula, markup, a leading underscore, signs no font here has, a direction mark, and too long.
HOSTILE = ("$x_1$ <b>&amp;", "_a\\b%s{}", "肝臓\u202eRTL", "n" * 64)


@pytest.fixture
def told(require_tool: Any) -> Callable[[Path], list[str]]:
    """Pages of a PDF as poppler reads them."""
    program = require_tool("pdftotext")

    def read(pdf: Path) -> list[str]:
        made = start([program, "-layout", pdf, "-"], check=True, capture_output=True)
        return made.stdout.decode("utf-8").split("\f")[:-1]

    return read


def size_of(png: Path) -> tuple[int, int]:
    data = png.read_bytes()
    assert data.startswith(b"\x89PNG")
    return struct.unpack(">II", data[16:24])  # type: ignore[return-value]  # two ints


def write_another(folder: Path) -> None:
    lattice = VoxelLattice.around((0, 0, 0), (40, 40, 40), (2, 2, 4))
    body = Organ("GTV", Sphere((0.0, 0.0, 0.0), 8.0), 40, "GTV")
    write_case(folder, PhantomCase("SYNTHETIC^B", "RTVOL-B", (body,), lattice))


def test_a_record_holds_the_numbers_of_the_result(
    rtvol: Run, exports: Path, tmp_path: Path, told: Any
) -> None:
    out, pdf = tmp_path / "out", tmp_path / "case.pdf"
    goals = ("--goals", "Liver Mean <= 20 Gy", "--goals", "Nowhere Mean <= 1 Gy")
    made = rtvol("expand", exports, *GROW, *goals, "-o", out, "--json")
    assert made.code == 0, made.err
    run = rtvol("report", out, *goals, "--pdf", pdf)
    assert (run.code, run.out) == (0, f"wrote {pdf}\n"), run.err
    pages = told(pdf)
    for number, page in enumerate(pages, start=1):
        assert f"page {number} of {len(pages)}" in page
    text = "\n".join(pages)
    (case,) = json.loads(made.out)["cases"]
    for row in case["structures"]:
        if row["role"] == "roi":
            continue
        line = next(
            one for one in text.splitlines() if re.match(rf"\s*{re.escape(row['name'])}\s", one)
        )
        assert f"{row['volume_cc']:.2f}" in line
        if row["role"] != "gtv":
            assert f"{row['written_volume_cc']:.2f}" in line
        for organ, lost in row.get("lost_cc", {}).items():
            assert organ in text
            assert f"{lost:.2f}" in text
    for finding in case["findings"]:
        assert finding["code"] in re.sub(r"-\s*\n\s*", "-", text)
    words = ("Structures", "Dose-volume histograms", "Goals and metrics", "Findings", "Provenance")
    assert all(word in text for word in (*words, "GTV + 2 mm", "SHA-256", "Where organs cut"))
    assert "SYNTHETIC" not in text
    assert "RTVOL-TINY" not in text


def test_pictures_are_of_the_opening_and_of_each_cut_target(
    rtvol: Run, exports: Path, tmp_path: Path
) -> None:
    out, slides = tmp_path / "out", tmp_path / "slides"
    assert rtvol("expand", exports, *GROW, "-o", out).code == 0
    assert rtvol("report", out, "--png", slides).code == 0
    names = {path.name for path in slides.iterdir()}
    assert names == {f"good-{one}.png" for one in ("axial", "coronal", "sagittal", "cut-1")}
    assert all(size_of(path)[0] == 1600 for path in slides.iterdir())
    # without targets nothing is cut: the picture of the cut is of another run, and goes
    (slides / "good-cut-x.png").write_text("mine")
    assert rtvol("report", exports, "--png", slides).code == 4
    assert rtvol("report", exports, "--png", slides, "--overwrite").code == 0
    names = {path.name for path in slides.iterdir()}
    assert names == {f"good-{one}.png" for one in ("axial", "coronal", "sagittal", "cut-x")}


def test_several_cases_have_a_record_each(
    rtvol: Run, exports: Path, tmp_path: Path, told: Any
) -> None:
    write_another(exports / "other")
    run = rtvol("report", exports, "--pdf", tmp_path / "all.pdf")
    assert run.code == 2
    assert "--pdf all" in run.err
    run = rtvol("report", exports, "--pdf", tmp_path / "all")
    assert run.code == 0, run.err
    assert {path.name for path in (tmp_path / "all").iterdir()} == {"good.pdf", "other.pdf"}
    assert not list(tmp_path.rglob("*.html"))
    text = "\n".join(told(tmp_path / "all" / "other.pdf"))
    assert "No dose" in text
    assert "good" not in text
    run = rtvol("report", exports, "-o", tmp_path / "web", "--pdf", tmp_path / "web")
    assert run.code == 0
    names = {path.name for path in (tmp_path / "web").iterdir()}
    assert names == {"good.html", "other.html", "overview.html", "good.pdf", "other.pdf"}


def test_hostile_names_print_as_text(rtvol: Run, exports: Path, tmp_path: Path, told: Any) -> None:
    path = exports / "good" / "RS.dcm"
    data = pydicom.dcmread(path)
    data.SpecificCharacterSet = "ISO_IR 192"
    for item, name in zip(data.StructureSetROISequence, HOSTILE, strict=False):
        item.ROIName = name
    data.save_as(path)
    (exports / "good").rename(exports / "$case_1$ & 肝")
    pdf = tmp_path / "case.pdf"
    run = rtvol("report", exports, "--pdf", pdf, "--png", tmp_path / "slides")
    assert run.code == 0, run.err
    text = "\n".join(told(pdf))
    assert r"$case_1$ & \u809d" in text
    assert HOSTILE[0] in text
    assert r"_a\b%s{}" in text
    assert r"\u809d\u81d3\u202eRTL" in text
    # no name of a file holds what a shell, a system or a reader would stumble over
    assert all(re.fullmatch(r"[\w-]+\.png", one.name) for one in (tmp_path / "slides").iterdir())


def test_equal_names_have_lines_of_their_own(rtvol: Run, exports: Path, tmp_path: Path) -> None:
    """In the chart, on the slices, and as two rows of a table: some systems write such sets."""
    path = exports / "good" / "RS.dcm"
    data = pydicom.dcmread(path)
    for item in data.StructureSetROISequence:
        item.ROIName = "Same"
    data.save_as(path)
    page = tmp_path / "page.html"
    assert rtvol("report", exports, "-o", page).code == 0
    text = page.read_text("utf-8")
    read = json.loads(re.search(r'id="data">(.*?)</script>', text)[1])  # type: ignore[index]  # it is there
    for drawn in (read["chart"]["curves"], read["structures"]):
        lines = {(tuple(one["dashes"]), one["width"]) for one in drawn}
        assert len(lines) == len(drawn) == 3
    swatches = re.findall(r'stroke-width="(.*?)" stroke-dasharray="(.*?)"/></svg>', text)
    assert len(set(swatches)) == len(swatches) == 3


def test_who_it_is_stands_on_the_record_when_asked_for(
    rtvol: Run, exports: Path, tmp_path: Path, told: Any
) -> None:
    pdf = tmp_path / "case.pdf"
    assert rtvol("report", exports, "--pdf", pdf, "--show-phi").code == 0
    assert "SYNTHETIC^TINY, ID RTVOL-TINY" in told(pdf)[0]


def test_no_file_names_a_folder_that_is_to_be_hidden(
    rtvol: Run, exports: Path, tmp_path: Path, told: Any, require_tool: Any
) -> None:
    """Bytes, texts and descriptions of everything that is drawn, and the names of the files."""
    case, drawn = exports / "Doe_John_4711", tmp_path / "drawn"
    (exports / "good").rename(case)
    (case / "CT.001.dcm").rename(case / "Doe_John_4711.dcm")
    drawn.mkdir()
    hide = ("--pseudonymise", "--quiet")
    paper = ("--pdf", drawn / "case.pdf", "--png", drawn / "slides")
    calls = (
        ("report", exports, "-o", drawn / "case.html", *paper),
        ("dvh", exports, "--plot", drawn / "dvh.png"),
        ("dvh", exports, "--plot", drawn / "dvh.html"),
        ("compare", case / "RS.dcm", exports, "-o", drawn / "compare.html"),
    )
    for call in calls:
        run = rtvol(*call, *hide)
        assert run.code == 0, run.err
        assert "Doe" not in run.out + run.err
    files = [path for path in drawn.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} == {".html", ".pdf", ".png"}
    for path in files:
        content = str(path.relative_to(drawn)).encode() + path.read_bytes()
        if path.suffix == ".pdf":
            content += "\n".join(told(path)).encode()
            about = start([require_tool("pdfinfo"), path], check=True, capture_output=True)
            content += about.stdout
        for word in (b"Doe_John", b"SYNTHETIC", b"RTVOL-TINY"):
            assert word not in content, path.name


def test_the_same_case_makes_the_same_files(rtvol: Run, exports: Path, tmp_path: Path) -> None:
    made = []
    for place in (tmp_path / "a", tmp_path / "b"):
        assert rtvol("report", exports, "--pdf", place, "--png", place).code == 0
        made.append({path.name: path.read_bytes() for path in place.iterdir()})
    assert made[0] == made[1]


def test_nothing_half_written_stays(
    rtvol: Run, exports: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pdf = tmp_path / "case.pdf"
    pdf.write_text("mine")
    run = rtvol("report", exports, "--pdf", pdf)
    assert run.code == 4
    assert pdf.read_text() == "mine"

    def full(*_: object, **__: object) -> None:
        raise OutputRefused("output-unwritable", where="case.pdf", seen="no space left")

    monkeypatch.setattr(case_files, "new_file", full)
    words = ("--pdf", pdf, "--png", tmp_path / "slides", "-o", tmp_path / "a.html", "--overwrite")
    assert rtvol("report", exports, *words).code == 4
    assert pdf.read_text() == "mine"
    assert not (tmp_path / "a.html").exists()
    assert not list((tmp_path / "slides").iterdir())
    # a folder of that name is no file
    monkeypatch.undo()
    (tmp_path / "b.pdf").mkdir()
    assert rtvol("report", exports, "--pdf", tmp_path / "b.pdf").code == 4


def test_a_missing_extra_is_said_before_any_work(
    rtvol: Run, exports: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda name: None if name == "matplotlib" else name)
    for flag in ("--pdf", "--png"):
        run = rtvol("report", exports, flag, tmp_path / "there")
        assert run.code == 5
        assert "matplotlib" in run.err
        assert 'pip install "rtvol[report]"' in run.err
        assert not (tmp_path / "there").exists()


@pytest.mark.parametrize("export", ["4dlung", "dicompyler-example", "eclipse-prostate"])
def test_real_exports_have_records(
    export: str, rtvol: Run, shared_data: Path, tmp_path: Path, told: Any
) -> None:
    pdf = tmp_path / "case.pdf"
    run = rtvol("report", shared_data / export, "--pdf", pdf, "--png", tmp_path / "slides")
    assert run.code == 0, run.err
    assert len(list((tmp_path / "slides").iterdir())) == 3
    text = "\n".join(told(pdf))
    assert "page 1 of" in text
