"""`rtvol report`: a page to look at, for each case, and one over all of them."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from rtvol.cli.dvh import DEFAULT_QUESTION, RoiFlags
from rtvol.cli.evaluation import DEFAULT_AGAINST, DEFAULT_DOSE, GoalFlags, WhichDose
from rtvol.cli.options import (
    DEFAULT_LOUDNESS,
    DEFAULT_RUN,
    Loudness,
    Paths,
    RunFlags,
    ShowPhi,
    Switch,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rtvol.batch.outputs import MadeOutput
    from rtvol.cli.gather import Gathered
    from rtvol.io import CaseFiles
    from rtvol.tables.rows import CaseResult
    from rtvol.verbs.dose_volume import DvhJob

#: The page over all cases, in a folder of pages.
OVERVIEW = "overview"


@Parameter(name="*")
@dataclass(frozen=True)
class PageFlags:
    """Where pages go, and what they show.

    Attributes
    ----------
    output
        The page of one case, or the overview of an output of several, FILE.html; or a folder for
        one page per case and an overview of them.
    overwrite
        Replace pages that exist.
    """

    output: Annotated[Path, Parameter(name=["--output", "-o"])] = Path("report.html")
    overwrite: Annotated[bool, Switch] = False
    show_phi: ShowPhi = False

    @property
    def is_file(self) -> bool:
        """Whether one page is meant, not a folder."""
        return self.output.suffix.lower() in {".html", ".htm"}


DEFAULT_PAGE = PageFlags()


def report(
    *paths: Paths,
    question: RoiFlags = DEFAULT_QUESTION,
    which: WhichDose = DEFAULT_DOSE,
    against: GoalFlags = DEFAULT_AGAINST,
    page: PageFlags = DEFAULT_PAGE,
    run: RunFlags = DEFAULT_RUN,
    loudness: Loudness = DEFAULT_LOUDNESS,
) -> int:
    """Write a page to look at: slices with outlines and doses, DVHs, goals, tables, findings.

    One HTML file per case that opens anywhere, without a network. Of an export it shows the
    structures as they are drawn; of an output of `rtvol expand` or `rtvol run`, the targets made
    there, on the images they were made from (`expand --report` draws them as they are made). Of
    many cases there is an overview: which are worth a look, a table, distributions, DVH bands.

    For example:
        rtvol report exports/case1 -o report.html
        rtvol report rtvol-out -o pages
        rtvol report exports/ -o pages --goals liver-sbrt-3fx
        rtvol report out -o out/overview.html
    """
    from rtvol.batch.overview import is_for_overview
    from rtvol.cli import evaluation, extras, facts, gather, kernels, screen
    from rtvol.cli.dvh import DEFAULT_HOW, job_of
    from rtvol.cli.overview import show_drawn, show_output, taking_curves
    from rtvol.report.cohort_curves import CurveBook
    from rtvol.tables.document import result_document

    extras.need("report", ("jinja2",))
    if page.is_file and len(paths) == 1 and is_for_overview(paths[0]):
        _refuse_questions(paths[0], (question, which, against), page, run)
        return show_output(paths[0], page.output, loudness, overwrite=page.overwrite, json=run.json)
    dvh = job_of(question, which, DEFAULT_HOW, against, with_curves=True)
    made, sources = _made(paths)
    cases = gather.gather(sources, loudness, pseudonymise=run.pseudonymise, rtstruct=run.rtstruct)
    cases = _with_results(cases, made)
    pages, over = _pages(cases.names, page)
    kernels.note_first_call("distance", loudness)
    verb, job = _work(made, dvh, pages, show_phi=page.show_phi, hide=cases.hide)
    curves = CurveBook()
    taken = taking_curves(curves)
    done = gather.work_through(cases, verb, job, jobs=run.jobs, loudness=loudness, taken=taken)
    written = [pages[one.case] for one in done if one.status != "reject"]
    if not page.is_file:
        show_drawn(done, curves, pages, over)
        written.append(over)
    fates = facts.file_entries(done, cases)
    if run.json:
        screen.show_json(result_document(done, files=fates))
    else:
        screen.show(*(f"wrote {path}" for path in written))
    return evaluation.exit_code(facts.finish(done, fates, loudness), done, against)


def _made(paths: "Sequence[Path]") -> "tuple[MadeOutput | None, tuple[Path, ...]]":
    """Return the output among the paths, if one is, and where its exports lie."""
    from rtvol.batch.outputs import is_output, read_output
    from rtvol.errors import InputError, UsageError

    outputs = [path for path in paths if is_output(path)]
    if not outputs:
        return None, tuple(paths)
    if len(outputs) > 1:
        mend = "call it once for each"
        raise UsageError("bad-call", seen=f"{len(outputs)} output folders", mend=mend)
    made = read_output(outputs[0])
    sources = tuple(path for path in paths if path != outputs[0]) or made.inputs
    if not sources or not all(path.exists() for path in sources):
        seen = "the exports its cases were made from are not where they were"
        mend = f"name them too: rtvol report {outputs[0]} EXPORTS"
        raise InputError("path-not-found", where=str(outputs[0]), seen=seen, mend=mend)
    return made, sources


def _with_results(cases: "Gathered", made: "MadeOutput | None") -> "Gathered":
    """Leave the cases that have results, where it is about results."""
    from rtvol.errors import InputError

    if made is None:
        return cases
    kept = tuple(files for files in cases.cases if files.name in made.cases)
    if not kept:
        seen = f"none of {len(cases.cases)} cases found is among the {len(made.cases)} with results"
        mend = "name the same paths as when they were made"
        raise InputError("nothing-to-collect", seen=seen, mend=mend)
    return replace(cases, cases=kept, files=())


def _work(
    made: "MadeOutput | None",
    dvh: "DvhJob",
    pages: dict[str, Path],
    *,
    show_phi: bool,
    hide: bool,
) -> "tuple[Callable[[CaseFiles, Any], CaseResult], Any]":
    """Return the verb for each case, and what it is given."""
    from rtvol.batch.pages import MadePageJob, PageJob, PageMaking, page_of_case, page_of_made
    from rtvol.recipe.jobs import making_of

    making = PageMaking() if made is None else making_of(made.recipe)
    job = PageJob(replace(making, show_phi=show_phi, hide=hide), dvh, pages)
    return (page_of_case, job) if made is None else (page_of_made, MadePageJob(job, made.cases))


def _refuse_questions(
    output: Path, asked: tuple[object, ...], page: PageFlags, run: RunFlags
) -> None:
    """Refuse what cannot be asked of results that are there already."""
    from rtvol.errors import UsageError

    plain = (DEFAULT_QUESTION, DEFAULT_DOSE, DEFAULT_AGAINST)
    if asked != plain or page.show_phi or replace(run, json=False) != DEFAULT_RUN:
        seen = "an overview is of numbers that are there: -o, --overwrite and --json can be said"
        mend = "leave the other options out, or name a folder with -o for pages"
        raise UsageError("bad-call", where=str(output), seen=seen, mend=mend)


def _pages(names: "Sequence[str]", page: PageFlags) -> tuple[dict[str, Path], Path]:
    """Return the file of each case's page, and that over all; refuse before anything is read."""
    from rtvol.cli.overview import make_place
    from rtvol.errors import UsageError
    from rtvol.files import slugs

    if page.is_file and len(names) > 1:
        mend = f"name a folder: -o {page.output.stem}"
        raise UsageError("bad-call", where="-o", seen=f"one page for {len(names)} cases", mend=mend)
    if page.is_file:
        files = [page.output]
    else:
        over = OVERVIEW
        while over in names:  # a case of that name
            over += "-of-all"
        files = [page.output / f"{one}.html" for one in slugs([*names, over])]
    make_place(files, overwrite=page.overwrite)
    return dict(zip(names, files, strict=False)), files[-1]
