"""`rtvol demo`: synthetic patients -> targets, doses, pages, outcome tables; offline."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from rtvol.cli.options import DEFAULT_LOUDNESS, Loudness, Switch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rtvol.case import Case
    from rtvol.cli.gather import Gathered
    from rtvol.margins import PatientTargets
    from rtvol.tables.rows import CaseResult

METRICS = ("D95%", "Mean")
#: What the demo makes with each extra.
WITH_EXTRAS = {"report": "pages and pictures", "outcomes": "outcome tables"}
DEFAULT_FOLDER = Path("rtvol-demo")


def demo(
    folder: Annotated[Path, Parameter(help="Where to put it all.")] = DEFAULT_FOLDER,
    *,
    overwrite: Annotated[bool, Switch] = False,
    loudness: Loudness = DEFAULT_LOUDNESS,
) -> int:
    """Make synthetic patients, grow their targets, show doses, make pages, analyse outcomes.

    The same as `rtvol expand` with --ctv 2 --ptv 4 --avoid Duodenum:3 --avoid Stomach:3 --report;
    doses are those of the original plan. Then tables and figures of a synthetic
    cohort (rtvol outcomes). Needs no network and no patient data; without the extras report and
    outcomes it says so, and leaves pictures and outcomes out.

    Parameters
    ----------
    overwrite
        Replace an earlier demo.
    """
    from rtvol.cli import extras, gather, kernels, screen
    from rtvol.phantoms import write_liver_patients
    from rtvol.report import pictures
    from rtvol.verbs.output import PAGE_NAME, case_folders, refuse_existing, write_summaries

    patients, out = folder / "patients", folder / "out"
    refuse_existing(out, {}, overwrite=overwrite)
    absent = extras.missing_extras(("report", "outcomes"))
    if absent and not loudness.quiet:
        left = " and ".join(WITH_EXTRAS[name] for name in absent)
        screen.tell(f"note: without {left}; for them: {extras.install_line(absent)}")
    write_liver_patients(patients)
    cases = gather.gather([patients], loudness)
    kernels.note_first_call("distance", loudness)
    folders = case_folders(out, cases.names)
    grown = _grow(cases, folders, report="report" not in absent)
    done = [result for result, _ in grown]
    write_summaries(out, done, csv=True)
    screen.show(f"patients  {patients}", f"targets   {out}")
    if "report" not in absent:
        for _, (case, targets, organs) in grown:
            pictures.draw_case(folder / "pictures", case, targets, organs)
        screen.show(f"pages     {folders[cases.names[0]] / PAGE_NAME} and so on")
        screen.show(f"pictures  {folder / 'pictures'}")
    code = gather.finish(done, loudness)
    if "outcomes" not in absent:
        _show_outcomes(folder, overwrite=overwrite)
    return code


def _grow(
    cases: "Gathered", folders: "Mapping[str, Path]", *, report: bool
) -> "list[tuple[CaseResult, tuple[Case, PatientTargets, tuple[str, ...]]]]":
    """Grow the targets of each patient and show them; with what a picture is drawn from."""
    from rtvol import io
    from rtvol.cli import results, screen
    from rtvol.cli.evaluation import WhichDose
    from rtvol.cli.expand import TargetFlags, recipe_of
    from rtvol.cli.files_written import FileFlags
    from rtvol.recipe.jobs import dvh_job, target_job
    from rtvol.verbs.expand import expand_read

    asked = recipe_of(
        TargetFlags("2", "4", avoid=["Duodenum:3", "Stomach:3"]),
        FileFlags(report=report),
        WhichDose(metric=list(METRICS)),
    )
    job = replace(target_job(asked), dvh=dvh_job(asked), folders=folders)
    screen.show(f"{job.recipe}; dose of the original plan", "")
    grown = []
    for files in cases.cases:
        case = io.read_case(files)
        result, targets = expand_read(case, job)
        grown.append((result, (case, targets, job.recipe.organs)))
        screen.show(*results.target_page(result), "")
    return grown


def _show_outcomes(folder: Path, *, overwrite: bool) -> None:
    """Make the outcome tables and figures of the synthetic cohort, in the study's definitions."""
    from rtvol.cli import screen
    from rtvol.cli.outcomes import show_study
    from rtvol.outcomes import Analysis, Cohort, analyse, write_study
    from rtvol.outcomes.demo.tables import write_cohort

    cohort, study = folder / "cohort", folder / "outcomes"
    write_cohort(cohort, overwrite=overwrite)
    done = analyse(Cohort.read(cohort), Analysis(), "paper")
    write_study(done, study, overwrite=overwrite)
    show_study(done)
    screen.show("", f"cohort    {cohort}", f"outcomes  {study / 'results.html'}")
