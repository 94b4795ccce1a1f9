"""A cohort: patients and lesions whose rows have passed every check."""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any, Self, TypeVar

from rtvol.outcomes import checks, times
from rtvol.outcomes.cells import parse_table, time_form
from rtvol.outcomes.cohort_data import CohortData
from rtvol.outcomes.config import Analysis
from rtvol.outcomes.dictionary import dictionary_of
from rtvol.outcomes.doubts import doubts_of, refuse_settings
from rtvol.outcomes.endpoints import endpoint_of
from rtvol.outcomes.identifying import check_identity
from rtvol.outcomes.problems import CohortRejected, Place, Problems
from rtvol.outcomes.reading import read_tables
from rtvol.outcomes.records import Lesion, Patient, Screened, Toxicity
from rtvol.outcomes.uncollected import uncollected
from rtvol.outcomes.vocabulary import withhold_text

if TYPE_CHECKING:
    from pathlib import Path

    from rtvol.outcomes.cells import Value
    from rtvol.outcomes.checks import Rows
    from rtvol.outcomes.endpoints import Endpoint

_Record = TypeVar("_Record")
#: Part of a column that may be empty without a word.
MISSING_SHARE = 0.10


@dataclass(frozen=True)
class Cohort(CohortData):
    """The data of a study, read, checked, and asked for its endpoints."""

    @classmethod
    def read(
        cls, folder: Path, analysis: Analysis | None = None, *, free_text: bool = False
    ) -> Self:
        """Read and check a folder of tables (`rtvol.outcomes.fields` is their dictionary).

        Parameters
        ----------
        folder
            Holds lesions, lesion_followup, patients and, if there, toxicity and screening, each
            as .csv, .parquet or .xlsx; or one workbook, or one REDCap export (`reading`).
        analysis
            Settings: own covariates and code lists, and what some checks need (margins, horizons,
            origin); the defaults when None.
        free_text
            Whether messages and results may repeat words of cells that are no codes.

        Raises
        ------
        InputError
            `no-cohort` when there is nothing to read.
        CohortRejected
            When any check fails; it lists all problems, found in one pass.
        """
        settings, problems = analysis or Analysis(), Problems(free_text=free_text)
        with uncollected():
            cohort = cls._checked(folder, settings, problems)
        if cohort is None:
            raise CohortRejected(tuple(problems.found), folder.name)
        refuse_settings(cohort, settings, problems)
        if problems.errors:
            raise CohortRejected(tuple(problems.found), folder.name)
        return replace(cohort, warnings=(*cohort.warnings, *doubts_of(cohort, settings)))

    @classmethod
    def _checked(cls, folder: Path, settings: Analysis, problems: Problems) -> Self | None:
        columns = dictionary_of(settings)
        raw = read_tables(folder, columns, problems)
        check_identity(raw, columns, problems)
        form = time_form(raw, columns, problems)
        rows = {name: parse_table(columns[name], one, form, problems) for name, one in raw.items()}
        files = {name: one.file for name, one in raw.items()}
        whole = frozenset(
            name for name, one in raw.items() if one.is_whole and checks.has_keys(name, rows[name])
        )
        tables = checks.Tables(rows, files, form, whole)
        if form == "date":
            tables = checks.Tables(times.days_from_dates(tables), files, form, whole)
        _check(tables, settings, problems)
        if problems.errors:
            return None
        told = {
            name: withhold_text(tables.of(name), column, files[name], settings, problems)
            for name, column in (("toxicity", "term"), ("screening", "reason"))
            if name in rows
        }
        followup = {(v["patient_id"], v["lesion_id"]): v for _, v in tables.of("lesion_followup")}
        lesions = tuple(
            (row, followup[values["patient_id"], values["lesion_id"]] | _filled(values))
            for row, values in tables.of("lesions")
        )
        return cls(
            patients=_records(Patient, tables.of("patients")),
            lesions=_records(Lesion, lesions),
            toxicity=_records(Toxicity, told["toxicity"]) if "toxicity" in told else None,
            screening=_records(Screened, told["screening"]) if "screening" in told else None,
            warnings=problems.warnings,
            sha256={table.file: table.sha256 for table in raw.values()},
            own={
                one.name: tuple(_own(values[one.name]) for _, values in tables.of(one.table))
                for one in settings.covariates
            },
            is_synthetic=any(v["synthetic"] for part in rows.values() for _, v in part),
        )

    def endpoint(self, name: str, analysis: Analysis | None = None) -> Endpoint:
        """Return times and events of one endpoint.

        Parameters
        ----------
        name
            lc, lf_cif, ttp, pfs, os, os_dx, os_dx_lt, ehr_cif or ihr_cif (`endpoints`).
        analysis
            Settings (death window, origin, ...); the defaults when None.

        Raises
        ------
        UsageError
            `unknown-endpoint`.
        """
        return endpoint_of(self, name, analysis or Analysis())


def _check(tables: checks.Tables, settings: Analysis, problems: Problems) -> None:
    checks.check_keys(tables, problems)
    checks.check_lesions(tables, problems)
    checks.check_sums(tables, problems)
    checks.check_classes(tables, problems)
    checks.check_targets(tables, settings.max_targets, problems)
    times.check_times(tables, problems)
    times.check_size(tables, problems)
    _check_missing(tables, problems)
    for one in settings.covariates:
        rows = tables.of(one.table)
        if rows and one.table in tables.whole and all(v[one.name] is None for _, v in rows):
            place = tables.place(one.table, 1, one.name)
            rule = "declared in analysis.toml under [[covariates]]"
            mend = "add the column, or take it out there"
            problems.error("missing-column", place, "", rule, mend)


def _own(value: Value) -> str | float | None:
    return value if isinstance(value, str | float) or value is None else str(value)


def _filled(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _records(kind: type[_Record], rows: Any) -> tuple[_Record, ...]:
    assert is_dataclass(kind)  # noqa: S101  for the checker
    names = [one.name for one in fields(kind)]
    return tuple(kind(**{name: values.get(name) for name in names}) for _, values in rows)


def _check_missing(tables: checks.Tables, problems: Problems) -> None:
    """Warn of optional columns that are there and often empty; and of what is assumed."""
    watched = {
        "lesions": ("gtv_ml", "ctv_ml", "ptv_d95_gy", "ptv_mean_gy", "gtv_mean_gy"),
        "patients": ("toxicity_assessed_acute", "toxicity_assessed_late"),
    }
    for name, columns in watched.items():
        rows = tables.of(name)
        for column in columns:
            empty = sum(values[column] is None for _, values in rows)
            if rows and MISSING_SHARE * len(rows) < empty < len(rows):
                rule = "analyses take complete cases only"
                place = tables.place(name, 0, column)
                seen = f"{empty} of {len(rows)} empty"
                problems.warn("often-missing", place, seen, rule, "fill it where it is known")
    _check_assessed(tables.of("patients"), tables, problems)


def _check_assessed(rows: Rows, tables: checks.Tables, problems: Problems) -> None:
    absent = [values["toxicity_assessed_acute"] is None for _, values in rows]
    if "toxicity" in tables.rows and absent and all(absent):
        rule = "taken as 1: a patient without a toxicity row had none"
        place = Place(tables.files["patients"], 0, "toxicity_assessed_acute")
        mend = "add the columns toxicity_assessed_acute and _late"
        problems.warn("assessed-assumed", place, "", rule, mend)
