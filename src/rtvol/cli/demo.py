"""`rtvol demo`: synthetic patients -> targets, doses, pages, outcome tables; offline."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from rtvol.cli.options import DEFAULT_LOUDNESS, Json, Loudness, Switch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rtvol.case import Case
    from rtvol.margins import PatientTargets
    from rtvol.tables.rows import CaseResult

    Grown = tuple[Case, CaseResult, PatientTargets]

#: What the demo makes with each extra.
WITH_EXTRAS = {"report": "pages, pictures", "outcomes": "outcome tables"}
DEFAULT_FOLDER = Path("rtvol-demo")


def demo(
    folder: Annotated[Path, Parameter(help="Where to put it all.")] = DEFAULT_FOLDER,
    *,
    overwrite: Annotated[bool, Switch] = False,
    json: Json = False,
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
    from rtvol import io
    from rtvol.cli import extras, gather, kernels, results, screen
    from rtvol.cli.expand import TargetFlags, doses_of, recipe_of
    from rtvol.cli.files_written import FileFlags
    from rtvol.cli.layout import Prose
    from rtvol.cli.progress import pulse
    from rtvol.phantoms import write_liver_patients
    from rtvol.recipe.jobs import target_job
    from rtvol.verbs.expand import expand_read
    from rtvol.verbs.output import PAGE_NAME, case_folders, refuse_existing

    patients, out = folder / "patients", folder / "out"
    refuse_existing(out, {}, overwrite=overwrite)
    absent = extras.tell_missing(WITH_EXTRAS, loudness)
    with pulse(loudness, "writing synthetic patients"):
        write_liver_patients(patients)
    cases = gather.gather([patients], loudness)
    kernels.note_first_call("distance", loudness)
    flags = TargetFlags("2", "4", avoid=["Duodenum:3", "Stomach:3"])
    asked = recipe_of(flags, FileFlags(report="report" not in absent))
    folders = case_folders(out, cases.names)
    job = replace(target_job(asked), dvh=doses_of(asked), folders=folders)
    grown: list[Grown] = []
    with pulse(loudness, lambda: f"{len(grown)} of {gather.cases_text(len(cases.cases))} done"):
        for files in cases.cases:
            case = io.read_case(files)
            grown.append((case, *expand_read(case, job)))
    done = _tables(out, grown)
    if not json:
        pages = [part for result in done for part in (*results.target_page(result), "")]
        screen.show(Prose(f"{job.recipe}; dose of the original plan"), "", *pages)
    made = {"patients": patients, "targets": out}
    if "report" not in absent:
        made |= {"pages": folders[cases.names[0]] / PAGE_NAME, "pictures": folder / "pictures"}
        _draw(made["pictures"], grown, job.recipe.organs, loudness)
    if "outcomes" not in absent:
        made |= _make_outcomes(folder, loudness, overwrite=overwrite, shown=not json)
    _end(made, done, json=json)
    return gather.finish(done, loudness)


def _tables(out: Path, grown: "Sequence[Grown]") -> "list[CaseResult]":
    """Write the tables of all cases, and return their results."""
    from rtvol.tables.curve_file import parted
    from rtvol.verbs.output import write_summaries

    done, curves = parted(result for _, result, _ in grown)
    write_summaries(out, done, csv=True, curves=curves)
    return done


def _end(made: dict[str, Path], done: "Sequence[CaseResult]", *, json: bool) -> None:
    """Say where all of it lies; as JSON, the results too."""
    from rtvol.cli import screen
    from rtvol.tables.document import result_document

    if json:
        places = {name: str(path) for name, path in made.items()}
        screen.show_json({**result_document(done), **places})
    else:
        screen.show(*(f"{name:<9} {path}" for name, path in made.items()))


def _draw(
    folder: Path, grown: "Sequence[Grown]", organs: "Sequence[str]", loudness: Loudness
) -> None:
    """Draw each lesion, with its targets and the organs that cut them."""
    from rtvol.cli.progress import pulse
    from rtvol.report import pictures

    with pulse(loudness, "drawing"):
        for case, _, targets in grown:
            pictures.draw_case(folder, case, targets, organs)


def _make_outcomes(
    folder: Path, loudness: Loudness, *, overwrite: bool, shown: bool
) -> dict[str, Path]:
    """Make the outcome tables and figures of the synthetic cohort, in the study's definitions."""
    from rtvol.cli.outcomes import show_study
    from rtvol.cli.progress import pulse
    from rtvol.outcomes import Analysis, Cohort, analyse, write_study
    from rtvol.outcomes.demo.tables import write_cohort

    cohort, study = folder / "cohort", folder / "outcomes"
    write_cohort(cohort, overwrite=overwrite)
    with pulse(loudness, "analysing outcomes"):
        done = analyse(Cohort.read(cohort), Analysis(), "paper")
        write_study(done, study, overwrite=overwrite)
    if shown:
        show_study(done)
    return {"cohort": cohort, "outcomes": study / "results.html"}
