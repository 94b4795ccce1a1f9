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
    from rtvol.outcomes.stats.logrank import logrank
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
    "kaplan_meier",
    "logrank",
    "median_time",
    "reverse_km",
    "rmst",
    "survival_at",
]

__getattr__, __dir__, _ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "logrank": ["logrank"],
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
