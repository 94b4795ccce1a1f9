"""Survival statistics on plain arrays: numpy and scipy only, each estimator judged by R.

Curves:     kaplan_meier, reverse_km, cumulative_incidence -> survival_at, median_time, rmst,
            incidence_at
Tests:      logrank, gray, ph_test
Models:     cox, firth_cox, cox_or_firth
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from rtvol.outcomes.stats.cox import cox, cox_or_firth
    from rtvol.outcomes.stats.firth import firth_cox
    from rtvol.outcomes.stats.logrank import logrank
    from rtvol.outcomes.stats.proportionality import ph_test
    from rtvol.outcomes.stats.results import (
        CoxFit,
        CoxTerm,
        Estimate,
        HazardInterval,
        IncidenceCurve,
        OptimalCut,
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
    "Estimate",
    "HazardInterval",
    "IncidenceCurve",
    "OptimalCut",
    "PHTest",
    "SurvivalCurve",
    "TestResult",
    "cox",
    "cox_or_firth",
    "firth_cox",
    "kaplan_meier",
    "logrank",
    "median_time",
    "ph_test",
    "reverse_km",
    "rmst",
    "survival_at",
]

__getattr__, __dir__, _ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "cox": ["cox", "cox_or_firth"],
        "firth": ["firth_cox"],
        "logrank": ["logrank"],
        "proportionality": ["ph_test"],
        "results": [
            "CoxFit",
            "CoxTerm",
            "Estimate",
            "HazardInterval",
            "IncidenceCurve",
            "OptimalCut",
            "PHTest",
            "SurvivalCurve",
            "TestResult",
        ],
        "survival": ["kaplan_meier", "median_time", "reverse_km", "rmst", "survival_at"],
    },
)
