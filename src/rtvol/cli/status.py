"""`rtvol status`: how far a run is."""

import json as json_module
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from rtvol.cli.options import DEFAULT_LOUDNESS, Json, Loudness, Switch

if TYPE_CHECKING:
    from rtvol.batch.store.layout import Place


def status(
    output: Annotated[Path, Parameter(help="Output folder of a run.")],
    *,
    failed: Annotated[bool, Switch] = False,
    json: Json = False,
    loudness: Loudness = DEFAULT_LOUDNESS,  # noqa: ARG001 - every command has it
) -> int:
    """Say how many cases of a run are done, and which failed.

    Reads only; may be called while the run goes on.

    For example:
        rtvol status out
        rtvol status out --failed

    Parameters
    ----------
    failed
        List the cases that failed, with their reasons.
    """
    from rtvol.batch.run import entries_of
    from rtvol.batch.store.layout import LOCKS, Place
    from rtvol.batch.store.lock import living
    from rtvol.batch.store.manifest import begun_manifest
    from rtvol.cli import screen
    from rtvol.tables.document import finding_entries

    place = Place(output)
    manifest = begun_manifest(place)
    entries = entries_of(place)
    counts = Counter(entry.status for entry in entries.values())
    stale = sum(one.is_done and one.settings != manifest.settings for one in entries.values())
    document: dict[str, Any] = {
        "schema": "rtvol/status@1",
        "begun": manifest.begun.isoformat(),
        "accept": counts["accept"],
        "warn": counts["warn"],
        "reject": counts["reject"],
        "of_another_recipe_or_version": stale,
        "working": living(output / LOCKS),
        "seconds": round(sum(entry.seconds for entry in entries.values()), 1),
        "peak_mb": max((entry.peak_mb for entry in entries.values()), default=0.0),
        "failed": [
            {"case": entry.case, "findings": finding_entries(entry.noticed(), notes=False)}
            for entry in entries.values()
            if entry.status == "reject"
        ],
        "files": _files(place),
    }
    if json:
        screen.show_json(document)
    else:
        screen.show(*_lines(document, failed=failed))
    return 0


def _files(place: "Place") -> list[dict[str, Any]]:
    """Return what became of every file of the last call; nothing before one has ended."""
    from rtvol.batch.store.layout import FILES_NAME

    path = place.folder / FILES_NAME
    found: list[dict[str, Any]] = (
        json_module.loads(path.read_bytes())["files"] if path.is_file() else []
    )
    return found


def _lines(document: dict[str, Any], *, failed: bool) -> list[Any]:
    from rtvol.cli.facts import file_lines
    from rtvol.cli.screen import clean, table

    done = document["accept"] + document["warn"]
    head = (
        f"{done} done ({document['warn']} with findings), {document['reject']} failed; "
        f"begun {document['begun']}, {document['seconds']:.0f} s of work, "
        f"at most {document['peak_mb']:.0f} MB a worker"
    )
    lines: list[Any] = [head]
    working = document["working"]
    if document["files"]:
        lines.append(file_lines(document["files"], verbose=False))
    lines.append(f"working: {', '.join(working)}" if working else "nobody is working on it")
    if document["of_another_recipe_or_version"]:
        lines.append(f"{document['of_another_recipe_or_version']} of another recipe or version")
    if failed and document["failed"]:
        grid = table("case", "code", "where", "seen", prose=("where", "seen"))
        for case in document["failed"]:
            for one in case["findings"]:
                if one["severity"] == "error":
                    cells = (case["case"], one["code"], one["where"], one["seen"])
                    grid.add_row(*map(clean, cells))
        lines.append(grid)
    return lines
