"""Goals, `Liver-GTV CV15Gy[cc] >= 700 cc`, and sets of them as TOML files."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from rtvol.dvh.grammar import marked, parse_metric, value_units
from rtvol.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rtvol.dvh.grammar import Metric

Verdict = Literal["pass", "fail", "cannot say"]

SCHEMA = "rtvol/goals@1"
#: A value that differs from a limit by less than this part is the limit.
SAME_VALUE = 2e-7
#: An upper limit of at least this many cc on what a dose reaches is a sparing rule the wrong way.
REVERSED_CC = 200.0
_GOAL = re.compile(
    r"(?P<structure>.+?)\s+(?P<metric>\S+)\s*(?P<op><=|>=|<|>)\s*(?P<limit>\S+?)\s*(?P<unit>%|cc|c?Gy|mm|cm2)?",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Goal:
    """One goal.

    Attributes
    ----------
    structure
        Name or expression (`Liver-GTV`).
    metric, op, limit
        What is read, how it is compared (<=, <, >=, >), and with what, in the metric's unit.
    priority
        1 before 2 before 3; None when none is given.
    source, table
        Where the limit is from, and where it stands there.
    verified
        Whether someone has compared it with the source.
    prescribed_gy
        It holds for this prescription only; None for any.
    """

    structure: str
    metric: Metric
    op: str
    limit: float
    priority: int | None = None
    source: str = ""
    table: str = ""
    verified: bool = False
    prescribed_gy: float | None = None

    @property
    def rule(self) -> str:
        """The goal without its structure: `CV15Gy[cc] >= 700 cc`."""
        return f"{self.metric} {self.op} {self.limit:g} {self.metric.unit}".rstrip()

    @property
    def text(self) -> str:
        """The goal in its normal form."""
        return f"{self.structure} {self.rule}"

    @property
    def is_reversed(self) -> bool:
        """Whether it looks like a rule of spared volume turned round.

        "At least 700 cc of the liver get less than 15 Gy" is CV15Gy[cc] >= 700 cc. V15Gy[cc] < 700
        cc lets 700 cc get more, and passes where a liver of 900 cc keeps 200 cc.
        """
        is_volume = self.metric.kind in {"V", "CV"} and self.metric.unit == "cc"
        return is_volume and self.op in {"<", "<="} and self.limit >= REVERSED_CC


@dataclass(frozen=True)
class GoalSet:
    """Goals that belong together.

    Attributes
    ----------
    title
        What they are.
    goals
        In the order of the file.
    fractions
        Number of fractions they hold for; None for any.
    names
        Other names, or patterns, of the structures in them.
    """

    title: str
    goals: tuple[Goal, ...]
    fractions: int | None
    names: Mapping[str, tuple[str, ...]]


def parse_goal(text: str) -> Goal:
    """Parse `expression metric op value unit`: `Liver-GTV CV15Gy[cc] >= 700 cc`.

    A metric without a unit in brackets takes that of the limit: `Bowel V20Gy <= 50 cc`.

    Raises
    ------
    UsageError
        `bad-goal` or `bad-metric`, with a caret.
    """
    word = " ".join(text.split())
    found = _GOAL.fullmatch(word)
    if found is None:
        raise _bad(word, len(word), "a goal is STRUCTURE METRIC <=|>=|<|> VALUE UNIT")
    given, unit = found["metric"], found["unit"] or ""
    metric = parse_metric(given)
    allowed = value_units(metric.kind)
    spelled = next((own for own in allowed if own.lower() == unit.lower()), None)
    if spelled is None:
        wanted = " or ".join(allowed) if allowed[0] else "no unit"
        at = found.start("unit") if unit else len(word)
        raise _bad(word, at, f"{metric.kind} takes {wanted}")
    if spelled != metric.unit:
        if "[" in given:
            raise _bad(word, found.start("unit"), f"{given} is in {metric.unit}")
        metric = parse_metric(f"{given}[{spelled}]")
    try:
        limit = float(found["limit"])
    except ValueError:
        limit = float("nan")
    if not 0 <= limit < float("inf"):
        raise _bad(word, found.start("limit"), "a limit is a number from 0")
    return Goal(found["structure"], metric, found["op"], limit)


def judge(goal: Goal, value: float | None) -> Verdict:
    """Say whether a value reaches a goal; a value that is the limit but for round-off is it."""
    if value is None:
        return "cannot say"
    same = abs(value - goal.limit) <= SAME_VALUE * abs(goal.limit)
    above = value > goal.limit and not same
    below = value < goal.limit and not same
    passed = {"<": below, "<=": not above, ">": above, ">=": not below}[goal.op]
    return "pass" if passed else "fail"


def shipped_sets() -> tuple[str, ...]:
    """Names of the goal sets that come with rtvol."""
    folder = files("rtvol.dvh").joinpath("goal_sets")
    return tuple(sorted(path.name[:-5] for path in folder.iterdir() if path.name.endswith(".toml")))


def read_goals(name: str) -> GoalSet:
    """Read a goal set: a TOML file, or one that comes with rtvol by its name.

    Raises
    ------
    UsageError
        `bad-goals`: all that is wrong with the file, one line each.
    """
    if name in shipped_sets():
        text = files("rtvol.dvh").joinpath("goal_sets", f"{name}.toml").read_text(encoding="utf-8")
    else:
        sets = ", ".join(shipped_sets())
        mend = f'name a TOML file, one of {sets}, or write a goal: "Liver Mean <= 15 Gy"'
        try:
            text = Path(name).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "not a text file"
            raise UsageError("bad-goals", where=name, seen=reason, mend=mend) from None
    return parse_goals(text, where=name)


def parse_goals(text: str, *, where: str = "") -> GoalSet:
    """Build a goal set from the text of a TOML file (`read_goals`).

    Raises
    ------
    UsageError
        `bad-goals`.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError("bad-goals", where=where, seen=f"no TOML: {error}") from None
    wrong: list[str] = []
    _check(table, _SET, "", wrong)
    if table.get("schema", SCHEMA) != SCHEMA:
        wrong.append(f"schema: {SCHEMA} is read")
    names = table.get("names", {})
    if isinstance(names, dict):
        for name, others in names.items():
            if not _is_list_of(others, str):
                wrong.append(f"names.{name}: a list of names or patterns")
    goals = []
    rows = table.get("goal", [])
    for number, row in enumerate(rows if _is_list_of(rows, dict) else [], start=1):
        _check(row, _ROW, f"goal {number}: ", wrong)
        if _is_text(row.get("goal")):
            try:
                goals.append(_goal(row))
            except UsageError as error:
                wrong.append(f"goal {number}: {row['goal']}\n{error.finding.seen}")
    if wrong:
        mend = "see Goals in docs/guide.md for the form"
        raise UsageError("bad-goals", where=where, seen="\n".join(wrong), mend=mend)
    aliases = {name: tuple(others) for name, others in names.items()}
    return GoalSet(table["title"], tuple(goals), table.get("fractions"), aliases)


def _goal(row: dict[str, Any]) -> Goal:
    parsed = parse_goal(row.get("goal", ""))
    return Goal(
        parsed.structure,
        parsed.metric,
        parsed.op,
        parsed.limit,
        priority=row.get("priority"),
        source=row.get("source", ""),
        table=row.get("table", ""),
        verified=row.get("verified", False),
        prescribed_gy=row.get("prescribed_gy"),
    )


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _is_dose(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1000


def _is_list_of(value: object, kind: type) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, kind) for v in value)


_Fields = dict[str, tuple[bool, "Callable[[object], bool]", str]]

#: By key: whether it must be there, what it must be, and that in words.
_SET: _Fields = {
    "schema": (True, _is_text, f'"{SCHEMA}"'),
    "title": (True, _is_text, "a text"),
    "fractions": (False, _is_count, "a number of fractions"),
    "names": (False, lambda value: isinstance(value, dict), "a table of lists of names"),
    "goal": (True, lambda value: _is_list_of(value, dict), "at least one [[goal]]"),
}
_ROW: _Fields = {
    "goal": (True, _is_text, "STRUCTURE METRIC <=|>=|<|> VALUE UNIT"),
    "priority": (False, _is_count, "1, 2, 3, ..."),
    "source": (False, _is_text, "a text"),
    "table": (False, _is_text, "a text"),
    "verified": (False, lambda value: isinstance(value, bool), "true or false"),
    "prescribed_gy": (False, _is_dose, "a dose in Gy"),
}


def _check(table: Mapping[str, object], fields: _Fields, where: str, wrong: list[str]) -> None:
    wrong += [f"{where}{key} is not known" for key in table if key not in fields]
    for key, (needed, fits, words) in fields.items():
        if key in table and not fits(table[key]):
            wrong.append(f"{where}{key}: {words}")
        elif key not in table and needed:
            wrong.append(f"{where}{key} is missing: {words}")


def _bad(word: str, at: int, why: str) -> UsageError:
    return UsageError(
        "bad-goal",
        where="goal",
        seen=marked(word, at, why),
        mend='write it like "Liver-GTV CV15Gy[cc] >= 700 cc"',
    )
