"""A structure that moves while the dose stays: closed forms and laws."""

from __future__ import annotations

import numpy as np
import pytest

from drawings import ball
from rtvol.dvh.metrics import evaluate
from rtvol.dvh.readings import Sampling, measure
from rtvol.dvh.sampling import dose_volume, moved_volumes
from rtvol.dvh.shifts import directions, shift_spans
from rtvol.geometry import Grid
from rtvol.volumes import Dose

SAMPLING = Sampling(shift_mm=3.0)


def dose_of(function, step: float = 2.0) -> Dose:
    z, y, x = (np.arange(n) * step - n * step / 2 for n in (50, 60, 60))
    values = function(x, y[:, None], z[:, None, None]) + 0 * (x + y[:, None] + z[:, None, None])
    grid = Grid((x[0], y[0], z[0]), (1, 0, 0), (0, 1, 0), (step, step), z - z[0], (60, 60))
    return Dose(values.astype(np.float32), grid)


def spans(dose: Dose, *metrics: str, sampling: Sampling = SAMPLING):
    body = ball((1.0, -2.0, 3.0), 10.0, 2.5)
    here = measure(body, dose, sampling)
    return shift_spans(
        body, dose, sampling, lambda curve: {m: evaluate(curve, m) for m in metrics}, here
    )


def test_directions_are_26_unit_vectors() -> None:
    found = directions()
    assert len(found) == 26
    assert np.linalg.norm(list(found.values()), axis=1) == pytest.approx(np.ones(26))
    assert np.array(list(found.values())).sum(axis=0) == pytest.approx(np.zeros(3), abs=1e-12)
    assert found["L"].tolist() == [1, 0, 0]
    assert found["A"].tolist() == [0, -1, 0]
    assert found["RPI"] == pytest.approx(np.array([-1, 1, -1]) / np.sqrt(3))


@pytest.mark.parametrize("metric", ["D98%", "Mean", "Max", "D50%"])
def test_linear_dose_moves_every_dose_by_slope_times_shift(metric: str) -> None:
    """Along the slope, and no other way as far."""
    dose = dose_of(lambda *at: 40 + 1.5 * at[0])
    span = spans(dose, metric)[metric]
    body = ball((1.0, -2.0, 3.0), 10.0, 2.5)
    here = evaluate(dose_volume(body, dose), metric).value
    assert (span.low_toward, span.high_toward) == ("R", "L")
    assert span.low == pytest.approx(here - 4.5, abs=0.02)
    assert span.high == pytest.approx(here + 4.5, abs=0.02)


def test_a_round_dose_is_best_where_its_target_lies() -> None:
    """Centred on the target: D98% falls whichever way it moves, by what the slope asks."""
    dose = dose_of(lambda x, y, z: 60 - ((x - 1) ** 2 + (y + 2) ** 2 + (z - 3) ** 2) / 20)
    span = spans(dose, "D98%", "Max")["D98%"]
    assert span.high_toward == ""
    # D98% lies near the far side, at r about 10 mm: (10 + 3)^2 instead of 10^2
    assert 60 - 13**2 / 20 < span.low < 60 - 11.5**2 / 20
    assert spans(dose, "Max")["Max"].high == pytest.approx(60, abs=0.15)


def test_a_uniform_dose_does_not_care() -> None:
    span = spans(dose_of(lambda *_: 30.0), "D95%", "V20Gy")
    assert (span["D95%"].low, span["D95%"].high) == pytest.approx((30, 30))
    assert (span["V20Gy"].low, span["V20Gy"].high) == pytest.approx((100, 100))


def test_no_number_where_a_shift_leaves_the_grid() -> None:
    body = ball((47.0, 0.0, 0.0), 10.0, 2.5)
    dose = dose_of(lambda *at: 40 + at[0])
    here = measure(body, dose, SAMPLING)
    read = lambda curve: {"Mean": evaluate(curve, "Mean")}  # noqa: E731
    span = shift_spans(body, dose, SAMPLING, read, here)["Mean"]
    assert (span.low, span.high) == (None, None)
    assert "outside the dose grid" in span.note
    assert "L" in span.note


def test_coarse_samples_are_near_fine_ones() -> None:
    """In a steep round dose, against the full sampling of the moved contours."""
    dose = dose_of(lambda x, y, z: 55 / (1 + np.exp((np.sqrt(x * x + y * y + z * z) - 12) / 2)))
    body = ball((1.0, -2.0, 3.0), 10.0, 2.5)
    ways = [5 * way for way in list(directions().values())[::5]]
    for curve, way in zip(moved_volumes(body, dose, ways), ways, strict=True):
        moved = ball((1.0 + way[0], -2.0 + way[1], 3.0), 10.0, 2.5)
        moved = type(moved)(**{**vars(moved), "z_mm": moved.z_mm + way[2]})
        fine = dose_volume(moved, dose)
        for metric in ("D98%", "D50%", "Mean", "D2%", "Max"):
            a, b = evaluate(curve, metric).value, evaluate(fine, metric).value
            assert a == pytest.approx(b, abs=0.06)
