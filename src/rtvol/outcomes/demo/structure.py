"""Steps 1 to 3 of the synthetic cohort: who, which lesions, which dose; counts are exact.

The marginal counts are those a study of 55 patients and 77 liver lesions printed; nothing else is
taken from it, and no row is a patient. Only `random()` of Python's generator is drawn from (its
sequence is guaranteed), so that a seed means the same cohort everywhere.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from random import Random

MONTH_DAYS = 30.4375
#: Lesions of each patient: colorectal primaries first, then the others.
LESIONS_CRC = (1,) * 20 + (2,) * 13 + (3, 4, 4)
LESIONS_OTHER = (1,) * 18 + (2,)
LESION_COUNTS = LESIONS_CRC + LESIONS_OTHER
PATIENTS = len(LESION_COUNTS)
LESIONS = sum(LESION_COUNTS)
PRIMARIES_OTHER = (
    ("stomach", "adenocarcinoma", 6),
    ("cervix", "scc", 4),
    ("breast", "other", 2),
    ("pancreas", "adenocarcinoma", 2),
    ("other", "adenocarcinoma", 1),
    ("other", "other", 3),
    ("unknown", "other", 1),
)
SITES = (("lung", 8), ("para_aortic_ln", 12), ("other", 8))
#: (total Gy, fractions, lesions), by rising BED.
SCHEMES = (
    *(
        (32, 4, 2),
        (30, 3, 2),
        (36, 4, 4),
        (36, 3, 4),
        (40, 4, 5),
        (39, 3, 3),
        (44, 4, 2),
        (48, 4, 6),
    ),
    *((45, 3, 13), (48, 3, 16), (51, 3, 6), (54, 3, 6), (57, 3, 2), (60, 3, 6)),
)
PTV_MU, PTV_SIGMA = 2.42, 2.41


@dataclass(frozen=True)
class Person:
    """What is known of a synthetic patient at SBRT."""

    number: int
    sex: str
    age_years: int
    primary: str
    histology: str
    site: str
    systemic: bool
    dx_day: int


@dataclass(frozen=True)
class Target:
    """A synthetic lesion and its treatment."""

    person: int
    number: int
    ptv_ml: float
    ctv_ml: float
    gtv_ml: float
    dose_gy: int
    fractions: int


@dataclass(frozen=True)
class Structure:
    """All patients and lesions of a synthetic cohort, before anything happens to them."""

    people: tuple[Person, ...]
    targets: tuple[Target, ...]


def draw_structure(seed: int) -> Structure:
    """Draw patients and lesions with the printed counts, medians and ranges.

    Parameters
    ----------
    seed
        Any whole number.
    """
    random = Random(seed)  # noqa: S311  made-up patients, no secret
    young = _subset(random, 29, 38)
    male = _subset(random, 30, 44)
    outside = _subset(random, 28, 39)
    systemic = _subset(random, 39, 57)
    ages = _ages(random, young)
    intervals = _intervals(random)
    primaries = [("colorectal", "adenocarcinoma")] * len(LESIONS_CRC)
    for primary, histology, count in PRIMARIES_OTHER:
        primaries += [(primary, histology)] * count
    sites = iter(_shuffled(random, [site for site, count in SITES for _ in range(count)]))
    people = tuple(
        Person(
            number=number,
            sex="M" if number in male else "F",
            age_years=ages[number],
            primary=primaries[number][0],
            histology=primaries[number][1],
            site=next(sites) if number in outside else "",
            systemic=number in systemic,
            dx_day=-round(intervals[number] * MONTH_DAYS),
        )
        for number in range(PATIENTS)
    )
    return Structure(people, _targets(random))


def _shuffled(random: Random, items: list[str]) -> list[str]:
    keys = [random.random() for _ in items]
    return [item for _, item in sorted(zip(keys, items, strict=True))]


def _subset(random: Random, patients: int, lesions: int) -> set[int]:
    """Random patients of that number whose lesions add to that many, by swaps."""
    order = sorted(range(PATIENTS), key=lambda _: random.random())
    inside, outside = order[:patients], order[patients:]
    missing = lesions - sum(LESION_COUNTS[number] for number in inside)
    while missing:
        i, o = int(random.random() * len(inside)), int(random.random() * len(outside))
        change = LESION_COUNTS[outside[o]] - LESION_COUNTS[inside[i]]
        if abs(missing - change) < abs(missing):
            inside[i], outside[o] = outside[o], inside[i]
            missing -= change
    return set(inside)


def _ages(random: Random, young: set[int]) -> dict[int, int]:
    """Ages 42 to 86 with median 63: those in `young` are at most 63, the others above."""
    low = [42, 63, 63, *(43 + int(random.random() * 21) for _ in range(len(young) - 3))]
    count = PATIENTS - len(young)
    high = [86, *(64 + int(22 * random.random() ** 1.5) for _ in range(count - 1))]
    old = [number for number in range(PATIENTS) if number not in young]
    ages = dict(zip(sorted(young, key=lambda _: random.random()), low, strict=True))
    return ages | dict(zip(old, high, strict=True))


def _intervals(random: Random) -> list[float]:
    """Months from diagnosis to SBRT: 0 to 22, median 2, six above 12."""
    months = [0.0, 2.0, 22.0]
    months += [1.9 * random.random() for _ in range(26)]
    months += [2.1 + 9.7 * random.random() ** 2 for _ in range(21)]
    months += [12.2 + 9 * random.random() for _ in range(5)]
    return sorted(months, key=lambda _: random.random())


def _volumes(random: Random) -> list[float]:
    """PTVs in mL: 37 up to 10, 26 up to 100, 14 above; 0.3 to 721, the middle one 11.0."""

    def within(low: float, high: float) -> float:
        while True:
            radius = math.sqrt(-2 * math.log(1 - random.random()))
            draw = math.exp(PTV_MU + PTV_SIGMA * radius * math.cos(2 * math.pi * random.random()))
            if low < draw <= high:
                return round(draw, 1)

    small = [0.3, *(min(10.0, max(0.4, within(0.35, 9.9))) for _ in range(36))]
    middle = [10.5, 11.0, *(within(11.1, 99.9) for _ in range(24))]
    return [*small, *middle, *(within(101, 700) for _ in range(13)), 721.0]


def _targets(random: Random) -> tuple[Target, ...]:
    owners = [p for p, count in enumerate(LESION_COUNTS) for _ in range(count)]
    volumes = sorted(_volumes(random), key=lambda _: random.random())
    wish = [
        -math.log(volume) + 0.5 * (owner < len(LESIONS_CRC)) + 7 * (random.random() - 0.5)
        for volume, owner in zip(volumes, owners, strict=True)
    ]
    schemes = [(dose, count) for dose, count, lesions in SCHEMES for _ in range(lesions)]
    by_wish = sorted(range(LESIONS), key=wish.__getitem__)
    scheme = dict(zip(by_wish, schemes, strict=True))
    targets, numbers = [], [0] * PATIENTS
    for index, owner in enumerate(owners):
        numbers[owner] += 1
        ctv, gtv = _inner_volumes(random, volumes[index])
        dose, count = scheme[index]
        targets.append(Target(owner, numbers[owner], volumes[index], ctv, gtv, dose, count))
    return tuple(targets)


def _inner_volumes(random: Random, ptv_ml: float) -> tuple[float, float]:
    """CTV and GTV as balls within the PTV; a small PTV has to shrink the margins."""
    outer_mm = 10 * (3 * ptv_ml / (4 * math.pi)) ** (1 / 3)
    ptv_margin_mm, ctv_margin_mm = 3 + 2 * random.random(), 1 + 2 * random.random()
    shrink = min(1.0, 0.6 * outer_mm / (ptv_margin_mm + ctv_margin_mm))
    ctv_mm = outer_mm - shrink * ptv_margin_mm
    gtv_mm = ctv_mm - shrink * ctv_margin_mm
    ctv, gtv = (4 / 3 * math.pi * (radius / 10) ** 3 for radius in (ctv_mm, gtv_mm))
    return round(ctv, 3), round(gtv, 3)
