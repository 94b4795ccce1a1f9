"""Checks of days: everything lies between SBRT and last contact, flags and days agree."""

from __future__ import annotations

import statistics
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rtvol.outcomes.cells import Value
    from rtvol.outcomes.checks import Rows, Tables
    from rtvol.outcomes.problems import Problems

#: Imaging that stopped this long before last contact leaves local control unknown.
IMAGING_GAP_DAYS = 183

#: A cohort followed no longer than this may have its times in months.
SHORT_DAYS = 183
#: From this many on a largest time means something.
FEW_TO_JUDGE = 5
#: Days against months differ by 30; imaging that stops early does not come near.
MONTHS_RATIO = 15

_COMPONENTS = ("fail_local", "fail_intrahepatic", "fail_extrahepatic")
_FLAGS = (("death", "death_day"), ("progression", "progression_day"))


def days_from_dates(tables: Tables) -> dict[str, Rows]:
    """Replace dates by days from the patient's first SBRT fraction.

    Dates of a patient without any SBRT date become None; the missing value is an error already.
    """
    first: dict[Value, date] = {}
    for _, values in tables.of("lesions"):
        start, patient = values["sbrt_start_day"], values["patient_id"]
        if isinstance(start, date):
            first[patient] = min(start, first.get(patient, start))
    return {
        name: tuple((row, _in_days(values, first)) for row, values in rows)
        for name, rows in tables.rows.items()
    }


def _in_days(values: dict[str, Value], first: dict[Value, date]) -> dict[str, Value]:
    zero = first.get(values["patient_id"])
    return {
        name: ((value - zero).days if zero else None) if isinstance(value, date) else value
        for name, value in values.items()
    }


def check_times(tables: Tables, problems: Problems) -> None:
    """Run every check of days; each problem names its row."""
    starts: dict[Value, list[int]] = {}
    for row, values in tables.of("lesions"):
        start = values["sbrt_start_day"]
        if isinstance(start, int):
            starts.setdefault(values["patient_id"], []).append(start)
            _check_start(row, values, start, tables, problems)
    for patient, days in starts.items():
        if min(days) > 0:
            place = tables.place("lesions", 0, "sbrt_start_day")
            rule = "day 0 is the patient's first fraction"
            seen = f"{problems.cell(patient)}: first at {min(days)}"
            problems.error(
                "first-day-not-zero", place, seen, rule, "count all days of it from there"
            )
    patients = {values["patient_id"]: values for _, values in tables.of("patients")}
    for row, values in tables.of("patients"):
        _check_patient(row, values, tables, problems)
    for row, values in tables.of("lesion_followup"):
        _check_followup(row, values, patients, tables, problems)
    _check_bounds("toxicity", ("onset_day",), patients, tables, problems)
    _check_failures(tables, problems)


def check_size(tables: Tables, problems: Problems) -> None:
    """Warn of days so small that they may be months."""
    middle = {}
    for name, column in (("patients", "last_contact_day"), ("lesion_followup", "last_imaging_day")):
        days = [day for _, values in tables.of(name) if isinstance(day := values[column], int)]
        if len(days) < FEW_TO_JUDGE:
            continue
        middle[name] = statistics.median(days)
        if max(days) <= SHORT_DAYS:
            rule = f"times are days; nobody is followed beyond day {max(days)}: are these months?"
            place = tables.place(name, 0, column)
            seen = f"median {middle[name]:g}, largest {max(days)}"
            mend = "if they are months, give days (or dates); if not, nothing to do"
            problems.warn("days-look-like-months", place, seen, rule, mend)
    contact, imaging = middle.get("patients", 0), middle.get("lesion_followup", 0)
    if imaging and contact / imaging > MONTHS_RATIO and max(contact, imaging) > SHORT_DAYS:
        place = tables.place("lesion_followup", 0, "last_imaging_day")
        rule = f"times are days; last contact has a median of {contact:g}: is this one in months?"
        mend = "give both in days, or as dates"
        problems.warn("days-look-like-months", place, f"median {imaging:g}", rule, mend)


def _check_start(
    row: int, values: dict[str, Value], start: int, tables: Tables, problems: Problems
) -> None:
    place = tables.place("lesions", row, "sbrt_start_day")
    if start < 0:
        rule = "day 0 is the patient's first fraction"
        problems.error("first-day-not-zero", place, start, rule, "count the days from there")
    end = values["sbrt_end_day"]
    if isinstance(end, int) and end < start:
        place = tables.place("lesions", row, "sbrt_end_day")
        problems.error(
            "before-sbrt", place, end, f"not before its start, day {start}", "mend either"
        )


def _check_patient(row: int, values: dict[str, Value], tables: Tables, problems: Problems) -> None:
    place, diagnosis = tables.place("patients", row, "dx_day"), values["dx_day"]
    if isinstance(diagnosis, int) and diagnosis > 0:
        rule = "the liver recurrence is diagnosed before SBRT: day 0 or below"
        problems.error("diagnosis-after-sbrt", place, diagnosis, rule, "mend the day or its sign")
    for flag, day in (*_FLAGS, *((name, f"{name}_day") for name in _COMPONENTS)):
        place = tables.place("patients", row, day)
        if values[flag] == 1 and values[day] is None and flag in {"death", "progression"}:
            problems.error("event-without-day", place, "", f"{flag} = 1 has a day", "give the day")
        if values[flag] == 0 and values[day] is not None:
            rule = f"{flag} = 0 has no day"
            problems.error(
                "day-without-event", place, values[day], rule, "mend the flag or the day"
            )
    last = values["last_contact_day"]
    if not isinstance(last, int):
        return
    if last == 0:
        place = tables.place("patients", row, "last_contact_day")
        rule = "a patient lost at once says nothing about outcome"
        problems.warn("no-followup", place, 0, rule, "check that it belongs in the cohort")
    if isinstance(values["death_day"], int) and values["death_day"] != last:
        place = tables.place("patients", row, "last_contact_day")
        rule = f"the last contact of a dead patient is the death, day {values['death_day']}"
        problems.error("death-not-last-contact", place, last, rule, "mend either")
    days = [f"{name}_day" for name in ("progression", *_COMPONENTS)]
    for name in (*days, "death_day", "last_contact_day"):
        _check_day("patients", row, name, (values, values), (tables, problems))
    start = values["systemic_start_day"]
    if isinstance(start, int) and start > last:
        place = tables.place("patients", row, "systemic_start_day")
        problems.error("after-last-contact", place, start, f"not after day {last}", "mend either")


def _check_day(
    table: str,
    row: int,
    column: str,
    whose: tuple[dict[str, Value], dict[str, Value]],
    context: tuple[Tables, Problems],
) -> None:
    """Check that an event or visit lies between first fraction and death or last contact."""
    (values, patient), (tables, problems) = whose, context
    day, place = values[column], tables.place(table, row, column)
    if not isinstance(day, int):
        return
    if day < 0:
        rule = "not before the first SBRT fraction, day 0"
        problems.error("before-sbrt", place, day, rule, "mend the day")
    death, last = patient["death_day"], patient["last_contact_day"]
    if isinstance(death, int) and day > death:
        problems.error("after-death", place, day, f"not after death, day {death}", "mend either")
    elif isinstance(last, int) and day > last and column != "last_contact_day":
        rule = f"not after last contact, day {last}"
        problems.error("after-last-contact", place, day, rule, "last contact is at least that day")


def _check_bounds(
    table: str,
    columns: tuple[str, ...],
    patients: dict[Value, dict[str, Value]],
    tables: Tables,
    problems: Problems,
) -> None:
    for row, values in tables.of(table):
        patient = patients.get(values["patient_id"])
        for column in columns if patient else ():
            _check_day(table, row, column, (values, patient or {}), (tables, problems))


def _check_followup(
    row: int,
    values: dict[str, Value],
    patients: dict[Value, dict[str, Value]],
    tables: Tables,
    problems: Problems,
) -> None:
    day, flag = values["local_failure_day"], values["local_failure"]
    place = tables.place("lesion_followup", row, "local_failure_day")
    if flag == 1 and day is None:
        problems.error("event-without-day", place, "", "a failure has a day", "give the scan's day")
    if flag == 0 and day is not None:
        problems.error("day-without-event", place, day, "no failure, no day", "mend flag or day")
    patient = patients.get(values["patient_id"])
    if patient is None:
        return
    columns = ("local_failure_day", "last_imaging_day", "salvage_day")
    for column in columns:
        _check_day("lesion_followup", row, column, (values, patient), (tables, problems))
    last, imaging = patient["last_contact_day"], values["last_imaging_day"]
    place = tables.place("lesion_followup", row, "last_imaging_day")
    if not isinstance(last, int) or not isinstance(imaging, int):
        return
    if isinstance(day, int) and day > imaging:
        rule = f"the failure of day {day} was seen on imaging"
        problems.warn(
            "imaging-before-failure", place, imaging, rule, "last imaging is that day or later"
        )
    if imaging == 0:
        rule = "a lesion never seen again says nothing about local control"
        problems.warn("no-followup", place, 0, rule, "check that imaging is complete")
    if flag == 0 and last - imaging > IMAGING_GAP_DAYS:
        rule = f"last contact is {last - imaging} days later (more than {IMAGING_GAP_DAYS})"
        problems.warn("imaging-gap", place, imaging, rule, "local control after it is unknown")


def _check_failures(tables: Tables, problems: Problems) -> None:
    """Check that lesions, components and progression say the same, in flags and days."""
    is_whole = "lesion_followup" in tables.whole
    failed: dict[Value, list[int]] = {}
    starts = {
        (values["patient_id"], values["lesion_id"]): values["sbrt_start_day"]
        for _, values in tables.of("lesions")
    }
    for row, values in tables.of("lesion_followup"):
        start = starts.get((values["patient_id"], values["lesion_id"]))
        for column in ("local_failure_day", "last_imaging_day"):
            day = values[column]
            if isinstance(start, int) and isinstance(day, int) and 0 <= day < start:
                place = tables.place("lesion_followup", row, column)
                rule = f"not before this lesion's first fraction, day {start}"
                problems.error("before-sbrt", place, day, rule, "mend the day")
        if values["local_failure"] == 1:
            failed.setdefault(values["patient_id"], [])
            if isinstance(values["local_failure_day"], int):
                failed[values["patient_id"]].append(values["local_failure_day"])
    for row, values in tables.of("patients"):
        _check_components(row, values, tables, problems)
        if is_whole:
            _check_local(row, values, failed.get(values["patient_id"]), tables, problems)


def _check_components(
    row: int, values: dict[str, Value], tables: Tables, problems: Problems
) -> None:
    flags = [values[name] for name in _COMPONENTS]
    place = tables.place("patients", row, "progression")
    if values["progression"] == 1 and flags == [0, 0, 0]:
        rule = "progression is local, intrahepatic or extrahepatic"
        problems.error("progression-without-component", place, 1, rule, "set the component's flag")
    if values["progression"] == 0 and 1 in flags:
        rule = "a component that failed is a progression"
        problems.error("component-without-progression", place, 0, rule, "mend either")
    days = [values[f"{name}_day"] for name in _COMPONENTS if values[name] == 1]
    known = [day for day in days if isinstance(day, int)]
    first = values["progression_day"]
    if not isinstance(first, int) or not known:
        return
    place = tables.place("patients", row, "progression_day")
    if first > min(known) or (first != min(known) and len(known) == len(days)):
        rule = f"progression is the first component's day, {min(known)}"
        problems.error("progression-not-earliest", place, first, rule, "mend either")


def _check_local(
    row: int,
    values: dict[str, Value],
    days: list[int] | None,
    tables: Tables,
    problems: Problems,
) -> None:
    place = tables.place("patients", row, "fail_local")
    if days is not None and values["fail_local"] == 0:
        rule = "a lesion of this patient failed locally"
        problems.error("lesion-failed-patient-not", place, 0, rule, "mend patient or lesion")
    if days is None and values["fail_local"] == 1:
        rule = "no lesion of this patient failed locally"
        problems.error("patient-failed-lesion-not", place, 1, rule, "mend patient or lesion")
    first = values["progression_day"]
    if days and isinstance(first, int) and min(days) < first:
        place = tables.place("patients", row, "progression_day")
        rule = f"a lesion failed before it, on day {min(days)}"
        problems.error("failure-before-progression", place, first, rule, "progression is that day")
    own = values["fail_local_day"]
    if days and isinstance(own, int) and own != min(days):
        place = tables.place("patients", row, "fail_local_day")
        rule = f"the first lesion failed on day {min(days)}"
        problems.error("local-day-disagrees", place, own, rule, "mend either")
