"""What is meant is told apart, and what is wrong is named: ROIs, plans, files, elements."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest

import field.kinds  # noqa: F401 - the kinds are registered there
from field.patient import contours_of, observation_of, roi_item
from field.register import member, members
from rtvol.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydicom.dataset import Dataset

    from field.patient import Patient1

    Capture = pytest.CaptureFixture[str]


def ask(capsys: Capture, *words: object) -> tuple[int, dict[str, Any]]:
    """Return the exit code and the one case of a document."""
    code = main([*map(str, words), "--json"])
    (case,) = json.loads(capsys.readouterr().out)["cases"]
    return code, case


def add_region(rs: Dataset, name: str, number: int, shift_mm: float) -> None:
    """Draw a region once more, to the left, under the same name."""
    item, drawn, seen = (
        copy.deepcopy(one)
        for one in (roi_item(rs, name), contours_of(rs, name), observation_of(rs, name))
    )
    item.ROINumber = drawn.ReferencedROINumber = seen.ReferencedROINumber = number
    seen.ObservationNumber = number
    for contour in drawn.ContourSequence:
        data = [float(value) for value in contour.ContourData]
        contour.ContourData = [v + shift_mm * (i % 3 == 0) for i, v in enumerate(data)]
    rs.StructureSetROISequence.append(item)
    rs.ROIContourSequence.append(drawn)
    rs.RTROIObservationsSequence.append(seen)


@pytest.fixture
def twice(p1: Patient1) -> tuple[Patient1, int]:
    """Patient 1 with a second GTV of the same name, 60 mm away; and the number of the first."""
    rs = p1.read("RS.dcm")
    first = int(roi_item(rs, "GTV").ROINumber)
    add_region(rs, "GTV", 77, 60.0)
    p1.write("RS.dcm", rs)
    return p1, first


@member("B9", "GTVs, through `rtvol expand`: two lesions")
def test_both_are_grown(twice: tuple[Patient1, int], capsys: Capture) -> None:
    p1, _ = twice
    grow = ("expand", p1.folder, "--ctv", "2", "--ptv", "4", "--dry-run")
    code, case = ask(capsys, *grow)
    assert code == 0
    one, other = [row["volume_cc"] for row in case["structures"] if row["role"] == "gtv"]
    assert one == pytest.approx(other, rel=1e-6)
    assert case["cumulative_ptv_cc"] == pytest.approx(case["sum_ptv_cc"])  # they lie apart


@member("B9", "one of them by `--gtv #77`")
def test_one_is_grown_by_its_number(twice: tuple[Patient1, int], capsys: Capture) -> None:
    p1, _ = twice
    grow = ("expand", p1.folder, "--ctv", "2", "--ptv", "4", "--dry-run", "--gtv", "#77")
    code, case = ask(capsys, *grow)
    assert code == 0
    assert sum(row["role"] == "gtv" for row in case["structures"]) == 1


@member("B9", "each by `--roi #N` in `rtvol dvh`")
def test_each_has_its_own_dose(twice: tuple[Patient1, int], capsys: Capture) -> None:
    p1, first = twice
    means = []
    for number in (first, 77):
        code, case = ask(
            capsys, "dvh", p1.folder, "--roi", f"#{number}", "--metric", "Mean", "--solid", "slab"
        )
        assert code == 0
        (row,) = case["structures"]
        means.append(row["metrics"]["Mean[Gy]"])
    assert means[0] > means[1] + 5  # the dose falls off to all sides of the first


@pytest.fixture
def two_plans(p1: Patient1) -> Patient1:
    """Patient 1 with a second plan: half the prescription in five fractions, half the dose."""
    plan, dose = p1.read("RP.dcm"), p1.read("RD.dcm")
    for one, uid in ((plan, "1.2.3.5"), (dose, "1.2.3.6")):
        one.SOPInstanceUID = one.file_meta.MediaStorageSOPInstanceUID = uid
    for reference in plan.DoseReferenceSequence:
        if "TargetPrescriptionDose" in reference:
            reference.TargetPrescriptionDose = float(reference.TargetPrescriptionDose) / 2
    for group in plan.FractionGroupSequence:
        group.NumberOfFractionsPlanned = 5
    dose.DoseGridScaling = f"{float(dose.DoseGridScaling) / 2:.10g}"
    dose.ReferencedRTPlanSequence[0].ReferencedSOPInstanceUID = "1.2.3.5"
    p1.write("RP2.dcm", plan)
    p1.write("RD2.dcm", dose)
    return p1


@members("B15", {"V100%": "V100%", "CI": "CI", "V95%": "V95%"})
def test_a_named_dose_goes_with_its_own_prescription(
    two_plans: Patient1, capsys: Capture, member: str
) -> None:
    found = []
    for name in ("RD.dcm", "RD2.dcm"):
        words = ("--roi", "GTV", "--dose", two_plans.folder / name, "--metric", member)
        code, case = ask(capsys, "dvh", two_plans.folder, *words)
        assert code == 0
        (value,) = case["structures"][0]["metrics"].values()
        found.append(value)
    # half the dose under half the prescription is the same in percent of it
    assert found[0] is not None
    assert found[1] == pytest.approx(found[0], rel=1e-3)


@member("B15", "EQD2 of it, in its own number of fractions")
def test_a_named_dose_goes_with_its_own_fractions(two_plans: Patient1, capsys: Capture) -> None:
    words = ("--roi", "GTV", "--metric", "D50%", "--alpha-beta", "10")
    found = {}
    for axis in ("physical", "eqd2"):
        dose = ("--dose", two_plans.folder / "RD2.dcm", "--as", axis)
        code, case = ask(capsys, "dvh", two_plans.folder, *words, *dose)
        assert code == 0
        (found[axis],) = case["structures"][0]["metrics"].values()
    dose_gy = found["physical"]
    assert found["eqd2"] == pytest.approx(dose_gy * (dose_gy / 5 + 10) / (2 + 10), rel=1e-3)


@members("C16", {"CI": "CI", "CI_RTOG": "CI_RTOG", "GI": "GI", "HI": "HI"})
def test_a_liver_has_no_index(p1: Patient1, capsys: Capture, member: str) -> None:
    _, case = ask(capsys, "dvh", p1.folder, "--roi", "Liver", "--roi", "GTV", "--metric", member)
    values = {row["name"]: [*row["metrics"].values()] for row in case["structures"]}
    assert values["Liver"] == [None]
    assert values["GTV"] != [None]
    (liver,) = [row for row in case["structures"] if row["name"] == "Liver"]
    assert "target" in " ".join(liver["notes"].values())


def cut_dose(p1: Patient1) -> str:
    data = (p1.folder / "RD.dcm").read_bytes()
    (p1.folder / "second.dcm").write_bytes(data[: len(data) // 2])
    return "second.dcm"


def cut_image(p1: Patient1) -> str:
    name = p1.images[24]
    data = (p1.folder / name).read_bytes()
    (p1.folder / name).unlink()
    (p1.folder / name).write_bytes(data[: len(data) - 5000])
    return name


def no_number(p1: Patient1) -> str:
    rs = p1.read("RS.dcm")
    contours_of(rs, "Kidney_L").ContourSequence[1].NumberOfContourPoints = 7
    p1.write("RS.dcm", rs)
    return 'ROI "Kidney_L", contour 2'


@members(
    "C10",
    {
        "one of several doses": cut_dose,
        "one of many images": cut_image,
        "one contour of an ROI": no_number,
    },
)
def test_the_thing_is_named(
    p1: Patient1, capsys: Capture, member: Callable[[Patient1], str]
) -> None:
    named = member(p1)
    _, case = ask(capsys, "inspect", p1.folder)
    said = [f"{one['where']} {one['seen']}" for one in case["findings"]]
    assert any(named in text for text in said), said
    assert not any(
        f"{kind} {n} of" in text for text in said for kind in ("RTDOSE", "file") for n in range(60)
    )


@member("C10", "many ROIs of which one is a target")
def test_a_list_never_leaves_out_the_target(p1: Patient1, capsys: Capture) -> None:
    rs = p1.read("RS.dcm")
    source = roi_item(rs, "Liver")
    for number in range(100, 130):
        item = copy.deepcopy(source)
        item.ROINumber, item.ROIName = number, f"Help{number}"
        rs.StructureSetROISequence.append(item)
    p1.write("RS.dcm", rs)
    code = main(["dvh", str(p1.folder), "--roi", "Nowhere", "--metric", "Mean"])
    said = capsys.readouterr().err
    assert code == 1
    assert "GTV" in said
    assert " more" in said
