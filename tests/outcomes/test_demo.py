"""The synthetic cohort has the printed counts, and rates near the printed ones."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from rtvol.outcomes import Analysis, Cohort, analyse
from rtvol.outcomes.demo.structure import draw_structure
from rtvol.outcomes.demo.tables import write_cohort

if TYPE_CHECKING:
    from pathlib import Path

    from rtvol.outcomes import Study

SEEDS = (2017, 1, 99)


@pytest.fixture(scope="module")
def paper(synthetic: Cohort) -> Study:
    return analyse(synthetic, Analysis(), "paper")


@pytest.mark.parametrize("seed", SEEDS)
def test_counts_are_exact_for_any_seed(seed: int, tmp_path: Path) -> None:
    cohort = Cohort.read(write_cohort(tmp_path / "c", seed))
    assert cohort.is_synthetic
    people, lesions = cohort.patients, cohort.lesions
    assert (len(people), len(lesions)) == (55, 77)
    assert Counter(len(own) for own in cohort.by_patient.values()) == {1: 38, 2: 14, 3: 1, 4: 2}
    ages = [p.age_at_sbrt_years for p in people]
    assert (min(ages), statistics.median(ages), max(ages)) == (42, 63, 86)
    assert Counter(p.sex for p in people) == {"M": 30, "F": 25}
    sites = Counter(p.primary_site for p in people)
    assert [sites[s] for s in ("colorectal", "stomach", "cervix", "breast", "pancreas")] == [
        36,
        6,
        4,
        2,
        2,
    ]
    assert Counter(p.histology for p in people) == {"adenocarcinoma": 45, "scc": 4, "other": 6}
    assert Counter(p.extrahepatic_site for p in people) == {
        None: 27,
        "lung": 8,
        "para_aortic_ln": 12,
        "other": 8,
    }
    assert sum(p.systemic_after_recurrence for p in people) == 39
    volumes = [x.ptv_ml for x in lesions]
    assert (min(volumes), statistics.median(volumes), max(volumes)) == (0.3, 11.0, 721.0)
    assert [
        sum(low < v <= high for v in volumes) for low, high in ((0, 10), (10, 100), (100, 999))
    ] == [37, 26, 14]
    beds = [x.dose_total_gy * (1 + x.dose_total_gy / x.n_fractions / 10) for x in lesions]
    assert (min(beds), statistics.median(beds), max(beds)) == pytest.approx((57.6, 112.5, 180))
    assert sum(bed <= 110 for bed in beds) == 28


@pytest.mark.parametrize("seed", SEEDS)
def test_events_are_exact_for_any_seed(seed: int, tmp_path: Path) -> None:
    cohort = Cohort.read(write_cohort(tmp_path / "c", seed))
    people = cohort.patients
    assert sum(p.death for p in people) == 39
    moved = Counter(p.disease_class for p in people if p.progression)
    assert moved == {"oligo_recurrence": 14, "oligo_progression": 24}
    outside = Counter(p.disease_class for p in people if p.fail_extrahepatic)
    assert outside == {"oligo_recurrence": 8, "oligo_progression": 21}
    where = Counter(s for p in people for s in p.extrahepatic_failure_sites or ())
    assert where == {"lung": 14, "bone": 7, "lymph_node": 7, "peritoneum": 1}
    assert sum(p.fail_local for p in people) == 11
    assert Counter(s.status for s in cohort.screening or ()) == {"included": 55, "excluded": 17}
    grades = [(t.term == "ascites", t.grade) for t in cohort.toxicity or ()]
    assert (len(grades), sum(a for a, _ in grades), max(g for _, g in grades)) == (17, 2, 2)


@pytest.mark.parametrize("seed", SEEDS)
def test_lesion_counts_of_groups_are_exact(seed: int) -> None:
    structure = draw_structure(seed)
    of = {p.number: p for p in structure.people}
    lesions = [of[t.person] for t in structure.targets]
    assert sum(p.age_years <= 63 for p in lesions) == 38
    assert sum(p.sex == "M" for p in lesions) == 44
    assert sum(bool(p.site) for p in lesions) == 39
    assert sum(p.systemic for p in lesions) == 57
    assert sum(p.primary == "colorectal" for p in lesions) == 57


def product_limit(times: list[float], events: list[int], horizon: float) -> float:
    surviving = 1.0
    for day in sorted({t for t, e in zip(times, events, strict=True) if e and t <= horizon}):
        failed = sum(t == day and e == 1 for t, e in zip(times, events, strict=True))
        surviving *= 1 - failed / sum(t >= day for t in times)
    return surviving


def test_rates_of_the_stored_draw_are_those_printed(synthetic: Cohort) -> None:
    """By plain loops over the records: LC 83 / 68, TTP 46 / 22, OS 56 / 20 %, median OS 40."""
    month = 30.4375
    lc = [
        (x.local_failure_day if x.local_failure else x.last_imaging_day, x.local_failure)
        for x in synthetic.lesions
    ]
    ttp = [
        (p.progression_day if p.progression else p.last_contact_day, p.progression)
        for p in synthetic.patients
    ]
    survival = [(p.last_contact_day - p.dx_day, p.death) for p in synthetic.patients]
    for data, months, printed in (
        (lc, 12, 83), (lc, 24, 68), (ttp, 12, 46), (ttp, 24, 22), (survival, 24, 56),
        (survival, 60, 20),
    ):  # fmt: skip
        times, events = [float(t or 0) for t, _ in data], [e for _, e in data]
        assert math.floor(100 * product_limit(times, events, months * month) + 0.5) == printed
    times = [float(t) for t, _ in survival]
    events = [e for _, e in survival]
    median = min(t for t in sorted(times) if product_limit(times, events, t) < 0.5)
    assert median / month == pytest.approx(40, abs=0.5)


#: Sides of .05 that the study printed: True for below.
BELOW = {
    "table2": {"PTV, mL", "BED of the prescription, Gy10", "PTV in three, mL"},
    "table3_ttp": {"Sex", "Extra-hepatic disease", "Diagnosis to SBRT, months"},
    "table3_os_dx": {"Cumulative PTV (sum), mL", "Extra-hepatic disease"},
}


def test_every_logrank_of_the_stored_draw_is_on_the_printed_side(paper: Study) -> None:
    for table, below in BELOW.items():
        ps = {
            row.row: row.value
            for row in paper.rows
            if row.table == table
            and row.method.startswith("log-rank")
            and "trend" not in row.method
        }
        assert len(ps) >= 8
        assert {name for name, p in ps.items() if p is not None and p < 0.05} == below


#: Level of each factor that does worse than its reference (True), or better; the same on every
#: endpoint: large volumes, low BED, other primaries, extra-hepatic disease, several targets, early
#: treatment after the diagnosis.
WORSE = {
    ("Age at SBRT, years", "> 63"): True,
    ("Sex", "female"): False,
    ("Primary tumour", "other"): True,
    ("Extra-hepatic disease", "yes"): True,
    ("Systemic therapy after recurrence", "yes"): True,
    ("PTV, mL", "> 10"): True,
    ("PTV in three, mL", "> 10 to 100"): True,
    ("PTV in three, mL", "> 100"): True,
    ("BED of the prescription, Gy10", "> 110"): False,
    ("BED of the prescription, Gy10, min of the patient's lesions", "> 110"): False,
    ("Diagnosis to SBRT, months", "> 12"): False,
    ("Targets", "2-4"): True,
    ("Cumulative PTV (sum), mL", "> 50"): True,
}


@pytest.mark.parametrize("table", BELOW)
def test_every_factor_points_where_it_does_in_the_study(paper: Study, table: str) -> None:
    ratios = {
        (row.row, row.level): row.value
        for row in paper.rows
        if row.table == table
        and row.quantity.startswith("hazard ratio")
        and not row.level.startswith("per ")
    }
    assert len(ratios) >= 9
    for place, ratio in ratios.items():
        assert ratio is not None
        assert (ratio > 1) == WORSE[place], place


def logrank_by_loops(times: list[float], events: list[int], second: list[bool]) -> float:
    """Chi-square of two groups: observed minus expected over its hypergeometric variance."""
    excess, variance = 0.0, 0.0
    for day in sorted({t for t, e in zip(times, events, strict=True) if e}):
        at_risk = [s for t, s in zip(times, second, strict=True) if t >= day]
        failed = [s for t, e, s in zip(times, events, second, strict=True) if e and t == day]
        n, n2, d = len(at_risk), sum(at_risk), len(failed)
        excess += sum(failed) - d * n2 / n
        if n > 1:
            variance += d * (n2 / n) * (1 - n2 / n) * (n - d) / (n - 1)
    return excess**2 / variance


def test_survival_by_class_has_the_printed_p(synthetic: Cohort) -> None:
    """By plain loops over the records: p .007, chi-square 7.27."""
    people = synthetic.patients
    times = [float(p.last_contact_day - p.dx_day) for p in people]
    other = [p.disease_class == "oligo_progression" for p in people]
    found = logrank_by_loops(times, [p.death for p in people], other)
    p = math.erfc(math.sqrt(found / 2))
    assert math.floor(1000 * p + 0.5) == 7


def test_control_by_size_is_near_the_printed(synthetic: Cohort) -> None:
    """Thirds of PTV at 12 months: 95, 86, 44 %."""
    for low, high, printed in ((0, 10, 95), (10, 100, 86), (100, 999, 44)):
        own = [x for x in synthetic.lesions if low < x.ptv_ml <= high]
        times = [float(x.local_failure_day or x.last_imaging_day) for x in own]
        rate = product_limit(times, [x.local_failure for x in own], 12 * 30.4375)
        assert 100 * rate == pytest.approx(printed, abs=3)


def test_a_seed_is_a_cohort(tmp_path: Path, synthetic_folder: Path) -> None:
    again = write_cohort(tmp_path / "again")
    other = write_cohort(tmp_path / "other", 3)
    for path in synthetic_folder.glob("*.csv"):
        assert (again / path.name).read_bytes() == path.read_bytes()
        assert all(
            line.rstrip().endswith("SYNTHETIC") or i == 0
            for i, line in enumerate(path.read_text().splitlines())
        )
    assert (other / "patients.csv").read_bytes() != (again / "patients.csv").read_bytes()
