"""`rtvol margin`: how wide a margin has to be, and how far a dose reaches beyond a target."""

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from rtvol.cli.options import DEFAULT_LOUDNESS, DEFAULT_RUN, Loudness, Names, RunFlags

if TYPE_CHECKING:
    from rtvol.margins.uncertainty import ErrorMargins
    from rtvol.verbs.dose_margins import MarginJob


@Parameter(name="*")
@dataclass(frozen=True)
class ErrorFlags:
    """For vanherk: the errors, and what is asked of the margin.

    Attributes
    ----------
    systematic
        Standard deviations of systematic errors, mm: one, or left-right, anterior-posterior,
        superior-inferior as 2,2,3; repeat it for each source, they add up in quadrature.
    random
        Those of random errors.
    penumbra
        Standard deviation of the dose's edge, mm: 3.2 in water, 6.4 in lung.
    coverage
        Part of the patients, %.
    level
        Dose that they get all over, % of the plateau.
    fractions
        Number of fractions, where they are few.
    """

    systematic: Names = None
    random: Names = None
    penumbra: float = 3.2
    coverage: float = 90.0
    level: Annotated[float, Parameter(name=["--dose-level", "--dose"])] = 95.0
    fractions: int | None = None


@Parameter(name="*")
@dataclass(frozen=True)
class IsodoseFlags:
    """For dose: the target, the isodose, and the margin they are held against.

    Attributes
    ----------
    isodose
        45Gy, or "95 %" of the prescription; as often as wanted.
    target
        Name or pattern; by default the CTVs, else the GTVs.
    ctv, ptv
        Margins in mm, as of `rtvol expand`: the targets are made first.
    gtv, avoid
        As of `rtvol expand`.
    outer
        Structure drawn round the target, for the margin achieved.
    asked
        Margin asked for between them, mm or L5,R3,A4,P2,S5,I3.
    prescription
        Prescribed dose in Gy, instead of the plan's.
    rtdose
        RTDOSE to use where a case has several.
    """

    isodose: Names = None
    target: Names = None
    ctv: str | None = None
    ptv: str | None = None
    gtv: Names = None
    avoid: Names = None
    outer: str = ""
    asked: str | None = None
    prescription: float | None = None
    rtdose: Annotated[list[Path] | None, Parameter(negative="", show_default=False)] = None


DEFAULT_ERRORS = ErrorFlags()
DEFAULT_ISODOSES = IsodoseFlags()


def margin(
    action: Annotated[Literal["vanherk", "dose"], Parameter(help="What to do.")],
    *paths: Annotated[Path, Parameter(help="Folders or files, for dose.")],
    errors: ErrorFlags = DEFAULT_ERRORS,
    isodoses: IsodoseFlags = DEFAULT_ISODOSES,
    run: RunFlags = DEFAULT_RUN,
    loudness: Loudness = DEFAULT_LOUDNESS,
) -> int:
    """Work out a CTV-to-PTV margin from errors, or measure the margin that a dose gives.

    vanherk prints the margins of van Herk 2000, in full and short, and of Stroom 1999, with where
    they hold and where not; its last line is what `rtvol expand` takes. dose measures how far an
    isodose lies beyond the surface of a target, in each direction, beside the margin asked for and
    the one achieved.

    For example:
        rtvol margin vanherk --systematic 2,2,3 --random 2,3,3
        rtvol margin dose exports/case1 --target CTV --isodose 45Gy --outer PTV --asked 5
        rtvol margin dose exports/ --ctv 2 --ptv 4 --avoid Duodenum:3 --isodose "95 %"
    """
    return (
        _recipe(paths, errors, run, loudness)
        if action == "vanherk"
        else _doses(paths, isodoses, run, loudness)
    )


def _recipe(paths: tuple[Path, ...], errors: ErrorFlags, run: RunFlags, loudness: Loudness) -> int:
    """Do `rtvol margin vanherk`."""
    from rtvol.cli import screen
    from rtvol.errors import UsageError
    from rtvol.margins.uncertainty import error_margins, parse_errors

    if paths:
        seen = f"{len(paths)} paths"
        raise UsageError("bad-call", where="margin vanherk", seen=seen, mend="it takes no PATH")
    found = error_margins(
        parse_errors(_given(errors.systematic, "--systematic"), "--systematic"),
        parse_errors(_given(errors.random, "--random"), "--random"),
        penumbra_mm=errors.penumbra,
        coverage_percent=errors.coverage,
        dose_percent=errors.level,
        fractions=errors.fractions,
    )
    if run.json:
        screen.show_json(_recipe_document(found, errors))
    else:
        _show_recipe(found, errors, quiet=loudness.quiet)
    return 0


def _doses(paths: tuple[Path, ...], wanted: IsodoseFlags, run: RunFlags, loudness: Loudness) -> int:
    """Do `rtvol margin dose`."""
    from rtvol.batch.pool import run_settled
    from rtvol.cli import gather, kernels, screen
    from rtvol.cli.margin_page import margin_page
    from rtvol.verbs.dose_margins import margin_case, margin_document, rejected_margins

    job = job_of(wanted)
    found = gather.gather(paths, loudness, pseudonymise=run.pseudonymise, rtstruct=run.rtstruct)
    kernels.note_first_call("boundary", loudness)
    results = run_settled(found.cases, margin_case, job, reject=rejected_margins, jobs=run.jobs)
    done = gather.watch(results, len(found.cases), loudness)
    if run.json:
        screen.show_json(margin_document(done))
    else:
        for result in done:
            screen.show(*margin_page(result))
    return gather.finish(done, loudness)


def job_of(wanted: IsodoseFlags) -> "MarginJob":
    """Return the job a call asks for, every word of it checked."""
    from rtvol.errors import UsageError
    from rtvol.margins import parse_margin
    from rtvol.recipe.flags import gaps_of, recipe_of_call
    from rtvol.recipe.jobs import target_job
    from rtvol.verbs.dose_margins import MarginJob, parse_level
    from rtvol.verbs.terms import Terms

    mend = 'rtvol margin dose PATH --isodose 45Gy, or --isodose "95 %"'
    if not wanted.isodose:
        raise UsageError("bad-isodose", where="--isodose", seen="not given", mend=mend)
    expand = None
    if wanted.ctv is not None or wanted.ptv is not None:
        if wanted.ctv is None or wanted.ptv is None or wanted.outer or wanted.asked:
            seen = "--ctv and --ptv make targets: both are needed, and no --outer or --asked"
            raise UsageError("bad-call", where="margin dose", seen=seen, mend="--ctv 2 --ptv 4")
        avoid = gaps_of("avoid", wanted.avoid) if wanted.avoid else None
        asked = {"--ctv": wanted.ctv, "--ptv": wanted.ptv, "--gtv": wanted.gtv, "--avoid": avoid}
        expand = replace(target_job(recipe_of_call(asked)), write=())
    elif wanted.avoid or wanted.gtv:
        seen = "--gtv and --avoid are for targets that are made"
        raise UsageError("bad-call", where="margin dose", seen=seen, mend="--ctv 2 --ptv 4")
    return MarginJob(
        levels=tuple(map(parse_level, wanted.isodose)),
        targets=tuple(wanted.target or ()),
        expand=expand,
        outer=wanted.outer,
        asked=None if wanted.asked is None else parse_margin(wanted.asked),
        doses=tuple(wanted.rtdose or ()),
        terms=Terms(prescription_gy=wanted.prescription),
    )


def _given(texts: list[str] | None, flag: str) -> list[str]:
    from rtvol.errors import UsageError

    if not texts:
        mend = "rtvol margin vanherk --systematic 2,2,3 --random 2,3,3"
        raise UsageError("bad-errors", where=flag, seen="not given", mend=mend)
    return texts


def _recipe_document(found: "ErrorMargins", errors: ErrorFlags) -> dict[str, object]:
    from rtvol.margins.uncertainty import AXES, LIMITS, SOURCES
    from rtvol.version import __version__

    return {
        "schema": "rtvol/margin-recipe@1",
        "rtvol": __version__,
        "axes": list(AXES),
        **asdict(found),
        "coverage_percent": errors.coverage,
        "dose_percent": errors.level,
        "margin": found.flag_text,
        "limits": list(LIMITS),
        "sources": list(SOURCES),
    }


def _show_recipe(found: "ErrorMargins", errors: ErrorFlags, *, quiet: bool) -> None:
    from rtvol.cli.screen import indent, number, show, table
    from rtvol.margins.uncertainty import AXES, LIMITS, SOURCES

    heads = ("S mm", "s mm", "van Herk mm", "2.5S+0.7s mm", "Stroom mm")
    grid = table("axis", *heads, numbers=heads)
    columns = (
        found.systematic_mm,
        found.random_mm,
        found.full_mm,
        found.simple_mm,
        found.stroom_mm,
    )
    for axis, *numbers in zip(AXES, *columns, strict=True):
        grid.add_row(axis, *(number(mm, 2) for mm in numbers))
    p = f"{found.penumbra_mm:g}"
    formula = f"{found.alpha:.2f} S + {found.beta:.2f} sqrt(s^2 + {p}^2) - {found.beta:.2f} x {p}"
    lines = [
        f"  S systematic, s random (1 SD). van Herk: {formula}:",
        f"  {errors.level:g} % of the dose for {errors.coverage:g} % of patients.",
        "  Stroom: 2 S + 0.7 s: 95 % of the dose to 99 % of the CTV, on average.",
    ]
    if found.fractions is not None:
        lines.append(
            f"  {found.fractions} fractions: S and s as they act, S^2 + s^2 / N and s^2 (1 - 1 / N)"
        )
    if not quiet:
        lines += ["  holds for:", *(f"    {limit}" for limit in LIMITS)]
        lines += ["  sources:", *(f"    {source}" for source in SOURCES)]
    show(indent(grid), *lines, f"--ptv {found.flag_text}")
