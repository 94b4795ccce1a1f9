"""The surface of a solid and distances to it, against closed forms and a plain twin."""

from __future__ import annotations

import numpy as np
import pytest

from drawings import ball, box
from naive.surfaces import distances, prisms_of
from ragged import ragged
from rtvol.errors import CaseRejected
from rtvol.solids.boundary import Boundary
from rtvol.solids.nearest import NEAR_MM
from rtvol.solids.stack import stack_planes
from rtvol.structures import Contour, Roi

RNG = np.random.default_rng(7)


@pytest.mark.parametrize("spacing", [1.0, 2.0, 3.0])
def test_area_and_distances_of_a_ball(spacing: float) -> None:
    surface = Boundary.of(ball((0.3, 0.2, 0.1), 15.0, spacing), "loft")
    assert surface.area_mm2.sum() == pytest.approx(4 * np.pi * 225, rel=2e-3)
    way = RNG.normal(size=(300, 3))
    way /= np.linalg.norm(way, axis=1)[:, None]
    way = way[np.abs(way[:, 2]) < 0.9]  # what is known of the poles depends on the spacing
    r = RNG.uniform(5, 30, len(way))
    found = surface.signed_mm(np.array([0.3, 0.2, 0.1]) + r[:, None] * way)
    assert np.abs(found - (r - 15)).max() < 0.02 * spacing
    outward = (surface.point_mm - [0.3, 0.2, 0.1]) / 15
    assert np.einsum("ij,ij->i", outward, surface.normal).min() > 0.8


@pytest.mark.parametrize("solid", ["slab", "loft"])
def test_a_box_has_its_six_faces(solid: str) -> None:
    surface = Boundary.of(box((1.0, 2.0, 3.0), (40.0, 30.0, 20.0), 2.5), solid)  # type: ignore[arg-type]
    # twelve edges are rounded between lattice points
    assert surface.area_mm2.sum() == pytest.approx(5200, rel=3e-3)
    for axis, face in ((0, 1200), (1, 1600), (2, 2400)):
        facing = np.abs(surface.normal[:, axis]) > 0.999
        assert surface.area_mm2[facing].sum() == pytest.approx(face, rel=0.05)
    points = np.array([[1.0, 2.0, 3.0], [21.0, 2.0, 3.0], [26.0, 22.0, 3.0], [1.0, 2.0, 61.0]])
    assert surface.signed_mm(points) == pytest.approx([-10, 0, np.hypot(5, 5), 48], abs=0.02)


@pytest.mark.parametrize("seed", [1, 4, 7])
def test_distances_to_ragged_slabs(seed: int) -> None:
    """Of a point to any stack of prisms, near and far, inside and out: the twin's."""
    stack = stack_planes(ragged(seed).roi())[0]
    surface = Boundary.of(stack, "slab")
    box = np.array(stack.bounds_mm)
    points = RNG.uniform(box[:, 0] - 12, box[:, 1] + 12, (400, 3))
    found, true = surface.signed_mm(points), distances(points, prisms_of(stack))
    near = true < NEAR_MM
    assert np.abs(np.abs(found) - true)[near].max() < 0.25 * surface.lattice.step_mm
    assert (np.abs(np.abs(found) - true) / true)[~near].max() < 0.01
    assert (found[near] < 0).any() or seed == 1


def test_two_lobes_have_two_surfaces() -> None:
    """Between lobes lies outside, however near the next one is."""
    square = np.array([[0.0, 0], [20, 0], [20, 20], [0, 20]])
    roi = Roi("two", 1, "", tuple(Contour(square, z) for z in (0.0, 2.0, 4.0, 20.0, 22.0, 24.0)))
    surface = Boundary.of(stack_planes(roi)[0], "slab")
    points = np.array([[10.0, 10, 2], [10, 10, 12], [10, 10, 6.5], [10, 10, 22]])
    assert surface.signed_mm(points) == pytest.approx([-3, 7, 1.5, -3], abs=2e-3)


def test_a_plane_without_caps_has_no_surface() -> None:
    square = np.array([[0.0, 0], [20, 0], [20, 20], [0, 20]])
    stack, _ = stack_planes(
        Roi("flat", 1, "", (Contour(square, 0.0),)), spacing_mm=2.0, cap_limit_mm=0
    )
    for solid in ("slab", "loft"):
        with pytest.raises(CaseRejected, match="no-volume"):
            Boundary.of(stack, solid)  # type: ignore[arg-type]
