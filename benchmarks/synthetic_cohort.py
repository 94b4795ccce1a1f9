"""How `rtvol/outcomes/demo/draw.json` was made: a one-off search, never part of a test.

    python benchmarks/synthetic_cohort.py OUT.json [STEPS]

Steps 1 to 3 of the synthetic cohort are drawn as always. Step 4, what happens to the patients, is
found by simulated annealing: survival from diagnosis, then progression, then the lesions, each
scored by its distance to the rates, medians and sides of .05 that a study printed. Nothing but
those printed numbers enters; the rows are invented.
"""

from __future__ import annotations

import json
import math
import sys
from functools import partial
from pathlib import Path
from random import Random

import numpy as np
from scipy.stats import chi2

from rtvol.outcomes.demo.course import STORED_SEED, Course, draw_course
from rtvol.outcomes.demo.structure import MONTH_DAYS, PATIENTS, draw_structure

S = draw_structure(STORED_SEED)
OWNER = np.array([t.person for t in S.targets])
PTV = np.array([t.ptv_ml for t in S.targets])
BED = np.array([t.dose_gy * (1 + t.dose_gy / t.fractions / 10) for t in S.targets])
CPTV = np.bincount(OWNER, PTV)
INTERVAL = np.array([-p.dx_day for p in S.people])
OUTSIDE = np.array([bool(p.site) for p in S.people])
PATIENT_FACTORS = {
    "age": np.array([p.age_years > 63 for p in S.people]),
    "sex": np.array([p.sex == "F" for p in S.people]),
    "primary": np.array([p.primary != "colorectal" for p in S.people]),
    "extrahepatic": OUTSIDE,
    "systemic": np.array([p.systemic for p in S.people]),
    "targets": np.bincount(OWNER) > 1,
    "interval": INTERVAL > 12 * MONTH_DAYS,
    "cptv": CPTV > 50,
    "bed": np.array([min(BED[p == OWNER]) > 110 for p in range(PATIENTS)]),
}
LESION_FACTORS = {
    name: PATIENT_FACTORS[name][OWNER]
    for name in ("age", "sex", "primary", "extrahepatic", "systemic")
} | {"ptv": PTV > 10, "bed": BED > 110}


def km(time: np.ndarray, event: np.ndarray, at: float) -> float:
    """Product limit at one time."""
    surviving = 1.0
    for t in np.unique(time[event & (time <= at)]):
        surviving *= 1 - np.sum(event & (time == t)) / np.sum(time >= t)
    return surviving


def logranks(
    time: np.ndarray, event: np.ndarray, groups: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Log-rank p of several two-group factors, and whether the second group is worse."""
    days = np.unique(time[event])
    risk = time[None, :] >= days[:, None]
    fail = (time[None, :] == days[:, None]) & event[None, :]
    n, d = risk.sum(1), fail.sum(1)
    n1, d1 = risk @ groups.T.astype(float), fail @ groups.T.astype(float)
    share = n1 / n[:, None]
    var = d[:, None] * share * (1 - share) * ((n - d) / np.maximum(n - 1, 1))[:, None]
    total = var.sum(0)
    score = (d1 - d[:, None] * share).sum(0)
    return chi2.sf(score**2 / np.maximum(total, 1e-12), 1), score > 0


def side(p: float, want: float | None) -> float:
    """Distance of a p in log10: to `want`, or to the far side of .05 when None."""
    log = math.log10(max(p, 1e-12))
    if want is None:
        return max(0.0, math.log10(0.07) - log)
    return abs(log - math.log10(want))


#: Which group does worse (the second: True): as the study printed, or says in words, and for
#: factors of which it gives a p only the way that holds in the literature.
DIRECTIONS = {
    "age": True,
    "sex": False,
    "cptv": True,
    "extrahepatic": True,
    "interval": False,
    "ptv": True,
    "bed": False,
    "primary": True,
    "systemic": True,
    "targets": True,
}


def wrong_ways(
    factors: dict[str, np.ndarray], ps: np.ndarray, worse: np.ndarray, names: tuple[str, ...]
) -> float:
    """Penalty for named factors that point the wrong way, the larger the clearer they do."""
    places = {name: place for place, name in enumerate(factors)}
    wrong = [places[name] for name in names if worse[places[name]] != DIRECTIONS[name]]
    return sum(6.0 - 5 * math.log10(max(ps[place], 1e-12)) for place in wrong)


def anneal(state, cost, move, steps: int, random: Random, heat: float = 0.3):
    """Metropolis with falling temperature; the best state seen."""
    now = best = cost(state)
    kept = state
    for step in range(steps):
        warmth = heat * (1 - step / steps) ** 2 + 1e-6
        other = move(state)
        score = cost(other)
        if score < now or random.random() < math.exp((now - score) / warmth):
            state, now = other, score
            if now < best:
                best, kept = now, state
    return kept, best


def search_survival(steps: int, random: Random, start: Course):
    groups = np.array(list(PATIENT_FACTORS.values()))
    wants = [{"cptv": 0.0497, "extrahepatic": 0.007}.get(name) for name in PATIENT_FACTORS]

    def cost(state):
        contact, dead = state
        time = contact + INTERVAL
        months = time / MONTH_DAYS
        ps, worse = logranks(time, dead, groups)
        value = wrong_ways(PATIENT_FACTORS, ps, worse, tuple(PATIENT_FACTORS))
        value += 40 * abs(km(months, dead, 24) - 0.56) + 40 * abs(km(months, dead, 60) - 0.20)
        value += 60 * max(0, km(months, dead, 40.4) - 0.4999) + 60 * max(
            0, 0.5001 - km(months, dead, 39.6)
        )
        value += (
            0.3 * abs(np.median(months) - 24) + abs(max(months) - 120) / 10 + abs(min(months) - 4)
        )
        value += sum(side(p, want) for p, want in zip(ps, wants, strict=True)) * 2
        fine = 40 * abs(ps[list(PATIENT_FACTORS).index("cptv")] - 0.0497)
        return value + min(2.0, fine)

    def move(state):
        contact, dead = state[0].copy(), state[1].copy()
        i, j = int(random.random() * PATIENTS), int(random.random() * PATIENTS)
        if random.random() < 0.3:
            dead[i], dead[j] = dead[j], dead[i]
        elif random.random() < 0.5:
            contact[i] = min(3650, max(97, int(contact[i] * math.exp(random.random() - 0.5))))
        else:
            contact[i], contact[j] = contact[j], contact[i]
        return contact, dead

    return anneal((np.array(start.contact), np.array(start.death)), cost, move, steps, random)


def search_progression(steps: int, random: Random, start: Course, contact: np.ndarray):
    groups = np.array(list(PATIENT_FACTORS.values()))
    wants = {"extrahepatic": 0.001, "sex": 0.034, "interval": 0.019}
    days = np.array([start.progression(p) or -1 for p in range(PATIENTS)])

    def cost(days):
        event = days >= 0
        time = np.where(event, days, contact)
        months = time / MONTH_DAYS
        ps, worse = logranks(time, event, groups)
        value = wrong_ways(PATIENT_FACTORS, ps, worse, tuple(PATIENT_FACTORS))
        value += 40 * abs(km(months, event, 12) - 0.46) + 40 * abs(km(months, event, 24) - 0.22)
        return value + 2 * sum(
            side(p, wants.get(name)) for name, p in zip(PATIENT_FACTORS, ps, strict=True)
        )

    def move(days):
        days = days.copy()
        i = int(random.random() * PATIENTS)
        if days[i] >= 0 and random.random() < 0.6:
            days[i] = min(
                contact[i], max(20, int(days[i] * math.exp(1.4 * (random.random() - 0.5))))
            )
            return days
        same = [
            j
            for j in range(PATIENTS)
            if OUTSIDE[j] == OUTSIDE[i] and (days[j] < 0) != (days[i] < 0)
        ]
        j = same[int(random.random() * len(same))]
        i, j = (i, j) if days[i] >= 0 else (j, i)
        days[j], days[i] = max(20, min(int(contact[j]), int(days[i]))), -1
        return days

    days = np.where(days >= 0, np.maximum(20, np.minimum(days, contact)), -1)
    return anneal(days, cost, move, steps, random)


def bounded(lesion, day, event, contact, progression):
    """Day within follow-up and, for a failure, not before progression."""
    low = max(45, progression[OWNER[lesion]]) if event else 45
    return int(min(contact[OWNER[lesion]], max(low, day)))


def first_lesions(random: Random, bound, able: list[int]):
    """Let the largest lesions of patients who progress fail."""
    event = np.zeros(len(PTV), bool)
    for l in sorted(able, key=lambda l: -PTV[l])[:13]:  # noqa: E741
        event[l] = True
    time = np.array([bound(l, 60 + 400 * random.random(), event[l]) for l in range(len(PTV))])  # noqa: E741
    return time, event


#: Groups (factor, level) and their local control at 24 months.
AT_TWO_YEARS = (("extrahepatic", 1, 0.49), ("extrahepatic", 0, 0.79), ("primary", 1, 0.21))
#: PTV thirds and their local control at 12 months.
THIRDS = ((PTV <= 10, 0.95), ((PTV > 10) & (PTV <= 100), 0.86), (PTV > 100, 0.44))


def search_lesions(steps: int, random: Random, contact: np.ndarray, progression: np.ndarray):
    groups = np.array(list(LESION_FACTORS.values()))
    wants = {"ptv": 0.002, "bed": 0.012, "primary": 0.104, "extrahepatic": 0.118}
    bound = partial(bounded, contact=contact, progression=progression)
    able = [l for l in range(len(PTV)) if progression[OWNER[l]] >= 0]  # noqa: E741

    def cost(state):
        time, event = state
        months = time / MONTH_DAYS
        ps, worse = logranks(time, event, groups)
        value = wrong_ways(LESION_FACTORS, ps, worse, tuple(LESION_FACTORS))
        value += 40 * abs(km(months, event, 12) - 0.83) + 40 * abs(km(months, event, 24) - 0.68)
        value += sum(8 * abs(km(months[g], event[g], 12) - want) for g, want in THIRDS)
        for name, level, want in AT_TWO_YEARS:
            g = LESION_FACTORS[name] == level
            value += 6 * abs(km(months[g], event[g], 24) - want)
        value += 0.6 * abs(np.median(months) - 9) + abs(max(months) - 83) / 5 + abs(min(months) - 2)
        value += 3 * abs(len(set(OWNER[event])) - 11)
        return value + 2 * sum(
            side(p, wants.get(name)) for name, p in zip(LESION_FACTORS, ps, strict=True)
        )

    def move(state):
        time, event = state[0].copy(), state[1].copy()
        i = int(random.random() * len(time))
        if random.random() < 0.15:
            i = able[int(random.random() * len(able))]
            event[i] = not event[i]
        elif random.random() < 0.15:
            j = able[int(random.random() * len(able))]
            i = able[int(random.random() * len(able))]
            event[i], event[j] = event[j], event[i]
            time[j] = bound(j, time[j], event[j])
        time[i] = bound(i, time[i] * math.exp(1.4 * (random.random() - 0.5)), event[i])
        return time, event

    start = first_lesions(random, bound, able)
    return anneal(start, cost, move, steps, random)


def components(random: Random, contact, progression, time, event) -> dict:
    """Flags and days of each kind of failure, and sites, that agree with the days found."""
    first = {int(p): int(min(time[(p == OWNER) & event])) for p in set(OWNER[event])}
    outside: set[int] = set()
    for has_site, count in ((False, 8), (True, 21)):
        group = [p for p in range(PATIENTS) if progression[p] >= 0 and OUTSIDE[p] == has_site]
        outside |= set(sorted(group, key=lambda _: random.random())[:count])
    inside, outer = [None] * PATIENTS, [None] * PATIENTS
    for p in range(PATIENTS):
        day = int(progression[p])
        if day < 0:
            continue
        later = day + int((contact[p] - day) * random.random() ** 2)
        local_first = first.get(p) == day
        if p in outside:
            outer[p] = later if local_first and random.random() < 0.5 else day
        if (p not in outside and not local_first) or random.random() < 0.35:
            inside[p] = later if (p in outside and outer[p] == day) or local_first else day
    words = ["lung"] * 14 + ["bone"] * 7 + ["lymph_node"] * 7 + ["peritoneum"]
    words.sort(key=lambda _: random.random())
    sites = [""] * PATIENTS
    for p in sorted(outside):
        sites[p] = words.pop()
    return {
        "local": [first.get(p) for p in range(PATIENTS)],
        "intrahepatic": inside,
        "extrahepatic": outer,
        "sites": sites,
    }


def main(out: Path, steps: int) -> None:
    random = Random(STORED_SEED)  # noqa: S311  made-up patients, no secret
    start = draw_course(S, STORED_SEED)
    (contact, dead), score = search_survival(steps, random, start)
    print("survival", score)
    progression, score = search_progression(steps, random, start, contact)
    print("progression", score)
    (time, event), score = search_lesions(steps, random, contact, progression)
    print("lesions", score)
    stored = {
        "contact": contact.tolist(),
        "death": dead.tolist(),
        **components(random, contact, progression, time, event),
        "failure": [int(t) if e else None for t, e in zip(time, event, strict=True)],
        "imaging": time.tolist(),
    }
    lines = ",\n".join(f' "{name}": {json.dumps(values)}' for name, values in stored.items())
    out.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 60_000)
