"""Doses: their values where they can be said by hand, and their samples on turned grids."""

from __future__ import annotations

import math
from typing import get_args

import numpy as np
import pytest

from rtvol.phantoms import (
    Gaussian,
    Highest,
    Linear,
    Plateau,
    VoxelLattice,
    rasterise,
    voxel_centres_mm,
)
from rtvol.phantoms.patient import COSINES, Position

LATTICE = VoxelLattice((-10.0, -7.0), (2.0, 3.0), (9, 6), np.array([-4.0, 0.0, 5.0]))
SLOPE = Linear((1.0, 2.0, 3.0), 10.0, (0.5, -1.0, 0.25))


def test_linear() -> None:
    dose = SLOPE.at(np.array([[1.0, 2.0, 3.0], [3.0, 1.0, 7.0], [1.0, 22.0, 3.0]]))
    assert dose.tolist() == [10.0, 13.0, -10.0]


def test_gaussian() -> None:
    bell = Gaussian((1.0, 0.0, 0.0), 20.0, (2.0, 4.0, 5.0))
    dose = bell.at(np.array([[1.0, 0.0, 0.0], [3.0, 0.0, 0.0], [1.0, 4.0, 5.0]]))
    assert dose == pytest.approx([20.0, 20 * math.exp(-0.5), 20 * math.exp(-1.0)])


def test_plateau_passes_the_rim_and_half_its_peak() -> None:
    plateau = Plateau((0.0, 0.0, 0.0), (20.0, 20.0, 20.0), 45.0, 54.0, 3.0)
    half_mm = 20 + 3 * math.log(5)
    dose = plateau.at(np.array([[0, 0, 20.0], [half_mm, 0, 0], [0, 0, 0], [0, 80.0, 0]]))
    assert dose[:2] == pytest.approx([45.0, 27.0])
    assert 53.9 < dose[2] < 54
    assert 0 < dose[3] < 1e-4


def test_plateau_of_an_ellipsoid_passes_the_rim_on_each_axis() -> None:
    plateau = Plateau((1.0, 2.0, 3.0), (10.0, 15.0, 20.0), 40.0, 50.0, 4.0)
    tips = np.array([1.0, 2.0, 3.0]) + np.diag([10.0, -15.0, 20.0])
    assert plateau.at(tips) == pytest.approx([40.0, 40.0, 40.0])


def test_highest_takes_the_higher_at_each_point() -> None:
    other = Linear((1.0, 2.0, 3.0), 11.0, (0.0, 0.0, 0.0))
    points = np.array([[1.0, 2.0, 3.0], [9.0, 2.0, 3.0]])
    assert Highest((SLOPE, other)).at(points).tolist() == [11.0, 14.0]


@pytest.mark.parametrize("position", get_args(Position))
def test_positions_turn_the_image_and_leave_the_patient(position: Position) -> None:
    grid = LATTICE.grid(position, "1.2.3")
    centres = voxel_centres_mm(grid)
    assert centres.shape == (*grid.shape, 3)
    i, j = 4, 3
    row, column = (np.array(cosine) for cosine in COSINES[position])
    by_hand = grid.planes_mm[1] + i * grid.spacing_mm[1] * row + j * grid.spacing_mm[0] * column
    assert centres[1, j, i] == pytest.approx(by_hand)
    places = ([-10.0 + 2 * n for n in range(9)], [-7.0 + 3 * n for n in range(6)], [-4.0, 0.0, 5.0])
    for axis, values in enumerate(places):
        assert np.unique(centres[..., axis]) == pytest.approx(values)


@pytest.mark.parametrize("position", get_args(Position))
def test_the_picture_hangs_as_the_machine_sees_it(position: Position) -> None:
    """Down is posterior for supine, anterior for prone, the side lain on for decubitus."""
    down = {"S": (0, 1, 0), "P": (0, -1, 0), "L": (1, 0, 0), "R": (-1, 0, 0)}[position[-1]]
    grid = LATTICE.grid(position, "1.2.3")
    assert grid.column == down
    assert grid.normal[2] == (1 if position.startswith("HF") else -1)


def test_rasterise_samples_the_voxel_centres() -> None:
    grid = LATTICE.grid("HFDL", "1.2.3")
    dose = rasterise(SLOPE, grid)
    assert dose.values_gy.dtype == np.float32
    at_origin = 10 + 0.5 * (grid.origin_mm[0] - 1) - (grid.origin_mm[1] - 2) - 0.25 * 7
    assert dose.values_gy[0, 0, 0] == pytest.approx(at_origin)
    assert dose.grid is grid


def test_lattice_around_is_symmetric_and_moves_by_its_phase() -> None:
    lattice = VoxelLattice.around(
        (5.0, -5.0, 10.0), (20.0, 30.0, 9.0), (2.0, 3.0, 3.0), phase_mm=0.7
    )
    assert lattice.corner_mm == (-5.0, -20.0)
    assert lattice.counts == (11, 11)
    assert lattice.planes_mm == pytest.approx([6.2, 9.2, 12.2, 15.2])
