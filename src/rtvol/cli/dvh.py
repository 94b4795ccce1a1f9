"""`rtvol dvh`: dose-volume metrics of structures."""

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
    from collections.abc import Sequence

    from rtvol.tables.rows import CaseResult
    from rtvol.verbs.dose_volume import DvhJob


@Parameter(name="*")
@dataclass(frozen=True)
class RoiFlags:
    """Which structures.

    Attributes
    ----------
    roi
        ROI name, number (#3), pattern (GTV*) or expression (Liver-GTV, Kidney_L+Kidney_R, A&B), as
        often as wanted; all by default.
    on_missing
        What becomes of a case without an ROI that is named: skip, as by default, the ROI has a
        row without numbers; fail, as with --strict, the case is rejected.
    """

    roi: Names = None
    on_missing: OnMissing | None = None


@Parameter(name="*")
@dataclass(frozen=True)
class ReadingFlags:
    """How contours and dose are read.

    Attributes
    ----------
    solid
        slab: right prisms; loft: the surface between the contours.
    caps
        How far the solid goes on beyond its end planes: half a spacing, none, or MM at most.
    dose_interpolation
        linear: trilinear; cubic: splines, bounded by the samples around, for curved fields.
    outside
        Of a structure that lies in part outside the dose grid: null gives what does not depend on
        that part, ignore all metrics of the part inside, marked.
    range
        Give the range of every metric over both solids, with and without caps, and a finer
        sampling.
    shift
        Move each structure by so many mm in 26 directions, the dose held fixed: lowest and highest
        of every metric, and towards where.
    compare
        Compare with the DVHs stored in the RTDOSE and the volumes in the RTSTRUCT.
    """

    solid: Literal["slab", "loft"] = "slab"
    caps: str = "half"
    dose_interpolation: Literal["linear", "cubic"] = "linear"
    outside: Literal["null", "ignore"] = "null"
    range: Annotated[bool, Switch] = False
    shift: float = 0.0
    compare: Annotated[bool, Switch] = False


@Parameter(name="*")
@dataclass(frozen=True)
class TableFlags:
    """Where the rows go.

    Attributes
    ----------
    output
        Long table of all values: FILE.csv or FILE.parquet.
    curves
        Histograms in bins of 1 cGy: FILE.csv or FILE.parquet.
    space_curves
        Histograms of the distance to the target and of the dose on the surface.
    plot
        Cumulative DVHs to look at: of one case FILE.png or .svg, of any number FILE.html or .pdf.
    overwrite
        Replace the files when they exist.
    """

    output: Annotated[Path | None, Parameter(name=["--output", "-o"])] = None
    curves: Path | None = None
    space_curves: Path | None = None
    plot: Path | None = None
    overwrite: Annotated[bool, Switch] = False


DEFAULT_QUESTION = RoiFlags()
DEFAULT_HOW = ReadingFlags()
DEFAULT_FILE = TableFlags()


def dvh(
    *paths: Paths,
    question: RoiFlags = DEFAULT_QUESTION,
    which: WhichDose = DEFAULT_DOSE,
    how: ReadingFlags = DEFAULT_HOW,
    against: GoalFlags = DEFAULT_AGAINST,
    file: TableFlags = DEFAULT_FILE,
    run: RunFlags = DEFAULT_RUN,
    loudness: Loudness = DEFAULT_LOUDNESS,
) -> int:
    """Dose-volume metrics of structures, from the plan's dose.

    Where a number cannot be given the table shows `-` and says why below.

    For example:
        rtvol dvh exports/case1 --roi "GTV*" --metric D95% --metric V20Gy
        rtvol dvh exports/case1 --caps none --compare
        rtvol dvh exports/ -o dvh.parquet --curves curves.parquet
    """
    from rtvol.cli import evaluation, facts, gather, kernels, results, screen
    from rtvol.tables.document import result_document
    from rtvol.tables.sheet import check_file
    from rtvol.verbs.dose_volume import dvh_case
    from rtvol.verbs.region_rows import refuse_unreadable

    wanted = {"with_curves": file.curves, "with_space": file.space_curves}
    carried = {key: path is not None for key, path in wanted.items()}
    carried["with_curves"] |= file.plot is not None
    job = job_of(question, which, how, against, **carried)
    files = [path for path in (file.output, file.curves, file.space_curves) if path is not None]
    for path in files:
        check_file(path, overwrite=file.overwrite)
    if file.plot is not None:
        _check_plot(file.plot, overwrite=file.overwrite)
        files.append(file.plot)
    cases = gather.gather(paths, loudness, pseudonymise=run.pseudonymise, rtstruct=run.rtstruct)
    if file.plot is not None:
        _check_plot(file.plot, overwrite=file.overwrite, count=len(cases.cases))
    refuse_unreadable(cases.cases, job.rois)
    kernels.note_first_call("dose", loudness)
    done = gather.work_through(cases, dvh_case, job, jobs=run.jobs, loudness=loudness)
    _write(file, done, which)
    fates = facts.file_entries(done, cases)
    if run.json:
        screen.show_json(result_document(done, files=fates))
    else:
        for result in done:
            screen.show(*results.dose_page(result), *evaluation.goal_table(result))
        if not loudness.quiet:
            screen.tell(*(f"wrote {path}" for path in files))
    return evaluation.exit_code(facts.finish(done, fates, loudness), done, against)


def _check_plot(path: Path, *, overwrite: bool, count: int = 1) -> None:
    """Say before any work why a plot cannot be made."""
    from rtvol.cli import extras
    from rtvol.report.dvh_plot import SUFFIXES, check_room
    from rtvol.tables.sheet import check_file

    check_file(path, overwrite=overwrite, endings=tuple(SUFFIXES))
    extras.need("report", (SUFFIXES[path.suffix.lower()],))
    check_room(path, count)


def _write(file: TableFlags, done: "Sequence[CaseResult]", which: WhichDose) -> None:
    """Write the files that were asked for."""
    from rtvol.cli.results import read_as_lines
    from rtvol.tables.curve_table import CURVES, curves_in
    from rtvol.tables.metric_table import DVH_LONG, metrics_in
    from rtvol.tables.sheet import write_blocks, write_sheet
    from rtvol.tables.space_table import SPACE, space_steps

    if file.output is not None:
        rows = [list(metrics_in(result)) for result in done]
        write_sheet(DVH_LONG, rows, file.output, overwrite=file.overwrite)
    if file.curves is not None:
        curves = (block for result in done for block in curves_in(result))
        write_blocks(CURVES, curves, file.curves, overwrite=file.overwrite)
    if file.space_curves is not None:
        steps = [list(space_steps(result)) for result in done]
        write_sheet(SPACE, steps, file.space_curves, overwrite=file.overwrite)
    if file.plot is not None:
        from rtvol.report.dvh_plot import plot_dvhs

        notes = dict.fromkeys(line for result in done for line in read_as_lines(result))
        note = f"{'; '.join(notes)}. % of the part inside the dose grid."
        plot_dvhs(file.plot, done, which.dose_unit, note, overwrite=file.overwrite)


def job_of(
    question: RoiFlags,
    which: WhichDose,
    how: ReadingFlags,
    against: GoalFlags,
    *,
    with_curves: bool,
    with_space: bool = False,
) -> "DvhJob":
    """Return the job a call asks for, every word of it checked."""
    from rtvol.recipe.flags import recipe_of_call
    from rtvol.recipe.jobs import dvh_job

    asked = recipe_of_call(
        {
            "--roi": question.roi,
            "--on-missing": "fail" if against.strict else question.on_missing,
            "--solid": how.solid,
            "--caps": how.caps,
            "--dose-interpolation": how.dose_interpolation,
            "--outside": how.outside,
            "--range": how.range,
            "--shift": how.shift,
            "--compare": how.compare,
            **dose_flags(which, against),
        }
    )
    job = dvh_job(asked)
    sampling = replace(job.sampling, with_curves=with_curves, with_space=with_space)
    return replace(job, sampling=sampling)
