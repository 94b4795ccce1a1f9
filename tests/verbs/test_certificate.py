"""The certificate beside a written structure set: read from its bytes, and not to be fooled."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pydicom
import pytest

import rtvol
from naive.apart import largest_distance
from rtvol import io
from rtvol.cli import main
from rtvol.io.kept_regions import read_kept
from rtvol.verbs.written import Stamp, Writing, write_structure_files

if TYPE_CHECKING:
    from pathlib import Path

WORDS = ["--gtv", "GTV", "--ctv", "2", "--ptv", "4", "--avoid", "Duodenum:2", "--quiet"]


@pytest.fixture(scope="module")
def expanded(sample_dicom: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Targets of a sample patient."""
    folder = tmp_path_factory.mktemp("certified")
    assert main(["expand", str(sample_dicom / "patient1"), *WORDS, "-o", str(folder)]) == 0
    return folder


@pytest.fixture(scope="module")
def targets(sample_dicom: Path) -> Any:
    """The same targets in memory."""
    case = rtvol.read(sample_dicom / "patient1")
    made = rtvol.expand(case, gtv="GTV", ctv=2, ptv=4, avoid={"Duodenum": 2})
    return tuple(made)


def certificate(folder: Path) -> dict[str, Any]:
    (path,) = folder.rglob("*.certificate.json")
    return json.loads(path.read_bytes())


def test_it_tells_of_the_bytes_beside_it(expanded: Path) -> None:
    told = certificate(expanded)
    (path,) = expanded.rglob("RS.rtvol.dcm")
    data = path.read_bytes()
    assert told["sha256"] == hashlib.sha256(data).hexdigest()
    assert (told["bytes"], told["file"]) == (len(data), path.name)
    written = pydicom.dcmread(path)
    names = [item.ROIName for item in written.StructureSetROISequence]
    assert [one["name"] for one in told["structures"]] == names == ["GTV", "CTV", "PTV", "PTV^clip"]
    for one, item in zip(told["structures"], written.ROIContourSequence, strict=True):
        points = [contour.NumberOfContourPoints for contour in item.ContourSequence]
        assert (one["contours"], one["points"]) == (len(points), sum(points))


def test_what_was_drawn_is_written_point_for_point_and_what_grew_is_thinned(
    expanded: Path, sample_dicom: Path
) -> None:
    gtv, *grown = certificate(expanded)["structures"]
    assert gtv["distance_mm"] == 0.0
    assert gtv["points"] == gtv["traced_points"]
    source = io.read_structures(sample_dicom / "patient1" / "RS.dcm").structures
    drawn = next(roi for roi in source.rois if roi.name == "GTV")
    assert gtv["points"] == sum(len(contour.xy_mm) for contour in drawn.contours)
    for one in grown:
        assert one["points"] < 0.6 * one["traced_points"]
        assert 0 < one["distance_mm"] <= one["tolerance_mm"] == pytest.approx(0.02087, abs=1e-5)
    for one in (gtv, *grown):
        assert one["read_volume_cc"] == pytest.approx(one["written_volume_cc"], rel=1e-5)


def test_a_coordinate_rounded_too_far_is_seen(
    sample_dicom: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A writer that keeps 0.1 mm: counts of contours and points are right, places are not."""
    monkeypatch.setattr("rtvol.io.roi_items.DECIMALS", 1)
    words = ["expand", str(sample_dicom / "patient1"), *WORDS, "-o", str(tmp_path)]
    assert main(words) == 0
    result = json.loads((tmp_path / "result.json").read_bytes())
    found = [one for one in result["cases"][0]["findings"] if one["code"] == "written-off"]
    assert [one["where"] for one in found] == [
        f'ROI "{n}"' for n in ("GTV", "CTV", "PTV", "PTV^clip")
    ]
    assert all(one["distance_mm"] > 0.04 for one in certificate(tmp_path)["structures"])


@pytest.mark.parametrize("moved_mm", [0.0, 0.25])
def test_regions_taken_over_are_held_against_their_source(
    sample_dicom: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moved_mm: float
) -> None:
    """One whose liver a writer moves on the way is named; none where all stay as they were."""

    def read(path: Path) -> Any:
        kept = read_kept(path)
        names = {one.ROINumber: one.ROIName for one in kept.items["StructureSetROISequence"]}
        for roi in kept.items["ROIContourSequence"]:
            if moved_mm and names[roi.ReferencedROINumber] == "Liver":
                for ring in roi.ContourSequence:
                    x, *rest = ring.ContourData
                    ring.ContourData = [float(x) + moved_mm, *map(float, rest)]
        return kept

    monkeypatch.setattr("rtvol.io.write.read_kept", read)
    words = ["expand", str(sample_dicom / "patient1"), *WORDS, "--into", "same"]
    assert main([*words, "-o", str(tmp_path)]) == 0
    result = json.loads((tmp_path / "result.json").read_bytes())
    found = [one for one in result["cases"][0]["findings"] if one["code"] == "written-off"]
    assert [one["where"] for one in found] == (['ROI "Liver"'] if moved_mm else [])
    told = certificate(tmp_path)
    assert told["kept_rois"] > 2
    assert 0 <= told["kept_distance_mm"] <= moved_mm
    assert (told["kept_distance_mm"] > 0) == bool(moved_mm)


def test_its_distance_is_that_of_the_naive_twin(expanded: Path, targets: Any) -> None:
    """Contours made again in memory, against those in the file, by points strewn along both."""
    told = {one["name"]: one for one in certificate(expanded)["structures"]}
    (path,) = expanded.rglob("RS.rtvol.dcm")
    written = {roi.name: roi for roi in io.read_structures(path).structures.rois}
    made = next(one for one in targets if one.name == "CTV")
    worst = 0.0
    for z in written["CTV"].planes_mm:
        before = [c.xy_mm for c in made.traced if abs(c.z_mm - z) < 0.1]
        after = [c.xy_mm for c in written["CTV"].contours if c.z_mm == z]
        worst = max(worst, largest_distance(before, after, 0.2))
    assert worst <= told["CTV"]["made_to_read_mm"] + 1e-6
    assert told["CTV"]["made_to_read_mm"] <= worst + 0.1


def test_a_resumed_run_writes_the_same_bytes(
    sample_dicom: Path, targets: Any, tmp_path: Path
) -> None:
    """What a run stopped in mid-case writes again is what it would have written."""
    case = rtvol.read(sample_dicom / "patient1")
    stamp = Stamp(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), ("key", "case"))
    made = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        how = Writing(label="rtvol", name="targets")
        assert not [*write_structure_files(tmp_path / name, case, targets, how, stamp)]
        made.append({path.name: path.read_bytes() for path in (tmp_path / name).iterdir()})
    assert made[0] == made[1]
    assert set(made[0]) == {"RS.rtvol.dcm", "RS.rtvol.certificate.json"}
