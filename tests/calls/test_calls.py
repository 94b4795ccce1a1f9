"""The calls give what the commands give, take what is meant, and say what is wrong."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import numpy as np
import pydicom
import pytest

import rtvol
from rtvol.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture(scope="module")
def patient(sample_dicom: Path) -> Path:
    return sample_dicom / "patient1"


@pytest.fixture(scope="module")
def case(patient: Path) -> Any:
    return rtvol.read(patient)


@pytest.fixture(scope="module")
def targets(case: Any) -> Any:
    return rtvol.expand(case, ctv=2, ptv="L5,R3,A4,P2,S5,I3", avoid={"Duodenum": 3})


def test_targets_are_those_of_the_command(
    patient: Path, targets: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["expand", str(patient), "--ctv", "2", "--ptv", "L5,R3,A4,P2,S5,I3"]
    assert main([*words, "--avoid", "Duodenum:3", "--dry-run", "--json"]) == 0
    (told,) = json.loads(capsys.readouterr().out)["cases"]
    rows = {row["name"]: row for row in told["structures"]}
    assert {one.name: one.volume_cc for one in targets} == {
        name: row["volume_cc"] for name, row in rows.items() if row["lesion"]
    }
    dose = rtvol.dose_volume(targets, "PTV")
    assert dose["D95%"] == rows["PTV"]["metrics"]["D95%[Gy]"]
    table = rtvol.rows(targets, dose)
    assert table.column("name").to_pylist() == list(rows)
    ptv = table.column("name").to_pylist().index("PTV")
    assert table.column("D95%[Gy]")[ptv].as_py() == dose["D95%"]
    assert table.schema.field("volume_cc").metadata[b"unit"] == b"cc"


def test_a_path_its_files_and_a_case_are_one_case(patient: Path, case: Any) -> None:
    (files,) = rtvol.find(patient).cases
    found = [
        rtvol.slab_volume_cc("Liver", case=one)
        for one in (patient, str(patient), files, case, rtvol.read_case(files))
    ]
    assert len(set(found)) == 1
    assert rtvol.slab_volume_cc(case["Liver"], case=case) == found[0]
    assert (
        len(rtvol.find([patient.parent]).cases) == len(rtvol.find(str(patient.parent)).cases) == 3
    )


def test_a_mask_holds_the_volume_where_the_patient_is(case: Any, targets: Any) -> None:
    mask = rtvol.mask(targets["PTV"], case.ct.grid)
    image = mask.to_simpleitk()
    import SimpleITK as sitk

    voxel_cc = float(np.prod(image.GetSpacing())) / 1000
    assert mask.values.sum() * voxel_cc == pytest.approx(targets["PTV"].written_volume_cc, 0.02)
    shape = sitk.LabelShapeStatisticsImageFilter()
    shape.Execute(image)
    points = np.vstack([contour.xy_mm for contour in targets["PTV"].roi.contours])
    assert shape.GetCentroid(1)[:2] == pytest.approx(points.mean(axis=0), abs=1.5)
    assert np.array_equal(
        rtvol.mask("Liver", case=case).values, rtvol.fill("Liver", case=case).values
    )
    assert rtvol.cover(targets["PTV"], case.ct.grid).values.max() == 1


def test_the_histogram_falls_from_the_volume_to_nothing(targets: Any) -> None:
    dose_gy, volume_cc = (dose := rtvol.dose_volume(targets, targets["PTV"])).cumulative()
    assert volume_cc[0] == pytest.approx(dose.volume_cc, rel=1e-9)
    assert volume_cc[-1] == 0
    at_d95 = np.interp(dose["D95%"], dose_gy, volume_cc)
    assert at_d95 == pytest.approx(0.95 * dose.volume_cc, rel=1e-3)
    whole = dose["V0Gy[cc]"]
    assert whole == pytest.approx(dose["CV30Gy[cc]"] + dose["V30Gy[cc]"])


def test_a_written_set_reads_back(case: Any, targets: Any, tmp_path: Path) -> None:
    rtvol.write_rtstruct(tmp_path / "RS.dcm", case, targets)
    written = pydicom.dcmread(tmp_path / "RS.dcm")
    names = [item.ROIName for item in written.StructureSetROISequence]
    assert names == ["GTV", "CTV", "PTV", "PTV^clip"]
    rtvol.write_rtstruct(tmp_path / "RS2.dcm", case, targets, beside=case.source)
    both = [item.ROIName for item in pydicom.dcmread(tmp_path / "RS2.dcm").StructureSetROISequence]
    assert both == [*case.structures.names, *names[1:]]
    rtvol.write_nifti(str(tmp_path / "m.nii.gz"), rtvol.mask(targets["CTV"], case.ct.grid))
    assert (tmp_path / "m.nii.gz").stat().st_size > 100


CALLS: list[tuple[str, Callable[[Any, Any], object], str, str]] = [
    ("a name mistyped", lambda c, _: c["Livr"], "roi-not-found", "Liver"),
    ("a pattern of several", lambda c, _: c["Kidney*"], "roi-ambiguous", "Kidney_L"),
    ("a target mistyped", lambda _, t: t["PVT"], "roi-not-found", "PTV"),
    ("a margin in cm", lambda c, _: rtvol.expand(c, "2cm", 4), "bad-margin", "2cm"),
    ("far too much", lambda c, _: rtvol.expand(c, 2, 80), "large-margin", "80"),
    ("an organ mistyped", lambda c, _: rtvol.expand(c, 2, 4, avoid="Duodenun:3"),
     "roi-not-found", "Duodenum"),
    ("no unit", lambda c, _: rtvol.dose_volume(c, "PTVx"), "roi-not-found", "seen"),
    ("a metric that is none", lambda c, _: rtvol.dose_volume(c, "GTV")["D95"], "bad-metric", "D95"),
    ("too small", lambda c, _: rtvol.dose_volume(c, "GTV")["D100cc"], "no-number", "cc"),
    ("no case", lambda *_: rtvol.read(3), "bad-call", "int"),  # type: ignore[arg-type]
    ("no region", lambda c, _: rtvol.mask(3, c.ct.grid), "bad-call", "int"),  # type: ignore[arg-type]
    ("a name alone", lambda c, _: rtvol.mask("GTV", c.ct.grid), "bad-call", "case"),
    ("no rows", lambda c, _: rtvol.rows(c), "bad-call", "expand"),
    ("no path", lambda *_: rtvol.find(), "bad-call", "path"),
    ("nowhere", lambda *_: rtvol.read("no/such/folder"), "path-not-found", "no"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("call", "code", "told"), [one[1:] for one in CALLS], ids=[c[0] for c in CALLS]
)
def test_a_wrong_call_says_what_is_wrong(
    call: Callable[[Any, Any], object], code: str, told: str, case: Any, targets: Any
) -> None:
    with pytest.raises(rtvol.RtvolError) as caught:
        call(case, targets)
    finding = caught.value.finding
    assert finding.code == code
    if told != "seen":
        assert told in f"{finding.where} {finding.seen} {finding.mend}"


def test_several_cases_are_not_one(sample_dicom: Path) -> None:
    with pytest.raises(rtvol.InputError) as caught:
        rtvol.read(sample_dicom)
    assert caught.value.finding.code == "several-cases"


def test_a_repr_is_one_line_without_data_or_patient(case: Any, targets: Any) -> None:
    header = pydicom.dcmread(case.source, stop_before_pixels=True)
    shown = [
        case, case["Liver"], case["Liver"].contours[0], case.structures, case.ct, case.ct.grid,
        case.doses[0], targets, targets.made, targets["PTV"], targets.made.lesions[0],
        rtvol.mask(targets["PTV"], case.ct.grid), rtvol.dose_volume(targets, "PTV"),
        rtvol.dose_volume(targets, "PTV").curve, rtvol.find(case.source.parent),
        rtvol.find(case.source.parent).cases[0],
    ]  # fmt: skip
    for thing in shown:
        line = repr(thing)
        assert "\n" not in line
        assert len(line) < 200, line
        assert str(header.PatientID) not in line
        assert str(header.PatientName) not in line


def test_a_notebook_shows_tables_and_nothing_of_a_file_runs_in_it(case: Any, targets: Any) -> None:
    for thing in (case, targets, rtvol.dose_volume(targets, "PTV")):
        page = thing._repr_html_()
        assert page.startswith("<table>")
        assert "PTV" in page or thing is case
    evil = replace(case["Liver"], name="<script>alert(1)</script>")
    bad = replace(case, structures=replace(case.structures, rois=(evil,)))
    page = bad._repr_html_()
    assert "<script>" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;</title>" in page


def test_the_picture_has_the_contours_of_one_plane_and_no_more(case: Any, targets: Any) -> None:
    page = targets._repr_html_()
    picture = ElementTree.fromstring(page[page.index("<svg") :])  # noqa: S314 - written here
    space = "{http://www.w3.org/2000/svg}"
    titles = [one.findtext(f"{space}title") for one in picture.iter(f"{space}path")]
    assert titles == list(targets.names)
    left, top, wide, tall = (float(part) for part in picture.attrib["viewBox"].split())
    for path, name in zip(picture.iter(f"{space}path"), targets.names, strict=True):
        points = [
            tuple(map(float, step.split()))
            for ring in path.attrib["d"].replace("Z", "").split("M")[1:]
            for step in ring.split("L")
        ]
        assert all(left <= x <= left + wide and top <= y <= top + tall for x, y in points)
        planes = {one.z_mm for one in targets[name].roi.contours}
        counts = [
            sum(len(one.xy_mm) for one in targets[name].roi.contours if one.z_mm == z_mm)
            for z_mm in planes
        ]
        assert len(points) in counts
    empty = replace(case.structures, rois=())
    assert "<svg" not in replace(case, structures=empty)._repr_html_()


def test_rows_are_handed_to_other_tables_by_the_arrow_protocol(targets: Any) -> None:
    import duckdb
    import pandas
    import polars

    table = rtvol.rows(targets)
    assert hasattr(table, "__arrow_c_stream__")
    expected = dict(zip(*(table[key].to_pylist() for key in ("name", "volume_cc")), strict=True))
    made = {name: targets[name].volume_cc for name in targets.names}
    assert made.items() <= expected.items()
    by_polars = polars.DataFrame(table)
    assert dict(zip(by_polars["name"], by_polars["volume_cc"], strict=True)) == expected
    relation = duckdb.from_arrow(table)
    assert dict(relation.project("name, volume_cc").fetchall()) == expected
    by_pandas = polars.DataFrame(table).to_dict(as_series=False)
    if hasattr(pandas.DataFrame, "from_arrow"):
        frame = pandas.DataFrame.from_arrow(table)
        assert list(frame["name"]) == by_pandas["name"]
        assert list(frame["volume_cc"]) == by_pandas["volume_cc"]
    frame = table.to_pandas()
    assert dict(zip(frame["name"], frame["volume_cc"], strict=True)) == expected


def test_numbers_are_margins_wherever_margins_are() -> None:
    recipe = rtvol.TargetRecipe(ctv=2, ptv="4")  # type: ignore[arg-type]
    assert recipe.ctv == rtvol.parse_margin(2) == rtvol.Margin.uniform(2)
    assert recipe.ptv.largest_mm == 4
