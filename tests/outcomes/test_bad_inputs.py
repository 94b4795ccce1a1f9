"""Tables as people save them: what is wrong is called by its kind, once, and nothing cascades."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pytest

from rtvol.outcomes import Cohort, CohortRejected
from rtvol.outcomes.demo.tables import write_cohort

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Rows = list[dict[str, str]]


def rows(folder: Path, name: str) -> Rows:
    return list(csv.DictReader(io.StringIO(text(folder, name))))


def text(folder: Path, name: str) -> str:
    return (folder / f"{name}.csv").read_text(encoding="utf-8")


def put(folder: Path, name: str, content: Rows | str, encoding: str = "utf-8") -> None:
    if not isinstance(content, str):
        stream = io.StringIO(newline="")
        writer = csv.DictWriter(stream, list(content[0]))
        writer.writeheader()
        writer.writerows(content)
        content = stream.getvalue()
    (folder / f"{name}.csv").write_bytes(content.encode(encoding))


def changed(name: str, change: Callable[[Rows], None]) -> Callable[[Path], None]:
    def act(folder: Path) -> None:
        table = rows(folder, name)
        change(table)
        put(folder, name, table)

    return act


def swap(table: Rows) -> None:
    for row in table:
        row["gtv_ml"], row["ptv_ml"] = row["ptv_ml"], row["gtv_ml"]


def commas(table: Rows) -> None:
    for row in table[::2]:
        row["ptv_ml"] = row["ptv_ml"].replace(".", ",")


def no_numbers(table: Rows) -> None:
    table[0]["ptv_ml"], table[1]["ptv_ml"], table[2]["ptv_ml"] = "nan", "inf", "1e400"


def negative(table: Rows) -> None:
    table[3] |= {"last_contact_day": "-20", "death": "0", "death_day": ""}


def early(table: Rows) -> None:
    table[0] |= {"local_failure": "1", "local_failure_day": "-5"}


def years(table: Rows) -> None:
    for row in table:
        row["last_contact_day"] = str(round(int(row["last_contact_day"]) / 365.25, 2))


def half(folder: Path) -> None:
    whole = text(folder, "patients")
    put(folder, "patients", whole[: 2 * len(whole) // 3])


def head_only(folder: Path) -> None:
    put(folder, "patients", text(folder, "patients").splitlines()[0] + "\n")


def transposed(folder: Path) -> None:
    columns = zip(*csv.reader(io.StringIO(text(folder, "patients"))), strict=True)
    put(folder, "patients", "\n".join(map(",".join, columns)) + "\n")


def utf16(folder: Path) -> None:
    put(folder, "patients", text(folder, "patients"), "utf-16")


def head_twice(folder: Path) -> None:
    lines = text(folder, "patients").splitlines()
    put(folder, "patients", "\n".join([f"{lines[0]},sex", *(f"{x},M" for x in lines[1:])]))


def merged(folder: Path) -> None:
    import openpyxl

    table = rows(folder, "lesions")
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append(list(table[0]))
    for row in table:
        book.active.append(list(row.values()))
    book.active.merge_cells("A3:A4")
    (folder / "lesions.csv").unlink()
    book.save(folder / "lesions.xlsx")


KINDS: list[tuple[Callable[[Path], None], str, set[str], str]] = [
    # what was done, the code that must be there, others that may be, words of the remedy
    (half, "ragged-row", set(), "cut off"),
    (head_only, "no-rows", set(), "fill or remove"),
    (transposed, "missing-column", {"orphan-key"}, "add "),
    (utf16, "not-utf8", set(), "UTF-8"),
    (head_twice, "duplicate-column", set(), "remove one"),
    (merged, "missing-value", set(), "merged"),
    (changed("lesions", swap), "volume-order", set(), "check both"),
    (changed("lesions", commas), "decimal-comma", set(), "write "),
    (changed("lesions", no_numbers), "not-a-number", set(), "number alone"),
    (changed("patients", negative), "before-sbrt", {"after-last-contact"}, "mend the day"),
    (changed("lesion_followup", early), "before-sbrt", {"lesion-failed-patient-not"}, "mend"),
    (
        changed("patients", years),
        "not-a-day",
        {"after-last-contact", "death-not-last-contact", "after-death"},
        "whole days",
    ),
]


@pytest.mark.parametrize(("act", "code", "others", "words"), KINDS)
def test_each_kind_has_its_name(
    act: Callable[[Path], None], code: str, others: set[str], words: str, tmp_path: Path
) -> None:
    folder = write_cohort(tmp_path / "cohort")
    act(folder)
    with pytest.raises(CohortRejected) as caught:
        Cohort.read(folder)
    errors = [one for one in caught.value.problems if one.severity == "error"]
    assert code in {one.code for one in errors}
    assert {one.code for one in errors} <= {code, *others}
    assert any(words in one.remedy for one in errors if one.code == code)


@pytest.mark.parametrize("mark", ["\ufeff", ""])
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_marks_and_line_ends_are_no_matter(mark: str, ends: str, tmp_path: Path) -> None:
    folder = write_cohort(tmp_path / "cohort")
    plain = Cohort.read(folder)
    lines = text(folder, "patients").splitlines()
    put(folder, "patients", mark + ends.join(lines) + ends)
    assert Cohort.read(folder).patients == plain.patients
