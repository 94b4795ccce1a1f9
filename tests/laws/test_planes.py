"""Laws of planes: how contours, images and doses are turned in the patient changes no number."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from naive.shapes import circle, octant_support, planes
from naive.turns import TURNS, quaternion_turn
from rtvol import io
from rtvol.frames import AXIAL, PlaneFrame, Rigid
from rtvol.io import find
from rtvol.margins import Clip, TargetRecipe, build_targets, parse_margin
from rtvol.phantoms import Ellipsoid, Linear, Organ, PhantomCase, VoxelLattice, WriteOptions
from rtvol.phantoms.dicom import write_case
from rtvol.solids import slab_volume_cc, stack_planes
from rtvol.solids.combine import combine
from rtvol.structures import Contour, Roi
from rtvol.verbs.dose_volume import DvhJob, dvh_case
from rtvol.verbs.expand import ExpandJob, case_targets

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rtvol.phantoms.patient import Position

#: Each example writes and reads a case of a dozen files.
FEW = settings(max_examples=4, phases=[Phase.explicit, Phase.generate])
CENTRE = (3.0, -2.0, 1.0)
WORLD = PhantomCase(
    "SYNTHETIC^LAW",
    "LAW",
    (
        Organ("Liver", Ellipsoid(CENTRE, (20.0, 18.0, 11.0)), 60, points=24),
        Organ("GTV", Ellipsoid(CENTRE, (9.0, 8.0, 7.0)), 40, "GTV", points=24),
    ),
    VoxelLattice.around((0.0, 0.0, 1.0), (60.0, 56.0, 33.0), (4.0, 4.0, 3.0)),
    Linear(CENTRE, 40.0, (0.2, -0.1, 0.15)),
    VoxelLattice.around((0.0, 0.0, 1.0), (60.0, 56.0, 33.0), (5.0, 4.0, 3.0)),
)
EQUAL = TargetRecipe(parse_margin("2"), parse_margin("4"))
METRICS = ("Mean", "D95%", "D2%", "V40Gy[cc]", "Min", "Max")


QUARTER = np.sqrt(0.5)
#: Sagittal, coronal, upside down, 45 degrees about x, where no axis leads, 1 degree of tilt.
SAGITTAL = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
CORONAL = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])
HALF = np.array([[1.0, 0.0, 0.0], [0.0, QUARTER, -QUARTER], [0.0, QUARTER, QUARTER]])
LEADERLESS = PlaneFrame.around((1.0, 1.0, 1.0)).axes.T
TILT = quaternion_turn((np.cos(np.radians(0.5)), np.sin(np.radians(0.5)), 0.0, 0.0))


def numbers(
    motion: Rigid | None, position: Position = "HFS", job: TargetRecipe = EQUAL
) -> dict[str, dict[str, float | None]]:
    """Volumes, dose metrics and targets of the world, turned, read back from files."""
    with tempfile.TemporaryDirectory() as name:
        options = WriteOptions(motion=motion, decimals=6)
        write_case(Path(name), WORLD, position=position, options=options)
        (files,) = find([Path(name)]).cases
        found = dvh_case(files, DvhJob(metrics=METRICS))
        assert [f.code for f in found.findings if f.severity != "note"] == []
        rows = {row.name: {"volume": row.volume.cc, **row.metrics} for row in found.structures}
        targets, _ = case_targets(io.read_case(files), ExpandJob(job))
    for one in targets.structures:
        rows[f"{one.role} grown"] = {"volume": one.volume_cc, "written": one.written_volume_cc}
    return rows


@pytest.fixture(scope="module")
def straight() -> dict[str, dict[str, float | None]]:
    return numbers(None)


def same(one, other, tolerance: float, grown: float) -> None:  # type: ignore[no-untyped-def]
    assert one.keys() == other.keys()
    for name, row in one.items():
        limit = grown if "grown" in name else tolerance
        assert row == pytest.approx(other[name], rel=limit), name


@FEW
@given(turn=TURNS, position=st.sampled_from(["HFS", "HFP", "FFS", "FFDL"]))
@example(turn=SAGITTAL, position="HFS")
@example(turn=CORONAL, position="HFP")
@example(turn=HALF, position="FFS")
@example(turn=LEADERLESS, position="HFS")
@example(turn=TILT, position="HFS")
def test_turning_the_whole_world_changes_no_number(straight, turn, position) -> None:  # type: ignore[no-untyped-def]
    # rows of images that run another way turn the lattice that doses are sampled on
    tolerance = 1e-6 if position == "HFS" else 1e-4
    same(numbers(Rigid.of(turn, (0, 0, 0)), position), straight, tolerance, 1e-3)


@FEW
@given(turn=TURNS, shift=st.tuples(*[st.floats(-300, 300)] * 3))
def test_nor_does_moving_it(straight, turn, shift) -> None:  # type: ignore[no-untyped-def]
    same(numbers(Rigid.of(turn, shift)), straight, 1e-6, 1e-3)


@given(turn=TURNS, point=st.tuples(*[st.floats(-200, 200)] * 3))
def test_frames_lead_there_and_back(turn, point) -> None:  # type: ignore[no-untyped-def]
    frame, at = PlaneFrame.along(turn[0], turn[1]), np.array(point)
    assert frame.axes @ frame.axes.T == pytest.approx(np.eye(3), abs=1e-12)
    assert np.linalg.det(frame.axes) == pytest.approx(1)
    assert frame.to_patient(frame.from_patient(at)) == pytest.approx(at, abs=1e-8)
    assert frame.seen_from(frame).is_axial
    assert frame.seen_from(AXIAL) == frame
    motion = Rigid.of(turn, (1, -2, 3))
    assert motion.inverse.points(motion.points(at)) == pytest.approx(at, abs=1e-8)
    assert motion.inverse.after(motion).points(at) == pytest.approx(at, abs=1e-8)


def ball(frame: PlaneFrame, radius: float, centre=(0.0, 0.0, 0.0), name="GTV") -> Roi:  # type: ignore[no-untyped-def]
    """A ball contoured on planes of a frame, 1.5 mm apart; x, y and z are of the patient."""
    x, y, z0 = frame.from_patient(np.array(centre))
    contours = tuple(
        Contour(circle(np.sqrt(radius**2 - (z - z0) ** 2), x, y), float(z))
        for z in planes(1.5, 0.3)
        if abs(z - z0) < radius - 1e-3
    )
    return Roi(name, 1, "GTV", contours, frame=frame)


FRAMES = [
    AXIAL,
    PlaneFrame.along((0, 1, 0), (0, 0, -1)),
    PlaneFrame.along((1, 0, 0), (0, 0, -1)),
    PlaneFrame.around((0, -0.3, 1)),
    PlaneFrame.along(*quaternion_turn((0.9, 0.2, -0.4, 0.3))[:2]),
]
SIX = "L6,R2,A5,P3,S4,I1"


@pytest.mark.parametrize("frame", FRAMES[1:])
def test_six_margins_are_the_patients_whatever_the_planes(frame: PlaneFrame) -> None:
    """A ball grown by the body of eight octants: extent and volume by its support function."""
    recipe = TargetRecipe(parse_margin("0"), parse_margin(SIX))
    lesion = build_targets([ball(frame, 9.0)], {}, recipe, planes_mm=None).lesions[0]
    points = np.concatenate(
        [frame.to_patient(contour.points_mm) for contour in lesion.ptv.roi.contours]
    )
    # outlines lie 1.5 mm apart: beyond the last the surface goes on, between them it bulges
    room = 0.3 + 1.5 * np.abs(frame.normal)
    assert (abs(points.min(axis=0) - [-11, -14, -10]) < room).all()
    assert (abs(points.max(axis=0) - [15, 12, 13]) < room).all()
    normals = fibonacci()
    support = octant_support(normals, 6, 2, 5, 3, 4, 1) + 9 * normals
    assert lesion.ptv.volume_cc == pytest.approx(hull_cc(support), rel=8e-3)
    axial = build_targets([ball(AXIAL, 9.0)], {}, recipe, planes_mm=None).lesions[0]
    assert lesion.ptv.volume_cc == pytest.approx(axial.ptv.volume_cc, rel=4e-3)
    reached, wanted = lesion.ptv.achieved, axial.ptv.achieved
    assert reached is not None
    assert wanted is not None
    assert reached.toward.keys() == wanted.toward.keys()
    for way, spread in reached.toward.items():
        assert spread.max_mm == pytest.approx(wanted.toward[way].max_mm, abs=0.15), way


def fibonacci(count: int = 20000) -> NDArray[np.float64]:
    index = np.arange(count) + 0.5
    polar, turn = np.arccos(1 - 2 * index / count), np.pi * (1 + 5**0.5) * index
    ring = np.sin(polar)
    return np.stack([np.cos(turn) * ring, np.sin(turn) * ring, np.cos(polar)], axis=1)


def hull_cc(points: NDArray[np.float64]) -> float:
    from scipy.spatial import ConvexHull

    return float(ConvexHull(points).volume) / 1000


@pytest.mark.parametrize("frame", FRAMES[1:])
@pytest.mark.parametrize("other", FRAMES[:2])
def test_solids_on_planes_turned_against_each_other_combine(
    frame: PlaneFrame, other: PlaneFrame
) -> None:
    """Two balls whose centres lie 8 mm apart: the lens they share has a closed form."""
    radius, apart = 9.0, 8.0
    one, _ = stack_planes(ball(frame, radius))
    two, _ = stack_planes(ball(other, radius, (apart, 0.0, 0.0)))
    lens = np.pi * (4 * radius + apart) * (2 * radius - apart) ** 2 / 12 / 1000
    whole = slab_volume_cc(one) + slab_volume_cc(two)
    shared = slab_volume_cc(combine(one, two, "intersect"))
    assert shared == pytest.approx(lens, rel=0.02)
    assert slab_volume_cc(combine(one, two, "union")) == pytest.approx(whole - shared, rel=5e-3)
    left = slab_volume_cc(combine(one, two, "subtract"))
    assert left == pytest.approx(slab_volume_cc(one) - shared, rel=1e-2)


def wall(frame: PlaneFrame, face_mm: float) -> Roi:
    """A block from x = face to 60 mm and 80 mm wide, on planes whose rows run along x."""
    corners = np.array([[face_mm, -40], [60, -40], [60, 40], [face_mm, 40]], float)
    contours = tuple(Contour(corners, float(z)) for z in planes(1.5, 0.3) if abs(z) < 40)
    return Roi("Wall", 2, "ORGAN", contours, frame=frame)


@pytest.mark.parametrize("gap", [0.0, 2.0])
def test_an_organ_on_other_planes_than_the_target_cuts_as_on_the_same(gap: float) -> None:
    coronal = FRAMES[2]
    found = []
    for of_organ in (AXIAL, coronal):
        recipe = TargetRecipe(
            parse_margin("2"), parse_margin("4"), clips=(Clip("avoid", "Wall", gap),)
        )
        lesion = build_targets(
            [ball(AXIAL, 9.0)], {"Wall": wall(of_organ, 12.0)}, recipe, planes_mm=None
        ).lesions[0]
        assert lesion.ptv_clip is not None
        found.append(lesion.ptv_clip)
    cap = 15.0 - 12.0 + gap
    lost = np.pi * cap**2 * (45.0 - cap) / 3 / 1000
    for one in found:
        assert one.lost_cc["Wall"] == pytest.approx(lost, rel=0.02)
        assert one.clips[0].toward == "left"
        assert one.clips[0].least_mm == pytest.approx(15.0 - cap - 11.0, abs=0.1)


def test_targets_of_both_orientations_have_a_union() -> None:
    """Two PTVs of 15 mm radius, 20 mm apart, one on axial and one on sagittal planes."""
    pair = [ball(AXIAL, 9.0, name="A"), ball(FRAMES[1], 9.0, (20.0, 0.0, 0.0), name="B")]
    found = build_targets(pair, {}, EQUAL, planes_mm=None)
    lens = np.pi * (60 + 20) * (30 - 20) ** 2 / 12 / 1000
    assert found.sum_ptv_cc - found.cumulative_ptv_cc == pytest.approx(lens, rel=0.02)
    frames = [lesion.ptv.roi.frame for lesion in found.lesions]
    assert frames == [AXIAL, FRAMES[1]]


@pytest.mark.parametrize("frame", FRAMES)
def test_what_is_written_reads_back_in_its_place(tmp_path: Path, frame: PlaneFrame) -> None:
    turn = frame.axes.T
    options = WriteOptions(motion=Rigid.of(turn, (12.0, -34.0, 56.0)))
    write_case(tmp_path / "in", WORLD, options=options)
    (files,) = find([tmp_path / "in"]).cases
    case = io.read_case(files)
    targets, _ = case_targets(case, ExpandJob(EQUAL))
    rois = [one.roi for one in targets.structures]
    (tmp_path / "out").mkdir()
    io.write_rtstruct(tmp_path / "out" / "RS.dcm", case, rois, label="x", name="x", description="x")
    for image in (tmp_path / "in").glob("CT*"):
        (tmp_path / "out" / image.name).write_bytes(image.read_bytes())
    (again,) = find([tmp_path / "out"]).cases
    back = io.read_case(again)
    assert [f.code for f in back.findings if f.severity != "note"] == []
    for roi, one in zip(rois, back.structures.rois, strict=True):
        assert one.frame == roi.frame
        own = back.planes_of(one)
        assert own is not None
        assert all(abs(own - contour.z_mm).min() < 1e-3 for contour in one.contours)
        assert all(contour.image_uid for contour in one.contours)
        volumes = [slab_volume_cc(stack_planes(r, images_mm=own)[0]) for r in (roi, one)]
        assert volumes[0] == pytest.approx(volumes[1], rel=1e-4)
        assert replace(one, contours=()).is_empty
