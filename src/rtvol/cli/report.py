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
    from rtvol.report.case_files import PageFiles
    from rtvol.tables.rows import CaseResult
    from rtvol.verbs.dose_volume import DvhJob

#: The page over all cases, in a folder of pages.
OVERVIEW = "overview"
#: A path that ends like this is one file; any other is a folder.
PAGES, RECORDS = (".html", ".htm"), (".pdf",)


@Parameter(name="*")
@dataclass(frozen=True)
class PageFlags:
    """Where pages go, and what they show.

    Attributes
    ----------
    output
        The page of one case, or the overview of an output of several, FILE.html; or a folder for
        one page per case and an overview of them. report.html where nothing else is asked for.
    pdf
        The record of one case to print or to file, FILE.pdf; or a folder for one PDF per case.
    png
        Folder for pictures of each case, 1600 pixels wide: axial, coronal and sagittal where its
        page opens, and each target where most is cut.
    overwrite
        Replace files that exist.
    """

    output: Annotated[Path | None, Parameter(name=["--output", "-o"])] = None
    pdf: Path | None = None
    png: Path | None = None
    overwrite: Annotated[bool, Switch] = False
    show_phi: ShowPhi = False

    @property
    def html(self) -> Path | None:
        """Where HTML goes; None where other forms are asked for alone."""
        if self.output is None and self.pdf is None and self.png is None:
            return Path("report.html")
        return self.output

    @property
    def is_overview(self) -> bool:
        """Whether it can be about the overview of an output alone: one page and nothing else."""
        one = self.html is not None and self.html.suffix.lower() in PAGES
        return one and self.pdf is None and self.png is None


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

    One HTML file per case that opens anywhere, without a network; a PDF for the record, pictures
    for slides. Of an export it shows the
    structures as they are drawn; of an output of `rtvol expand` or `rtvol run`, the targets made
    there, on the images they were made from (`expand --report` draws them as they are made). Of
    many cases there is an overview: which are worth a look, a table, distributions, DVH bands.

    For example:
        rtvol report exports/case1 -o report.html
        rtvol report rtvol-out -o pages
        rtvol report exports/ -o pages --goals liver-sbrt-3fx
        rtvol report out -o out/overview.html
        rtvol report exports/case1 --pdf case1.pdf --png slides
    """
    from rtvol.batch.overview import is_for_overview
    from rtvol.cli import evaluation, extras, facts, gather, kernels, screen
    from rtvol.cli.dvh import DEFAULT_HOW, job_of
    from rtvol.cli.overview import show_drawn, show_output, taking_curves
    from rtvol.report.cohort_curves import CurveBook
    from rtvol.tables.document import result_document

    extras.need("report", _modules(page))
    if page.is_overview and len(paths) == 1 and is_for_overview(paths[0]):
        _refuse_questions(paths[0], (question, which, against), page, run)
        place = page.html or Path()
        return show_output(paths[0], place, loudness, overwrite=page.overwrite, json=run.json)
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
    written = [one for each in done if each.status != "reject" for one in pages[each.case].made]
    if over is not None:
        show_drawn(done, curves, {name: one.html or over for name, one in pages.items()}, over)
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
    pages: "dict[str, PageFiles]",
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


def _modules(page: PageFlags) -> tuple[str, ...]:
    """Return what the forms asked for are made with."""
    on_paper = page.pdf is not None or page.png is not None
    return (*(["jinja2"] if page.html else []), *(["matplotlib"] if on_paper else []))


def _pages(names: "Sequence[str]", page: PageFlags) -> "tuple[dict[str, PageFiles], Path | None]":
    """Return the files of each case, and the page over all; refuse before anything is read."""
    from rtvol.cli.overview import make_place
    from rtvol.files import slugs
    from rtvol.report.case_files import PageFiles

    over = OVERVIEW
    while over in names:  # a case of that name
        over += "-of-all"
    *words, last = slugs([*names, over])
    html = _one_each(page.html, "-o", words, PAGES)
    pdf = _one_each(page.pdf, "--pdf", words, RECORDS)
    png = [page.png / word if page.png else None for word in words]
    is_folder = page.html is not None and page.html.suffix.lower() not in PAGES
    whole = page.html / f"{last}.html" if page.html and is_folder else None
    files = {name: PageFiles(*one) for name, *one in zip(names, html, pdf, png, strict=True)}
    every = [path for one in files.values() for path in one.planned]
    make_place([*every, *([whole] if whole else [])], overwrite=page.overwrite)
    return files, whole


def _one_each(
    place: Path | None, flag: str, words: "Sequence[str]", endings: tuple[str, ...]
) -> "list[Path | None]":
    """Return the file of each case: the one named, or those in the folder named."""
    from rtvol.errors import UsageError

    if place is None or place.suffix.lower() not in endings:
        return [place / f"{word}{endings[0]}" if place else None for word in words]
    if len(words) > 1:
        seen, mend = f"one file for {len(words)} cases", f"name a folder: {flag} {place.stem}"
        raise UsageError("bad-call", where=flag, seen=seen, mend=mend)
    return [place]
