"""From lesion rows and follow-up to the study's tables and figures (extra `outcomes`).

Five tables --Cohort.read--> Cohort --analyse--> Study --write_study--> tables, figures, page

    cohort = Cohort.read(Path("data"))
    lc = cohort.endpoint("lc")
    curve = kaplan_meier(lc.months, lc.event, cluster=lc.cluster)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from rtvol.outcomes.analysed import Study
    from rtvol.outcomes.cohort import Cohort
    from rtvol.outcomes.config import Analysis, read_analysis
    from rtvol.outcomes.endpoints import Endpoint
    from rtvol.outcomes.problems import CohortRejected, Problem
    from rtvol.outcomes.stats import (
        cox,
        cumulative_incidence,
        gray,
        kaplan_meier,
        logrank,
        reverse_km,
    )
    from rtvol.outcomes.study import analyse, write_study

__all__ = [
    "Analysis",
    "Cohort",
    "CohortRejected",
    "Endpoint",
    "Problem",
    "Study",
    "analyse",
    "cox",
    "cumulative_incidence",
    "gray",
    "kaplan_meier",
    "logrank",
    "read_analysis",
    "reverse_km",
    "write_study",
]

__getattr__, __dir__, _ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "analysed": ["Study"],
        "cohort": ["Cohort"],
        "config": ["Analysis", "read_analysis"],
        "endpoints": ["Endpoint"],
        "problems": ["CohortRejected", "Problem"],
        "stats": [
            "cox",
            "cumulative_incidence",
            "gray",
            "kaplan_meier",
            "logrank",
            "reverse_km",
        ],
        "study": ["analyse", "write_study"],
    },
)
