"""Enhanced multi-frame images: the same case as single images, frame by frame."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import numpy as np
import pydicom
import pytest
from pydicom.encaps import encapsulate, generate_frames
from pydicom.pixels.decoders.base import Decoder
from pydicom.uid import RLELossless

from naive import export
from naive.enhanced import ENHANCED_CT, ENHANCED_MR, enhanced, on_frames
from rtvol.errors import CaseRejected
from rtvol.io import find, read_case, read_image, write_rtstruct
from rtvol.io.ct import read_series
from rtvol.solids import slab_volume_cc, stack_planes

if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Sequence as Many
    from pathlib import Path

    from pydicom.dataset import Dataset

    from rtvol.case import Case


def read(folder: Path, *objects: Dataset) -> Case:
    for k, one in enumerate(objects):
        export.save(one, folder / f"{k:03d}.dcm")
    (files,) = find([folder]).cases
    return read_case(files)


@pytest.mark.parametrize("order", [range(6), [3, 0, 5, 1, 4, 2]])
@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("sop_class", [ENHANCED_CT, ENHANCED_MR])
def test_frames_are_the_slices_that_they_were(
    tmp_path: Path, order: Many[int], shared: bool, sop_class: str
) -> None:
    slices = export.ct()
    single = read(tmp_path / "single", *slices, export.structure_set())
    one = enhanced(slices, order, shared=shared, sop_class=sop_class)
    rs = on_frames(export.structure_set(), one, order)
    case = read(tmp_path / "many", one, rs)
    assert case.ct is not None
    assert single.ct is not None
    assert case.ct.grid.same_as(single.ct.grid)
    assert [f.code for f in case.findings if f.severity != "note"] == []
    wanted, found = read_image(single.ct), read_image(case.ct)
    assert np.array_equal(wanted.values, found.values)
    assert [order[image.frame - 1] for image in case.ct.slices] == list(range(6))
    for roi, other in zip(case.structures.rois, single.structures.rois, strict=True):
        one_cc, other_cc = (
            slab_volume_cc(stack_planes(r, images_mm=c.planes_of(r))[0])
            for r, c in ((roi, case), (other, single))
        )
        assert one_cc == other_cc


def test_compressed_frames(tmp_path: Path) -> None:
    slices = export.ct()
    one = enhanced(slices, [5, 4, 3, 2, 1, 0])
    path = export.save(one, tmp_path / "plain.dcm")
    dataset = pydicom.dcmread(path)
    dataset.compress(RLELossless, encoding_plugin="pydicom", generate_instance_uid=False)
    dataset.save_as(tmp_path / "rle.dcm")
    plain, _ = read_series([path])
    packed, _ = read_series([tmp_path / "rle.dcm"])
    assert np.array_equal(read_image(plain).values, read_image(packed).values)


#: JPEG Lossless (first order, and any), JPEG-LS Lossless, JPEG 2000 Lossless (PS3.5 A.4).
LOSSLESS = {"+e1": "70", "+el": "57", "jpeg-ls": "80", "jpeg-2000": "90"}


def write_frames(path: Path) -> Path:
    """Frames of 64 x 64 pixels out of those of the small CT: JPEG 2000 halves them five times."""
    one = enhanced(export.ct(), [3, 0, 5, 1, 4, 2])
    small = np.frombuffer(one.PixelData, np.int16).reshape(6, one.Rows, one.Columns)
    one.PixelData = np.resize(small, (6, 64, 64)).tobytes()
    one.Rows = one.Columns = 64
    return export.save(one, path)


def packed_frames(path: Path, how: str, require_tool: Callable[[str], Path]) -> Path:
    """Compress the frames of an object, by DCMTK where it can, else by pydicom's encoders."""
    found = path.with_name("packed.dcm")
    if how.startswith("+"):
        subprocess.run([require_tool("dcmcjpeg"), how, path, found], check=True)
    else:
        one = pydicom.dcmread(path)
        one.compress(f"1.2.840.10008.1.2.4.{LOSSLESS[how]}", generate_instance_uid=False)
        one.save_as(found)
    syntax = pydicom.dcmread(found, stop_before_pixels=True).file_meta.TransferSyntaxUID
    assert syntax == f"1.2.840.10008.1.2.4.{LOSSLESS[how]}"
    return found


@pytest.mark.parametrize("how", LOSSLESS)
@pytest.mark.parametrize("plugins", [True, False])
def test_frames_compressed_without_loss_are_the_plain_ones(
    tmp_path: Path,
    require_tool: Callable[[str], Path],
    monkeypatch: pytest.MonkeyPatch,
    how: str,
    plugins: bool,
) -> None:
    """By pydicom's decoders with their plug-ins, by GDCM where those are not installed."""
    path = write_frames(tmp_path / "plain.dcm")
    packed = packed_frames(path, how, require_tool)
    if not plugins:
        monkeypatch.setattr(Decoder, "is_available", False)
    (wanted, _), (found, _) = read_series([path]), read_series([packed])
    assert found.grid.same_as(wanted.grid)
    assert np.array_equal(read_image(found).values, read_image(wanted).values)


@pytest.mark.parametrize("how", LOSSLESS)
@pytest.mark.parametrize("plugins", [True, False])
def test_frames_that_nothing_can_decompress_are_refused_with_a_mend(
    tmp_path: Path,
    require_tool: Callable[[str], Path],
    monkeypatch: pytest.MonkeyPatch,
    how: str,
    plugins: bool,
) -> None:
    path = write_frames(tmp_path / "plain.dcm")
    packed = packed_frames(path, how, require_tool)
    one = pydicom.dcmread(packed)
    frames = list(generate_frames(one.PixelData, number_of_frames=6))
    one.PixelData = encapsulate([*frames[:-1], b"\x00" * len(frames[-1])])
    one.save_as(packed)
    if not plugins:
        monkeypatch.setattr(Decoder, "is_available", False)
    series, _ = read_series([packed])
    with pytest.raises(CaseRejected) as caught:
        read_image(series)
    finding = caught.value.finding
    assert finding.code == "pixel-codec"
    assert "uncompressed" in finding.mend


def test_what_is_written_refers_to_frames(tmp_path: Path) -> None:
    order = [3, 0, 5, 1, 4, 2]
    one = enhanced(export.ct(), order)
    case = read(tmp_path / "in", one, on_frames(export.structure_set(), one, order))
    write_rtstruct(
        tmp_path / "RS.dcm", case, case.structures.rois, label="x", name="x", description="x"
    )
    written = pydicom.dcmread(tmp_path / "RS.dcm")
    for roi in written.ROIContourSequence:
        for contour in roi.ContourSequence:
            (image,) = contour.ContourImageSequence
            assert image.ReferencedSOPInstanceUID == one.SOPInstanceUID
            k = order[image.ReferencedFrameNumber - 1]
            assert float(contour.ContourData[2]) == pytest.approx(export.FIRST[2] + k * export.STEP)
    (frame,) = written.ReferencedFrameOfReferenceSequence
    (series,) = frame.RTReferencedStudySequence[0].RTReferencedSeriesSequence
    assert len(series.ContourImageSequence) == 1


def test_a_reference_to_the_object_alone_is_known(tmp_path: Path) -> None:
    one = enhanced(export.ct(), range(6))
    rs = on_frames(export.structure_set(), one, range(6))
    for roi in rs.ROIContourSequence:
        for contour in roi.ContourSequence:
            del contour.ContourImageSequence[0].ReferencedFrameNumber
    case = read(tmp_path, one, rs)
    assert [f.code for f in case.findings if f.severity != "note"] == []


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda one: setattr(one, "NumberOfFrames", 5), "image-multi-frame"),
        (
            lambda one: delattr(one.PerFrameFunctionalGroupsSequence[2], "PlanePositionSequence"),
            "ct-no-position",
        ),
        (lambda one: delattr(one, "PerFrameFunctionalGroupsSequence"), "image-multi-frame"),
        (
            lambda one: delattr(one.SharedFunctionalGroupsSequence[0], "PixelMeasuresSequence"),
            "ct-no-spacing",
        ),
        (
            lambda one: setattr(
                one.PerFrameFunctionalGroupsSequence[2].PlanePositionSequence[0],
                "ImagePositionPatient",
                one.PerFrameFunctionalGroupsSequence[1]
                .PlanePositionSequence[0]
                .ImagePositionPatient,
            ),
            "ct-duplicate-position",
        ),
        (lambda one: setattr(one, "PixelData", one.PixelData[:-200]), "truncated-pixels"),
    ],
)
def test_frames_without_a_place_are_refused_by_name(tmp_path: Path, spoil: Any, code: str) -> None:
    one = enhanced(export.ct(), range(6))
    spoil(one)
    with pytest.raises(CaseRejected) as error:
        read_series([export.save(one, tmp_path / "one.dcm")])
    assert error.value.finding.code == code
