"""A study: a cohort and its settings made into sheets and figures, and written."""

from __future__ import annotations

import hashlib
import json
import platform
from dataclasses import replace
from importlib.metadata import version
from importlib.util import find_spec
from typing import TYPE_CHECKING

from rtvol.errors import ExtraMissing, OutputRefused
from rtvol.files import write_text
from rtvol.outcomes.analysed import Study
from rtvol.outcomes.drawn import draw_figures
from rtvol.outcomes.markdown import to_markdown
from rtvol.outcomes.methods import methods_of
from rtvol.outcomes.page import Head, Picture, to_html
from rtvol.outcomes.results import Sheet, numbered, write_long
from rtvol.outcomes.uncollected import uncollected

if TYPE_CHECKING:
    from pathlib import Path

    from rtvol.outcomes.analysed import Mode
    from rtvol.outcomes.cohort import Cohort
    from rtvol.outcomes.config import Analysis
    from rtvol.outcomes.drawn import Drawn

NEEDED = ("scipy", "matplotlib", "jinja2", "docx", "openpyxl", "pyreadstat")
SCHEMA = "rtvol/outcomes-run@1"
RUN_NAME = "run.json"
_ENDPOINTS: dict[Mode, tuple[str, ...]] = {
    "paper": ("lc", "ttp", "os_dx"),
    "default": ("lc", "lf_cif", "ttp", "pfs", "os", "os_dx", "os_dx_lt", "ehr_cif", "ihr_cif"),
}
_BY_PATIENT: dict[Mode, tuple[tuple[str, str], ...]] = {
    "paper": (("ttp", "TTP"), ("os_dx", "OS from diagnosis")),
    "default": (("ttp", "TTP"), ("pfs", "PFS"), ("os", "OS from SBRT")),
}


def require_extra() -> None:
    """Raise ExtraMissing, with the install line, unless its packages are there."""
    absent = [name for name in NEEDED if find_spec(name) is None]
    if absent:
        raise ExtraMissing(
            "extra-missing",
            where="outcomes",
            seen=f"not installed: {', '.join(absent)}",
            mend='pip install "rtvol[outcomes]"',
        )


def refuse_existing(out: Path, *, overwrite: bool) -> None:
    """Refuse a folder that holds earlier results, before anything is computed.

    Raises
    ------
    OutputRefused
        `output-exists`.
    """
    if not overwrite and (out / RUN_NAME).exists():
        raise OutputRefused(
            "output-exists",
            where=out.name,
            seen=f"{out.name} holds a study already",
            mend="choose another output folder, or allow it with --overwrite",
        )


def settings_of(analysis: Analysis, mode: Mode) -> Analysis:
    """Return the settings in force: a mode's rules hold where the file says nothing."""
    paper: dict[str, object] = {
        "ttp_censoring": "last_contact",
        "systemic_rule": "as_coded",
        "fig1_factors": ("disease_class", "disease_class", "disease_class"),
        "models": (),
        "dose_response": None,
        "table1_by": None,
    }
    asked = {name: value for name, value in paper.items() if name not in analysis.model_fields_set}
    return analysis.model_copy(update=asked) if mode == "paper" else analysis


@uncollected()
def analyse(cohort: Cohort, analysis: Analysis, mode: Mode) -> Study:
    """Analyse a cohort: every sheet of the study, in the study's definitions or present-day ones.

    Parameters
    ----------
    cohort
        Checked data.
    analysis
        Settings.
    mode
        "paper": the definitions of the 2017 liver study, under honest names; "default":
        present-day ones.
    """
    from rtvol.outcomes import tables
    from rtvol.outcomes.tables.comparison import univariate

    settings = settings_of(analysis, mode)
    endpoints = tuple(cohort.endpoint(name, settings) for name in _ENDPOINTS[mode])
    lc = cohort.endpoint("lc", settings)
    lesion = univariate(cohort, lc, settings.table2_factors, settings)
    by_patient = {
        name: univariate(cohort, cohort.endpoint(name, settings), settings.table3_factors, settings)
        for name, _ in _BY_PATIENT[mode]
    }
    titles = dict(_BY_PATIENT[mode])
    more = tables.further(cohort, settings, competes=mode == "default")
    sheets = tables.make_sheets(
        cohort, settings, endpoints, lesion, (titles, by_patient), more=more
    )
    sheets += (
        tables.qa(cohort, settings, sheets),
        tables.changes(cohort, settings),
        tables.reporting(cohort, settings, endpoints, mode, more.models),
    )
    done = Study(cohort, settings, mode, sheets, lesion, by_patient, endpoints, more)
    methods = Sheet(
        "methods", "Statistical methods", (), (), paragraphs=methods_of(done), is_table=False
    )
    return replace(done, sheets=numbered((*sheets, methods)))


def draw(one: Study) -> dict[str, Drawn]:
    """Draw the figures, by file name."""
    return draw_figures(one)


@uncollected()
def write_study(one: Study, out: Path, *, overwrite: bool = False) -> list[Path]:
    """Write tables, figures, page and run.json; a re-run gives the same bytes.

    Parameters
    ----------
    one
        The analysis.
    out
        Folder, made if it is not there.
    overwrite
        Whether earlier results may be replaced.

    Returns
    -------
    list of Path
        What was written.

    Raises
    ------
    OutputRefused
        `output-exists` or `output-unwritable`.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputRefused(
            "output-unwritable", where=out.name, seen=str(error.strerror)
        ) from error
    drawn = draw(one)
    files = [name for figure in drawn.values() for name in _save(figure, out, overwrite=overwrite)]
    files += _write_rows(one, out, overwrite=overwrite)
    run = _run_facts(one)
    files += _write_pages(one, drawn, out, run, overwrite=overwrite)
    run["outputs"] = {
        name: hashlib.sha256((out / name).read_bytes()).hexdigest() for name in sorted(files)
    }
    write_text(
        out / RUN_NAME, json.dumps(run, indent=2, sort_keys=True) + "\n", overwrite=overwrite
    )
    return [out / name for name in (*files, RUN_NAME)]


def _save(figure: Drawn, out: Path, *, overwrite: bool) -> tuple[str, str]:
    from rtvol.outcomes.figures.canvas import save

    return save(figure.figure, out, figure.name, overwrite=overwrite)


def _write_rows(one: Study, out: Path, *, overwrite: bool) -> list[str]:
    """Write the long table, and the rows behind it for SPSS where the settings say so."""
    files = ["results.csv", "results.parquet"]
    for name in files:
        write_long(out / name, one.rows, overwrite=overwrite, banner=one.banner)
    if one.analysis.sav:
        from rtvol.outcomes.spss import write_sav

        files += write_sav(one, out, overwrite=overwrite)
    return files


def _write_pages(
    one: Study, drawn: dict[str, Drawn], out: Path, run: dict[str, object], *, overwrite: bool
) -> list[str]:
    """Write what is read: Markdown, page, Word."""
    from rtvol.outcomes.word import write_docx

    title = f"Outcomes of {len(one.cohort.patients)} patients and {len(one.cohort.lesions)} lesions"
    head = Head(title, _lead(one), one.banner, one.analysis.suppress_below)
    captions = [f"{figure.number}. {figure.caption}" for figure in drawn.values()]
    text = to_markdown(title, one.sheets, one.banner, head.suppress_below, captions)
    write_text(out / "results.md", text, overwrite=overwrite)
    pictures = [
        Picture(figure.sheet, figure.alt, (out / f"{name}.svg").read_bytes(), figure.number,
                figure.caption)
        for name, figure in drawn.items()
    ]  # fmt: skip
    page = to_html(head, one.sheets, pictures, one.cohort.warnings, run)
    write_text(out / "results.html", page, overwrite=overwrite)
    images = {name: (out / f"{name}.png").read_bytes() for name in drawn}
    write_docx(out / "results.docx", head, one.sheets, drawn, images, overwrite=overwrite)
    return ["results.md", "results.html", "results.docx"]


def _lead(one: Study) -> str:
    if one.mode == "paper":
        return (
            "Definitions of the 2017 liver study, under honest names: time to progression (death "
            "censored), survival from diagnosis (not corrected for delayed entry). What "
            "present-day definitions change is at the end."
        )
    return (
        "Present-day definitions: deaths are events of progression-free survival, survival counts "
        "from SBRT, lesions are clustered by patient, death competes with local failure."
    )


def _run_facts(one: Study) -> dict[str, object]:
    warnings = [
        {"code": w.code, "where": w.place.text, "seen": w.value, "rule": w.rule}
        for w in one.cohort.warnings
    ]
    packages = (
        "rtvol", "numpy", "scipy", "matplotlib", "pyarrow", "pydantic", "jinja2", "python-docx",
    )  # fmt: skip
    return {
        "schema": SCHEMA,
        "banner": one.banner,
        "mode": one.mode,
        "inputs_sha256": one.cohort.sha256,
        "analysis": one.analysis.model_dump(mode="json"),
        "versions": {"python": platform.python_version()}
        | {name: version(name) for name in packages},
        "warnings": warnings,
    }
