"""Survival statistics on plain arrays: numpy and scipy only, each estimator judged by R.

Curves:   kaplan_meier, reverse_km -> survival_at, median_time, rmst
          cumulative_incidence -> incidence_at;  piecewise_hazard
Tests:    logrank, gray, ph_test, mann_whitney, compare_counts (fisher, chi_square_table)
Models:   cox, firth_cox, cox_or_firth, fine_gray, dose_response
Few:      corrected_for_few, curve_for_few, fine_gray_for_few (clusters below 20)
Two sets: rmst_difference, standardised_difference(_of_levels), concordance
Rates:    exact_interval, wilson_interval
Price:    optimal_cut, holm, benjamini_hochberg

Arrays have one entry per row (lesion or patient), times are in any one unit. What cannot be
answered is a UsageError with a code; an Estimate without a value says why in its note.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from rtvol.outcomes.stats.concordance import concordance
    from rtvol.outcomes.stats.counts import (
        benjamini_hochberg,
        chi_square_table,
        compare_counts,
        exact_interval,
        fisher,
        holm,
        mann_whitney,
        wilson_interval,
    )
    from rtvol.outcomes.stats.cutpoint import optimal_cut
    from rtvol.outcomes.stats.differences import (
        rmst_difference,
        standardised_difference,
        standardised_difference_of_levels,
    )
    from rtvol.outcomes.stats.doseresponse import dose_response
    from rtvol.outcomes.stats.fewclusters import (
        corrected_for_few,
        curve_for_few,
        fine_gray_for_few,
    )
    from rtvol.outcomes.stats.finegray import fine_gray
    from rtvol.outcomes.stats.firth import firth_cox
    from rtvol.outcomes.stats.graytest import gray
    from rtvol.outcomes.stats.hazards import piecewise_hazard
    from rtvol.outcomes.stats.incidence import cumulative_incidence, incidence_at
    from rtvol.outcomes.stats.modelresults import DoseResponseFit, FineGrayFit, OptimalCut
    from rtvol.outcomes.stats.proportionality import ph_test
    from rtvol.outcomes.stats.ranktests import logrank
    from rtvol.outcomes.stats.regression import cox, cox_or_firth
    from rtvol.outcomes.stats.results import (
        CoxFit,
        CoxTerm,
        Estimate,
        HazardInterval,
        IncidenceCurve,
        PHTest,
        SurvivalCurve,
        TestResult,
    )
    from rtvol.outcomes.stats.survival import (
        kaplan_meier,
        median_time,
        reverse_km,
        rmst,
        survival_at,
    )

__all__ = [
    "CoxFit",
    "CoxTerm",
    "DoseResponseFit",
    "Estimate",
    "FineGrayFit",
    "HazardInterval",
    "IncidenceCurve",
    "OptimalCut",
    "PHTest",
    "SurvivalCurve",
    "TestResult",
    "benjamini_hochberg",
    "chi_square_table",
    "compare_counts",
    "concordance",
    "corrected_for_few",
    "cox",
    "cox_or_firth",
    "cumulative_incidence",
    "curve_for_few",
    "dose_response",
    "exact_interval",
    "fine_gray",
    "fine_gray_for_few",
    "firth_cox",
    "fisher",
    "gray",
    "holm",
    "incidence_at",
    "kaplan_meier",
    "logrank",
    "mann_whitney",
    "median_time",
    "optimal_cut",
    "ph_test",
    "piecewise_hazard",
    "reverse_km",
    "rmst",
    "rmst_difference",
    "standardised_difference",
    "standardised_difference_of_levels",
    "survival_at",
    "wilson_interval",
]

__getattr__, __dir__, _ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "concordance": ["concordance"],
        "counts": [
            "benjamini_hochberg",
            "chi_square_table",
            "compare_counts",
            "exact_interval",
            "fisher",
            "holm",
            "mann_whitney",
            "wilson_interval",
        ],
        "cutpoint": ["optimal_cut"],
        "differences": [
            "rmst_difference",
            "standardised_difference",
            "standardised_difference_of_levels",
        ],
        "doseresponse": ["dose_response"],
        "fewclusters": ["corrected_for_few", "curve_for_few", "fine_gray_for_few"],
        "finegray": ["fine_gray"],
        "firth": ["firth_cox"],
        "graytest": ["gray"],
        "hazards": ["piecewise_hazard"],
        "incidence": ["cumulative_incidence", "incidence_at"],
        "modelresults": ["DoseResponseFit", "FineGrayFit", "OptimalCut"],
        "proportionality": ["ph_test"],
        "ranktests": ["logrank"],
        "regression": ["cox", "cox_or_firth"],
        "results": [
            "CoxFit",
            "CoxTerm",
            "Estimate",
            "HazardInterval",
            "IncidenceCurve",
            "PHTest",
            "SurvivalCurve",
            "TestResult",
        ],
        "survival": ["kaplan_meier", "median_time", "reverse_km", "rmst", "survival_at"],
    },
)
