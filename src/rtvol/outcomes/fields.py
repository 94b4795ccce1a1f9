"""The data dictionary: five tables, each column with unit, what it may hold and means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["id", "text", "code", "flag", "whole", "number", "day", "list"]

#: Column names that mean the same; the first is what rtvol writes.
VOLUME_UNITS = ("ml", "cc", "cm3")
YES_NO = ("0", "1")
SITES = ("lung", "bone", "lymph_node", "peritoneum", "other")


@dataclass(frozen=True)
class Column:
    """One column of the hand-over format.

    Attributes
    ----------
    name
        Column name; a time column is named `*_day` here and may come as `*_date` instead.
    kind
        How its cells are read.
    required
        Whether the column must be there and every cell filled.
    allowed
        The codes it may hold, for kinds `code`, `flag` and `list`.
    low, high
        Bounds in `unit`, both allowed; None for none.
    unit, about
        Unit, and what the column means.
    """

    name: str
    kind: Kind
    required: bool = False
    allowed: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    unit: str = ""
    about: str = ""


def _key(name: str) -> Column:
    return Column(name, "id", required=True, about="pseudonym: letters, digits, _ . -")


def _flag(name: str, about: str, *, required: bool = True) -> Column:
    return Column(name, "flag", required, YES_NO, about=about)


def _day(name: str, about: str, *, required: bool = False) -> Column:
    return Column(name, "day", required, unit="d", about=about)


def _code(name: str, allowed: str, about: str) -> Column:
    return Column(name, "code", required=True, allowed=tuple(allowed.split()), about=about)


def _gy(name: str, about: str) -> Column:
    return Column(name, "number", low=0, unit="Gy", about=about)


def _ml(name: str, about: str, *, required: bool = False) -> Column:
    return Column(name, "number", required, unit="mL", about=about)


_BANNER = Column(
    "synthetic", "text", about="SYNTHETIC in made-up data, which every output then says"
)

LESIONS = (
    _key("patient_id"),
    _key("lesion_id"),
    _day("sbrt_start_day", "first fraction; 0 for the first course", required=True),
    _day("sbrt_end_day", "last fraction, for origin = last_fraction"),
    Column("n_fractions", "whole", required=True, low=1, high=40, about="fractions prescribed"),
    Column(
        "dose_total_gy", "number", required=True, low=1, high=150, unit="Gy", about="prescribed"
    ),
    Column(
        "dose_per_fraction_gy", "number", low=0.5, high=40, unit="Gy", about="must be total / n"
    ),
    _ml("gtv_ml", "gross tumour volume"),
    _ml("ctv_ml", "clinical target volume"),
    _ml("ptv_ml", "planning target volume", required=True),
    _gy("ptv_d95_gy", "dose to 95 % of the PTV"),
    _gy("ptv_d98_gy", "dose to 98 % of the PTV"),
    _gy("ptv_d2_gy", "dose to 2 % of the PTV"),
    _gy("ptv_mean_gy", "mean dose of the PTV"),
    _gy("gtv_d98_gy", "dose to 98 % of the GTV"),
    _gy("gtv_mean_gy", "mean dose of the GTV"),
    Column("bed10_rx_gy", "number", low=0, unit="Gy10", about="must be D (1 + d / 10)"),
    Column("source_hash", "text", about="salted hash of the export, no UID"),
    Column("rtvol_version", "text", about="program that measured"),
    Column("volume_method", "text", about="how volumes were measured"),
    _BANNER,
)

LESION_FOLLOWUP = (
    _key("patient_id"),
    _key("lesion_id"),
    _code("best_response", "CR PR SD PD NE", "best response by RECIST"),
    _flag("local_failure", "local failure of this lesion at any time"),
    _day("local_failure_day", "day of the scan that showed it"),
    _day("last_imaging_day", "last imaging of this lesion", required=True),
    _day("salvage_day", "local treatment of this lesion after SBRT"),
    _BANNER,
)

PATIENTS = (
    _key("patient_id"),
    _code("sex", "M F other unknown", "sex"),
    Column(
        "age_at_sbrt_years",
        "whole",
        required=True,
        low=18,
        high=90,
        unit="y",
        about="90: 90 or more",
    ),
    _code("primary_site", "colorectal stomach cervix breast pancreas other unknown", "primary"),
    _code("histology", "adenocarcinoma scc other unknown", "histology"),
    _code("primary_controlled", "1 0 unknown", "whether the primary was controlled at SBRT"),
    _code("disease_class", "oligo_recurrence oligo_progression", "class of disease"),
    _flag("extrahepatic_disease", "an inactive lesion outside the liver at SBRT"),
    Column("extrahepatic_site", "code", allowed=("lung", "para_aortic_ln", "other"), about="where"),
    _flag("systemic_after_recurrence", "systemic therapy after the liver recurrence"),
    _day("systemic_start_day", "its first day"),
    _day("dx_day", "diagnosis of the liver recurrence; 0 or before", required=True),
    _flag("progression", "any progression"),
    _day("progression_day", "first progression"),
    _flag("fail_local", "local failure (in field), ever"),
    _day("fail_local_day", "its first day"),
    _flag("fail_intrahepatic", "in the liver, out of field, ever"),
    _day("fail_intrahepatic_day", "its first day"),
    _flag("fail_extrahepatic", "outside the liver, ever"),
    _day("fail_extrahepatic_day", "its first day"),
    Column(
        "extrahepatic_failure_sites",
        "list",
        allowed=SITES,
        about="joined by ; ; known: marks the old site",
    ),
    _flag("death", "death of any cause"),
    _day("death_day", "day of death"),
    _day("last_contact_day", "last day the patient is known about", required=True),
    Column("n_cases", "whole", low=1, about="structure sets, as rtvol collect counts them"),
    Column("n_lesions", "whole", low=1, about="must be the patient's rows in lesions"),
    _ml("cptv_ml", "must be the sum of the patient's PTVs"),
    _ml("cptv_union_ml", "union of the patient's PTVs, where rtvol had the contours"),
    _flag("toxicity_assessed_acute", "seen for acute toxicity; 1 when absent", required=False),
    _flag("toxicity_assessed_late", "seen for late toxicity; 1 when absent", required=False),
    _BANNER,
)

TOXICITY = (
    _key("patient_id"),
    Column("term", "text", required=True, about="CTCAE term"),
    Column("grade", "whole", required=True, about="CTCAE grade 1-5"),
    _day("onset_day", "first day of that grade", required=True),
    _code("attribution", "unrelated unlikely possible probable definite", "to SBRT"),
    _code("ctcae_version", "4.0 4.03 5.0", "version of the criteria"),
    _BANNER,
)

SCREENING = (
    _key("patient_id"),
    _code("status", "included excluded", "what became of the patient"),
    Column("reason", "text", about="reason for exclusion"),
    Column(
        "known_before_sbrt", "flag", allowed=YES_NO, about="whether the reason was known at SBRT"
    ),
    _BANNER,
)

#: The five tables by name; a data set is a folder of NAME.csv or NAME.parquet.
TABLES: dict[str, tuple[Column, ...]] = {
    "lesions": LESIONS,
    "lesion_followup": LESION_FOLLOWUP,
    "patients": PATIENTS,
    "toxicity": TOXICITY,
    "screening": SCREENING,
}

#: Tables that must be there; without the others their results are left out, with a warning.
REQUIRED_TABLES = ("lesions", "lesion_followup", "patients")

#: Columns that name a row of a table; toxicity may hold several rows of a patient.
KEYS: dict[str, tuple[str, ...]] = {
    "lesions": ("patient_id", "lesion_id"),
    "lesion_followup": ("patient_id", "lesion_id"),
    "patients": ("patient_id",),
    "screening": ("patient_id",),
}


#: The dictionary in force: the five tables, with the columns and codes of an analysis.
Dictionary = dict[str, tuple[Column, ...]]


def column_of(columns: tuple[Column, ...], name: str) -> Column | None:
    """Return the column of that name, or None when the table has none."""
    return next((column for column in columns if column.name == name), None)


def source_of(columns: tuple[Column, ...], name: str) -> Column | None:
    """Return the column that a name of a file means: itself, or the day behind a date."""
    if name.endswith("_date"):
        day = column_of(columns, f"{name.removesuffix('_date')}_day")
        return day if day is not None and day.kind == "day" else None
    return column_of(columns, name)
