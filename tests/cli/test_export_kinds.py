"""`rtvol export` of effective doses, of sums, and of real exports."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk

from naive.triangles import boundary_of, triangles_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., Any]


@pytest.fixture
def two_kinds(tiny_patient: Path, tmp_path: Path) -> Callable[[str, str], Path]:
    """The tiny patient with a second plan of half the dose; Dose Types of both as asked."""

    def write(first: str, second: str) -> Path:
        folder = tmp_path / "in" / "case"
        shutil.copytree(tiny_patient, folder)
        plan, dose = (pydicom.dcmread(folder / name) for name in ("RP.dcm", "RD.dcm"))
        dose.DoseType = first
        dose.save_as(folder / "RD.dcm")
        plan.SOPInstanceUID = plan.file_meta.MediaStorageSOPInstanceUID = "1.2.826.0.1.77.1"
        plan.save_as(folder / "RP2.dcm")
        dose.SOPInstanceUID = dose.file_meta.MediaStorageSOPInstanceUID = "1.2.826.0.1.77.2"
        dose.ReferencedRTPlanSequence[0].ReferencedSOPInstanceUID = plan.SOPInstanceUID
        dose.DoseGridScaling, dose.DoseType = str(float(dose.DoseGridScaling) / 2), second
        dose.save_as(folder / "RD2.dcm")
        return folder

    return write


def codes_of(run: Any) -> list[str]:
    (case,) = json.loads(run.out)["cases"]
    return [one["code"] for one in case["findings"]]


def test_an_effective_dose_is_said_to_be_one_in_all_that_is_written(
    rtvol: Run, two_kinds: Callable[[str, str], Path], tmp_path: Path
) -> None:
    words = ("export", two_kinds("PHYSICAL", "EFFECTIVE"), "--dose-file", "RD2.dcm", "--json")
    run = rtvol(*words, "-o", tmp_path / "rd", "--format", "rtdose")
    assert run.code == 0, run.err
    assert codes_of(run).count("dose-type-effective") == 1
    written = pydicom.dcmread(next((tmp_path / "rd").rglob("RD.rtvol.dcm")))
    assert written.DoseType == "EFFECTIVE"
    assert {item.DoseType for item in written.DVHSequence} == {"EFFECTIVE"}
    source = pydicom.dcmread(tmp_path / "in" / "case" / "RD2.dcm")
    gy = [one.pixel_array * float(one.DoseGridScaling) for one in (written, source)]
    assert np.abs(gy[0] - gy[1]).max() < 1e-3
    run = rtvol(*words, "-o", tmp_path / "nii", "--format", "nifti", "--dose", "--roi", "GTV")
    assert run.code == 0, run.err
    assert codes_of(run).count("dose-type-effective") == 1


@pytest.mark.parametrize(
    "words",
    [
        ("export", "--format", "rtdose", "--sum", "physical"),
        ("export", "--format", "nrrd", "--dose", "--dose-file", "RD.dcm", "--dose-file", "RD2.dcm"),
        ("dvh", "--sum", "physical"),
        ("dvh", "--sum", "eqd2", "--alpha-beta", "3"),
    ],
)
def test_effective_and_physical_doses_are_not_added(
    rtvol: Run, two_kinds: Callable[[str, str], Path], tmp_path: Path, words: tuple[str, ...]
) -> None:
    out = ("-o", tmp_path / "out") if words[0] == "export" else ()
    run = rtvol(words[0], two_kinds("PHYSICAL", "EFFECTIVE"), *words[1:], *out)
    assert run.code == 1
    assert "[dose-kinds-mixed]" in run.err
    assert "all as EFFECTIVE" in run.err
    assert not list((tmp_path / "out").rglob("*.dcm"))


@pytest.mark.parametrize("kind", ["PHYSICAL", "EFFECTIVE"])
def test_doses_of_one_kind_are_and_no_doubt_is_left_about_which(
    rtvol: Run, two_kinds: Callable[[str, str], Path], tmp_path: Path, kind: str
) -> None:
    words = ("--format", "rtdose", "--sum", "physical", "--json")
    run = rtvol("export", two_kinds(kind, kind), "-o", tmp_path / "out", *words)
    assert run.code == 0, run.err
    found = codes_of(run)
    assert len(found) == len(set(found))
    assert not {"ambiguous-dose", "dose-not-plan"} & set(found)
    assert pydicom.dcmread(next((tmp_path / "out").rglob("RD*"))).DoseType == kind


def test_masks_alone_leave_the_doubt_about_the_dose(
    rtvol: Run, two_kinds: Callable[[str, str], Path], tmp_path: Path
) -> None:
    case = two_kinds("PHYSICAL", "PHYSICAL")
    run = rtvol("export", case, "-o", tmp_path / "out", "--format", "stl", "--json")
    assert codes_of(run).count("ambiguous-dose") == 1


@pytest.mark.parametrize("form", ["nifti", "nrrd", "seg", "stl", "obj"])
def test_a_real_lung_is_written_where_it_lies(
    rtvol: Run,
    shared_data: Path,
    tmp_path: Path,
    require_module: Callable[[str], Any],
    form: str,
) -> None:
    if form == "seg":
        require_module("highdicom")
    folder = shared_data / "4dlung"
    known = json.loads((shared_data / "expected.json").read_text())["4dlung"]
    run = rtvol("export", folder, "-o", tmp_path, "--format", form, "--roi", "LN_c40", "--json")
    assert run.code == 0, run.err
    (path,) = tmp_path.rglob("LN_c40.*")
    truth = known["LN_c40"]["exact"]["vol_evenodd_slab_cc"]
    if form in {"stl", "obj"}:
        triangles = triangles_of(path)
        assert boundary_of(triangles) == []
        low, high = triangles.min(axis=(0, 1)), triangles.max(axis=(0, 1))
        about = triangles - triangles.mean(axis=(0, 1))
        cc = np.einsum("nc,nc->", about[:, 0], np.cross(about[:, 1], about[:, 2])) / 6000
        assert cc == pytest.approx(truth, rel=0.04)  # a loft rounds the ends
    else:
        if form == "seg":
            volume = (
                require_module("highdicom").seg.segread(path).get_volume(combine_segments=False)
            )
            values, affine = volume.array[..., 0], volume.affine
        else:
            image = sitk.ReadImage(str(path))
            values, affine = sitk.GetArrayFromImage(image).T, np.eye(4)
            affine[:3, :3] = np.diag(image.GetSpacing())
            affine[:3, 3] = image.GetOrigin()
        voxel_mm3 = abs(np.linalg.det(affine[:3, :3]))
        assert values.sum() * voxel_mm3 / 1000 == pytest.approx(truth, rel=0.02)
        places = np.argwhere(values) @ affine[:3, :3].T + affine[:3, 3]
        low, high = places.min(axis=0), places.max(axis=0)
    drawn = corners_of(structure_set(folder), "LN_c40")
    # a voxel in plane; along z half a slice, or a whole one over which a surface tapers
    assert (np.abs(low - drawn.min(axis=0)) < (1.0, 1.0, 3.0)).all()
    assert (np.abs(high - drawn.max(axis=0)) < (1.0, 1.0, 3.0)).all()


def structure_set(folder: Path) -> Path:
    """The RTSTRUCT of a folder, by what its files say."""
    every = (path for path in sorted(folder.rglob("*.dcm")))
    return next(
        p for p in every if pydicom.dcmread(p, stop_before_pixels=True).Modality == "RTSTRUCT"
    )


def corners_of(path: Path, name: str) -> np.ndarray:
    data = pydicom.dcmread(path)
    numbers = {roi.ROIName: roi.ROINumber for roi in data.StructureSetROISequence}
    (roi,) = (r for r in data.ROIContourSequence if r.ReferencedROINumber == numbers[name])
    rings = [np.array(ring.ContourData, float).reshape(-1, 3) for ring in roi.ContourSequence]
    return np.concatenate(rings)


def test_a_real_dose_is_written_as_it_is_stored(
    rtvol: Run, shared_data: Path, tmp_path: Path
) -> None:
    folder = shared_data / "dicompyler-example"
    words = ("-o", tmp_path, "--format", "rtdose", "--roi", "Heart", "--json")
    run = rtvol("export", folder, *words)
    assert run.code == 0, run.err
    written = pydicom.dcmread(next(tmp_path.rglob("RD.rtvol.dcm")))
    every = [pydicom.dcmread(path) for path in sorted(folder.rglob("*.dcm"))]
    (source,) = (one for one in every if one.Modality == "RTDOSE")
    gy = [one.pixel_array * float(one.DoseGridScaling) for one in (written, source)]
    assert np.abs(gy[0] - gy[1]).max() < gy[1].max() / 100_000
    for tag in ("ImageOrientationPatient", "ImagePositionPatient", "GridFrameOffsetVector"):
        one, other = (np.array(read.get(tag), float) for read in (written, source))
        assert one == pytest.approx(other, abs=1e-3), tag
    # the histogram of the planning system, of the same ROI
    (rs,) = (one for one in every if one.Modality == "RTSTRUCT")
    (number,) = (r.ROINumber for r in rs.StructureSetROISequence if r.ROIName == "Heart")
    of_heart = [one for one in source.DVHSequence
                if one.DVHReferencedROISequence[0].ReferencedROINumber == number]  # fmt: skip
    volumes = [np.array(one.DVHData, float)[1] for one in (*written.DVHSequence, *of_heart)]
    assert len(volumes) == 2
    assert volumes[0] == pytest.approx(volumes[1], rel=0.01)
