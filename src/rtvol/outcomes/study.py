"""A study: a cohort and its settings made into sheets and figures, and written."""

from __future__ import annotations

import hashlib
import json
import platform
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from typing import TYPE_CHECKING, Literal

from rtvol.errors import ExtraMissing, OutputRefused
from rtvol.files import write_text
from rtvol.outcomes.markdown import to_markdown
from rtvol.outcomes.page import Head, Picture, to_html
from rtvol.outcomes.results import BANNER, Row, Sheet, suppressed, write_csv, write_parquet

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.figure import Figure

    from rtvol.outcomes.cohort import Cohort
    from rtvol.outcomes.config import Analysis
    from rtvol.outcomes.endpoints import Endpoint
    from rtvol.outcomes.tables.comparison import Comparison

Mode = Literal["paper", "default"]
NEEDED = ("scipy", "matplotlib", "jinja2")
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


@dataclass(frozen=True)
class Study:
    """Everything an analysis says, before it is written.

    Attributes
    ----------
    cohort, analysis, mode
        What was analysed, and how; the settings are those in force in that mode.
    sheets
        Tables in reading order.
    lesion, by_patient
        Comparisons behind tables 2 and 3.
    endpoints
        Those of the mode.
    """

    cohort: Cohort
    analysis: Analysis
    mode: Mode
    sheets: tuple[Sheet, ...]
    lesion: tuple[Comparison, ...]
    by_patient: dict[str, tuple[Comparison, ...]]
    endpoints: tuple[Endpoint, ...]

    @property
    def banner(self) -> str:
        """What made-up data says everywhere."""
        return BANNER if self.cohort.is_synthetic else ""

    @property
    def rows(self) -> list[Row]:
        """The long table, small cells suppressed where the settings say so."""
        rows = suppressed(
            [row for sheet in self.sheets for row in sheet.rows], self.analysis.suppress_below
        )
        if self.banner:
            rows.insert(0, Row("banner", self.banner, "", "", "", None))
        return rows


def require_extra() -> None:
    """Raise ExtraMissing, with the install line, unless scipy, matplotlib and jinja2 are there."""
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
    paper = {"ttp_censoring": "last_contact", "systemic_rule": "as_coded"}
    asked = {name: value for name, value in paper.items() if name not in analysis.model_fields_set}
    return analysis.model_copy(update=asked) if mode == "paper" else analysis


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
    sheets = tables.make_sheets(cohort, settings, endpoints, lesion, (titles, by_patient))
    sheets += (
        tables.qa(cohort, settings, sheets),
        tables.changes(cohort, settings),
        tables.reporting(cohort, settings, endpoints, mode),
    )
    return Study(cohort, settings, mode, sheets, lesion, by_patient, endpoints)


def draw(one: Study) -> dict[str, tuple[str, str, Figure]]:
    """Draw the figures: file name -> (sheet it belongs to, words, figure)."""
    from rtvol.outcomes.factors import factor_of
    from rtvol.outcomes.figures.flow import draw_flow
    from rtvol.outcomes.figures.forest import draw_forest
    from rtvol.outcomes.figures.incidence import draw_incidence
    from rtvol.outcomes.figures.survival import Panel, draw_survival
    from rtvol.outcomes.figures.swimmer import draw_swimmer
    from rtvol.outcomes.figures.venn import draw_patterns
    from rtvol.outcomes.tables.comparison import compare

    cohort, settings, banner = one.cohort, one.analysis, one.banner
    below = settings.suppress_below
    names = ("lc", "ttp", "os_dx") if one.mode == "paper" else ("lc", "pfs", "os")
    panels = []
    for name, factor in zip(names, settings.fig1_factors, strict=True):
        endpoint = cohort.endpoint(name, settings)
        groups = factor_of(cohort, factor, endpoint.unit, settings)
        panels.append(Panel(_TITLES[name], compare(endpoint, groups)))
    flow = next(sheet for sheet in one.sheets if sheet.name == "flow")
    found: dict[str, tuple[str, str, Figure]] = {
        "flow": ("flow", "Flow of patients", draw_flow(flow, banner, below)),
        "fig1": (
            "rates",
            "Kaplan-Meier curves with numbers at risk",
            draw_survival(panels, banner, below),
        ),
        "fig2": (
            "fig2",
            "Patterns of failure, Venn and UpSet",
            draw_patterns(cohort, banner, below),
        ),
    }
    if one.mode == "default":
        lf = cohort.endpoint("lf_cif", settings)
        words = "Local failure with death competing, stacked"
        found["fig3_incidence"] = ("table2", words, draw_incidence(lf, banner, below))
        forest = draw_forest(one.lesion, banner, below)
        found["fig4_forest"] = ("table2", "Hazard ratios of local failure", forest)
    if settings.patient_figures:
        found["swimmer"] = ("rates", "Follow-up of each patient", draw_swimmer(cohort, banner))
    return found


_TITLES = {
    "lc": "Local control, per lesion",
    "ttp": "Freedom from progression (TTP)",
    "pfs": "Progression-free survival",
    "os_dx": "Survival from diagnosis, uncorrected entry",
    "os": "Overall survival from SBRT",
}


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
    from rtvol.outcomes.figures.canvas import save

    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputRefused(
            "output-unwritable", where=out.name, seen=str(error.strerror)
        ) from error
    files: list[str] = []
    pictures = []
    for name, (sheet, words, figure) in draw(one).items():
        files += save(figure, out, name, overwrite=overwrite)
        pictures.append(Picture(sheet, words, (out / f"{name}.svg").read_bytes()))
    write_csv(out / "results.csv", one.rows, overwrite=overwrite)
    write_parquet(out / "results.parquet", one.rows, overwrite=overwrite, banner=one.banner)
    below = one.analysis.suppress_below
    title = f"Outcomes of {len(one.cohort.patients)} patients and {len(one.cohort.lesions)} lesions"
    text = to_markdown(title, one.sheets, one.banner, below)
    write_text(out / "results.md", text, overwrite=overwrite)
    run = _run_facts(one)
    head = Head(title, _lead(one), one.banner, below)
    page = to_html(head, one.sheets, pictures, one.cohort.warnings, run)
    write_text(out / "results.html", page, overwrite=overwrite)
    files += ["results.csv", "results.parquet", "results.md", "results.html"]
    run["outputs"] = {
        name: hashlib.sha256((out / name).read_bytes()).hexdigest() for name in sorted(files)
    }
    write_text(
        out / RUN_NAME, json.dumps(run, indent=2, sort_keys=True) + "\n", overwrite=overwrite
    )
    return [out / name for name in (*files, RUN_NAME)]


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
    packages = ("rtvol", "numpy", "scipy", "matplotlib", "pyarrow", "pydantic", "jinja2")
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
