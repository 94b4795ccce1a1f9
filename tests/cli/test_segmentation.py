"""A segmentation wherever a structure set is taken: found, chosen, read, written on."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pydicom
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., Any]


@pytest.fixture(scope="session")
def segmented(sample_dicom: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first sample patient as CT, dose, plan and three segmentations by highdicom."""
    from rtvol.cli import main

    folder = tmp_path_factory.mktemp("segmented") / "case"
    source = sample_dicom / "patient1"
    shutil.copytree(source, folder)
    made = folder.parent / "seg"
    words = ["export", str(source), "-o", str(made), "--format", "seg", "--quiet"]
    assert main([*words, "--roi", "GTV", "--roi", "Liver", "--roi", "Duodenum"]) == 0
    for path in made.rglob("*.seg.dcm"):
        path.replace(folder / path.name)
    (folder / "RS.dcm").unlink()
    return folder


def case_of(ran: Any) -> dict[str, Any]:
    """The one case of a document."""
    assert ran.code == 0, ran.err
    (case,) = json.loads(ran.out)["cases"]
    return case


def voxels_cc(path: Path) -> float:
    """Voxels of a file times the volume of one: by pydicom, and multiplication."""
    data = pydicom.dcmread(path)
    measures = data.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    area = float(measures.PixelSpacing[0]) * float(measures.PixelSpacing[1])
    return int(data.pixel_array.sum()) * area * float(measures.SpacingBetweenSlices) / 1000


def codes(case: dict[str, Any]) -> set[str]:
    return {one["code"] for one in (*case["findings"], *case["notes"])}


def test_segments_are_the_regions_of_a_case(segmented: Path, rtvol: Run) -> None:
    case = case_of(rtvol("dvh", segmented, "--json", "--metric", "Mean"))
    found = {one["name"]: one for one in case["structures"]}
    assert set(found) == {"GTV", "Liver", "Duodenum"}
    for name, one in found.items():
        assert one["volume_cc"] == pytest.approx(voxels_cc(segmented / f"{name}.seg.dcm"))
    assert 40 < found["GTV"]["metrics"]["Mean[Gy]"] < 60
    assert "segmentations-joined" in codes(case)
    assert "ambiguous-rtstruct" not in codes(case)


def test_targets_grow_from_a_segment(segmented: Path, rtvol: Run, tmp_path: Path) -> None:
    words = ["--gtv", "GTV", "--ctv", 2, "--ptv", 4, "--avoid", "Duodenum", "--into", "same"]
    case = case_of(rtvol("expand", segmented, *words, "-o", tmp_path, "--json"))
    cc = {one["name"]: one["volume_cc"] for one in case["structures"]}
    assert cc["GTV"] < cc["CTV"] < cc["PTV"]
    (path,) = tmp_path.rglob("RS.rtvol.dcm")
    written = pydicom.dcmread(path)
    names = [item.ROIName for item in written.StructureSetROISequence]
    assert names[:3] == ["Duodenum", "GTV", "Liver"], "what was there stays, as outlines"
    assert "PredecessorStructureSetSequence" not in written, "a segmentation is no structure set"
    again = case_of(rtvol("inspect", path, *segmented.glob("CT*"), "--json"))
    liver = voxels_cc(segmented / "Liver.seg.dcm")
    (found,) = (one["volume_cc"] for one in again["rois"] if one["name"] == "Liver")
    assert found == pytest.approx(liver, rel=1e-6)


def test_a_long_label_is_in_the_row_as_it_is_in_the_file(
    segmented: Path, rtvol: Run, tmp_path: Path
) -> None:
    shutil.copytree(segmented, tmp_path / "case")
    label = "GTV_liver_segment_VII"
    path = tmp_path / "case" / "GTV.seg.dcm"
    data = pydicom.dcmread(path)
    data.SegmentSequence[0].SegmentLabel = label
    data.save_as(path)
    words = ["--gtv", label, "--ctv", 2, "--ptv", 4, "--into", "same", "--json"]
    case = case_of(rtvol("expand", tmp_path / "case", *words, "-o", tmp_path / "out"))
    written = pydicom.dcmread(next((tmp_path / "out").rglob("RS.rtvol.dcm")))
    names = {str(item.ROIName) for item in written.StructureSetROISequence}
    shown = {one["name"]: one["written_name"] for one in case["structures"]}
    assert set(shown.values()) <= names
    assert len(shown[label]) <= 16
    assert shown[label] != label
    assert "roi-renamed" in codes(case)


def test_what_was_drawn_goes_first_unless_the_file_is_named(
    segmented: Path, sample_dicom: Path, rtvol: Run, tmp_path: Path
) -> None:
    shutil.copytree(segmented, tmp_path / "both")
    shutil.copy(sample_dicom / "patient1" / "RS.dcm", tmp_path / "both")
    both, seg = tmp_path / "both", tmp_path / "both" / "GTV.seg.dcm"
    drawn = case_of(rtvol("dvh", both, "--json", "--roi", "GTV"))
    named = case_of(rtvol("dvh", both, seg, "--json", "--roi", "GTV"))
    asked = case_of(rtvol("dvh", both, "--rtstruct", "GTV.seg.dcm", "--json", "--roi", "GTV"))
    own = pytest.approx(voxels_cc(seg))
    assert drawn["structures"][0]["volume_cc"] != own
    assert named["structures"][0]["volume_cc"] == asked["structures"][0]["volume_cc"] == own
    assert named["structures"][0]["metrics"] == asked["structures"][0]["metrics"]
    listed = json.loads(rtvol("scan", both, "--json").out)
    assert "segmentation-not-chosen" in json.dumps(listed)


def test_compare_takes_a_segmentation_for_a_side(
    segmented: Path, sample_dicom: Path, rtvol: Run
) -> None:
    sides = (sample_dicom / "patient1", segmented)
    case = case_of(rtvol("compare", *sides, "--roi", "GTV", "--json"))
    (pair,) = case["pairs"]
    # voxels of 2 mm: outlines half a diagonal apart
    assert pair["dice"] > 0.95
    assert pair["mean_mm"] < 1.0


def test_a_segmentation_of_another_frame_is_refused(
    segmented: Path, rtvol: Run, tmp_path: Path
) -> None:
    shutil.copytree(segmented, tmp_path / "case")
    for path in (tmp_path / "case").glob("*.seg.dcm"):
        data = pydicom.dcmread(path)
        data.FrameOfReferenceUID = "1.2.3.4"
        data.save_as(path)
    ran = rtvol("dvh", tmp_path / "case", "--json")
    (case,) = json.loads(ran.out)["cases"]
    assert case["status"] == "reject"
    assert "frame-mismatch" in codes(case)


def test_one_damaged_file_costs_its_own_segments(
    segmented: Path, rtvol: Run, tmp_path: Path
) -> None:
    shutil.copytree(segmented, tmp_path / "case")
    path = tmp_path / "case" / "Duodenum.seg.dcm"
    path.write_bytes(path.read_bytes()[:-40])
    case = case_of(rtvol("dvh", tmp_path / "case", "--json"))
    assert {one["name"] for one in case["structures"]} == {"GTV", "Liver"}
    assert case["status"] == "warn"
    assert "truncated-pixels" in codes(case)
    for other in ("GTV", "Liver"):
        (tmp_path / "case" / f"{other}.seg.dcm").unlink()
    ran = rtvol("dvh", tmp_path / "case", "--json")
    assert json.loads(ran.out)["cases"][0]["status"] == "reject"


def test_without_images_the_voxels_are_the_same(
    segmented: Path, rtvol: Run, tmp_path: Path
) -> None:
    shutil.copytree(segmented, tmp_path / "case")
    for path in (tmp_path / "case").glob("CT*"):
        path.unlink()
    case = case_of(rtvol("dvh", tmp_path / "case", "--json", "--roi", "GTV"))
    assert "no-ct" in codes(case)
    cc = voxels_cc(segmented / "GTV.seg.dcm")
    assert case["structures"][0]["volume_cc"] == pytest.approx(cc)


def test_random_regions_come_back_by_volume(rtvol: Run, tmp_path: Path) -> None:
    """export --format seg of what was read from a SEG: the same voxels, ragged ones too."""
    from rtvol.phantoms import Organ, PhantomCase, Sphere, VoxelLattice, write_case

    lattice = VoxelLattice.around((0.0, 0.0, 0.0), (40.0, 40.0, 20.0), (2.0, 2.0, 2.5))
    gtv = Organ("GTV", Sphere((0.0, 0.0, 0.0), 8.0), 40, "GTV")
    ragged = PhantomCase("SYNTHETIC^RAGGED", "RTVOL-RAGGED", (gtv,), lattice)
    write_case(tmp_path / "case", ragged)
    rtvol("export", tmp_path / "case", "-o", tmp_path / "one", "--format", "seg")
    (tmp_path / "case" / "RS.dcm").unlink()
    (made,) = (tmp_path / "one").rglob("GTV.seg.dcm")
    data = pydicom.dcmread(made)
    shape = data.pixel_array.shape
    mask = np.random.default_rng(3).random(shape) < 0.4
    data.PixelData = np.packbits(mask.ravel(), bitorder="little").tobytes()
    data.PixelData += b"\0" * (len(data.PixelData) % 2)
    data.save_as(tmp_path / "case" / "ragged.dcm")
    words = ["export", tmp_path / "case", "-o", tmp_path / "two", "--format", "seg", "--json"]
    case_of(rtvol(*words))
    (again,) = (tmp_path / "two").rglob("GTV.seg.dcm")
    np.testing.assert_array_equal(pydicom.dcmread(again).pixel_array, mask)
