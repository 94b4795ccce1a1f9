"""The recipe as data: every key it may hold, and what each may be."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from rtvol.dvh import parse_metrics
from rtvol.dvh.goals import parse_goal, read_goals
from rtvol.dvh.grammar import one_line
from rtvol.dvh.solids import parse_caps
from rtvol.errors import UsageError
from rtvol.margins import Clip, parse_margin
from rtvol.names.aliases import Alias

SCHEMA = "rtvol/recipe@1"
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|min|h)?")
_MEMORY = re.compile(r"(\d+(?:\.\d+)?)\s*(MB|GB)", re.IGNORECASE)
_SECONDS = {"s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, None: 1.0}


def _said(error: UsageError) -> ValueError:
    """Say what is wrong with a word, and how to write it, in one line."""
    finding = error.finding
    return ValueError("; ".join(filter(None, (one_line(finding.seen), finding.mend))))


def seconds_of(text: str) -> float:
    """Read `10m`, `90s`, `1.5h`.

    Raises
    ------
    ValueError
        It is none of these, or nothing.
    """
    found = _DURATION.fullmatch(text.strip())
    seconds = float(found[1]) * _SECONDS[found[2]] if found else 0.0
    if seconds <= 0:
        raise ValueError("a time is written 10m, 90s or 1.5h")
    return seconds


def megabytes_of(text: str) -> int:
    """Read `800 MB`, `4GB`.

    Raises
    ------
    ValueError
        It is none of these, or nothing.
    """
    found = _MEMORY.fullmatch(text.strip())
    megabytes = float(found[1]) * (1000 if found[2].upper() == "GB" else 1) if found else 0.0
    if megabytes < 1:
        raise ValueError("memory is written 800MB or 4GB")
    return int(megabytes)


def _margin(value: object) -> str:
    """Return a margin as text, from one number, six letters with numbers, or a table of the six."""
    if isinstance(value, dict):
        if not all(isinstance(v, int | float) and not isinstance(v, bool) for v in value.values()):
            raise ValueError("each of L, R, A, P, S, I is a number of mm")
        value = ",".join(f"{key}{number:g}" for key, number in value.items())
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError("4, or { L = 5, R = 3, A = 4, P = 2, S = 5, I = 3 }, in mm")  # noqa: TRY004
    text = f"{value:g}" if isinstance(value, int | float) else value
    try:
        parse_margin(text, allow_large=True)
    except UsageError as error:
        raise _said(error) from None
    return text


def _gaps(value: object) -> dict[str, float]:
    """Return organs and their gaps in mm, from a table or a list of names."""
    if isinstance(value, list) and all(isinstance(name, str) for name in value):
        value = dict.fromkeys(value, 0.0)
    if not isinstance(value, dict) or not all(
        isinstance(gap, int | float) and not isinstance(gap, bool) for gap in value.values()
    ):
        raise ValueError('{ Duodenum = 3.0 } with the gap in mm, or ["Duodenum"]')
    try:
        return {name: Clip(name, float(gap)).gap_mm for name, gap in value.items()}
    except UsageError as error:
        raise _said(error) from None


def _words(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _metric(text: str) -> str:
    try:
        parse_metrics([text])
    except UsageError as error:
        raise _said(error) from None
    return text


def _goal(text: str) -> str:
    """Check a set's name or file, or a goal."""
    try:
        if any(sign in text for sign in "<>"):
            parse_goal(text)
        else:
            read_goals(text)
    except UsageError as error:
        raise _said(error) from None
    return text


def _caps(text: object) -> str:
    try:
        parse_caps(str(text))
    except UsageError as error:
        raise _said(error) from None
    return str(text)


def _spellings(table: dict[str, list[str]]) -> dict[str, list[str]]:
    for name, words in table.items():
        try:
            Alias(name, tuple(words))
        except UsageError as error:
            raise ValueError(f"{name}: {error.finding.seen}") from None
    return table


def _time(text: str) -> str:
    seconds_of(text)
    return text


def _memory(text: str) -> str:
    megabytes_of(text)
    return text


Margin = Annotated[str, BeforeValidator(_margin)]
Gaps = Annotated[dict[str, float], BeforeValidator(_gaps)]
Words = Annotated[list[str], BeforeValidator(_words)]
Ratio = Annotated[float, Field(gt=0, lt=1000)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Prescription(_Section):
    """What is prescribed; what is left out is the plan's."""

    dose_gy: Annotated[float, Field(gt=0, lt=1000)] | None = None
    fractions: Annotated[int, Field(ge=1, le=200)] | None = None
    alpha_beta_gy: dict[str, Ratio] = {}


class Ctv(_Section):
    """GTV -> CTV."""

    from_: Annotated[list[str], BeforeValidator(_words), Field(alias="from")] = []
    margin_mm: Margin
    barrier: Gaps = {}
    inside: Gaps = {}


class Ptv(_Section):
    """CTV -> PTV."""

    from_: Annotated[Literal["CTV", "GTV"], Field(alias="from")] = "CTV"
    margin_mm: Margin
    avoid: Gaps = {}


class Targets(_Section):
    """What is grown and cut."""

    CTV: Ctv
    PTV: Ptv
    prv_mm: dict[str, Margin] = {}
    policy: Literal["icru", "modified_ptv", "ctv_only"] = "icru"
    split: bool = False
    allow_large_margins: bool = False

    @model_validator(mode="after")
    def _is_possible(self) -> Targets:
        from rtvol.recipe.jobs import target_recipe

        try:
            target_recipe(self)
        except UsageError as error:
            raise _said(error) from None
        return self


class Dvh(_Section):
    """What is asked about doses."""

    rois: list[str] = []
    metrics: list[Annotated[str, AfterValidator(_metric)]] = ["D95%", "D50%", "D2%", "Mean"]
    goals: Annotated[list[Annotated[str, AfterValidator(_goal)]], BeforeValidator(_words)] = []
    solid: Literal["slab", "loft"] = "slab"
    caps: Annotated[str, BeforeValidator(_caps)] = "half"
    dose_interpolation: Literal["linear", "cubic"] = "linear"
    sum: Literal["none", "physical", "eqd2"] = "none"
    axis: Literal["physical", "bed", "eqd2"] = "physical"
    range: bool = False


class Output(_Section):
    """What is written for each case, beside its record."""

    write: list[Literal["rtstruct", "nifti", "curves"]] = ["rtstruct"]
    label: Annotated[str, Field(max_length=16)] = ""


class Limits(_Section):
    """What a case may cost; no result depends on it."""

    timeout: Annotated[str, AfterValidator(_time)] = "10m"
    memory: Annotated[str, AfterValidator(_memory)] = "4GB"
    retries: Annotated[int, Field(ge=0, le=10)] = 1


class Recipe(_Section):
    """A whole recipe."""

    schema_: Annotated[Literal["rtvol/recipe@1"], Field(alias="schema")]
    title: str = ""
    on_missing_roi: Literal["fail", "skip"] = "fail"
    prescription: Prescription = Prescription()
    names: Annotated[
        dict[str, Annotated[list[str], BeforeValidator(_words)]], AfterValidator(_spellings)
    ] = {}
    targets: Targets | None = None
    dvh: Dvh | None = None
    output: Output = Output()
    limits: Limits = Limits()

    @model_validator(mode="after")
    def _asks_for_something(self) -> Recipe:
        if self.targets is None and self.dvh is None:
            raise ValueError("it asks for nothing: give [targets.CTV] and [targets.PTV], or [dvh]")
        return self

    def document(self) -> dict[str, Any]:
        """Return the recipe with every default filled in, by the keys of the file."""
        return self.model_dump(mode="json", by_alias=True)
