"""Endpoints: who is followed from when, until which event, in days.

    lc        lesion   its first fraction        local failure; censored at imaging, salvage
    lf_cif    lesion   the same                  the same, death without it competing in a window
    ttp       patient  first fraction            first failure of any kind
    pfs       patient  first fraction            failure or death
    os        patient  first fraction            death
    os_dx     patient  diagnosis                 death, not corrected for delayed entry
    os_dx_lt  patient  diagnosis, entry at SBRT  death, left-truncated
    ehr_cif   patient  first fraction            extra-hepatic failure, death without it competing
    ihr_cif   patient  first fraction            intrahepatic failure, death without it competing

Ties on one day: events before censoring, failure before death.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from rtvol.errors import UsageError
from rtvol.outcomes.config import MONTH_DAYS
from rtvol.outcomes.results import Remark

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from rtvol.outcomes.cohort_data import CohortData
    from rtvol.outcomes.config import Analysis
    from rtvol.outcomes.records import Lesion, Patient

CENSORED, EVENT, COMPETING = 0, 1, 2
Unit = Literal["lesion", "patient"]


@dataclass(frozen=True)
class Endpoint:
    """One endpoint over a cohort: arrays of one value per lesion or patient.

    Attributes
    ----------
    name, label
        Id and words for tables.
    unit
        What a row is.
    origin
        Where the clock starts, in words.
    patients
        Patient of each row (the cluster of a lesion).
    index
        Position of each row in the cohort's lesions or patients.
    time_days
        Days from the origin to event or censoring, shape (n,).
    status
        0 censored, 1 event, 2 competing event, shape (n,).
    entry_days
        Days from the origin to entry, for left truncation; None when all enter at the origin.
    event_name
        What the event is, in words.
    notes
        What was dropped or assumed.
    """

    name: str
    label: str
    unit: Unit
    origin: str
    patients: tuple[str, ...]
    index: NDArray[np.int64]
    time_days: NDArray[np.float64]
    status: NDArray[np.int64]
    entry_days: NDArray[np.float64] | None = None
    event_name: str = "event"
    notes: tuple[str, ...] = ()

    @property
    def months(self) -> NDArray[np.float64]:
        """Times in months of 30.4375 days."""
        return self.time_days / MONTH_DAYS

    @property
    def entry_months(self) -> NDArray[np.float64] | None:
        """Entries in months, None without left truncation."""
        return None if self.entry_days is None else self.entry_days / MONTH_DAYS

    @property
    def event(self) -> NDArray[np.bool_]:
        """Whether each row has the event."""
        return np.asarray(self.status == EVENT)

    @property
    def cluster(self) -> NDArray[np.int64]:
        """Number of each row's patient, for lesions of one patient are not independent."""
        numbers = {patient: number for number, patient in enumerate(dict.fromkeys(self.patients))}
        return np.array([numbers[patient] for patient in self.patients], dtype=np.int64)

    def take(self, rows: NDArray[np.bool_]) -> Endpoint:
        """Return the endpoint of some of its rows."""
        return replace(
            self,
            patients=tuple(p for p, keep in zip(self.patients, rows, strict=True) if keep),
            index=self.index[rows],
            time_days=self.time_days[rows],
            status=self.status[rows],
            entry_days=None if self.entry_days is None else self.entry_days[rows],
        )


#: Time and status of a row; the note says what was assumed for it.
_Row = tuple[float, int, str]


def endpoint_of(cohort: CohortData, name: str, analysis: Analysis) -> Endpoint:
    """Build an endpoint; see `Cohort.endpoint`."""
    months = analysis.landmark_months
    if name in _LESION:
        made = _of_lesions(cohort, name, analysis)
    elif name in _PATIENT:
        made = _of_patients(cohort, name, analysis)
        if months and name.startswith("os_dx"):
            return _entered_at_landmark(made, _days_to_sbrt(cohort, analysis), months)
    else:
        known = ", ".join((*_LESION, *_PATIENT))
        raise UsageError("unknown-endpoint", seen=name, mend=f"one of {known}")
    return landmarked(made, months) if months else made


def landmarked(endpoint: Endpoint, months: float) -> Endpoint:
    """Return the endpoint restarted at a landmark: only rows still at risk there, from there on.

    Rows whose event or censoring lies at or before the landmark leave; the clock restarts.
    """
    days = months * MONTH_DAYS
    kept = endpoint.take(endpoint.time_days > days)
    entry = None if kept.entry_days is None else np.maximum(kept.entry_days - days, 0.0)
    left = len(endpoint.patients) - len(kept.patients)
    return replace(
        kept,
        origin=f"landmark {months:g} months after {endpoint.origin}",
        time_days=kept.time_days - days,
        entry_days=entry,
        notes=(*kept.notes, Remark(f"{left} left before the landmark", left)),
    )


def _entered_at_landmark(
    endpoint: Endpoint, to_sbrt: NDArray[np.float64], months: float
) -> Endpoint:
    """Return survival from diagnosis of those alive at a landmark after SBRT.

    The clock stays that of the diagnosis; left-truncated, rows are at risk from the landmark.
    """
    days = to_sbrt[endpoint.index] + months * MONTH_DAYS
    stays = endpoint.time_days > days
    kept = endpoint.take(stays)
    left = len(endpoint.patients) - len(kept.patients)
    return replace(
        kept,
        origin=f"{kept.origin}, of those followed {months:g} months from the first fraction",
        entry_days=None if kept.entry_days is None else days[stays],
        notes=(*kept.notes, Remark(f"{left} left before the landmark", left)),
    )


def _days_to_sbrt(cohort: CohortData, analysis: Analysis) -> NDArray[np.float64]:
    """Days from diagnosis to the first fraction of each patient."""
    starts = [
        min(_start(lesion, analysis) for lesion in cohort.by_patient[patient.patient_id])
        for patient in cohort.patients
    ]
    pairs = zip(starts, cohort.patients, strict=True)
    return np.array([start - patient.dx_day for start, patient in pairs], dtype=np.float64)


def _start(lesion: Lesion, analysis: Analysis) -> int:
    if analysis.origin == "first_fraction":
        return lesion.sbrt_start_day
    if lesion.sbrt_end_day is None:
        raise UsageError(
            "origin-unknown",
            where=f"lesion {lesion.lesion_id} of {lesion.patient_id}",
            seen="origin = last_fraction, and no sbrt_end_day",
            mend="fill sbrt_end_day, or count from the first fraction",
        )
    return lesion.sbrt_end_day


def _origin_words(analysis: Analysis) -> str:
    return "first fraction" if analysis.origin == "first_fraction" else "last fraction"


def _of_lesions(cohort: CohortData, name: str, analysis: Analysis) -> Endpoint:
    label, row_of = _LESION[name]
    rows = []
    for lesion in cohort.lesions:
        patient = cohort.patient_of[lesion.patient_id]
        day, status, note = row_of(lesion, patient, analysis)
        rows.append((day - _start(lesion, analysis), status, note))
    origin = f"the lesion's {_origin_words(analysis)}"
    return _assembled(name, label, "lesion", origin, ([x.patient_id for x in cohort.lesions], rows))


def _of_patients(cohort: CohortData, name: str, analysis: Analysis) -> Endpoint:
    label, row_of = _PATIENT[name]
    rows, entries = [], []
    for patient in cohort.patients:
        lesions = cohort.by_patient[patient.patient_id]
        start = min(_start(lesion, analysis) for lesion in lesions)
        zero = patient.dx_day if name.startswith("os_dx") else start
        day, status, note = row_of(patient, lesions, analysis)
        rows.append((day - zero, status, note))
        entries.append(float(start - zero))
    origin = f"{_origin_words(analysis)} of the course"
    if name.startswith("os_dx"):
        origin = "diagnosis of the liver recurrence"
    ids = [patient.patient_id for patient in cohort.patients]
    if name == "ttp":
        label += f", censored at {analysis.ttp_censoring.replace('_', ' ')}"
    made = _assembled(name, label, "patient", origin, (ids, rows))
    return _truncated(made, np.array(entries)) if name == "os_dx_lt" else made


def _truncated(endpoint: Endpoint, entry: NDArray[np.float64]) -> Endpoint:
    """Late entry: at risk when entry < t <= exit; who leaves at entry is dropped, and counted."""
    kept = replace(endpoint, entry_days=entry).take(endpoint.time_days > entry)
    dropped = len(entry) - len(kept.patients)
    text = f"{dropped} dropped: followed for no time after entry"
    note = (Remark(text, dropped),) if dropped else ()
    return replace(kept, origin=f"{kept.origin}, at risk from SBRT", notes=(*kept.notes, *note))


def _assembled(
    name: str, label: str, unit: Unit, origin: str, content: tuple[list[str], Sequence[_Row]]
) -> Endpoint:
    patients, rows = content
    notes = [note for _, _, note in rows if note]
    return Endpoint(
        name=name,
        label=label,
        unit=unit,
        origin=origin,
        patients=tuple(patients),
        index=np.arange(len(rows), dtype=np.int64),
        # an end before the last fraction is an end at the origin
        time_days=np.array([max(0.0, float(time)) for time, _, _ in rows]),
        status=np.array([status for _, status, _ in rows], dtype=np.int64),
        event_name=EVENTS[name],
        notes=tuple(
            Remark(f"{number} x {note}", number) for note, number in Counter(notes).items()
        ),
    )


def _local(lesion: Lesion, patient: Patient, analysis: Analysis) -> _Row:  # noqa: ARG001
    """Local failure; what is seen after a salvage is not the SBRT's doing."""
    seen = lesion.last_imaging_day
    end = seen if lesion.salvage_day is None else min(seen, lesion.salvage_day)
    failed = lesion.local_failure_day
    if failed is not None and (lesion.salvage_day is None or failed <= lesion.salvage_day):
        return failed, EVENT, ""
    note = "failure after salvage counted as censored at the salvage" if failed is not None else ""
    return end, CENSORED, note


def _local_or_death(lesion: Lesion, patient: Patient, analysis: Analysis) -> _Row:
    end, status, note = _local(lesion, patient, analysis)
    if status == EVENT or patient.death_day is None:
        return end, status, note
    is_salvaged = lesion.salvage_day is not None and lesion.salvage_day <= lesion.last_imaging_day
    if not is_salvaged and patient.death_day - end <= analysis.death_window_days:
        return patient.death_day, COMPETING, note
    return end, CENSORED, note


def _progression(patient: Patient, lesions: Sequence[Lesion], analysis: Analysis) -> _Row:
    """First failure; without one the latest imaging, after which nothing could be seen."""
    if patient.progression_day is not None:
        return patient.progression_day, EVENT, ""
    if analysis.ttp_censoring == "last_contact":
        return patient.last_contact_day, CENSORED, ""
    return max(lesion.last_imaging_day for lesion in lesions), CENSORED, ""


def _progression_or_death(patient: Patient, lesions: Sequence[Lesion], analysis: Analysis) -> _Row:
    if patient.progression_day is not None:
        return _progression(patient, lesions, analysis)
    return patient.last_contact_day, EVENT if patient.death else CENSORED, ""


def _death(patient: Patient, lesions: Sequence[Lesion], analysis: Analysis) -> _Row:  # noqa: ARG001
    return patient.last_contact_day, EVENT if patient.death else CENSORED, ""


def _component(kind: str) -> Callable[[Patient, Sequence[Lesion], Analysis], _Row]:
    def row_of(patient: Patient, lesions: Sequence[Lesion], analysis: Analysis) -> _Row:
        if getattr(patient, f"fail_{kind}"):
            day = getattr(patient, f"fail_{kind}_day")
            if day is not None:
                return day, EVENT, ""
            first, _, _ = _progression(patient, lesions, analysis)
            return first, EVENT, "day of the component not given: first progression taken"
        return patient.last_contact_day, COMPETING if patient.death else CENSORED, ""

    return row_of


_LESION = {
    "lc": ("local control", _local),
    "lf_cif": ("local failure, death competing", _local_or_death),
}
_PATIENT: dict[str, tuple[str, Callable[[Patient, Sequence[Lesion], Analysis], _Row]]] = {
    "ttp": ("freedom from progression (time to progression)", _progression),
    "pfs": ("progression-free survival", _progression_or_death),
    "os": ("overall survival from SBRT", _death),
    "os_dx": ("overall survival from diagnosis, not corrected for delayed entry", _death),
    "os_dx_lt": ("overall survival from diagnosis, left-truncated at SBRT", _death),
    "ehr_cif": ("extra-hepatic failure, death competing", _component("extrahepatic")),
    "ihr_cif": ("intrahepatic failure, death competing", _component("intrahepatic")),
}
#: What the event of each endpoint is.
EVENTS = {
    "lc": "local failure", "lf_cif": "local failure", "ttp": "progression",
    "pfs": "progression or death", "os": "death", "os_dx": "death", "os_dx_lt": "death",
    "ehr_cif": "extra-hepatic failure", "ihr_cif": "intrahepatic failure",
}  # fmt: skip
