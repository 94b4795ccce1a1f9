"""Few patients: curves, restricted means and Fine-Gray by t; dose-response by patient."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as peer

from rtvol.outcomes import stats


def lesions(seed: int, patients: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Times, kinds (0, 1, 2) and patient of lesions, up to four a patient."""
    random = np.random.default_rng(seed)
    patient = np.repeat(np.arange(patients), random.integers(1, 5, patients))
    time = random.exponential(20, patient.size) * random.gamma(2, 0.5, patients)[patient]
    return np.round(time, 1), random.integers(0, 3, patient.size), patient


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 19))
def test_curves_of_few_patients_have_limits_by_t(seed: int, patients: int) -> None:
    time, kind, patient = lesions(seed, patients)
    grow = patients / (patients - 1)
    quantile = peer.t.isf(0.025, patients - 1)
    km = stats.kaplan_meier(time, kind == 1, cluster=patient)
    cif = stats.cumulative_incidence(time, kind, cause=1, cluster=patient)
    for plain, values in ((km, km.survival), (cif, cif.incidence)):
        few = stats.curve_for_few(plain)
        known = ~np.isnan(plain.se)
        assert few.errors
        assert few.se[known] ** 2 == pytest.approx(plain.se[known] ** 2 * grow)
        for place in np.flatnonzero(known):
            s = values[place]
            reach = quantile * math.sqrt(grow) * plain.se[place] / (s * math.log(s))
            ends = sorted((s ** math.exp(reach), s ** math.exp(-reach)))
            assert [few.lower[place], few.upper[place]] == pytest.approx(ends)
        assert few.lower_naive == pytest.approx(plain.lower_naive, nan_ok=True)


@pytest.mark.parametrize("patients", [1, 20, 60])
def test_other_curves_stay(patients: int) -> None:
    time, kind, patient = lesions(3, patients)
    curve = stats.kaplan_meier(time, kind == 1, cluster=patient)
    assert stats.curve_for_few(curve) is curve
    alone = stats.kaplan_meier(time, kind == 1)
    assert stats.curve_for_few(alone) is alone


def test_readings_say_that_patients_were_few() -> None:
    time, kind, patient = lesions(5, 9)
    curve = stats.curve_for_few(stats.kaplan_meier(time, kind == 1, cluster=patient))
    rate, middle = stats.survival_at(curve, 10), stats.median_time(curve)
    assert "limits by t" in rate.note
    assert "limits by t" in middle.note
    raw = stats.rmst(stats.kaplan_meier(time, kind == 1, cluster=patient), 20)
    mean = stats.rmst(curve, 20)
    assert mean.upper is not None
    assert raw.upper is not None
    wider = peer.t.isf(0.025, 8) * math.sqrt(9 / 8) / peer.norm.isf(0.025)
    assert mean.upper - mean.value == pytest.approx(wider * (raw.upper - raw.value))


def test_fine_gray_of_few_patients() -> None:
    time, kind, patient = lesions(7, 12)
    x = np.random.default_rng(1).normal(size=(time.size, 1))
    plain = stats.fine_gray(time, kind, x, names=["x"], cluster=patient)
    few = stats.fine_gray_for_few(plain)
    (before,), (after,) = plain.terms, few.terms
    se = before.se * math.sqrt(12 / 11)
    assert after.se == pytest.approx(se)
    assert math.log(after.upper) == pytest.approx(before.coef + peer.t.isf(0.025, 11) * se)
    assert after.p == pytest.approx(2 * peer.t.sf(abs(before.coef) / se, 11))
    many = stats.fine_gray(time, kind, x, names=["x"])
    assert stats.fine_gray_for_few(many) is many


def doses(seed: int, patients: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    dose = random.uniform(50, 180, patients)
    fails = random.random(patients) > 1 / (1 + np.exp(-(-3 + 0.03 * dose)))
    time = np.where(fails, random.uniform(1, 23, patients), random.uniform(2, 60, patients))
    return np.round(time, 2), fails, dose


@pytest.mark.parametrize("how", ["censored", "known"])
@pytest.mark.parametrize("patients", [14, 45])
def test_copies_of_lesions_within_patients_tell_nothing_new(how: str, patients: int) -> None:
    time, fails, dose = doses(11, patients)
    patient = np.arange(patients)
    one = stats.dose_response(time, fails, dose, horizon=24, how=how, cluster=patient)
    copied = (np.tile(part, 3) for part in (time, fails, dose))
    three = stats.dose_response(*copied, horizon=24, how=how, cluster=np.tile(patient, 3))
    assert three.p == pytest.approx(one.p, rel=1e-6)
    for a, b in ((one.d50, three.d50), (one.gamma50, three.gamma50)):
        for end in ("lower", "upper"):
            known = [getattr(x, end) for x in (a, b)]
            assert (known[0] is None) == (known[1] is None)
            assert known[0] is None or known[1] == pytest.approx(known[0], rel=1e-5)
    # as if independent they seem to tell three times as much
    assert three.p_naive < one.p_naive
    assert (one.errors != "") == (patients < 20)


def test_lesions_of_one_patient_give_no_limits() -> None:
    time, fails, dose = doses(11, 45)
    fit = stats.dose_response(time, fails, dose, horizon=24, cluster=np.zeros(45))
    assert fit.p is None
    assert fit.d50.lower is None
    assert "no limits" in fit.d50.note
    assert fit.d50_naive.lower is not None
