"""`rtvol derive`: structures that are defined by expressions."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from rtvol.cli.files_written import DEFAULT_FILES, FileFlags, written_kinds
from rtvol.cli.options import (
    DEFAULT_LOUDNESS,
    DEFAULT_RUN,
    Loudness,
    Names,
    OnMissing,
    RunFlags,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rtvol.recipe.model import Recipe


@Parameter(name="*")
@dataclass(frozen=True)
class DerivedFlags:
    """What isodoses are of, and which planes contours are on.

    Attributes
    ----------
    dose
        RTDOSE that isodoses ([45 Gy]) are of, where a case has several.
    prescription
        Prescribed dose in Gy, instead of the plan's, for isodoses in %.
    spacing
        Distance in mm of the planes that contours are written on, instead of the images' own.
    on_missing
        What becomes of a case without an ROI that is named: fail, it is rejected; skip, it goes on
        without the structures that need it.
    """

    dose: Annotated[list[Path] | None, Parameter(negative="", show_default=False)] = None
    prescription: float | None = None
    spacing: float | None = None
    on_missing: OnMissing = "fail"


DEFAULT_DERIVED = DerivedFlags()


def derive(
    *words: Annotated[
        str, Parameter(help='Folders or files, and definitions: "Ring = (PTV + 20) - (PTV + 5)".')
    ],
    define: Names = None,
    how: DerivedFlags = DEFAULT_DERIVED,
    files: FileFlags = DEFAULT_FILES,
    run: RunFlags = DEFAULT_RUN,
    loudness: Loudness = DEFAULT_LOUDNESS,
) -> int:
    """Make structures of others: rings, skins, unions, isodoses; written as contours.

    A + B, A & B, A - B join, share and cut; A + 5 and A - 3 grow and shrink by mm, A +
    (L5,R3,A4,P2,S5,I3) by six; [45 Gy] and [95 %] are isodoses; brackets first, then from left to
    right. A definition may use the others.

    For example:
        rtvol derive exports/ "Ring = (PTV + 20) - (PTV + 5)" "Skin = BODY - (BODY - 5)" -o out
        rtvol derive exports/case1 "Liver-GTV = Liver - GTV*" --into same -o out
        rtvol derive exports/case1 "Spill = [50 %] - (PTV + 20)" --dry-run

    Parameters
    ----------
    define
        A definition, as often as wanted: the same as among the paths.
    """
    from rtvol.cli import facts, files_written, gather, kernels, results, screen
    from rtvol.recipe.jobs import derive_job
    from rtvol.tables.document import result_document
    from rtvol.verbs.derive import derive_case

    paths, definitions = _sorted_words(words)
    asked = recipe_of([*definitions, *(define or ())], how, files)
    derive_job(asked)  # what cannot be meant ends here, before any file is read
    cases = gather.gather(paths, loudness, pseudonymise=run.pseudonymise, rtstruct=run.rtstruct)
    folders = files_written.open_folders(cases, files)
    kernels.note_first_call("distance", loudness)
    job = derive_job(asked, hide=cases.hide)
    job = replace(job, folders=None if files.dry_run else folders)
    spread = run.jobs, loudness
    done, fates = files_written.work_and_write(cases, derive_case, job, (asked, files), spread)
    if run.json:
        screen.show_json(result_document(done, files=fates))
    else:
        screen.show(*map(str, job.definitions))
        for result in done:
            screen.show(*results.derived_page(result))
        screen.show(*files_written.written_lines(done, folders, files))
    return facts.finish(done, fates, loudness)


def recipe_of(
    definitions: "Sequence[str]",
    how: DerivedFlags = DEFAULT_DERIVED,
    files: FileFlags = DEFAULT_FILES,
) -> "Recipe":
    """Read the definitions; a call that cannot be meant ends here, before any file is read."""
    from rtvol.recipe.flags import definitions_of, recipe_of_call

    return recipe_of_call(
        {
            "--define": definitions_of(definitions),
            "--dose": None if how.dose is None else list(map(str, how.dose)),
            "--prescription": how.prescription,
            "--spacing": how.spacing,
            "--on-missing": how.on_missing,
            "--write": [kind for kind in written_kinds(files.write) if kind != "csv"],
            "--label": files.label,
            "--into": files.into,
            "--report": files.report,
        }
    )


def _sorted_words(words: "Sequence[str]") -> tuple[list[Path], list[str]]:
    """Tell paths from definitions: these hold a = and are no file."""
    definitions = [word for word in words if "=" in word and not _is_there(word)]
    return [Path(word) for word in words if word not in definitions], definitions


def _is_there(word: str) -> bool:
    try:
        return Path(word).exists()
    except OSError:  # no name a file can have
        return False
