"""One case: objects that do not belong together are refused or left out, each by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from pydicom.sequence import Sequence

from naive import export
from rtvol.errors import CaseRejected
from rtvol.io import find, pick_dose, read_case, read_image
from rtvol.solids import slab_volume_cc, stack_planes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pydicom.dataset import Dataset

    from rtvol.case import Case


def write(folder: Path, *objects: Dataset) -> Path:
    for k, one in enumerate(objects):
        export.save(one, folder / f"{k:03d}.dcm")
    return folder


def read(folder: Path, *objects: Dataset) -> Case:
    (files,) = find([write(folder, *objects)]).cases
    return read_case(files)


def codes(case: Case) -> list[str]:
    assert all(finding.severity == "warning" for finding in case.findings)
    return [finding.code for finding in case.findings]


def refused(folder: Path, *objects: Dataset) -> str:
    with pytest.raises(CaseRejected) as error:
        read(folder, *objects)
    assert error.value.exit_code == 1
    return error.value.finding.code


def changed(one: Dataset, **values: object) -> Dataset:
    for name, value in values.items():
        setattr(one, name, value)
    return one


def test_a_whole_case(tmp_path: Path) -> None:
    case = read(tmp_path, *export.ct(), export.structure_set(), export.plan_dose(), export.plan())
    assert codes(case) == []
    assert case.ct is not None
    assert case.images == (case.ct,)
    assert case.study_uid == export.STUDY
    assert (case.patient.patient_id, case.patient.name) == ("P1", "Doe^Jane")
    assert "Doe" not in repr(case.patient)
    assert pick_dose(case) is case.doses[0]


def test_without_ct_dose_or_plan(tmp_path: Path) -> None:
    case = read(tmp_path, export.structure_set())
    assert codes(case) == ["no-ct"]
    assert (case.ct, case.images, case.doses, case.plan) == (None, (), (), None)
    with pytest.raises(CaseRejected, match="no-dose"):
        pick_dose(case)


def test_another_name_or_birth_date_is_named_without_being_told(tmp_path: Path) -> None:
    rs = changed(export.structure_set(), PatientName="Roe^Mary", PatientBirthDate="19610101")
    case = read(tmp_path, *export.ct(), rs)
    assert codes(case) == ["identity-conflict"]
    assert "name and birth date" in case.findings[0].seen
    assert "Roe" not in str(case.findings)
    same = changed(export.structure_set(), PatientName="DOE^JANE^")
    assert codes(read(tmp_path / "same", *export.ct(), same)) == []


def another_dose(**values: object) -> Dataset:
    return changed(export.plan_dose(number="66"), **values)


@pytest.mark.parametrize(
    ("dose", "code"),
    [
        (export.move_to(export.plan_dose(), patient="P2"), "patient-mismatch"),
        (export.move_to(export.plan_dose(), patient="P2", frame="1.2.2"), "patient-mismatch"),
        (export.move_to(export.plan_dose(), frame="1.2.2"), "frame-mismatch"),
        (another_dose(DoseUnits="RELATIVE"), "dose-relative"),
        (another_dose(NumberOfFrames=4), "pixel-length-mismatch"),
    ],
)
def test_a_dose_that_does_not_belong_is_left_out(tmp_path: Path, dose: Dataset, code: str) -> None:
    case = read(tmp_path, *export.ct(), export.structure_set(), dose, export.plan())
    assert codes(case) == [code]
    assert case.doses == ()
    assert case.structures.rois[0].contours


def test_a_cut_dose_is_left_out(tmp_path: Path) -> None:
    write(tmp_path, export.structure_set(), export.plan_dose())
    path = tmp_path / "001.dcm"
    path.write_bytes(path.read_bytes()[:-100])
    (files,) = find([tmp_path]).cases
    case = read_case(files)
    assert codes(case) == ["no-ct", "truncated-pixels"]
    assert case.doses == ()


def test_a_dose_of_another_plan_is_named(tmp_path: Path) -> None:
    dose = export.plan_dose()
    dose.ReferencedRTPlanSequence[0].ReferencedSOPInstanceUID = "1.2.3"
    case = read(tmp_path, *export.ct(), export.structure_set(), dose, export.plan())
    assert codes(case) == ["plan-mismatch"]
    assert len(case.doses) == 1


def test_which_dose_is_the_plans(tmp_path: Path) -> None:
    base = [*export.ct(), export.structure_set(), export.plan()]
    beam = another_dose(DoseSummationType="BEAM")
    case = read(tmp_path / "beam", *base, beam)
    with pytest.raises(CaseRejected, match="dose-not-plan"):
        pick_dose(case)
    case = read(tmp_path / "both", *base, beam, export.plan_dose())
    assert pick_dose(case).summation == "PLAN"
    case = read(tmp_path / "two", *base, another_dose(DoseGridScaling=0.011), export.plan_dose())
    assert codes(case) == ["ambiguous-dose"]
    with pytest.raises(CaseRejected, match="ambiguous-dose"):
        pick_dose(case)
    other = another_dose()
    other.ReferencedRTPlanSequence[0].ReferencedSOPInstanceUID = "1.2.3"
    case = read(tmp_path / "other", *base, other, export.plan_dose())
    assert codes(case) == ["plan-mismatch"]
    assert pick_dose(case).sop_uid == f"{export.ROOT}.6"


def test_doses_with_one_uid(tmp_path: Path) -> None:
    base = [*export.ct(), export.structure_set(), export.plan_dose()]
    case = read(tmp_path / "same", *base, export.plan_dose())
    assert (codes(case), len(case.doses)) == ([], 1)
    case = read(tmp_path / "differ", *base, changed(export.plan_dose(), DoseGridScaling=0.013))
    assert (codes(case), len(case.doses)) == (["duplicate-sop-conflict", "ambiguous-dose"], 2)


def test_several_plans(tmp_path: Path) -> None:
    base = [*export.ct(), export.structure_set(), export.plan(), export.plan("71")]
    case = read(tmp_path / "two", *base)
    assert (codes(case), case.plan) == (["ambiguous-plan"], None)
    case = read(tmp_path / "dose", *base, export.plan_dose())
    assert codes(case) == []
    assert case.plan is not None
    assert case.plan.sop_uid == f"{export.ROOT}.7"
    broken = changed(export.plan())
    broken.FractionGroupSequence[0].add_new(0x300A0078, "LO", "three")
    case = read(tmp_path / "broken", *export.ct(), export.structure_set(), broken)
    assert (codes(case), case.plan) == (["bad-number"], None)


def test_the_series_referred_to_is_the_ct(tmp_path: Path) -> None:
    mr = export.ct(series=2)
    for one in mr:
        one.Modality = "MR"
    objects = [*export.ct(series=1), *export.ct(), *mr, export.structure_set()]
    case = read(tmp_path, *objects)
    assert codes(case) == []
    assert case.ct is not None
    assert case.ct.series_uid == export.SERIES
    assert {series.series_uid for series in case.images} == {
        export.SERIES,
        f"{export.SERIES}.1",
        f"{export.SERIES}.2",
    }
    assert {read_image(series).modality for series in case.images} == {"CT", "MR"}


def unreferenced() -> Dataset:
    rs = export.structure_set({"GTV": [export.contour(export.square(z)) for z in (7.5, 10.0)]})
    reference = rs.ReferencedFrameOfReferenceSequence[0]
    del reference.RTReferencedStudySequence
    return rs


def test_without_references_the_planes_decide(tmp_path: Path) -> None:
    between = export.ct(series=1)
    for one in between:
        one.ImagePositionPatient[2] += 1.0
    case = read(tmp_path / "planes", *between, *export.ct(), unreferenced())
    assert codes(case) == []
    assert case.ct is not None
    assert case.ct.series_uid == export.SERIES
    assert refused(tmp_path / "twins", *export.ct(series=1), *export.ct(), unreferenced()) == (
        "ambiguous-ct"
    )


def test_a_series_that_cannot_be_stacked_is_left_out_unless_it_is_the_ct(tmp_path: Path) -> None:
    spoilt = export.ct(series=1)
    for one in spoilt[:3]:
        one.PixelSpacing = [1, 1]
    case = read(tmp_path / "other", *spoilt, *export.ct(), export.structure_set())
    assert codes(case) == ["ct-inconsistent"]
    assert len(case.images) == 1
    spoilt = export.ct()
    for one in spoilt[:3]:
        one.PixelSpacing = [1, 1]
    assert refused(tmp_path / "ct", *spoilt, export.structure_set()) == "ct-inconsistent"


def test_one_stack_in_two_series_is_joined(tmp_path: Path) -> None:
    slices = export.ct()
    for one in slices[1::2]:
        one.SeriesInstanceUID = f"{export.SERIES}.1"
    rs = export.structure_set()
    study = rs.ReferencedFrameOfReferenceSequence[0].RTReferencedStudySequence[0]
    study.RTReferencedSeriesSequence.append(export.item(SeriesInstanceUID=f"{export.SERIES}.1"))
    case = read(tmp_path, *slices, rs)
    assert codes(case) == ["ct-split-series"]
    assert case.ct is not None
    assert case.ct.grid.shape[0] == 6


def test_frames_that_are_mixed_or_missing(tmp_path: Path) -> None:
    mixed = export.ct()
    for one in mixed[3:]:
        one.FrameOfReferenceUID = "1.2.2"
    assert refused(tmp_path / "mixed", *mixed, export.structure_set()) == "frame-mismatch"
    nameless = export.ct()
    for one in nameless:
        del one.FrameOfReferenceUID
    case = read(tmp_path / "nameless", *nameless, export.structure_set())
    assert codes(case) == ["frame-missing"]


def sagittal() -> list[Dataset]:
    slices = export.ct()
    for k, one in enumerate(slices):
        one.ImageOrientationPatient = [0, 1, 0, 0, 0, -1]
        one.ImagePositionPatient = [2.5 * k, 0, 0]
    return slices


def test_transverse_contours_beside_sagittal_images_have_none_of_their_own(tmp_path: Path) -> None:
    case = read(tmp_path, *sagittal(), export.structure_set())
    assert "roi-without-images" in codes(case)
    assert all(case.planes_of(roi) is None for roi in case.structures.rois)


def test_contours_on_slices_of_a_tilted_gantry(tmp_path: Path) -> None:
    """One square of pixels on each slice: area times the distance of the planes."""
    slices = export.ct()
    drawn = []
    for k, one in enumerate(slices):
        one.ImageOrientationPatient = [1, 0, 0, 0, 0.8, 0.6]
        corner = np.array(one.ImagePositionPatient, float)
        row, column = np.array(one.ImageOrientationPatient, float).reshape(2, 3)
        points = [corner + x * row + y * column for x, y in ((3, 3), (11, 3), (11, 13), (3, 13))]
        drawn.append(export.contour(np.concatenate(points).tolist(), k))
    case = read(tmp_path, *slices, export.structure_set({"GTV": drawn}))
    assert [(f.code, f.severity) for f in case.findings] == [("ct-gantry-tilt", "note")]
    (roi,) = case.structures.rois
    stack, noticed = stack_planes(roi, images_mm=case.planes_of(roi))
    assert noticed == ()
    volume = 8 * 10 * len(slices) * export.STEP * 0.8 / 1000
    assert slab_volume_cc(stack) == pytest.approx(volume, rel=1e-6)


def shifted(dx: float = 0.0, dz: float = 0.0, refer: int = 0) -> Dataset:
    contours = []
    for k in range(1, 5):
        points = export.square(export.FIRST[2] + k * export.STEP + dz, centre=(dx, 0.0))
        contours.append(export.contour(points, k + refer))
    return export.structure_set({"GTV": contours})


@pytest.mark.parametrize(
    ("rs", "code"),
    [
        (lambda: shifted(dz=1.0), ["reference-contradicts", "contour-off-plane"]),
        (lambda: shifted(dx=500.0), ["roi-outside-ct"]),
        (
            lambda: shifted(dz=5.0, refer=2),
            ["reference-broken", "roi-outside-ct"],
        ),
        (lambda: shifted(refer=-1), ["reference-contradicts"]),
        (lambda: shifted(refer=50), ["reference-broken"]),
        (shifted, []),
    ],
)
def test_contours_and_images_that_do_not_fit(
    tmp_path: Path, rs: Callable[[], Dataset], code: list[str]
) -> None:
    assert codes(read(tmp_path, *export.ct(), rs())) == code


def test_new_series_of_the_same_frame_is_named(tmp_path: Path) -> None:
    slices = export.ct()
    for k, one in enumerate(slices):
        one.SeriesInstanceUID, one.SOPInstanceUID = "1.2.7", f"1.2.7.{k}"
    assert codes(read(tmp_path, *slices, export.structure_set())) == ["reference-broken"]


def test_two_patients_with_the_same_uids(tmp_path: Path) -> None:
    """An anonymiser that gives every patient the same UIDs."""
    for patient in ("P1", "P2"):
        objects = [*export.ct(), export.structure_set(), export.plan_dose(), export.plan()]
        write(tmp_path / patient, *(export.move_to(one, patient=patient) for one in objects))
    cases = [read_case(files) for files in find([tmp_path]).cases]
    assert [case.patient.patient_id for case in cases] == ["P1", "P2"]
    for case in cases:
        assert case.ct is not None
        assert {one.path.parent.name for one in case.ct.slices} == {case.patient.patient_id}
        assert [dose.path.parent.name for dose in case.doses] == [case.patient.patient_id]
        assert codes(case) == []


def test_references_of_other_objects_do_not_leak(tmp_path: Path) -> None:
    """A dose of a plan made on another structure set stays with that one."""
    base = [*export.ct(), *export.ct(series=1), export.structure_set()]
    second = export.structure_set(number="55")
    study = second.ReferencedFrameOfReferenceSequence[0].RTReferencedStudySequence[0]
    study.RTReferencedSeriesSequence = Sequence(
        [export.item(SeriesInstanceUID=f"{export.SERIES}.1")]
    )
    write(tmp_path, *base, second, export.plan_dose(), export.plan())
    doses = {files.rtstruct.name: len(files.doses) for files in find([tmp_path]).cases}
    plans = {files.rtstruct.name: len(files.plans) for files in find([tmp_path]).cases}
    assert doses == plans == {"012.dcm": 1, "013.dcm": 0}


def test_real_lung_case(shared_data: Path) -> None:
    (files,) = find([shared_data / "4dlung"]).cases
    case = read_case(files)
    assert case.ct is not None
    assert [roi.number for roi in case.structures.rois] == [17, 18, 19, 20]
    assert [len(roi.contours) for roi in case.structures.rois] == [28, 21, 1, 5]
    assert case.ct.grid.shape[0] == 99
