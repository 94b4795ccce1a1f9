"""The overview of an output: of `run` from its records, of `expand` from its one document."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from rtvol.batch.collect import Collected, records_of, refuse_mixed
from rtvol.batch.run import entries_of
from rtvol.batch.store.layout import CURVES_NAME, RUN_NAME, Place
from rtvol.batch.store.manifest import read_manifest
from rtvol.errors import InputError
from rtvol.report.cohort import CohortCase, group_named, group_of, named_group
from rtvol.report.cohort_curves import CurveBook
from rtvol.report.overview_page import CohortWords
from rtvol.tables.curve_file import CURVES_NAME as CURVES_OF_ALL
from rtvol.tables.curve_file import read_curves
from rtvol.tables.document import SCHEMA, parse_case
from rtvol.tables.rows import CaseResult
from rtvol.verbs.output import PAGE_NAME, RESULT_NAME, case_folders

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from rtvol.batch.run import Notice
    from rtvol.tables.curve_file import ThinCurve
    from rtvol.tables.record import Record

WITHOUT_CURVES = (
    "No curves are stored here: rtvol expand stores those of targets, and of organs named with "
    'them, where cases have doses; a run does with [output] write = [..., "curves"]; rtvol report '
    "EXPORTS -o FOLDER reckons them anew."
)
WITHOUT_PAGES = (
    "Cases without a link have no page: [output] report = true makes them in a run, --report in "
    "rtvol expand, and rtvol report EXPORTS -o FOLDER of the structures as drawn."
)


@dataclass(frozen=True, eq=False)
class OutputCohort:
    """What an output tells of its cases.

    Attributes
    ----------
    cases
        All of them, rejected ones too, by name.
    curves
        Their dose-volume curves, where they are stored.
    words
        What the page says about itself.
    """

    cases: tuple[CohortCase, ...]
    curves: CurveBook
    words: CohortWords


def is_for_overview(path: Path) -> bool:
    """Whether a path is an output of more or fewer cases than one, which would have its own page.

    Raises
    ------
    InputError
        `output-unreadable`.
    OutputRefused
        `journal-damaged`, `journal-newer`.
    """
    if (path / RUN_NAME).is_file():
        return len(entries_of(Place(path))) != 1
    return (path / RESULT_NAME).is_file() and len(_document(path / RESULT_NAME)) != 1


def cohort_of_output(
    folder: Path, page: Path, notice: Notice, seen: Callable[[int, int], None]
) -> OutputCohort:
    """Read what an output tells of its cases.

    Parameters
    ----------
    folder
        The output.
    page
        Where the overview goes: links are relative to it.
    notice
        Is told of results that are not as the journal says; they are left out.
    seen
        Is told how many cases are read, of how many.

    Raises
    ------
    InputError
        `output-unreadable`.
    OutputRefused
        As `rtvol.batch.collect.open_output`, but that an output without a finished case is one.
    """
    home = page.absolute().parent
    if (folder / RUN_NAME).is_file():
        return _of_run(Place(folder), home, notice, seen)
    results = _document(folder / RESULT_NAME)
    folders = case_folders(folder, [one.case for one in results])
    cases = tuple(CohortCase(one, link_to(folders[one.case] / PAGE_NAME, home)) for one in results)
    words = _words(folder, (("Made by", "rtvol expand"),))
    return OutputCohort(cases, _kept_curves(folder / CURVES_OF_ALL, results), words)


def link_to(page: Path, home: Path) -> str:
    """Return the link from a page in `home` to another; empty where that is not there."""
    if not page.is_file():
        return ""
    try:
        relative = os.path.relpath(page.resolve(), home.resolve())
    except ValueError:  # another drive
        return ""
    # ./ so that no name is read as a scheme
    return "./" + quote(relative.replace(os.sep, "/"))


def add_curves(book: CurveBook, curves: Iterable[ThinCurve]) -> None:
    """Add curves, each to those of structures that mean the same."""
    for one in curves:
        group = group_named(one.role, one.structure)
        book.add_thin(group, one.axis, one.percent, one.outside_fraction)


def _kept_curves(path: Path, results: Sequence[CaseResult]) -> CurveBook:
    """Return the curves that `rtvol expand` stored beside its results.

    Raises
    ------
    InputError
        `output-unreadable` where they are of other cases.
    """
    book = CurveBook()
    if path.is_file():
        curves = read_curves(path)
        others = {one.case for one in curves} - {one.case for one in results}
        if others:
            seen = f"curves of {len(others)} cases that {RESULT_NAME} has not"
            raise InputError("output-unreadable", where=str(path), seen=seen)
        add_curves(book, curves)
    return book


def _of_run(
    place: Place, home: Path, notice: Notice, seen: Callable[[int, int], None]
) -> OutputCohort:
    manifest = read_manifest(place)
    if manifest is None:
        raise InputError("nothing-to-collect", where=str(place.folder), seen="no run")
    entries = entries_of(place)
    found = Collected(place, manifest, tuple(entries.values()))
    refuse_mixed(found)
    curves, read = CurveBook(), {}
    for entry, record in records_of(found, notice):
        folder = place.cases / entry.folder
        link = link_to(folder / PAGE_NAME, home)
        read[entry.case] = CohortCase(record.result, link, record.prescription_gy)
        if CURVES_NAME in entry.files:
            _stored_curves(curves, folder / CURVES_NAME, entry.files[CURVES_NAME], record)
        seen(len(read), len(entries))
    for name, entry in entries.items():
        if not entry.is_done:
            read[name] = CohortCase(CaseResult.rejected(name, entry.noticed()))
    versions = ", ".join(f"{name} {number}" for name, number in manifest.versions.items())
    origin = (
        ("Made by", f"rtvol run, begun {manifest.begun.isoformat(sep=' ')}"),
        ("Versions", versions),
        ("Recipe and versions", f"SHA-256 {manifest.settings}"),
        ("Recipe", json.dumps(dict(manifest.recipe))),
    )
    cases = tuple(read[name] for name in sorted(read))
    return OutputCohort(cases, curves, _words(place.folder, origin))


def _words(folder: Path, origin: Sequence[tuple[str, str]]) -> CohortWords:
    title = f"Overview of {folder.absolute().name or 'an output'}"
    return CohortWords(title, tuple(origin), WITHOUT_CURVES, WITHOUT_PAGES)


def _stored_curves(book: CurveBook, path: Path, digest: str, record: Record) -> None:
    """Add the curves a run stored for a case.

    Raises
    ------
    InputError
        `output-unreadable` when the file is not as the journal says.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    data = path.read_bytes() if path.is_file() else b""
    if hashlib.sha256(data).hexdigest() != digest:
        seen = "not as the journal says"
        raise InputError("output-unreadable", where=str(path), seen=seen)
    names = ["structure", "dose", "cumulative_percent", "volume_cc", "outside_cc"]
    table = pq.read_table(pa.BufferReader(data), columns=names)
    groups = {row.name: group_of(row) for row in record.result.structures}
    for name, axis, percent, part in _each_curve(table):
        book.add(groups.get(name) or named_group(name), axis, percent, part)


def _each_curve(table: Any) -> Iterator[tuple[str, str, Any, float]]:
    """Yield name, kind of dose, cumulative % and part outside of each curve: rows that follow."""
    import numpy as np

    if not table.num_rows:
        return
    encoded = [table[name].combine_chunks().dictionary_encode() for name in ("structure", "dose")]
    codes = [column.indices.to_numpy(zero_copy_only=False) for column in encoded]
    percent, volume, outside = (
        table[name].to_numpy() for name in ("cumulative_percent", "volume_cc", "outside_cc")
    )
    # every curve begins with all of its volume; two of one name in a case are two lesions' own
    starts = np.flatnonzero(
        np.r_[True, (np.diff(codes[0]) != 0) | (np.diff(codes[1]) != 0) | (np.diff(percent) > 0)]
    )
    for first, last in zip(starts, [*starts[1:], table.num_rows], strict=True):
        name, axis = (
            column.dictionary[int(code[first])].as_py()
            for column, code in zip(encoded, codes, strict=True)
        )
        part = float(outside[first] / volume[first]) if volume[first] else 1.0
        yield name, axis, percent[first:last], part


def _document(path: Path) -> list[CaseResult]:
    try:
        document: Mapping[str, Any] = json.loads(path.read_bytes())
        kind = document["schema"]
        results = [parse_case(entry) for entry in document["cases"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        seen = f"{type(error).__name__}: not a document of results as rtvol writes it"
        raise InputError("output-unreadable", where=str(path), seen=seen) from error
    if kind != SCHEMA:
        raise InputError("output-unreadable", where=str(path), seen=f"schema {kind}")
    return results
