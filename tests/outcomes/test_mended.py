"""What a data set may hold and `run` must bear; what a message may say and must not."""

from __future__ import annotations

import time
from random import Random
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.stats import fisher_exact

from naive.odd_cohorts import SHAPES, odd_cohort, random_cohort, times, with_dates
from rtvol.outcomes import Analysis, Cohort, CohortRejected, analyse, stats
from rtvol.outcomes.nearness import nearest, nearest_code
from rtvol.outcomes.privacy import HIDDEN, WITHHELD, shown
from rtvol.outcomes.results import Remark
from rtvol.outcomes.study import draw

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Draft
    from rtvol.outcomes.problems import Problem

LATE = Analysis(landmark_months=24, suppress_below=5)


def problems_of(draft: Draft, analysis: Analysis | None = None) -> tuple[Problem, ...]:
    try:
        return Cohort.read(draft.write(), analysis).warnings
    except CohortRejected as rejected:
        return rejected.problems


def all_text(problems: tuple[Problem, ...]) -> str:
    return " ".join(f"{p.place.text} {p.value} {p.rule} {p.remedy}" for p in problems)


@pytest.mark.parametrize("shape", SHAPES)
def test_run_bears_whatever_check_passes(shape: str, tmp_path: Path) -> None:
    cohort = Cohort.read(odd_cohort(tmp_path, shape))
    for figure in draw(analyse(cohort, Analysis(), "default")).values():
        figure.figure.draw_without_rendering()
    analyse(cohort, LATE, "paper")


@pytest.mark.parametrize("seed", range(4))
def test_run_bears_a_few_patients_of_any_draw(seed: int, tmp_path: Path) -> None:
    cohort = Cohort.read(random_cohort(tmp_path, seed))
    draw(analyse(cohort, Analysis(), "paper"))
    analyse(cohort, LATE, "default")


def test_a_level_nobody_is_in_is_said(tmp_path: Path) -> None:
    done = analyse(Cohort.read(odd_cohort(tmp_path, "one_class")), Analysis(), "default")
    notes = next(sheet for sheet in done.sheets if sheet.name == "table2").notes
    assert "Extra-hepatic disease: nobody in yes." in notes


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        (Analysis(origin="last_fraction"), "origin-unknown"),
        (Analysis(cumulative_ptv="union"), "union-unknown"),
    ],
)
def test_what_the_settings_need_is_asked_by_check(
    draft: Draft, settings: Analysis, code: str
) -> None:
    assert code in {p.code for p in problems_of(draft, settings)}


def test_a_hundred_times_the_cohort_takes_seconds(tmp_path: Path) -> None:
    """5500 patients: nothing may grow with their square."""
    begun = time.process_time()
    cohort = Cohort.read(times(tmp_path, 100))
    analyse(cohort, Analysis(), "default")
    assert time.process_time() - begun < 25


@pytest.mark.parametrize(
    "table", [[[520, 10], [480, 20]], [[5200, 1000], [4800, 1200]], [[3, 900], [20, 880]]]
)
def test_fisher_of_large_counts_is_scipys(table: list[list[int]]) -> None:
    assert stats.fisher(table).p == pytest.approx(fisher_exact(table).pvalue, rel=1e-9)


def test_fisher_of_large_counts_in_several_columns_needs_no_large_numbers() -> None:
    assert 0 < stats.fisher([[300, 20, 4], [310, 15, 9]]).p < 1


# --- messages ---------------------------------------------------------------------------------

PERSONAL = (
    "800101-1234567", "8001011234567", "12345678", "123456789012", "MRN-0012345",
    "010-1234-5678", "Hong Gildong", "Hong, Gildong", "홍길동", "KIM MINJI",
    "Hong_Gildong", "HONG^GILDONG", "hong@hospital.kr",
    "1.2.840.113619.2.55", "Dr. Kim",
)  # fmt: skip


@pytest.mark.parametrize("text", PERSONAL)
def test_what_tells_a_person_is_never_repeated(text: str) -> None:
    assert shown(text) in {HIDDEN, WITHHELD}
    assert shown(text, free_text=True) == HIDDEN


@pytest.mark.parametrize(
    "text", ["45,5", "1,234", "12.3456", "50 mL", "P01", "SYN001", "male", "x", "a3f9c2d41e07"]
)
def test_numbers_codes_and_pseudonyms_are_repeated(text: str) -> None:
    assert shown(text) == text


def test_free_text_is_withheld_unless_asked_for() -> None:
    assert shown("refused by the family") == WITHHELD
    assert shown("refused by the family", free_text=True) == "refused by the family"
    assert shown("2010-04-01") == "(a date)"


@pytest.mark.parametrize("text", PERSONAL)
@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("patients", "patient_id"), ("lesions", "patient_id"), ("toxicity", "patient_id"),
        ("lesion_followup", "lesion_id"), ("patients", "sex"), ("lesions", "ptv_ml"),
        ("patients", "death_day"), ("toxicity", "term"), ("toxicity", "grade"),
        ("screening", "reason"),
        ("patients", "extrahepatic_failure_sites"), ("screening", "status"),
    ],
)  # fmt: skip
def test_wherever_it_stands(draft: Draft, text: str, table: str, column: str) -> None:
    draft.set(table, 0, **{column: text})
    said = all_text(problems_of(draft))
    assert text not in said
    assert not any(part in said for part in ("Gildong", "1234567", "0012345", "길동"))


def test_a_first_row_of_values_is_not_repeated_as_names_of_columns(draft: Draft) -> None:
    folder = draft.write()
    lines = (folder / "patients.csv").read_text(encoding="utf-8").splitlines()
    values = lines[1].replace("P01", "800101-1234567").replace("adenocarcinoma", "Hong Gildong")
    (folder / "patients.csv").write_text("\n".join([values, *lines[2:]]) + "\n", encoding="utf-8")
    with pytest.raises(CohortRejected) as caught:
        Cohort.read(folder)
    said = all_text(caught.value.problems)
    assert "1234567" not in said
    assert "Gildong" not in said
    assert [p.code for p in caught.value.problems if p.severity == "error"] == ["no-header"]


def test_a_title_above_the_names_is_one_error(draft: Draft) -> None:
    folder = draft.write()
    path = folder / "lesions.csv"
    path.write_text("Lesions of Prof. Kim,,\n" + path.read_text(encoding="utf-8"), "utf-8")
    with pytest.raises(CohortRejected) as caught:
        Cohort.read(folder)
    assert [p.code for p in caught.value.problems if p.severity == "error"] == ["no-header"]
    assert "Kim" not in all_text(caught.value.problems)


@pytest.mark.parametrize(
    ("text", "offered"),
    [
        ("50,5", "write 50.5"),
        ("0,25", "write 0.25"),
        ("1,234", "1234 or 1.234"),
        ("12,000", "12000 or 12.000"),
        ("1,234,567", "write 1234567 if"),
    ],
)
def test_a_comma_is_never_decided(draft: Draft, text: str, offered: str) -> None:
    problems = problems_of(draft.set("lesions", 0, ptv_ml=text))
    (problem,) = [p for p in problems if p.code == "decimal-comma"]
    assert offered in problem.remedy


@pytest.mark.parametrize(
    ("column", "text"),
    [("dose_total_gy", "480"), ("ptv_ml", "50000"), ("n_fractions", "3.5"), ("gtv_ml", "40000")],
)
def test_a_remedy_never_tells_to_change_a_number(draft: Draft, column: str, text: str) -> None:
    for problem in problems_of(draft.set("lesions", 0, **{column: text})):
        for order in ("divide", "multiply", "round"):
            assert not problem.remedy.startswith(order)


@pytest.mark.parametrize(
    ("wanted", "there", "offered"),
    [
        ("dx_day", ["death_date_old", "diagnosis"], None),
        ("sex", ["sec", "six"], None),
        ("primary_site", ["Primary Site", "primary"], "Primary Site"),
        ("last_contact_day", ["last_contct_day"], "last_contct_day"),
        ("death_day", ["dead_day"], None),
    ],
)
def test_a_column_is_offered_only_when_near(
    wanted: str, there: list[str], offered: str | None
) -> None:
    assert nearest(wanted, there) == offered


def test_a_column_of_the_dictionary_is_not_offered_for_another(draft: Draft) -> None:
    problems = problems_of(draft.drop("patients", "dx_day"))
    (problem,) = [p for p in problems if p.code == "missing-column"]
    assert problem.remedy == "add dx_day"


def test_a_code_is_not_turned_into_its_opposite() -> None:
    codes = ("unrelated", "unlikely", "possible", "probable", "definite")
    assert nearest_code("related", codes) is None
    assert nearest_code("likely", codes) is None
    assert nearest_code("Probable", codes) == "probable"
    assert nearest_code("male", ("M", "F", "other")) == "M"


def test_toxicity_without_a_row_is_no_event(draft: Draft) -> None:
    header = draft.text("toxicity").splitlines()[0]
    folder = draft.write()
    (folder / "toxicity.csv").write_text(header + "\n", encoding="utf-8")
    cohort = Cohort.read(folder)
    assert cohort.toxicity == ()
    done = analyse(cohort, Analysis(), "paper")
    row = next(r for r in done.rows if r.table == "toxicity" and r.level == "grade >= 3")
    assert (row.events, row.n) == (0, 6)
    # Clopper-Pearson, none of six: 1 - .025^(1/6)
    assert row.upper == pytest.approx(1 - 0.025 ** (1 / 6))


def test_times_in_months_are_seen_by_their_size_alone(draft: Draft) -> None:
    for table, rows in draft.tables.items():
        for row in rows:
            for name in row:
                if name.endswith("_day") and row[name]:
                    row[name] = str(round(int(row[name]) / 30))
        draft.tables[table] = rows
    del draft.tables["toxicity"]
    draft.set("patients", 0, death_day="13", last_contact_day="13")
    assert "days-look-like-months" in {p.code for p in problems_of(draft)}


def test_one_table_in_months_is_seen(draft: Draft) -> None:
    def months(value: str) -> str:
        return str(round(int(value) / 30))

    for name in ("last_imaging_day", "local_failure_day", "salvage_day"):
        draft.column("lesion_followup", name, months)
    assert "days-look-like-months" in {p.code for p in problems_of(draft)}


@pytest.mark.parametrize("form", ["{d} 00:00:00", "{d}T00:00", "{serial}", "{serial}.0"])
def test_dates_as_spreadsheets_write_them(draft: Draft, form: str, small: Cohort) -> None:
    def again(text: str) -> str:
        serial = (np.datetime64(text) - np.datetime64("1899-12-30")).astype(int)
        return form.format(d=text, serial=serial)

    with_dates(draft)
    for table in draft.tables:
        for name in list(draft.tables[table][0]):
            if name.endswith("_date"):
                draft.column(table, name, again)
    cohort = draft.read()
    assert cohort.patients == small.patients
    assert cohort.lesions == small.lesions
    told = {w.code for w in cohort.warnings}
    assert ("excel-serial" in told) == ("serial" in form)


def test_a_serial_number_is_no_day(draft: Draft) -> None:
    draft.set("patients", 1, last_contact_day="40268")
    assert "day-is-date" in {p.code for p in problems_of(draft)}


def test_trailing_empty_columns_are_left_out_with_a_note(draft: Draft, small: Cohort) -> None:
    folder = draft.write()
    path = folder / "patients.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join(f"{line},,," for line in lines), encoding="utf-8")
    cohort = Cohort.read(folder)
    assert cohort.patients == small.patients
    assert "empty-columns" in {w.code for w in cohort.warnings}
    path.write_text("\n".join([lines[0], *(f"{line},," for line in lines[1:])]), encoding="utf-8")
    assert "empty-columns" in {w.code for w in Cohort.read(folder).warnings}


@pytest.mark.parametrize("name", ["patients", "lesions", "lesion_followup", "screening"])
def test_one_unreadable_table_does_not_cascade(draft: Draft, name: str) -> None:
    folder = draft.write()
    (folder / f"{name}.csv").write_bytes("a,b\nä,ö\n".encode("latin-1"))
    with pytest.raises(CohortRejected) as caught:
        Cohort.read(folder)
    assert {p.code for p in caught.value.problems if p.severity == "error"} == {"not-utf8"}


def test_a_row_that_is_lost_orphans_nobody(draft: Draft) -> None:
    folder = draft.write()
    path = folder / "patients.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([*lines[:3], lines[3] + ",x", *lines[4:]]), encoding="utf-8")
    with pytest.raises(CohortRejected) as caught:
        Cohort.read(folder)
    assert [p.code for p in caught.value.problems if p.severity == "error"] == ["ragged-row"]


# --- notes and errors -------------------------------------------------------------------------


def test_the_level_without_an_event_is_named(small: Cohort) -> None:
    done = analyse(small, Analysis(), "paper")
    notes = next(sheet for sheet in done.sheets if sheet.name == "table2").notes
    events = {"colorectal": 1, "other": 0}
    (note,) = [n for n in notes if n.startswith("(F) Primary tumour:")]
    for level, number in events.items():
        assert (f"no event in {level}" in note) == (number == 0)


def test_sex_that_is_neither_is_counted_by_its_own_word(draft: Draft) -> None:
    draft.set("patients", 0, sex="other").set("patients", 1, sex="unknown")
    done = analyse(draft.read(), Analysis(), "paper")
    notes = " ".join(next(s for s in done.sheets if s.name == "table3_ttp").notes)
    assert "1 of sex other, 1 of sex unknown: in neither group" in notes


def test_notes_hide_what_tables_hide(synthetic: Cohort) -> None:
    from rtvol.outcomes.markdown import to_markdown

    done = analyse(synthetic, Analysis(suppress_below=5), "default")
    note = Remark("Note: 3 dropped.", 3)
    assert any(isinstance(n, Remark) for sheet in done.sheets for n in sheet.notes)
    sheet = type(done.sheets[0])("x", "x", ("a",), (("b",),), (note,))
    assert "3 dropped" not in to_markdown("t", [sheet], "", 5)
    assert "3 dropped" in to_markdown("t", [sheet], "", 0)


def test_counts_in_words_are_hidden_too(small: Cohort) -> None:
    from rtvol.outcomes.results import shown as cell_of

    done = analyse(small, Analysis(suppress_below=5), "paper")
    sheet = next(sheet for sheet in done.sheets if sheet.name == "reporting")
    said = " ".join(cell_of(cell, 5) for line in sheet.lines for cell in line)
    assert "1 lesions failed" not in said
    assert "2 patients with several" not in said


def test_few_clusters_have_jackknife_errors() -> None:
    """By the definition: a fit without each cluster in turn."""
    random = Random(5)  # noqa: S311
    n, groups = 40, 9
    cluster = np.array([i % groups for i in range(n)])
    x = np.array([random.random() + 0.3 * c for c in cluster])
    t = np.array([random.expovariate(0.1 * (1 + v)) for v in x])
    event = np.array([random.random() < 0.7 for _ in range(n)])
    fit = stats.cox(t, event, x, names=["x"], cluster=cluster)
    better = stats.corrected_for_few(fit)
    without = [
        stats.cox(t[cluster != g], event[cluster != g], x[cluster != g], names=["x"]).coef[0]
        for g in range(groups)
    ]
    variance = (groups - 1) / groups * sum((b - fit.coef[0]) ** 2 for b in without)
    assert better["x"].robust_se == pytest.approx(variance**0.5, rel=1e-9)
    from scipy.stats import t as student

    reach = student.ppf(0.975, groups - 1) * variance**0.5
    assert better["x"].upper == pytest.approx(np.exp(fit.coef[0] + reach), rel=1e-9)
    assert "jackknife over 9 clusters" in better.errors
    many = stats.cox(t, event, x, names=["x"], cluster=np.arange(n))
    assert stats.corrected_for_few(many) is many


def test_few_clusters_are_said_in_the_table(tmp_path: Path) -> None:
    cohort = Cohort.read(odd_cohort(tmp_path, "few_clusters"))
    done = analyse(cohort, Analysis(), "default")
    notes = " ".join(next(s for s in done.sheets if s.name == "table2").notes)
    assert "Lipsitz and Parzen 1996" in notes
    assert any("jackknife over" in row.method for row in done.rows if row.table == "table2")
