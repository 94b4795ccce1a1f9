"""Outputs of `rtvol expand` and `rtvol run` read back: which cases were made, from what, how."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rtvol.batch.collect import open_output
from rtvol.batch.store.layout import FILES_NAME, RECORD_NAME, RUN_NAME, Place
from rtvol.errors import InputError
from rtvol.tables.document import parse_case
from rtvol.tables.record import parse_record
from rtvol.verbs.output import RESULT_NAME, RTSTRUCT_NAME, case_folders

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rtvol.tables.rows import CaseResult


@dataclass(frozen=True)
class MadeCase:
    """A case that was made: its numbers, and the structure set that was written."""

    result: CaseResult
    rtstruct: Path


@dataclass(frozen=True)
class MadeOutput:
    """What lies in an output folder.

    Attributes
    ----------
    cases
        The cases that have results, by name.
    inputs
        The paths they were made from; empty where that was not to be told.
    recipe
        The recipe as a document; empty where none is recorded.
    """

    cases: Mapping[str, MadeCase]
    inputs: tuple[Path, ...]
    recipe: Mapping[str, Any]


def is_output(folder: Path) -> bool:
    """Whether a folder holds results of `expand` or of `run`."""
    return (folder / RESULT_NAME).is_file() or (folder / RUN_NAME).is_file()


def read_output(folder: Path) -> MadeOutput:
    """Read what lies in an output folder.

    Raises
    ------
    InputError
        `nothing-to-collect` when no case has results there, `output-unreadable`.
    OutputRefused
        As `open_output`.
    """
    try:
        made = _run_output(folder) if (folder / RUN_NAME).is_file() else _expand_output(folder)
    except (OSError, ValueError, KeyError, TypeError) as error:
        seen = f"{type(error).__name__}: not as rtvol writes it"
        raise InputError("output-unreadable", where=str(folder), seen=seen) from error
    if not made.cases:
        raise InputError("nothing-to-collect", where=str(folder), seen="no case has results")
    return made


def _expand_output(folder: Path) -> MadeOutput:
    document = json.loads((folder / RESULT_NAME).read_bytes())
    results = [parse_case(entry) for entry in document["cases"]]
    done = [result for result in results if result.status != "reject"]
    folders = case_folders(folder, [result.case for result in results])
    cases = {one.case: MadeCase(one, folders[one.case] / RTSTRUCT_NAME) for one in done}
    return MadeOutput(cases, _inputs(folder, document), document.get("recipe", {}))


def _run_output(folder: Path) -> MadeOutput:
    collected = open_output(Place(folder))
    cases = {}
    for entry in collected.entries:
        if entry.is_done:
            place = collected.place.cases / entry.folder
            result = parse_record((place / RECORD_NAME).read_bytes()).result
            cases[entry.case] = MadeCase(result, place / RTSTRUCT_NAME)
    told = folder / FILES_NAME
    document = json.loads(told.read_bytes()) if told.is_file() else {}
    return MadeOutput(cases, _inputs(folder, document), collected.manifest.recipe)


def _inputs(folder: Path, document: Mapping[str, Any]) -> tuple[Path, ...]:
    return tuple(Path(folder, one).resolve() for one in document.get("inputs", ()))
