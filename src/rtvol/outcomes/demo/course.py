"""Step 4 and 5 of the synthetic cohort: what happens to the patients; a stored draw, or a free one.

The stored draw (`draw.json`, made by `benchmarks/synthetic_cohort.py`) belongs to `STORED_SEED` and
was searched to come near the rates a study printed. Any other seed draws freely: its counts are
exact, its rates are whatever they are.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from importlib.resources import files
from random import Random
from typing import TYPE_CHECKING, Any

from rtvol.outcomes.demo.structure import PATIENTS

if TYPE_CHECKING:
    from rtvol.outcomes.demo.structure import Structure

STORED_SEED = 2017
DEATHS = 39
#: Progressions and extra-hepatic failures: without and with extra-hepatic disease at SBRT.
PROGRESSIONS = (14, 24)
OUTSIDE = (8, 21)
LOCAL_PATIENTS = 11
FAILURE_SITES = (("lung", 14), ("bone", 7), ("lymph_node", 7), ("peritoneum", 1))

Days = tuple[int | None, ...]


@dataclass(frozen=True)
class Course:
    """Days of events from SBRT, None for none; by patient, then by lesion.

    Attributes
    ----------
    contact, death
        Last contact, and whether it is the death.
    local, intrahepatic, extrahepatic
        Day of each kind of failure.
    sites
        Site of the extra-hepatic failure, empty for none.
    failure, imaging
        Local failure and last imaging of each lesion.
    """

    contact: tuple[int, ...]
    death: tuple[bool, ...]
    local: Days
    intrahepatic: Days
    extrahepatic: Days
    sites: tuple[str, ...]
    failure: Days
    imaging: tuple[int, ...]

    def progression(self, person: int) -> int | None:
        """First failure of a patient."""
        days = (self.local[person], self.intrahepatic[person], self.extrahepatic[person])
        return min((day for day in days if day is not None), default=None)


def course_of(structure: Structure, seed: int) -> Course:
    """Return the stored course for its seed, a free draw for any other."""
    if seed != STORED_SEED:
        return draw_course(structure, seed)
    text = (files("rtvol.outcomes.demo") / "draw.json").read_text(encoding="utf-8")
    stored: dict[str, Any] = json.loads(text)
    return Course(**{name: tuple(stored[name]) for name in Course.__dataclass_fields__})


def draw_course(structure: Structure, seed: int) -> Course:
    """Draw events with the printed counts; times from exponential laws."""
    random = Random(seed + 1)  # noqa: S311  made-up patients, no secret
    contact = tuple(_contact(random) for _ in range(PATIENTS))
    dead = set(_some(random, range(PATIENTS), DEATHS))
    progressed: dict[int, int] = {}
    outside: set[int] = set()
    for has_site, (count, spread) in enumerate(zip(PROGRESSIONS, OUTSIDE, strict=True)):
        group = [p.number for p in structure.people if bool(p.site) == bool(has_site)]
        chosen = _some(random, group, count)
        outside |= set(chosen[:spread])
        for person in chosen:
            progressed[person] = _before(random, contact[person], 270)
    local = set(_some(random, sorted(progressed), LOCAL_PATIENTS))
    failure, imaging = _lesions(random, structure, contact, progressed, local)
    first = {
        person: min(
            day
            for day, target in zip(failure, structure.targets, strict=True)
            if day is not None and target.person == person
        )
        for person in local
    }
    return _assemble(random, contact, dead, (progressed, outside, first), (failure, imaging))


def _lesions(
    random: Random,
    structure: Structure,
    contact: tuple[int, ...],
    progressed: dict[int, int],
    local: set[int],
) -> tuple[list[int | None], list[int]]:
    """Failure and last imaging by lesion: one lesion of each locally failing patient fails."""
    failing = {
        person: int(random.random() * sum(t.person == person for t in structure.targets)) + 1
        for person in sorted(local)
    }
    failure: list[int | None] = []
    imaging: list[int] = []
    for target in structure.targets:
        last = contact[target.person]
        if failing.get(target.person) == target.number:
            start = progressed[target.person]
            day = start + int((last - start) * random.random() ** 3)
            failure.append(day)
            imaging.append(day)
        else:
            failure.append(None)
            imaging.append(max(45, _before(random, last, 330)) if last > 60 else last)
    return failure, imaging


def _assemble(
    random: Random,
    contact: tuple[int, ...],
    dead: set[int],
    failures: tuple[dict[int, int], set[int], dict[int, int]],
    lesions: tuple[list[int | None], list[int]],
) -> Course:
    """Give every progression a component on its day; the others follow."""
    progressed, outside, local = failures
    intrahepatic: list[int | None] = [None] * PATIENTS
    extrahepatic: list[int | None] = [None] * PATIENTS
    for person, day in progressed.items():
        later = day + int((contact[person] - day) * random.random())
        is_first_local = local.get(person) == day
        in_liver = (person not in outside and not is_first_local) or random.random() < 0.35
        if person in outside:
            together = in_liver and random.random() < 0.4
            extrahepatic[person] = later if is_first_local and not together else day
        if in_liver:
            is_first = person not in outside and not is_first_local
            intrahepatic[person] = day if is_first or random.random() < 0.3 else later
    words = [site for site, count in FAILURE_SITES for _ in range(count)]
    order = _some(random, range(len(words)), len(words))
    sites = [""] * PATIENTS
    for index, person in enumerate(sorted(outside)):
        sites[person] = words[order[index]]
    failure, imaging = lesions
    return Course(
        contact,
        tuple(person in dead for person in range(PATIENTS)),
        tuple(local.get(person) for person in range(PATIENTS)),
        tuple(intrahepatic),
        tuple(extrahepatic),
        tuple(sites),
        tuple(failure),
        tuple(imaging),
    )


def _contact(random: Random) -> int:
    return max(95, min(3300, int(-900 * math.log(1 - random.random()))))


def _before(random: Random, last: int, scale_days: float) -> int:
    """Draw an exponential day that lies before `last`."""
    top = 1 - math.exp(-last / scale_days)
    return max(1, min(last, int(-scale_days * math.log(1 - top * random.random()))))


def _some(random: Random, items: Any, count: int) -> list[int]:
    return sorted(items, key=lambda _: random.random())[:count]
