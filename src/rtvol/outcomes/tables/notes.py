"""Footnotes and sentences of a table, made from its numbers; no adjective ever stands for a p."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rtvol.outcomes.printing import fixed, hazard, interval, p_value, plain
from rtvol.outcomes.results import Cell, Remark, least_of
from rtvol.outcomes.stats.tails import FEW_CLUSTERS, is_few
from rtvol.outcomes.tables.comparison import test_name
from rtvol.outcomes.tables.curves import least

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rtvol.outcomes.stats import CoxFit
    from rtvol.outcomes.tables.comparison import Comparison

#: Expected share of false positives among true null hypotheses.
ALPHA = 0.05


def sentences(comparisons: Sequence[Comparison]) -> tuple[str | Cell, ...]:
    """One line per comparison: what was compared, hazard ratio with limits, named test and p."""
    lines: list[str | Cell] = []
    for one in comparisons:
        for term in one.fit or ():
            fit = one.fit
            assert fit is not None  # noqa: S101  for the checker: it has terms
            label = f"{one.endpoint.event_name}, {one.factor.label}: {term.name}"
            against = f"against {one.factor.levels[0]}"
            ratio = f"HR {hazard(term.hr, term.lower, term.upper)}"
            test = f"{test_name(fit)} p {p_value(term.p)}"
            base = f"{fit.n_events} events in {fit.n} {one.endpoint.unit}s"
            events = [int(one.level(i).event.sum()) for i in range(len(one.factor.levels))]
            text = f"{label} {against}: {ratio}, {test}; {base}."
            lines.append(Cell(text, least([*events])))
    return tuple(lines)


def comparison_notes(comparisons: Sequence[Comparison]) -> tuple[str, ...]:
    """Footnotes of a univariate table."""
    endpoint = comparisons[0].endpoint
    tests = len(comparisons)
    notes: list[str] = [
        f"{endpoint.label}; unit: {endpoint.unit}; origin: {endpoint.origin}. NE: not estimable.",
        (
            f"{tests} factors tested; with no effect at all about {fixed(ALPHA * tests, 2)} "
            "would have p < .05."
        ),
    ]
    if endpoint.unit == "lesion":
        notes.append(
            "Limits, hazard ratios and the Cox p take lesions of one patient together "
            "(cluster-robust); the log-rank p does not (naive)."
        )
    for one in comparisons:
        note = one.factor.note
        notes += [Remark(f"{one.factor.label}: {note}.", least_of(note))] if note else []
    notes += _model_notes(comparisons)
    notes += [Remark(f"Note: {note}.", least_of(note)) for note in endpoint.notes]
    notes += _few_patients(comparisons)
    notes += _few_in_levels(comparisons)
    if endpoint.name == "os_dx":
        notes.append("Not corrected for delayed entry: patients enter at SBRT, not at diagnosis.")
        if any(one.factor.name == "interval" for one in comparisons):
            notes.append(
                "Diagnosis to SBRT is part of the survival time counted from diagnosis "
                "(guaranteed time): its comparison here is biased."
            )
    return tuple(notes)


def _why_firth(one: Comparison, fit: CoxFit) -> str:
    """Why the penalty was taken, with the levels called by their names."""
    empty = [
        level
        for i, level in enumerate(one.factor.levels)
        if (one.group == i).any() and not one.endpoint.event[one.group == i].any()
    ]
    if fit is not one.fit or not empty or "no event" not in fit.note:
        return fit.note
    independent = fit.note.partition("; ")[2]
    return f"no event in {', '.join(empty)}" + (f"; {independent}" if independent else "")


def _few_patients(comparisons: Sequence[Comparison]) -> list[str]:
    """Say so where lesions come from so few patients that errors by patient are too small."""
    endpoint = comparisons[0].endpoint
    patients = len(set(endpoint.patients))
    if endpoint.unit == "patient" or not 0 < patients < FEW_CLUSTERS:
        return []
    text = (
        f"Lesions of {patients} patients only (fewer than {FEW_CLUSTERS}): hazard ratios have "
        "limits and p by the jackknife over patients with t (Lipsitz and Parzen 1996)."
    )
    return [Remark(text, patients)]


def _few_in_levels(comparisons: Sequence[Comparison]) -> list[str]:
    """Name the levels whose rates have limits by t, as their lesions are of few patients."""
    if comparisons[0].endpoint.unit == "patient":
        return []
    levels = [
        f"{one.factor.label}, {level}"
        for one in comparisons
        for place, level in enumerate(one.factor.levels)
        if is_few(len(set(one.level(place).patients)))
    ]
    if not levels:
        return []
    return [
        (
            f"Lesions of fewer than {FEW_CLUSTERS} patients: {'; '.join(levels)}. Limits of their "
            "rates have the variance between patients times G / (G - 1), G patients, and t "
            "(Williams 1995)."
        )
    ]


def _model_notes(comparisons: Sequence[Comparison]) -> list[str]:
    notes: list[str] = []
    for one in comparisons:
        left = int((one.all_groups < 0).sum())
        if left:
            text = f"{one.factor.label}: {left} of no group here left out."
            notes.append(Remark(text, left))
        empty = [level for i, level in enumerate(one.factor.levels) if not (one.group == i).any()]
        if empty:
            notes.append(f"{one.factor.label}: nobody in {', '.join(empty)}.")
        for fit in (one.fit, one.continuous):
            if fit is not None and fit.method.startswith("Firth"):
                what = one.factor.label if fit is one.fit else f"{one.factor.label}, uncut"
                notes.append(f"(F) {what}: {fit.method}; {_why_firth(one, fit)}.")
        if one.trend is not None:
            notes.append(f"{one.factor.label}: {one.trend.name} p {p_value(one.trend.p)} (naive).")
        if one.proportional is not None and one.proportional.p < ALPHA:
            text = f"{one.factor.label}: {one.proportional.name} p {p_value(one.proportional.p)}"
            if one.rmst is not None and one.rmst.difference.value is not None:
                two = one.rmst.difference
                limits = interval(two.lower, two.upper, 1)
                text += (
                    f"; restricted mean within {plain(round(one.rmst.horizon, 1))} months differs "
                    f"by {fixed(two.value or 0.0, 1)} months ({limits}; {one.factor.levels[1]} "
                    f"minus {one.factor.levels[0]}, p {p_value(one.rmst.p)})"
                )
            notes.append(f"{text}: the hazard ratio is an average over time.")
    return notes
