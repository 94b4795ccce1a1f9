"""Rows: the document of `--json`, and a CSV that is safe to open."""

from __future__ import annotations

import csv
import json
import math
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtvol.errors import Finding, OutputRefused
from rtvol.tables.rows import (
    CaseResult,
    ClipRow,
    StructureRow,
    document_json,
    result_document,
    safe_cell,
    write_structures_csv,
)

if TYPE_CHECKING:
    from pathlib import Path

GTV = StructureRow(
    "GTV 1",
    "gtv",
    "GTV 1",
    14.1,
    "slab",
    15,
    metrics={"D95%[Gy]": 45.3, "V20Gy[%]": None},
    notes={"V20Gy[%]": "4.1 % of the structure lies outside the dose grid"},
)
CLIP = StructureRow(
    "PTV^clip",
    "ptv_clip",
    "GTV 1",
    36.6,
    "loft",
    19,
    written_volume_cc=36.5,
    lost_cc={"Duodenum": 1.7, "Stomach": 0.25},
    achieved_mm={"min": 0.5, "mean": 3.9},
    clips=(ClipRow("Duodenum", "avoid", 3.0, 1.7, 4.44, {"left": 0.5}),),
)
FINDING = Finding("roi-not-found", "error", "case2, RTSTRUCT", "Leber, Duodenum", '--gtv "GTV"')
RESULTS = [
    CaseResult("case1", "accept", (), 38.3, 38.4, (GTV, CLIP)),
    CaseResult("case2", "reject", (FINDING,)),
]


def test_document_is_the_published_one() -> None:
    document = result_document(RESULTS, "0.1.0")
    assert list(document) == ["schema", "rtvol", "cases"]
    assert (document["schema"], document["rtvol"]) == ("rtvol/result@1", "0.1.0")
    first, second = document["cases"]
    keys = ["case", "status", "findings", "cumulative_ptv_cc", "sum_ptv_cc", "structures"]
    assert list(first) == list(second) == keys
    gtv, clip = first["structures"]
    keys = ["name", "role", "lesion", "volume_cc", "solid", "planes", "lost_cc", "metrics", "notes"]
    assert list(gtv) == keys
    assert list(clip) == [
        *keys[:4],
        "written_volume_cc",
        *keys[4:],
        "achieved_margin_mm",
        "clips",
    ]
    assert gtv["metrics"] == {"D95%[Gy]": 45.3, "V20Gy[%]": None}
    assert clip["lost_cc"] == {"Duodenum": 1.7, "Stomach": 0.25}
    assert clip["clips"][0]["least_margin_mm"] == {"left": 0.5}
    assert second["structures"] == []
    assert second["cumulative_ptv_cc"] is None
    assert second["findings"] == [
        {
            "code": "roi-not-found",
            "severity": "error",
            "where": "case2, RTSTRUCT",
            "seen": "Leber, Duodenum",
            "mend": '--gtv "GTV"',
        }
    ]


def test_document_names_the_version_that_made_it() -> None:
    import rtvol

    assert result_document([])["rtvol"] == rtvol.__version__


def test_json_is_ascii_unrounded_and_without_nan() -> None:
    row = StructureRow("Lebér\x1b", "roi", "", 1 / 3, "slab", 3)
    text = document_json(result_document([CaseResult("c", "accept", structures=(row,))]))
    assert text.isascii()
    assert "\x1b" not in text
    read = json.loads(text)["cases"][0]["structures"][0]
    assert (read["name"], read["volume_cc"]) == ("Lebér\x1b", 1 / 3)
    with pytest.raises(ValueError, match="JSON"):
        document_json({"x": math.nan})


@pytest.mark.parametrize(
    "numbers",
    [
        {"volume_cc": math.nan},
        {"volume_cc": 1.0, "written_volume_cc": math.inf},
        {"volume_cc": 1.0, "metrics": {"Mean[Gy]": math.nan}},
        {"volume_cc": 1.0, "lost_cc": {"Duodenum": -math.inf}},
        {"volume_cc": 1.0, "achieved_mm": {"min": math.nan}},
    ],
)
def test_a_row_with_a_number_that_is_none_cannot_be(numbers: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="not finite"):
        StructureRow("PTV", "ptv", "", solid="loft", planes=1, **numbers)


@pytest.mark.parametrize(
    ("status", "findings", "numbers"),
    [
        ("accept", (Finding("contour-gap"),), {}),
        ("accept", (FINDING,), {}),
        ("warn", (), {}),
        ("reject", (Finding("contour-gap"),), {}),
        ("reject", (FINDING,), {"structures": (GTV,)}),
        ("reject", (FINDING,), {"sum_ptv_cc": 3.0}),
    ],
)
def test_a_result_cannot_contradict_itself(
    status: Any, findings: tuple[Finding, ...], numbers: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match="case1"):
        CaseResult("case1", status, findings, **numbers)


def test_csv_has_a_row_per_structure_and_units_in_its_head(tmp_path: Path) -> None:
    write_structures_csv(tmp_path / "s.csv", RESULTS)
    raw = (tmp_path / "s.csv").read_bytes()
    assert raw.count(b"\r\n") == 3
    with (tmp_path / "s.csv").open(encoding="utf-8", newline="") as file:
        gtv, clip = list(csv.DictReader(file))
    assert list(gtv) == [
        "case", "status", "name", "role", "lesion", "solid", "planes", "volume_cc",
        "written_volume_cc", "lost_cc", "clips", "achieved_margin_min_mm",
        "achieved_margin_mean_mm", "D95%[Gy]", "V20Gy[%]", "notes",
    ]  # fmt: skip
    assert (gtv["case"], gtv["name"], gtv["planes"]) == ("case1", "GTV 1", "15")
    assert (gtv["volume_cc"], gtv["written_volume_cc"]) == ("14.1", "")
    assert (gtv["D95%[Gy]"], gtv["V20Gy[%]"]) == ("45.3", "")
    assert gtv["notes"] == "V20Gy[%]: 4.1 % of the structure lies outside the dose grid"
    assert clip["lost_cc"] == "Duodenum 1.70; Stomach 0.25"
    assert clip["clips"] == "avoid Duodenum, gap 3 mm: 1.70 cc (4.4 %)"
    assert (clip["achieved_margin_min_mm"], clip["D95%[Gy]"]) == ("0.5", "")


def test_csv_is_not_overwritten_unasked(tmp_path: Path) -> None:
    write_structures_csv(tmp_path / "s.csv", RESULTS)
    with pytest.raises(OutputRefused, match="output-exists"):
        write_structures_csv(tmp_path / "s.csv", [])
    write_structures_csv(tmp_path / "s.csv", [], overwrite=True)
    assert (tmp_path / "s.csv").read_text().count("\n") == 1


HOSTILE = [
    '=HYPERLINK("http://x","y")', "+1+1", "-2+3", "@SUM(A1)", "\t=1+1", "\r=1", "\tx", " =1",
    "\n=1", "a\n2030-01-01 forged", "\x1b[31mred", "nul\x00", "bell\x07", "a\u2028b",
    'a"b,c;d', "-5",
]  # fmt: skip


@given(st.text() | st.sampled_from(HOSTILE))
def test_no_cell_is_a_formula_or_breaks_the_row(text: str) -> None:
    cell = safe_cell(text)
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert len(cell.splitlines()) <= 1
    assert all(ord(char) >= 32 and ord(char) != 127 for char in cell)


@pytest.mark.parametrize("text", ["GTV 1", "Lebér 山", "PTV^clip", "", "a;b", "D95%[Gy]", "3 = x"])
def test_harmless_text_stays(text: str) -> None:
    assert safe_cell(text) == text


def test_negative_numbers_stay_numbers(tmp_path: Path) -> None:
    row = StructureRow("-5", "roi", "", 1.0, "slab", 1, metrics={"Min[Gy]": -0.25})
    write_structures_csv(tmp_path / "s.csv", [CaseResult("=c", "accept", structures=(row,))])
    with (tmp_path / "s.csv").open(encoding="utf-8", newline="") as file:
        (read,) = csv.DictReader(file)
    assert (read["case"], read["name"], read["Min[Gy]"]) == ("'=c", "'-5", "-0.25")


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_keep_the_table_whole(tmp_path: Path, name: str) -> None:
    row = StructureRow(name, "roi", name, 1.0, "slab", 1, lost_cc={name: 1.0}, notes={name: name})
    write_structures_csv(tmp_path / "s.csv", [CaseResult(name, "accept", structures=(row,))])
    with (tmp_path / "s.csv").open(encoding="utf-8", newline="") as file:
        head, body = list(csv.reader(file))
    assert len(head) == len(body)
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in body)
    assert len((tmp_path / "s.csv").read_text(encoding="utf-8").splitlines()) == 2
