"""Own covariates, models, competing risks, dose-response, cut-points: as sheets, judged apart."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from rtvol.errors import UsageError
from rtvol.outcomes import Analysis, Cohort, CohortRejected, analyse, read_analysis, stats
from rtvol.outcomes.config import Covariate, CutSearch, DoseResponse, Model
from rtvol.outcomes.factors import factor_of
from rtvol.outcomes.tables.models import fit_models

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Draft
    from rtvol.outcomes import Study
    from rtvol.outcomes.results import Row, Sheet

KRAS = Covariate(name="kras", levels=("wild", "mutated"), label="KRAS", reference="wild")
CEA = Covariate(name="cea", kind="number", unit="ng/mL", per=10, cut={"at": 5})
CAPSULE = Covariate(name="capsule", table="lesions", levels=("no", "yes", "partly"))
OWN = Analysis(
    covariates=(KRAS, CEA, CAPSULE),
    table2_factors=("kras", "capsule", "ptv"),
    table3_factors=("kras", "cea", "sex"),
    models=(Model(endpoint="lc", factors=("capsule", "kras")),),
)


def with_own(draft: Draft) -> Draft:
    for row, (kras, cea) in enumerate(
        [("wild", "3"), ("mutated", "5"), ("mutated", "40.5"), ("", ""), ("wild", "7"),
         ("wild", "2")]
    ):  # fmt: skip
        draft.set("patients", row, kras=kras, cea=cea)
    for row, capsule in enumerate(["no", "yes", "no", "yes", "no", "yes", "no", "partly"]):
        draft.set("lesions", row, capsule=capsule)
    return draft


def sheet_of(done: Study, name: str) -> Sheet:
    return next(sheet for sheet in done.sheets if sheet.name == name)


def rows_of(done: Study, table: str, quantity: str = "") -> list[Row]:
    return [r for r in done.rows if r.table == table and r.quantity.startswith(quantity)]


def test_own_covariates_are_factors_like_others(draft: Draft) -> None:
    cohort = Cohort.read(with_own(draft).write(), OWN)
    kras = factor_of(cohort, "kras", "patient", OWN)
    assert kras.levels == ("wild", "mutated")
    assert kras.group.tolist() == [0, 1, 1, -1, 0, 0]
    assert "1 without a value" in kras.note
    cea = factor_of(cohort, "cea", "patient", OWN)
    assert cea.group.tolist() == [0, 0, 1, -1, 1, 0]
    assert cea.label == "cea, ng/mL"
    assert cea.continuous is not None
    assert cea.continuous[2] == pytest.approx(4.05)
    by_lesion = factor_of(cohort, "kras", "lesion", OWN)
    assert by_lesion.group.tolist() == [0, 0, 1, 1, -1, 0, 0, 0]
    capsule = factor_of(cohort, "capsule", "lesion", OWN)
    assert capsule.levels == ("no", "yes", "partly")
    done = analyse(cohort, OWN, "default")
    assert {r.row for r in rows_of(done, "table2", "count")} == {"KRAS", "capsule", "PTV, mL"}
    assert any(line[0] == "KRAS" for line in sheet_of(done, "table1").lines)


def test_the_reference_of_a_covariate_is_its_first_level(draft: Draft) -> None:
    other = KRAS.model_copy(update={"reference": "mutated"})
    analysis = OWN.model_copy(update={"covariates": (other, CEA, CAPSULE)})
    cohort = Cohort.read(with_own(draft).write(), analysis)
    assert factor_of(cohort, "kras", "patient", analysis).levels == ("mutated", "wild")


@pytest.mark.parametrize(
    ("column", "text", "code"),
    [("kras", "G12D", "unknown-code"), ("cea", "high", "not-a-number"), ("cea", "1,234",
     "decimal-comma")],
)  # fmt: skip
def test_cells_of_own_covariates_are_checked(
    draft: Draft, column: str, text: str, code: str
) -> None:
    folder = with_own(draft).set("patients", 0, **{column: text}).write()
    with pytest.raises(CohortRejected) as caught:
        Cohort.read(folder, OWN)
    assert code in {p.code for p in caught.value.problems}


def test_a_declared_covariate_must_be_there(draft: Draft) -> None:
    with pytest.raises(CohortRejected) as caught:
        Cohort.read(draft.write(), OWN)
    missing = [p for p in caught.value.problems if p.code == "missing-column"]
    assert {p.place.column for p in missing} == {"kras", "cea", "capsule"}


def test_lists_of_primaries_and_histologies_are_free(draft: Draft) -> None:
    draft.set("patients", 0, primary_site="hepatocellular", histology="sarcoma")
    lists = Analysis(
        primaries=("colorectal", "hepatocellular", "stomach", "cervix", "other"),
        histologies=("adenocarcinoma", "sarcoma", "scc", "other"),
        primary_reference="hepatocellular",
    )
    cohort = Cohort.read(draft.write(), lists)
    assert factor_of(cohort, "primary", "patient", lists).levels == ("hepatocellular", "other")
    assert "sarcoma" in factor_of(cohort, "histology", "patient", lists).levels


@pytest.mark.parametrize(
    "text",
    [
        '[[covariates]]\nname = "KRAS"\nlevels = ["a", "b"]',
        '[[covariates]]\nname = "ptv"\nlevels = ["a", "b"]',
        '[[covariates]]\nname = "kras"\nlevels = ["a"]',
        '[[covariates]]\nname = "kras"\nlevels = ["a", "b"]\nreference = "c"',
        '[[covariates]]\nname = "cea"\nkind = "number"\nlevels = ["a", "b"]',
        'table2_factors = ["shoe_size"]',
        'table3_factors = ["ptv"]',
        'incidence_factor = "ptv_thirds"',
        '[[models]]\nendpoint = "os"\nfactors = ["ptv"]',
        '[[models]]\nendpoint = "os"\nfactors = ["sex"]\nmethod = "fine_gray"',
        'primary_reference = "skin"',
        '[[cut_searches]]\nfactor = "ptv"\nendpoint = "os"',
    ],
)
def test_settings_that_cannot_be_met_are_refused_before_the_data(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.toml").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        read_analysis(tmp_path / "a.toml")
    assert caught.value.finding.code == "bad-analysis"


def test_a_multivariable_model_is_the_cox_model_of_its_columns(synthetic: Cohort) -> None:
    """Columns written down here; the fit itself is judged by R elsewhere."""
    asked = Model(endpoint="os", factors=("extrahepatic", "cptv", "sex"))
    analysis = Analysis(models=(asked,))
    (fitted,) = fit_models(synthetic, analysis)
    sums = {
        p.patient_id: math.fsum(x.ptv_ml for x in synthetic.by_patient[p.patient_id])
        for p in synthetic.patients
    }
    design = np.array(
        [
            (p.extrahepatic_disease == 1, sums[p.patient_id] > 50, p.sex == "F")
            for p in synthetic.patients
        ],
        dtype=float,
    )
    months = np.array([p.last_contact_day / 30.4375 for p in synthetic.patients])
    death = np.array([p.death for p in synthetic.patients])
    again = stats.cox(months, death, design, names=["a", "b", "c"])
    assert fitted.fit is not None
    assert fitted.fit.coef == pytest.approx(again.coef, rel=1e-9)
    assert fitted.events_per_parameter == pytest.approx(39 / 3)
    score = stats.concordance(months, death, design @ again.coef)
    assert fitted.concordance is not None
    assert fitted.concordance.value == pytest.approx(score.value)


def test_few_events_per_parameter_are_penalised_and_said(small: Cohort) -> None:
    analysis = Analysis(models=(Model(endpoint="os", factors=("sex", "age")),))
    done = analyse(small, analysis, "default")
    notes = " ".join(sheet_of(done, "model1").notes)
    assert "4 events for 2 parameters: 2 each." in notes.replace("2.0", "2")
    assert "Firth" in notes
    assert all("Firth" in r.method for r in rows_of(done, "model1", "adjusted hazard ratio"))


def test_a_model_of_a_competing_endpoint_is_fine_and_grays(synthetic: Cohort) -> None:
    analysis = Analysis(models=(Model(endpoint="ehr_cif", factors=("extrahepatic",)),))
    (fitted,) = fit_models(synthetic, analysis)
    endpoint = synthetic.endpoint("ehr_cif")
    outside = [float(p.extrahepatic_disease) for p in synthetic.patients]
    again = stats.fine_gray(endpoint.months, endpoint.status, outside, names=["x"])
    assert fitted.fit is not None
    assert fitted.fit.coef == pytest.approx(again.coef)


def test_competing_risks_by_group(synthetic: Cohort) -> None:
    done = analyse(synthetic, Analysis(), "default")
    endpoint = synthetic.endpoint("ehr_cif")
    outside = np.array([p.extrahepatic_disease for p in synthetic.patients])
    gray = stats.gray(endpoint.months, endpoint.status, outside)
    (row,) = list(rows_of(done, "competing", "p, extra"))
    assert row.value == pytest.approx(gray.p)
    counts = {line[1]: line[3].text for line in sheet_of(done, "competing").lines[-2:]}  # type: ignore[union-attr]
    assert counts == {"no": "8", "yes": "21"}


def test_dose_response_of_the_cohort(synthetic: Cohort) -> None:
    asked = DoseResponse(dose="eqd2", months=12, links=("logistic",), adjust_volume=False)
    done = analyse(synthetic, Analysis(dose_response=asked, alpha_beta_gy=10), "default")
    eqd2 = [
        x.dose_total_gy * (1 + x.dose_total_gy / x.n_fractions / 10) / 1.2
        for x in synthetic.lesions
    ]
    lc = synthetic.endpoint("lc")
    fit = stats.dose_response(lc.months, lc.event, eqd2, horizon=12, cluster=lc.cluster)
    (row,) = [r for r in rows_of(done, "dose_response", "D50") if r.row == "logistic, censored"]
    assert row.value == pytest.approx(fit.d50.value)
    # nobody censored before 12 months counts as controlled
    held = sum(m >= 12 for m in lc.months)
    failed = sum(e and m <= 12 for m, e in zip(lc.months, lc.event, strict=True))
    assert (fit.n_controlled, fit.n_failed) == (held - sum(lc.event & (lc.months == 12)), failed)
    assert fit.n_censored == 77 - fit.n_controlled - failed


def test_d50_of_a_curve_that_is_known() -> None:
    """Many lesions, all followed, drawn from a logistic curve of D50 100, gamma50 1.5."""
    random = np.random.default_rng(4)
    dose = random.uniform(50, 150, 4000)
    control = random.uniform(size=4000) < 1 / (1 + np.exp(-4 * 1.5 * (dose / 100 - 1)))
    time = np.where(control, 30.0, 24 * random.uniform(0.01, 1, 4000))
    fit = stats.dose_response(time, ~control, dose, horizon=24)
    assert fit.d50.lower is not None
    assert fit.d50.upper is not None
    assert fit.d50.lower < 100 < fit.d50.upper
    assert fit.d50.value == pytest.approx(100, abs=2)
    assert fit.gamma50.value == pytest.approx(1.5, abs=0.1)


def test_censoring_that_goes_with_failure_spoils_the_known_ones_not_all() -> None:
    """Early failures are seen, controls are censored early: known lesions look worse."""
    random = np.random.default_rng(9)
    n = 6000
    dose = random.uniform(50, 150, n)
    control = random.uniform(size=n) < 1 / (1 + np.exp(-4 * (dose / 100 - 1)))
    fail = np.where(control, 1e9, 24 * random.uniform(0, 1, n))
    seen = random.exponential(15, n)
    time, event = np.minimum(fail, seen), fail <= seen
    whole = stats.dose_response(time, event, dose, horizon=24)
    known = stats.dose_response(time, event, dose, horizon=24, how="known")
    assert whole.d50.value == pytest.approx(100, abs=4)
    assert abs((known.d50.value or 0) - 100) > 8


@pytest.mark.parametrize("link", ["logistic", "probit"])
def test_dose_that_does_not_help_has_no_d50(link: str) -> None:
    dose = [60.0, 70, 80, 90, 100, 110]
    fit = stats.dose_response([30, 30, 5, 30, 6, 7], [0, 0, 1, 0, 1, 1], dose, horizon=24,
                              link=link)  # type: ignore[arg-type]  # fmt: skip
    assert fit.d50.value is None
    assert "does not rise" in fit.d50.note


@pytest.mark.parametrize(
    ("time", "event"), [([30, 30, 30, 30], [0, 0, 0, 0]), ([3, 4, 5, 6], [1, 1, 1, 1])]
)
def test_dose_response_needs_both(time: list[float], event: list[int]) -> None:
    with pytest.raises(UsageError) as caught:
        stats.dose_response(time, event, [60.0, 70, 80, 90], horizon=24)
    assert caught.value.finding.code == "no-events"


def test_doses_that_separate_are_a_step_not_a_curve() -> None:
    with pytest.raises(UsageError) as caught:
        stats.dose_response([3.0, 4, 5, 30, 31, 32], [1, 1, 1, 0, 0, 0],
                            [60.0, 61, 62, 90, 91, 92], horizon=24)  # fmt: skip
    assert caught.value.finding.code == "no-finite-maximum"


def test_a_searched_cut_is_printed_with_its_price(synthetic: Cohort) -> None:
    asked = CutSearch(factor="ptv", bootstrap=20)
    done = analyse(synthetic, Analysis(cut_searches=(asked,)), "default")
    lc = synthetic.endpoint("lc")
    cut = stats.optimal_cut(lc.months, lc.event, [x.ptv_ml for x in synthetic.lesions],
                            bootstrap=20, seed=1)  # fmt: skip
    (row,) = rows_of(done, "cuts", "cut-point")
    assert (row.value, row.lower, row.upper) == (cut.cut, cut.cut_lower, cut.cut_upper)
    assert "data-driven" in row.method
    ps = {r.method: r.value for r in rows_of(done, "cuts", "p,")}
    assert cut.corrected.p in ps.values()
    assert cut.naive.p < cut.corrected.p
    none = analyse(synthetic, Analysis(cut_searches=(CutSearch(factor="sex"),)), "default")
    assert "NE" in str(sheet_of(none, "cuts").lines[0])


def test_table1_by_group_with_standardised_differences(synthetic: Cohort) -> None:
    """Age and sex by loops over the records."""
    done = analyse(synthetic, Analysis(table1_by="sex"), "default")
    gaps = {r.row: r.value for r in rows_of(done, "table1_groups", "standardised")}
    ages = {
        code: np.array([p.age_at_sbrt_years for p in synthetic.patients if p.sex == code])
        for code in "MF"
    }
    spread = math.sqrt((ages["M"].var(ddof=1) + ages["F"].var(ddof=1)) / 2)
    gap = abs(ages["M"].mean() - ages["F"].mean()) / spread
    assert gaps["Age at SBRT, years"] == pytest.approx(gap)
    outside = [np.mean([p.extrahepatic_disease for p in synthetic.patients if p.sex == code])
               for code in "MF"]  # fmt: skip
    pooled = math.sqrt(sum(p * (1 - p) for p in outside) / 2)
    expected = abs(outside[0] - outside[1]) / pooled
    assert gaps["Disease class"] == pytest.approx(expected)
    assert "Sex" not in gaps  # the groups themselves


def test_concordance_by_all_pairs() -> None:
    random = np.random.default_rng(2)
    time = random.integers(1, 12, 40)
    event = random.integers(0, 2, 40)
    risk = random.integers(0, 5, 40)
    won = pairs = 0.0
    for i in range(40):
        for j in range(40):
            first = event[i] and (time[i] < time[j] or (time[i] == time[j] and not event[j]))
            if first:
                pairs += 1
                won += (risk[i] > risk[j]) + 0.5 * (risk[i] == risk[j])
    assert stats.concordance(time, event, risk).value == pytest.approx(won / pairs)


def test_restricted_mean_difference_stands_in_the_table(synthetic: Cohort) -> None:
    done = analyse(synthetic, Analysis(), "default")
    rows = [r for r in rows_of(done, "table3_os", "restricted mean") if r.row == "Sex"]
    (row,) = rows
    months = np.array([p.last_contact_day / 30.4375 for p in synthetic.patients])
    death = np.array([p.death for p in synthetic.patients])
    women = np.array([p.sex == "F" for p in synthetic.patients])
    end = min(months[women].max(), months[~women].max())

    def area(chosen: np.ndarray) -> float:
        total, alive, last = 0.0, 1.0, 0.0
        for t in sorted(set(months[chosen])):
            if t > end:
                break
            total += alive * (t - last)
            last = t
            alive *= 1 - sum(death[chosen] & (months[chosen] == t)) / sum(months[chosen] >= t)
        return total + alive * (end - last)

    assert row.value == pytest.approx(area(women) - area(~women))
    assert row.lower is not None
    assert row.upper is not None
    assert row.lower < row.value < row.upper


def test_exact_ties_by_all_subsets() -> None:
    """Three of six fail at once: the likelihood over all choices of three."""
    from itertools import combinations

    x = np.array([0.3, 1.2, -0.7, 2.0, 0.1, -1.1])
    event = [1, 0, 1, 1, 0, 0]
    fit = stats.cox([1.0] * 6, event, x, names=["x"], ties="exact")
    b = fit.coef[0]
    every = sum(math.exp(b * sum(x[list(s)])) for s in combinations(range(6), 3))
    value = b * (x[0] + x[2] + x[3]) - math.log(every)
    assert fit.log_likelihood == pytest.approx(value)
    with pytest.raises(UsageError):
        stats.cox([1.0] * 6, event, x, names=["x"], ties="exact",
                  cluster=[1, 1, 2, 2, 3, 3])  # fmt: skip
