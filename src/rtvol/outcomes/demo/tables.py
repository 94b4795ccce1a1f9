"""The five tables of the synthetic cohort, as the hand-over format wants them."""

from __future__ import annotations

from operator import methodcaller
from random import Random
from typing import TYPE_CHECKING

from rtvol.errors import OutputRefused
from rtvol.outcomes.demo.course import STORED_SEED, course_of
from rtvol.outcomes.demo.structure import PATIENTS, draw_structure
from rtvol.outcomes.fields import TABLES
from rtvol.tables.sheet import Column, Sheet, write_sheet

if TYPE_CHECKING:
    from pathlib import Path

    from rtvol.outcomes.demo.course import Course
    from rtvol.outcomes.demo.structure import Structure

SCREENED = 72
METASTASES = 9
MILD = 15
ASCITES = 2
BANNER = "SYNTHETIC"
_TERMS = ("fatigue", "nausea", "anorexia", "abdominal pain", "elevated transaminases")

_Rows = list[dict[str, object]]


def write_cohort(folder: Path, seed: int = STORED_SEED, *, overwrite: bool = False) -> Path:
    """Write a synthetic cohort of 55 patients and 77 lesions: five CSV files, marked in each row.

    Parameters
    ----------
    folder
        Made if it is not there.
    seed
        2017 is the stored draw, whose rates come near those a study printed; any other seed has
        the same counts and rates of its own.
    overwrite
        Whether files that are there may be replaced.

    Raises
    ------
    OutputRefused
        `output-exists` or `output-unwritable`.
    """
    structure = draw_structure(seed)
    course = course_of(structure, seed)
    random = Random(seed + 2)  # noqa: S311  made-up patients, no secret
    tables = {
        "lesions": _lesions(structure, random),
        "lesion_followup": _followup(structure, course, random),
        "patients": _patients(structure, course, random),
        "toxicity": _toxicity(random),
        "screening": _screening(),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputRefused(
            "output-unwritable", where=folder.name, seen=str(error.strerror)
        ) from error
    for name, rows in tables.items():
        marked = [row | {"synthetic": BANNER} for row in rows]
        write_sheet(_sheet(name, marked), [marked], folder / f"{name}.csv", overwrite=overwrite)
    return folder


def _sheet(name: str, rows: _Rows) -> Sheet[dict[str, object]]:
    """Make the columns of the dictionary that have something in them."""
    filled = {column for row in rows for column, value in row.items() if value is not None}
    columns = tuple(
        Column[dict[str, object]](
            one.name, "text", one.unit, one.about, methodcaller("get", one.name)
        )
        for one in TABLES[name]
        if one.name in filled
    )
    return Sheet(name, "rtvol/cohort@1", columns)


def pseudonym(number: int) -> str:
    """Id of a synthetic patient, counted from 0: SYN001."""
    return f"SYN{number + 1:03d}"


def _lesions(structure: Structure, random: Random) -> _Rows:
    return [
        {
            "patient_id": pseudonym(target.person),
            "lesion_id": f"L{target.number}",
            "sbrt_start_day": 0,
            "n_fractions": target.fractions,
            "dose_total_gy": target.dose_gy,
            "gtv_ml": target.gtv_ml,
            "ctv_ml": target.ctv_ml,
            "ptv_ml": target.ptv_ml,
            "ptv_d95_gy": round(target.dose_gy * (0.96 + 0.06 * random.random()), 1),
            "bed10_rx_gy": round(target.dose_gy * (1 + target.dose_gy / target.fractions / 10), 2),
            "volume_method": "balls, synthetic",
        }
        for target in structure.targets
    ]


def _followup(structure: Structure, course: Course, random: Random) -> _Rows:
    rows: _Rows = []
    for target, failure, imaging in zip(
        structure.targets, course.failure, course.imaging, strict=True
    ):
        draw = random.random()
        best = "CR" if draw < 0.25 else "PR" if draw < 0.65 else "SD"
        if failure is not None and failure <= 100:
            best = "PD"
        rows.append(
            {
                "patient_id": pseudonym(target.person),
                "lesion_id": f"L{target.number}",
                "best_response": best,
                "local_failure": int(failure is not None),
                "local_failure_day": failure,
                "last_imaging_day": imaging,
            }
        )
    return rows


def _patients(structure: Structure, course: Course, random: Random) -> _Rows:
    rows: _Rows = []
    for person in structure.people:
        number = person.number
        contact, first = course.contact[number], course.progression(number)
        days = (course.local[number], course.intrahepatic[number], course.extrahepatic[number])
        after = random.random() < 0.4
        start = (
            int(random.random() * min(contact, 200))
            if after
            else -int(-person.dx_day * random.random())
        )
        row: dict[str, object] = {
            "patient_id": pseudonym(number),
            "sex": person.sex,
            "age_at_sbrt_years": person.age_years,
            "primary_site": person.primary,
            "histology": person.histology,
            "primary_controlled": "unknown" if person.primary == "unknown" else 1,
            "disease_class": "oligo_progression" if person.site else "oligo_recurrence",
            "extrahepatic_disease": int(bool(person.site)),
            "extrahepatic_site": person.site or None,
            "systemic_after_recurrence": int(person.systemic),
            "systemic_start_day": start if person.systemic else None,
            "dx_day": person.dx_day,
            "progression": int(first is not None),
            "progression_day": first,
            "extrahepatic_failure_sites": course.sites[number] or None,
            "death": int(course.death[number]),
            "death_day": contact if course.death[number] else None,
            "last_contact_day": contact,
            "toxicity_assessed_acute": 1,
            "toxicity_assessed_late": 1,
        }
        for kind, day in zip(("local", "intrahepatic", "extrahepatic"), days, strict=True):
            row |= {f"fail_{kind}": int(day is not None), f"fail_{kind}_day": day}
        rows.append(row)
    return rows


def _toxicity(random: Random) -> _Rows:
    order = sorted(range(PATIENTS), key=lambda _: random.random())[: MILD + ASCITES]
    return [
        {
            "patient_id": pseudonym(number),
            "term": "ascites" if place >= MILD else _TERMS[int(random.random() * len(_TERMS))],
            "grade": 2 if place >= MILD or random.random() < 0.3 else 1,
            "onset_day": 3 + int(80 * random.random()),
            "attribution": "possible" if random.random() < 0.6 else "probable",
            "ctcae_version": "4.0",
        }
        for place, number in enumerate(order)
    ]


def _screening() -> _Rows:
    rows: _Rows = []
    for number in range(SCREENED):
        place = number - PATIENTS
        row: dict[str, object] = {"patient_id": pseudonym(number), "status": "included"}
        if place >= 0:
            is_spread = place < METASTASES
            reason = (
                "uncontrollable distant metastases" if is_spread else "lost to follow-up at once"
            )
            row |= {"status": "excluded", "reason": reason, "known_before_sbrt": int(is_spread)}
        rows.append(row)
    return rows
