"""Where results go: one folder per case, whole or not there; names from files never become paths.

DIR/<case>/RS.rtvol.dcm      the structure set; it appears last, so it says "this case is done"
DIR/<case>/RS.rtvol.certificate.json  what it holds, read back from its bytes
DIR/<case>/masks/<roi>.nii.gz
DIR/<case>/report.html       the page of the case
DIR/structures.csv           one row per structure of all accepted cases
DIR/curves.json.gz           dose-volume curves of all cases that have doses
DIR/result.json              the document that --json prints
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rtvol.errors import OutputRefused, RtvolError
from rtvol.files import TEMPORARY_PREFIX, slugs, write_text
from rtvol.tables.curve_file import CURVES_NAME, write_curves
from rtvol.tables.document import document_json, result_document
from rtvol.tables.structure_table import write_structures

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rtvol.tables.curve_file import ThinCurve
    from rtvol.tables.rows import CaseResult

RTSTRUCT_NAME = "RS.rtvol.dcm"
CERTIFICATE_NAME = "RS.rtvol.certificate.json"
MASKS_NAME = "masks"
PAGE_NAME = "report.html"
CSV_NAME = "structures.csv"
RESULT_NAME = "result.json"
#: Stands in the folder while a call works: what a stopped call left does not block the next.
UNFINISHED_NAME = ".rtvol-unfinished"


def case_folders(folder: Path, names: Sequence[str]) -> dict[str, Path]:
    """Return the output folder of each case: `folder` / the slug of each part of its name."""
    parts = sorted({part for name in names for part in name.split("/")})
    safe = dict(zip(parts, slugs(parts), strict=True))
    return {name: folder.joinpath(*(safe[part] for part in name.split("/"))) for name in names}


def refuse_existing(folder: Path, case_folders: Mapping[str, Path], *, overwrite: bool) -> None:
    """Refuse the whole run before anything is read when outputs exist or cannot be written.

    Raises
    ------
    OutputRefused
        `output-exists` or `output-unwritable`; `output-mixed`, whatever `overwrite` says, when
        results of other cases than these are there.
    """
    if folder.exists() and not folder.is_dir():
        raise OutputRefused("output-unwritable", where=str(folder), seen="a file of that name")
    parent = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    if not os.access(parent, os.W_OK | os.X_OK):
        raise OutputRefused("output-unwritable", where=str(folder), seen="no right to write")
    if not (overwrite or (folder / UNFINISHED_NAME).exists()):
        _refuse_present(folder, case_folders)
    if case_folders:
        _refuse_partial(folder, case_folders)


def _refuse_present(folder: Path, case_folders: Mapping[str, Path]) -> None:
    candidates = [folder / name for name in (CSV_NAME, RESULT_NAME, CURVES_NAME)]
    for place in case_folders.values():
        candidates += [place / RTSTRUCT_NAME, place / MASKS_NAME, place / PAGE_NAME]
    existing = [path for path in candidates if path.exists()]
    if existing:
        more = f" and {len(existing) - 1} more" if len(existing) > 1 else ""
        raise OutputRefused(
            "output-exists",
            where=str(folder),
            seen=f"{existing[0].relative_to(folder)}{more}",
            mend="--overwrite to replace them, or another folder with -o",
        )


def _refuse_partial(folder: Path, case_folders: Mapping[str, Path]) -> None:
    """Refuse a call on some of the cases there: its tables would not tell of the others."""
    others = sorted(_cases_there(folder) - set(case_folders.values()))
    if others:
        more = f" and {len(others) - 3} more" if len(others) > 3 else ""
        names = ", ".join(path.relative_to(folder).as_posix() for path in others[:3])
        raise OutputRefused(
            "output-mixed",
            where=str(folder),
            seen=f"results of cases that this call does not name: {names}{more}",
            mend="name their folders too, or another folder with -o",
        )


def _cases_there(folder: Path) -> set[Path]:
    """Folders of the cases that have results there; other outputs further down are their own."""
    found: set[Path] = set()
    for place, folders, files in os.walk(folder):
        here = Path(place)
        if here != folder and RESULT_NAME in files:
            folders.clear()
            continue
        if here != folder and (
            {RTSTRUCT_NAME, PAGE_NAME}.intersection(files) or MASKS_NAME in folders
        ):
            found.add(here)
    try:
        listed = json.loads((folder / RESULT_NAME).read_bytes())["cases"]
        names = [case["case"] for case in listed if case["status"] != "reject"]
    except FileNotFoundError:
        return found
    except (OSError, ValueError, KeyError, TypeError) as error:
        seen = f"{RESULT_NAME} is not as rtvol writes it"
        raise OutputRefused("output-mixed", where=str(folder), seen=seen) from error
    return found | set(case_folders(folder, names).values())


@contextmanager
def unfinished(folder: Path) -> Iterator[None]:
    """Mark a folder as one a call works in, until the block has ended by itself.

    Raises
    ------
    OutputRefused
        `output-unwritable` when the file system refuses.
    """
    is_new = not folder.exists()
    marker = folder / UNFINISHED_NAME
    try:
        folder.mkdir(parents=True, exist_ok=True)
        marker.write_text("a call of rtvol works here, or was stopped\n", encoding="ascii")
    except OSError as error:
        raise _unwritable(folder, error) from error
    try:
        yield
    except RtvolError:
        _end(marker, is_new=is_new)
        raise
    _end(marker, is_new=is_new)


def _end(marker: Path, *, is_new: bool) -> None:
    """Remove the marker, and the folder it made when nothing else is in it."""
    try:
        marker.unlink(missing_ok=True)
        if is_new and not any(marker.parent.iterdir()):
            marker.parent.rmdir()
    except OSError as error:
        raise _unwritable(marker.parent, error) from error


def discard_summaries(folder: Path) -> None:
    """Remove the tables of an earlier call: nothing that they tell of is there any more."""
    for name in (CSV_NAME, RESULT_NAME, CURVES_NAME):
        (folder / name).unlink(missing_ok=True)


def discard(folder: Path) -> None:
    """Remove what an earlier run wrote for a case, and nothing else.

    Raises
    ------
    OutputRefused
        `output-unwritable` when the file system refuses.
    """
    try:
        (folder / RTSTRUCT_NAME).unlink(missing_ok=True)
        (folder / CERTIFICATE_NAME).unlink(missing_ok=True)
        (folder / PAGE_NAME).unlink(missing_ok=True)
        if (folder / MASKS_NAME).is_dir():
            for mask in (folder / MASKS_NAME).glob("*.nii.gz"):
                mask.unlink()
            (folder / MASKS_NAME).rmdir()
    except OSError as error:
        raise _unwritable(folder, error) from error


@contextmanager
def case_output(folder: Path) -> Iterator[Path]:
    """Give a temporary folder; what is in it at the end replaces the case's earlier outputs.

    Nothing of it reaches `folder` when the block raises.

    Raises
    ------
    OutputRefused
        `output-unwritable` when the file system refuses.
    """
    draft: Path | None = None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=TEMPORARY_PREFIX, dir=folder.parent))
        yield draft
        folder.mkdir(exist_ok=True)
        discard(folder)
        for path in sorted(draft.iterdir(), key=lambda path: path.name == RTSTRUCT_NAME):
            path.replace(folder / path.name)
    except OSError as error:
        raise _unwritable(folder, error) from error
    finally:
        if draft is not None:
            shutil.rmtree(draft, ignore_errors=True)


def refuse_document(path: Path, *, overwrite: bool) -> None:
    """Refuse a call before anything is read, where its document is there already.

    Raises
    ------
    OutputRefused
        `output-exists`, `output-unwritable`.
    """
    if path.exists() and not overwrite:
        mend = "--overwrite to replace it, or another folder with -o"
        raise OutputRefused("output-exists", where=str(path.parent), seen=path.name, mend=mend)
    refuse_existing(path.parent, {}, overwrite=True)


def discard_listed(path: Path, folders: Mapping[str, Path], others: Sequence[str]) -> None:
    """Remove what an earlier call wrote of these cases, as its document lists it, and `others`.

    Raises
    ------
    OutputRefused
        `output-mixed` when the document is not as rtvol writes it; `output-unwritable`.
    """
    try:
        listed = json.loads(path.read_bytes())["cases"]
        names = {
            case["case"]: [row.get("mask_name", "") for row in case["structures"]]
            for case in listed
        }
    except FileNotFoundError:
        return
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        seen = f"{path.name} is not as rtvol writes it"
        raise OutputRefused("output-mixed", where=str(path.parent), seen=seen) from error
    try:
        for case, folder in folders.items():
            for name in (*names.get(case, ()), *others):
                if name and Path(name).name == name:
                    (folder / name).unlink(missing_ok=True)
        path.unlink()
    except OSError as error:
        raise _unwritable(path.parent, error) from error


@contextmanager
def case_files(folder: Path, *, overwrite: bool) -> Iterator[Path]:
    """Give a temporary folder; at the end its files join those in `folder`, all of them or none.

    Raises
    ------
    OutputRefused
        `output-exists` when one of them is there already and may not be replaced;
        `output-unwritable` when the file system refuses.
    """
    draft: Path | None = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=TEMPORARY_PREFIX, dir=folder))
        yield draft
        made = sorted(draft.iterdir())
        present = [path.name for path in made if (folder / path.name).exists()]
        if present and not overwrite:
            more = f" and {len(present) - 1} more" if len(present) > 1 else ""
            mend = "--overwrite to replace them, or another folder with -o"
            raise OutputRefused(
                "output-exists", where=str(folder), seen=f"{present[0]}{more}", mend=mend
            )
        for path in made:
            path.replace(folder / path.name)
    except OSError as error:
        raise _unwritable(folder, error) from error
    finally:
        if draft is not None:
            shutil.rmtree(draft, ignore_errors=True)
            with suppress(OSError):  # not empty: what it is for
                folder.rmdir()


def write_summaries(
    folder: Path,
    results: Sequence[CaseResult],
    *,
    csv: bool,
    files: Sequence[Mapping[str, Any]] | None = None,
    origin: Mapping[str, Any] | None = None,
    curves: Sequence[ThinCurve] = (),
) -> None:
    """Write `result.json`, and `structures.csv` when asked, over all cases and files of the call.

    Where there are curves, they are written too.

    `origin` is what else `result.json` holds: the recipe, and `inputs` (`inputs_from`).

    Raises
    ------
    OutputRefused
        `output-unwritable` when the file system refuses.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in (CSV_NAME, CURVES_NAME):
            (folder / name).unlink(missing_ok=True)
    except OSError as error:
        raise _unwritable(folder, error) from error
    if curves:
        write_curves(folder / CURVES_NAME, curves)
    if csv:
        write_structures(folder / CSV_NAME, results)
    document = {**result_document(results, files=files), **(origin or {})}
    text = document_json(document)
    write_text(folder / RESULT_NAME, text + "\n", overwrite=True)


def summarise(
    folder: Path,
    results: Sequence[CaseResult],
    told: tuple[Sequence[Mapping[str, Any]], Sequence[ThinCurve]],
    origin: Mapping[str, Any],
    *,
    csv: bool,
) -> None:
    """Write the tables of all cases; where every case was rejected nothing stays.

    `told`: what became of every file, and the curves of the cases.

    Raises
    ------
    OutputRefused
        `output-unwritable`.
    """
    if any(result.status != "reject" for result in results):
        files, curves = told
        write_summaries(folder, results, csv=csv, files=files, origin=origin, curves=curves)
    else:
        discard_summaries(folder)


def inputs_from(paths: Sequence[Path], folder: Path) -> list[str]:
    """Return paths as seen from an output folder: who moves both together finds them again."""
    here = folder.resolve()
    found = []
    for path in paths:
        try:
            found.append(Path(os.path.relpath(path.resolve(), here)).as_posix())
        except ValueError:  # on another drive there is no way from here
            found.append(path.resolve().as_posix())
    return found


def _unwritable(folder: Path, error: OSError) -> OutputRefused:
    seen = error.strerror or type(error).__name__
    return OutputRefused("output-unwritable", where=str(folder), seen=seen)
