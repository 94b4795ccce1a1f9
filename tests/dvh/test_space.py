"""Overlap and distance histograms of an organ, and the dose on its surface: closed forms, laws."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from drawings import ball, lens_cc
from ragged import ragged
from rtvol.dvh.grammar import parse_metric
from rtvol.dvh.sampling import dose_volume
from rtvol.dvh.space import SurfaceDoses, TargetSurface, distance_value, distances_in
from rtvol.errors import UsageError
from rtvol.geometry import Grid
from rtvol.solids.stack import stack_planes
from rtvol.volumes import Dose

ORGAN, TARGET = (0.0, 0.0, 0.0), (20.0, 0.0, 0.0)


def linear(slope: tuple[float, float, float], start: float) -> Dose:
    """start + slope . (x, y, z) Gy on a grid of 2 x 2 x 2.5 mm round the origin."""
    z, y, x = (np.arange(n) * step - n * step / 2 for n, step in ((60, 2.5), (70, 2.0), (70, 2.0)))
    values = start + slope[2] * z[:, None, None] + slope[1] * y[:, None] + slope[0] * x
    grid = Grid((x[0], y[0], z[0]), (1, 0, 0), (0, 1, 0), (2.0, 2.0), z - z[0], (70, 70))
    return Dose(values.astype(np.float32), grid)


@pytest.mark.parametrize("within", [-2.0, 0.0, 3.0, 8.0, 16.0])
def test_overlap_of_two_balls(within: float) -> None:
    """The part of a ball within x mm of another is what it shares with the other, x mm larger."""
    organ, target = ball(ORGAN, 10.0, 1.0), TargetSurface.of(ball(TARGET, 12.0, 1.0))
    curve = distances_in(organ, [target])
    found = distance_value(parse_metric(f"OVH{within:g}mm[cc]"), curve)
    assert found.value == pytest.approx(lens_cc(10.0, 12.0 + within, 20.0), abs=0.012)
    share = distance_value(parse_metric(f"OVH{within:g}mm"), curve).value
    assert share == pytest.approx(100 * (found.value or 0) / curve.volume_cc)


def test_distances_of_two_balls() -> None:
    curve = distances_in(ball(ORGAN, 10.0, 1.0), [TargetSurface.of(ball(TARGET, 12.0, 1.0))])
    least = distance_value(parse_metric("DTH0%"), curve).value
    assert least == pytest.approx(20 - 10 - 12, abs=0.05)
    most = distance_value(parse_metric("DTH100%"), curve).value
    assert most == pytest.approx(20 + 10 - 12, abs=0.05)
    reached = distance_value(parse_metric("DTH1cc"), curve).value
    assert reached is not None
    assert lens_cc(10.0, 12.0 + reached, 20.0) == pytest.approx(1.0, abs=0.01)
    beyond = distance_value(parse_metric("DTH9cc"), curve)
    assert beyond.value is None
    assert "cc in all" in beyond.note


def test_the_nearest_of_several_targets_counts() -> None:
    organ = ball(ORGAN, 6.0, 1.0)
    near, far = (TargetSurface.of(ball((x, 0.0, 0.0), 5.0, 1.0)) for x in (20.0, -60.0))
    both, one = distances_in(organ, [near, far]), distances_in(organ, [near])
    metric = parse_metric("DTH50%")
    assert distance_value(metric, both).value == pytest.approx(distance_value(metric, one).value)


@pytest.mark.parametrize("seed", [2, 6, 9])
def test_laws_of_overlap(seed: int) -> None:
    """It never falls with the distance, ends at all of the organ, and DTH is its inverse."""
    organ = stack_planes(ragged(seed).roi())[0]
    x, y, z = (float(np.mean(side)) for side in organ.bounds_mm)
    curve = distances_in(organ, [TargetSurface.of(ball((x + 8, y, z), 7.0, 1.5))])
    values = [
        distance_value(parse_metric(f"OVH{mm:g}mm[cc]"), curve).value for mm in range(-8, 60, 2)
    ]
    assert all(a <= b + 1e-9 for a, b in pairwise(values))
    assert values[-1] == pytest.approx(dose_volume(organ, linear((0, 0, 0), 1.0)).volume_cc)
    for percent in (10, 50, 90):
        mm = distance_value(parse_metric(f"DTH{percent}%"), curve).value
        back = distance_value(parse_metric(f"OVH{mm:.6f}mm"), curve).value
        assert back == pytest.approx(percent, abs=0.3)


@pytest.mark.parametrize("height", [-6.0, 0.0, 5.0])
def test_dose_on_a_sphere_is_that_of_its_caps(height: float) -> None:
    """A dose that rises along x by 1 Gy / mm: the surface above a plane is a cap (Archimedes)."""
    found = SurfaceDoses.of(ball(ORGAN, 12.0, 1.0), linear((1.0, 0.0, 0.0), 50.0))
    metric = parse_metric("DSH20Gy[cm2]")
    hot = found.value(metric, 50 + height).value
    assert hot == pytest.approx(2 * np.pi * 12 * (12 - height) / 100, rel=5e-3)
    share = found.value(parse_metric("DSH20Gy"), 50 + height).value
    assert share == pytest.approx(100 * (12 - height) / 24, abs=0.3)
    assert found.value(metric, 0.0).value == pytest.approx(found.area_cm2.sum())


def test_a_surface_outside_the_grid_has_no_number() -> None:
    found = SurfaceDoses.of(ball((70.0, 0.0, 0.0), 12.0, 2.0), linear((1.0, 0.0, 0.0), 50.0))
    value = found.value(parse_metric("DSH20Gy"), 20.0)
    assert value.value is None
    assert "outside the dose grid" in value.note


@pytest.mark.parametrize(
    ("text", "normal", "unit"),
    [
        ("ovh5mm", "OVH5mm[%]", "%"),
        ("OVH-3mm[CC]", "OVH-3mm[cc]", "cc"),
        ("DTH50%", "DTH50%[mm]", "mm"),
        ("dth2cc[mm]", "DTH2cc[mm]", "mm"),
        ("DSH2000cGy", "DSH20Gy[%]", "%"),
        ("dsh95%[cm2]", "DSH95%[cm2]", "cm2"),
    ],
)
def test_forms(text: str, normal: str, unit: str) -> None:
    metric = parse_metric(text)
    assert (metric.text, metric.unit) == (normal, unit)
    assert parse_metric(normal) == metric


@pytest.mark.parametrize(
    "text", ["OVH5", "OVH5Gy", "DTH5mm", "DTH120%", "DSH5mm", "OVH5mm[mm]", "OVH"]
)
def test_what_is_no_form(text: str) -> None:
    with pytest.raises(UsageError, match="bad-metric"):
        parse_metric(text)
