"""What commands write for each case, and where: the options, and the lines that say so."""

from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from rtvol.cli.options import Switch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from rtvol.cli.gather import Gathered, Job
    from rtvol.cli.options import Loudness
    from rtvol.io import CaseFiles
    from rtvol.recipe.model import Recipe
    from rtvol.tables.curve_file import ThinCurve
    from rtvol.tables.rows import CaseResult

WRITTEN = ("rtstruct", "nifti", "csv")


@Parameter(name="*")
@dataclass(frozen=True)
class FileFlags:
    """What is written, and where.

    Attributes
    ----------
    output
        Folder for the results: one folder per case, structures.csv and result.json; of cases with
        doses also the curves of DVHs, curves.json.gz.
    write
        What to write: rtstruct, nifti, csv, joined by commas.
    label
        Label of the structure set, 16 characters at most; by default it names what was made.
    into
        new: the structure set holds what was made, and GTVs; same: it also holds all ROIs of its
        source, as they are stored there.
    report
        Write a page to look at beside each case's files, report.html: slices, DVHs, tables.
    overwrite
        Replace the results of an earlier run.
    dry_run
        Show what would be written, with volumes; write nothing.
    """

    output: Annotated[Path, Parameter(name=["--output", "-o"])] = Path("rtvol-out")
    write: str = "rtstruct,csv"
    label: str = ""
    into: Literal["new", "same"] = "new"
    report: Annotated[bool, Switch] = False
    overwrite: Annotated[bool, Switch] = False
    dry_run: Annotated[bool, Switch] = False


DEFAULT_FILES = FileFlags()


def open_folders(cases: "Gathered", files: FileFlags) -> "dict[str, Path]":
    """Return the output folder of each case; refuse the call before anything is read.

    Raises
    ------
    OutputRefused, ExtraMissing
        What is there must not be replaced; pages need an extra.
    """
    from rtvol.cli import extras
    from rtvol.verbs.output import case_folders, refuse_existing

    if files.report:
        extras.need("report", ("jinja2",))
    folders = case_folders(files.output, cases.names)
    if not files.dry_run:
        refuse_existing(files.output, folders, overwrite=files.overwrite)
    return folders


def work_and_write(
    cases: "Gathered",
    verb: "Callable[[CaseFiles, Job], CaseResult]",
    job: "Job",
    asked: "tuple[Recipe, FileFlags]",
    how: "tuple[int, Loudness]",
) -> "tuple[list[CaseResult], list[dict[str, object]]]":
    """Run a verb over all cases and write their tables; with what became of every file.

    `asked`: the recipe of the call, and what is written; `how`: cases worked on at a time, and how
    much is said.
    """
    from rtvol.cli import facts, gather
    from rtvol.recipe.jobs import of_results
    from rtvol.tables.curve_file import thin_curves, without_curves
    from rtvol.verbs.output import inputs_from, summarise, unfinished

    (recipe, files), (jobs, loudness) = asked, how
    with nullcontext() if files.dry_run else unfinished(files.output):
        curves: list[ThinCurve] = []

        def taken(result: "CaseResult") -> "CaseResult":
            curves.extend(thin_curves(result))
            return without_curves(result)

        done = gather.work_through(cases, verb, job, jobs=jobs, loudness=loudness, taken=taken)
        fates = facts.file_entries(done, cases)
        if not files.dry_run:
            csv = "csv" in written_kinds(files.write)
            inputs = inputs_from(cases.paths, files.output)
            origin = {"recipe": of_results(recipe), "inputs": inputs}
            summarise(files.output, done, (fates, curves), origin, csv=csv)
    return done, fates


def written_kinds(text: str) -> tuple[Literal["rtstruct", "nifti", "csv"], ...]:
    """Read the words of --write, joined by commas."""
    from rtvol.errors import UsageError

    words = [word.strip() for word in text.split(",") if word.strip()]
    unknown = [word for word in words if word not in WRITTEN]
    if unknown or not words:
        raise UsageError(
            "bad-call",
            where="--write",
            seen=", ".join(unknown) or "nothing",
            mend=f"one or more of {', '.join(WRITTEN)}",
        )
    return tuple(word for word in WRITTEN if word in words)  # type: ignore[misc]


def written_lines(
    done: "Sequence[CaseResult]",
    folders: "Mapping[str, Path]",
    files: FileFlags,
) -> list[str]:
    """Say which files there are now, or would be."""
    from rtvol.verbs.output import CSV_NAME, MASKS_NAME, PAGE_NAME, RESULT_NAME, RTSTRUCT_NAME

    write = written_kinds(files.write)
    kinds = [("rtstruct", RTSTRUCT_NAME), ("nifti", MASKS_NAME)]
    wanted = [name for kind, name in kinds if kind in write]
    wanted += [PAGE_NAME] if files.report else []
    lines = [
        str(folders[result.case] / name)
        for result in done
        if result.status != "reject"
        for name in wanted
        if _is_there(result, name)
    ]
    if all(result.status == "reject" for result in done):
        return []
    lines += [str(files.output / CSV_NAME)] if "csv" in write else []
    lines.append(str(files.output / RESULT_NAME))
    verb = "would write" if files.dry_run else "wrote"
    return [f"{verb} {line}" for line in lines]


def _is_there(result: "CaseResult", name: str) -> bool:
    """Whether a case has the file, or would have.

    No structure set where nothing is left of any structure; no masks without a CT, nor where its
    grid holds none.
    """
    from rtvol.verbs.output import MASKS_NAME, RTSTRUCT_NAME

    if name == RTSTRUCT_NAME:
        return any(row.written_name for row in result.structures)
    codes = {finding.code for finding in result.findings}
    return name != MASKS_NAME or not codes & {"no-ct", "masks-not-written"}
