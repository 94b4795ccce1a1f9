"""Series, plans and files that are nearly right: each is used as it is, or named."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pydicom.sequence import Sequence

from naive import export
from rtvol.errors import CaseRejected
from rtvol.io import find, read_case, read_series
from rtvol.io.rtstruct import read_structures

if TYPE_CHECKING:
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
    return [finding.code for finding in case.findings]


def refused(folder: Path, *objects: Dataset) -> tuple[str, str]:
    with pytest.raises(CaseRejected) as error:
        read(folder, *objects)
    return error.value.finding.code, error.value.finding.where


def two_series(spoilt: slice) -> list[Dataset]:
    """Even and odd slices in two series, both referred to; those of `spoilt` 0.7 mm higher."""
    slices = export.ct()
    for one in slices[1::2]:
        one.SeriesInstanceUID = f"{export.SERIES}.1"
    for one in slices[spoilt]:
        one.ImagePositionPatient[2] += 0.7
    rs = export.structure_set()
    study = rs.ReferencedFrameOfReferenceSequence[0].RTReferencedStudySequence[0]
    study.RTReferencedSeriesSequence.append(export.item(SeriesInstanceUID=f"{export.SERIES}.1"))
    return [*slices, rs]


def test_series_that_make_no_even_stack_together_are_not_joined(tmp_path: Path) -> None:
    """The one that holds the contours' planes is the CT; the gap between its slices is named."""
    case = read(tmp_path, *two_series(slice(1, None, 2)))
    assert case.ct is not None
    assert case.ct.series_uid == export.SERIES
    assert case.ct.grid.shape[0] == 3
    assert "ct-split-series" not in codes(case)
    assert len(case.images) == 2


def test_series_of_which_one_cannot_be_stacked_are_not_joined(tmp_path: Path) -> None:
    objects = two_series(slice(0, 0))
    objects[1].PixelSpacing = [1, 1]
    case = read(tmp_path, *objects)
    assert case.ct is not None
    assert case.ct.series_uid == export.SERIES
    assert "ct-inconsistent" in codes(case)
    assert "ct-split-series" not in codes(case)


def test_series_whose_union_cannot_be_stacked_are_not_joined(tmp_path: Path) -> None:
    objects = two_series(slice(0, 0))
    for one in objects[1:6:2]:
        one.PixelSpacing = [1, 1]
    assert refused(tmp_path, *objects) == ("ambiguous-ct", "CT")


def test_a_cut_image_is_named_and_its_place_is_used(tmp_path: Path) -> None:
    folder = write(tmp_path, *export.ct(3), export.structure_set())
    first = folder / "000.dcm"
    first.write_bytes(first.read_bytes()[:-9])
    (files,) = find([folder]).cases
    case = read_case(files)
    assert case.ct is not None
    assert case.ct.grid.shape[0] == 3
    (finding,) = [one for one in case.findings if one.code == "truncated-pixels"]
    assert finding.seen.endswith("(000.dcm)")


def test_without_contours_no_series_fits_better_than_another(tmp_path: Path) -> None:
    rs = export.structure_set({"GTV": []})
    del rs.ReferencedFrameOfReferenceSequence[0].RTReferencedStudySequence
    assert refused(tmp_path, *export.ct(), *export.ct(series=1), rs) == ("ambiguous-ct", "CT")


def test_a_sagittal_series_beside_the_ct_never_fits(tmp_path: Path) -> None:
    across = export.ct(series=1)
    for k, one in enumerate(across):
        one.ImageOrientationPatient = [0, 1, 0, 0, 0, -1]
        one.ImagePositionPatient = [2.5 * k, 0, 0]
    rs = export.structure_set()
    del rs.ReferencedFrameOfReferenceSequence[0].RTReferencedStudySequence
    case = read(tmp_path, *across, *export.ct(), rs)
    assert case.ct is not None
    assert case.ct.series_uid == export.SERIES


def test_only_images_of_the_frame_of_the_ct_are_images_of_the_case(tmp_path: Path) -> None:
    """The structure set names no frame, and refers to a CT and an MR of two frames."""
    mr = export.ct(series=2)
    for one in mr:
        one.Modality, one.FrameOfReferenceUID = "MR", "1.2.3"
    rs = export.structure_set()
    for roi in rs.StructureSetROISequence:
        del roi.ReferencedFrameOfReferenceUID
    frame = rs.ReferencedFrameOfReferenceSequence[0]
    del frame.FrameOfReferenceUID
    frame.RTReferencedStudySequence[0].RTReferencedSeriesSequence = Sequence(
        [export.item(SeriesInstanceUID=uid) for uid in (export.SERIES, f"{export.SERIES}.2")]
    )
    case = read(tmp_path, *export.ct(), *mr, rs)
    assert case.ct is not None
    assert case.ct.modality == "CT"
    assert [one.frame_uid for one in case.images] == [export.FRAME]
    assert "frame-missing" in codes(case)


def test_a_plan_that_cannot_be_read_is_not_used_and_named(tmp_path: Path) -> None:
    folder = write(tmp_path, *export.ct(3), export.structure_set(), export.plan())
    file = folder / "004.dcm"
    file.write_bytes(file.read_bytes().replace(b"45", b"4x"))
    (files,) = find([folder]).cases
    case = read_case(files)
    assert case.plan is None
    (finding,) = [one for one in case.findings if one.code == "bad-number"]
    assert finding.severity == "warning"
    assert finding.where.startswith("RTPLAN")
    assert finding.seen.endswith("this plan is not used")


def test_only_localizers_are_no_ct(tmp_path: Path) -> None:
    slices = export.ct(3)
    for one in slices:
        one.ImageType = ["ORIGINAL", "PRIMARY", "LOCALIZER"]
    paths = [export.save(one, tmp_path / f"{n}.dcm") for n, one in enumerate(slices)]
    with pytest.raises(CaseRejected) as error:
        read_series(paths)
    assert error.value.finding.code == "ct-no-position"
    with pytest.raises(CaseRejected) as error:
        read_series([])
    assert error.value.finding.code == "no-ct"


@pytest.mark.parametrize(
    ("step", "off", "named"),
    [(1.0, 0.015, False), (1.0, 0.03, True), (2.5, 0.02, False), (2.5, 0.04, True)],
)
def test_steps_may_differ_by_what_systems_print(
    tmp_path: Path, step: float, off: float, named: bool
) -> None:
    """Up to 0.02 mm, and a hundredth of the usual step, is rounding."""
    slices = export.ct()
    for k, one in enumerate(slices):
        one.ImagePositionPatient[2] = k * step + (off if k > 2 else 0.0)
    paths = [export.save(one, tmp_path / f"{n}.dcm") for n, one in enumerate(slices)]
    _, findings = read_series(paths)
    assert [one.code for one in findings] == (["ct-irregular-spacing"] if named else [])


def test_twins_longer_than_their_heads_are_compared_pixel_by_pixel(tmp_path: Path) -> None:
    shape = (128, 130)
    slices = export.ct(3)
    for k, one in enumerate(slices):
        one.Rows, one.Columns = shape
        one.PixelData = export.stored(k, shape).tobytes()
    paths = [export.save(one, tmp_path / f"{n}.dcm") for n, one in enumerate(slices)]
    copy = export.save(slices[1], tmp_path / "copy.dcm")
    series, findings = read_series([*paths, copy])
    assert series.grid.shape[0] == 3
    assert [finding.code for finding in findings] == ["duplicate-file-skipped"]
    data = bytearray(copy.read_bytes())
    data[-1] ^= 1
    copy.write_bytes(data)
    with pytest.raises(CaseRejected) as error:
        read_series([*paths, copy])
    assert error.value.finding.code == "duplicate-sop-conflict"


def test_a_file_that_goes_while_it_is_indexed_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write(tmp_path, *export.ct(3), export.structure_set())
    real = Path.open

    def gone(path: Path, *arguments: object, **options: object) -> object:
        if path.name == "001.dcm":
            raise FileNotFoundError(path)
        return real(path, *arguments, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", gone)
    found = find([folder])
    assert (found.file_count, found.dicom_count) == (4, 3)


def test_an_roi_number_that_is_none_refuses_that_roi(tmp_path: Path) -> None:
    folder = write(tmp_path, *export.ct(3), export.structure_set())
    file = folder / "003.dcm"
    data = file.read_bytes()
    place = data.index(b"\x06\x30\x22\x00IS")
    file.write_bytes(data[: place + 8] + b"x " + data[place + 10 :])
    (files,) = find([folder]).cases
    gtv, liver = read_case(files).structures.rois
    assert gtv.refusal is not None
    assert (gtv.refusal.code, gtv.is_empty) == ("bad-number", True)
    assert len(liver.contours) == 6


def test_an_open_folder_is_searched_and_a_closed_one_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rtvol.io import tree

    write(tmp_path, *export.ct(3), export.structure_set())
    (tmp_path / "closed").mkdir()
    real = tree.os.scandir

    def scandir(folder: str) -> object:
        if folder.endswith("closed"):
            raise PermissionError(folder)
        return real(folder)

    monkeypatch.setattr(tree.os, "scandir", scandir)
    found = find([tmp_path])
    assert [(one.code, one.seen) for one in found.findings] == [
        ("unreadable-file", "1 folders could not be opened")
    ]
    assert len(found.cases) == 1


def test_observations_without_kind_or_number(tmp_path: Path) -> None:
    rs = export.structure_set()
    rs.RTROIObservationsSequence = Sequence(
        [
            export.item(ReferencedROINumber=1, RTROIInterpretedType=""),
            export.item(RTROIInterpretedType="PTV"),
            export.item(ReferencedROINumber=1, RTROIInterpretedType="CTV"),
            export.item(ReferencedROINumber=1, RTROIInterpretedType=""),
        ]
    )
    read = read_structures(export.save(rs, tmp_path / "rs.dcm"))
    assert [roi.kind for roi in read.structures.rois] == ["CTV", ""]
    del rs.RTROIObservationsSequence
    read = read_structures(export.save(rs, tmp_path / "rs.dcm"))
    assert [finding.code for finding in read.findings] == ["no-observations"]
    assert [roi.kind for roi in read.structures.rois] == ["", ""]
