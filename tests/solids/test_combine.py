"""Union, intersection and difference of slab solids: closed forms, a plain twin, laws."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naive.combine import combined_cc, combined_region, odd, rings_at
from rtvol._kernels import locked
from rtvol._kernels.boolean import combine_rings
from rtvol.errors import CaseRejected
from rtvol.solids import slab_volume_cc
from rtvol.solids.areas import crossing_planes, even_odd_area_mm2
from rtvol.solids.combine import combine
from rtvol.solids.planes import PlaneStack

KEEP = {
    "union": [False, True, True, True],
    "intersect": [False, False, False, True],
    "subtract": [False, True, False, False],
}
NAMES = tuple(KEEP)


def square(x, y, side):
    return np.array([[x, y], [x + side, y], [x + side, y + side], [x, y + side]], dtype=float)


def circle(x, y, radius, points=60):
    angle = np.arange(points) * 2 * np.pi / points
    return np.array([x, y]) + radius * np.column_stack([np.cos(angle), np.sin(angle)])


def pack(rings):
    return np.concatenate(rings), np.cumsum([0, *map(len, rings)], dtype=np.int64)


def flat(one, other, operation):
    """Rings of the combination of two sets of rings of one plane."""
    xy, starts = pack([*one, *other])
    corners, ends = combine_rings(
        *locked(xy, starts), len(one), np.array(KEEP[operation], dtype=float)
    )
    return [corners[a:b] for a, b in pairwise(ends)]


def area(rings):
    return even_odd_area_mm2(*pack(rings)) if rings else 0.0


def stack_of(planes, faces):
    """Stack with the rings of each plane between two neighbouring faces, planes in the middle."""
    faces = np.array(faces, dtype=float)
    half = np.diff(faces) / 2
    middle = (faces[1:] + faces[:-1]) / 2
    return PlaneStack.of(planes, z_mm=middle, below_mm=half, above_mm=half.copy())


OUTER, HOLE, ISLAND = square(0, 0, 10), square(2, 3, 5), square(3, 4, 2)
KEYHOLE = np.vstack([OUTER, OUTER[:1], HOLE[::-1], HOLE[-1:]])
DENSER = np.vstack([HOLE, (HOLE + np.roll(HOLE, -1, axis=0)) / 2])[[0, 4, 1, 5, 2, 6, 3, 7]]
DIAMOND = np.array([[5.0, -5.0], [15.0, 5.0], [5.0, 15.0], [-5.0, 5.0]])


@pytest.mark.parametrize(
    ("one", "other", "areas", "rings"),
    [  # areas and numbers of rings of union, intersection, difference
        ([OUTER], [square(5, 5, 10)], (175, 25, 75), (1, 1, 1)),
        ([OUTER], [OUTER], (100, 100, 0), (1, 1, 0)),
        ([OUTER], [OUTER[::-1]], (100, 100, 0), (1, 1, 0)),
        ([OUTER], [HOLE], (100, 25, 75), (1, 1, 2)),
        ([OUTER, HOLE], [HOLE], (100, 0, 75), (1, 0, 2)),  # the GTV is the liver's hole
        ([OUTER, HOLE], [DENSER], (100, 0, 75), (1, 0, 2)),
        ([KEYHOLE], [HOLE], (100, 0, 75), (1, 0, 2)),
        ([OUTER, HOLE], [ISLAND], (79, 0, 75), (3, 0, 2)),
        ([OUTER, HOLE, ISLAND], [HOLE], (100, 4, 75), (1, 1, 2)),
        ([OUTER], [square(10, 0, 10)], (200, 0, 100), (1, 0, 1)),  # an edge in common
        ([OUTER], [square(10, 4, 10)], (200, 0, 100), (1, 0, 1)),
        ([OUTER], [square(10, 10, 10)], (200, 0, 100), (2, 0, 1)),  # a corner in common
        ([OUTER], [square(20, 20, 10)], (200, 0, 100), (2, 0, 1)),
        ([OUTER], [DIAMOND], (200, 100, 0), (1, 1, 0)),  # inscribed: corners on its edges
        ([OUTER], [square(2, 0, 5)], (100, 25, 75), (1, 1, 1)),
        ([OUTER], [square(-5, 2, 20)], (420, 80, 20), (1, 1, 1)),
        ([OUTER], [square(0, 10, 5), square(5, 10, 5)], (150, 0, 100), (1, 0, 1)),
    ],
)
def test_planes_by_hand(one, other, areas, rings):
    for turn in (np.eye(2), np.array([[0, -1], [1, 0]]), np.array([[0.8, -0.6], [0.6, 0.8]])):
        operands = [[ring @ turn for ring in side] for side in (one, other)]
        for name, mm2, count in zip(NAMES, areas, rings, strict=True):
            found = flat(*operands, name)
            assert area(found) == pytest.approx(mm2, abs=1e-8), name
            if turn[0, 0] != 0.8:  # turned by 37 degrees, edges in common differ by round-off
                assert len(found) == count, name


def test_shared_contours_leave_no_slit_and_no_crossing():
    liver, gtv = circle(0, 0, 70, 400), circle(20, 10, 15, 90)
    whole = flat([liver, gtv], [gtv[::-1]], "union")
    assert len(whole) == 1
    assert {tuple(p) for p in whole[0]} == {tuple(p) for p in liver}
    (first, second) = flat([liver], [gtv], "subtract")
    found = {tuple(p) for p in np.concatenate([first, second])}
    assert found == {tuple(p) for p in np.concatenate([liver, gtv])}
    xy, starts = pack([first, second])
    assert not crossing_planes(xy, starts, np.array([0, 2])).any()


@st.composite
def scribbles(draw):
    """One to three rings, most of them crossing; on a coarse lattice many touch and coincide."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    rings = [rng.uniform(-9, 9, (rng.integers(3, 10), 2)) for _ in range(draw(st.integers(1, 3)))]
    coarse = draw(st.booleans())
    return [np.round(ring / 3) for ring in rings] if coarse else rings


@settings(max_examples=150, deadline=None)
@given(scribbles(), scribbles(), st.sampled_from(NAMES))
def test_a_plane_is_that_of_the_plain_twin(one, other, name):
    truth = combined_region(one, other, name)
    rings = flat(one, other, name)
    assert area(rings) == pytest.approx(sum(face.area for face in truth), rel=1e-9, abs=1e-7)
    for face in truth:
        if face.area > 1e-3:
            assert odd(rings, face.representative_point())


@st.composite
def pairs_with_shared_rings(draw):
    """Two stacks whose rings are partly the same, and whose slabs partly meet."""
    pool = draw(scribbles()) + draw(scribbles())
    stacks = []
    for _ in range(2):
        count = draw(st.integers(1, 4))
        step = draw(st.sampled_from([1.0, 2.5, 3.0]))
        first = draw(st.sampled_from([0.0, 0.5, 1.0, 1.3]))
        planes = [
            [pool[i] for i in draw(st.lists(st.integers(0, len(pool) - 1), min_size=1, max_size=2))]
            for _ in range(count)
        ]
        stacks.append(stack_of(planes, first + step * np.arange(count + 1)))
    return tuple(stacks)


def volume(one, other, name):
    try:
        return slab_volume_cc(combine(one, other, name))
    except CaseRejected:
        return 0.0


@settings(max_examples=100, deadline=None)
@given(pairs_with_shared_rings())
def test_volumes_add_up_and_are_those_of_the_plain_twin(pair):
    one, other = pair
    either, both, rest = (volume(one, other, name) for name in NAMES)
    a, b = slab_volume_cc(one), slab_volume_cc(other)
    assert either + both == pytest.approx(a + b, rel=1e-9, abs=1e-9)
    assert rest == pytest.approx(a - both, rel=1e-9, abs=1e-9)
    for name, cc in zip(NAMES, (either, both, rest), strict=True):
        assert cc == pytest.approx(combined_cc(one, other, name), rel=1e-9, abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(pairs_with_shared_rings())
def test_the_order_of_operands_and_a_second_time_change_nothing(pair):
    one, other = pair
    for name in ("union", "intersect"):
        assert volume(one, other, name) == pytest.approx(volume(other, one, name), abs=1e-9)
        if slab_volume_cc(one) > 1e-9:
            assert volume(one, one, name) == pytest.approx(slab_volume_cc(one), abs=1e-9)
    if min(slab_volume_cc(one), slab_volume_cc(other)) > 1e-9:
        whole = combine(one, other, "union")
        assert volume(whole, one, "intersect") == pytest.approx(slab_volume_cc(one), abs=1e-9)


def test_slabs_are_cut_where_faces_differ_and_kept_where_not():
    liver = stack_of([[OUTER]] * 4, [0, 3, 6, 9, 12])
    gtv = stack_of([[HOLE]] * 2, [3, 5, 7])
    rest = combine(liver, gtv, "subtract")
    assert rest.z_mm == pytest.approx([1.5, 4, 5.5, 6.5, 8, 10.5])
    assert rest.thickness_mm == pytest.approx([3, 2, 1, 1, 2, 3])
    assert rest.below_mm == pytest.approx(rest.above_mm)
    assert rest.lobe.tolist() == [0] * 6
    assert slab_volume_cc(rest) == pytest.approx((100 * 12 - 25 * 4) / 1000, rel=1e-12)
    assert len(rings_at(rest, 1.5)) == 1
    assert len(rings_at(rest, 4.0)) == 2


def test_planes_of_uneven_slabs_stay_where_they_were_drawn():
    z = np.array([0.0, 1.0, 4.0])
    uneven = PlaneStack(
        z_mm=z,
        below_mm=np.array([0.5, 0.5, 1.5]),
        above_mm=np.array([0.5, 1.5, 1.5]),
        lobe=np.zeros(3, np.int64),
        xy_mm=np.concatenate([OUTER] * 3),
        ring_starts=np.array([0, 4, 8, 12]),
        plane_rings=np.arange(4),
    )
    far = stack_of([[HOLE]], [20, 22])
    both = combine(uneven, far, "union")
    assert both.z_mm.tolist() == [0, 1, 4, 21]
    assert both.above_mm.tolist() == [0.5, 1.5, 1.5, 1]
    assert both.lobe.tolist() == [0, 0, 0, 1]


@pytest.mark.parametrize(
    ("other", "name"),
    [
        (stack_of([[OUTER]], [0, 3]), "subtract"),
        (stack_of([[square(-1, -1, 20)]], [-5, 30]), "subtract"),
        (stack_of([[square(10, 0, 10)]], [0, 3]), "intersect"),  # an edge in common
        (stack_of([[OUTER]], [3, 6]), "intersect"),  # a face in common
    ],
)
def test_nothing_left_is_rejected(other, name):
    with pytest.raises(CaseRejected, match="nothing-left"):
        combine(stack_of([[OUTER]], [0, 3]), other, name)
