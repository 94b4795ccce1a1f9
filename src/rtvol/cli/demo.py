"""`rtvol demo`: synthetic patients -> targets, doses, pictures, outcome tables; offline."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from rtvol.cli.options import DEFAULT_LOUDNESS, Loudness, Switch

if TYPE_CHECKING:
    from rtvol.case import Case
    from rtvol.margins import PatientTargets
    from rtvol.tables.rows import CaseResult

METRICS = ("D95%", "Mean")
#: What the demo makes with each extra.
WITH_EXTRAS = {"report": "pictures", "outcomes": "outcome tables"}
DEFAULT_FOLDER = Path("rtvol-demo")


def demo(
    folder: Annotated[Path, Parameter(help="Where to put it all.")] = DEFAULT_FOLDER,
    *,
    overwrite: Annotated[bool, Switch] = False,
    loudness: Loudness = DEFAULT_LOUDNESS,
) -> int:
    """Make synthetic patients, grow their targets, show doses, draw slices, analyse outcomes.

    The same as `rtvol expand` with --ctv 2 --ptv 4 --avoid Duodenum:3 --avoid Stomach:3, then the
    dose that each target receives from the original plan. Then tables and figures of a synthetic
    cohort (rtvol outcomes). Needs no network and no patient data; without the extras report and
    outcomes it says so, and leaves pictures and outcomes out.

    Parameters
    ----------
    overwrite
        Replace an earlier demo.
    """
    from rtvol import io
    from rtvol.cli import extras, gather, kernels, results, screen
    from rtvol.cli.expand import TargetFlags, recipe_of
    from rtvol.phantoms import write_liver_patients
    from rtvol.recipe.jobs import target_job
    from rtvol.report import pictures
    from rtvol.verbs.expand import expand_read
    from rtvol.verbs.output import case_folders, refuse_existing, write_summaries

    patients, out = folder / "patients", folder / "out"
    refuse_existing(out, {}, overwrite=overwrite)
    absent = extras.missing_extras(("report", "outcomes"))
    if absent and not loudness.quiet:
        left = " and ".join(WITH_EXTRAS[name] for name in absent)
        screen.tell(f"note: without {left}; for them: {extras.install_line(absent)}")
    write_liver_patients(patients)
    cases = gather.gather([patients], loudness)
    kernels.note_first_call("distance", loudness)
    asked = recipe_of(TargetFlags("2", "4", avoid=["Duodenum:3", "Stomach:3"]))
    job = replace(target_job(asked), folders=case_folders(out, cases.names))
    recipe = job.recipe
    screen.show(f"{recipe}; dose of the original plan", "")
    done, grown = [], []
    for files in cases.cases:
        case = io.read_case(files)
        result, targets = expand_read(case, job)
        done.append(_with_doses(result, case, targets))
        grown.append((case, targets))
        screen.show(*results.target_page(done[-1]), "")
    write_summaries(out, done, csv=True)
    screen.show(f"patients  {patients}", f"targets   {out}")
    for case, targets in () if "report" in absent else grown:
        pictures.draw_case(folder / "pictures", case, targets, recipe.organs)
    if "report" not in absent:
        screen.show(f"pictures  {folder / 'pictures'}")
    code = gather.finish(done, loudness)
    if "outcomes" not in absent:
        _show_outcomes(folder, overwrite=overwrite)
    return code


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


def _with_doses(result: "CaseResult", case: "Case", targets: "PatientTargets") -> "CaseResult":
    """Add to each target what it receives from the plan's dose."""
    from rtvol.verbs.dose_volume import dose_rows, with_dose
    from rtvol.verbs.given_dose import case_dose

    rois = [derived.roi for lesion in targets.lesions for derived in lesion.targets]
    rows, _ = dose_rows(case, rois, case_dose(case), METRICS)
    structures = tuple(map(with_dose, result.structures, rows))
    return replace(result, structures=structures)
