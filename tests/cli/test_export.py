"""`rtvol export`: each file read back by another program, in its place in the patient."""

from __future__ import annotations

import gzip
import json
import shutil
import struct
import subprocess
from typing import TYPE_CHECKING, Any

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk

from naive.triangles import triangles_of
from rtvol.frames import Rigid
from rtvol.phantoms import (
    Gaussian,
    Linear,
    Organ,
    PhantomCase,
    Shell,
    Sphere,
    VoxelLattice,
    write_case,
)
from rtvol.phantoms.write_options import WriteOptions

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., Any]

CENTRE = np.array([14.0, 0.0, 0.0])
RADIUS_MM = 7.0
BALL_CC = 4 / 3 * np.pi * RADIUS_MM**3 / 1000
SHIFT = np.array([12.0, -34.0, 56.0])


def turn() -> np.ndarray:
    """A rotation about no axis of the patient."""
    a, b = 0.35, -0.5
    about_x = [[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]]
    about_z = [[np.cos(b), -np.sin(b), 0], [np.sin(b), np.cos(b), 0], [0, 0, 1]]
    return np.array(about_x) @ np.array(about_z)


@pytest.fixture(scope="session")
def oblique(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ball and a shell on an oblique series."""
    folder = tmp_path_factory.mktemp("oblique") / "case"
    centre = (0.0, 0.0, 0.0)
    case = PhantomCase(
        "SYNTHETIC^TURNED",
        "RTVOL-TURNED",
        (
            Organ("Liver", Shell(centre, 26.0, 3.0), 60),
            Organ("GTV", Sphere((14.0, 0.0, 0.0), RADIUS_MM), 40, "GTV"),
        ),
        VoxelLattice.around(centre, (64.0, 64.0, 60.0), (2.0, 2.0, 3.0)),
        Linear(centre, 30.0, (0.2, 0.1, 0.05)),
        VoxelLattice.around(centre, (64.0, 64.0, 60.0), (4.0, 4.0, 4.0)),
    )
    write_case(folder, case, options=WriteOptions(motion=Rigid.of(turn(), SHIFT), decimals=6))
    return folder


def row_of(run: Any, name: str = "GTV") -> dict[str, Any]:
    (case,) = json.loads(run.out)["cases"]
    return {row["name"]: row for row in case["structures"]}[name]


def nifti_affine(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Values and the sform, RAS mm, by the bytes of the header (nifti1.h)."""
    data = gzip.decompress(path.read_bytes())
    shape = struct.unpack_from("<8h", data, 40)[1:4]
    assert struct.unpack_from("<h", data, 70)[0] == 2  # 8-bit
    assert struct.unpack_from("<h", data, 254)[0] > 0  # sform_code
    affine = np.array(struct.unpack_from("<12f", data, 280)).reshape(3, 4)
    start = int(struct.unpack_from("<f", data, 108)[0])
    values = np.frombuffer(data, np.uint8, int(np.prod(shape)), start).reshape(shape, order="F")
    return values, affine


def place_of(image: sitk.Image) -> tuple[np.ndarray, float]:
    """Centre of mass, LPS mm, and volume, cc."""
    values = sitk.GetArrayFromImage(image).astype(float)
    k, j, i = np.nonzero(values)
    weights = values[k, j, i]
    at = np.average(np.column_stack([i, j, k]), axis=0, weights=weights)
    return np.array(image.TransformContinuousIndexToPhysicalPoint(at.tolist())), float(
        weights.sum() * np.prod(image.GetSpacing()) / 1000
    )


@pytest.mark.parametrize("ending", ["nifti:nii.gz", "nrrd:nrrd"])
@pytest.mark.parametrize("fractional", [False, True])
def test_masks_lie_where_the_ball_is(
    rtvol: Run, tiny_patient: Path, oblique: Path, tmp_path: Path, ending: str, fractional: bool
) -> None:
    form, suffix = ending.split(":")
    for case, centre in ((tiny_patient, CENTRE), (oblique, turn() @ CENTRE + SHIFT)):
        out = tmp_path / case.name
        words = ["export", case, "-o", out, "--format", form, "--roi", "GTV", "--json"]
        run = rtvol(*words, *(["--fractional"] if fractional else []))
        assert run.code == 0, run.err
        row = row_of(run)
        (path,) = out.rglob(f"GTV.{suffix}")
        assert row["mask_name"] == path.name
        image = sitk.ReadImage(str(path))
        at, cc = place_of(image)
        assert np.abs(at - centre).max() < 0.15  # a twentieth of a slice
        assert cc == pytest.approx(row["written_volume_cc"], rel=1e-5)
        # contours of 40 corners and slabs of 3 mm: the ball to 3 %; voxels of 2 x 2 x 3 mm to 8 %
        assert cc == pytest.approx(BALL_CC, rel=0.03 if fractional else 0.08)
        if fractional:
            assert cc == pytest.approx(row["volume_cc"], rel=1e-4)


def test_the_affine_of_a_nifti_is_that_of_the_images(
    rtvol: Run, oblique: Path, tmp_path: Path
) -> None:
    assert rtvol("export", oblique, "-o", tmp_path, "--format", "nifti", "--roi", "GTV").code == 0
    values, affine = nifti_affine(next(tmp_path.rglob("GTV.nii.gz")))
    headers = [pydicom.dcmread(path) for path in oblique.glob("CT*")]
    for header in headers:  # the corner of each slice is a voxel of the first column and row
        corner = np.array(header.ImagePositionPatient, float) * (-1, -1, 1)
        index = np.linalg.solve(affine[:, :3], corner - affine[:, 3])
        assert np.abs(index - [0, 0, round(index[2])]).max() < 1e-3
        assert 0 <= round(index[2]) < values.shape[2]
    middle = np.average(np.argwhere(values), axis=0) @ affine[:, :3].T + affine[:, 3]
    assert np.abs(middle * (-1, -1, 1) - (turn() @ CENTRE + SHIFT)).max() < 0.15


def edges_of(triangles: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How often each edge is met one way, and the other."""
    _, at = np.unique(triangles.reshape(-1, 3), axis=0, return_inverse=True)
    at = at.reshape(-1, 3)
    pairs = np.concatenate([at[:, [0, 1]], at[:, [1, 2]], at[:, [2, 0]]])
    size = at.max() + 1
    there, counts = np.unique(pairs[:, 0] * size + pairs[:, 1], return_counts=True)
    back = np.unique(pairs[:, 1] * size + pairs[:, 0])
    assert np.array_equal(there, back)
    return there, counts


@pytest.mark.parametrize("form", ["stl", "obj"])
def test_surfaces_are_closed_and_hold_the_volume(
    rtvol: Run, tiny_patient: Path, oblique: Path, tmp_path: Path, form: str
) -> None:
    for case, centre in ((tiny_patient, CENTRE), (oblique, turn() @ CENTRE + SHIFT)):
        out = tmp_path / case.name
        words = ("--roi", "GTV", "--roi", "Liver", "--json")
        run = rtvol("export", case, "-o", out, "--format", form, *words)
        assert run.code == 0, run.err
        for name, truth_cc in (("GTV", BALL_CC), ("Liver", 4 / 3 * np.pi * (26**3 - 3**3) / 1e3)):
            row = row_of(run, name)
            triangles = triangles_of(next(out.rglob(f"{name}.{form}")))
            _, counts = edges_of(triangles)
            assert counts.max() == 1  # each edge once there, once back: closed, and of one sense
            a, b, c = (triangles[:, n] - centre for n in range(3))
            cc = float(np.einsum("nc,nc->", a, np.cross(b, c))) / 6000
            assert cc == pytest.approx(row["volume_cc"], rel=0.005)  # positive: outwards
            assert cc == pytest.approx(row["written_volume_cc"], rel=1e-5)
            assert row["solid"] == "loft"
            assert cc == pytest.approx(truth_cc, rel=0.06)
        gtv = triangles_of(next(out.rglob(f"GTV.{form}")))
        off = np.linalg.norm(gtv.reshape(-1, 3) - centre, axis=1) - RADIUS_MM
        assert np.abs(off.mean()) < 0.2
        assert np.abs(off).max() < 1.5  # half a slice, at its ends


@pytest.mark.parametrize("fractional", [False, True])
def test_a_seg_is_read_by_highdicom_where_the_ball_is(
    rtvol: Run,
    oblique: Path,
    tmp_path: Path,
    require_tool: Callable[[str], Path],
    require_module: Callable[[str], Any],
    fractional: bool,
) -> None:
    hd = require_module("highdicom")
    words = ["export", oblique, "-o", tmp_path, "--format", "seg", "--roi", "GTV", "--json"]
    run = rtvol(*words, *(["--fractional"] if fractional else []))
    assert run.code == 0, run.err
    (path,) = tmp_path.rglob("GTV.seg.dcm")
    seg = hd.seg.segread(path)
    assert seg.SegmentationType == ("FRACTIONAL" if fractional else "BINARY")
    assert seg.get("SegmentationFractionalType") == ("OCCUPANCY" if fractional else None)
    assert [one.SegmentLabel for one in seg.SegmentSequence] == ["GTV"]
    volume = seg.get_volume(combine_segments=False)
    values = volume.array[..., 0].astype(float)
    index = np.average(np.argwhere(values), axis=0, weights=values[values > 0])
    at = (volume.affine @ [*index, 1])[:3]
    assert np.abs(at - (turn() @ CENTRE + SHIFT)).max() < 0.15
    cc = values.sum() * np.prod(volume.spacing) / 1000
    assert cc == pytest.approx(row_of(run)["written_volume_cc"], rel=1e-5)
    sources = {pydicom.dcmread(one).SOPInstanceUID for one in oblique.glob("CT*")}
    for frame in seg.PerFrameFunctionalGroupsSequence:
        (derived,) = frame.DerivationImageSequence
        assert derived.SourceImageSequence[0].ReferencedSOPInstanceUID in sources
    assert errors_of(require_tool("dciodvfy"), path, "Segmentation") == []


def errors_of(tool: Path, path: Path, what: str) -> list[str]:
    done = subprocess.run([tool, path], capture_output=True, text=True, check=False)
    report = (done.stdout + done.stderr).splitlines()
    assert what in report
    return [line for line in report if line.startswith("Error")]


def test_a_dose_on_the_grid_of_the_images_is_the_dose_field(
    rtvol: Run, oblique: Path, tmp_path: Path
) -> None:
    words = ("--roi", "GTV", "--dose", "--json")
    assert rtvol("export", oblique, "-o", tmp_path, "--format", "nrrd", *words).code == 0
    image = sitk.ReadImage(str(next(tmp_path.rglob("dose.Gy.nrrd"))))
    values = sitk.GetArrayFromImage(image)
    known = np.argwhere(~np.isnan(values))
    assert len(known) > 20_000
    for k, j, i in known[::997].tolist():
        point = np.array(image.TransformIndexToPhysicalPoint((i, j, k)))
        at = turn().T @ (point - SHIFT)
        assert values[k, j, i] == pytest.approx(30 + at @ (0.2, 0.1, 0.05), abs=2e-3)
    mask = sitk.ReadImage(str(next(tmp_path.rglob("GTV.nrrd"))))
    assert (mask.GetSize(), mask.GetOrigin()) == (image.GetSize(), image.GetOrigin())


@pytest.fixture
def two_plans(tiny_patient: Path, tmp_path: Path) -> Path:
    """The tiny patient with a second plan, of half the dose on a grid moved by 8 mm."""
    folder = tmp_path / "two" / "case"
    shutil.copytree(tiny_patient, folder)
    plan, dose = (pydicom.dcmread(folder / name) for name in ("RP.dcm", "RD.dcm"))
    plan.SOPInstanceUID = plan.file_meta.MediaStorageSOPInstanceUID = "1.2.826.0.1.77.1"
    plan.save_as(folder / "RP2.dcm")
    dose.SOPInstanceUID = dose.file_meta.MediaStorageSOPInstanceUID = "1.2.826.0.1.77.2"
    dose.ReferencedRTPlanSequence[0].ReferencedSOPInstanceUID = plan.SOPInstanceUID
    dose.DoseGridScaling = str(float(dose.DoseGridScaling) / 2)
    x, y, z = map(float, dose.ImagePositionPatient)
    dose.ImagePositionPatient = [x + 8, y, z]
    dose.save_as(folder / "RD2.dcm")
    return folder


def test_a_sum_of_plans_is_one_rtdose_with_its_dvhs(
    rtvol: Run, two_plans: Path, tmp_path: Path, require_tool: Callable[[str], Path]
) -> None:
    out = tmp_path / "o"
    run = rtvol("export", two_plans, "-o", out, "--format", "rtdose", "--sum", "physical", "--json")
    assert run.code == 0, run.err
    (path,) = out.rglob("RD.rtvol.dcm")
    assert errors_of(require_tool("dciodvfy"), path, "RTDose") == []
    dose = pydicom.dcmread(path)
    plans = {str(pydicom.dcmread(p).SOPInstanceUID) for p in two_plans.glob("RP*")}
    refs = {str(one.ReferencedSOPInstanceUID) for one in dose.ReferencedRTPlanSequence}
    assert (dose.DoseSummationType, refs) == ("MULTI_PLAN", plans)
    source = pydicom.dcmread(two_plans / "RS.dcm")
    (ref,) = dose.ReferencedStructureSetSequence
    assert ref.ReferencedSOPInstanceUID == source.SOPInstanceUID
    assert dose.FrameOfReferenceUID == pydicom.dcmread(two_plans / "RD.dcm").FrameOfReferenceUID
    # bells of 50 and 25 Gy, the second moved by 8 mm with its grid
    one, two = Gaussian((0, 0, 0), 50.0, (20,) * 3), Gaussian((8.0, 0, 0), 25.0, (20,) * 3)
    values = dose.pixel_array * float(dose.DoseGridScaling)
    corner = np.array(dose.ImagePositionPatient, float)
    k, j, i = np.meshgrid(*(np.arange(n) for n in values.shape), indexing="ij")
    step = np.array([*map(float, dose.PixelSpacing[::-1]), 4.0])
    points = corner + np.stack([i, j, k], axis=-1) * step
    assert np.abs(values - one.at(points) - two.at(points)).max() < 2e-3
    assert dose.GridFrameOffsetVector[1] == 4.0
    numbers = {int(roi.ROINumber): roi.ROIName for roi in source.StructureSetROISequence}
    found = {
        numbers[int(item.DVHReferencedROISequence[0].ReferencedROINumber)]: item
        for item in dose.DVHSequence
    }
    assert set(found) == {"GTV", "Duodenum"}  # the liver passes what both doses know
    noticed = json.loads(run.out)["cases"][0]["findings"]
    assert "dvh-not-written" in [one["code"] for one in noticed]
    item = found["GTV"]
    data = np.array(item.DVHData, float)
    assert (item.DVHType, item.DoseUnits, item.DVHVolumeUnits) == ("CUMULATIVE", "GY", "CM3")
    assert int(item.DVHNumberOfBins) == data.size // 2
    assert data[1] == pytest.approx(BALL_CC, rel=0.03)
    lost = -np.diff(np.append(data[1::2], 0))
    middles = np.cumsum(data[::2]) - data[::2] / 2
    assert float(item.DVHMeanDose) == pytest.approx(middles @ lost / lost.sum(), abs=5e-3)


def test_doses_known_in_part_are_cut_to_where_all_are(
    rtvol: Run, two_plans: Path, tmp_path: Path
) -> None:
    run = rtvol("export", two_plans, "-o", tmp_path / "o", "--format", "rtdose", "--sum",
                "physical", "--json")  # fmt: skip
    (case,) = json.loads(run.out)["cases"]
    assert [note["code"] for note in case["notes"]] == ["dose-cropped"]
    dose = pydicom.dcmread(next((tmp_path / "o").rglob("RD*")))
    first = pydicom.dcmread(two_plans / "RD.dcm")
    assert dose.Columns == first.Columns - 2  # 8 mm of 4 mm
    assert dose.Rows == first.Rows


def test_what_cannot_be_meant_is_refused(rtvol: Run, tiny_patient: Path, tmp_path: Path) -> None:
    words = ("export", tiny_patient, "-o", tmp_path / "o", "--format")
    assert rtvol(*words, "jpeg").code == 2
    for idle in (("stl", "--fractional"), ("nifti", "--sum", "physical"), ("rtdose", "--dose"),
                 ("rtdose", "--solid", "loft"), ("seg", "--dose-file", "x")):  # fmt: skip
        run = rtvol(*words, *idle)
        assert run.code == 2
        assert "[bad-call]" in run.err
    assert not (tmp_path / "o").exists()
    assert rtvol(*words, "stl", "--roi", "Nobody").code == 1
    assert not (tmp_path / "o").exists() or not list((tmp_path / "o").rglob("*.stl"))
    assert rtvol("export", tmp_path / "none", "-o", tmp_path / "p", "--format", "stl").code == 3


def test_files_are_replaced_when_allowed_and_no_stale_one_stays(
    rtvol: Run, tiny_patient: Path, tmp_path: Path
) -> None:
    words = ("export", tiny_patient, "-o", tmp_path, "--format", "nrrd")
    assert rtvol(*words).code == 0
    assert {path.stem for path in tmp_path.rglob("*.nrrd")} == {"GTV", "Liver", "Duodenum"}
    assert rtvol(*words).code == 4
    assert rtvol(*words, "--roi", "GTV", "--overwrite").code == 0
    assert [path.stem for path in tmp_path.rglob("*.nrrd")] == ["GTV"]
    assert not list(tmp_path.rglob(".rtvol-*"))


def test_names_of_regions_are_no_paths_and_collide_with_nothing(
    rtvol: Run, exports: Path, tmp_path: Path
) -> None:
    path = exports / "good" / "RS.dcm"
    data = pydicom.dcmread(path)
    names = ("../../../GTV", "dose", "DOSE")
    for roi, name in zip(data.StructureSetROISequence, names, strict=True):
        roi.ROIName = name
    data.save_as(path)
    out = tmp_path / "deep" / "o"
    run = rtvol("export", exports, "-o", out, "--format", "nifti", "--dose", "--json")
    assert run.code == 0, run.err
    (case,) = json.loads(run.out)["cases"]
    files = {row["mask_name"] for row in case["structures"]}
    assert len({name.casefold() for name in files}) == 3
    assert {p.name for p in out.rglob("*.gz")} == files | {"dose.Gy.nii.gz"}
    assert not list(tmp_path.glob("*.gz"))
    assert "TINY" not in "".join(str(p) for p in out.rglob("*"))


def test_without_images_surfaces_are_written_and_masks_are_not(
    rtvol: Run, exports: Path, tmp_path: Path
) -> None:
    for path in (exports / "good").glob("CT*"):
        path.unlink()
    assert rtvol("export", exports, "-o", tmp_path / "s", "--format", "stl").code == 0
    run = rtvol("export", exports, "-o", tmp_path / "m", "--format", "nifti")
    assert run.code == 1
    assert "[no-ct]" in run.err
