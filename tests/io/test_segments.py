"""A segmentation as regions: just its voxels, wherever they lie; odd ones are told or refused."""

from __future__ import annotations

from contextlib import suppress
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.sequence import Sequence as Items
from pydicom.uid import DeflatedExplicitVRLittleEndian, JPEGLSLossless, RLELossless

from rtvol.errors import CaseRejected
from rtvol.io import read_structures
from rtvol.io.colours import rgb_of_cielab
from rtvol.io.outline import outline
from rtvol.solids import stack_planes
from rtvol.solids.volume import slab_volume_cc
from seg_files import Place, write_segments

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from pydicom.dataset import Dataset

    from rtvol.structures import Roi

EVEN = Place(tuple(2.5 * k for k in range(7)), stated={"SpacingBetweenSlices": 2.5})


def ragged(seed: int, shape: tuple[int, int, int] = (7, 9, 11), part: float = 0.4) -> Any:
    """Random voxels: specks, holes, corners that touch."""
    return np.random.default_rng(seed).random(shape) < part


def volume_cc(roi: Roi) -> float:
    """Volume of the slab, without any images."""
    stack, _ = stack_planes(roi)
    return slab_volume_cc(stack)


def voxel_cc(place: Place, step_mm: float) -> float:
    """Volume of one voxel."""
    return place.spacing_mm[0] * place.spacing_mm[1] * step_mm / 1000


def inside(rings: list[NDArray[np.float64]], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Voxel centres inside rings by even-odd parity, one by one."""
    found = np.zeros(shape, int)
    for ring in rings:
        x, y = ring.T
        x2, y2 = np.roll(ring, -1, axis=0).T
        for j, i in np.ndindex(shape):
            met = (y <= j) != (y2 <= j)
            at = x[met] + (j - y[met]) / (y2 - y)[met] * (x2 - x)[met]
            found[j, i] += int((at < i).sum())
    return found % 2 == 1


@given(st.integers(0, 2**32 - 1), st.floats(0.05, 0.95))
def test_outlines_enclose_just_the_voxels(seed: int, part: float) -> None:
    mask = ragged(seed, (1, 6, 7), part)[0]
    rings = outline(*np.nonzero(mask))
    np.testing.assert_array_equal(inside(rings, mask.shape), mask)
    for ring in rings:
        steps = np.roll(ring, -1, axis=0) - ring
        turns = (steps == 0) != np.roll(steps == 0, -1, axis=0)
        assert turns.all(), "each edge runs along an axis, each corner turns"


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("form", ["BINARY", "FRACTIONAL", "LABELMAP"])
def test_volume_is_the_number_of_voxels(tmp_path: Path, form: str, seed: int) -> None:
    mask = ragged(seed)
    stored = mask * 255 if form == "FRACTIONAL" else mask
    read = read_structures(write_segments(tmp_path / "s.dcm", {3: stored}, EVEN, form=form))
    (roi,) = read.structures.rois
    assert (roi.name, roi.number, read.structures.form) == ("S3", 3, "SEG")
    assert volume_cc(roi) == pytest.approx(mask.sum() * voxel_cc(EVEN, 2.5), rel=1e-12)
    assert not read.findings


@pytest.mark.parametrize("turned", [(0.5, 0.3), (1.2, -0.7)])
def test_a_turned_segmentation_holds_the_same(tmp_path: Path, turned: tuple[float, float]) -> None:
    a, b = turned
    row = (np.cos(a), np.sin(a), 0.0)
    column = (-np.sin(a) * np.cos(b), np.cos(a) * np.cos(b), np.sin(b))
    place = Place(EVEN.planes_mm, row=row, column=column, stated=EVEN.stated)
    mask = ragged(5)
    (roi,) = read_structures(write_segments(tmp_path / "s.dcm", {1: mask}, place)).structures.rois
    np.testing.assert_allclose(np.abs(roi.frame.normal @ place.normal), 1, atol=1e-9)
    assert volume_cc(roi) == pytest.approx(mask.sum() * voxel_cc(place, 2.5), rel=1e-8)


def test_left_out_frames_are_empty_not_bridged(tmp_path: Path) -> None:
    mask = np.zeros((7, 4, 4), bool)
    mask[[0, 2, 4, 6], 1:3, 1:3] = True  # every other plane: a drawing would be taken as one part
    for stated in ({"SpacingBetweenSlices": 2.5}, {}):
        other = np.ones((7, 4, 4), bool)  # where nothing is stated, its planes tell
        place = Place(EVEN.planes_mm, stated=stated)
        path = write_segments(tmp_path / f"s{len(stated)}.dcm", {1: mask, 2: other}, place)
        roi, _ = read_structures(path).structures.rois
        stack, findings = stack_planes(roi)
        assert stack.lobe.tolist() == [0, 1, 2, 3]
        assert slab_volume_cc(stack) == pytest.approx(16 * voxel_cc(place, 2.5))
        assert not findings


def test_images_with_other_planes_do_not_change_the_voxels(tmp_path: Path) -> None:
    place = Place((0.0, 5.0), stated={"SpacingBetweenSlices": 5.0})
    mask = np.ones((2, 3, 3), bool)
    (roi,) = read_structures(write_segments(tmp_path / "s.dcm", {1: mask}, place)).structures.rois
    stack, _ = stack_planes(roi, images_mm=np.arange(-60.0, 0.0, 1.25))
    assert slab_volume_cc(stack) == pytest.approx(18 * voxel_cc(place, 5.0))


def test_uneven_planes_are_those_of_contours_and_told(tmp_path: Path) -> None:
    place = Place((0.0, 2.0, 5.0, 9.0))
    mask = np.ones((4, 3, 3), bool)
    read = read_structures(write_segments(tmp_path / "s.dcm", {1: mask}, place))
    assert [f.code for f in read.findings] == ["segment-planes-uneven"]
    area = 9 * place.spacing_mm[0] * place.spacing_mm[1]
    # ends half the gap there, half-way between: 2 + 2.5 + 3.5 + 4
    assert volume_cc(read.structures.rois[0]) == pytest.approx(area * 12 / 1000)


def test_one_plane_is_as_thick_as_it_says(tmp_path: Path) -> None:
    place = Place((0.0,), stated={"SliceThickness": 3.0})
    mask = np.ones((1, 2, 2), bool)
    (roi,) = read_structures(write_segments(tmp_path / "s.dcm", {1: mask}, place)).structures.rois
    assert volume_cc(roi) == pytest.approx(4 * voxel_cc(place, 3.0))
    bare = write_segments(tmp_path / "b.dcm", {1: mask}, Place((0.0,)))
    with pytest.raises(CaseRejected) as fault:
        volume_cc(read_structures(bare).structures.rois[0])
    assert fault.value.finding.code == "roi-single-slice"


def test_thin_slices_far_apart_are_not_taken_for_slabs_with_gaps(tmp_path: Path) -> None:
    """SliceThickness is no spacing: 1 mm of every 5 mm scanned is a region 5 mm a plane."""
    place = Place((0.0, 5.0, 10.0), stated={"SliceThickness": 1.0})
    mask = np.ones((3, 2, 2), bool)
    read = read_structures(write_segments(tmp_path / "s.dcm", {1: mask}, place))
    assert volume_cc(read.structures.rois[0]) == pytest.approx(12 * voxel_cc(place, 5.0))
    assert [f.code for f in read.findings] == ["segment-planes-uneven"]


def test_a_fraction_of_half_belongs_and_the_difference_is_told(tmp_path: Path) -> None:
    mask = np.zeros((7, 4, 4), np.uint8)
    mask[2:5, 1:3, 1:3] = 50
    mask[3, 0, :] = 49
    path = write_segments(tmp_path / "s.dcm", {1: mask}, EVEN, form="FRACTIONAL", whole=100)
    read = read_structures(path)
    assert volume_cc(read.structures.rois[0]) == pytest.approx(12 * voxel_cc(EVEN, 2.5))
    (finding,) = read.findings
    assert finding.code == "segment-thresholded"
    assert "12 voxels, by their fractions 8.0" in finding.seen  # 12 x 0.5 + 4 x 0.49


PACKED = [
    *product(["FRACTIONAL", "LABELMAP"], [RLELossless, JPEGLSLossless]),
    *product(["FRACTIONAL", "LABELMAP", "BINARY"], [DeflatedExplicitVRLittleEndian]),
]


@pytest.mark.parametrize(("form", "syntax"), PACKED)
def test_compressed_files_hold_the_same(
    tmp_path: Path, form: str, syntax: str, require_module: Any
) -> None:
    if syntax == JPEGLSLossless:
        require_module("jpeg_ls")
    mask = ragged(8) * (200 if form == "FRACTIONAL" else 1)
    plain = write_segments(tmp_path / "p.dcm", {1: mask}, EVEN, form=form)
    packed = write_segments(tmp_path / "c.dcm", {1: mask}, EVEN, form=form, syntax=syntax)
    one, other = (read_structures(path).structures.rois[0] for path in (plain, packed))
    assert len(one.contours) == len(other.contours) > 0
    for a, b in zip(one.contours, other.contours, strict=True):
        np.testing.assert_array_equal(a.points_mm, b.points_mm)


def test_segments_may_overlap_and_have_gaps_in_their_numbers(tmp_path: Path) -> None:
    masks = {7: ragged(1), 2: ragged(2), 9: np.zeros((7, 9, 11), bool)}
    path = write_segments(tmp_path / "s.dcm", masks, EVEN, names={2: "GTV", 9: "Liver"})
    read = read_structures(path)
    assert [(roi.name, roi.number) for roi in read.structures.rois] == [
        ("S7", 7),
        ("GTV", 2),
        ("Liver", 9),
    ]
    for roi, mask in zip(read.structures.rois[:2], masks.values(), strict=False):
        assert volume_cc(roi) == pytest.approx(mask.sum() * voxel_cc(EVEN, 2.5))
        assert roi.colour == (255, 0, 0)
    assert read.structures.rois[2].is_empty
    assert [f.code for f in read.findings] == ["roi-empty"]


def test_a_thousand_segments(tmp_path: Path) -> None:
    mask = np.arange(1, 1201).reshape(1, 30, 40)
    masks = {n: mask == n for n in range(1, 1201)}
    place = Place((0.0,), stated={"SpacingBetweenSlices": 2.0})
    for form in ("BINARY", "LABELMAP"):
        path = write_segments(tmp_path / f"{form}.dcm", masks, place, form=form)
        read = read_structures(path)
        volumes = {round(volume_cc(roi) / voxel_cc(place, 2.0), 9) for roi in read.structures.rois}
        assert (len(read.structures.rois), volumes) == (1200, {1.0})


def _twice(data: Dataset, *, other: bool) -> None:
    """Repeat the first frame, or put the second on its plane."""
    groups = list(data.PerFrameFunctionalGroupsSequence)
    size = data.Rows * data.Columns
    frames = np.frombuffer(data.PixelData, np.uint8)[: size * len(groups)].reshape(-1, size)
    if other:
        groups[1].PlanePositionSequence = groups[0].PlanePositionSequence
    else:
        groups.append(groups[0])
        frames = np.concatenate([frames, frames[:1]])
    data.PerFrameFunctionalGroupsSequence = Items(groups)
    data.NumberOfFrames = len(groups)
    data.PixelData = frames.tobytes() + b"\0" * (frames.size % 2)


def test_a_frame_twice_counts_once_and_two_that_differ_are_refused(tmp_path: Path) -> None:
    mask = np.ones((7, 4, 4), np.uint8) * 255
    mask[1, 0, 0] = 0
    path = tmp_path / "s.dcm"
    kinds = {"form": "FRACTIONAL"}
    write_segments(path, {1: mask}, EVEN, change=lambda d: _twice(d, other=False), **kinds)
    read = read_structures(path)
    assert volume_cc(read.structures.rois[0]) == pytest.approx(111 * voxel_cc(EVEN, 2.5))
    assert [f.code for f in read.findings] == ["contour-duplicate"]
    write_segments(path, {1: mask}, EVEN, change=lambda d: _twice(d, other=True), **kinds)
    read = read_structures(path)
    assert read.structures.rois[0].refusal is not None
    assert [f.code for f in read.findings] == ["segment-frames-conflict"]


def _drop(keyword: str) -> Any:
    return lambda data: delattr(data, keyword)


def _set(**values: object) -> Any:
    return lambda data: [setattr(data, key, value) for key, value in values.items()]


def _no_segment(data: Dataset) -> None:
    del data.PerFrameFunctionalGroupsSequence[2].SegmentIdentificationSequence


def _no_position(data: Dataset) -> None:
    del data.PerFrameFunctionalGroupsSequence[2].PlanePositionSequence


def _half(data: Dataset) -> None:
    data.PixelData = data.PixelData[: len(data.PixelData) // 4 * 2]


BROKEN = {
    "no type": (_drop("SegmentationType"), "segmentation-unclear"),
    "another type": (_set(SegmentationType="CUBIC"), "segmentation-unclear"),
    "no frames' places": (_drop("PerFrameFunctionalGroupsSequence"), "segmentation-unclear"),
    "a frame of no segment": (_no_segment, "segmentation-unclear"),
    "a frame without place": (_no_position, "ct-no-position"),
    "no segments": (_set(SegmentSequence=Items()), "no-rois"),
    "half of the pixels": (_half, "pixel-length-mismatch"),
    "no pixels": (_drop("PixelData"), "pixel-length-mismatch"),
    "too many frames": (_set(NumberOfFrames=9000), "image-multi-frame"),
    "rows of nothing": (_set(Rows=0), "segmentation-unclear"),
    "odd bits": (_set(BitsAllocated=12), "segmentation-unclear"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_what_cannot_be_read_is_refused_by_code(tmp_path: Path, what: str) -> None:
    change, code = BROKEN[what]
    path = write_segments(tmp_path / "s.dcm", {1: ragged(1)}, EVEN, change=change)
    with pytest.raises(CaseRejected) as fault:
        read_structures(path)
    assert fault.value.finding.code == code


def test_fractions_beyond_the_whole_are_refused(tmp_path: Path) -> None:
    mask = np.full((7, 3, 3), 101, np.uint8)
    path = write_segments(tmp_path / "s.dcm", {1: mask}, EVEN, form="FRACTIONAL", whole=100)
    with pytest.raises(CaseRejected, match="101") as fault:
        read_structures(path)
    assert fault.value.finding.code == "segmentation-unclear"


@pytest.mark.parametrize("seed", range(30))
def test_random_bytes_end_in_a_code_or_in_regions(tmp_path: Path, seed: int) -> None:
    """Bytes changed anywhere: the file is read or refused, never anything else."""
    draw = np.random.default_rng(seed)
    form = ("BINARY", "FRACTIONAL", "LABELMAP")[seed % 3]
    path = write_segments(tmp_path / "s.dcm", {1: ragged(1), 2: ragged(2)}, EVEN, form=form)
    good = path.read_bytes()
    for _ in range(15):
        data = bytearray(good)
        for at in draw.integers(132, len(data), draw.integers(1, 12)).tolist():
            data[at] = int(draw.integers(0, 256))
        path.write_bytes(
            bytes(data[: draw.integers(140, len(data))] if draw.random() < 0.2 else data)
        )
        with suppress(CaseRejected):  # always with a code
            rois = read_structures(path).structures.rois
            assert all(np.isfinite(c.xy_mm).all() for roi in rois for c in roi.contours)


def test_colours() -> None:
    """sRGB of CIELab by the published D50 values of white, black, and the primaries."""

    def stored(lightness: float, a: float, b: float) -> list[int]:
        scaled = (lightness / 100, (a + 128) / 255, (b + 128) / 255)
        return [round(value * 65535) for value in scaled]

    assert rgb_of_cielab(stored(100, 0, 0)) == (255, 255, 255)
    assert rgb_of_cielab(stored(0, 0, 0)) == (0, 0, 0)
    # Lindbloom, sRGB adapted to D50
    for lab, rgb in (
        ((54.29, 80.81, 69.89), (255, 0, 0)),
        ((87.82, -79.29, 80.99), (0, 255, 0)),
        ((29.57, 68.30, -112.03), (0, 0, 255)),
    ):
        assert np.abs(np.subtract(rgb_of_cielab(stored(*lab)), rgb)).max() <= 2
