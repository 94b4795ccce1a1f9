"""Cohorts made up for overviews: numbers that are known, some of them far from the others."""

from __future__ import annotations

import numpy as np

from rtvol.errors import Finding
from rtvol.report.cohort import CohortCase
from rtvol.tables.rows import (
    CaseResult,
    DosePart,
    GoalRow,
    StructureRow,
    TargetPart,
    VolumePart,
)

REJECT = Finding("no-ct", "error", "", "nothing", "export it")
WARN = Finding("margin-differs", "warning", "PTV", "seen", "mend")
VERDICTS = ("pass", "fail", "cannot say")


def made(name: str, gtv_cc: float, d95_gy: float | None, verdict: int = 0) -> CohortCase:
    """Return a case with a GTV and a PTV: 4 mm asked, reached but for a hundredth."""
    dose = DosePart("slab", "half", "linear", "physical", {"D95%[Gy]": d95_gy}, 2 * gtv_cc)
    notes = {} if d95_gy is not None else {"D95%[Gy]": "outside the dose grid"}
    rows = (
        StructureRow("GTV", "gtv", "GTV", VolumePart(gtv_cc, "slab", 9)),
        StructureRow(
            "PTV", "ptv", "GTV", VolumePart(2 * gtv_cc, "loft", 11), dose,
            TargetPart({"min": 3.99, "mean": 4.0}), notes,
        ),
    )  # fmt: skip
    value = None if verdict == 2 else 10.0
    goals = (GoalRow("PTV", "D95%[Gy] >= 40 Gy", value, "Gy", VERDICTS[verdict]),)
    findings = (WARN,) if verdict else ()
    result = CaseResult.of(
        name, findings, structures=rows, goals=goals, cumulative_ptv_cc=2 * gtv_cc
    )
    return CohortCase(result, prescription_gy=45.0)


def cohort(count: int, seed: int = 0) -> list[CohortCase]:
    """Return cases of ordinary numbers; every 50th is rejected, every 7th has no D95%."""
    draw = np.random.default_rng(seed)
    cases = []
    for number in range(count):
        name = f"tree/patient{number}"
        if number % 50 == 9:
            cases.append(CohortCase(CaseResult.rejected(name, [REJECT])))
            continue
        volume = float(np.exp(draw.normal(2.5, 0.3)))
        d95 = None if number % 7 == 3 else float(draw.uniform(44, 46))
        cases.append(made(name, volume, d95, int(draw.choice(3, p=(0.9, 0.06, 0.04)))))
    return cases
