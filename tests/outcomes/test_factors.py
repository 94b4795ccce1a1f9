"""Groups, by hand from the small cohort: half-open cuts, patient-level BED, cumulative PTV."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from rtvol.errors import UsageError
from rtvol.outcomes import Analysis
from rtvol.outcomes.factors import at, factor_of

if TYPE_CHECKING:
    from conftest import Draft
    from rtvol.outcomes import Cohort

#: D (1 + d / 10) of the eight lesions.
BED10 = (112.5, 180, 80, 105.6, 112.5, 57.6, 151.2, 151.2)


def groups(cohort: Cohort, name: str, unit: str, **settings: object) -> list[int]:
    analysis = Analysis(**settings)  # type: ignore[arg-type]
    return factor_of(cohort, name, unit, analysis).group.tolist()  # type: ignore[arg-type]


def test_a_value_at_the_cut_is_in_the_lower_group(small: Cohort) -> None:
    # PTV 50 8 5 150 20 100 10 15
    assert groups(small, "ptv", "lesion") == [1, 0, 0, 1, 1, 1, 0, 1]
    assert groups(small, "ptv_thirds", "lesion") == [1, 0, 0, 2, 1, 1, 0, 1]
    assert groups(small, "age", "patient") == [0, 1, 0, 0, 1, 1]  # 60 70 55 63 64 80


def test_factors_of_patients_go_to_their_lesions(small: Cohort) -> None:
    assert groups(small, "sex", "patient") == [0, 1, 0, 1, 0, 1]
    assert groups(small, "sex", "lesion") == [0, 0, 1, 0, 1, 0, 1, 1]
    assert groups(small, "primary", "lesion") == [0, 0, 1, 0, 1, 0, 1, 1]
    assert groups(small, "extrahepatic", "patient") == [0, 1, 0, 1, 0, 1]
    assert groups(small, "targets", "patient") == [1, 0, 0, 0, 0, 1]
    assert groups(small, "interval", "patient") == [0, 0, 1, 0, 0, 0]  # 400 days are 13.1 months


def test_bed_by_lesion_and_by_rule_for_patients(small: Cohort) -> None:
    factor = factor_of(small, "bed", "lesion", Analysis())
    assert factor.group.tolist() == [int(bed > 110) for bed in BED10]
    assert factor.continuous is not None
    np.testing.assert_allclose(factor.continuous, np.array(BED10) / 10)
    p01 = {
        "min": 112.5,
        "max": 180.0,
        "mean": 146.25,
        "ptv_weighted": (112.5 * 50 + 180 * 8) / 58,
    }
    for rule, bed in p01.items():
        by = factor_of(small, "bed", "patient", Analysis(patient_bed=rule))  # type: ignore[arg-type]
        assert by.continuous is not None
        assert by.continuous[0] == pytest.approx(bed / 10)
        assert rule in by.label
        assert "Gy10" in by.label


def test_bed_has_the_ratio_of_the_settings(small: Cohort) -> None:
    factor = factor_of(small, "bed", "lesion", Analysis(alpha_beta_gy=3))
    assert factor.continuous is not None
    assert factor.continuous[0] == pytest.approx(45 * (1 + 15 / 3) / 10)
    assert "Gy3" in factor.label


def test_cumulative_ptv_is_the_sum_or_the_union(draft: Draft) -> None:
    draft.set("patients", 0, cptv_union_ml=55)
    cohort = draft.read()
    factor = factor_of(cohort, "cptv", "patient", Analysis())
    assert factor.group.tolist() == [1, 0, 1, 0, 1, 0]  # 58 5 150 20 100 25
    assert factor.continuous is not None
    np.testing.assert_allclose(2**factor.continuous, [58, 5, 150, 20, 100, 25])
    with pytest.raises(UsageError, match="union-unknown"):
        factor_of(cohort, "cptv", "patient", Analysis(cumulative_ptv="union"))
    for row, union in enumerate((55, 5, 150, 20, 100, 25)):
        draft.set("patients", row, cptv_union_ml=union)
    by_union = factor_of(draft.read(), "cptv", "patient", Analysis(cumulative_ptv="union"))
    assert by_union.continuous is not None
    assert 2 ** by_union.continuous[0] == pytest.approx(55)


def test_systemic_therapy_counts_when_it_began_by_the_origin(small: Cohort) -> None:
    # P01 from day -20, P03 from day 50, P05 without a day
    assert groups(small, "systemic", "patient") == [1, 0, 0, 0, 1, 0]
    assert groups(small, "systemic", "patient", systemic_rule="as_coded") == [1, 0, 1, 0, 1, 0]
    assert groups(small, "systemic", "patient", landmark_months=2) == [1, 0, 1, 0, 1, 0]
    note = factor_of(small, "systemic", "patient", Analysis()).note
    assert "1 began after the origin" in note
    assert "start not given in 1" in note


def test_unknown_sex_is_in_no_group(draft: Draft) -> None:
    assert groups(draft.set("patients", 0, sex="unknown").read(), "sex", "patient")[0] == -1


def test_groups_follow_an_endpoint_that_lost_rows(small: Cohort) -> None:
    settings = Analysis(landmark_months=10)
    endpoint = small.endpoint("os", settings)
    assert endpoint.patients == ("P01", "P02", "P04", "P05", "P06")
    assert at(factor_of(small, "sex", "patient", settings), endpoint).tolist() == [0, 1, 1, 0, 1]


def test_a_patient_has_no_single_ptv(small: Cohort) -> None:
    with pytest.raises(UsageError, match="unknown-factor"):
        factor_of(small, "ptv", "patient", Analysis())


def test_cuts_say_how_they_were_chosen(small: Cohort) -> None:
    assert "data-driven" in factor_of(small, "ptv", "lesion", Analysis()).note
    fixed = Analysis.model_validate({"cut_points": {"ptv_ml": {"at": 10, "pre_specified": True}}})
    assert factor_of(small, "ptv", "lesion", fixed).note == "pre-specified cut"


def test_labels_can_be_given(small: Cohort) -> None:
    assert factor_of(small, "age", "patient", Analysis(labels={"age": "Alter"})).label == "Alter"
