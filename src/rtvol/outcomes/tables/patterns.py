"""Patterns of failure: local, intrahepatic, extra-hepatic, alone and together, by disease class."""

from __future__ import annotations

from collections import Counter
from itertools import product
from typing import TYPE_CHECKING

from rtvol.outcomes import stats
from rtvol.outcomes.factors import at, factor_of, word
from rtvol.outcomes.printing import count, p_value
from rtvol.outcomes.results import Cell, Row, Sheet
from rtvol.outcomes.tables.comparison import attempt

if TYPE_CHECKING:
    from rtvol.outcomes.cohort import Cohort
    from rtvol.outcomes.config import Analysis
    from rtvol.outcomes.records import Patient

NAME = "fig2"
KINDS = ("LR", "IHR", "EHR")
#: Local, intrahepatic, extra-hepatic: every pattern, the empty one last.
PATTERNS = tuple(
    sorted(
        product((True, False), repeat=3),
        key=lambda flags: (not any(flags), sum(flags), [not f for f in flags]),
    )
)
CLASSES = ("oligo_recurrence", "oligo_progression")
Pattern = tuple[bool, ...]


def pattern_of(patient: Patient) -> Pattern:
    """Which kinds of failure a patient ever had."""
    flags = (patient.fail_local, patient.fail_intrahepatic, patient.fail_extrahepatic)
    return (bool(flags[0]), bool(flags[1]), bool(flags[2]))


def pattern_name(pattern: Pattern) -> str:
    """Return `LR + EHR`, or `no failure`."""
    return (
        " + ".join(kind for kind, there in zip(KINDS, pattern, strict=True) if there)
        or "no failure"
    )


def pattern_counts(cohort: Cohort) -> dict[str, dict[Pattern, int]]:
    """Patients of each disease class by pattern; all eight patterns are there, zeros too."""
    found = {
        kind: Counter(pattern_of(p) for p in cohort.patients if p.disease_class == kind)
        for kind in CLASSES
    }
    return {
        kind: {pattern: found[kind][pattern] for pattern in PATTERNS}
        for kind in CLASSES
    }  # fmt: skip


class _Lines:
    """Lines and rows as they grow: a count by class, and of both together."""

    def __init__(self, totals: dict[str, int]) -> None:
        self.totals = totals
        self.lines: list[tuple[str | Cell, ...]] = []
        self.rows: list[Row] = []

    def add(
        self, label: str, numbers: dict[str, int], lesions: dict[str, int] | None = None
    ) -> None:
        """Add a count of patients, or of lesions when their totals are given."""
        unit, of = ("patient", self.totals) if lesions is None else ("lesion", lesions)
        cells = [Cell(count(numbers[kind], of[kind]), numbers[kind] or None) for kind in CLASSES]
        both, whole = sum(numbers.values()), sum(of.values())
        self.lines.append((label, unit, *cells, Cell(count(both, whole), both or None)))
        levels = [(word(kind), numbers[kind], of[kind]) for kind in CLASSES]
        self.rows += [
            Row(NAME, label, level, unit, "count", float(number), n=n, method="count")
            for level, number, n in (*levels, ("all", both, whole))
        ]


def patterns(cohort: Cohort, analysis: Analysis) -> Sheet:
    """Eight rows per class, totals of each kind, failed lesions, sites, tests between classes."""
    counts = pattern_counts(cohort)
    totals = {kind: sum(found.values()) for kind, found in counts.items()}
    made = _Lines(totals)
    for pattern in PATTERNS:
        label = f"{pattern_name(pattern)} only" if any(pattern) else pattern_name(pattern)
        made.add(label, {kind: counts[kind][pattern] for kind in CLASSES})
    for index, kind in enumerate(KINDS):
        ever = {k: sum(n for p, n in counts[k].items() if p[index]) for k in CLASSES}
        made.add(f"{kind}, alone or with others", ever)
    lesions = {
        k: [x for x in cohort.lesions if cohort.patient_of[x.patient_id].disease_class == k]
        for k in CLASSES
    }
    failed = {k: sum(x.local_failure for x in lesions[k]) for k in CLASSES}
    made.add("lesions that failed locally", failed, {k: len(lesions[k]) for k in CLASSES})
    _add_sites(cohort, made)
    rows, notes = _tests(cohort, analysis)
    by_class = (f"{word(k)}, n (%) of {totals[k]}" for k in CLASSES)
    header = ("Pattern", "Unit", *by_class, "all, n (%)")
    title = "Figure 2. Patterns of failure"
    return Sheet(NAME, title, header, tuple(made.lines), notes, (*made.rows, *rows))


def _add_sites(cohort: Cohort, made: _Lines) -> None:
    """Sites of extra-hepatic failure: a patient may have several, each is counted once."""
    found = {
        kind: Counter(
            site
            for p in cohort.patients
            if p.disease_class == kind
            for site in set(p.extrahepatic_failure_sites or ())
        )
        for kind in CLASSES
    }
    sites = sorted({site for counter in found.values() for site in counter})
    for site in sites:
        is_known = site.startswith("known:")
        label = f"EHR site: {word(site.removeprefix('known:'))}"
        label += " (site known at SBRT)" if is_known else ""
        made.add(label, {kind: found[kind][site] for kind in CLASSES})


def _tests(cohort: Cohort, analysis: Analysis) -> tuple[list[Row], tuple[str, ...]]:
    """Crude Fisher test, and Gray's on the incidence in time, of EHR between the classes."""
    ever = [
        [
            sum(p.fail_extrahepatic == flag for p in cohort.patients if p.disease_class == kind)
            for flag in (1, 0)
        ]
        for kind in CLASSES
    ]
    notes = list(_NOTES)
    rows = []
    endpoint = cohort.endpoint("ehr_cif", analysis)
    group = at(factor_of(cohort, "extrahepatic", "patient", analysis), endpoint)
    for words, test in (
        ("crude, ignores follow-up", attempt(lambda: stats.fisher(ever))),
        ("in time, death competing",
         attempt(lambda: stats.gray(endpoint.months, endpoint.status, group, cause=1))),
    ):  # fmt: skip
        if test is not None:
            place = (NAME, "EHR", "between classes", "patient")
            method = f"{test.name}, {words}"
            rows.append(Row(*place, "p", test.p, n=test.n, events=test.n_events, method=method))
            notes.append(f"EHR between classes, {words}: {test.name} p {p_value(test.p)}.")
    sites = [site for p in cohort.patients for site in p.extrahepatic_failure_sites or ()]
    if not any(site.startswith("known:") for site in sites):
        notes.append(_NOT_CODED)
    return rows, tuple(notes)


_NOTES = (
    "Ever, not first: a patient is counted in one pattern.",
    "LR in field, IHR in the liver out of field, EHR outside the liver.",
    "Sites are counted per patient; one patient may have several.",
)
_NOT_CODED = (
    "Growth of an extra-hepatic lesion known at SBRT counts as EHR, which only patients with such "
    "a lesion can have; sites are not coded known: here, so the share is unknown."
)
