"""Law: what lies exactly on something else counts the same wherever it lies in the patient.

A face on a dose plane, an edge through a sample, a slab of just three layers: whatever the last
digits of its place say.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naive.turns import TURNS
from rtvol.dvh.curve import dose_at_volume_gy, volume_at_dose_cc
from rtvol.dvh.sampling import dose_volume
from rtvol.frames import Rigid
from rtvol.geometry import Grid, move_grid
from rtvol.io.plane_fit import moved_roi
from rtvol.solids import stack_planes
from rtvol.structures import Contour, Roi
from rtvol.volumes import Dose

if TYPE_CHECKING:
    from rtvol.dvh.curve import Interpolation

#: Digits of a millimetre that files of a planning system may hold.
DIGITS = 9
SHAPE = (30, 27, 31)


def lattice_roi(seed: int, spacing_mm: float, step_mm: float) -> Roi:
    """Ragged stars whose corners lie on a lattice, as outlines traced from voxels do."""
    dice = np.random.default_rng(seed)
    contours = []
    for k in range(4):
        angle = (np.arange(9) + dice.uniform(0.2, 0.8, 9)) * 2 * np.pi / 9
        ring = np.column_stack([np.cos(angle), np.sin(angle)]) * dice.uniform(6, 13, (9, 1))
        contours.append(Contour(np.round(ring / step_mm) * step_mm, k * spacing_mm))
    return Roi("Ragged", 1, "ORGAN", tuple(contours))


def curved_dose(
    pitch_mm: tuple[float, float], z_mm: float, axes: tuple[tuple[float, ...], ...]
) -> Dose:
    """A curved dose in steps of 1 cGy, its planes at multiples of the pitch beside `z_mm`."""
    k, j, i = np.indices(SHAPE)
    side, high = pitch_mm
    waves = 5 * np.sin(i * side / 9) + 4 * np.cos(j * side / 7) + 0.3 * k
    corner = np.array([axes[0], axes[1]]).T @ np.array([-15.0, -13.0]) * side
    grid = Grid(
        (float(corner[0]), float(corner[1]), z_mm - 10 * high),
        (axes[0][0], axes[0][1], 0.0),
        (axes[1][0], axes[1][1], 0.0),
        (side, side),
        np.arange(SHAPE[0]) * high,
        SHAPE[1:],
        "1.2",
    )
    return Dose(np.round((20 + waves) * 100).astype(np.float32) / np.float32(100), grid)


def figures(roi: Roi, dose: Dose, interpolation: Interpolation) -> dict[str, float]:
    curve = dose_volume(stack_planes(roi)[0], dose, interpolation=interpolation)
    assert curve.outside_cc < 1e-6
    return {
        "cc": curve.volume_cc,
        "mean": curve.mean_gy,
        "min": curve.min_gy,
        "max": curve.max_gy,
        "D95%": dose_at_volume_gy(curve, 0.95 * curve.volume_cc),
        "D2%": dose_at_volume_gy(curve, 0.02 * curve.volume_cc),
        "V20Gy": volume_at_dose_cc(curve, 20.0),
    }


def as_written(roi: Roi) -> Roi:
    """Round the points in the patient as a file does, and turn them back."""
    contours = []
    for contour in roi.contours:
        patient = np.round(roi.frame.to_patient(contour.points_mm), DIGITS)
        x, y, z = roi.frame.from_patient(patient).T
        place = float(np.median(z))
        contours.append(replace(contour, xy_mm=np.column_stack([x, y]), z_mm=place))
    return replace(roi, contours=tuple(contours))


STRAIGHT, SLANTED = ((1.0, 0.0), (0.0, 1.0)), ((0.8, 0.6), (-0.6, 0.8))


@pytest.mark.parametrize(
    ("axes", "interpolation"), [(STRAIGHT, "linear"), (SLANTED, "linear"), (STRAIGHT, "cubic")]
)
@settings(max_examples=25)
@given(
    seed=st.integers(0, 10**6),
    spacing_mm=st.sampled_from([1.5, 2.0, 2.5, 3.0]),
    step_mm=st.sampled_from([0.25, 0.5, 1.0]),
    pitch_mm=st.tuples(st.sampled_from([2.0, 2.5, 4.0]), st.sampled_from([1.5, 2.0, 2.5])),
    halves=st.sampled_from([0.0, 0.5]),
    turn=TURNS,
    shift=st.tuples(*[st.floats(-300, 300)] * 3),
)
def test_moving_everything_changes_no_number(  # type: ignore[no-untyped-def]  # types are the strategies
    axes, interpolation, seed, spacing_mm, step_mm, pitch_mm, halves, turn, shift
) -> None:
    roi = lattice_roi(seed, spacing_mm, step_mm)
    dose = curved_dose(pitch_mm, halves * spacing_mm, axes)
    motion = Rigid.of(turn, shift)
    moved = Dose(dose.values_gy, move_grid(dose.grid, motion, "1.2"))
    wanted = figures(roi, dose, interpolation)
    found = figures(as_written(moved_roi(roi, motion)), moved, interpolation)
    assert found == pytest.approx(wanted, rel=3e-7, abs=1e-8)
