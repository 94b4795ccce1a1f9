"""`rtvol outcomes`: check outcome tables, analyse them, or make a synthetic cohort."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from rtvol.cli.options import DEFAULT_LOUDNESS, Json, Loudness, Switch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rtvol.outcomes import Analysis, Cohort, Problem, Study

#: Errors of one kind that are shown one by one.
MOST_SHOWN = 40
CHECK_SCHEMA = "rtvol/outcomes-check@1"


@Parameter(name="*")
@dataclass(frozen=True)
class How:
    """How outcome tables are analysed.

    Attributes
    ----------
    config
        Settings as TOML: endpoints, horizons, cut-points, rules (run, check).
    mode
        paper: definitions of the 2017 liver study under honest names; default: present-day ones.
    output
        Folder for tables, figures and page (run).
    seed
        Which synthetic cohort (demo): 2017 is the stored draw, any other draws freely.
    dicom
        Write the lesions of this many synthetic patients as DICOM too (demo).
    show_text
        Let messages repeat words that are no codes; names and long numbers stay hidden (check,
        run).
    overwrite
        Replace earlier results.
    """

    config: Path | None = None
    mode: Literal["paper", "default"] | None = None
    output: Annotated[Path | None, Parameter(name=["--output", "-o", "--out"])] = None
    seed: int | None = None
    dicom: int | None = None
    show_text: Annotated[bool, Switch] = False
    overwrite: Annotated[bool, Switch] = False


DEFAULT_HOW = How()
#: Which options mean something to which action.
_OPTIONS = {
    "check": {"config", "show_text"},
    "run": {"config", "mode", "output", "overwrite", "show_text"},
    "demo": {"seed", "dicom", "overwrite"},
}


def outcomes(
    action: Annotated[Literal["check", "run", "demo"], Parameter(help="What to do.")],
    folder: Annotated[Path, Parameter(help="Tables to read; with demo, where to write them.")],
    *,
    how: How = DEFAULT_HOW,
    json: Json = False,
    loudness: Loudness = DEFAULT_LOUDNESS,
) -> int:
    """Check outcome tables, make a study's tables and figures of them, or a synthetic cohort.

    A folder holds lesions.csv (rtvol collect writes it), lesion_followup.csv, patients.csv and, if
    there, toxicity.csv and screening.csv; docs/outcomes.md lists their columns.

    For example:
        rtvol outcomes demo cohort
        rtvol outcomes check cohort
        rtvol outcomes run cohort --mode paper -o study
    """
    _refuse_idle_options(action, how)
    if action == "demo":
        return _make_demo(folder, how, json=json, loudness=loudness)
    if action == "check":
        return _check(folder, how, json=json, loudness=loudness)
    return _run(folder, how, json=json, loudness=loudness)


def _refuse_idle_options(action: str, how: How) -> None:
    """Refuse an option that would do nothing: it is a misunderstanding."""
    from rtvol.errors import UsageError

    given = {name for name in How.__dataclass_fields__ if getattr(how, name) not in {None, False}}
    idle = sorted(given - _OPTIONS[action])
    if idle:
        raise UsageError(
            "bad-call",
            where=f"rtvol outcomes {action}",
            seen=_flags(idle),
            mend=f"options of {action}: {_flags(sorted(_OPTIONS[action]))}",
        )


def _flags(names: "Sequence[str]") -> str:
    return ", ".join(f"--{name.replace('_', '-')}" for name in names)


def _settings(how: How) -> "Analysis":
    from rtvol.outcomes import Analysis, read_analysis

    return read_analysis(how.config) if how.config is not None else Analysis()


def _make_demo(folder: Path, how: How, *, json: bool, loudness: Loudness) -> int:
    from rtvol.cli import screen
    from rtvol.cli.progress import pulse
    from rtvol.outcomes.demo.course import STORED_SEED
    from rtvol.outcomes.demo.tables import write_cohort
    from rtvol.tables.document import written_document

    seed, made = STORED_SEED if how.seed is None else how.seed, ""
    write_cohort(folder, seed, overwrite=how.overwrite)
    if how.dicom:
        from rtvol.outcomes.demo.exports import write_exports

        with pulse(loudness, "writing DICOM"):
            exports = write_exports(folder / "exports", how.dicom, seed)
        made = f"{folder / 'exports'}: DICOM of {len(exports)} synthetic patients"
    if json:
        written = [folder, *([folder / "exports"] if how.dicom else [])]
        screen.show_json(written_document(written, synthetic=True, seed=seed))
    elif not loudness.quiet:
        if made:
            screen.show(made)
        text = f"{folder}: SYNTHETIC cohort, seed {seed}, 55 patients, 77 lesions, no real person"
        screen.show(text)
        screen.tell(f"next: rtvol outcomes run {folder} --mode paper -o {folder}-study")
    return 0


def _check(folder: Path, how: How, *, json: bool, loudness: Loudness) -> int:
    from rtvol.cli import screen
    from rtvol.cli.progress import pulse
    from rtvol.outcomes import Cohort, CohortRejected

    settings = _settings(how)
    cohort: Cohort | None = None
    try:
        with pulse(loudness, "reading tables"):
            cohort = Cohort.read(folder, settings, free_text=how.show_text)
        problems, code = cohort.warnings, 0
    except CohortRejected as rejected:
        problems, code = rejected.problems, rejected.exit_code
    errors = sum(problem.severity == "error" for problem in problems)
    if json:
        screen.show_json(_document(problems, cohort))
        return code
    lines = _error_lines(problems, verbose=loudness.verbose)
    if not loudness.quiet:
        lines += _warning_lines(problems, verbose=loudness.verbose)
    screen.show(*lines, f"{folder}: {errors} errors, {len(problems) - errors} warnings")
    if cohort is not None:
        screen.show(_counts(cohort))
    return code


def _document(problems: "Sequence[Problem]", cohort: "Cohort | None") -> dict[str, object]:
    return {
        "schema": CHECK_SCHEMA,
        "status": "accept" if cohort is not None else "reject",
        "patients": len(cohort.patients) if cohort else None,
        "lesions": len(cohort.lesions) if cohort else None,
        "problems": [
            {
                "code": p.code,
                "severity": p.severity,
                "file": p.place.file,
                "row": p.place.row or None,
                "column": p.place.column or None,
                "value": p.value,
                "rule": p.rule,
                "remedy": p.remedy,
            }
            for p in problems
        ],
    }


def _error_lines(problems: "Sequence[Problem]", *, verbose: bool) -> list[str]:
    """Errors by kind, with how many there are of each; of many the first ones, all if asked for."""
    from rtvol.cli import screen
    from rtvol.codes import CODES

    errors = [p for p in problems if p.severity == "error"]
    lines = []
    for code in dict.fromkeys(p.code for p in errors):
        own = [p for p in errors if p.code == code]
        if len(own) == 1:
            lines.append(screen.finding_lines(own[0].finding))
            continue
        lines.append(f"error: {CODES[code].meaning}, {len(own)} x")
        shown = own if verbose else own[:MOST_SHOWN]
        for p in shown:
            text = f"{p.place.text}: {p.finding.seen}; {p.remedy}"
            lines.append(f"  {screen.clean(text)}  [{code}]")
        if len(shown) < len(own):
            lines.append(f"  and {len(own) - len(shown)} more: --verbose")
    return lines


def _warning_lines(problems: "Sequence[Problem]", *, verbose: bool) -> list[str]:
    """Warnings in full when asked for, else one line per code with its count and first place."""
    from rtvol.cli import screen
    from rtvol.codes import CODES

    warnings = [p for p in problems if p.severity == "warning"]
    if verbose:
        return [screen.finding_lines(p.finding) for p in warnings]
    lines = []
    for code in dict.fromkeys(p.code for p in warnings):
        own = [p for p in warnings if p.code == code]
        place = screen.clean(own[0].place.text)
        lines.append(f"warning: {CODES[code].meaning}  [{code}] {len(own)} x, first: {place}")
    if lines:
        lines.append("         all of them: --verbose")
    return lines


def _counts(cohort: "Cohort") -> str:
    mark = "SYNTHETIC cohort: " if cohort.is_synthetic else ""
    failed = sum(lesion.local_failure for lesion in cohort.lesions)
    moved = sum(patient.progression for patient in cohort.patients)
    dead = sum(patient.death for patient in cohort.patients)
    return (
        f"{mark}{len(cohort.patients)} patients, {len(cohort.lesions)} lesions; {failed} lesions "
        f"failed, {moved} patients progressed, {dead} died"
    )


def _run(folder: Path, how: How, *, json: bool, loudness: Loudness) -> int:
    from rtvol.cli import screen
    from rtvol.cli.progress import pulse
    from rtvol.errors import UsageError
    from rtvol.outcomes import Cohort, CohortRejected, analyse, write_study
    from rtvol.outcomes.study import refuse_existing, require_extra

    if how.output is None:
        mend = f"rtvol outcomes run {folder} --mode {how.mode or 'default'} -o study"
        raise UsageError("bad-call", where="rtvol outcomes run", seen="no -o FOLDER", mend=mend)
    require_extra()
    settings = _settings(how)
    refuse_existing(how.output, overwrite=how.overwrite)
    try:
        cohort = Cohort.read(folder, settings, free_text=how.show_text)
    except CohortRejected as rejected:
        screen.tell(*_error_lines(rejected.problems, verbose=loudness.verbose))
        if json:
            screen.show_json(_document(rejected.problems, None))
            return rejected.exit_code
        raise
    if not loudness.quiet:
        screen.tell(*_warning_lines(cohort.warnings, verbose=loudness.verbose), _counts(cohort))
    with pulse(loudness, "analysing"):
        done = analyse(cohort, settings, how.mode or "default")
    written = write_study(done, how.output, overwrite=how.overwrite)
    if json:
        screen.show_json(
            {
                "schema": "rtvol/outcomes@1",
                "rows": [row._asdict() for row in done.rows],
                "written": [str(path) for path in written],
            }
        )
    elif not loudness.quiet:
        show_study(done)
    if not loudness.quiet:
        screen.tell(*(f"wrote {path}" for path in written))
    return 0


def show_study(done: "Study") -> None:
    """Show the rates and what present-day definitions change; the rest is in the files."""
    from rtvol.cli import screen
    from rtvol.outcomes.results import shown

    below = done.analysis.suppress_below
    if done.banner:
        screen.show(done.banner)
    for name in ("rates", "qa_changes"):
        sheet = next(sheet for sheet in done.sheets if sheet.name == name)
        grid = screen.table(*sheet.header[:-1])
        for line in sheet.lines:
            grid.add_row(*(screen.clean(shown(cell, below)) for cell in line[:-1]))
        screen.show("", sheet.title, screen.indent(grid))
