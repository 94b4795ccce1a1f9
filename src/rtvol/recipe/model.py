"""The recipe as data: every key it may hold, and what each may be.

A TOML file fills it (`read`), and so does the command line (`flags`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from rtvol.dvh.bed import Axis
from rtvol.dvh.curve import Interpolation
from rtvol.dvh.metrics import Outside
from rtvol.dvh.readings import Sampling
from rtvol.dvh.sums import Sum
from rtvol.errors import UsageError
from rtvol.margins import Clip, TargetRecipe, parse_margin
from rtvol.margins.recipe import CLIP_STEPS, Policy, Prv
from rtvol.recipe.values import (
    AeTitle,
    Caps,
    Definitions,
    Duration,
    Gaps,
    Goals,
    Linear,
    Margin,
    Memory,
    Metric,
    Peers,
    Ratio,
    SaidError,
    Spellings,
    Words,
)
from rtvol.solids.reading import Reading, SolidName, parse_caps
from rtvol.verbs.derive import SPACINGS_MM
from rtvol.verbs.dose_volume import DEFAULT_METRICS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rtvol import margins

SCHEMA = "rtvol/recipe@1"


def _call(flag: str, seen: str, mend: str) -> SaidError:
    """Say that two settings contradict each other, in the words of the command line."""
    return SaidError(UsageError("bad-call", where=flag, seen=seen, mend=mend))


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Prescription(_Section):
    """What is prescribed; what is left out is the plan's."""

    dose_gy: Annotated[float, Field(gt=0, lt=1000)] | None = None
    fractions: Annotated[int, Field(ge=1, le=200)] | None = None
    alpha_beta_gy: dict[str, Ratio] = {}
    lql: Linear = []


class Ctv(_Section):
    """GTV -> CTV."""

    from_: Annotated[Words, Field(alias="from")] = []
    itv: Words = []
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
    prv_mm: dict[str, tuple[Margin, ...]] = {}
    policy: Policy = "icru"
    split: bool = False
    allow_large_margins: bool = False
    names: dict[Literal["ctv", "ptv", "ptv_clip"], Annotated[str, Field(min_length=1)]] = {}

    @field_validator("prv_mm", mode="before")
    @classmethod
    def _each_in_a_list(cls, value: object) -> object:
        """Take one margin of an organ where several may stand."""
        if not isinstance(value, dict):
            return value
        return {
            name: tuple(one) if isinstance(one, list) else (one,) for name, one in value.items()
        }

    @model_validator(mode="after")
    def _is_possible(self) -> Targets:
        if self.CTV.itv and self.CTV.from_:
            raise _call("--itv", "--gtv", "name the GTVs of the phases with --itv alone")
        try:
            self.recipe()
        except UsageError as error:
            raise SaidError(error) from None
        return self

    def recipe(self) -> TargetRecipe:
        """Return the margins and clips.

        Raises
        ------
        UsageError
            `large-margin`, `policy-conflict`.
        """
        large = self.allow_large_margins
        return TargetRecipe(
            ctv=_checked("targets.CTV.margin_mm", self.CTV.margin_mm, large),
            ptv=_checked("targets.PTV.margin_mm", self.PTV.margin_mm, large),
            ptv_from="gtv" if self.PTV.from_ == "GTV" else "ctv",
            clips=tuple(self._clips()),
            prvs=tuple(
                Prv(name, parse_margin(text, allow_large=large))
                for name, texts in self.prv_mm.items()
                for text in texts
            ),
            policy=self.policy,
            split=self.split,
            names=tuple(self.names.items()),
        )

    def _clips(self) -> Iterator[Clip]:
        for kind, step in CLIP_STEPS.items():
            gaps = getattr(self.CTV if step.cuts == "ctv" else self.PTV, kind)
            yield from (Clip(kind, roi, gap_mm) for roi, gap_mm in gaps.items())


def _checked(key: str, text: str, large: bool) -> margins.Margin:
    """Read a margin; an error says which one."""
    try:
        return parse_margin(text, allow_large=large)
    except UsageError as error:
        raise error.at(key) from None


class Dvh(_Section):
    """What is asked about doses."""

    rois: list[str] = []
    metrics: list[Metric] = list(DEFAULT_METRICS)
    goals: Goals = []
    dose: Words = []
    solid: SolidName = "slab"
    caps: Caps = "half"
    dose_interpolation: Interpolation = "linear"
    outside: Outside = "null"
    sum: Literal["none"] | Sum = "none"
    axis: Axis = "physical"
    dose_unit: Literal["Gy", "cGy"] = "Gy"
    range: bool = False
    shift_mm: Annotated[float, Field(ge=0, le=100)] = 0.0
    target: str = ""
    compare: bool = False

    def sampling(self, *, with_curves: bool) -> Sampling:
        """Return how structures are measured."""
        return Sampling(
            reading=Reading(self.solid, parse_caps(self.caps)),
            interpolation=self.dose_interpolation,
            with_range=self.range,
            with_curves=with_curves,
            with_stored=self.compare,
            outside=self.outside,
            shift_mm=self.shift_mm,
        )


class Output(_Section):
    """What is written for each case, beside its record."""

    write: list[Literal["rtstruct", "nifti", "curves"]] = ["rtstruct"]
    label: Annotated[str, Field(max_length=16)] = ""
    into: Literal["new", "same"] = "new"
    derived_spacing_mm: Annotated[float, Field(ge=SPACINGS_MM[0], le=SPACINGS_MM[1])] | None = None
    report: bool = False


class Send(_Section):
    """Where the DICOM files of the results go."""

    to: Peers = []
    aet: AeTitle = "RTVOL"
    tls_ca: str = ""
    tls_cert: str = ""
    tls_key: str = ""


class CaseLimits(_Section):
    """What a case may cost; no result depends on it."""

    timeout: Duration = "10m"
    memory: Memory = "4GB"
    retries: Annotated[int, Field(ge=0, le=10)] = 1


class Recipe(_Section):
    """A whole recipe."""

    schema_: Annotated[Literal["rtvol/recipe@1"], Field(alias="schema")]
    title: str = ""
    #: By default organs of targets must be there; of doses an ROI that is not costs its own row.
    on_missing_roi: Literal["fail", "skip"] | None = None
    prescription: Prescription = Prescription()
    names: Spellings = {}
    targets: Targets | None = None
    derive: Definitions = {}
    dvh: Dvh | None = None
    output: Output = Output()
    send: Send = Send()
    limits: CaseLimits = CaseLimits()

    @field_validator("send", mode="before")
    @classmethod
    def _peers_alone(cls, value: object) -> object:
        """Take `send = "AET@HOST:PORT"`, or a list of such, for the whole section."""
        return {"to": value} if isinstance(value, str | list) else value

    @model_validator(mode="after")
    def _asks_for_something(self) -> Recipe:
        if self.targets is None and self.dvh is None and not self.derive:
            raise ValueError(
                "it asks for nothing: give [targets.CTV] and [targets.PTV], [derive], or [dvh]"
            )
        return self

    @model_validator(mode="after")
    def _has_what_it_sends(self) -> Recipe:
        if self.send.to and (self.targets is None or "rtstruct" not in self.output.write):
            mend = 'give [targets], and [output] write = ["rtstruct"]'
            raise _call("--send", "no DICOM file is written that could be sent", mend)
        return self

    @model_validator(mode="after")
    def _doses_can_be_added(self) -> Recipe:
        dvh, given = self.dvh, self.prescription
        if dvh is None:
            return self
        if len(dvh.dose) > 1 and dvh.sum == "none":
            seen = f"{len(dvh.dose)} doses"
            raise _call("--dose", seen, "say how: --sum physical or --sum eqd2")
        if dvh.sum == "eqd2":
            if not given.alpha_beta_gy:
                mend = "give the ratio in Gy, for example --alpha-beta 3"
                raise _call("--sum eqd2", "no --alpha-beta", mend)
            if dvh.axis != "physical":
                mend = "the sum is in EQD2 already: leave out --as"
                raise _call(f"--as {dvh.axis}", "--sum eqd2", mend)
            if given.lql:
                mend = "sums in EQD2 are linear-quadratic: leave out --lql"
                raise _call("--lql", "--sum eqd2", mend)
        return self

    def document(self) -> dict[str, Any]:
        """Return the recipe with every default filled in, by the keys of the file."""
        return self.model_dump(mode="json", by_alias=True)
