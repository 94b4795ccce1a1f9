"""Another frame of reference: carried by a rigid registration, named; refused without one."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.sequence import Sequence

from naive import export
from naive.turns import TURNS
from rtvol import io
from rtvol.errors import CaseRejected
from rtvol.frames import Rigid
from rtvol.io import find, read_case, read_dose
from rtvol.io.registration import FrameStep, Registrations
from rtvol.margins import TargetRecipe, parse_margin
from rtvol.solids import slab_volume_cc, stack_planes
from rtvol.verbs.expand import ExpandJob, case_targets, expand_read

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pydicom.dataset import Dataset

    from rtvol.case import Case
    from rtvol.structures import Roi

MR_FRAME, MR_SERIES = f"{export.ROOT}.77", f"{export.SERIES}.7"
#: From the MR's frame to that of the plan: 90 degrees about x, then a shift.
TURN = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
SHIFT = (4.0, -3.0, 10.0)
TO_PLAN = Rigid.of(TURN, SHIFT)


def matrix(turn: np.ndarray, shift: tuple[float, float, float]) -> list[float]:
    whole = np.eye(4)
    whole[:3, :3], whole[:3, 3] = turn, shift
    return [round(float(value), 9) for value in whole.ravel()]


def registration(
    values: list[float],
    *,
    source: str = MR_FRAME,
    target: str = export.FRAME,
    number: str = "9",
    kind: str = "RIGID",
) -> Dataset:
    """Spatial Registration (PS3.3 A.39.1): the item's frame is carried to the object's."""
    one = export.common("1.2.840.10008.5.1.4.1.1.66.1", "REG", number)
    one.FrameOfReferenceUID = target
    item = export.item(
        FrameOfReferenceTransformationMatrixType=kind, FrameOfReferenceTransformationMatrix=values
    )
    whole = export.item(MatrixSequence=Sequence([item]))
    one.RegistrationSequence = Sequence(
        [export.item(FrameOfReferenceUID=source, MatrixRegistrationSequence=Sequence([whole]))]
    )
    return one


def with_mr_roi() -> Dataset:
    """GTV and Liver in the plan's frame, `MR` drawn on axial planes of the MR's."""
    drawn = [export.contour(export.square(3.0 * k, 4.0), None) for k in range(5)]
    one = export.structure_set({"GTV": export.ball(), "MR": drawn})
    one.StructureSetROISequence[1].ReferencedFrameOfReferenceUID = MR_FRAME
    return one


def write(folder: Path, *objects: Dataset) -> Path:
    for k, one in enumerate(objects):
        export.save(one, folder / f"{k:03d}.dcm")
    return folder


def read(folder: Path, *objects: Dataset) -> Case:
    (files,) = find([write(folder, *objects)]).cases
    return read_case(files)


def points_of(case: Case, name: str) -> np.ndarray:
    (roi,) = [roi for roi in case.structures.rois if roi.name == name]
    return np.concatenate([roi.frame.to_patient(one.points_mm) for one in roi.contours])


def test_an_roi_of_another_frame_is_refused_without_a_registration(tmp_path: Path) -> None:
    case = read(tmp_path, *export.ct(), with_mr_roi())
    refused = next(roi for roi in case.structures.rois if roi.name == "MR").refusal
    assert refused is not None
    assert refused.code == "frame-mismatch"


@pytest.mark.parametrize("backwards", [False, True])
def test_and_carried_by_one_in_either_direction(tmp_path: Path, backwards: bool) -> None:
    made = registration(matrix(TURN, SHIFT))
    if backwards:
        back = TO_PLAN.inverse
        made = registration(
            matrix(np.array(back.turn), back.shift_mm), source=export.FRAME, target=MR_FRAME
        )
    case = read(tmp_path, *export.ct(), with_mr_roi(), made)
    corners = [(x, y, 3.0 * k) for k in range(5) for x, y in ((-4, -4), (4, -4), (4, 4), (-4, 4))]
    wanted = np.array(corners) @ TURN.T + SHIFT
    assert points_of(case, "MR") == pytest.approx(wanted, abs=1e-6)
    (said,) = [f for f in case.findings if f.code == "frame-registered"]
    assert "90.00 degrees" in said.seen
    assert "(4.00, -3.00, 10.00) mm" in said.seen or backwards
    assert said.severity == "note"
    (roi,) = [roi for roi in case.structures.rois if roi.name == "MR"]
    stack, _ = stack_planes(roi)
    assert slab_volume_cc(stack) == pytest.approx(8 * 8 * 15 / 1000)


def test_registrations_are_followed_one_after_another(tmp_path: Path) -> None:
    middle = f"{export.ROOT}.78"
    first = registration(matrix(TURN, (0, 0, 0)), target=middle)
    second = registration(matrix(np.eye(3), SHIFT), source=middle, number="10")
    case = read(tmp_path, *export.ct(), with_mr_roi(), first, second)
    assert points_of(case, "MR")[0] == pytest.approx(TO_PLAN.points(np.array([-4.0, -4, 0])))


@pytest.mark.parametrize(
    ("turn", "code"),
    [
        (1.01 * np.eye(3), "registration-not-rigid"),
        (np.diag([1.0, 1.0, -1.0]), "registration-not-rigid"),
        (np.eye(3) + np.diag([0.1, 0], k=1), "registration-not-rigid"),
    ],
)
def test_what_is_not_rigid_is_refused_by_name(tmp_path: Path, turn: np.ndarray, code: str) -> None:
    case = read(tmp_path, *export.ct(), with_mr_roi(), registration(matrix(turn, SHIFT)))
    (said,) = [f for f in case.findings if f.code == "registration-not-used"]
    assert code in said.seen
    assert not points_left(case)


def points_left(case: Case) -> bool:
    return any(roi.contours for roi in case.structures.rois if roi.name == "MR")


def test_a_deformable_registration_is_refused_by_name(tmp_path: Path) -> None:
    one = registration(matrix(TURN, SHIFT))
    one.SOPClassUID = "1.2.840.10008.5.1.4.1.1.66.3"
    del one.RegistrationSequence
    one.DeformableRegistrationSequence = Sequence([export.item(SourceFrameOfReferenceUID=MR_FRAME)])
    case = read(tmp_path, *export.ct(), with_mr_roi(), one)
    assert any("registration-deformable" in f.seen for f in case.findings)
    refused = next(roi for roi in case.structures.rois if roi.name == "MR").refusal
    assert refused is not None
    assert "deformable" in refused.seen


def test_two_that_differ_are_refused(tmp_path: Path) -> None:
    other = registration(matrix(TURN, (4.0, -3.0, 11.0)), number="10")
    case = read(tmp_path, *export.ct(), with_mr_roi(), registration(matrix(TURN, SHIFT)), other)
    refused = next(roi for roi in case.structures.rois if roi.name == "MR").refusal
    assert refused is not None
    assert refused.code == "registration-ambiguous"


def test_a_dose_of_another_frame_is_sampled_where_it_lies(tmp_path: Path) -> None:
    """The dose turned into the MR's frame, then carried back: the same samples in their places."""
    straight = read(tmp_path / "one", *export.ct(), export.structure_set(), export.dose())
    moved = export.dose()
    back = TO_PLAN.inverse
    corner = back.points(np.array(moved.ImagePositionPatient, float))
    axes = back.vectors(np.array(moved.ImageOrientationPatient, float).reshape(2, 3))
    moved.ImagePositionPatient = [round(float(value), 6) for value in corner]
    moved.ImageOrientationPatient = [round(float(value), 9) for value in axes.ravel()]
    moved.FrameOfReferenceUID = MR_FRAME
    made = registration(matrix(TURN, SHIFT))
    case = read(tmp_path / "two", *export.ct(), export.structure_set(), moved, made)
    assert any(f.code == "frame-registered" for f in case.findings)
    (one,), (other,) = straight.doses, case.doses
    assert other.grid.same_as(one.grid)
    assert np.array_equal(read_dose(one).values_gy, read_dose(other).values_gy)
    assert read_dose(other).grid.same_as(one.grid)
    (alone,) = find([write(tmp_path / "three", *export.ct(), export.structure_set(), moved)]).cases
    assert read_case(alone).doses == ()


def second_frame(*, named: bool = True) -> tuple[list[Dataset], Dataset]:
    """An MR series in a frame of its own, and a set with one ROI there, with or without references.

    Without, nothing but the frame of reference of the ROI leads to the series.
    """
    mr = export.ct(series=7)
    for k, one in enumerate(mr):
        one.FrameOfReferenceUID, one.Modality = MR_FRAME, "MR"
        one.SOPClassUID = "1.2.840.10008.5.1.4.1.1.4"
        one.ImagePositionPatient = [-15, -12, 3.0 * k]
    drawn = with_mr_roi()
    if not named:
        return mr, drawn
    for contour, one in zip(drawn.ROIContourSequence[1].ContourSequence, mr, strict=False):
        contour.ContourImageSequence = Sequence(
            [
                export.item(
                    ReferencedSOPClassUID=one.SOPClassUID,
                    ReferencedSOPInstanceUID=one.SOPInstanceUID,
                )
            ]
        )
    series = export.item(SeriesInstanceUID=mr[0].SeriesInstanceUID)
    study = export.item(
        ReferencedSOPInstanceUID=export.STUDY, RTReferencedSeriesSequence=Sequence([series])
    )
    drawn.ReferencedFrameOfReferenceSequence.append(
        export.item(FrameOfReferenceUID=MR_FRAME, RTReferencedStudySequence=Sequence([study]))
    )
    return mr, drawn


@pytest.mark.parametrize("named", [True, False])
def test_images_of_the_second_frame_are_those_its_rois_were_drawn_on(
    tmp_path: Path, named: bool
) -> None:
    mr, drawn = second_frame(named=named)
    made = registration(matrix(TURN, SHIFT))
    case = read(tmp_path, *export.ct(), *mr, drawn, made)
    assert [f.code for f in case.findings if f.severity != "note"] == []
    (roi,) = [roi for roi in case.structures.rois if roi.name == "MR"]
    own = case.images_of(roi)
    assert own is not None
    assert own.modality == "MR"
    assert own.is_carried
    planes = case.planes_of(roi)
    assert planes is not None
    assert all(abs(planes - contour.z_mm).min() < 1e-6 for contour in roi.contours)


@pytest.mark.parametrize("beside", [False, True])
def test_what_is_made_on_them_is_written_there_and_comes_back(
    tmp_path: Path, beside: bool, require_tool: Callable[..., Path]
) -> None:
    """A target of the ROI of the second frame: on its images, and in its place in the plan's."""
    mr, drawn = second_frame()
    made = registration(matrix(TURN, SHIFT))
    case = read(tmp_path / "in", *export.ct(), *mr, drawn, made)
    targets, _ = case_targets(
        case, ExpandJob(TargetRecipe(parse_margin("2"), parse_margin("3")), gtvs=("MR",))
    )
    rois = [one.roi for one in targets.structures if one.role != "gtv"]
    path = tmp_path / "RS.dcm"
    source = case.source if beside else None
    said = io.write_rtstruct(path, case, rois, label="x", name="x", description="x", beside=source)
    assert [f.code for f in said.findings] == ["roi-in-own-frame"] * 2
    written = dcmread(path)
    frames = {
        str(item.ROIName): str(item.ReferencedFrameOfReferenceUID)
        for item in written.StructureSetROISequence
    }
    assert {frames[roi.name] for roi in rois} == {MR_FRAME}
    listed = [str(i.FrameOfReferenceUID) for i in written.ReferencedFrameOfReferenceSequence]
    assert listed == [export.FRAME, MR_FRAME]
    own = {str(one.SOPInstanceUID): float(one.ImagePositionPatient[2]) for one in mr}
    for item in written.ROIContourSequence[-2:]:
        for contour in item.ContourSequence:
            (image,) = contour.ContourImageSequence
            assert float(contour.ContourData[2]) == own[str(image.ReferencedSOPInstanceUID)]
    checked = [require_tool("dciodvfy"), path]
    told = subprocess.run(checked, capture_output=True, text=True, check=False).stderr
    assert [line for line in told.splitlines() if line.startswith("Error")] == []
    again = read(tmp_path / "back", *export.ct(), *mr, written, made)
    # most of its ROIs lie in the MR's frame of reference, which is the set's then
    assert again.structures.frame_uid == MR_FRAME
    for roi in rois:
        (back,) = [one for one in again.structures.rois if one.name == roi.name]
        cc = [slab_volume_cc(stack_planes(one)[0]) for one in (roi, back)]
        assert cc[1] == pytest.approx(cc[0], rel=1e-4)
        assert TO_PLAN.points(middle_of(back)) == pytest.approx(middle_of(roi), abs=1e-3)


def middle_of(roi: Roi) -> np.ndarray:
    """Mean of a region's points, in the patient."""
    points = [roi.frame.to_patient(one.points_mm) for one in roi.contours]
    return np.asarray(np.concatenate(points).mean(axis=0))


def test_the_certificate_knows_what_is_written_in_a_second_frame(tmp_path: Path) -> None:
    """Through the verb: the file is read back and lies where it was to lie."""
    mr, drawn = second_frame()
    folder = write(tmp_path / "in", *export.ct(), *mr, drawn, registration(matrix(TURN, SHIFT)))
    (files,) = find([folder]).cases
    recipe = TargetRecipe(parse_margin("2"), parse_margin("3"))
    job = ExpandJob(
        recipe, folders={files.name: tmp_path / "out"}, write=("rtstruct",), gtvs=("GTV", "MR")
    )
    result, _ = expand_read(read_case(files), job)
    assert [f.code for f in result.findings if f.code == "written-off"] == []
    (path,) = (tmp_path / "out").rglob("*certificate.json")
    told = {one["name"]: one for one in json.loads(path.read_text())["structures"]}
    assert len(told) == len(dcmread(next((tmp_path / "out").rglob("*.dcm"))).ROIContourSequence)
    for one in told.values():
        assert one["read_to_made_mm"] is not None
        assert one["read_to_made_mm"] < 0.1


@settings(max_examples=50)
@given(
    turn=TURNS,
    shift=st.tuples(*[st.floats(-200, 200)] * 3),
    point=st.tuples(*[st.floats(-300, 300)] * 3),
)
def test_a_way_there_and_the_way_back_are_none(turn, shift, point) -> None:  # type: ignore[no-untyped-def]  # types are the strategies
    known = Registrations(
        (
            FrameStep("A", "B", Rigid.of(turn, shift), "1"),
            FrameStep("C", "B", Rigid.of(turn.T, shift), "2"),
        )
    )
    there, back = known.way("A", "C"), known.way("C", "A")
    assert there is not None
    assert back is not None
    at = np.array(point)
    assert back.motion.points(there.motion.points(at)) == pytest.approx(at, abs=1e-6)
    assert known.way("A", "D") is None


def test_ways_that_disagree_round_a_ring_are_refused() -> None:
    steps = [("A", "B", (0.0, 0, 0)), ("B", "C", (1.0, 0, 0)), ("A", "C", (2.0, 0, 0))]
    known = Registrations(tuple(FrameStep(a, b, Rigid(shift_mm=mm), a + b) for a, b, mm in steps))
    with pytest.raises(CaseRejected, match="registration-ambiguous"):
        known.way("A", "C")
