"""Tables against plain loops over the small cohort's story; none of their numbers from the code."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from rtvol.outcomes import Analysis, analyse
from rtvol.outcomes.doubts import below_floor, floor_ptv_ml
from rtvol.outcomes.factors import factor_of
from rtvol.outcomes.results import shown
from rtvol.outcomes.tables.comparison import compare, univariate
from rtvol.outcomes.tables.patterns import PATTERNS, pattern_counts

if TYPE_CHECKING:
    from conftest import Draft
    from rtvol.outcomes import Cohort, Study
    from rtvol.outcomes.results import Row, Sheet


def rows_of(done: Study, table: str, **wanted: object) -> list[Row]:
    return [
        row
        for row in done.rows
        if row.table == table and all(getattr(row, name) == value for name, value in wanted.items())
    ]


def one(done: Study, table: str, **wanted: object) -> Row:
    (row,) = rows_of(done, table, **wanted)
    return row


def sheet_of(done: Study, name: str) -> Sheet:
    return next(sheet for sheet in done.sheets if sheet.name == name)


def text_of(sheet: Sheet) -> list[tuple[str, ...]]:
    return [tuple(shown(cell, 0) for cell in line) for line in sheet.lines]


@pytest.fixture(scope="session")
def paper(small_once: Cohort) -> Study:
    return analyse(small_once, Analysis(), "paper")


@pytest.fixture(scope="session")
def today(small_once: Cohort) -> Study:
    return analyse(small_once, Analysis(), "default")


def product_limit(times: list[float], events: list[int], horizon: float) -> float:
    """Survival at a horizon, factor by factor."""
    surviving = 1.0
    for day in sorted({t for t, e in zip(times, events, strict=True) if e and t <= horizon}):
        at_risk = sum(t >= day for t in times)
        failed = sum(t == day and e == 1 for t, e in zip(times, events, strict=True))
        surviving *= 1 - failed / at_risk
    return surviving


def incidence(times: list[float], status: list[int], horizon: float) -> float:
    """Aalen-Johansen of cause 1, step by step."""
    free = total = 0.0
    free = 1.0
    for day in sorted({t for t, s in zip(times, status, strict=True) if s and t <= horizon}):
        at_risk = sum(t >= day for t in times)
        cause = sum(t == day and s == 1 for t, s in zip(times, status, strict=True))
        any_cause = sum(t == day and s > 0 for t, s in zip(times, status, strict=True))
        total += free * cause / at_risk
        free *= 1 - any_cause / at_risk
    return total


LC = ([100, 350, 700, 250, 450, 300, 150, 540], [1, 0, 0, 0, 0, 0, 0, 0])
LF = ([100, 400, 700, 300, 500, 300, 150, 540], [1, 2, 0, 2, 2, 0, 0, 0])
TTP = ([100, 800, 300, 500, 900, 600], [1, 0, 1, 0, 0, 0])
PFS = ([100, 800, 300, 500, 900, 600], [1, 0, 1, 1, 1, 0])
OS = ([400, 800, 300, 500, 900, 600], [1, 0, 1, 1, 1, 0])
YEAR, TWO = 365.25, 730.5


def test_rates_of_the_study(paper: Study) -> None:
    for label, (times, events), months, horizon in (
        ("local control", LC, 12, YEAR),
        ("freedom from progression (time to progression), censored at last contact", TTP, 12, YEAR),
        ("freedom from progression (time to progression), censored at last contact", TTP, 24, TWO),
    ):
        row = one(paper, "rates", row=label, quantity=f"rate at {months} months")
        assert row.value == pytest.approx(product_limit(times, events, horizon))
        assert row.n == len(times)
        assert row.n_risk == sum(t >= horizon for t in times)
        assert row.events == sum(
            e == 1 and t <= horizon for t, e in zip(times, events, strict=True)
        )


def test_present_day_rates(today: Study) -> None:
    row = one(today, "rates", row="progression-free survival", quantity="rate at 24 months")
    assert row.value == pytest.approx(product_limit(*PFS, TWO))
    row = one(today, "rates", row="overall survival from SBRT", quantity="rate at 24 months")
    assert row.value == pytest.approx(product_limit(*OS, TWO))
    row = one(today, "rates", row="local failure, death competing", quantity="rate at 12 months")
    assert row.value == pytest.approx(incidence(*LF, YEAR))


def test_median_and_follow_up(today: Study) -> None:
    label = "overall survival from SBRT"
    row = one(today, "rates", row=label, quantity="median, months")
    # after 300 and 400 of six S = 4/6; 500: 3/6 exactly, until the death at 900: the middle
    assert row.value == pytest.approx((500 + 900) / 2 / 30.4375)
    naive = one(today, "rates", row=label, level="all")
    assert naive.value == pytest.approx((500 + 600) / 2 / 30.4375)
    assert (naive.lower, naive.upper) == pytest.approx((300 / 30.4375, 900 / 30.4375))
    alive = one(today, "rates", row=label, level="event-free")
    assert (alive.value, alive.n) == (pytest.approx(700 / 30.4375), 2)
    (reverse,) = [
        r for r in rows_of(today, "rates", row=label) if r.method == "reverse Kaplan-Meier"
    ]
    # censored at 600 and 800 of 6, 3 and 2 at risk: S = 2/3, then 1/3
    assert reverse.value == pytest.approx(800 / 30.4375)


def test_table2_counts_lesions_patients_events_and_risk(paper: Study) -> None:
    label = "Primary tumour"
    lesions = one(paper, "table2", row=label, level="colorectal", unit="lesion", quantity="count")
    assert (lesions.value, lesions.events) == (4, 1)
    patients = one(paper, "table2", row=label, level="colorectal", unit="patient", quantity="count")
    assert patients.value == 3
    rate = one(
        paper, "table2", row=label, level="colorectal", quantity="local control at 12 months"
    )
    times, events = [100, 350, 250, 300], [1, 0, 0, 0]
    # the last of them is followed for 350 days: nobody knows the rate at 365
    assert rate.value is None
    assert "NE" in " ".join(text_of(sheet_of(paper, "table2"))[4])
    assert product_limit(times, events, 350) == 0.75


def test_a_level_without_events_gets_firth_and_says_so(paper: Study) -> None:
    row = one(
        paper, "table2", row="Primary tumour", level="other", quantity="hazard ratio, local control"
    )
    assert "Firth" in row.method
    assert row.value is not None
    assert 0 < row.value < 1
    assert any(note.startswith("(F) Primary tumour") for note in sheet_of(paper, "table2").notes)


def test_logrank_of_two_groups_by_hand(small: Cohort) -> None:
    """O - E and its hypergeometric variance over the two progressions."""
    endpoint = small.endpoint("ttp", Analysis(ttp_censoring="last_contact"))
    compared = compare(endpoint, factor_of(small, "sex", "patient", Analysis()))
    women = [False, True, False, True, False, True]
    times, events = TTP
    excess = variance = 0.0
    for day in (100, 300):
        n = sum(t >= day for t in times)
        n1 = sum(t >= day and w for t, w in zip(times, women, strict=True))
        d1 = sum(t == day and e and w for t, e, w in zip(times, events, women, strict=True))
        excess += d1 - n1 / n
        variance += n1 / n * (1 - n1 / n)
    assert compared.logrank is not None
    assert compared.logrank.statistic == pytest.approx(excess**2 / variance)
    assert compared.logrank.p == pytest.approx(math.erfc(math.sqrt(excess**2 / variance / 2)))


def test_the_lesion_test_is_clustered_and_the_naive_one_named(synthetic: Cohort) -> None:
    done = analyse(synthetic, Analysis(), "paper")
    methods = {row.method for row in rows_of(done, "table2") if row.quantity.startswith("p,")}
    assert any("cluster-robust by patient" in method for method in methods)
    assert all("log-rank" not in m or "naive" in m for m in methods)
    assert all("cluster" not in row.method for row in rows_of(done, "table3_ttp"))


def test_names_of_what_is_printed_are_honest(paper: Study, today: Study) -> None:
    text = " ".join(shown(cell, 0) for cell in sheet_of(paper, "rates").lines[4])
    assert "progression-free" not in text
    notes = " ".join(sheet_of(paper, "table3_os_dx").notes)
    assert "Not corrected for delayed entry" in notes
    assert "guaranteed time" in notes
    assert "guaranteed time" not in " ".join(sheet_of(today, "table3_os").notes)
    banned = ("significant", "marginal", "trend toward", "similar")
    for done in (paper, today):
        for sheet in done.sheets:
            words = " ".join(shown(s, 0) for s in sheet.sentences).lower()
            assert not any(word in words for word in banned)


def test_flow(paper: Study) -> None:
    assert text_of(sheet_of(paper, "flow")) == [
        ("screened", "", "patients", "8"),
        ("excluded: lost to follow-up", "known after SBRT only", "patients", "1"),
        ("excluded: other disease", "known before SBRT", "patients", "1"),
        ("analysed", "", "patients", "6"),
        ("with 1 lesion", "", "patients", "4"),
        ("with 2 lesions", "", "patients", "2"),
        ("analysed", "", "lesions", "8"),
    ]


def test_table1(paper: Study) -> None:
    lines = text_of(sheet_of(paper, "table1"))
    assert ("Sex", "male", "3 (50)", "0") in lines
    assert ("Age at SBRT, years", "median (range) [IQR]", "64 (55-80) [61-69]", "0") in lines
    assert ("Primary controlled", "yes", "5 (83)", "0") in lines
    assert ("Targets per patient", "1", "4 (67)", "0") in lines
    assert ("PTV, mL", "<= 10", "3 (38)", "0") in lines
    assert one(paper, "table1", row="Age at SBRT, years", quantity="median (range)").value == 63.5


def test_missing_values_are_counted_and_left_out(draft: Draft) -> None:
    draft.set("lesions", 0, gtv_ml="", ctv_ml="")
    done = analyse(draft.read(), Analysis(), "paper")
    row = one(done, "table1", row="GTV, mL", quantity="median (range)")
    assert (row.n, row.value) == (7, 4)  # 1 1 2 4 5 30 60
    assert ("GTV, mL", "1") in {(line[0], line[3]) for line in text_of(sheet_of(done, "table1"))}


def test_toxicity_by_worst_grade_and_denominators(paper: Study) -> None:
    """P01 grade 1 then 2, P02 grade 1 (unlikely), P04 grade 3 on day 120: late."""
    any_term = "any term (worst per patient)"
    cases = {("acute", "1"): 1, ("acute", "2"): 1, ("acute", ">= 3"): 0, ("late", ">= 3"): 1}
    for (period, grade), number in cases.items():
        row = one(paper, "toxicity", row=f"{period}, {any_term}", level=f"grade {grade}")
        assert (row.events, row.n) == (number, 6)
    none = one(paper, "toxicity", row=f"acute, {any_term}", level="grade >= 3")
    assert none.lower == 0
    assert none.upper == pytest.approx(1 - 0.025 ** (1 / 6))  # Clopper-Pearson of 0 of n
    lines = text_of(sheet_of(paper, "toxicity"))
    assert [line[5] for line in lines if line[1] == any_term] == ["0", "0"]  # grade 1: unlikely


def test_toxicity_counts_only_whom_somebody_looked_at(draft: Draft) -> None:
    for row in range(6):
        draft.set("patients", row, toxicity_assessed_acute=int(row != 0), toxicity_assessed_late=1)
    draft.set("patients", 2, death_day=80, last_contact_day=80, progression_day=80)
    draft.set("patients", 2, fail_intrahepatic_day=80, fail_extrahepatic_day=80)
    draft.set("lesion_followup", 3, last_imaging_day=80)
    done = analyse(draft.read(), Analysis(), "paper")
    acute = rows_of(done, "toxicity", row="acute, any term (worst per patient)")
    assert {row.n for row in acute} == {5}
    assert sum(row.events or 0 for row in acute if row.level in {"grade 1", "grade 2"}) == 1
    late = rows_of(done, "toxicity", row="late, any term (worst per patient)")
    assert {row.n for row in late} == {5}  # P03 died before day 91.3


def test_patterns(small: Cohort, paper: Study) -> None:
    counts = pattern_counts(small)
    assert len(PATTERNS) == 8
    recurrence = {p: n for p, n in counts["oligo_recurrence"].items() if n}
    assert recurrence == {(True, False, False): 1, (False, True, True): 1, (False, False, False): 1}
    assert counts["oligo_progression"][False, False, False] == 3
    assert one(paper, "fig2", row="lesions that failed locally", level="all").value == 1
    assert one(paper, "fig2", row="LR, alone or with others", level="oligo-recurrence").value == 1
    assert one(paper, "fig2", row="EHR site: bone", level="all").value == 1


def test_known_and_new_sites_are_apart(draft: Draft) -> None:
    draft.set("patients", 2, extrahepatic_failure_sites="known:lung;bone")
    done = analyse(draft.read(), Analysis(), "paper")
    assert one(done, "fig2", row="EHR site: lung (site known at SBRT)", level="all").value == 1
    assert not rows_of(done, "fig2", row="EHR site: lung")


def test_the_floor_of_a_margin_is_that_of_a_ball() -> None:
    radius_mm = 9.0
    gtv = 4 / 3 * math.pi * 0.9**3
    ptv = 4 / 3 * math.pi * 1.3**3
    assert floor_ptv_ml(gtv, 4.0) == pytest.approx(ptv)
    assert floor_ptv_ml(0.0, 4.0) == pytest.approx(0.268, abs=5e-4)
    assert radius_mm == 9.0


def test_lesions_below_the_floor(synthetic: Cohort) -> None:
    low = [x for x in synthetic.lesions if below_floor(x, 4.0)]
    for lesion in low:
        assert lesion.gtv_ml is not None
        inner, outer = ((3 * v / 4 / math.pi) ** (1 / 3) for v in (lesion.gtv_ml, lesion.ptv_ml))
        assert outer - inner < 0.4  # cm
    assert low


def test_checks_of_the_data(today: Study) -> None:
    lines = {line[0]: line[1] for line in text_of(sheet_of(today, "qa"))}
    assert lines["units"] == "8 lesions in 6 patients; 2 have more than one"
    assert lines["local failures"] == "1 lesions in 1 patients"
    assert lines["events of progression endpoints"] == "2 progressions, 4 deaths, 4 with either"
    assert lines["lesions exactly at a cut"] == "PTV 10 mL: 1; PTV 100 mL: 1"
    assert lines["exclusions"] == "2 excluded, 1 for a reason known only after SBRT"
    assert "lowest BED 57.6 Gy10 is 32 Gy in 4" in lines["BED recomputed from dose and fractions"]
    assert lines["primary controlled"] == "1 of 6 not recorded as controlled"
    assert lines["systemic therapy"] == "3 treated: 1 from after SBRT, 1 without a date"
    assert lines["late toxicity of grade 3 or more"].startswith("1 of 6; upper 95 % limit")


def test_spearman_of_bed_and_volume_by_ranks(today: Study) -> None:
    bed = [4.5, 8, 2, 3, 4.5, 1, 6.5, 6.5]  # ranks of 112.5 180 80 105.6 112.5 57.6 151.2 151.2
    ptv = [6, 2, 1, 8, 5, 7, 3, 4]  # of 50 8 5 150 20 100 10 15
    mean = 4.5
    cov = sum((b - mean) * (p - mean) for b, p in zip(bed, ptv, strict=True))
    spread = [sum((v - mean) ** 2 for v in ranks) for ranks in (bed, ptv)]
    rho = cov / math.sqrt(spread[0] * spread[1])
    assert one(today, "qa", quantity="Spearman rho").value == pytest.approx(rho)


def test_present_day_definitions_beside_the_study_s(today: Study) -> None:
    at = "progression-free at 24 months"
    assert one(today, "qa_changes", row=at, level="study").value == pytest.approx(
        product_limit(*TTP, TWO)
    )
    assert one(today, "qa_changes", row=at, level="present-day").value == pytest.approx(
        product_limit(*PFS, TWO)
    )
    lines = text_of(sheet_of(today, "qa_changes"))
    assert ("events", "time to progression", "2 events", "true PFS", "4 events") in {
        x[:5] for x in lines
    }


def test_corrections_for_many_tests(synthetic: Cohort) -> None:
    done = analyse(synthetic, Analysis(multiplicity="holm"), "paper")
    plain = [
        (row.row, row.value)
        for row in rows_of(done, "table3_ttp")
        if row.method == "log-rank" and row.value is not None
    ]
    ordered = sorted(plain, key=lambda item: item[1])
    expected, highest = {}, 0.0
    for rank, (name, p) in enumerate(ordered):
        highest = min(1.0, max(highest, p * (len(ordered) - rank)))
        expected[name] = highest
    found = {
        row.row: row.value
        for row in rows_of(done, "table3_ttp")
        if row.quantity.startswith("adjusted p")
    }
    assert found == pytest.approx(expected)
    assert "log-rank p (Holm)" in sheet_of(done, "table3_ttp").header


def test_univariate_names_each_factor_once(synthetic: Cohort) -> None:
    settings = Analysis()
    compared = univariate(synthetic, synthetic.endpoint("lc"), settings.table2_factors, settings)
    assert [c.factor.name for c in compared] == list(settings.table2_factors)
