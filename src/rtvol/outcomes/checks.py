"""Checks of single rows and keys: ids that match, volumes and doses that can be."""

from __future__ import annotations

import itertools
import math
import statistics
from collections import Counter
from typing import TYPE_CHECKING

from rtvol.outcomes.fields import KEYS, REQUIRED_TABLES, TABLES
from rtvol.outcomes.problems import Place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rtvol.outcomes.cells import Value
    from rtvol.outcomes.problems import Problems

#: Rows of a table: row number and values by column.
Rows = tuple[tuple[int, dict[str, "Value"]], ...]

#: No target in a liver is larger; a PTV of this many "mL" is one in mm3.
LARGEST_ML = 3000.0
#: Medians of a column beyond these mean mm3, or litres.
MEDIAN_ML = (0.02, 500.0)
#: Ratio of two nested volumes from which one of them is in mm3.
UNIT_RATIO = 500.0
BED_TOLERANCE_GY = 0.05
DOSE_LIMIT = 3.0
#: Volumes are written with a few digits.
SUM_TOLERANCE = 0.01
LOW_D95 = 0.8

_VOLUMES = ("gtv_ml", "ctv_ml", "ptv_ml")
_DOSES = ("ptv_d95_gy", "ptv_d98_gy", "ptv_d2_gy", "ptv_mean_gy", "gtv_d98_gy", "gtv_mean_gy")


class Tables:
    """The parsed tables with their file names, for checks across them.

    `whole` names those whose rows are all here: what is missing in another says nothing.
    """

    def __init__(
        self, rows: dict[str, Rows], files: dict[str, str], form: str, whole: frozenset[str]
    ) -> None:
        self.rows, self.files, self.form, self.whole = rows, files, form, whole

    def of(self, name: str) -> Rows:
        """Rows of a table, none when it is not there."""
        return self.rows.get(name, ())

    def place(self, name: str, row: int, column: str) -> Place:
        """Where a value stands, its column called as in the file."""
        if self.form == "date" and column.endswith("_day"):
            column = f"{column.removesuffix('_day')}_date"
        return Place(self.files.get(name, f"{name}.csv"), row, column)


def has_keys(name: str, rows: Rows) -> bool:
    """Tell whether every row of a table has its key; without it its partners look orphaned.

    A table that must have rows and has none, or in which most of what is required is missing,
    has no keys worth the name.
    """
    if name in REQUIRED_TABLES and not rows:
        return False
    needed = [one.name for one in TABLES[name] if one.required]
    lost = sum(all(values[column] is None for _, values in rows) for column in needed)
    if rows and 2 * lost > len(needed):
        return False
    return all(values[key] is not None for key in KEYS.get(name, ()) for _, values in rows)


def check_keys(tables: Tables, problems: Problems) -> None:
    """Keys are unique; each row of one table finds its partner in the others."""
    for name, columns in KEYS.items():
        seen: dict[tuple[Value, ...], int] = {}
        for row, values in tables.of(name):
            key = tuple(values[column] for column in columns)
            if None not in key and seen.setdefault(key, row) != row:
                place = tables.place(name, row, columns[-1])
                rule = f"{' and '.join(columns)} stand once (first in row {seen[key]})"
                twice = problems.cell(*key)
                problems.error("duplicate-key", place, twice, rule, "remove or rename the row")
    pair, one = KEYS["lesions"], KEYS["patients"]
    _match(tables, problems, "lesion_followup", "lesions", pair)
    _match(tables, problems, "lesions", "lesion_followup", pair, code="lesion-without-followup")
    _match(tables, problems, "lesions", "patients", one)
    _match(tables, problems, "patients", "lesions", one)
    _match(tables, problems, "toxicity", "patients", one)
    if {"screening", "patients"} <= tables.whole:
        _match(tables, problems, "patients", "screening", one)
        included = {v["patient_id"] for _, v in tables.of("patients")}
        for row, values in tables.of("screening"):
            is_in = values["patient_id"] in included
            if values["status"] is not None and is_in != (values["status"] == "included"):
                place = tables.place("screening", row, "status")
                rule = "included patients, and no others, stand in patients"
                problems.error("screening-disagrees", place, values["status"], rule, "mend either")


def _match(
    tables: Tables,
    problems: Problems,
    name: str,
    other: str,
    columns: tuple[str, ...],
    *,
    code: str = "orphan-key",
) -> None:
    if other not in tables.whole:
        return
    there = {tuple(values[column] for column in columns) for _, values in tables.of(other)}
    without_zeros = {tuple(_stripped(part) for part in key) for key in there}
    told: set[tuple[Value, ...]] = set()
    for row, values in tables.of(name):
        key = tuple(values[column] for column in columns)
        if None in key or key in there or key in told:
            continue
        told.add(key)
        is_number = tuple(_stripped(part) for part in key) in without_zeros
        hint = "the ids differ in leading zeros only: keep them as text" if is_number else ""
        place = tables.place(name, row, columns[-1])
        rule = f"{' and '.join(columns)} stand in {other} too"
        mend = hint or f"add it to {other}, or remove the row"
        problems.error(code, place, problems.cell(*key), rule, mend)


def _stripped(part: Value) -> str:
    return str(part).lstrip("0")


def check_lesions(tables: Tables, problems: Problems) -> None:
    """Volumes in mL and nested, doses in Gy, BED and dose per fraction as recomputed."""
    rows = tables.of("lesions")
    in_doubt = {name for name in _VOLUMES if _has_other_unit(name, tables, problems)}
    for row, values in rows:
        _check_volumes(row, values, tables, problems, in_doubt)
        _check_doses(row, values, tables, problems)
        _check_fractions(row, values, tables, problems)


def check_sums(tables: Tables, problems: Problems) -> None:
    """Compare counts and sums by patient, as `rtvol collect` writes them, with the lesions."""
    own: dict[Value, list[float]] = {}
    if "lesions" not in tables.whole:
        return
    for _, values in tables.of("lesions"):
        volume = values["ptv_ml"]
        own.setdefault(values["patient_id"], []).append(
            float(volume) if isinstance(volume, int | float) else math.nan
        )
    for row, values in tables.of("patients"):
        volumes = own.get(values["patient_id"], [])
        count, total, union = (values[name] for name in ("n_lesions", "cptv_ml", "cptv_union_ml"))
        if isinstance(count, int) and volumes and count != len(volumes):
            place = tables.place("patients", row, "n_lesions")
            rule = f"lesions has {len(volumes)} of this patient"
            problems.error(
                "sums-disagree", place, count, rule, "a lesion is missing, or one too many"
            )
        most = math.fsum(volumes) * (1 + SUM_TOLERANCE)
        if (
            isinstance(total, int | float)
            and abs(total - math.fsum(volumes)) > SUM_TOLERANCE * total
        ):
            place = tables.place("patients", row, "cptv_ml")
            rule = f"the PTVs of this patient add to {math.fsum(volumes):g} mL"
            problems.error("sums-disagree", place, f"{total:g}", rule, "mend the sum or a PTV")
        if isinstance(union, int | float) and (union > most or union <= 0):
            place = tables.place("patients", row, "cptv_union_ml")
            rule = f"a union is above 0 and at most the sum, {math.fsum(volumes):g} mL"
            problems.error("sums-disagree", place, f"{union:g}", rule, "mend the union or a PTV")


def _numbers(rows: Rows, column: str) -> Iterator[float]:
    return (float(v[column]) for _, v in rows if isinstance(v.get(column), int | float))  # type: ignore[arg-type]


def _has_other_unit(name: str, tables: Tables, problems: Problems) -> bool:
    numbers = [number for number in _numbers(tables.of("lesions"), name) if number > 0]
    median = statistics.median(numbers) if numbers else 1.0
    low, high = MEDIAN_ML
    if low <= median <= high:
        return False
    unit = "mm3" if median > high else "litres"
    mend = f"if all of the column is in {unit}, convert it to mL"
    rule = f"volumes are mL; a median of {median:g} looks like {unit}"
    problems.error("volume-unit", tables.place("lesions", 0, name), f"{median:g}", rule, mend)
    return True


def _check_volumes(
    row: int,
    values: dict[str, Value],
    tables: Tables,
    problems: Problems,
    in_doubt: set[str],
) -> None:
    given = [(name, float(v)) for name in _VOLUMES if isinstance(v := values[name], int | float)]
    for name, volume in given:
        place = tables.place("lesions", row, name)
        if volume <= 0:
            mend = "give the volume, or leave an optional one empty"
            problems.error("volume-not-positive", place, f"{volume:g}", "above 0 mL", mend)
        elif volume > LARGEST_ML and name not in in_doubt:
            rule = f"at most {LARGEST_ML:g} mL; {volume:g} looks like mm3"
            mend = "in mm3, or a slip? look it up; if in mm3, convert the whole column"
            problems.error("volume-unit", place, f"{volume:g}", rule, mend)
    for (inner, small), (outer, large) in itertools.pairwise(given):
        if small <= large * (1 + 1e-9) or min(small, large) <= 0:
            continue
        place = tables.place("lesions", row, inner)
        rule = f"{inner} <= {outer} ({large:g} mL)"
        mend = "check both"
        if small / large > UNIT_RATIO:
            mend = f"is {inner} in mm3? look both up; if it is, convert the whole column"
        problems.error("volume-order", place, f"{small:g}", rule, mend)


def _check_doses(row: int, values: dict[str, Value], tables: Tables, problems: Problems) -> None:
    total = values["dose_total_gy"]
    if not isinstance(total, int | float):
        return
    for name in _DOSES:
        dose = values[name]
        if isinstance(dose, int | float) and dose > DOSE_LIMIT * total:
            place = tables.place("lesions", row, name)
            is_cgy = dose / 100 <= DOSE_LIMIT * total and dose > 10 * DOSE_LIMIT * total
            mend = "in cGy, or a slip? look it up" if is_cgy else "check it and the prescription"
            code = "dose-in-cgy" if is_cgy else "dose-too-high"
            rule = f"at most {DOSE_LIMIT:g} x the prescription of {total:g} Gy"
            problems.error(code, place, f"{dose:g}", rule, mend)
    d95 = values["ptv_d95_gy"]
    if isinstance(d95, int | float) and d95 < LOW_D95 * total:
        rule = f"PTV D95 is {100 * d95 / total:.0f} % of the prescription"
        place = tables.place("lesions", row, "ptv_d95_gy")
        problems.warn("low-d95", place, f"{d95:g}", rule, "check target and plan of this lesion")


def _check_fractions(
    row: int, values: dict[str, Value], tables: Tables, problems: Problems
) -> None:
    total, count = values["dose_total_gy"], values["n_fractions"]
    if not isinstance(total, int | float) or not isinstance(count, int):
        return
    each = total / count
    bed, given = values["bed10_rx_gy"], values["dose_per_fraction_gy"]
    if isinstance(bed, int | float) and abs(bed - total * (1 + each / 10)) > BED_TOLERANCE_GY:
        rule = f"D (1 + d/10) = {total * (1 + each / 10):.2f} Gy10 for {total:g} Gy in {count}"
        place = tables.place("lesions", row, "bed10_rx_gy")
        problems.error("bed-disagrees", place, f"{bed:g}", rule, "mend dose, fractions or BED")
    if isinstance(given, int | float) and abs(given - each) > 0.01:
        rule = f"total / fractions = {each:.2f} Gy"
        place = tables.place("lesions", row, "dose_per_fraction_gy")
        problems.error(
            "fraction-dose-disagrees", place, f"{given:g}", rule, "mend one of the three"
        )
    if not (1 <= count <= 8 and 20 <= total <= 80):
        rule = "SBRT: 20 to 80 Gy in 1 to 8 fractions"
        place = tables.place("lesions", row, "dose_total_gy")
        seen = f"{total:g} Gy in {count}"
        problems.warn("unusual-fractionation", place, seen, rule, "check dose and fractions")


def check_classes(tables: Tables, problems: Problems) -> None:
    """Disease class, extra-hepatic flag and site say the same; grades are grades."""
    for row, values in tables.of("patients"):
        flag, kind = values["extrahepatic_disease"], values["disease_class"]
        if flag is not None and kind is not None and (kind == "oligo_progression") != (flag == 1):
            place = tables.place("patients", row, "extrahepatic_disease")
            rule = f"oligo_progression has 1, oligo_recurrence 0; here {kind}"
            problems.error("class-disagrees", place, flag, rule, "mend class or flag")
        if flag == 1 and values["extrahepatic_site"] is None:
            place = tables.place("patients", row, "extrahepatic_site")
            problems.warn("site-empty", place, "", "extra-hepatic disease has a site", "fill it")
    deaths = {v["patient_id"]: v["death"] for _, v in tables.of("patients")}
    for row, values in tables.of("toxicity"):
        grade, place = values["grade"], tables.place("toxicity", row, "grade")
        if isinstance(grade, int) and not 1 <= grade <= 5:
            mend = "no toxicity has no row"
            problems.error("bad-grade", place, grade, "CTCAE grades are 1 to 5", mend)
        if grade == 5 and deaths.get(values["patient_id"]) == 0:
            problems.error("grade-without-death", place, 5, "grade 5 is death", "mend either")


def check_targets(tables: Tables, most: int, problems: Problems) -> None:
    """Warn of patients with more targets than the study takes."""
    for patient, count in Counter(v["patient_id"] for _, v in tables.of("lesions")).items():
        if count > most:
            rule = f"at most {most} targets a patient (max_targets)"
            place = tables.place("lesions", 0, "patient_id")
            seen = f"{problems.cell(patient)}: {count}"
            problems.warn("many-targets", place, seen, rule, "check eligibility")
