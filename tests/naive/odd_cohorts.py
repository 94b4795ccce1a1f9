"""Cohorts of odd shapes that pass the check: few, all alike, nothing happens, everything does."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

from rtvol.outcomes.demo.tables import write_cohort

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Rows = list[dict[str, str]]
Tables = dict[str, Rows]


def read(folder: Path) -> Tables:
    """Return the tables of a folder as rows of text."""
    return {
        path.stem: list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))
        for path in folder.glob("*.csv")
    }


def write(folder: Path, tables: Tables) -> Path:
    """Write tables into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in tables.items():
        if not rows:
            continue
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        (folder / f"{name}.csv").write_text(text.getvalue(), encoding="utf-8")
    return folder


def keep(tables: Tables, chosen: Callable[[dict[str, str]], bool]) -> None:
    """Keep some patients, with all that belongs to them."""
    ids = {row["patient_id"] for row in tables["patients"] if chosen(row)}
    for name, rows in tables.items():
        tables[name] = [
            row for row in rows if row["patient_id"] in ids or row.get("status") == "excluded"
        ]


def each(table: str, **cells: str) -> Callable[[Tables], None]:
    """Give every row of a table the same cells."""

    def change(tables: Tables) -> None:
        for row in tables[table]:
            row.update(cells)

    return change


def one_class(tables: Tables) -> None:
    keep(tables, lambda row: row["disease_class"] == "oligo_recurrence")


def other_class(tables: Tables) -> None:
    keep(tables, lambda row: row["disease_class"] == "oligo_progression")


def one_patient(tables: Tables) -> None:
    keep(tables, lambda row: row["patient_id"] == "SYN021")


def three_patients(tables: Tables) -> None:
    keep(tables, lambda row: row["patient_id"] in {"SYN021", "SYN003", "SYN014"})


def nothing_happens(tables: Tables) -> None:
    """Nobody dies, progresses or fails."""
    for row in tables["patients"]:
        for name in (
            "progression",
            "fail_local",
            "fail_intrahepatic",
            "fail_extrahepatic",
            "death",
        ):
            row[name], row[f"{name}_day"] = "0", ""
        row["extrahepatic_failure_sites"] = ""
    for row in tables["lesion_followup"]:
        row.update(local_failure="0", local_failure_day="")


def all_fail_at_once(tables: Tables) -> None:
    """Everybody fails everywhere on day 30, and dies."""
    for row in tables["patients"]:
        for name in ("progression", "fail_local", "fail_intrahepatic", "fail_extrahepatic"):
            row[name], row[f"{name}_day"] = "1", "30"
        row.update(death="1", death_day="30", last_contact_day="30", systemic_start_day="")
        row["extrahepatic_failure_sites"] = "bone"
    for row in tables["lesion_followup"]:
        row.update(local_failure="1", local_failure_day="30", last_imaging_day="30")
    tables.pop("toxicity")


def lost_at_once(tables: Tables) -> None:
    """Nobody is followed at all."""
    nothing_happens(tables)
    for row in tables["patients"]:
        row.update(last_contact_day="0", systemic_start_day="")
    for row in tables["lesion_followup"]:
        row.update(last_imaging_day="0")
    tables.pop("toxicity")


def all_dead_first_day(tables: Tables) -> None:
    """Everybody dies on the day of the first fraction."""
    lost_at_once(tables)
    for row in tables["patients"]:
        row.update(death="1", death_day="0")


def no_optional_tables(tables: Tables) -> None:
    tables.pop("toxicity")
    tables.pop("screening")


def same_treatment(tables: Tables) -> None:
    """One dose, one volume, one interval, one age."""
    each("lesions", dose_total_gy="45", n_fractions="3", bed10_rx_gy="", ptv_ml="12", gtv_ml="2",
         ctv_ml="4", ptv_d95_gy="44")(tables)  # fmt: skip
    each("patients", dx_day="0", age_at_sbrt_years="63")(tables)


def sex_withheld(tables: Tables) -> None:
    each("patients", sex="unknown")(tables)


def not_assessed(tables: Tables) -> None:
    each("patients", toxicity_assessed_acute="0", toxicity_assessed_late="0")(tables)


def one_lesion_each(tables: Tables) -> None:
    for name in ("lesions", "lesion_followup"):
        tables[name] = [row for row in tables[name] if row["lesion_id"] == "L1"]
    failed = {row["patient_id"] for row in tables["lesion_followup"] if row["local_failure"] == "1"}
    keep(tables, lambda row: row["fail_local"] == "0" or row["patient_id"] in failed)


def few_clusters(tables: Tables) -> None:
    several = {row["patient_id"] for row in tables["lesions"] if row["lesion_id"] == "L2"}
    keep(tables, lambda row: row["patient_id"] in several)


SHAPES: dict[str, Callable[[Tables], None]] = {
    one.__name__: one
    for one in (
        one_class, other_class, one_patient, three_patients, nothing_happens, all_fail_at_once,
        lost_at_once, all_dead_first_day, no_optional_tables, same_treatment, sex_withheld,
        not_assessed, one_lesion_each, few_clusters,
    )
}  # fmt: skip


def odd_cohort(folder: Path, shape: str) -> Path:
    """Write the synthetic cohort bent into a shape."""
    tables = read(write_cohort(folder / "base"))
    SHAPES[shape](tables)
    return write(folder / shape, tables)


def random_cohort(folder: Path, seed: int) -> Path:
    """Write a few patients of a free draw, some columns of one value."""
    random = Random(seed)  # noqa: S311  made-up patients, no secret
    tables = read(write_cohort(folder / "base", seed + 1))
    ids = [row["patient_id"] for row in tables["patients"]]
    chosen = set(random.sample(ids, random.choice((1, 2, 3, 5, 9, 20))))
    keep(tables, lambda row: row["patient_id"] in chosen)
    for change in (
        each("patients", sex=random.choice("MF")),
        each("patients", primary_site="stomach"),
        each("patients", systemic_after_recurrence="0", systemic_start_day=""),
        each("lesion_followup", best_response="NE"),
        no_optional_tables,
    ):
        if random.random() < 0.3:
            change(tables)
    return write(folder / "random", tables)


def times(folder: Path, count: int) -> Path:
    """Write the synthetic cohort many times over, under new names."""
    base = read(write_cohort(folder / "base"))
    many: Tables = {name: [] for name in base}
    for turn in range(count):
        for name, rows in base.items():
            many[name] += [row | {"patient_id": f"R{turn}.{row['patient_id']}"} for row in rows]
    return write(folder / "many", many)


#: First fraction of the patients of a draft, 100 days apart.
START = date(2010, 3, 31)


def with_dates(draft: Any) -> Any:
    """Give every day as a date; each patient has a start of its own."""
    starts = {f"P0{n}": START + timedelta(days=100 * n) for n in range(1, 7)}
    for table, rows in draft.tables.items():
        draft.tables[table] = [
            {
                key.replace("_day", "_date"): (
                    (starts[row["patient_id"]] + timedelta(days=int(value))).isoformat()
                    if key.endswith("_day") and value
                    else value
                )
                for key, value in row.items()
            }
            for row in rows
        ]
    return draft
