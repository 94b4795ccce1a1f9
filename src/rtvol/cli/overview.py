"""The page over many cases that `rtvol report` writes: of an output, and of pages it made."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from rtvol.cli.options import Loudness
    from rtvol.errors import Finding
    from rtvol.report.cohort_curves import CurveBook
    from rtvol.tables.rows import CaseResult

#: Why there are no curves: no dose, or results that were stored without them.
WITHOUT_DOSE = "No case has a dose that can be used, so there are no curves."
WITHOUT_CURVES = (
    "The output holds metrics, no curves: `rtvol report EXPORTS -o FOLDER` works them out, and "
    "`rtvol run` stores them."
)
#: A person is told every so many cases that reading goes on.
TOLD_EVERY = 500


def show_output(
    output: Path, page: Path, loudness: Loudness, *, overwrite: bool, json: bool
) -> int:
    """Write the overview of an output; returns the exit code."""
    from rtvol.batch.overview import cohort_of_output
    from rtvol.cli import gather, screen
    from rtvol.files import write_text
    from rtvol.report.overview_page import overview_page
    from rtvol.tables.document import result_document

    make_place([page], overwrite=overwrite)
    missing: list[Finding] = []

    def seen(count: int, total: int) -> None:
        if not loudness.quiet and sys.stderr.isatty() and count % TOLD_EVERY == 0:
            screen.tell(f"{count} of {total} cases read")

    cohort = cohort_of_output(output, page, missing.append, seen)
    html = overview_page(cohort.cases, cohort.curves, cohort.words)
    write_text(page, html, overwrite=True)
    if json:
        screen.show_json(result_document([case.result for case in cohort.cases]))
    else:
        screen.show(f"wrote {page}: {len(cohort.cases)} cases")
    gather.tell_findings("", missing, loudness)
    return 1 if missing else 0


def show_drawn(
    results: Sequence[CaseResult], curves: CurveBook, pages: Mapping[str, Path], path: Path
) -> None:
    """Write the overview of cases whose pages, by their names, were made beside it."""
    from rtvol.batch.overview import link_to
    from rtvol.files import write_text
    from rtvol.report.cohort import CohortCase
    from rtvol.report.overview_page import CohortWords, overview_page

    cohort = [
        CohortCase(one, link_to(pages[one.case], path.parent) if one.status != "reject" else "")
        for one in results
    ]
    origin = (("Made by", "rtvol report"),)
    dosed = any(row.dose for one in results for row in one.structures)
    why = WITHOUT_CURVES if dosed else WITHOUT_DOSE
    words = CohortWords(f"Overview of {len(results)} cases", origin, why)
    write_text(path, overview_page(cohort, curves, words), overwrite=True)


def taking_curves(curves: CurveBook) -> Callable[[CaseResult], CaseResult]:
    """Return what takes the curves out of each result: together they would fill the memory."""
    from rtvol.batch.overview import add_curves
    from rtvol.tables.curve_file import thin_curves, without_curves

    def taken(result: CaseResult) -> CaseResult:
        add_curves(curves, thin_curves(result))
        return without_curves(result)

    return taken


def make_place(files: Sequence[Path], *, overwrite: bool) -> None:
    """Refuse pages that exist before anything is read; make the folder of the others.

    Raises
    ------
    OutputRefused
        `output-exists`, `output-unwritable`.
    """
    from rtvol.errors import OutputRefused
    from rtvol.files import unwritable

    existing = [path for path in files if path.exists()]
    if existing and not overwrite:
        where, mend = str(existing[0]), "--overwrite to replace it, or another file with -o"
        raise OutputRefused("output-exists", where=where, seen=existing[0].name, mend=mend)
    try:
        for path in files:
            path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(path.parent, error) from error
