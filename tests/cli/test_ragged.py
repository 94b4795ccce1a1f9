"""`rtvol expand` on contours nobody drew for it, checked on the file it writes (field report A)."""

from __future__ import annotations

import json
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np
import pydicom
import pytest

from bounds import Bounds, section_of
from naive.export import contour, save, structure_set
from ragged import discs, ragged, rings_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from ragged import Stack

    Run = Callable[..., Any]

#: Beyond what the contours can mean, or short of it, mm.
WITHIN_MM = 0.2
RAGGED = {
    "wide last disc": discs(6, 6, 6, 6, 6, 6, 12),
    "two wide last": discs(6, 6, 6, 6, 6, 8, 12),
    "shifted last disc": discs(6, 6, 6, 6, 6, 6, 6, shifts_mm={6: 5.0}),
    **{f"seed {seed}": ragged(seed) for seed in (4, 5, 9, 11)},
}


def items(stack: Stack) -> list[pydicom.Dataset]:
    """Contour items of a stack."""
    return [
        contour([float(v) for x, y in ring for v in (x, y, z)])
        for z, section in zip(stack.z_mm, stack.sections, strict=True)
        for ring in rings_of(section)
    ]


def ring_items(ring: NDArray[np.float64], heights: list[float]) -> list[pydicom.Dataset]:
    return [contour([float(v) for x, y in ring for v in (x, y, z)]) for z in heights]


def circle(radius: float, x: float = 0.0, y: float = 0.0) -> NDArray[np.float64]:
    angle = np.linspace(0, 2 * np.pi, 180, endpoint=False)
    return np.stack([x + radius * np.cos(angle), y + radius * np.sin(angle)], axis=1)


def write(folder: Path, rois: dict[str, list[pydicom.Dataset]]) -> Path:
    save(structure_set(rois), folder / "case" / "RS.dcm")
    return folder / "case"


def expanded(rtvol: Run, case: Path, *words: str) -> dict[str, Any]:
    """The one case of the document that `rtvol expand --json` prints."""
    ran = rtvol("expand", case, "--json", *words)
    assert ran.code == 0, ran.err
    (found,) = json.loads(ran.out)["cases"]
    return found


def structure(found: dict[str, Any], role: str) -> dict[str, Any]:
    (one,) = [row for row in found["structures"] if row["role"] == role]
    return one


def written_sections(path: Path, name: str) -> dict[float, BaseGeometry]:
    """Sections of a ROI of a written set, by pydicom and shapely alone."""
    data = pydicom.dcmread(path)
    (number,) = [r.ROINumber for r in data.StructureSetROISequence if r.ROIName == name]
    (drawn,) = [r for r in data.ROIContourSequence if r.ReferencedROINumber == number]
    points = [np.array(c.ContourData, float).reshape(-1, 3) for c in drawn.ContourSequence]
    points.sort(key=lambda ring: ring[0, 2])
    by_plane = groupby(points, key=lambda ring: round(float(ring[0, 2]), 3))
    return {z: section_of([ring[:, :2] for ring in rings]) for z, rings in by_plane}


@pytest.mark.parametrize("name", RAGGED)
def test_what_is_written_lies_within_the_margin_of_what_was_drawn(
    name: str, rtvol: Run, tmp_path: Path
) -> None:
    stack = RAGGED[name]
    case = write(tmp_path, {"GTV": items(stack)})
    ran = rtvol("expand", case, "--ctv", "2", "--ptv", "4", "-o", tmp_path / "out")
    assert ran.code == 0
    limits = Bounds.of(stack.z_mm.tolist(), stack.sections)
    (path,) = (tmp_path / "out").rglob("RS.rtvol.dcm")
    for target, margin in (("CTV", 2.0), ("PTV", 6.0)):
        sections = written_sections(path, target)
        for z, section in sections.items():
            assert limits.beyond_mm(z, section, margin) <= WITHIN_MM
            assert limits.short_mm(z, section, margin) <= WITHIN_MM
        assert set(np.round(stack.z_mm, 3)) <= set(sections)


@pytest.mark.parametrize("name", ["wide last disc", "seed 5"])
def test_a_ctv_is_one_number_whatever_follows(name: str, rtvol: Run, tmp_path: Path) -> None:
    case = write(tmp_path, {"GTV": items(RAGGED[name])})
    found = [
        structure(expanded(rtvol, case, "--ctv", "2", "--ptv", ptv, "--dry-run"), "ctv")[
            "volume_cc"
        ]
        for ptv in ("0", "1", "4", "10")
    ]
    assert np.ptp(found) <= 2e-4 * found[0]


def test_a_ctv_is_one_number_whatever_else_is_in_the_call(rtvol: Run, tmp_path: Path) -> None:
    small = ring_items(circle(4, 60), [0.0, 2.5, 5.0])
    case = write(tmp_path, {"GTV1": items(RAGGED["wide last disc"]), "GTV2": small})
    both = expanded(
        rtvol, case, "--ctv", "2", "--ptv", "4", "--gtv", "GTV1", "--gtv", "GTV2", "--dry-run"
    )
    alone = expanded(rtvol, case, "--ctv", "2", "--ptv", "4", "--gtv", "GTV1", "--dry-run")
    first = {row["name"]: row["volume_cc"] for row in both["structures"]}
    for row in alone["structures"]:
        assert first[row["name"]] == pytest.approx(row["volume_cc"], rel=2e-4)


@pytest.mark.parametrize("name", list(RAGGED)[::2])
def test_no_margin_is_the_gtv_contour_by_contour(name: str, rtvol: Run, tmp_path: Path) -> None:
    stack = RAGGED[name]
    case = write(tmp_path, {"GTV": items(stack)})
    assert rtvol("expand", case, "--ctv", "0", "--ptv", "0", "-o", tmp_path / "out").code == 0
    (path,) = (tmp_path / "out").rglob("RS.rtvol.dcm")
    for target in ("CTV", "PTV"):
        sections = written_sections(path, target)
        assert list(sections) == np.round(stack.z_mm, 3).tolist()
        for section, drawn in zip(sections.values(), stack.sections, strict=True):
            assert section.symmetric_difference(drawn).area < 0.02 * np.sqrt(drawn.area)


def test_a_missing_plane_within_reach_is_written(rtvol: Run, tmp_path: Path) -> None:
    """Discs on 37, 40, 46, 49: two parts; each PTV half covers 43, 3 mm from both (A6)."""
    case = write(tmp_path, {"GTV": ring_items(circle(10), [37.0, 40.0, 46.0, 49.0])})
    ran = rtvol("expand", case, "--ctv", "2", "--ptv", "4", "-o", tmp_path / "out")
    assert ran.code == 0
    (path,) = (tmp_path / "out").rglob("RS.rtvol.dcm")
    assert 43.0 in written_sections(path, "PTV")


def test_a_gtv_that_is_the_union_of_others_is_no_further_lesion(rtvol: Run, tmp_path: Path) -> None:
    heights = [0.0, 2.0, 4.0, 6.0, 8.0]
    parts = {f"GTV_{n}": ring_items(circle(3 + n, 40 * n), heights) for n in (1, 2, 3)}
    together = [one for drawn in parts.values() for one in drawn]
    case = write(tmp_path, {**parts, "GTV_ALL": together})
    found = expanded(rtvol, case, "--ctv", "0", "--ptv", "3", "--gtv", "GTV_1", "--gtv", "GTV_2",
                     "--gtv", "GTV_3", "--gtv", "GTV_ALL", "--dry-run")  # fmt: skip
    assert [row["name"] for row in found["structures"] if row["role"] == "gtv"] == list(parts)
    assert "gtv-is-union" in [finding["code"] for finding in found["findings"]]
    exact = sum(
        np.pi * (3 + n) ** 2 * 10 + 2 * np.pi * (3 + n) * 10 * 3 + 2 * np.pi * (3 + n) ** 2 * 3
        + np.pi * 10 * 9 + np.pi**2 * (3 + n) * 9 + 4 / 3 * np.pi * 27
        for n in (1, 2, 3)
    ) / 1000  # fmt: skip
    assert found["sum_ptv_cc"] == pytest.approx(exact, rel=5e-3)
    assert found["cumulative_ptv_cc"] == pytest.approx(found["sum_ptv_cc"], rel=1e-6)
    alone = expanded(rtvol, case, "--ctv", "0", "--ptv", "3", "--gtv", "GTV_ALL", "--dry-run")
    assert structure(alone, "gtv")["name"] == "GTV_ALL"


def test_a_negative_margin_shrinks_and_mixed_ones_grow_first(rtvol: Run, tmp_path: Path) -> None:
    square = np.array([[-12.0, -10.0], [12.0, -10.0], [12.0, 10.0], [-12.0, 10.0]])
    case = write(tmp_path, {"GTV": ring_items(square, [float(z) for z in range(0, 22, 2)])})
    shrunk = expanded(rtvol, case, "--ctv=-2", "--ptv=-1", "--dry-run")
    # the box of 24 x 20 x 22 mm less 2 mm, then 3 mm, on every side
    assert structure(shrunk, "ctv")["volume_cc"] == pytest.approx(20 * 16 * 18 / 1000, rel=0.01)
    assert structure(shrunk, "ptv")["volume_cc"] == pytest.approx(18 * 14 * 16 / 1000, rel=0.01)
    one_side = expanded(rtvol, case, "--ctv=L-4,R0,A0,P0,S0,I0", "--ptv", "0", "--dry-run")
    assert structure(one_side, "ctv")["volume_cc"] == pytest.approx(20 * 20 * 22 / 1000, rel=0.01)
    mixed = expanded(rtvol, case, "--ctv=L-4,R4,A0,P0,S0,I0", "--ptv", "0", "--dry-run")
    assert structure(mixed, "ctv")["volume_cc"] == pytest.approx(24 * 20 * 22 / 1000, rel=0.01)
    ran = rtvol("expand", case, "--ctv=-15", "--ptv", "0", "--dry-run")
    assert (ran.code, "nothing-left" in ran.out + ran.err) == (1, True)


def test_several_margins_of_one_organ_and_a_gtv_outside_its_container(
    rtvol: Run, tmp_path: Path
) -> None:
    heights = [float(z) for z in range(0, 22, 2)]
    rois = {"GTV": ring_items(circle(8), heights), "Cord": ring_items(circle(5, 40), heights)}
    case = write(tmp_path, {**rois, "Liver": ring_items(circle(20, -16), heights)})
    margins = ("--prv", "Cord:0", "--prv", "Cord:2", "--prv", "Cord:-1")
    found = expanded(rtvol, case, "--ctv", "2", "--ptv", "4", *margins, "--dry-run")
    volumes = {row["name"]: row["volume_cc"] for row in found["structures"] if row["role"] == "roi"}
    assert list(volumes) == ["Cord_PRV00", "Cord_PRV02", "Cord-01"]
    assert volumes["Cord_PRV00"] == pytest.approx(np.pi * 25 * 22 / 1000, rel=1e-3)
    assert volumes["Cord-01"] == pytest.approx(np.pi * 16 * 20 / 1000, rel=0.01)
    inside = expanded(rtvol, case, "--ctv", "2", "--ptv", "4", "--inside", "Liver", "--dry-run")
    assert "gtv-outside-container" in [finding["code"] for finding in inside["findings"]]
    still = expanded(rtvol, case, "--ctv", "0", "--ptv", "0", "--dry-run")
    gtv_cc = structure(still, "gtv")["volume_cc"]
    assert (still["cumulative_ptv_cc"], still["sum_ptv_cc"]) == pytest.approx((gtv_cc, gtv_cc))


def test_a_lone_contour_without_images_is_as_thick_as_the_set_is_spaced(
    rtvol: Run, tmp_path: Path
) -> None:
    heights = [float(z) for z in range(-12, 13, 3)]
    case = write(
        tmp_path, {"GTV": ring_items(circle(8), [0.0]), "Liver": ring_items(circle(30), heights)}
    )
    found = expanded(rtvol, case, "--ctv", "2", "--ptv", "4", "--dry-run")
    assert structure(found, "gtv")["volume_cc"] == pytest.approx(np.pi * 64 * 3 / 1000, rel=1e-3)
    assert "roi-single-slice" in [finding["code"] for finding in found["findings"]]
