"""What doses are held against: prescription, fractions, BED, goals."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from rtvol.cli.options import Names, Switch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from rtvol.tables.rows import CaseResult
    from rtvol.verbs.terms import Terms


@Parameter(name="*")
@dataclass(frozen=True)
class Against:
    """What doses are held against.

    Attributes
    ----------
    goals
        Goals to judge: a TOML file, or liver-sbrt-3fx, liver-sbrt-5fx.
    strict
        End with exit code 1 when a goal fails.
    prescription
        Prescribed dose in Gy, instead of the plan's.
    fractions
        Number of fractions, instead of the plan's.
    axis
        What doses in metrics are: physical, bed, or eqd2 (2 Gy fractions); goals stay physical.
    lql
        Linear-quadratic-linear: dose per fraction in Gy from which the response is a straight
        line, 6.2, "GTV*=6.2", or with its slope "GTV*=6.2:1.8".
    """

    goals: str | None = None
    strict: Annotated[bool, Switch] = False
    prescription: float | None = None
    fractions: int | None = None
    axis: Annotated[Literal["physical", "bed", "eqd2"], Parameter(name="--as")] = "physical"
    lql: Names = None


DEFAULT_AGAINST = Against()


def terms_of(against: Against, *, added: str | None) -> "Terms":
    """Return the terms a call asks for, every word of it checked.

    Raises
    ------
    UsageError
        `bad-call`, `bad-fractionation`, `bad-goals`.
    """
    from rtvol.dvh.goals import read_goals
    from rtvol.errors import UsageError
    from rtvol.verbs.terms import Terms, parse_linear

    dose, fractions = against.prescription, against.fractions
    if dose is not None and not 0 < dose < float("inf"):
        raise UsageError("bad-call", where="--prescription", seen=f"{dose:g}", mend="Gy, above 0")
    if fractions is not None and fractions < 1:
        raise UsageError("bad-call", where="--fractions", seen=str(fractions), mend="1 or more")
    if against.axis != "physical" and added == "eqd2":
        seen, mend = "--sum eqd2", "the sum is in EQD2 already: leave out --as"
        raise UsageError("bad-call", where=f"--as {against.axis}", seen=seen, mend=mend)
    if against.lql and added == "eqd2":
        mend = "sums in EQD2 are linear-quadratic: leave out --lql"
        raise UsageError("bad-call", where="--lql", seen="--sum eqd2", mend=mend)
    if against.strict and against.goals is None:
        raise UsageError("bad-call", where="--strict", seen="no --goals", mend="name the goals")
    return Terms(
        prescription_gy=dose,
        fractions=fractions,
        axis=against.axis,
        linear_from=parse_linear(against.lql or ()),
        goals=None if against.goals is None else read_goals(against.goals),
    )


def goal_table(result: "CaseResult") -> "list[RenderableType]":
    """Return the goals of a case with what was found; `?`: nobody has checked the source."""
    from rtvol.cli.screen import clean, indent, number, table

    if not result.goals:
        return []
    grid = table("structure", "goal", "value", "verdict", "priority", "source", numbers=("value",))
    for row in result.goals:
        value = "-" if row.value is None else f"{number(row.value, 2)} {row.unit}".rstrip()
        verdict = row.verdict.upper() if row.verdict == "fail" else row.verdict
        doubt = "" if row.verified else " ?"
        grid.add_row(
            clean(row.structure),
            clean(row.goal),
            value,
            verdict,
            "-" if row.priority is None else str(row.priority),
            f"{clean(row.source) or '-'}{doubt}",
        )
    notes = [
        f"  {clean(row.structure)} {row.goal}: {clean(row.note)}"
        for row in result.goals
        if row.note
    ]
    return ["", indent(grid), *notes]


def is_failed(results: "Sequence[CaseResult]") -> bool:
    """Whether a goal failed in any case."""
    return any(row.verdict == "fail" for result in results for row in result.goals)
