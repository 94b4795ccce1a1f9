"""Endpoints, worked out by hand from the story in conftest: days, events, ties, windows."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from rtvol.errors import UsageError
from rtvol.outcomes import Analysis

if TYPE_CHECKING:
    from conftest import Draft
    from rtvol.outcomes import Cohort, Endpoint

PATIENTS = ("P01", "P02", "P03", "P04", "P05", "P06")


def rows(endpoint: Endpoint) -> list[tuple[str, float, int]]:
    days, status = endpoint.time_days.tolist(), endpoint.status.tolist()
    return list(zip(endpoint.patients, days, status, strict=True))


def test_local_control_ends_at_imaging_or_salvage(small: Cohort) -> None:
    assert rows(small.endpoint("lc")) == [
        ("P01", 100, 1),
        ("P01", 350, 0),
        ("P02", 700, 0),
        ("P03", 250, 0),
        ("P04", 450, 0),
        ("P05", 300, 0),
        ("P06", 150, 0),  # salvage, though imaged until 600
        ("P06", 540, 0),  # its own first fraction is day 60
    ]


def test_death_competes_within_the_window_after_imaging(small: Cohort) -> None:
    assert rows(small.endpoint("lf_cif")) == [
        ("P01", 100, 1),
        ("P01", 400, 2),  # imaged 350, dead 50 days later
        ("P02", 700, 0),
        ("P03", 300, 2),
        ("P04", 500, 2),
        ("P05", 300, 0),  # dead 600 days after the last imaging: unknown since
        ("P06", 150, 0),
        ("P06", 540, 0),
    ]


def test_every_death_competes_without_a_window(small: Cohort) -> None:
    endpoint = small.endpoint("lf_cif", Analysis(death_window_days=math.inf))
    assert rows(endpoint)[5] == ("P05", 900, 2)


def test_the_window_ends_on_its_day(draft: Draft) -> None:
    draft.set("lesion_followup", 4, last_imaging_day=500 - 183)
    assert rows(draft.read().endpoint("lf_cif"))[4] == ("P04", 500, 2)
    draft.set("lesion_followup", 4, last_imaging_day=500 - 184)
    assert rows(draft.read().endpoint("lf_cif"))[4] == ("P04", 500 - 184, 0)


def test_progression_is_censored_by_the_rule_of_the_settings(small: Cohort) -> None:
    contact = small.endpoint("ttp", Analysis(ttp_censoring="last_contact"))
    assert rows(contact) == [
        ("P01", 100, 1),
        ("P02", 800, 0),
        ("P03", 300, 1),
        ("P04", 500, 0),
        ("P05", 900, 0),
        ("P06", 600, 0),
    ]
    imaging = small.endpoint("ttp")
    assert imaging.time_days.tolist() == [100, 700, 300, 450, 300, 600]
    assert "last imaging" in imaging.label


def test_death_is_an_event_of_true_pfs_and_progression_comes_first_on_one_day(
    small: Cohort,
) -> None:
    assert rows(small.endpoint("pfs")) == [
        ("P01", 100, 1),
        ("P02", 800, 0),
        ("P03", 300, 1),
        ("P04", 500, 1),
        ("P05", 900, 1),
        ("P06", 600, 0),
    ]


def test_survival_by_origin(small: Cohort) -> None:
    dead = [1, 0, 1, 1, 1, 0]
    contact, diagnosis = [400, 800, 300, 500, 900, 600], [-30, -60, -400, 0, -90, -10]
    sbrt = small.endpoint("os")
    assert (sbrt.time_days.tolist(), sbrt.status.tolist()) == (contact, dead)
    from_diagnosis = small.endpoint("os_dx")
    expected = [last - first for last, first in zip(contact, diagnosis, strict=True)]
    assert from_diagnosis.time_days.tolist() == expected
    assert from_diagnosis.entry_days is None
    truncated = small.endpoint("os_dx_lt")
    assert truncated.time_days.tolist() == expected
    assert truncated.entry_days is not None
    assert truncated.entry_days.tolist() == [30, 60, 400, 0, 90, 10]


def test_who_is_followed_for_no_time_after_entry_is_dropped_and_counted(draft: Draft) -> None:
    draft.set("patients", 1, last_contact_day=0).set("lesion_followup", 2, last_imaging_day=0)
    draft.tables["toxicity"].pop(2)
    endpoint = draft.read().endpoint("os_dx_lt")
    assert endpoint.patients == ("P01", "P03", "P04", "P05", "P06")
    assert any(note.startswith("1 dropped") for note in endpoint.notes)


def test_components_compete_with_death_only(small: Cohort) -> None:
    expected = [("P01", 400, 2), ("P02", 800, 0), ("P03", 300, 1), ("P04", 500, 2)]
    expected += [("P05", 900, 2), ("P06", 600, 0)]
    assert rows(small.endpoint("ehr_cif")) == expected
    assert rows(small.endpoint("ihr_cif")) == expected


def test_a_component_without_a_day_takes_the_first_progression_and_says_so(draft: Draft) -> None:
    draft.set(
        "patients", 2, fail_extrahepatic_day="", progression_day=200, fail_intrahepatic_day=200
    )
    endpoint = draft.read().endpoint("ehr_cif")
    assert rows(endpoint)[2] == ("P03", 200, 1)
    assert endpoint.notes == ("1 x day of the component not given: first progression taken",)


def test_a_failure_after_salvage_is_censored_at_the_salvage(draft: Draft) -> None:
    draft.set("lesion_followup", 0, salvage_day=80)
    endpoint = draft.read().endpoint("lc")
    assert rows(endpoint)[0] == ("P01", 80, 0)
    assert endpoint.notes


def test_a_failure_on_the_day_of_salvage_is_a_failure(draft: Draft) -> None:
    draft.set("lesion_followup", 0, salvage_day=100)
    assert rows(draft.read().endpoint("lc"))[0] == ("P01", 100, 1)


def test_a_landmark_drops_what_came_before_and_restarts_the_clock(small: Cohort) -> None:
    settings = Analysis(landmark_months=10, ttp_censoring="last_contact")  # day 304.375
    endpoint = small.endpoint("ttp", settings)
    assert endpoint.patients == ("P02", "P04", "P05", "P06")
    np.testing.assert_allclose(endpoint.time_days, np.array([800, 500, 900, 600]) - 304.375)
    assert endpoint.index.tolist() == [1, 3, 4, 5]


def test_a_landmark_after_sbrt_keeps_the_clock_of_the_diagnosis(small: Cohort) -> None:
    """A landmark lies months after SBRT, when exposures are frozen, also if time counts from dx."""
    settings = Analysis(landmark_months=10)
    from_sbrt = small.endpoint("os", settings)
    assert 0 < len(from_sbrt.patients) < len(small.patients)
    for name in ("os_dx", "os_dx_lt"):
        whole, kept = small.endpoint(name), small.endpoint(name, settings)
        assert kept.patients == from_sbrt.patients
        assert kept.time_days.tolist() == whole.time_days[kept.index].tolist()
        assert "10 months from the first fraction" in kept.origin
    dx = [small.patients[i].dx_day for i in kept.index]
    assert kept.entry_days is not None
    np.testing.assert_allclose(kept.entry_days, 10 * 30.4375 - np.array(dx))
    np.testing.assert_allclose(kept.time_days - kept.entry_days, from_sbrt.time_days)


def test_the_last_fraction_as_origin(draft: Draft) -> None:
    settings = Analysis(origin="last_fraction")
    with pytest.raises(UsageError, match="origin-unknown"):
        draft.read().endpoint("lc", settings)
    for row, start in enumerate([0, 0, 0, 0, 0, 0, 0, 60]):
        draft.set("lesions", row, sbrt_end_day=start + 7)
    assert draft.read().endpoint("lc", settings).time_days.tolist()[:2] == [93, 343]


def test_months_are_mean_months(small: Cohort) -> None:
    endpoint = small.endpoint("os")
    np.testing.assert_allclose(endpoint.months, endpoint.time_days / 30.4375)


def test_an_unknown_endpoint_is_named_with_those_there_are(small: Cohort) -> None:
    with pytest.raises(UsageError, match="unknown-endpoint") as caught:
        small.endpoint("lcc")
    assert "lc, lf_cif, ttp, pfs" in caught.value.finding.mend


def test_clusters_number_the_patients(small: Cohort) -> None:
    assert small.endpoint("lc").cluster.tolist() == [0, 0, 1, 2, 3, 4, 5, 5]
    assert tuple(dict.fromkeys(small.endpoint("lc").patients)) == PATIENTS
