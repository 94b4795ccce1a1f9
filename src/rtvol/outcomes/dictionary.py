"""The data dictionary of an analysis: the five tables, its own covariates and code lists."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from rtvol.errors import UsageError
from rtvol.outcomes.fields import TABLES, Column, column_of

if TYPE_CHECKING:
    from rtvol.outcomes.config import Analysis, Covariate
    from rtvol.outcomes.fields import Dictionary


def dictionary_of(analysis: Analysis) -> Dictionary:
    """Return the tables with the codes and covariates that the settings declare.

    Raises
    ------
    UsageError
        `bad-analysis` when a covariate has the name of a column of its table.
    """
    lists = {"primary_site": analysis.primaries, "histology": analysis.histologies}
    tables = dict(TABLES)
    tables["patients"] = tuple(
        replace(one, allowed=lists[one.name]) if one.name in lists else one
        for one in tables["patients"]
    )
    for own in analysis.covariates:
        if any(column_of(columns, own.name) for columns in TABLES.values()):
            raise UsageError(
                "bad-analysis",
                where="covariates",
                seen=f"{own.name} is a column of the data dictionary",
                mend="give the covariate another name",
            )
        tables[own.table] = (*tables[own.table], _column(own))
    return tables


def _column(own: Covariate) -> Column:
    about = own.label or own.name
    if own.kind == "category":
        return Column(own.name, "code", allowed=own.levels, about=about)
    return Column(own.name, "number", low=own.low, high=own.high, unit=own.unit, about=about)
