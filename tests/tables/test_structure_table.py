"""The table of structures: a row each, units in the head, safe to open."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pytest

from rtvol.errors import OutputRefused
from rtvol.margins.targets import ClipRecord
from rtvol.tables.rows import (
    CaseResult,
    DosePart,
    StructureRow,
    TargetPart,
    VolumePart,
)
from rtvol.tables.structure_table import write_structures
from tables.sample_rows import HOSTILE, RESULTS

if TYPE_CHECKING:
    from pathlib import Path


def physical(metrics: dict[str, float | None]) -> DosePart:
    return DosePart("slab", "half", "linear", "physical", metrics)


def test_csv_has_a_row_per_structure_and_units_in_its_head(tmp_path: Path) -> None:
    write_structures(tmp_path / "s.csv", RESULTS)
    raw = (tmp_path / "s.csv").read_bytes()
    assert raw.count(b"\r\n") == 3
    with (tmp_path / "s.csv").open(encoding="utf-8", newline="") as file:
        gtv, clip = list(csv.DictReader(file))
    assert list(gtv) == [
        "case", "status", "name", "role", "lesion", "solid", "planes", "volume_cc",
        "written_volume_cc", "volume_low_cc", "volume_high_cc", "lost_cc", "clips",
        *(f"achieved_margin_{key}_mm" for key in ("min", "mean", "p95", "max")),
        *("written_name", "mask_name"),
        *("dose_solid", "dose_caps", "dose_interpolation", "dose_axis"),
        *("D95%[Gy]", "V20Gy[%]", "notes"),
    ]  # fmt: skip
    assert (gtv["case"], gtv["name"], gtv["planes"]) == ("case1", "GTV 1", "15")
    assert (gtv["volume_cc"], gtv["written_volume_cc"]) == ("14.1", "")
    assert (gtv["D95%[Gy]"], gtv["V20Gy[%]"]) == ("45.3", "")
    assert gtv["notes"] == "V20Gy[%]: 4.1 % of the structure lies outside the dose grid"
    assert [gtv[f"dose_{key}"] for key in ("solid", "caps", "interpolation", "axis")] == [
        *("slab", "half", "linear", "physical")
    ]
    assert (float(clip["lost_cc"]), gtv["lost_cc"]) == (1.95, "")
    assert clip["clips"] == (
        "avoid Duodenum, gap 3 mm: 1.70 cc (4.4 %), least margin 0.5 mm; "
        "avoid Stomach, gap 3 mm: 0.25 cc (0.7 %)"
    )
    assert (clip["achieved_margin_min_mm"], clip["D95%[Gy]"]) == ("0.5", "")


def test_csv_is_not_overwritten_unasked(tmp_path: Path) -> None:
    write_structures(tmp_path / "s.csv", RESULTS)
    with pytest.raises(OutputRefused, match="output-exists"):
        write_structures(tmp_path / "s.csv", [])
    write_structures(tmp_path / "s.csv", [], overwrite=True)
    assert (tmp_path / "s.csv").read_text().count("\n") == 1


def test_negative_numbers_stay_numbers(tmp_path: Path) -> None:
    row = StructureRow("-5", "roi", "", VolumePart(1.0, "slab", 1), physical({"Min[Gy]": -0.25}))
    write_structures(tmp_path / "s.csv", [CaseResult("=c", "accept", structures=(row,))])
    with (tmp_path / "s.csv").open(encoding="utf-8", newline="") as file:
        (read,) = csv.DictReader(file)
    assert (read["case"], read["name"], read["Min[Gy]"]) == ("'=c", "'-5", "-0.25")


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_keep_the_table_whole(tmp_path: Path, name: str) -> None:
    row = StructureRow(
        name,
        "roi",
        name,
        VolumePart(1.0, "slab", 1),
        dose=physical({name: 1.0}),
        target=TargetPart({name: 1.0}, (ClipRecord(name, "avoid", 0.0, 1.0, 1.0),)),
        notes={name: name},
    )
    write_structures(tmp_path / "s.csv", [CaseResult(name, "accept", structures=(row,))])
    with (tmp_path / "s.csv").open(encoding="utf-8", newline="") as file:
        head, body = list(csv.reader(file))
    assert len(head) == len(body)
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in body)
    assert len((tmp_path / "s.csv").read_text(encoding="utf-8").splitlines()) == 2
