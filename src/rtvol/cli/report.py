"""`rtvol report`: a page to look at, for each case, and one over all of them."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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
    from collections.abc import Sequence


#: The page over all cases, in a folder of pages.
OVERVIEW = "overview"


@Parameter(name="*")
@dataclass(frozen=True)
class PageFlags:
    """Where pages go, and what they show.

    Attributes
    ----------
    output
        The page of one case, or the overview of an output, FILE.html; or a folder for one page
        per case and an overview of them.
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
    """Write pages to look at: of each case its slices, DVHs, goals, findings; of many an overview.

    HTML files that open anywhere, without a network. Structures are shown as they are drawn;
    `rtvol expand --report` shows the targets it makes. The output folder of `rtvol run` or `rtvol
    expand` gets an overview of its cases: which are worth a look, a table, distributions, DVH
    bands, and links to the pages made there.

    For example:
        rtvol report exports/case1 -o report.html
        rtvol report exports/ -o pages --goals liver-sbrt-3fx
        rtvol report out -o out/overview.html
    """
    from rtvol.batch.overview import is_output
    from rtvol.batch.pages import PageJob, PageMaking, page_of_case
    from rtvol.cli import evaluation, extras, facts, gather, kernels, screen
    from rtvol.cli.dvh import DEFAULT_HOW, job_of
    from rtvol.cli.overview import show_drawn, show_output, taking_curves
    from rtvol.report.cohort_curves import CurveBook
    from rtvol.tables.document import result_document

    extras.need("report", ("jinja2",))
    if any(map(is_output, paths)):
        _refuse_questions(paths, (question, which, against), page, run)
        file = page.output if page.is_file else page.output / f"{OVERVIEW}.html"
        return show_output(paths[0], file, loudness, overwrite=page.overwrite, json=run.json)
    dvh = job_of(question, which, DEFAULT_HOW, against, with_curves=True)
    cases = gather.gather(paths, loudness, pseudonymise=run.pseudonymise, rtstruct=run.rtstruct)
    pages, over = _pages(cases.names, page)
    kernels.note_first_call("distance", loudness)
    job = PageJob(PageMaking(show_phi=page.show_phi, hide=cases.hide), dvh, pages)
    curves = CurveBook()
    done = gather.work_through(
        cases, page_of_case, job, jobs=run.jobs, loudness=loudness, taken=taking_curves(curves)
    )
    fates = facts.file_entries(done, cases)
    written = [pages[one.case] for one in done if one.status != "reject"]
    if not page.is_file:
        show_drawn(done, curves, pages, over)
        written.append(over)
    if run.json:
        screen.show_json(result_document(done, files=fates))
    else:
        screen.show(*(f"wrote {path}" for path in written))
    return evaluation.exit_code(facts.finish(done, fates, loudness), done, against)


def _refuse_questions(
    paths: "Sequence[Path]", asked: tuple[object, ...], page: PageFlags, run: RunFlags
) -> None:
    """Refuse what cannot be asked of results that are there already."""
    from rtvol.errors import UsageError

    if len(paths) > 1:
        mend = "give the output folder alone"
        raise UsageError("bad-call", where="PATH", seen="an output beside others", mend=mend)
    plain = (DEFAULT_QUESTION, DEFAULT_DOSE, DEFAULT_AGAINST)
    if asked != plain or page.show_phi or replace(run, json=False) != DEFAULT_RUN:
        seen = "an output has its numbers: of it, -o, --overwrite and --json can be said"
        mend = "leave the other options out, or name the folders of exports"
        raise UsageError("bad-call", where=str(paths[0]), seen=seen, mend=mend)


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
        while over in names:
            over += "-of-all"
        files = [page.output / f"{one}.html" for one in slugs([*names, over])]
    make_place(files, overwrite=page.overwrite)
    return dict(zip(names, files, strict=False)), files[-1]
