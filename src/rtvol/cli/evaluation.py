"""What doses are held against: prescription, fractions, BED, goals."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from rtvol.cli.layout import Prose
from rtvol.cli.options import Names, Switch
from rtvol.cli.screen import clean, indent, number, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rtvol.cli.screen import Part
    from rtvol.tables.rows import CaseResult, GoalRow


@Parameter(name="*")
@dataclass(frozen=True)
class WhichDose:
    """Which metrics, of which dose.

    Attributes
    ----------
    metric
        D95%, D2cc, V20Gy, V100%, CV15Gy, DC700cc, Mean, Min, Max, gEUD(8), HI, CI, CI_RTOG, GI,
        OVH5mm and DTH50% (distance to a target), DSH20Gy (surface),
        ICRU91, as often as wanted; by default dvh: D95%, D50%, D2%, Mean; expand: D98% and these
        of targets, Mean and Max of the organs that it names.
    dose
        RTDOSE to use where a case has several; repeat it to add doses.
    sum
        Add doses: physical (Gy) or eqd2 (2 Gy fractions, each plan with its own); all plans of
        the case, or those named with --dose.
    alpha_beta
        alpha/beta in Gy for BED and EQD2: 3 for all structures, "GTV*=10" for some; as often as
        wanted; target=10 for all targets. With --as, targets have 10 and the rest 3 unless given.
    dose_unit
        What doses in metrics are given in, in every output; each says its unit.
    """

    metric: Names = None
    dose: Annotated[list[Path] | None, Parameter(negative="", show_default=False)] = None
    sum: Literal["physical", "eqd2"] | None = None
    alpha_beta: Names = None
    dose_unit: Literal["Gy", "cGy"] = "Gy"


@Parameter(name="*")
@dataclass(frozen=True)
class GoalFlags:
    """What doses are held against.

    Attributes
    ----------
    goals
        Goals to judge: a TOML file, liver-sbrt-3fx, liver-sbrt-5fx, or a goal in words ("Liver
        Mean <= 15 Gy"); as often as wanted.
    strict
        Reject a case without an ROI that is named; end with exit code 1 when a goal fails or
        cannot be judged.
    prescription
        Prescribed dose in Gy, instead of the plan's.
    fractions
        Number of fractions, instead of the plan's.
    axis
        What doses in metrics are: physical, bed, or eqd2 (2 Gy fractions); goals stay physical.
    target
        What OVH and DTH measure the distance to: name, pattern or expression; by default the PTV.
    lql
        Linear-quadratic-linear: dose per fraction in Gy from which the response is a straight
        line, 6.2, "GTV*=6.2", or with its slope "GTV*=6.2:1.8".
    """

    goals: Names = None
    strict: Annotated[bool, Switch] = False
    prescription: float | None = None
    fractions: int | None = None
    axis: Annotated[Literal["physical", "bed", "eqd2"], Parameter(name="--as")] = "physical"
    target: str = ""
    lql: Names = None


DEFAULT_DOSE = WhichDose()
DEFAULT_AGAINST = GoalFlags()


def dose_flags(which: WhichDose, against: GoalFlags) -> dict[str, Any]:
    """Return the flags about doses and goals, as a recipe takes them."""
    from rtvol.recipe.flags import ratios_of

    return {
        "--metric": which.metric,
        "--dose": None if which.dose is None else list(map(str, which.dose)),
        "--sum": which.sum,
        "--alpha-beta": ratios_of(which.alpha_beta),
        "--goals": against.goals,
        "--prescription": against.prescription,
        "--fractions": against.fractions,
        "--as": against.axis,
        "--dose-unit": which.dose_unit,
        "--target": against.target,
        "--lql": against.lql,
    }


def goal_table(result: "CaseResult") -> "list[Part]":
    """Return the goals of a case with what was found; `?`: nobody has checked the source."""
    if not result.goals:
        return []
    head = ("structure", "goal", "value", "verdict", "priority", "source")
    grid = table(*head, numbers=("value",), prose=("source",), keys=2)
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
    notes = _goal_notes(result.goals)
    if not all(row.verified for row in result.goals):
        notes.append(
            "  ? nobody has compared this limit with its source yet; a copy of the set in which a "
            "goal is verified = true shows it without"
        )
    names = tuple(clean(row.structure) for row in result.goals)
    return ["", indent(grid), *(Prose(note, names) for note in notes)]


def _goal_notes(goals: "Sequence[GoalRow]") -> list[str]:
    """Return each note once, with the goals it is about; of structures, where it is about all."""
    about: dict[str, dict[str, list[str]]] = {}
    for row in goals:
        if row.note:
            text = row.note.replace(f'"{row.structure}" in ', "")
            about.setdefault(text, {}).setdefault(row.structure, []).append(row.goal)
    lines = []
    for text, structures in about.items():
        names = ", ".join(
            clean(name) if "[roi-not-found]" in text else f"{clean(name)} {', '.join(rules)}"
            for name, rules in structures.items()
        )
        lines.append(f"  {names}: {clean(text)}")
    return lines


def exit_code(code: int, results: "Sequence[CaseResult]", against: GoalFlags) -> int:
    """Return 1 instead of 0 under `--strict` when a goal failed, or could not be judged."""
    verdicts = {row.verdict for result in results for row in result.goals}
    return 1 if code == 0 and against.strict and verdicts - {"pass"} else code
