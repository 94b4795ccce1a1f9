"""`rtvol report`: a page to look at, for each case."""

from dataclasses import dataclass
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


@Parameter(name="*")
@dataclass(frozen=True)
class PageFlags:
    """Where pages go, and what they show.

    Attributes
    ----------
    output
        The page of one case, FILE.html; or a folder for one page per case.
    overwrite
        Replace pages that exist.
    """

    output: Annotated[Path, Parameter(name=["--output", "-o"])] = Path("report.html")
    overwrite: Annotated[bool, Switch] = False
    show_phi: ShowPhi = False


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

    One HTML file per case that opens anywhere, without a network. Structures are shown as they
    are drawn; `rtvol expand --report` shows the targets it makes.

    For example:
        rtvol report exports/case1 -o report.html
        rtvol report exports/ -o pages --goals liver-sbrt-3fx
    """
    from rtvol.batch.pages import PageJob, PageMaking, page_of_case
    from rtvol.cli import evaluation, extras, facts, gather, kernels, screen
    from rtvol.cli.dvh import DEFAULT_HOW, job_of
    from rtvol.tables.document import result_document

    extras.need("report", ("jinja2",))
    dvh = job_of(question, which, DEFAULT_HOW, against, with_curves=True)
    cases = gather.gather(paths, loudness, pseudonymise=run.pseudonymise, rtstruct=run.rtstruct)
    pages = _pages(cases.names, page)
    kernels.note_first_call("distance", loudness)
    job = PageJob(PageMaking(show_phi=page.show_phi, hide=cases.hide), dvh, pages)
    done = gather.work_through(cases, page_of_case, job, jobs=run.jobs, loudness=loudness)
    fates = facts.file_entries(done, cases)
    if run.json:
        screen.show_json(result_document(done, files=fates))
    else:
        screen.show(*(f"wrote {pages[one.case]}" for one in done if one.status != "reject"))
    return evaluation.exit_code(facts.finish(done, fates, loudness), done, against)


def _pages(names: "Sequence[str]", page: PageFlags) -> dict[str, Path]:
    """Return the file of each case's page; refuse before anything is read."""
    from rtvol.errors import OutputRefused, UsageError
    from rtvol.files import slugs, unwritable

    is_file = page.output.suffix.lower() in {".html", ".htm"}
    if is_file and len(names) > 1:
        mend = f"name a folder: -o {page.output.stem}"
        raise UsageError("bad-call", where="-o", seen=f"one page for {len(names)} cases", mend=mend)
    files = [page.output] if is_file else [page.output / f"{one}.html" for one in slugs(names)]
    existing = [path for path in files if path.exists()]
    if existing and not page.overwrite:
        mend = "--overwrite to replace it, or another file with -o"
        raise OutputRefused(
            "output-exists", where=str(existing[0]), seen=existing[0].name, mend=mend
        )
    if not is_file:
        try:
            page.output.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise unwritable(page.output, error) from error
    return dict(zip(names, files, strict=True))
