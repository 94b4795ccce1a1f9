"""The analysed rows as SPSS files: a row per lesion and per patient, values labelled."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from rtvol.files import new_file
from rtvol.outcomes.factors import factor_of

if TYPE_CHECKING:
    from pathlib import Path

    from rtvol.outcomes.analysed import Study
    from rtvol.outcomes.endpoints import Unit

_STATUS = {0.0: "censored", 1.0: "event", 2.0: "competing death"}
#: Where a .sav holds date and time of its making, so that a re-run gives the same bytes.
_MADE_AT = slice(92, 109)
_MADE = re.compile(rb"\d\d \w{3} \d\d\d\d:\d\d:\d\d")


def write_sav(one: Study, folder: Path, *, overwrite: bool) -> tuple[str, str]:
    """Write lesions.sav and patients.sav: pseudonyms, times in months, status, factors.

    Raises
    ------
    OutputRefused
        `output-exists` or `output-unwritable`.
    """
    return (
        _write(one, "lesion", folder, overwrite=overwrite),
        _write(one, "patient", folder, overwrite=overwrite),
    )


def _write(one: Study, unit: Unit, folder: Path, *, overwrite: bool) -> str:
    import polars
    import pyreadstat

    columns, labels, values = _columns(one, unit)
    shown: dict[str, str | None] = dict(labels)
    name = f"{unit}s.sav"
    with new_file(folder / name, overwrite=overwrite) as temporary:
        pyreadstat.write_sav(
            polars.DataFrame(columns), str(temporary), column_labels=shown,
            variable_value_labels=values, file_label=one.banner or "rtvol outcomes",
        )  # fmt: skip
        content = bytearray(temporary.read_bytes())
        if _MADE.fullmatch(bytes(content[_MADE_AT])):
            content[_MADE_AT] = b"01 Jan 8000:00:00"
        temporary.write_bytes(content)
    return name


def _columns(
    one: Study, unit: Unit
) -> tuple[dict[str, Any], dict[str, str], dict[str, dict[float, str]]]:
    """Columns by name, what each means, and the words of coded values."""
    cohort, settings = one.cohort, one.analysis
    rows = cohort.lesions if unit == "lesion" else cohort.patients
    columns: dict[str, Any] = {"patient_id": [row.patient_id for row in rows]}
    labels, values = {"patient_id": "pseudonym"}, {}
    if unit == "lesion":
        columns["lesion_id"] = [lesion.lesion_id for lesion in cohort.lesions]
        labels["lesion_id"] = "lesion of the patient"
    for endpoint in one.endpoints:
        if endpoint.unit != unit:
            continue
        months, status = np.full(len(rows), np.nan), np.full(len(rows), np.nan)
        months[endpoint.index] = endpoint.months
        status[endpoint.index] = endpoint.status
        columns[f"{endpoint.name}_months"], columns[f"{endpoint.name}_status"] = months, status
        labels[f"{endpoint.name}_months"] = f"months from {endpoint.origin}"
        labels[f"{endpoint.name}_status"] = endpoint.label
        values[f"{endpoint.name}_status"] = _STATUS
    wanted = settings.table2_factors if unit == "lesion" else settings.table3_factors
    for name in dict.fromkeys(wanted):
        factor = factor_of(cohort, name, unit, settings)
        group = np.where(factor.group < 0, np.nan, factor.group.astype(np.float64))
        columns[f"{name}_group"], labels[f"{name}_group"] = group, factor.label
        values[f"{name}_group"] = {float(i): level for i, level in enumerate(factor.levels)}
        if factor.values is not None:
            columns[name], labels[name] = factor.values, factor.label
    return columns, labels, values
