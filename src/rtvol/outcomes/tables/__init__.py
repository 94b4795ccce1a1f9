"""The tables of a study: each verb takes a cohort and gives a sheet of text with its numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rtvol.outcomes.tables.baseline import flow, table1
from rtvol.outcomes.tables.changes import changes
from rtvol.outcomes.tables.competing import compete, competing_sheet
from rtvol.outcomes.tables.curves import horizons_of
from rtvol.outcomes.tables.cuts import cuts_sheet, search_cuts
from rtvol.outcomes.tables.dose import dose_sheet, fit_dose
from rtvol.outcomes.tables.groups import table1_groups
from rtvol.outcomes.tables.models import fit_models, model_sheet
from rtvol.outcomes.tables.patterns import patterns
from rtvol.outcomes.tables.qa import qa
from rtvol.outcomes.tables.rates import rates
from rtvol.outcomes.tables.reporting import reporting
from rtvol.outcomes.tables.toxicity import toxicity
from rtvol.outcomes.tables.univariate import table3, univariate_sheet

if TYPE_CHECKING:
    from rtvol.outcomes.cohort import Cohort
    from rtvol.outcomes.config import Analysis
    from rtvol.outcomes.endpoints import Endpoint
    from rtvol.outcomes.results import Sheet
    from rtvol.outcomes.tables.comparison import Comparison
    from rtvol.outcomes.tables.competing import Competing
    from rtvol.outcomes.tables.cuts import Searched
    from rtvol.outcomes.tables.dose import DoseFits
    from rtvol.outcomes.tables.models import Fitted

__all__ = ["Further", "changes", "further", "make_sheets", "qa", "reporting"]


@dataclass(frozen=True, eq=False)
class Further:
    """What is analysed beyond one factor at a time; empty where not asked for."""

    models: tuple[Fitted, ...] = ()
    competing: tuple[Competing, ...] = ()
    dose: DoseFits | None = None
    cuts: tuple[Searched, ...] = ()


def further(cohort: Cohort, analysis: Analysis, *, competes: bool) -> Further:
    """Run the models, competing risks, dose-response and cut searches of the settings."""
    return Further(
        fit_models(cohort, analysis),
        compete(cohort, analysis) if competes else (),
        fit_dose(cohort, analysis),
        search_cuts(cohort, analysis),
    )


def make_sheets(
    cohort: Cohort,
    analysis: Analysis,
    endpoints: tuple[Endpoint, ...],
    lesion: tuple[Comparison, ...],
    by_patient: tuple[dict[str, str], dict[str, tuple[Comparison, ...]]],
    *,
    more: Further,
) -> tuple[Sheet, ...]:
    """Make flow, tables 1 to 3, rates, patterns of failure and toxicity.

    Parameters
    ----------
    cohort, analysis
        The data and its settings.
    endpoints
        Endpoints of the rates; where `lf_cif` is among them, table 2 has its incidence.
    lesion
        Comparisons of table 2.
    by_patient
        Short names of the patient-level endpoints, and their comparisons.
    more
        Models, competing risks, dose-response and cut-points, as far as they were asked for.
    """
    horizons = analysis.horizons_months
    competing = next((one for one in endpoints if one.name == "lf_cif"), None)
    titles, comparisons = by_patient
    title = "Table 2. Local control by lesion"
    sheets = [
        flow(cohort),
        table1(cohort, analysis),
        *([grouped] if (grouped := table1_groups(cohort, analysis)) else []),
        rates(endpoints, horizons),
        univariate_sheet("table2", title, lesion, horizons.lc, (analysis.multiplicity, competing)),
        table3([(titles[name], found) for name, found in comparisons.items()]),
    ]
    for name, found in comparisons.items():
        title = f"Table 3, {titles[name]}. By patient"
        at = horizons_of(found[0].endpoint, horizons)
        sheets.append(
            univariate_sheet(f"table3_{name}", title, found, at, (analysis.multiplicity, None))
        )
    sheets += [model_sheet(number, one) for number, one in enumerate(more.models)]
    sheets += [competing_sheet(more.competing, horizons)] if more.competing else []
    sheets += [dose_sheet(more.dose)] if more.dose is not None else []
    sheets += [cuts_sheet(more.cuts)] if more.cuts else []
    sheets.append(patterns(cohort, analysis))
    if cohort.toxicity is not None:
        sheets.append(toxicity(cohort, analysis))
    return tuple(sheets)
