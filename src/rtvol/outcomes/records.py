"""The rows as records: a patient, a lesion with its follow-up, a toxicity, a screened patient."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Lesion:
    """One treated lesion and what became of it; days count from the patient's first fraction.

    Field names, units and codes are those of the data dictionary (`rtvol.outcomes.fields`).
    """

    patient_id: str
    lesion_id: str
    sbrt_start_day: int
    sbrt_end_day: int | None
    n_fractions: int
    dose_total_gy: float
    gtv_ml: float | None
    ctv_ml: float | None
    ptv_ml: float
    ptv_d95_gy: float | None
    gtv_mean_gy: float | None
    best_response: str
    local_failure: int
    local_failure_day: int | None
    last_imaging_day: int
    salvage_day: int | None


@dataclass(frozen=True)
class Patient:
    """One patient; days count from the patient's first fraction."""

    patient_id: str
    sex: str
    age_at_sbrt_years: int
    primary_site: str
    histology: str
    primary_controlled: str
    disease_class: str
    extrahepatic_disease: int
    extrahepatic_site: str | None
    systemic_after_recurrence: int
    systemic_start_day: int | None
    dx_day: int
    progression: int
    progression_day: int | None
    fail_local: int
    fail_local_day: int | None
    fail_intrahepatic: int
    fail_intrahepatic_day: int | None
    fail_extrahepatic: int
    fail_extrahepatic_day: int | None
    extrahepatic_failure_sites: tuple[str, ...] | None
    death: int
    death_day: int | None
    last_contact_day: int
    cptv_union_ml: float | None
    toxicity_assessed_acute: int | None
    toxicity_assessed_late: int | None


@dataclass(frozen=True)
class Toxicity:
    """One toxicity of a patient."""

    patient_id: str
    term: str
    grade: int
    onset_day: int
    attribution: str
    ctcae_version: str


@dataclass(frozen=True)
class Screened:
    """One screened patient and why it is in or out."""

    patient_id: str
    status: str
    reason: str | None
    known_before_sbrt: int | None
