"""`rtvol expand`: GTV -> CTV -> PTV."""

from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from rtvol.cli.evaluation import (
    DEFAULT_AGAINST,
    DEFAULT_DOSE,
    GoalFlags,
    WhichDose,
    dose_flags,
)
from rtvol.cli.options import (
    DEFAULT_LOUDNESS,
    DEFAULT_RUN,
    Loudness,
    Names,
    OnMissing,
    Paths,
    RunFlags,
    Switch,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rtvol.recipe.model import Recipe
    from rtvol.tables.rows import CaseResult
    from rtvol.verbs.dose_volume import DvhJob

WRITTEN = ("rtstruct", "nifti", "csv")


@Parameter(name="*")
@dataclass(frozen=True)
class TargetFlags:
    """What is grown and what cuts it.

    Attributes
    ----------
    ctv
        GTV -> CTV margin in mm: one number, or L5,R3,A4,P2,S5,I3.
    ptv
        CTV -> PTV margin in mm, written the same way.
    ptv_from
        What the PTV margin is measured from.
    gtv
        ROI, pattern (GTV*) or number (#3) to grow, once per lesion. Default: the ROIs of type
        GTV, else those named GTV...
    avoid
        ROI[:gap] or pattern[:gap] taken out of the PTV, grown by gap mm: PTV^clip, beside the
        whole PTV.
    barrier
        ROI[:gap] taken out of the CTV before the PTV is grown.
    inside
        ROI[:gap] that the CTV is kept inside.
    prv
        ROI:mm to grow beside the targets: SpinalCord:2 is written as SpinalCord_PRV02.
    policy
        What is called PTV: icru, the whole; modified_ptv, what --avoid leaves; ctv_only, the
        whole grown from a CTV that --barrier cut.
    split
        Make each separate part of a GTV a lesion of its own.
    allow_large_margins
        Accept margins above 50 mm.
    name
        What targets are called: ctv=CTV_1,ptv=PTV_48Gy,ptv_clip=PTV_48Gy_mod; of several lesions
        the later ones are numbered. Names that break TG-263 are said.
    on_missing
        What becomes of a case without an organ that is named: fail, it is rejected; skip, it goes
        on without that organ.
    """

    ctv: str
    ptv: str
    ptv_from: Literal["ctv", "gtv"] = "ctv"
    gtv: Names = None
    avoid: Names = None
    barrier: Names = None
    inside: Names = None
    prv: Names = None
    policy: Literal["icru", "modified_ptv", "ctv_only"] = "icru"
    split: Annotated[bool, Switch] = False
    allow_large_margins: Annotated[bool, Switch] = False
    name: Names = None
    on_missing: OnMissing = "fail"


@Parameter(name="*")
@dataclass(frozen=True)
class FileFlags:
    """What is written, and where.

    Attributes
    ----------
    output
        Folder for the results: one folder per case, structures.csv and result.json.
    write
        What to write: rtstruct, nifti, csv, joined by commas.
    label
        Label of the structure set, 16 characters at most; by default it names the margins.
    into
        new: the structure set holds GTVs and what was made of them; same: it also holds all ROIs
        of its source, as they are stored there.
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


def expand(
    *paths: Paths,
    targets: TargetFlags,
    which: WhichDose = DEFAULT_DOSE,
    against: GoalFlags = DEFAULT_AGAINST,
    files: FileFlags = DEFAULT_FILES,
    run: RunFlags = DEFAULT_RUN,
    loudness: Loudness = DEFAULT_LOUDNESS,
) -> int:
    """Grow GTV -> CTV -> PTV, cut back at organs, write structure sets, and give their doses.

    For example:
        rtvol expand exports/ --ctv 2 --ptv 4
        rtvol expand exports/case1 --ctv 2 --ptv L5,R3,A4,P2,S5,I3 --avoid Duodenum:3 -o out
        rtvol expand exports/case1 --ctv 2 --ptv 4 --goals liver-sbrt-3fx --report
    """
    from rtvol.cli import evaluation, extras, facts, gather, kernels, results, screen
    from rtvol.cli.layout import Prose
    from rtvol.recipe.jobs import of_results, target_job
    from rtvol.tables.document import result_document
    from rtvol.verbs.expand import expand_case
    from rtvol.verbs.output import case_folders, inputs_from, refuse_existing, unfinished

    write = _written(files.write)
    asked = recipe_of(targets, files, which, against)
    if files.report:
        extras.need("report", ("jinja2",))
    cases = gather.gather(paths, loudness, pseudonymise=run.pseudonymise, rtstruct=run.rtstruct)
    folders = case_folders(files.output, cases.names)
    if not files.dry_run:
        refuse_existing(files.output, folders, overwrite=files.overwrite)
    kernels.note_first_call("distance", loudness)
    job = replace(
        target_job(asked, hide=cases.hide),
        dvh=doses_of(asked, which),
        needs_dose=bool(which.metric or which.dose or which.sum or against.goals),
        folders=None if files.dry_run else folders,
        threads=run.jobs if len(cases.cases) == 1 else 1,
    )
    with nullcontext() if files.dry_run else unfinished(files.output):
        done = gather.work_through(cases, expand_case, job, jobs=run.jobs, loudness=loudness)
        fates = facts.file_entries(done, cases)
        if not files.dry_run:
            origin: dict[str, object] = {
                "recipe": of_results(asked),
                "inputs": inputs_from(cases.paths, files.output),
            }
            _summarise(files, done, fates, origin, csv="csv" in write)
    if run.json:
        screen.show_json(result_document(done, files=fates))
    else:
        screen.show(Prose(str(job.recipe)))
        for result in done:
            screen.show(*results.target_page(result), *evaluation.goal_table(result))
        screen.show(*_written_lines(done, folders, files, write))
    return evaluation.exit_code(facts.finish(done, fates, loudness), done, against)


def doses_of(asked: "Recipe", which: WhichDose = DEFAULT_DOSE) -> "DvhJob":
    """Return the job about doses; without a metric it asks for the usual ones."""
    from rtvol.recipe.jobs import dvh_job

    metrics = tuple(which.metric or ())
    return replace(dvh_job(asked), metrics=metrics)


def recipe_of(
    targets: TargetFlags,
    files: FileFlags = DEFAULT_FILES,
    which: WhichDose = DEFAULT_DOSE,
    against: GoalFlags = DEFAULT_AGAINST,
) -> "Recipe":
    """Read margins and organs; a call that cannot be meant ends here, before any file is read."""
    from rtvol.margins.recipe import CLIP_STEPS
    from rtvol.recipe.flags import gaps_of, margins_of, names_of, recipe_of_call

    return recipe_of_call(
        {
            "--gtv": targets.gtv,
            "--ctv": targets.ctv,
            "--ptv": targets.ptv,
            "--ptv-from": targets.ptv_from.upper(),
            **{f"--{kind}": gaps_of(kind, getattr(targets, kind)) for kind in CLIP_STEPS},
            "--prv": margins_of(targets.prv),
            "--policy": targets.policy,
            "--split": targets.split,
            "--allow-large-margins": targets.allow_large_margins,
            "--name": names_of(targets.name),
            "--on-missing": targets.on_missing,
            "--write": [kind for kind in _written(files.write) if kind != "csv"],
            "--label": files.label,
            "--into": files.into,
            "--report": files.report,
            **dose_flags(which, against),
        }
    )


def _written(text: str) -> tuple[Literal["rtstruct", "nifti", "csv"], ...]:
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


def _summarise(
    files: FileFlags,
    done: "Sequence[CaseResult]",
    fates: list[dict[str, object]],
    origin: dict[str, object],
    *,
    csv: bool,
) -> None:
    """Write the tables of all cases; where every case was rejected nothing stays."""
    from rtvol.verbs.output import discard_summaries, write_summaries

    if any(result.status != "reject" for result in done):
        write_summaries(files.output, done, csv=csv, files=fates, origin=origin)
    else:
        discard_summaries(files.output)


def _written_lines(
    done: "Sequence[CaseResult]",
    folders: "Mapping[str, Path]",
    files: FileFlags,
    write: tuple[str, ...],
) -> list[str]:
    """Say which files there are now, or would be."""
    from rtvol.verbs.output import CSV_NAME, MASKS_NAME, PAGE_NAME, RESULT_NAME, RTSTRUCT_NAME

    kinds = [("rtstruct", RTSTRUCT_NAME), ("nifti", MASKS_NAME)]
    wanted = [name for kind, name in kinds if kind in write]
    wanted += [PAGE_NAME] if files.report else []
    lines = [
        str(folders[result.case] / name)
        for result in done
        if result.status != "reject"
        for name in wanted
        if name != MASKS_NAME or _has_masks(result)
    ]
    if all(result.status == "reject" for result in done):
        return []
    lines += [str(files.output / CSV_NAME)] if "csv" in write else []
    lines.append(str(files.output / RESULT_NAME))
    verb = "would write" if files.dry_run else "wrote"
    return [f"{verb} {line}" for line in lines]


def _has_masks(result: "CaseResult") -> bool:
    """Whether masks are there, or would be: not without a CT, nor where its grid holds none."""
    return not {finding.code for finding in result.findings} & {"no-ct", "masks-not-written"}
