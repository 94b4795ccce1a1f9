"""What planning systems ask of a structure set (docs/planning-systems.md), on written files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from pydicom import dcmread

from rtvol import io
from rtvol.frames import PlaneFrame, Rigid
from rtvol.margins import TargetRecipe, parse_margin
from rtvol.phantoms import Organ, PhantomCase, Shell, Sphere, VoxelLattice, WriteOptions, write_case
from rtvol.verbs.expand import ExpandJob, case_targets

if TYPE_CHECKING:
    from pathlib import Path

    from pydicom.dataset import Dataset

MIDDLE = (0.0, 0.0, 0.0)
WORLD = PhantomCase(
    "SYNTHETIC^RULES",
    "RTVOL-RULES",
    (
        Organ("Liver", Shell(MIDDLE, 20.0, 5.0), 60, "ORGAN"),
        Organ("GTV", Sphere((1.234567, 0.0, 0.0), 7.0), 40, "GTV"),
    ),
    VoxelLattice.around(MIDDLE, (54.0, 54.0, 54.0), (3.0, 3.0, 4.5)),
)
MOTIONS = {
    "axial": None,
    "far away": Rigid(shift_mm=(-1234.56789, 987.654321, -2345.6789)),
    "oblique": Rigid.of(PlaneFrame.around((0.2, -0.3, 0.9)).axes.T, (12.0, -34.0, 56.0)),
}


@pytest.fixture(scope="module", params=MOTIONS)
def made(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Dataset, list[Dataset]]:
    """A written set of targets and a hollow organ, and the images it is of."""
    folder: Path = tmp_path_factory.mktemp("rules")
    options = WriteOptions(motion=MOTIONS[request.param], decimals=6)
    write_case(folder / "in", WORLD, options=options)
    (files,) = io.find([folder / "in"]).cases
    case = io.read_case(files)
    targets, _ = case_targets(case, ExpandJob(TargetRecipe(parse_margin("2"), parse_margin("4"))))
    rois = [*case.structures.rois, *(one.roi for one in targets.structures)]
    label = "a label of more than 16 characters"
    io.write_rtstruct(folder / "RS.dcm", case, rois, label=label, name="x", description="x")
    images = [dcmread(path, stop_before_pixels=True) for path in (folder / "in").glob("CT*")]
    return dcmread(folder / "RS.dcm"), images


def test_no_coordinate_is_longer_than_a_decimal_string_may_be(
    made: tuple[Dataset, list[Dataset]],
) -> None:
    for item in made[0].ROIContourSequence:
        for contour in item.ContourSequence:
            texts = bytes(contour.get_item("ContourData").value).split(b"\\")
            assert max(len(text.strip()) for text in texts) <= 16
            assert len(texts) == 3 * contour.NumberOfContourPoints


def test_each_contour_names_the_image_it_lies_on(made: tuple[Dataset, list[Dataset]]) -> None:
    written, images = made
    by_uid = {str(one.SOPInstanceUID): one for one in images}
    for item in written.ROIContourSequence:
        for contour in item.ContourSequence:
            (reference,) = contour.ContourImageSequence
            image = by_uid[str(reference.ReferencedSOPInstanceUID)]
            assert reference.ReferencedSOPClassUID == image.SOPClassUID
            normal = np.cross(*np.array(image.ImageOrientationPatient, float).reshape(2, 3))
            points = np.array(contour.ContourData, float).reshape(-1, 3)
            off_mm = (points - np.array(image.ImagePositionPatient, float)) @ normal
            assert np.abs(off_mm).max() < 2e-3


def test_frame_of_reference_and_references_are_those_of_the_images(
    made: tuple[Dataset, list[Dataset]],
) -> None:
    written, images = made
    (frame,) = {str(one.FrameOfReferenceUID) for one in images}
    (item,) = written.ReferencedFrameOfReferenceSequence
    assert frame == item.FrameOfReferenceUID == written.FrameOfReferenceUID
    assert {roi.ReferencedFrameOfReferenceUID for roi in written.StructureSetROISequence} == {frame}
    (study,) = item.RTReferencedStudySequence
    (series,) = study.RTReferencedSeriesSequence
    assert study.ReferencedSOPInstanceUID == images[0].StudyInstanceUID
    assert series.SeriesInstanceUID == images[0].SeriesInstanceUID
    listed = {str(one.ReferencedSOPInstanceUID) for one in series.ContourImageSequence}
    assert listed == {str(one.SOPInstanceUID) for one in images}


def test_names_and_numbers_can_be_kept_apart(made: tuple[Dataset, list[Dataset]]) -> None:
    written, _ = made
    rois = written.StructureSetROISequence
    assert len(written.StructureSetLabel) <= 16
    assert all(0 < len(roi.ROIName) <= 64 for roi in rois)
    assert len({roi.ROIName.casefold() for roi in rois}) == len(rois)
    numbers = [int(roi.ROINumber) for roi in rois]
    assert len(set(numbers)) == len(numbers)
    for sequence in (written.ROIContourSequence, written.RTROIObservationsSequence):
        assert [int(one.ReferencedROINumber) for one in sequence] == numbers


def test_a_hole_is_one_contour_with_a_bridge(made: tuple[Dataset, list[Dataset]]) -> None:
    """A reader that fills each outline keeps the hole: the area is that of the ring alone."""
    written, _ = made
    names = [roi.ROIName for roi in written.StructureSetROISequence]
    contours = written.ROIContourSequence[names.index("Liver")].ContourSequence
    planes = [str(one.ContourImageSequence[0].ReferencedSOPInstanceUID) for one in contours]
    assert len(set(planes)) == len(planes)
    assert {one.ContourGeometricType for one in contours} == {"CLOSED_PLANAR"}
