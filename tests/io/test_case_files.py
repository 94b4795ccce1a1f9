"""The list of a case's files: what resume and privacy go by."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

from rtvol.io import CaseFiles


def paths_in(value: Any) -> set[Path]:
    if isinstance(value, Path):
        return {value}
    return (
        {path for part in value for path in paths_in(part)} if isinstance(value, tuple) else set()
    )


def test_every_file_a_case_holds_is_on_its_list() -> None:
    files = CaseFiles(
        "case",
        Path("a/RS.dcm"),
        Path("a"),
        images=((Path("a/1.dcm"), Path("a/2.dcm")), (Path("b/3.dcm"),)),
        doses=(Path("a/RD.dcm"),),
        plans=(Path("a/RP.dcm"),),
        registrations=(Path("a/RE.dcm"),),
        elsewhere=((Path("c/4.dcm"),),),
        joined=(Path("a/SEG.dcm"),),
        beside=(Path("a/SR.dcm"),),
    )
    held: set[Path] = set()
    for field in fields(files):
        if field.name != "folder":
            found = paths_in(getattr(files, field.name))
            is_file_kind = "Path" in str(field.type)
            assert bool(found) == is_file_kind, f"{field.name}: give it a file in this test"
            held |= found
    assert set(files.named_paths) == held
    assert len(files.named_paths) == len(held)
    assert held - set(files.paths) == {Path("a/SR.dcm")}, "a result depends on all it is read from"


def test_a_case_depends_on_the_files_of_its_phases() -> None:
    shared = (Path("a/1.dcm"),)
    phase = CaseFiles("two", Path("a/RS2.dcm"), Path("a"), images=(shared,))
    files = CaseFiles("one", Path("a/RS.dcm"), Path("a"), images=(shared,), phases=(phase,))
    assert files.paths == (Path("a/RS.dcm"), Path("a/1.dcm"), Path("a/RS2.dcm"))
