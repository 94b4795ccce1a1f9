"""`rtvol expand`: GTV -> CTV -> PTV."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from rtvol.cli.evaluation import (
    DEFAULT_AGAINST,
    DEFAULT_DOSE,
    GoalFlags,
    WhichDose,
    dose_flags,
)
from rtvol.cli.files_written import DEFAULT_FILES, FileFlags, written_kinds
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
    from rtvol.recipe.model import Recipe
    from rtvol.verbs.dose_volume import DvhJob


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
        ROI, pattern (GTV*), number (#3) or expression (A + B) to grow, once per lesion. Default:
        the ROIs of type GTV, else those named GTV...
    itv
        GTVs of several phases (GTV_*), joined into one internal GTV; of one structure set, or of
        all sets of a patient and frame of reference that PATH holds. Its motion is reported.
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
    itv: Names = None
    avoid: Names = None
    barrier: Names = None
    inside: Names = None
    prv: Names = None
    policy: Literal["icru", "modified_ptv", "ctv_only"] = "icru"
    split: Annotated[bool, Switch] = False
    allow_large_margins: Annotated[bool, Switch] = False
    name: Names = None
    on_missing: OnMissing = "fail"


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
    from rtvol.cli import evaluation, facts, files_written, gather, kernels, results, screen
    from rtvol.cli.layout import Prose
    from rtvol.recipe.jobs import target_job
    from rtvol.tables.document import result_document
    from rtvol.verbs.expand import NO_PHASES, expand_case
    from rtvol.verbs.motion import phases_of

    asked = recipe_of(targets, files, which, against)
    cases = gather.gather(paths, loudness, pseudonymise=run.pseudonymise, rtstruct=run.rtstruct)
    phases = phases_of(cases.cases, targets.itv) if targets.itv else NO_PHASES
    cases = replace(cases, cases=phases.cases) if phases.cases else cases
    folders = files_written.open_folders(cases, files)
    kernels.note_first_call("distance", loudness)
    job = replace(
        target_job(asked, hide=cases.hide),
        phases=phases,
        dvh=doses_of(asked, which),
        needs_dose=bool(which.metric or which.dose or which.sum or against.goals),
        folders=None if files.dry_run else folders,
        threads=run.jobs if len(cases.cases) == 1 else 1,
    )
    how = run.jobs, loudness
    done, fates = files_written.work_and_write(cases, expand_case, job, (asked, files), how)
    if run.json:
        screen.show_json(result_document(done, files=fates))
    else:
        screen.show(Prose(str(job.recipe)))
        for result in done:
            screen.show(*results.target_page(result), *evaluation.goal_table(result))
        screen.show(*files_written.written_lines(done, folders, files))
    return evaluation.exit_code(facts.finish(done, fates, loudness), done, against)


def doses_of(asked: "Recipe", which: WhichDose = DEFAULT_DOSE) -> "DvhJob":
    """Return the job about doses; without a metric it asks for the usual ones.

    Curves are kept: bands over a cohort are made of them.
    """
    from rtvol.recipe.jobs import dvh_job

    job, metrics = dvh_job(asked), tuple(which.metric or ())
    return replace(job, metrics=metrics, sampling=replace(job.sampling, with_curves=True))


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
            "--itv": targets.itv,
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
            "--write": [kind for kind in written_kinds(files.write) if kind != "csv"],
            "--label": files.label,
            "--into": files.into,
            "--report": files.report,
            **dose_flags(which, against),
        }
    )
