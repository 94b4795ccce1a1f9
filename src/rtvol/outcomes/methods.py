"""The methods paragraph: what was done on these data, in words; nothing that was not."""

from __future__ import annotations

import platform
from importlib.metadata import version
from typing import TYPE_CHECKING

from rtvol.outcomes.printing import plain
from rtvol.outcomes.stats.tails import FEW_CLUSTERS
from rtvol.outcomes.tables.comparison import test_name
from rtvol.outcomes.tables.toxicity import interval_name
from rtvol.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rtvol.outcomes.analysed import Study
    from rtvol.outcomes.tables.comparison import Comparison

_BEDS = {
    "min": "lowest", "max": "highest", "mean": "mean", "ptv_weighted": "mean weighted by PTV",
}  # fmt: skip
_CENSORED = {
    "lc": "censored at the last imaging of the lesion or its salvage",
    "pfs": "censored at last contact",
    "os": "censored at last contact",
    "os_dx": "censored at last contact, not corrected for entry at SBRT",
    "os_dx_lt": "left-truncated at SBRT, censored at last contact",
    "ehr_cif": "death competing",
    "ihr_cif": "death competing",
}


def methods_of(one: Study) -> tuple[str, ...]:
    """Return the paragraphs of a statistical methods section."""
    makers = (
        _endpoints, _estimates, _comparisons, _models, _competing, _dose, _cuts, _others, _software,
    )  # fmt: skip
    texts = (" ".join(make(one)) for make in makers)
    return tuple(text for text in texts if text)


def _endpoints(one: Study) -> Iterator[str]:
    settings = one.analysis
    parts = []
    for endpoint in one.endpoints:
        end = _CENSORED.get(endpoint.name, "")
        if endpoint.name == "ttp":
            end = f"deaths censored, censored at {settings.ttp_censoring.replace('_', ' ')}"
        if endpoint.name == "lf_cif":
            window = plain(settings.death_window_days)
            end = f"death within {window} days of the last imaging competing"
        label = endpoint.label.partition(", censored")[0]
        parts.append(f"{label} (per {endpoint.unit}, from {endpoint.origin}; {end})")
    yield f"Endpoints were {'; '.join(parts)}."
    yield (
        "On one day, events came before censoring and progression before death. A month is "
        "30.4375 days."
    )
    if settings.landmark_months:
        yield (
            f"The analysis began at a landmark of {plain(settings.landmark_months)} months; those "
            "with an event or censored before were left out."
        )


def _estimates(one: Study) -> Iterator[str]:
    yield (
        "Rates were estimated by the product-limit method with log-log 95 % confidence limits, for "
        "lesions with standard errors clustered by patient (infinitesimal jackknife)."
    )
    yield (
        f"Where lesions are those of fewer than {FEW_CLUSTERS} patients, limits of rates have the "
        "variance between patients times G / (G - 1), G patients, and quantiles of t (Williams "
        "1995)."
    )
    if any(endpoint.name.endswith("_cif") for endpoint in one.endpoints):
        yield "Cumulative incidences were estimated by Aalen and Johansen's method."
    yield "Median follow-up is that of the reverse Kaplan-Meier curve."


def _fits(one: Study) -> list[Comparison]:
    return [*one.lesion, *(c for found in one.by_patient.values() for c in found)]


def _comparisons(one: Study) -> Iterator[str]:
    found = _fits(one)
    yield (
        "Groups were compared by the log-rank test and by Cox proportional hazards models (Efron "
        "ties), one factor at a time, each cut quantity also uncut."
    )
    names = {test_name(c.fit) for c in one.lesion if c.fit is not None}
    if any("cluster-robust" in name for name in names):
        yield "Models of lesions had standard errors clustered by patient."
    few = [c.fit.n_clusters for c in one.lesion if c.fit is not None and c.fit.errors]
    if few:
        yield (
            f"As lesions came from fewer than {FEW_CLUSTERS} patients, limits and p-values of "
            "their hazard ratios are those of the jackknife over patients with t (Lipsitz and "
            "Parzen 1996)."
        )
    firth = sum(c.fit is not None and c.fit.method.startswith("Firth") for c in found)
    if firth:
        yield (
            f"In {firth} of {len(found)} comparisons a level had no event, events were fewer than "
            "five per parameter, or the estimate grew without end; there Firth's penalised "
            "likelihood with profile limits was used, which takes lesions as independent."
        )
    if any(c.proportional is not None for c in found):
        yield (
            "Proportional hazards were tested by a score test against effects that change in time."
        )
    if any(c.proportional is not None and c.proportional.p < 0.05 and c.rmst for c in found):
        yield "Where it failed, restricted mean times are compared as well."
    corrected = {"holm": "Holm", "bh": "Benjamini and Hochberg"}.get(one.analysis.multiplicity)
    yield (
        f"Log-rank p-values are also given corrected by the method of {corrected}."
        if corrected
        else "p-values are two-sided and not corrected for their number."
    )
    yield _cut_points(one)


def _cut_points(one: Study) -> str:
    cuts = one.analysis.cut_points
    fixed = [name for name in type(cuts).model_fields if getattr(cuts, name).pre_specified]
    if not fixed:
        return "Cut-points were not pre-specified."
    words = ", ".join(name.replace("_", " ") for name in fixed)
    return f"Cut-points fixed before the analysis: {words}; the others were not."


def _models(one: Study) -> Iterator[str]:
    done = [fitted for fitted in one.more.models if fitted.fit is not None]
    for fitted in done:
        assert fitted.fit is not None  # noqa: S101  for the checker
        names = ", ".join(dict.fromkeys(term.factor for term in fitted.terms))
        events = plain(round(fitted.events_per_parameter, 1))
        yield (
            f"A multivariable model of {fitted.endpoint.event_name} held {names} "
            f"({fitted.fit.method}, {events} events per parameter)."
        )
    if any(fitted.concordance is not None for fitted in done):
        yield "Its discrimination is Harrell's concordance on the same data."


def _competing(one: Study) -> Iterator[str]:
    if one.more.competing:
        yield (
            "Incidences were compared by Gray's test, by Fine and Gray's model of the "
            "subdistribution hazard and by Cox models of the cause-specific hazard."
        )


def _dose(one: Study) -> Iterator[str]:
    found = one.more.dose
    if found is None or not found.fits:
        return
    name = "BED" if found.asked.dose == "bed" else "EQD2"
    yield (
        f"Control at {plain(found.asked.months)} months was related to {name} by "
        f"{' and '.join(found.asked.links)} curves, fitted by maximum likelihood to all lesions "
        "(one censored before that time contributes the probability of being controlled or of "
        "failing later; Farewell 1982) and, for comparison, to those of known state only; D50 and "
        "gamma50 have profile likelihood limits, the likelihood ratio being scaled to variances "
        "by patient (Rotnitzky and Jewell 1990), and for comparison those of independent lesions."
    )
    if found.asked.adjust_volume:
        yield "Curves were also adjusted for the logarithm of the PTV."


def _cuts(one: Study) -> Iterator[str]:
    if one.more.cuts:
        yield (
            "Cut-points were looked for by maximally selected log-rank statistics; their p-values "
            "are corrected for the search (Lausen and Schumacher 1992, 1994) and their limits come "
            "from the bootstrap."
        )


def _others(one: Study) -> Iterator[str]:
    settings = one.analysis
    ratio = plain(settings.alpha_beta_gy)
    yield (
        f"BED is D (1 + d / (alpha/beta)) of the prescription with alpha/beta {ratio} Gy; of a "
        f"patient with several lesions the {_BEDS[settings.patient_bed]} was taken."
    )
    if one.cohort.toxicity is not None:
        yield (
            "Toxicity is the worst grade of each patient assessed, acute before and late from "
            f"{settings.acute_text}, with {interval_name(settings)} limits."
        )
    yield "Analyses took complete cases; nothing was imputed."
    if settings.suppress_below:
        yield f"Counts below {settings.suppress_below}, and what rests on them, are not shown."


def _software(one: Study) -> Iterator[str]:
    names = ", ".join(f"{name} {version(name)}" for name in ("numpy", "scipy"))
    yield (
        f"rtvol {__version__} was used ({one.mode} definitions; Python "
        f"{platform.python_version()}, {names})."
    )
