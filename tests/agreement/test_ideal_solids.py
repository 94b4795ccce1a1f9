"""`rtvol expand` as a user types it, on phantoms whose grown volume is known in closed form."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from rtvol.cli import main
from rtvol.phantoms import Organ, PhantomCase, Sphere, VoxelLattice, write_case
from rtvol.phantoms.liver import one_lesion

if TYPE_CHECKING:
    from pathlib import Path

SLICE_MM = 2.5
PHASES = (0.1, 0.3, 0.5, 0.7, 0.9)


def ball_cc(radius_mm: float) -> float:
    return 4 / 3 * np.pi * radius_mm**3 / 1000


def write_sphere(
    folder: Path,
    radius_mm: float,
    phase: float,
    position: str = "HFS",
    pixels: tuple[float, float] = (-40.0, 1.7),
) -> None:
    """A sphere off the pixel centres, the planes at `phase` of a slice from its centre."""
    centre = (3.1, -2.7, 0.0)
    planes = (np.arange(-14, 15) + phase) * SLICE_MM
    corner, size = pixels
    count = round(80 / size)
    ct = VoxelLattice((corner, corner), (size, size), (count, count), planes)
    gtv = Organ("GTV", Sphere(centre, radius_mm), 60, kind="GTV", points=96)
    case = PhantomCase("SYNTHETIC^SPHERE", "SYNTHETIC-S", (gtv,), ct)
    write_case(folder, case, position=position)


def expand(folder: Path, capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, float]:
    capsys.readouterr()
    assert main(["expand", str(folder), *words, "--dry-run", "--json"]) == 0
    (case,) = json.loads(capsys.readouterr().out)["cases"]
    # that an organ with its gap reaches into the CTV is said, and nothing else is to be said
    codes = {finding["code"] for finding in case["findings"]}
    assert codes <= {"avoided-zone-holds-target", "margin-short"}
    return {row["role"]: row["volume_cc"] for row in case["structures"]}


def test_sphere_of_15_mm_and_4_mm_more(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for phase in PHASES[::2]:
        folder = tmp_path / f"{phase}"
        write_sphere(folder, 15.0, phase)
        found = expand(folder, capsys, "--ctv", "0", "--ptv", "4")
        z = (np.arange(-14, 15) + phase) * SLICE_MM
        discs = sum(np.pi * (225 - zk * zk) * SLICE_MM for zk in z if abs(zk) < 15) / 1000
        assert found["gtv"] == pytest.approx(discs, rel=5e-3)
        assert found["ptv"] == pytest.approx(ball_cc(19), rel=1e-2)


def test_a_third_of_a_cc_over_sub_voxel_positions(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    radius = (3 * 300 / (4 * np.pi)) ** (1 / 3)
    errors = []
    for phase in PHASES:
        folder = tmp_path / f"{phase}"
        write_sphere(folder, radius, phase)
        found = expand(folder, capsys, "--ctv", "2", "--ptv", "4")
        errors.append(
            (found["ctv"] / ball_cc(radius + 2) - 1, found["ptv"] / ball_cc(radius + 6) - 1)
        )
    assert np.abs(errors).mean(axis=0).max() < 0.03


def test_position_in_the_scanner_is_no_matter(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    six = ("--ctv", "L5,R3,A4,P2,S5,I3", "--ptv", "4")
    volumes = {}
    for position in ("HFS", "HFP", "FFS", "HFDR"):
        write_sphere(tmp_path / position, 11.0, 0.3, position)
        volumes[position] = expand(tmp_path / position, capsys, *six)
    for found in volumes.values():
        assert found == pytest.approx(volumes["HFS"], rel=5e-4)


def test_the_pixels_of_the_ct_take_no_part(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    volumes = []
    for corner, size in ((-40.0, 0.5), (-40.3, 1.0), (-39.6, 2.0)):
        folder = tmp_path / f"{size}"
        write_sphere(folder, 11.0, 0.3, pixels=(corner, size))
        volumes.append(expand(folder, capsys, "--ctv", "2", "--ptv", "4"))
    for found in volumes:
        assert found == pytest.approx(volumes[0], rel=2e-4)


def test_a_patient_with_organs_lying_otherwise_has_the_same_targets(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case, _ = one_lesion()
    how = ("--ctv", "L5,R3,A4,P2,S5,I3", "--ptv", "4", "--avoid", "Duodenum:3")
    volumes = {}
    for position in ("HFS", "HFP"):
        write_case(tmp_path / position, case, position=position)
        volumes[position] = expand(tmp_path / position, capsys, *how, "--barrier", "Stomach")
    assert volumes["HFP"] == pytest.approx(volumes["HFS"], rel=5e-4)
    assert volumes["HFS"]["ptv_clip"] < volumes["HFS"]["ptv"]
