"""The document of `--json`, and what is read back of it."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtvol.dvh.compare import Difference
from rtvol.errors import Finding
from rtvol.margins.targets import ClipRecord
from rtvol.tables.document import case_entry, document_json, parse_case, result_document
from rtvol.tables.rows import (
    CaseResult,
    DosePart,
    GoalRow,
    StructureRow,
    TargetPart,
    VolumePart,
)
from tables.sample_rows import RESULTS


def test_document_is_the_published_one() -> None:
    document = result_document(RESULTS, "0.1.0")
    assert list(document) == ["schema", "rtvol", "cases"]
    assert (document["schema"], document["rtvol"]) == ("rtvol/result@1", "0.1.0")
    first, second = document["cases"]
    keys = ["case", "status", "findings", "cumulative_ptv_cc", "sum_ptv_cc", "structures"]
    assert list(first) == list(second) == keys
    gtv, clip = first["structures"]
    keys = ["name", "role", "lesion", "volume_cc", "solid", "planes", "lost_cc", "metrics", "notes"]
    assert list(gtv) == [*keys[:7], "dose", *keys[7:]]
    assert list(clip) == [
        *keys[:4],
        "written_volume_cc",
        *keys[4:],
        "achieved_margin_mm",
        "clips",
    ]
    dose = {"solid": "slab", "caps": "half", "interpolation": "linear"}
    assert gtv["dose"] == {**dose, "axis": "physical", "volume_cc": None}
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
    row = StructureRow("Lebér\x1b", "roi", "", VolumePart(1 / 3, "slab", 3))
    text = document_json(result_document([CaseResult("c", "accept", structures=(row,))]))
    assert text.isascii()
    assert "\x1b" not in text
    read = json.loads(text)["cases"][0]["structures"][0]
    assert (read["name"], read["volume_cc"]) == ("Lebér\x1b", 1 / 3)
    with pytest.raises(ValueError, match="JSON"):
        document_json({"x": math.nan})


NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=2)


def by_text(values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.text(max_size=5), values, max_size=2)


SOLIDS = st.sampled_from(["slab", "loft"])
VOLUMES = st.builds(
    VolumePart,
    st.none() | NUMBERS,
    SOLIDS,
    st.integers(0, 99),
    st.none() | NUMBERS,
    st.none() | st.tuples(NUMBERS, NUMBERS),
)
AMOUNTS = st.floats(1e-6, 1e6)
DIFFERENCES = st.builds(Difference, st.text(), AMOUNTS, AMOUNTS, st.text())
DOSES = st.builds(
    DosePart, SOLIDS, st.text(), st.text(), st.text(),
    by_text(st.none() | NUMBERS), st.none() | NUMBERS,
    by_text(st.tuples(NUMBERS, NUMBERS)), st.lists(DIFFERENCES, max_size=2).map(tuple),
)  # fmt: skip
CLIPS = st.builds(
    ClipRecord, st.text(), st.sampled_from(["avoid", "barrier", "inside"]),
    NUMBERS, NUMBERS, NUMBERS, by_text(NUMBERS), NUMBERS, NUMBERS, st.text(), st.booleans(),
)  # fmt: skip
#: A target without a margin and without a cut says nothing, and is not there.
TARGETS = st.builds(
    TargetPart, by_text(NUMBERS), st.lists(CLIPS, min_size=1, max_size=2).map(tuple)
)
ROWS = st.builds(
    StructureRow, st.text(), st.sampled_from(["gtv", "ctv", "ptv", "ptv_clip", "roi"]), st.text(),
    VOLUMES, st.none() | DOSES, st.none() | TARGETS, TEXTS,
)  # fmt: skip
GOALS = st.builds(
    GoalRow, st.text(), st.text(), st.none() | NUMBERS, st.text(),
    st.sampled_from(["pass", "fail", "cannot say"]), st.none() | st.integers(1, 3),
    st.text(), st.booleans(), st.text(),
)  # fmt: skip


@given(st.lists(ROWS, max_size=2), st.lists(GOALS, max_size=2), st.none() | NUMBERS)
def test_what_is_written_is_read_back(
    rows: list[StructureRow], goals: list[GoalRow], sum_cc: float | None
) -> None:
    findings = [Finding("contour-gap", "warning", "ROI a", "seen", "mend")] if sum_cc else []
    result = CaseResult.of("a", findings, structures=rows, goals=goals, sum_ptv_cc=sum_cc)
    text = document_json(case_entry(result))
    assert parse_case(json.loads(text)) == result


def test_a_rejected_case_is_read_back() -> None:
    assert parse_case(case_entry(RESULTS[1])) == RESULTS[1]
