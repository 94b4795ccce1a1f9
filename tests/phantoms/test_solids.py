"""Solids: volume, sections, contours and grown volumes against other ways to the same number."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtvol.errors import GeometryError, UsageError
from rtvol.phantoms import (
    Box,
    Capsule,
    Carved,
    Cone,
    Cylinder,
    Ellipsoid,
    EllipticCylinder,
    LShape,
    Shell,
    Solid,
    Sphere,
    Step,
    Torus,
    Tube,
    contour,
    contoured_planes,
    sections,
    stack_volume_cc,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

C = (3.1, -2.2, 1.3)
SOLIDS: dict[str, Solid] = {
    "sphere": Sphere(C, 12.0),
    "ellipsoid": Ellipsoid(C, (14.0, 11.0, 9.0)),
    "capsule": Capsule(C, 8.0, 20.0),
    "capsule lying": Capsule(C, 8.0, 20.0, "y"),
    "cylinder": Cylinder(C, 12.0, 24.0),
    "cylinder lying x": Cylinder(C, 12.0, 24.0, "x"),
    "cylinder lying y": Cylinder(C, 12.0, 24.0, "y"),
    "elliptic cylinder": EllipticCylinder(C, (20.0, 12.0), 30.0),
    "cone": Cone(C, 12.0, 24.0),
    "cone lying x": Cone(C, 12.0, 24.0, "x"),
    "cone lying y": Cone(C, 12.0, 24.0, "y"),
    "torus": Torus(C, 20.0, 7.0),
    "torus lying x": Torus(C, 20.0, 7.0, "x"),
    "torus lying y": Torus(C, 20.0, 7.0, "y"),
    "shell": Shell(C, 20.0, 10.0),
    "tube": Tube(C, 20.0, 12.0, 30.0),
    "box": Box(C, (20.0, 10.0, 15.0)),
    "l-shape": LShape(C, 30.0, 12.0, 20.0),
    "step": Step(C, 15.0, 10.0, 8.0, 12.0),
    "cut": Carved.out_of(Ellipsoid(C, (30.0, 25.0, 20.0)), Sphere(C, 5.0)),
}
EACH = pytest.mark.parametrize("solid", SOLIDS.values(), ids=SOLIDS)


def shoelace_mm2(ring: NDArray[np.float64]) -> float:
    """Area of a polygon, added up side by side."""
    closed = [*ring.tolist(), ring[0].tolist()]
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(closed)) / 2)


#: Points spread evenly in a box about C by an additive recurrence (no plane of them is flat).
REACH_MM, COUNT = 31.0, 1_000_000
STEPS = 1 / 1.2207440846057596 ** np.arange(1, 4)
SPREAD = np.array(C) + REACH_MM * (2 * (np.arange(COUNT)[:, None] * STEPS % 1) - 1)


def share_cc(inside: NDArray[np.bool_]) -> float:
    """Volume of those of the SPREAD points that are inside."""
    return float(inside.mean()) * (2 * REACH_MM) ** 3 / 1000


@EACH
def test_sections_add_up_to_the_volume(solid: Solid) -> None:
    low, high = solid.extent_mm
    step = (high - low) / 2200  # a multiple of the step's own place, 10 : 12
    heights = low + (np.arange(2200) + 0.5) * step
    total = sum(solid.section_area_mm2(float(z)) for z in heights) * step / 1000
    assert total == pytest.approx(solid.volume_cc, rel=5e-6)


@EACH
def test_points_inside_add_up_to_the_volume(solid: Solid) -> None:
    assert share_cc(solid.inside(SPREAD)) == pytest.approx(solid.volume_cc, rel=0.01)


@EACH
def test_outlines_are_where_inside_ends(solid: Solid) -> None:
    low, high = solid.extent_mm
    for z in np.linspace(low, high, 9)[1:-1] + 0.017:
        for outline in solid.outlines(float(z), 60):
            ring = outline.xy_mm
            tangent = np.roll(ring, -1, axis=0) - np.roll(ring, 1, axis=0)
            normal = np.column_stack([tangent[:, 1], -tangent[:, 0]])
            normal /= np.linalg.norm(normal, axis=1, keepdims=True)
            sides = [
                solid.inside(np.column_stack([ring + s * normal, np.full(len(ring), z)]))
                for s in (-0.02, 0.02)
            ]
            # at a sharp corner of less than 90 degrees both sides may lie outside
            assert np.mean(sides[0] != sides[1]) > 0.9


@EACH
def test_polygons_have_the_true_area(solid: Solid) -> None:
    low, high = solid.extent_mm
    for z in np.linspace(low, high, 14)[1:-1]:
        areas = [shoelace_mm2(ring) for ring in sections(solid, float(z), points=37)]
        outlines = solid.outlines(float(z))
        signs = [-1 if outline.is_hole else 1 for outline in outlines]
        assert np.dot(signs, areas) == pytest.approx(solid.section_area_mm2(float(z)), rel=1e-9)


@EACH
def test_polygons_on_the_section_come_to_its_area(solid: Solid) -> None:
    low, high = solid.extent_mm
    z = low + 0.37 * (high - low)
    for ring, outline in zip(
        sections(solid, z, points=3000, true_area=False), solid.outlines(z), strict=True
    ):
        assert shoelace_mm2(ring) == pytest.approx(outline.area_mm2, rel=1e-5)


@EACH
def test_planes_beyond_the_body_cut_nothing(solid: Solid) -> None:
    low, high = solid.extent_mm
    assert sections(solid, low - 0.001) == ()
    assert sections(solid, high + 0.001) == ()


@given(z=st.floats(-26.9, 26.9), points=st.integers(8, 90))
def test_lying_torus_is_cut_into_closed_even_curves(z: float, points: int) -> None:
    torus = Torus((0.0, 0.0, 0.0), 20.0, 7.0, "x")
    rings = sections(torus, z, points=points, true_area=False)
    assert len(rings) == (2 if abs(z) < 13 else 1)
    for ring in rings:
        x, y = ring.T
        assert (np.hypot(y, z) - 20) ** 2 + x**2 == pytest.approx(np.full(len(ring), 49.0))


@pytest.mark.parametrize("solid", [SOLIDS["shell"], SOLIDS["torus"], SOLIDS["tube"]])
def test_keyhole_is_one_ring_of_the_same_area(solid: Solid) -> None:
    (ring,) = sections(solid, C[2] + 1.0, holes="keyhole")
    assert shoelace_mm2(ring) == pytest.approx(solid.section_area_mm2(C[2] + 1.0), rel=1e-9)
    outer, hole = sections(solid, C[2] + 1.0)
    assert len(ring) == len(outer) + len(hole) + 2


def test_two_holes_make_one_keyhole_ring() -> None:
    centres = ((-10.0, 0.0, 0.0), (9.0, 4.0, 0.0))
    solid = Carved.out_of(Sphere((0.0, 0.0, 0.0), 25.0), *(Sphere(c, 5.0) for c in centres))
    (ring,) = sections(solid, 1.0, holes="keyhole")
    assert shoelace_mm2(ring) == pytest.approx(solid.section_area_mm2(1.0), rel=1e-9)


# Distance from a point to the body, by clamping to it: nothing here knows Steiner or Pappus.
def to_box(p: NDArray[np.float64], half: tuple[float, float, float]) -> NDArray[np.float64]:
    return np.linalg.norm(np.maximum(np.abs(p) - np.array(half), 0), axis=-1)


def to_cylinder(p: NDArray[np.float64]) -> NDArray[np.float64]:
    around = np.hypot(p[:, 1], p[:, 2])
    return np.hypot(np.maximum(around - 12, 0), np.maximum(np.abs(p[:, 0]) - 12, 0))


def to_tube(p: NDArray[np.float64]) -> NDArray[np.float64]:
    around = np.hypot(p[:, 0], p[:, 1])
    return np.hypot(np.maximum(np.abs(around - 16) - 4, 0), np.maximum(np.abs(p[:, 2]) - 15, 0))


def to_l(p: NDArray[np.float64]) -> NDArray[np.float64]:
    lying, standing = p + np.array([0, 9, 0]), p + np.array([9, 0, 0])
    return np.minimum(to_box(lying, (15, 6, 10)), to_box(standing, (6, 15, 10)))


def to_cone(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Distance in the half plane (radius, height) to the triangle base, rim, apex."""
    flat = np.column_stack([np.hypot(p[:, 0], p[:, 1]), p[:, 2]])
    rim, flank = np.array([12.0, -12.0]), np.array([-12.0, 24.0])
    along = np.clip((flat - rim) @ flank / (flank @ flank), 0, 1)
    to_flank = np.linalg.norm(flat - rim - along[:, None] * flank, axis=1)
    to_base = np.hypot(np.maximum(flat[:, 0] - 12, 0), flat[:, 1] + 12)
    within = (flat[:, 1] >= -12) & (flat[:, 0] <= 12 * (0.5 - flat[:, 1] / 24))
    return np.where(within, 0.0, np.minimum(to_flank, to_base))


@pytest.mark.parametrize(
    ("name", "distance_mm"),
    [
        ("box", lambda p: to_box(p, (10.0, 5.0, 7.5))),
        ("cylinder lying x", to_cylinder),
        ("tube", to_tube),
        ("l-shape", to_l),
        ("cone", to_cone),
    ],
)
def test_grown_volume_is_where_the_distance_ends(
    name: str, distance_mm: Callable[[NDArray[np.float64]], NDArray[np.float64]]
) -> None:
    solid, margin_mm = SOLIDS[name], 5.0
    counted = share_cc(distance_mm(SPREAD - np.array(C)) <= margin_mm)
    assert solid.grown_volume_cc(margin_mm) == pytest.approx(counted, rel=0.005)


@pytest.mark.parametrize("margin_mm", [0.0, 0.5, 2.0, 6.0])
def test_round_bodies_grow_into_their_own_kind(margin_mm: float) -> None:
    pairs = [
        (Sphere(C, 12.0), Sphere(C, 12.0 + margin_mm)),
        (Capsule(C, 8.0, 20.0, "x"), Capsule(C, 8.0 + margin_mm, 20.0)),
        (Torus(C, 20.0, 7.0), Torus(C, 20.0, 7.0 + margin_mm)),
        (Shell(C, 20.0, 10.0), Shell(C, 20.0 + margin_mm, 10.0 - margin_mm)),
        (Ellipsoid(C, (9.0, 9.0, 9.0)), Sphere(C, 9.0 + margin_mm)),
    ]
    for small, large in pairs:
        assert small.grown_volume_cc(margin_mm) == pytest.approx(large.volume_cc, rel=1e-12)


def test_a_cavity_that_closes_is_gone() -> None:
    assert Shell(C, 20.0, 3.0).grown_volume_cc(4.0) == pytest.approx(Sphere(C, 24.0).volume_cc)


def test_grown_spheroid_by_elementary_functions() -> None:
    """Surface of a prolate spheroid; M = a b c x the surface of the spheroid of 1 / axes."""
    a, c, m = 8.0, 14.0, 3.0
    e = math.sqrt(1 - (a / c) ** 2)
    prolate = 2 * math.pi * a**2 * (1 + c / (a * e) * math.asin(e))
    # the dual is oblate: equator 1 / a, pole 1 / c, the same eccentricity
    oblate = 2 * math.pi / a**2 * (1 + (1 - e**2) / e * math.atanh(e))
    volume = 4 / 3 * math.pi * (a * a * c + m**3) + prolate * m + a * a * c * oblate * m**2
    grown = Ellipsoid(C, (a, a, c)).grown_volume_cc(m)
    assert grown == pytest.approx(volume / 1000, rel=1e-12)


@pytest.mark.parametrize(
    ("solid", "margin_mm"),
    [
        (SOLIDS["step"], 1.0),
        (SOLIDS["cut"], 1.0),
        (SOLIDS["torus"], 13.1),
        (SOLIDS["tube"], 12.1),
        (SOLIDS["l-shape"], 18.1),
        (SOLIDS["sphere"], -1.0),
    ],
)
def test_no_closed_form_is_said(solid: Solid, margin_mm: float) -> None:
    with pytest.raises(UsageError) as caught:
        solid.grown_volume_cc(margin_mm)
    assert caught.value.finding.code == "no-closed-form"


@pytest.mark.parametrize(
    "make",
    [
        lambda: Sphere(C, 0.0),
        lambda: Shell(C, 10.0, 12.0),
        lambda: Torus(C, 5.0, 7.0),
        lambda: Box(C, (1.0, -1.0, 1.0)),
        lambda: LShape(C, 10.0, 10.0, 5.0),
        lambda: Cylinder(C, math.nan, 5.0),
    ],
)
def test_impossible_bodies_are_refused(make: Callable[[], Solid]) -> None:
    with pytest.raises(GeometryError) as caught:
        make()
    assert caught.value.finding.code == "bad-solid"


def test_stack_of_a_sphere_by_hand() -> None:
    """Planes 0, 3, 5 cut a sphere of 6 mm; slabs reach -1.5, 1.5, 4 and 6 mm."""
    planes = np.array([5.0, 0.0, 3.0, 8.0, -9.0])
    by_hand = math.pi * (36 * 3 + 27 * 2.5 + 11 * 2) / 1000
    sphere = Sphere((0.0, 0.0, 0.0), 6.0)
    assert contoured_planes(sphere, planes).tolist() == [0.0, 3.0, 5.0]
    assert stack_volume_cc(sphere, planes) == pytest.approx(by_hand, rel=1e-12)


def test_stack_of_one_plane_and_of_none() -> None:
    sphere = Sphere((0.0, 0.0, 0.0), 1.0)
    assert stack_volume_cc(sphere, np.arange(-6.0, 7.0, 3.0)) == pytest.approx(math.pi * 3e-3)
    assert stack_volume_cc(sphere, np.array([4.0, 7.0])) == 0.0


def test_contour_is_the_stack_in_patient_order() -> None:
    planes = np.arange(-30.0, 31.0, 2.5)
    shell = SOLIDS["shell"]
    roi = contour(shell, planes[::-1], "S", 7, "GTV", points=50)
    assert (roi.name, roi.number, roi.kind) == ("S", 7, "GTV")
    heights = [ring.z_mm for ring in roi.contours]
    assert heights == sorted(heights)
    by_plane = {z: [r.area_mm2 for r in roi.contours if r.z_mm == z] for z in roi.planes_mm}
    area = {z: 2 * max(areas) - sum(areas) for z, areas in by_plane.items()}
    total = sum(area.values()) * 2.5 / 1000
    assert total == pytest.approx(stack_volume_cc(shell, planes), rel=1e-9)


def test_one_keyhole_contour_a_plane() -> None:
    roi = contour(SOLIDS["shell"], np.arange(-30.0, 31.0, 2.5), "S", holes="keyhole")
    assert len(roi.contours) == len(roi.planes_mm)
