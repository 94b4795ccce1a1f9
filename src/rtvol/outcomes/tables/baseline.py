"""The flow of patients and table 1: who they are, by patient and by lesion; no p-values."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Protocol

import numpy as np

from rtvol.outcomes.factors import bed_of, cumulative_ptv, interval_months, word
from rtvol.outcomes.printing import count, fixed, plain
from rtvol.outcomes.results import Cell, Row, Sheet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rtvol.outcomes.cohort import Cohort
    from rtvol.outcomes.config import Analysis
    from rtvol.outcomes.endpoints import Unit


def flow(cohort: Cohort) -> Sheet:
    """Screened, excluded by reason, included, lesions; reasons known only later are named."""
    steps: list[tuple[str, str, str, int]] = []
    screened = cohort.screening or ()
    if screened:
        steps.append(("screened", "", "patient", len(screened)))
    gone = Counter(
        (one.reason or "no reason given", one.known_before_sbrt)
        for one in screened
        if one.status == "excluded"
    )
    when = {1: "known before SBRT", 0: "known after SBRT only", None: "when known: not given"}
    for (reason, known), number in sorted(gone.items(), key=lambda item: (-item[1], item[0][0])):
        steps.append((f"excluded: {reason}", when[known], "patient", number))
    steps.append(("analysed", "", "patient", len(cohort.patients)))
    per_patient = Counter(len(lesions) for lesions in cohort.by_patient.values())
    for lesions, number in sorted(per_patient.items()):
        steps.append((f"with {lesions} lesion{'s' if lesions > 1 else ''}", "", "patient", number))
    steps.append(("analysed", "", "lesion", len(cohort.lesions)))
    rows = [
        Row("flow", row, level, unit, "count", float(number), n=number, method="count")
        for row, level, unit, number in steps
    ]
    lines = [
        (row, level, f"{unit}s", Cell(str(number), number)) for row, level, unit, number in steps
    ]
    notes = () if screened else ("No screening table: the flow begins with those analysed.",)
    header = ("Step", "Note", "Unit", "n")
    return Sheet("flow", "Flow of patients", header, tuple(lines), notes, tuple(rows))


class Block(Protocol):
    """What takes in the characteristics of a cohort, one after the other."""

    def codes(
        self,
        label: str,
        values: Sequence[str | None],
        unit: Unit,
        order: Sequence[str],
        of: Sequence[bool] | None = None,
    ) -> None:
        """Take a category; `of` says for whom it has a meaning."""

    def numbers(self, label: str, values: Sequence[float | None], unit: Unit, digits: int) -> None:
        """Take a quantity, to be printed with so many decimals."""


class _Table1:
    """Lines and rows of table 1 as they grow."""

    def __init__(self) -> None:
        self.lines: list[tuple[str | Cell, ...]] = []
        self.rows: list[Row] = []

    def head(self, text: str, number: int) -> None:
        self.lines.append((text, "", f"n = {number}", ""))

    def codes(
        self,
        label: str,
        values: Sequence[str | None],
        unit: Unit,
        order: Sequence[str],
        of: Sequence[bool] | None = None,
    ) -> None:
        if of is not None:
            values = [value for value, chosen in zip(values, of, strict=True) if chosen]
        known = [value for value in values if value is not None]
        missing = len(values) - len(known)
        counts = Counter(known)
        for index, level in enumerate([code for code in order if counts[code]]):
            number = counts[level]
            text = Cell(count(number, len(known)), min(number, len(known) - number) or None)
            absent = Cell(str(missing), missing) if index == 0 else ""
            self.lines.append((label if index == 0 else "", word(level), text, absent))
            self.rows.append(
                Row(
                    "table1",
                    label,
                    word(level),
                    unit,
                    "count",
                    number,
                    n=len(known),
                    method="count",
                )
            )

    def numbers(self, label: str, values: Sequence[float | None], unit: Unit, digits: int) -> None:
        known = np.array([value for value in values if value is not None], dtype=np.float64)
        missing = len(values) - known.size
        if not known.size:
            return
        median, low, high = float(np.median(known)), float(known.min()), float(known.max())
        q1, q3 = (float(q) for q in np.quantile(known, (0.25, 0.75)))
        text = f"{fixed(median, digits)} ({_end(low, digits)}-{_end(high, digits)})"
        iqr = f"[{fixed(q1, digits)}-{fixed(q3, digits)}]"
        self.lines.append(
            (label, "median (range) [IQR]", f"{text} {iqr}", Cell(str(missing), missing))
        )
        method = "median; limits are the range, not a confidence interval"
        size = int(known.size)
        self.rows.append(
            Row("table1", label, "", unit, "median (range)", median, low, high, size, method=method)
        )
        method = "median; limits are the quartiles"
        self.rows.append(
            Row("table1", label, "", unit, "median [IQR]", median, q1, q3, size, method=method)
        )


def _end(value: float, digits: int) -> str:
    """End of a range; with the decimals it takes to be told from nothing."""
    while digits < 3 and 0 < abs(value) < 10**-digits:
        digits += 1
    return fixed(value, digits)


def table1(cohort: Cohort, analysis: Analysis) -> Sheet:
    """Patients and lesions at SBRT: n (%), or median (range) [IQR], and how many are missing."""
    made = _Table1()
    made.head("Patients", len(cohort.patients))
    patient_block(made, cohort, analysis)
    made.head("Lesions", len(cohort.lesions))
    lesion_block(made, cohort, analysis)
    notes = (
        "Percent of those known, rounded half away from zero; columns need not add to 100.",
        "No p-values: groups of one cohort are described, not compared.",
    )
    header = ("", "", "n (%) or median (range) [IQR]", "missing")
    return Sheet(
        "table1",
        "Table 1. Patients and lesions",
        header,
        tuple(made.lines),
        notes,
        tuple(made.rows),
    )


def patient_block(made: Block, cohort: Cohort, analysis: Analysis) -> None:
    """Give what is known of the patients, own covariates last."""
    people = cohort.patients
    made.numbers("Age at SBRT, years", [p.age_at_sbrt_years for p in people], "patient", 0)
    made.codes("Sex", [p.sex for p in people], "patient", ("M", "F", "other", "unknown"))
    sites = analysis.primaries
    made.codes("Primary tumour", [p.primary_site for p in people], "patient", sites)
    made.codes("Histology", [p.histology for p in people], "patient", analysis.histologies)
    yes = {"1": "yes", "0": "no", "unknown": "unknown"}
    controlled = [yes[p.primary_controlled] for p in people]
    made.codes("Primary controlled", controlled, "patient", ("yes", "no", "unknown"))
    classes = ("oligo_recurrence", "oligo_progression")
    made.codes("Disease class", [p.disease_class for p in people], "patient", classes)
    outside = [p.extrahepatic_site for p in people]
    label = "Site of extra-hepatic disease (of those with it)"
    of = [p.extrahepatic_disease == 1 for p in people]
    made.codes(label, outside, "patient", ("lung", "para_aortic_ln", "other"), of)
    made.numbers("Diagnosis to SBRT, months", [interval_months(p) for p in people], "patient", 0)
    systemic = ["yes" if p.systemic_after_recurrence else "no" for p in people]
    made.codes("Systemic therapy after recurrence", systemic, "patient", ("yes", "no"))
    targets = [str(len(lesions)) for lesions in cohort.by_patient.values()]
    made.codes("Targets per patient", targets, "patient", sorted(set(targets), key=int))
    sums = [cumulative_ptv(cohort, p, analysis) for p in people]
    made.numbers(f"Cumulative PTV ({analysis.cumulative_ptv}), mL", sums, "patient", 0)
    _own_block(made, cohort, analysis, "patient")


def lesion_block(made: Block, cohort: Cohort, analysis: Analysis) -> None:
    """Give what is known of the lesions, own covariates last."""
    lesions = cohort.lesions
    low, high = plain(analysis.cut_points.ptv_ml.at), plain(analysis.cut_points.ptv_large_ml.at)
    levels = (f"<= {low}", f"> {low} to {high}", f"> {high}")
    ptv = [lesion.ptv_ml for lesion in lesions]
    bounds = (analysis.cut_points.ptv_ml.at, analysis.cut_points.ptv_large_ml.at)
    made.codes("PTV, mL", [levels[sum(v > b for b in bounds)] for v in ptv], "lesion", levels)
    made.numbers("PTV, mL", ptv, "lesion", 0)
    made.numbers("GTV, mL", [lesion.gtv_ml for lesion in lesions], "lesion", 1)
    made.numbers("Prescribed dose, Gy", [lesion.dose_total_gy for lesion in lesions], "lesion", 0)
    fractions = [str(lesion.n_fractions) for lesion in lesions]
    made.codes("Fractions", fractions, "lesion", sorted(set(fractions), key=int))
    ratio = plain(analysis.alpha_beta_gy)
    beds = [bed_of(lesion, analysis.alpha_beta_gy) for lesion in lesions]
    made.numbers(f"BED of the prescription, Gy{ratio}", beds, "lesion", 0)
    made.numbers("PTV D95, Gy", [lesion.ptv_d95_gy for lesion in lesions], "lesion", 1)
    best = ("CR", "PR", "SD", "PD", "NE")
    made.codes("Best response", [lesion.best_response for lesion in lesions], "lesion", best)
    _own_block(made, cohort, analysis, "lesion")


def _own_block(made: Block, cohort: Cohort, analysis: Analysis, unit: Unit) -> None:
    for own in analysis.covariates:
        if own.table != f"{unit}s":
            continue
        values, label = cohort.own[own.name], own.label or own.name.replace("_", " ")
        if own.kind == "category":
            codes = [None if value is None else str(value) for value in values]
            made.codes(label, codes, unit, own.levels)
        else:
            text = f"{label}, {own.unit}" if own.unit else label
            made.numbers(text, [None if v is None else float(v) for v in values], unit, 1)
