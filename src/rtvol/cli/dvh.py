"""`rtvol dvh`: dose-volume metrics of structures."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from rtvol.cli.options import DEFAULT_LOUDNESS, DEFAULT_RUN, Loudness, Names, Paths, Run, Switch


@Parameter(name="*")
@dataclass(frozen=True)
class Question:
    """What is asked of which structures.

    Attributes
    ----------
    roi
        ROI name or pattern (GTV*), as often as wanted; all by default.
    metric
        D95%, D2cc, V20Gy, V100%, Mean, Min, Max, ...; by default D95%, D50%, D2%, Mean.
    dose
        RTDOSE to use where a case has several.
    """

    roi: Names = None
    metric: Names = None
    dose: Path | None = None


@Parameter(name="*")
@dataclass(frozen=True)
class TableFile:
    """Where the rows go.

    Attributes
    ----------
    output
        Long table of all values: FILE.csv or FILE.parquet.
    overwrite
        Replace the file when it exists.
    """

    output: Annotated[Path | None, Parameter(name=["--output", "-o"])] = None
    overwrite: Annotated[bool, Switch] = False


DEFAULT_QUESTION = Question()
DEFAULT_FILE = TableFile()


def dvh(
    *paths: Paths,
    question: Question = DEFAULT_QUESTION,
    file: TableFile = DEFAULT_FILE,
    run: Run = DEFAULT_RUN,
    loudness: Loudness = DEFAULT_LOUDNESS,
) -> int:
    """Dose-volume metrics of structures, on the slab solid, from the plan's dose.

    Where a number cannot be given the table shows `-` and says why below.

    For example:
        rtvol dvh exports/case1 --roi "GTV*" --metric D95% --metric V20Gy
        rtvol dvh exports/ -o dvh.parquet
    """
    from rtvol.batch.dvh import DEFAULT_METRICS, DvhJob, dvh_case
    from rtvol.batch.long import check_long, write_long
    from rtvol.cli import gather, kernels, results, screen
    from rtvol.dvh import parse_metric
    from rtvol.tables import result_document

    metrics = tuple(question.metric or DEFAULT_METRICS)
    for text in metrics:
        parse_metric(text)
    if file.output is not None:
        check_long(file.output, overwrite=file.overwrite)
    cases = gather.gather(paths, loudness, pseudonymise=run.pseudonymise)
    kernels.note_first_call("dose", loudness)
    job = DvhJob(tuple(question.roi or ()), metrics, question.dose)
    done = gather.work_through(cases, dvh_case, job, jobs=run.jobs, loudness=loudness)
    if file.output is not None:
        write_long(file.output, done, overwrite=file.overwrite)
    if run.json:
        screen.show_json(result_document(done))
    else:
        pages = (results.dose_page(result) for result in done)
        screen.show(*(part for page in pages for part in page))
        if file.output is not None:
            screen.tell(f"wrote {file.output}")
    return gather.finish(done, loudness)
