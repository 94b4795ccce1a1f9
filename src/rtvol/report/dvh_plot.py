"""Dose-volume histograms as a page or a picture: what `rtvol dvh --plot` writes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from rtvol.errors import UsageError
from rtvol.files import new_file
from rtvol.report.curves import curve_data, with_pens
from rtvol.report.dvh_figure import chart_figure, words_figure
from rtvol.report.paper import drawing_rules, pdf_of, picture_of
from rtvol.report.pens import Subject, pens_for
from rtvol.report.webpage import UPLOT, UPLOT_CSS, PageParts, make_page

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rtvol.tables.rows import CaseResult

#: What a plot can be, with what makes it.
SUFFIXES = {".html": "jinja2", ".png": "matplotlib", ".svg": "matplotlib", ".pdf": "matplotlib"}
#: Formats with room for several cases.
OF_MANY = (".html", ".pdf")
PARTS = PageParts(
    template="dvh.html.j2",
    styles=("page.css", "case.css", UPLOT_CSS),
    scripts=(UPLOT, "core.js", "volume.js", "chart.js", "dvh.js"),
)
#: Doses of the plot per Gy.
PER_GY = {"Gy": 1.0, "cGy": 100.0}

DoseUnit = Literal["Gy", "cGy"]


@dataclass(frozen=True, eq=False)
class DvhChart:
    """The curves of one case.

    Attributes
    ----------
    case
        Its name.
    data
        What a page's script draws (`rtvol.report.curves`), doses in `unit`.
    missing
        What has no curve, and why: lines to be read.
    """

    case: str
    data: dict[str, Any]
    missing: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not self.data["curves"]


def check_room(path: Path, count: int) -> None:
    """Say before any work that a picture has no room for so many cases.

    Raises
    ------
    UsageError
        `bad-call` for several cases and a format of one.
    """
    if count > 1 and path.suffix.lower() not in OF_MANY:
        mend = "name one case, or write a .html or a .pdf: they have room for each"
        raise UsageError("bad-call", where="--plot", seen=f"{count} cases", mend=mend)


def plot_dvhs(
    path: Path, results: Sequence[CaseResult], unit: DoseUnit, note: str, *, overwrite: bool = False
) -> None:
    """Write cumulative DVHs: % of each structure's part inside the dose grid against the dose.

    Parameters
    ----------
    path
        FILE.html, .png, .svg or .pdf; HTML has a section and a PDF a page for each case.
    results
        Cases whose rows carry curves; a case without any is named, with the reason.
    unit
        Of the dose axis.
    note
        How the structures were read, for the foot of the plot.
    overwrite
        Whether a file that is there already may be replaced.

    Raises
    ------
    UsageError
        `bad-call` if no case has a curve.
    OutputRefused
        As `rtvol.files.new_file`.
    """
    charts = [chart_of(one, unit) for one in results]
    if all(chart.is_empty for chart in charts):
        why = "; ".join(dict.fromkeys(line for chart in charts for line in chart.missing))
        mend = "what was said of each case says why"
        seen = f"no structure has a curve: {why}" if why else "no structure has a curve"
        raise UsageError("bad-call", where="--plot", seen=seen, mend=mend)
    content = _bytes_of(path.suffix.lower(), charts, note)
    with new_file(path, overwrite=overwrite) as draft:
        draft.write_bytes(content)


def chart_of(result: CaseResult, unit: DoseUnit) -> DvhChart:
    """Return the curves of a case with their pens, doses in `unit`."""
    data = curve_data(result.structures)
    pens = pens_for([Subject(curve["name"]) for curve in data["curves"]])
    doses = np.round(np.array(data["dose_gy"]) * PER_GY[unit], 6).tolist()
    data = with_pens({**data, "dose_gy": doses}, pens)
    missing = tuple(_missing(result, {curve["name"] for curve in data["curves"]}))
    return DvhChart(result.case, {**data, "unit": unit, "marks": []}, missing)


def _missing(result: CaseResult, drawn: set[str]) -> list[str]:
    """Return why structures have no curve, or the whole case, one line for each reason."""
    if result.status == "reject" or not result.structures:
        errors = [one for one in result.findings if one.severity == "error"] or result.findings
        return [f"{one.seen} [{one.code}]" for one in errors] or ["no structure was asked for"]
    names: dict[str, list[str]] = {}
    for row in result.structures:
        if row.name not in drawn:
            why = "; ".join(dict.fromkeys(row.notes.values())) or "no dose"
            names.setdefault(why, []).append(row.name)
    return [f"{', '.join(some)}: {why}" for why, some in names.items()]


def _bytes_of(suffix: str, charts: Sequence[DvhChart], note: str) -> bytes:
    if suffix == ".html":
        return _page(charts, note).encode()
    with drawing_rules():
        figures = [
            words_figure(one.case, "No curves", one.missing)
            if one.is_empty
            else chart_figure(one.case, one.data, note, one.missing)
            for one in charts
        ]
        if suffix == ".pdf":
            return pdf_of(figures, "Dose-volume histograms")
        return picture_of(figures[0], suffix[1:])


def _page(charts: Sequence[DvhChart], note: str) -> str:
    of = charts[0].case if len(charts) == 1 else f"{len(charts)} cases"
    cases = [{"case": one.case, "is_empty": one.is_empty, "missing": one.missing} for one in charts]
    words = {"title": f"DVH {of}", "of": of, "cases": cases, "note": note}
    words["unit"] = charts[0].data["unit"]
    return make_page(PARTS, words, {"charts": [one.data for one in charts]}, {})
