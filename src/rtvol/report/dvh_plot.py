"""Dose-volume histograms as a page or a picture: what `rtvol dvh --plot` writes."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from rtvol.errors import UsageError
from rtvol.files import new_file
from rtvol.report.curves import curve_data
from rtvol.report.drawn import pen_entry
from rtvol.report.palette import organ_pens
from rtvol.report.webpage import UPLOT, UPLOT_CSS, PageParts, make_page

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from matplotlib.figure import Figure

    from rtvol.tables.rows import CaseResult

#: What a plot can be, with what makes it.
SUFFIXES = {".html": "jinja2", ".png": "matplotlib", ".svg": "matplotlib", ".pdf": "matplotlib"}
#: Formats with room for several cases.
OF_MANY = (".pdf",)
PARTS = PageParts(
    template="dvh.html.j2",
    styles=("page.css", "case.css", UPLOT_CSS),
    scripts=(UPLOT, "core.js", "volume.js", "chart.js", "dvh.js"),
)
#: Doses of the plot per Gy.
PER_GY = {"Gy": 1.0, "cGy": 100.0}
#: A4 on its side, inches; dots per inch of a PNG.
PAGE_INCHES, PNG_DPI = (11.7, 8.3), 150

DoseUnit = Literal["Gy", "cGy"]


def check_room(path: Path, count: int) -> None:
    """Say before any work that a picture has no room for so many cases.

    Raises
    ------
    UsageError
        `bad-call` for several cases and a format of one.
    """
    if count > 1 and path.suffix.lower() not in OF_MANY:
        mend = "name one case, or write a .pdf: it has a page for each"
        raise UsageError("bad-call", where="--plot", seen=f"{count} cases", mend=mend)


def plot_dvhs(
    path: Path, results: Sequence[CaseResult], unit: DoseUnit, note: str, *, overwrite: bool = False
) -> None:
    """Write cumulative DVHs: % of each structure's part inside the dose grid against the dose.

    Parameters
    ----------
    path
        FILE.html, .png, .svg or .pdf; a PDF has a page for each case.
    results
        Cases whose rows carry curves; cases without any are left out of a PDF.
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
    drawn = [(one.case, chart_of(one, unit)) for one in results]
    drawn = [(case, chart) for case, chart in drawn if chart["curves"]]
    if not drawn:
        mend = "what was said of each case says why"
        raise UsageError("bad-call", where="--plot", seen="no structure has a dose", mend=mend)
    with new_file(path, overwrite=overwrite) as draft:
        draft.write_bytes(_bytes_of(path.suffix.lower(), drawn, note))


def chart_of(result: CaseResult, unit: DoseUnit) -> dict[str, Any]:
    """Return the curves of a case with their pens, doses in `unit`."""
    data = curve_data(result.structures)
    names = [curve["name"] for curve in data["curves"]]
    pens = organ_pens([(name, "") for name in names])
    curves = [{**curve, **pen_entry(pen)} for curve, pen in zip(data["curves"], pens, strict=True)]
    doses = np.round(np.array(data["dose_gy"]) * PER_GY[unit], 6).tolist()
    return {"dose_gy": doses, "unit": unit, "curves": curves, "marks": []}


def _bytes_of(suffix: str, drawn: Sequence[tuple[str, dict[str, Any]]], note: str) -> bytes:
    if suffix == ".html":
        ((case, chart),) = drawn
        words = {"title": f"DVH {case}", "case": case, "unit": chart["unit"], "note": note}
        return make_page(PARTS, words, {"chart": chart}, {}).encode()
    import matplotlib as mpl
    from matplotlib.backends.backend_pdf import PdfPages

    stream = io.BytesIO()
    with mpl.rc_context({"svg.fonttype": "none", "pdf.fonttype": 42, "svg.hashsalt": "rtvol"}):
        if suffix == ".pdf":
            with PdfPages(stream, metadata={"CreationDate": None}) as pages:
                for case, chart in drawn:
                    pages.savefig(_figure(case, chart, note))
        else:
            ((case, chart),) = drawn
            quiet = {"Date": None} if suffix == ".svg" else {}
            figure = _figure(case, chart, note)
            figure.savefig(stream, format=suffix[1:], dpi=PNG_DPI, metadata=quiet)
    return stream.getvalue()


def _figure(case: str, chart: dict[str, Any], note: str) -> Figure:
    """Draw one case; no name is read as a formula."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=PAGE_INCHES, layout="constrained")
    axes = figure.add_subplot()
    for curve in chart["curves"]:
        red, green, blue = (int(part) for part in curve["colour"][4:-1].split(","))
        dark = tuple(0.62 * part / 255 for part in (red, green, blue))  # light hues, on paper
        dashes = (0, tuple(curve["dashes"])) if curve["dashes"] else "solid"
        axes.plot(
            chart["dose_gy"], curve["percent"], color=dark, linestyle=dashes,
            linewidth=max(curve["width"], 1.4), label=f" {curve['name']}",
        )  # fmt: skip
    axes.set(xlabel=f"Dose, {chart['unit']}", ylabel="Volume, %", ylim=(0, 102))
    axes.set_xlim(0, None)
    axes.grid(visible=True, linewidth=0.4, alpha=0.6)
    axes.set_title(case, parse_math=False, loc="left", fontweight="bold")
    legend = axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), frameon=False)
    for text in legend.get_texts():
        text.set_parse_math(False)
    figure.supxlabel(note, fontsize=8, x=0.01, ha="left")
    return figure
