"""What the run in an output folder is: recipe and versions, and when it began."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rtvol.errors import InputError, OutputRefused
from rtvol.files import TEMPORARY_PREFIX, unwritable, write_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rtvol.batch.store.layout import Place

FORMAT, VERSION = "rtvol/run", 1
#: Seconds since 1970 that stand for the present, so that two outputs can be compared byte by byte
#: (reproducible-builds.org/specs/source-date-epoch).
EPOCH_VARIABLE = "SOURCE_DATE_EPOCH"


@dataclass(frozen=True)
class Manifest:
    """The run of an output.

    Attributes
    ----------
    begun
        When its first run began: the date in every file it writes.
    settings
        SHA-256 of recipe and versions of the last run.
    recipe, versions
        What `settings` is over.
    """

    begun: datetime
    settings: str
    recipe: Mapping[str, Any]
    versions: Mapping[str, str]


def read_manifest(place: Place) -> Manifest | None:
    """Read what the run is; None in a folder where none has begun.

    Raises
    ------
    OutputRefused
        `output-foreign` when something else lies there, `journal-newer`, `output-unwritable`.
    """
    folder = place.folder
    try:
        if not place.run.exists():
            held = [path.name for path in folder.iterdir()] if folder.is_dir() else []
            strange = [name for name in held if name != "locks" and not _is_rest(name)]
            if folder.exists() and (strange or not folder.is_dir()):
                seen = ", ".join(sorted(strange)[:3]) or "a file of that name"
                raise OutputRefused("output-foreign", where=str(folder), seen=seen)
            return None
        document = json.loads(place.run.read_bytes())
        kind, _, version = document["schema"].partition("@")
        if kind == FORMAT and int(version) > VERSION:
            raise OutputRefused("journal-newer", where=str(folder), seen=document["schema"])
        begun = datetime.fromisoformat(document["begun"])
        return Manifest(begun, document["settings"], document["recipe"], document["versions"])
    except OSError as error:
        raise unwritable(folder, error) from error
    except (ValueError, KeyError, TypeError) as error:
        seen = f"{place.run.name}: {type(error).__name__}"
        raise OutputRefused("journal-damaged", where=str(folder), seen=seen) from error


def begun_manifest(place: Place) -> Manifest:
    """Read what a run is, of which results are wanted.

    Raises
    ------
    InputError
        `nothing-to-collect`: no run has begun there.
    OutputRefused
        `journal-newer`, `journal-damaged`, `output-unwritable`.
    """
    seen = "no run" if place.folder.exists() else "there is no such folder"
    try:
        manifest = read_manifest(place)
    except OutputRefused as fault:
        if fault.finding.code != "output-foreign":
            raise
        manifest, seen = None, f"no run of rtvol, but {fault.finding.seen}"
    if manifest is None:
        mend = "name the folder that `rtvol run` was given with -o"
        raise InputError("nothing-to-collect", where=str(place.folder), seen=seen, mend=mend)
    return manifest


def write_manifest(place: Place, manifest: Manifest) -> None:
    """Write what the run is, all or nothing.

    Raises
    ------
    OutputRefused
        `output-unwritable`.
    """
    document = {
        "schema": f"{FORMAT}@{VERSION}",
        "begun": manifest.begun.isoformat(),
        "settings": manifest.settings,
        "recipe": dict(manifest.recipe),
        "versions": dict(manifest.versions),
    }
    write_text(place.run, json.dumps(document, indent=1) + "\n", overwrite=True)


def present() -> datetime:
    """Return the present to the second, or what SOURCE_DATE_EPOCH says it is; without a zone."""
    given = os.environ.get(EPOCH_VARIABLE, "")
    if given.isdigit():
        return datetime.fromtimestamp(int(given), UTC).replace(tzinfo=None)
    return datetime.now().replace(microsecond=0)


def _is_rest(name: str) -> bool:
    """Whether a run that was ended at once may have left it."""
    return name.startswith(TEMPORARY_PREFIX)
