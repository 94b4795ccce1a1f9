"""Even-odd areas of rings: closed forms, a plain twin, laws, and which planes cross."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naive.raster import even_odd_region
from rtvol import _kernels
from rtvol._kernels import locked
from rtvol._kernels.polygon import measure, sweep
from rtvol.solids import areas
from rtvol.solids.areas import crossing_planes, even_odd_area_mm2, plane_areas_mm2


@pytest.fixture(autouse=True, scope="module", params=["kernel", "numpy"])
def way(request):
    """Both ways of measuring have to give the same areas and the same crossings."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_kernels, "are_loaded", lambda: request.param == "kernel")
        yield


def square(x, y, side):
    return np.array([[x, y], [x + side, y], [x + side, y + side], [x, y + side]], dtype=float)


def pack(rings):
    starts = np.cumsum([0, *(len(ring) for ring in rings)], dtype=np.int64)
    return np.concatenate(rings), starts


def area(rings):
    return even_odd_area_mm2(*pack(rings))


def crosses(rings):
    return bool(crossing_planes(*pack(rings), np.array([0, len(rings)]))[0])


CROSSING = areas.CROSSING_MM2
OUTER, HOLE, ISLAND = square(0, 0, 10), square(2, 3, 5), square(3, 4, 2)
EIGHT = np.array([[0.0, 0.0], [8.0, 8.0], [8.0, 0.0], [0.0, 8.0]])
KEYHOLE = np.vstack([OUTER, OUTER[:1], HOLE[::-1], HOLE[-1:]])
WRONG_KEYHOLE = np.vstack([OUTER, OUTER[:1], HOLE, HOLE[:1]])
OFF_BRIDGE = KEYHOLE + np.array([[0, 0]] * 4 + [[0.004, -0.003]] * 6)


@pytest.mark.parametrize(
    ("rings", "expected_mm2", "crossing"),
    [
        ([OUTER], 100, False),
        ([OUTER, HOLE], 75, False),
        ([OUTER[::-1], HOLE], 75, False),
        ([HOLE, OUTER, ISLAND[::-1]], 79, False),
        ([OUTER, square(2, 0, 5)], 75, False),  # a hole that touches the outside along an edge
        ([OUTER, square(10, 0, 10)], 200, False),  # neighbours that share an edge
        ([OUTER, square(10, 4, 10)], 200, False),  # and part of one
        ([OUTER, square(10, 10, 10)], 200, False),  # and a corner
        ([OUTER, np.array([[5.0, 0.0], [7.0, 4.0], [3.0, 4.0]])], 92, False),  # corner on an edge
        ([KEYHOLE], 75, False),
        ([WRONG_KEYHOLE], 75, True),
        ([OUTER, square(5, 5, 10)], 150, True),
        ([OUTER, square(2, 2, 12)], 100 + 144 - 2 * 64, True),
        ([EIGHT], 32, True),
        ([np.vstack([OUTER, OUTER])], 0, True),  # run round twice
        ([OUTER, OUTER[::-1]], 0, True),  # on each other all round
        ([OUTER, OUTER], 0, True),
        ([np.array([[0.0, 0.0], [5.0, 5.0], [9.0, 9.0]])], 0, False),
        ([np.array([[0.0, 1.0], [5.0, 1.0], [9.0, 1.0]])], 0, False),
    ],
)
def test_areas_and_crossings_by_hand(rings, expected_mm2, crossing):
    assert area(rings) == pytest.approx(expected_mm2, abs=1e-10)
    assert crosses(rings) is crossing


@pytest.mark.parametrize("turns", [0.0, 0.4, 1.0, 2.0, 3.0])
@pytest.mark.parametrize("hole", [square(0, 2, 5), square(5, 3, 5), square(4, 0, 3)])
def test_a_hole_along_the_outside_is_no_crossing(hole, turns):
    angle = turns * np.pi / 2
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    for rings in ([OUTER, hole], [hole[::-1], OUTER]):
        turned = [ring @ turn.T for ring in rings]
        assert area(turned) == pytest.approx(even_odd_region(rings).area, abs=1e-9)
        assert not crosses(turned)


@pytest.mark.parametrize("off_mm", [0.0, 1e-12, 1e-5])
def test_a_ring_stored_twice_with_more_corners_is_a_crossing(off_mm):
    denser = np.vstack([OUTER, (OUTER + np.roll(OUTER, -1, axis=0)) / 2])[[0, 4, 1, 5, 2, 6, 3, 7]]
    assert crosses([OUTER, denser + off_mm])


def test_a_bridge_off_by_rounding_is_no_crossing():
    assert area([OFF_BRIDGE]) == pytest.approx(75, abs=0.1)
    assert not crosses([OFF_BRIDGE])


def test_planes_are_measured_apart_and_rings_can_be_asked_alone():
    rings = [OUTER, HOLE, EIGHT, OUTER]
    xy, starts = pack(rings)
    planes = np.array([0, 2, 2, 3, 4])
    assert plane_areas_mm2(xy, starts, planes) == pytest.approx([75, 0, 32, 100])
    assert crossing_planes(xy, starts, planes).tolist() == [False, False, True, False]
    alone = crossing_planes(xy, starts, np.arange(5))
    assert alone.tolist() == [False, False, True, False]


def test_circle_far_from_the_origin_keeps_its_digits():
    angles = np.linspace(0, 2 * np.pi, 720, endpoint=False)
    ring = 5 * np.column_stack([np.cos(angles), np.sin(angles)])
    exact = 0.5 * 720 * 25 * np.sin(2 * np.pi / 720)
    assert area([ring + 1e5]) == pytest.approx(exact, rel=1e-9)
    assert area([ring]) == pytest.approx(exact, rel=1e-13)


@st.composite
def scribbles(draw):
    """One to four rings, most of them crossing; on a coarse lattice many touch and coincide."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    rings = [rng.uniform(-9, 9, (rng.integers(3, 10), 2)) for _ in range(draw(st.integers(1, 4)))]
    coarse = draw(st.booleans())
    return [np.round(ring / 3) for ring in rings] if coarse else rings


@settings(max_examples=150, deadline=None)
@given(scribbles())
def test_area_is_that_of_the_faces_inside_an_odd_number_of_rings(rings):
    assert area(rings) == pytest.approx(even_odd_region(rings).area, rel=1e-9, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(scribbles(), st.randoms(use_true_random=False))
def test_area_does_not_depend_on_order_winding_or_first_corner(rings, random):
    shuffled = [np.roll(r[:: random.choice([1, -1])], random.randrange(9), axis=0) for r in rings]
    random.shuffle(shuffled)
    assert area(shuffled) == pytest.approx(area(rings), rel=1e-9, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(scribbles(), st.floats(-3, 3), st.floats(0.2, 5), st.floats(-40, 40), st.booleans())
def test_area_follows_turns_scales_mirrors_and_shifts(rings, angle, scale, shift, mirrored):
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    turn = turn @ np.diag([-1, 1]) if mirrored else turn
    moved = [scale * ring @ turn.T + shift for ring in rings]
    assert area(moved) == pytest.approx(scale**2 * area(rings), rel=1e-8, abs=1e-7)


@settings(max_examples=60, deadline=None)
@given(scribbles())
def test_pieces_close_in_every_row_and_keep_the_region_on_their_left(rings):
    xy, starts = pack(rings)
    pieces = sweep(*locked(xy, starts), 0, len(rings), np.zeros(0), (0.0, 0.0))
    if pieces.size == 0:
        assert area(rings) == 0
        return
    heights = np.sort(np.unique(pieces[:, [1, 3]]))
    for y in (heights[:-1] + heights[1:]) / 2:
        across = pieces[(pieces[:, 1] < y) != (pieces[:, 3] < y)]
        t = (y - across[:, 1]) / (across[:, 3] - across[:, 1])
        x = across[:, 0] + t * (across[:, 2] - across[:, 0])
        upwards = across[:, 3] > across[:, 1]
        assert upwards.sum() * 2 == upwards.size
        widths = x[upwards].sum() - x[~upwards].sum()
        assert widths >= -1e-9


@settings(max_examples=60, deadline=None)
@given(st.lists(scribbles(), min_size=1, max_size=5), st.sampled_from([7, 200_000]))
def test_numpy_measures_many_planes_as_the_kernel_does(planes, at_once):
    xy, starts = pack([ring for rings in planes for ring in rings])
    ends = np.cumsum([0, *map(len, planes)], dtype=np.int64)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(areas, "_EDGES_AT_ONCE", at_once)
        plain = areas.measure_plainly(xy, starts, ends)
    compiled = measure(*locked(xy, starts, ends))
    assert plain[0] == pytest.approx(compiled[0], rel=1e-9, abs=1e-9)
    # nearly touching rings may take another side, but what crosses does so either way
    assert ((plain[1] > CROSSING) == (compiled[1] > CROSSING)).all()
