"""`rtvol dvh` with other readings, several doses, stored histograms and curves."""

from __future__ import annotations

import csv
import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., Any]


def rows_of(run: Any) -> dict[str, dict[str, Any]]:
    (case,) = json.loads(run.out)["cases"]
    return {row["name"]: row for row in case["structures"]}


def case_of(run: Any) -> dict[str, Any]:
    (case,) = json.loads(run.out)["cases"]
    return case


def save(data: Dataset, path: Path) -> None:
    data.SOPInstanceUID = generate_uid()
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
    data.save_as(path)


def second_plan(exports: Path, fractions: int, factor: float) -> Path:
    """Another plan with its dose beside the first; returns the dose."""
    plan = pydicom.dcmread(exports / "good" / "RP.dcm")
    plan.FractionGroupSequence[0].NumberOfFractionsPlanned = fractions
    save(plan, exports / "good" / "RP2.dcm")
    dose = pydicom.dcmread(exports / "good" / "RD.dcm")
    dose.DoseGridScaling = float(dose.DoseGridScaling) * factor
    dose.ReferencedRTPlanSequence[0].ReferencedSOPInstanceUID = plan.SOPInstanceUID
    path = exports / "good" / "RD2.dcm"
    save(dose, path)
    return path


def first_fractions(exports: Path) -> int:
    plan = pydicom.dcmread(exports / "good" / "RP.dcm")
    return int(plan.FractionGroupSequence[0].NumberOfFractionsPlanned)


def test_solid_caps_and_interpolation_are_named_with_the_numbers(rtvol: Run, exports: Path) -> None:
    words = ("dvh", exports, "--roi", "GTV")
    plain = rows_of(rtvol(*words, "--json"))["GTV"]
    assert [plain["dose"][key] for key in ("solid", "caps", "interpolation", "axis")] == [
        *("slab", "half", "linear", "physical")
    ]
    assert plain["solid"] == "slab"
    assert "slab, caps half, physical dose, linear" in rtvol(*words).out
    how = ("--solid", "loft", "--caps", "1.5", "--dose-interpolation", "cubic")
    other = rows_of(rtvol(*words, *how, "--json"))["GTV"]
    assert [other["dose"][key] for key in ("solid", "caps", "interpolation")] == [
        *("loft", "1.5 mm", "cubic")
    ]
    assert other["solid"] == "loft"
    # the tiny GTV is a ball of 7 mm
    assert other["volume_cc"] == pytest.approx(4 / 3 * math.pi * 0.7**3, rel=0.03)


def test_without_caps_the_end_slabs_are_half_as_thick(rtvol: Run, exports: Path) -> None:
    words = ("dvh", exports, "--roi", "Liver", "--json", "--caps")
    half, none, short = (
        rows_of(rtvol(*words, caps))["Liver"]["volume_cc"] for caps in ("half", "none", "0.5")
    )
    assert none < short < half
    # slices are 3 mm apart: 0.5 of 1.5 mm is a third of what both caps add
    assert (short - none) / (half - none) == pytest.approx(1 / 3, rel=1e-6)


def test_the_range_holds_the_value_and_the_other_readings(rtvol: Run, exports: Path) -> None:
    words = ("dvh", exports, "--roi", "GTV", "--metric", "D95%", "--metric", "D20cc", "--json")
    row = rows_of(rtvol(*words, "--range"))["GTV"]
    assert "D20cc[Gy]" not in row["range"]
    for key, value in (("D95%[Gy]", row["metrics"]["D95%[Gy]"]), ("Volume[cc]", row["volume_cc"])):
        low, high = row["range"][key]
        assert low <= value <= high
        for how in (("--solid", "loft"), ("--caps", "none"), ("--solid", "loft", "--caps", "none")):
            other = rows_of(rtvol(*words, *how))["GTV"]
            found = other["volume_cc"] if key == "Volume[cc]" else other["metrics"][key]
            assert low - 1e-9 <= found <= high + 1e-9
    assert "range" in rtvol("dvh", exports, "--roi", "GTV", "--range").out
    assert "range" not in rows_of(rtvol(*words))["GTV"]


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_curves_hold_a_row_for_each_structure_and_centigray(
    ending: str, rtvol: Run, exports: Path, tmp_path: Path
) -> None:
    path = tmp_path / f"curves.{ending}"
    words = ("dvh", exports, "--roi", "GTV", "--roi", "Liver", "--metric", "Max")
    run = rtvol(*words, "--curves", path, "--json")
    assert run.code == 0
    if ending == "csv":
        with path.open(newline="") as file:
            rows = list(csv.DictReader(file))
    else:
        from pyarrow import parquet

        rows = parquet.read_table(path).to_pylist()
    own = [row for row in rows if row["structure"] == "GTV"]
    assert {row["structure"] for row in rows} == {"GTV", "Liver"}
    assert {(row["solid"], row["caps"], row["dose"]) for row in rows} == {
        ("slab", "half", "physical")
    }
    highest = rows_of(run)["GTV"]["metrics"]["Max[Gy]"]
    assert float(own[-2]["dose_gy"]) <= highest < float(own[-1]["dose_gy"])
    volumes = [float(row["differential_cc"]) for row in own]
    assert sum(volumes) == pytest.approx(rows_of(run)["GTV"]["volume_cc"], rel=1e-6)
    assert rtvol(*words, "--curves", path).code == 4


def test_plans_are_added_in_gray(rtvol: Run, exports: Path) -> None:
    words = ("dvh", exports, "--roi", "GTV", "--metric", "Mean", "--metric", "D95%", "--json")
    alone = rows_of(rtvol(*words))["GTV"]["metrics"]
    other = second_plan(exports, 5, 0.5)
    assert "ambiguous-dose" not in rtvol(*words, "--sum", "physical").err
    found = rows_of(rtvol(*words, "--sum", "physical"))["GTV"]["metrics"]
    for key, value in alone.items():
        assert found[key] == pytest.approx(1.5 * value, rel=1e-5)
    named = ("--dose", other, "--dose", exports / "good" / "RD.dcm")
    assert rows_of(rtvol(*words, *named, "--sum", "physical"))["GTV"]["metrics"] == found
    refused = rtvol(*words, *named)
    assert refused.code == 2
    assert "bad-call" in refused.err


def test_plans_are_added_in_eqd2_each_with_its_fractions(rtvol: Run, exports: Path) -> None:
    words = ("dvh", exports, "--roi", "GTV", "--metric", "Max", "--json")
    highest = rows_of(rtvol(*words))["GTV"]["metrics"]["Max[Gy]"]
    first = first_fractions(exports)
    second_plan(exports, 5, 0.5)
    ratio = ("--sum", "eqd2", "--alpha-beta", "3", "--alpha-beta", "GTV=10")
    row = rows_of(rtvol(*words, *ratio))["GTV"]
    assert row["dose"]["axis"] == "EQD2, a/b 10 Gy"

    def eqd2(dose: float, fractions: int) -> float:
        return dose * (dose / fractions + 10) / 12

    wanted = eqd2(highest, first) + eqd2(highest / 2, 5)
    # samples are turned into EQD2 before the dose runs straight between them
    assert row["metrics"]["Max[Gy]"] == pytest.approx(wanted, rel=5e-3)
    assert rtvol(*words, "--sum", "eqd2").code == 2
    assert rtvol(*words, "--sum", "eqd2", "--alpha-beta", "0").code == 2
    run = rtvol("dvh", exports, "--sum", "eqd2", "--alpha-beta", "GTV=10", "--json")
    assert list(rows_of(run)) == ["GTV"]
    codes = [finding["code"] for finding in case_of(run)["findings"]]
    assert codes.count("no-alpha-beta") == 2


def test_eqd2_needs_the_fractions(rtvol: Run, exports: Path) -> None:
    (exports / "good" / "RP.dcm").unlink()
    run = rtvol("dvh", exports, "--sum", "eqd2", "--alpha-beta", "3", "--json")
    assert run.code == 1
    assert case_of(run)["findings"][-1]["code"] == "no-fractions"


def beam_doses(exports: Path, numbers: list[int], planned: list[int]) -> None:
    """Turn the plan dose into equal parts, one for each beam."""
    good = exports / "good"
    plan = pydicom.dcmread(good / "RP.dcm")
    group = plan.FractionGroupSequence[0]
    group.ReferencedBeamSequence = []
    for number in planned:
        beam = Dataset()
        beam.ReferencedBeamNumber, beam.BeamMeterset = number, 100
        group.ReferencedBeamSequence.append(beam)
    setup = Dataset()
    setup.ReferencedBeamNumber = 99
    group.ReferencedBeamSequence.append(setup)
    plan.save_as(good / "RP.dcm")
    for place, number in enumerate(numbers):
        dose = pydicom.dcmread(good / "RD.dcm")
        dose.DoseSummationType = "BEAM"
        dose.DoseGridScaling = float(dose.DoseGridScaling) / len(numbers)
        fraction, beam = Dataset(), Dataset()
        beam.ReferencedBeamNumber = number
        fraction.ReferencedBeamSequence = [beam]
        fraction.ReferencedFractionGroupNumber = 1
        dose.ReferencedRTPlanSequence[0].ReferencedFractionGroupSequence = [fraction]
        save(dose, good / f"beam{place}.dcm")
    (good / "RD.dcm").unlink()


def test_all_beams_of_a_plan_make_its_dose(rtvol: Run, exports: Path) -> None:
    words = ("dvh", exports, "--roi", "GTV", "--json")
    whole = rows_of(rtvol(*words))["GTV"]["metrics"]
    beam_doses(exports, [1, 2, 4], [1, 2, 4])
    run = rtvol(*words)
    assert case_of(run)["findings"][-1]["code"] == "dose-summed"
    for key, value in rows_of(run)["GTV"]["metrics"].items():
        assert value == pytest.approx(whole[key], rel=1e-5)


@pytest.mark.parametrize(
    ("numbers", "planned", "code"),
    [([1, 2], [1, 2, 3], "beams-missing"), ([1, 2, 2], [1, 2], "ambiguous-dose")],
)
def test_beams_that_are_missing_or_double_make_no_dose(
    numbers: list[int], planned: list[int], code: str, rtvol: Run, exports: Path
) -> None:
    beam_doses(exports, numbers, planned)
    run = rtvol("dvh", exports, "--json")
    assert run.code == 1
    assert case_of(run)["findings"][-1]["code"] == code


def test_a_dose_of_another_frame_is_refused_by_name(rtvol: Run, exports: Path) -> None:
    dose = pydicom.dcmread(exports / "good" / "RD.dcm")
    dose.FrameOfReferenceUID = generate_uid()
    save(dose, exports / "good" / "RD2.dcm")
    words = ("--dose", exports / "good" / "RD2.dcm", "--dose", exports / "good" / "RD.dcm")
    run = rtvol("dvh", exports, *words, "--sum", "physical", "--json")
    assert run.code == 1
    assert case_of(run)["findings"][-1]["code"] == "frame-mismatch"


def store_dvh(
    exports: Path, number: int, doses: np.ndarray, volumes: np.ndarray, **tags: Any
) -> None:
    path = exports / "good" / "RD.dcm"
    data = pydicom.dcmread(path)
    roi = Dataset()
    roi.ReferencedROINumber, roi.DVHROIContributionType = number, "INCLUDED"
    item = Dataset()
    item.DVHReferencedROISequence = [roi]
    item.DVHType, item.DoseUnits, item.DoseType = "CUMULATIVE", "GY", "PHYSICAL"
    item.DVHDoseScaling, item.DVHVolumeUnits = 1.0, "CM3"
    item.DVHNumberOfBins = volumes.size
    pairs = np.column_stack([np.diff(doses), volumes]).ravel()
    item.DVHData = [f"{value:.8g}" for value in pairs]
    for name, value in tags.items():
        setattr(item, name, value)
    data.DVHSequence = [*getattr(data, "DVHSequence", []), item]
    data.save_as(path)


def test_our_dvh_is_compared_with_the_stored_one(rtvol: Run, exports: Path, tmp_path: Path) -> None:
    words = ("dvh", exports, "--roi", "Liver", "--caps", "none")
    rtvol(*words, "--curves", tmp_path / "own.csv")
    with (tmp_path / "own.csv").open(newline="") as file:
        own = list(csv.DictReader(file))
    rs = pydicom.dcmread(next((exports / "good").glob("RS*.dcm")))
    number = next(r.ROINumber for r in rs.StructureSetROISequence if r.ROIName == "Liver")
    # bins of 4 cGy: an explicit DS holds no more than 64 kB
    doses = np.array([float(row["dose_gy"]) for row in own[::4]])
    doses = np.append(doses, doses[-1] + 0.04)
    volumes = np.array([float(row["cumulative_cc"]) for row in own[::4]])
    store_dvh(exports, number, doses, volumes, DVHMaximumDose=104.0)
    same = rows_of(rtvol(*words, "--compare", "--json"))["Liver"]["comparison"]
    assert {one["verdict"] for one in same} == {"agrees"}
    assert [one["quantity"] for one in same][:2] == ["Volume[cc]", "D95%[Gy]"]
    run = rtvol("dvh", exports, "--roi", "Liver", "--compare", "--json", "-o", tmp_path / "o.csv")
    other = {one["quantity"]: one for one in rows_of(run)["Liver"]["comparison"]}
    # with caps the tiny liver is 6 % larger, which the file's own convention explains
    assert other["Volume[cc]"]["percent"] > 1
    assert other["Volume[cc]"]["verdict"] == "slab, caps none"
    assert "stored-dvh-tags" in [finding["code"] for finding in case_of(run)["findings"]]
    assert "stored Volume[cc]" in (tmp_path / "o.csv").read_text()
    assert "verdict" in rtvol(*words, "--compare").out


def test_an_export_without_stored_dvhs_says_so(rtvol: Run, exports: Path) -> None:
    run = rtvol("dvh", exports, "--compare", "--json")
    assert run.code == 0
    assert "no-stored-dvh" in [finding["code"] for finding in case_of(run)["findings"]]


@pytest.mark.parametrize(
    ("tags", "seen"),
    [
        ({"DoseUnits": "RELATIVE"}, "RELATIVE"),
        ({"DVHVolumeUnits": "PERCENT"}, "PERCENT"),
        ({"DVHType": "NATURAL"}, "NATURAL"),
        ({"DVHDoseScaling": 0}, "scaling"),
        ({"DVHData": ["1", "2", "3"]}, "pairs"),
        ({"DVHData": ["1", "-2"]}, "negative"),
        ({"DoseType": "EFFECTIVE"}, "physical"),
    ],
)
def test_a_stored_dvh_that_cannot_be_compared_is_named(
    tags: dict[str, Any], seen: str, rtvol: Run, exports: Path
) -> None:
    store_dvh(exports, 1, np.array([0, 1.0, 2.0]), np.array([3.0, 1.0]), **tags)
    run = rtvol("dvh", exports, "--compare", "--json")
    found = {finding["code"]: finding for finding in case_of(run)["findings"]}
    assert seen in found["stored-dvh-not-used"]["seen"]


def test_bad_caps_are_refused(rtvol: Run, exports: Path) -> None:
    run = rtvol("dvh", exports, "--caps", "some")
    assert run.code == 2
    assert "[bad-caps]" in run.err
