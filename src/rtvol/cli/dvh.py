"""`rtvol dvh`: dose-volume metrics of structures."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from rtvol.cli.evaluation import DEFAULT_AGAINST, Against
from rtvol.cli.options import DEFAULT_LOUDNESS, DEFAULT_RUN, Loudness, Names, Paths, Run, Switch

if TYPE_CHECKING:
    from rtvol.verbs.dose_volume import DvhJob


@Parameter(name="*")
@dataclass(frozen=True)
class Question:
    """What is asked of which structures.

    Attributes
    ----------
    roi
        ROI name, pattern (GTV*) or expression (Liver-GTV, Kidney_L+Kidney_R, A&B), as often as
        wanted; all by default.
    metric
        D95%, D2cc, V20Gy, V100%, CV15Gy, DC700cc, Mean, Min, Max, gEUD(8), HI, CI, CI_RTOG, GI,
        ICRU91; by default D95%, D50%, D2%, Mean.
    dose
        RTDOSE to use where a case has several; repeat it to add doses.
    sum
        Add doses: physical (Gy) or eqd2 (2 Gy fractions, each plan with its own); all plans of
        the case, or those named with --dose.
    alpha_beta
        alpha/beta in Gy for BED and EQD2: 3 for all structures, "GTV*=10" for some; as often as
        wanted. With --as, targets have 10 and the rest 3 unless given.
    """

    roi: Names = None
    metric: Names = None
    dose: Annotated[list[Path] | None, Parameter(negative="", show_default=False)] = None
    sum: Literal["physical", "eqd2"] | None = None
    alpha_beta: Names = None


@Parameter(name="*")
@dataclass(frozen=True)
class How:
    """How contours and dose are read.

    Attributes
    ----------
    solid
        slab: right prisms; loft: the surface between the contours.
    caps
        How far the solid goes on beyond its end planes: half a spacing, none, or MM at most.
    dose_interpolation
        linear: trilinear; cubic: splines, bounded by the samples around, for curved fields.
    range
        Give the range of every metric over both solids, with and without caps, and a finer
        sampling.
    compare
        Compare with the DVHs stored in the RTDOSE and the volumes in the RTSTRUCT.
    """

    solid: Literal["slab", "loft"] = "slab"
    caps: str = "half"
    dose_interpolation: Literal["linear", "cubic"] = "linear"
    range: Annotated[bool, Switch] = False
    compare: Annotated[bool, Switch] = False


@Parameter(name="*")
@dataclass(frozen=True)
class TableFile:
    """Where the rows go.

    Attributes
    ----------
    output
        Long table of all values: FILE.csv or FILE.parquet.
    curves
        Histograms in bins of 1 cGy: FILE.csv or FILE.parquet.
    overwrite
        Replace the files when they exist.
    """

    output: Annotated[Path | None, Parameter(name=["--output", "-o"])] = None
    curves: Path | None = None
    overwrite: Annotated[bool, Switch] = False


DEFAULT_QUESTION = Question()
DEFAULT_HOW = How()
DEFAULT_FILE = TableFile()


def dvh(
    *paths: Paths,
    question: Question = DEFAULT_QUESTION,
    how: How = DEFAULT_HOW,
    against: Against = DEFAULT_AGAINST,
    file: TableFile = DEFAULT_FILE,
    run: Run = DEFAULT_RUN,
    loudness: Loudness = DEFAULT_LOUDNESS,
) -> int:
    """Dose-volume metrics of structures, from the plan's dose.

    Where a number cannot be given the table shows `-` and says why below.

    For example:
        rtvol dvh exports/case1 --roi "GTV*" --metric D95% --metric V20Gy
        rtvol dvh exports/case1 --caps none --compare
        rtvol dvh exports/ -o dvh.parquet --curves curves.parquet
    """
    from rtvol.cli import evaluation, gather, kernels, results, screen
    from rtvol.tables.curves import CURVES, curves_in
    from rtvol.tables.document import result_document
    from rtvol.tables.metrics import DVH_LONG, metrics_in
    from rtvol.tables.sheet import check_file, write_sheet
    from rtvol.verbs.dose_volume import dvh_case

    terms = evaluation.terms_of(against, added=question.sum)
    job = replace(job_of(question, how, with_curves=file.curves is not None), terms=terms)
    files = [path for path in (file.output, file.curves) if path is not None]
    for path in files:
        check_file(path, overwrite=file.overwrite)
    cases = gather.gather(paths, loudness, pseudonymise=run.pseudonymise)
    kernels.note_first_call("dose", loudness)
    done = gather.work_through(cases, dvh_case, job, jobs=run.jobs, loudness=loudness)
    if file.output is not None:
        rows = [list(metrics_in(result)) for result in done]
        write_sheet(DVH_LONG, rows, file.output, overwrite=file.overwrite)
    if file.curves is not None:
        edges = (list(curves_in(result)) for result in done)
        write_sheet(CURVES, edges, file.curves, overwrite=file.overwrite)
    if run.json:
        screen.show_json(result_document(done))
    else:
        for result in done:
            screen.show(*results.dose_page(result), *evaluation.goal_table(result))
        for path in files:
            screen.tell(f"wrote {path}")
    code = gather.finish(done, loudness)
    return 1 if code == 0 and against.strict and evaluation.is_failed(done) else code


def job_of(question: Question, how: How, *, with_curves: bool) -> "DvhJob":
    """Return the job a call asks for, every word of it checked."""
    from rtvol.dvh import parse_metrics
    from rtvol.dvh.readings import Sampling
    from rtvol.dvh.solids import Reading, parse_caps
    from rtvol.errors import UsageError
    from rtvol.verbs.dose_volume import DEFAULT_METRICS, DvhJob
    from rtvol.verbs.doses import parse_alpha_beta

    metrics = tuple(question.metric or DEFAULT_METRICS)
    parse_metrics(metrics)
    doses = tuple(question.dose or ())
    if len(doses) > 1 and question.sum is None:
        mend = "say how: --sum physical or --sum eqd2"
        raise UsageError("bad-call", where="--dose", seen=f"{len(doses)} doses", mend=mend)
    ratios = parse_alpha_beta(question.alpha_beta or ())
    if question.sum == "eqd2" and not ratios:
        mend = "give the ratio in Gy, for example --alpha-beta 3"
        raise UsageError("bad-call", where="--sum eqd2", seen="no --alpha-beta", mend=mend)
    sampling = Sampling(
        reading=Reading(how.solid, parse_caps(how.caps)),
        interpolation=how.dose_interpolation,
        with_range=how.range,
        with_curves=with_curves,
        with_stored=how.compare,
    )
    return DvhJob(tuple(question.roi or ()), metrics, doses, question.sum, ratios, sampling)
