"""Tables of a run: metrics, goals, cases, lesions and patients, from records."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from rtvol.dvh.compare import Difference
from rtvol.tables.case_table import CASES, CaseRow
from rtvol.tables.goal_table import GOALS, goals_in
from rtvol.tables.lesion_table import KEY, LESIONS, PATIENTS, lesions_of, patients_of
from rtvol.tables.metric_table import DVH_LONG, METRICS, metrics_in
from rtvol.tables.record import Record, parse_record, write_record
from rtvol.tables.rows import CaseResult, DosePart, GoalRow, StructureRow, VolumePart
from tables.sample_rows import FINDING

if TYPE_CHECKING:
    from rtvol.tables.sheet import Sheet

METRICS_OF_A_TARGET = {"D95%[Gy]": 44.0, "D98%[Gy]": 43.0, "D2%[Gy]": 50.0, "Mean[Gy]": 47.0}
GOAL = GoalRow(
    "PTV", "D95%[Gy] >= 43 Gy", 44.0, "Gy", "pass", 1, "a paper", verified=True, note="near"
)


def dose(axis: str = "physical", volume_cc: float | None = 9.0, **parts: object) -> DosePart:
    made = DosePart("slab", "half", "linear", axis, METRICS_OF_A_TARGET, volume_cc)
    return replace(made, **parts)  # type: ignore[arg-type]


def target(name: str, role: str, cc: float, part: DosePart | None, lesion: str) -> StructureRow:
    solid = "slab" if role == "gtv" else "loft"
    return StructureRow(name, role, lesion, VolumePart(cc, solid, 5), part)  # type: ignore[arg-type]


def lesion(number: int, part: DosePart | None) -> list[StructureRow]:
    roles = (
        ("GTV", "gtv", 1.0),
        ("CTV", "ctv", 2.0),
        ("PTV", "ptv", 4.0),
        ("cut", "ptv_clip", 3.0),
    )
    return [
        target(f"{n}{number}", role, cc * number, part, f"GTV{number}") for n, role, cc in roles
    ]


def record(case: str, patient: str, *rows: StructureRow, sum_cc: float | None = 12.0) -> Record:
    result = CaseResult.of(
        case, [], structures=rows, goals=[GOAL], sum_ptv_cc=sum_cc, cumulative_ptv_cc=11.0
    )
    return Record(result, patient, f"source {case}", 45.0, 3, "RTPLAN", "s", {"rtvol": "1"})


def cells(sheet: Sheet, rows) -> list[dict[str, object]]:
    return [{column.name: column.get(row) for column in sheet.columns} for row in rows]


def test_each_number_of_the_long_table_says_what_it_is_of() -> None:
    compared = dose(
        "EQD2, a/b 3 Gy",
        range={"Mean[Gy]": (40.0, 48.0)},
        comparison=(Difference("D95%[Gy]", 44.0, 40.0, "unexplained"),),
    )
    rows = [target("PTV", "ptv", 8.0, compared, "GTV"), target("Organ", "roi", 5.0, None, "")]
    result = CaseResult.of("a", [], structures=rows, goals=[GOAL])
    long = cells(DVH_LONG, metrics_in(result))
    assert [row["metric"] for row in long] == [
        "Volume[cc]", "D95%[Gy]", "D98%[Gy]", "D2%[Gy]", "Mean[Gy]",
        "lowest Mean[Gy]", "highest Mean[Gy]", "stored D95%[Gy]",
        "Volume[cc]", "goal D95%[Gy] >= 43 Gy",
    ]  # fmt: skip
    volume, d95, *_ = long
    assert (volume["value"], volume["solid"], volume["interpolation"]) == (9.0, "slab", "")
    assert (d95["unit"], d95["caps"]) == ("Gy (EQD2, a/b 3 Gy)", "half")
    assert (long[6]["value"], long[7]["value"], long[7]["note"]) == (48.0, 40.0, "unexplained")
    assert (long[8]["value"], long[8]["solid"], long[8]["caps"]) == (5.0, "loft", "")
    assert (long[9]["solid"], long[9]["note"]) == ("slab", "pass; near; source: a paper")
    assert [column.name for column in METRICS.columns[:2]] == ["case", "patient_id"]


def test_two_ways_of_reading_are_not_laid_on_a_goal() -> None:
    rows = [target("A", "roi", 1.0, dose(), ""), target("B", "roi", 1.0, dose(solid="loft"), "")]
    absent = replace(
        rows[0],
        volume=VolumePart(None, "slab", 0),
        dose=dose(volume_cc=None, metrics={"HI": None, "Volume[cc]": None}),
        notes={"volume_cc": "why", "HI": "no"},
    )
    *_, goal = cells(DVH_LONG, metrics_in(CaseResult.of("a", [], structures=rows, goals=[GOAL])))
    assert (goal["solid"], goal["caps"], goal["interpolation"]) == ("", "", "")
    volume, index = cells(DVH_LONG, metrics_in(CaseResult.of("a", [], structures=[absent])))
    assert (volume["value"], volume["note"]) == (None, "why")
    assert (index["metric"], index["unit"], index["note"]) == ("HI", "", "no")


def test_goals_and_cases_are_listed() -> None:
    done = record("a", "P", *lesion(1, dose()))
    (goal,) = cells(GOALS, goals_in(done.result, "P"))
    assert (goal["patient_id"], goal["verdict"], goal["verified"]) == ("P", "pass", True)
    rows = [CaseRow("a", "accept", "a", (), done), CaseRow("b", "reject", "", (FINDING,), None)]
    one, other = cells(CASES, rows)
    assert (one["prescription_gy"], one["cumulative_ptv_cc"], one["codes"]) == (45.0, 11.0, "")
    assert (other["patient_id"], other["fractions"], other["codes"]) == (
        None,
        None,
        "roi-not-found",
    )
    assert other["findings"] == "[roi-not-found] case2, RTSTRUCT: Leber, Duodenum"


def test_lesions_are_numbered_by_patient_case_and_file() -> None:
    records = [
        record("b", "P1", *lesion(1, dose()), *lesion(2, dose())),
        record("a", "P1", *lesion(1, None)),
        record("c", "P0", *lesion(1, dose("BED, a/b 10 Gy"))),
    ]
    whole = cells(LESIONS, lesions_of(records, is_cut=False))
    assert [(row["patient_id"], row["lesion_id"]) for row in whole] == [
        ("P0", "L01"),
        ("P1", "L01"),
        ("P1", "L02"),
        ("P1", "L03"),
    ]
    assert [row["ptv_ml"] for row in whole] == [4.0, 4.0, 4.0, 8.0]
    assert [row["ptv_d95_gy"] for row in whole] == [None, None, 44.0, 44.0]
    assert whole[2]["bed10_rx_gy"] == pytest.approx(45 * (1 + 15 / 10))
    assert (
        whole[2]["volume_method"]
        == "gtv slab; ctv and ptv loft; whole PTV; doses slab, caps half, linear"
    )
    assert whole[1]["volume_method"] == "gtv slab; ctv and ptv loft; whole PTV"
    cut = cells(LESIONS, lesions_of(records, is_cut=True))
    assert [row["ptv_ml"] for row in cut] == [3.0, 3.0, 3.0, 6.0]
    assert "PTV_mod" in str(cut[0]["volume_method"])
    assert len({row["source_hash"] for row in whole}) == 4
    assert cells(KEY, lesions_of(records, is_cut=False))[3] == {
        "patient_id": "P1",
        "lesion_id": "L03",
        "case": "b",
        "gtv": "GTV2",
    }
    bare = replace(record("d", "P", lesion(1, dose())[0]), prescription_gy=None)
    (row,) = cells(LESIONS, lesions_of([bare], is_cut=True))
    assert (row["ptv_ml"], row["bed10_rx_gy"], row["volume_method"], row["gtv_d98_gy"]) == (
        None,
        None,
        "",
        43.0,
    )


def test_patients_are_sums_where_all_is_known() -> None:
    two = [record("a", "P", *lesion(1, None)), record("b", "P", *lesion(1, None), *lesion(2, None))]
    (row,) = cells(PATIENTS, patients_of(two))
    assert [*row.values()] == ["P", 2, 3, 24.0, None]
    (row,) = cells(PATIENTS, patients_of(two[:1]))
    assert (row["cptv_ml"], row["cptv_union_ml"]) == (12.0, 11.0)
    (row,) = cells(PATIENTS, patients_of([*two, record("c", "P", sum_cc=None)]))
    assert row["cptv_ml"] is None


def test_a_record_is_read_back_and_another_form_refused(tmp_path) -> None:
    done = record("a", "P", *lesion(1, dose()))
    write_record(tmp_path / "r.json", done)
    text = (tmp_path / "r.json").read_text()
    assert parse_record(text) == done
    with pytest.raises(ValueError, match="schema"):
        parse_record(text.replace("rtvol/record@1", "rtvol/record@9"))
