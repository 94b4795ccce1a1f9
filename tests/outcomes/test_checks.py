"""Every error and warning of the data check: what breaks it, and what the message names."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from rtvol.codes import CODES
from rtvol.codes.outcomes import CODES as OUTCOME_CODES
from rtvol.outcomes import Analysis, Cohort, CohortRejected
from rtvol.outcomes.privacy import HIDDEN

if TYPE_CHECKING:
    from conftest import Draft
    from rtvol.outcomes.problems import Problem

Break = "Callable[[Draft], Any]"


def problems_of(draft: Draft) -> tuple[Problem, ...]:
    try:
        return draft.read().warnings
    except CohortRejected as rejected:
        return rejected.problems


# code, file, row (as a spreadsheet counts), column, how to break the small cohort
ERRORS: list[tuple[str, str, int, str, Any]] = [
    ("missing-column", "patients.csv", 1, "sex", lambda d: d.drop("patients", "sex")),
    ("missing-value", "patients.csv", 3, "sex", lambda d: d.set("patients", 1, sex="")),
    ("duplicate-key", "lesions.csv", 3, "lesion_id", lambda d: d.set("lesions", 1, lesion_id="L1")),
    ("orphan-key", "toxicity.csv", 2, "patient_id",
     lambda d: d.set("toxicity", 0, patient_id="P99")),
    ("orphan-key", "lesion_followup.csv", 2, "lesion_id",
     lambda d: d.set("lesion_followup", 0, lesion_id="L9")),
    ("lesion-without-followup", "lesions.csv", 2, "lesion_id",
     lambda d: d.tables["lesion_followup"].pop(0)),
    ("orphan-key", "patients.csv", 7, "patient_id", lambda d: (
        d.tables["lesions"].__delitem__(slice(6, 8)),
        d.tables["lesion_followup"].__delitem__(slice(6, 8)))),
    ("unknown-code", "patients.csv", 2, "primary_site",
     lambda d: d.set("patients", 0, primary_site="colorectl")),
    ("unknown-code", "patients.csv", 2, "death", lambda d: d.set("patients", 0, death="yes")),
    ("unknown-code", "patients.csv", 4, "extrahepatic_failure_sites",
     lambda d: d.set("patients", 2, extrahepatic_failure_sites="lung;brain")),
    ("coded-one-two", "patients.csv", 0, "death",
     lambda d: d.column("patients", "death", {"0": "1", "1": "2"}.__getitem__)),
    ("not-a-number", "lesions.csv", 2, "ptv_ml", lambda d: d.set("lesions", 0, ptv_ml="50 mL")),
    ("decimal-comma", "lesions.csv", 2, "ptv_ml", lambda d: d.set("lesions", 0, ptv_ml="50,5")),
    ("not-whole", "lesions.csv", 2, "n_fractions",
     lambda d: d.set("lesions", 0, n_fractions="3.5")),
    ("out-of-range", "lesions.csv", 2, "n_fractions",
     lambda d: d.set("lesions", 0, n_fractions="60")),
    ("out-of-range", "patients.csv", 2, "age_at_sbrt_years",
     lambda d: d.set("patients", 0, age_at_sbrt_years="12")),
    ("volume-not-positive", "lesions.csv", 2, "gtv_ml", lambda d: d.set("lesions", 0, gtv_ml="0")),
    ("volume-unit", "lesions.csv", 0, "ptv_ml",
     lambda d: d.column("lesions", "ptv_ml", lambda v: str(float(v) * 1000))),
    ("volume-unit", "lesions.csv", 2, "ptv_ml", lambda d: d.set("lesions", 0, ptv_ml="50000")),
    ("volume-unit", "lesions.csv", 0, "ptv_ml",
     lambda d: d.column("lesions", "ptv_ml", lambda v: str(float(v) / 1000))),
    ("volume-order", "lesions.csv", 2, "gtv_ml", lambda d: d.set("lesions", 0, gtv_ml="30")),
    ("dose-in-cgy", "lesions.csv", 2, "dose_total_gy",
     lambda d: d.set("lesions", 0, dose_total_gy="4500")),
    ("dose-in-cgy", "lesions.csv", 2, "ptv_d95_gy",
     lambda d: d.set("lesions", 0, ptv_d95_gy="4400")),
    ("dose-too-high", "lesions.csv", 2, "ptv_d95_gy",
     lambda d: d.set("lesions", 0, ptv_d95_gy="144")),
    ("bed-disagrees", "lesions.csv", 2, "bed10_rx_gy",
     lambda d: d.set("lesions", 0, bed10_rx_gy="113")),
    ("fraction-dose-disagrees", "lesions.csv", 2, "dose_per_fraction_gy",
     lambda d: d.set("lesions", 0, dose_per_fraction_gy="10")),
    ("sums-disagree", "patients.csv", 2, "n_lesions",
     lambda d: d.set("patients", 0, n_lesions="1")),
    ("sums-disagree", "patients.csv", 2, "cptv_ml", lambda d: d.set("patients", 0, cptv_ml="50")),
    ("sums-disagree", "patients.csv", 2, "cptv_union_ml",
     lambda d: d.set("patients", 0, cptv_union_ml="60")),
    ("first-day-not-zero", "lesions.csv", 0, "sbrt_start_day",
     lambda d: d.set("lesions", 2, sbrt_start_day="5")),
    ("before-sbrt", "lesion_followup.csv", 4, "last_imaging_day",
     lambda d: d.set("lesion_followup", 2, last_imaging_day="-4")),
    ("before-sbrt", "patients.csv", 2, "progression_day",
     lambda d: d.set("patients", 0, progression_day="-1")),
    ("before-sbrt", "lesion_followup.csv", 9, "last_imaging_day",
     lambda d: d.set("lesion_followup", 7, last_imaging_day="30")),
    ("before-sbrt", "toxicity.csv", 2, "onset_day", lambda d: d.set("toxicity", 0, onset_day="-3")),
    ("diagnosis-after-sbrt", "patients.csv", 2, "dx_day",
     lambda d: d.set("patients", 0, dx_day="30")),
    ("after-death", "lesion_followup.csv", 3, "last_imaging_day",
     lambda d: d.set("lesion_followup", 1, last_imaging_day="420")),
    ("after-death", "patients.csv", 2, "progression_day",
     lambda d: d.set("patients", 0, progression_day="500", fail_local_day="500")),
    ("after-death", "toxicity.csv", 2, "onset_day",
     lambda d: d.set("toxicity", 0, onset_day="401")),
    ("after-last-contact", "lesion_followup.csv", 4, "last_imaging_day",
     lambda d: d.set("lesion_followup", 2, last_imaging_day="801")),
    ("event-without-day", "patients.csv", 2, "death_day",
     lambda d: d.set("patients", 0, death_day="")),
    ("event-without-day", "lesion_followup.csv", 2, "local_failure_day",
     lambda d: d.set("lesion_followup", 0, local_failure_day="")),
    ("day-without-event", "patients.csv", 3, "death_day",
     lambda d: d.set("patients", 1, death_day="800")),
    ("day-without-event", "lesion_followup.csv", 3, "local_failure_day",
     lambda d: d.set("lesion_followup", 1, local_failure_day="90")),
    ("death-not-last-contact", "patients.csv", 2, "last_contact_day",
     lambda d: d.set("patients", 0, last_contact_day="410")),
    ("progression-without-component", "patients.csv", 4, "progression",
     lambda d: d.set("patients", 2, fail_intrahepatic="0", fail_intrahepatic_day="",
                     fail_extrahepatic="0", fail_extrahepatic_day="")),
    ("component-without-progression", "patients.csv", 3, "progression",
     lambda d: d.set("patients", 1, fail_intrahepatic="1", fail_intrahepatic_day="50")),
    ("progression-not-earliest", "patients.csv", 4, "progression_day",
     lambda d: d.set("patients", 2, fail_extrahepatic_day="280")),
    ("lesion-failed-patient-not", "patients.csv", 2, "fail_local",
     lambda d: d.set("patients", 0, fail_local="0", fail_local_day="", fail_intrahepatic="1",
                     fail_intrahepatic_day="100")),
    ("patient-failed-lesion-not", "patients.csv", 4, "fail_local",
     lambda d: d.set("patients", 2, fail_local="1", fail_local_day="300")),
    ("failure-before-progression", "patients.csv", 2, "progression_day",
     lambda d: d.set("lesion_followup", 0, local_failure_day="90")),
    ("local-day-disagrees", "patients.csv", 2, "fail_local_day",
     lambda d: d.set("lesion_followup", 0, local_failure_day="90")),
    ("class-disagrees", "patients.csv", 2, "extrahepatic_disease",
     lambda d: d.set("patients", 0, extrahepatic_disease="1", extrahepatic_site="lung")),
    ("bad-grade", "toxicity.csv", 2, "grade", lambda d: d.set("toxicity", 0, grade="0")),
    ("grade-without-death", "toxicity.csv", 4, "grade", lambda d: d.set("toxicity", 2, grade="5")),
    ("screening-disagrees", "screening.csv", 2, "status",
     lambda d: d.set("screening", 0, status="excluded", reason="x")),
    ("not-a-day", "patients.csv", 2, "dx_day", lambda d: d.set("patients", 0, dx_day="2010-03-01")),
    ("bad-pseudonym", "lesions.csv", 2, "lesion_id",
     lambda d: d.set("lesions", 0, lesion_id="left lobe")),
    ("id-is-number", "lesions.csv", 2, "patient_id",
     lambda d: d.set("lesions", 0, patient_id="1.2E+05")),
    ("identifying-column", "patients.csv", 1, "birth_date",
     lambda d: d.set("patients", 0, birth_date="x")),
    ("identifying-column", "patients.csv", 1, "PatientName",
     lambda d: d.set("patients", 0, PatientName="x")),
    ("identifying-column", "patients.csv", 1, "mrn", lambda d: d.set("patients", 0, mrn="x")),
    ("identifying-value", "patients.csv", 2, "ward",
     lambda d: d.set("patients", 0, ward="Jane Smith")),
    ("identifying-value", "lesions.csv", 2, "source_hash",
     lambda d: d.set("lesions", 0, source_hash="1.2.840.113619.2.55.3")),
    ("identifying-value", "toxicity.csv", 2, "term",
     lambda d: d.set("toxicity", 0, term="DOE^JOHN")),
    ("identifying-value", "patients.csv", 2, "code",
     lambda d: d.set("patients", 0, code="12345678")),
    ("identifying-value", "patients.csv", 2, "patient_id",
     lambda d: d.set("patients", 0, patient_id="00412345")),
    ("identifying-value", "patients.csv", 2, "seen",
     lambda d: d.set("patients", 0, seen="12/03/1951")),
]  # fmt: skip

WARNINGS: list[tuple[str, str, int, str, Any]] = [
    ("extra-column", "patients.csv", 1, "ward", lambda d: d.set("patients", 0, ward="3b")),
    ("column-alias", "lesions.csv", 1, "ptv_cc", lambda d: d.rename("lesions", "ptv_ml", "ptv_cc")),
    ("no-followup", "patients.csv", 3, "last_contact_day",
     lambda d: (d.set("patients", 1, last_contact_day="0"), d.tables["toxicity"].pop(2),
                d.set("lesion_followup", 2, last_imaging_day="0"))),
    ("low-d95", "lesions.csv", 2, "ptv_d95_gy", lambda d: d.set("lesions", 0, ptv_d95_gy="35.9")),
    ("imaging-gap", "lesion_followup.csv", 7, "last_imaging_day", lambda d: d),
    ("imaging-before-failure", "lesion_followup.csv", 2, "last_imaging_day",
     lambda d: d.set("lesion_followup", 0, last_imaging_day="90")),
    ("unusual-fractionation", "lesions.csv", 2, "dose_total_gy",
     lambda d: d.set("lesions", 0, n_fractions="20", bed10_rx_gy="55.13")),
    ("site-empty", "patients.csv", 3, "extrahepatic_site",
     lambda d: d.set("patients", 1, extrahepatic_site="")),
    ("often-missing", "lesions.csv", 0, "gtv_ml", lambda d: d.set("lesions", 0, gtv_ml="")),
    ("assessed-assumed", "patients.csv", 0, "toxicity_assessed_acute", lambda d: d),
    ("few-at-risk", "lc at 12 months", 0, "", lambda d: d),
    ("margin-floor", "lesion P01 L1", 0, "ptv_ml", lambda d: d.set("lesions", 0, ptv_ml="27")),
]  # fmt: skip


def test_the_small_cohort_has_no_error(small: Cohort) -> None:
    assert {p.code for p in small.warnings} == {"imaging-gap", "assessed-assumed", "few-at-risk"}


@pytest.mark.parametrize(
    ("code", "file", "row", "column", "spoil"), ERRORS, ids=[f"{e[0]}-{e[3]}" for e in ERRORS]
)
def test_error(draft: Draft, code: str, file: str, row: int, column: str, spoil: Any) -> None:
    spoil(draft)
    with pytest.raises(CohortRejected) as caught:
        draft.read()
    own = [p for p in caught.value.problems if p.code == code and p.place.column == column]
    assert (file, row) in {(p.place.file, p.place.row) for p in own}, caught.value.problems
    for problem in own:
        assert problem.severity == "error"
        assert problem.rule
        assert problem.remedy


@pytest.mark.parametrize(
    ("code", "file", "row", "column", "doubt"), WARNINGS, ids=[w[0] for w in WARNINGS]
)
def test_warning(draft: Draft, code: str, file: str, row: int, column: str, doubt: Any) -> None:
    doubt(draft)
    found = {(p.code, p.place.file, p.place.row, p.place.column) for p in draft.read().warnings}
    assert (code, file, row, column) in found


def test_too_many_targets_by_the_settings(draft: Draft) -> None:
    cohort = Cohort.read(draft.write(), Analysis(max_targets=1))
    assert [p.value for p in cohort.warnings if p.code == "many-targets"] == ["P01: 2", "P06: 2"]


def test_all_problems_come_in_one_pass(draft: Draft) -> None:
    draft.set("lesions", 0, ptv_ml="50,5").set("patients", 1, sex="woman")
    draft.set("toxicity", 0, grade="7").set("lesion_followup", 1, last_imaging_day="420")
    codes = {p.code for p in problems_of(draft) if p.severity == "error"}
    assert codes == {"decimal-comma", "unknown-code", "bad-grade", "after-death"}


def test_the_nearest_code_is_offered(draft: Draft) -> None:
    draft.set("patients", 0, primary_site="Colo-rectal", death="yes", sex="m")
    mends = {p.place.column: p.remedy for p in problems_of(draft) if p.code == "unknown-code"}
    assert mends == {"primary_site": "is it colorectal?", "death": "is it 1?", "sex": "is it M?"}


def test_ids_that_lost_their_zeros_are_told_apart_from_missing_ones(draft: Draft) -> None:
    for table in ("patients", "lesion_followup", "toxicity", "screening"):
        draft.column(table, "patient_id", lambda v: "00123" if v == "P01" else v)
    draft.column("lesions", "patient_id", lambda v: "123" if v == "P01" else v)
    orphans = [p for p in problems_of(draft) if p.code == "orphan-key"]
    assert orphans
    assert all("leading zeros" in p.remedy for p in orphans)


def test_leading_zeros_stay(draft: Draft) -> None:
    for table in draft.tables:
        draft.column(table, "patient_id", lambda v: "00123" if v == "P01" else v)
    assert draft.read().patients[0].patient_id == "00123"


def test_what_names_a_person_is_never_repeated(draft: Draft) -> None:
    draft.set("patients", 0, ward="Jane Smith", patient_name="Smith", code="12345678")
    draft.set("patients", 1, ward="John Miller").set("toxicity", 0, term="DOE^JOHN")
    found = [p for p in problems_of(draft) if p.code.startswith("identifying")]
    assert {p.value for p in found} == {HIDDEN}
    text = " ".join(f"{p.value} {p.rule} {p.remedy}" for p in problems_of(draft))
    for secret in ("Smith", "Jane", "12345678", "DOE"):
        assert secret not in text


def test_toxicity_terms_of_two_words_are_no_names(draft: Draft) -> None:
    draft.set("toxicity", 0, term="Abdominal Pain")
    assert not [p for p in problems_of(draft) if p.severity == "error"]


def test_a_second_course_may_start_later(small: Cohort) -> None:
    assert [x.sbrt_start_day for x in small.by_patient["P06"]] == [0, 60]


def literals(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {
        n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)
    }


def test_every_code_of_the_data_check_is_tested() -> None:
    """A code that no test names could be one that never fires."""
    here = Path(__file__).parent
    named = set().union(*(literals(path) for path in here.glob("test_*.py")))
    named |= set().union(
        *(literals(path) for path in (here.parent / "cli").glob("test_outcomes*.py"))
    )
    named |= {word.strip("[]") for text in named for word in text.split()}
    assert {code for code in OUTCOME_CODES if code not in named} == set()
    assert set(OUTCOME_CODES) <= set(CODES)
