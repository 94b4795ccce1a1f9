"""The settings of an analysis, `analysis.toml`: what is compared, where it is cut."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from rtvol.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

MONTH_DAYS = 30.4375
Positive = Annotated[float, Field(gt=0)]
#: A factor of rtvol's own, or the name of a declared covariate.
Factor = str
BUILT_IN = (
    "age", "sex", "primary", "primary_site", "histology", "disease_class", "extrahepatic",
    "systemic", "ptv",
    "ptv_thirds", "bed", "eqd2", "targets", "interval", "cptv",
)  # fmt: skip
EndpointName = Literal[
    "lc", "lf_cif", "ttp", "pfs", "os", "os_dx", "os_dx_lt", "ehr_cif", "ihr_cif"
]
LESION_ENDPOINTS = ("lc", "lf_cif")
PRIMARIES = ("colorectal", "stomach", "cervix", "breast", "pancreas", "other", "unknown")
HISTOLOGIES = ("adenocarcinoma", "scc", "other", "unknown")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Cut(_Strict):
    """Where a quantity is cut, lower group up to and including it, and how the cut was chosen."""

    at: Positive
    pre_specified: bool = False


def _cut(at: float) -> Cut:
    return Cut(at=at)


class Cuts(_Strict):
    """Cut points; those of the study lie near its own medians, so they count as data-driven."""

    age_years: Cut = _cut(63)
    ptv_ml: Cut = _cut(10)
    ptv_large_ml: Cut = _cut(100)
    bed_gy: Cut = _cut(110)
    cptv_ml: Cut = _cut(50)
    interval_months: Cut = _cut(12)


class Horizons(_Strict):
    """Months at which rates are given."""

    lc: tuple[Positive, ...] = (12, 24)
    ttp: tuple[Positive, ...] = (12, 24)
    os: tuple[Positive, ...] = (24, 60)


class Margins(_Strict):
    """Least total margin GTV to PTV that the protocol allows, in mm (the geometric floor)."""

    gtv_to_ptv_mm: Positive = 4


class Covariate(_Strict):
    """A column of the author's own, compared like rtvol's factors.

    Attributes
    ----------
    name, label
        Column of the table, and words for tables; the name when empty.
    table
        Where the column is: "patients" or "lesions".
    kind
        "category": one of `levels`; "number": a quantity in `unit`, cut where `cut` says.
    levels, reference
        Codes of a category in the order to print, and the one others are compared with: the first
        when empty.
    is_ordered
        Whether the levels rise, so that a trend has a meaning.
    unit, per
        Unit of a number, and the step its hazard ratio is for.
    low, high
        Bounds of a number, both allowed.
    cut
        Where a number is cut into two groups; its median where there is none, said beside it.
    """

    name: str
    label: str = ""
    table: Literal["patients", "lesions"] = "patients"
    kind: Literal["category", "number"] = "category"
    levels: tuple[str, ...] = ()
    reference: str = ""
    is_ordered: bool = False
    unit: str = ""
    per: Positive = 1
    low: float | None = None
    high: float | None = None
    cut: Cut | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"{self.name!r}: a name is lower-case letters, digits and _")
        if self.name in BUILT_IN:
            raise ValueError(f"{self.name} is one of rtvol's own factors")
        if self.kind == "category" and (len(set(self.levels)) < 2 or "" in self.levels):
            raise ValueError(f"{self.name}: a category has two levels or more, e.g. ['no', 'yes']")
        if self.kind == "category" and len(set(self.levels)) != len(self.levels):
            raise ValueError(f"{self.name}: a level stands twice")
        if self.reference and self.reference not in self.levels:
            raise ValueError(f"{self.name}: the reference is one of {', '.join(self.levels)}")
        if self.kind == "number" and (self.levels or self.reference or self.is_ordered):
            raise ValueError(f"{self.name}: a number has no levels; give unit, per and cut")
        if self.kind == "category" and (self.cut or self.unit or self.low or self.high):
            raise ValueError(f"{self.name}: a category has no cut, unit or bounds")
        return self

    @property
    def ordered_levels(self) -> tuple[str, ...]:
        """Levels with the reference first."""
        first = self.reference or self.levels[0]
        return (first, *(level for level in self.levels if level != first))


class Model(_Strict):
    """A multivariable Cox model: which factors together, on which endpoint."""

    endpoint: EndpointName = "lc"
    factors: Annotated[tuple[Factor, ...], Field(min_length=1)]
    uncut: bool = False
    ties: Literal["efron", "breslow", "exact"] = "efron"
    method: Literal["auto", "cox", "firth", "fine_gray"] = "auto"


class DoseResponse(_Strict):
    """Control of a lesion against its dose.

    Attributes
    ----------
    dose
        "bed" or "eqd2" of the prescription, with `alpha_beta_gy` of the analysis.
    links
        Which curves are fitted.
    months
        Time at which control is meant.
    adjust_volume
        Whether log PTV stands beside the dose.
    """

    dose: Literal["bed", "eqd2"] = "bed"
    links: Annotated[tuple[Literal["logistic", "probit"], ...], Field(min_length=1)] = (
        "logistic", "probit",
    )  # fmt: skip
    months: Positive = 24
    adjust_volume: bool = True


class CutSearch(_Strict):
    """A cut-point looked for in the data, with its price."""

    factor: Factor
    endpoint: EndpointName = "lc"
    smallest: Annotated[float, Field(gt=0, lt=0.5)] = 0.1
    bootstrap: Annotated[int, Field(ge=0, le=10_000)] = 200
    seed: int = 1


class Analysis(_Strict):
    """Settings of one analysis; every field has a default."""

    horizons_months: Horizons = Horizons()
    cut_points: Cuts = Cuts()
    margins: Margins = Margins()
    covariates: tuple[Covariate, ...] = ()
    primaries: tuple[str, ...] = PRIMARIES
    primary_reference: str = "colorectal"
    histologies: tuple[str, ...] = HISTOLOGIES
    table1_by: Factor | None = "extrahepatic"
    table2_factors: tuple[Factor, ...] = (
        "age", "sex", "primary", "extrahepatic", "systemic", "ptv", "ptv_thirds", "bed",
    )  # fmt: skip
    table3_factors: tuple[Factor, ...] = (
        "age", "sex", "primary", "extrahepatic", "interval", "systemic", "targets", "cptv", "bed",
    )  # fmt: skip
    models: tuple[Model, ...] = (
        Model(endpoint="lc", factors=("ptv", "bed", "extrahepatic")),
        Model(endpoint="os", factors=("extrahepatic", "cptv", "primary")),
    )
    dose_response: DoseResponse | None = DoseResponse()
    cut_searches: tuple[CutSearch, ...] = ()
    incidence_factor: Factor = "extrahepatic"
    alpha_beta_gy: Positive = 10
    patient_bed: Literal["min", "max", "mean", "ptv_weighted"] = "min"
    cumulative_ptv: Literal["sum", "union"] = "sum"
    max_targets: Annotated[int, Field(ge=1)] = 5
    death_window_days: Annotated[float, Field(ge=0)] = 183
    acute_days: Positive = 91.3
    origin: Literal["first_fraction", "last_fraction"] = "first_fraction"
    fig1_factors: tuple[Factor, Factor, Factor] = ("ptv", "extrahepatic", "cptv")
    systemic_rule: Literal["at_origin", "as_coded"] = "at_origin"
    ttp_censoring: Literal["last_imaging", "last_contact"] = "last_imaging"
    landmark_months: Annotated[float, Field(ge=0)] = 0
    suppress_below: Annotated[int, Field(ge=0)] = 0
    patient_figures: bool = False
    sav: bool = False
    multiplicity: Literal["none", "holm", "bh"] = "none"
    proportion_limits: Literal["exact", "wilson"] = "exact"
    dose_selection_rule: str = ""
    toxicity_terms: tuple[str, ...] = ()
    exclusion_reasons: tuple[str, ...] = ()
    labels: dict[str, str] = {}

    @model_validator(mode="after")
    def _fits(self) -> Self:
        own = [one.name for one in self.covariates]
        if len(set(own)) != len(own):
            raise ValueError("covariates: a name stands twice")
        if self.primary_reference not in self.primaries:
            raise ValueError(f"primary_reference is one of {', '.join(self.primaries)}")
        known = (*BUILT_IN, *own)
        asked = {
            "table2_factors": self.table2_factors,
            "table3_factors": self.table3_factors,
            "fig1_factors": self.fig1_factors,
            "incidence_factor": (self.incidence_factor,),
            "table1_by": (self.table1_by,) if self.table1_by else (),
            "models": tuple(name for model in self.models for name in model.factors),
            "cut_searches": tuple(one.factor for one in self.cut_searches),
        }
        for place, names in asked.items():
            for name in names:
                if name not in known:
                    raise ValueError(f"{place}: no factor is called {name}; {', '.join(known)}")
        self._suit_patients()
        for name in ("patient_figures", "sav"):
            if self.suppress_below > 1 and getattr(self, name):
                raise ValueError(f"{name} shows each patient, suppress_below hides few: take one")
        return self

    def _suit_patients(self) -> None:
        """Refuse factors of lesions where patients are compared: a patient may have several."""
        of_lesions = {"ptv", "ptv_thirds"}
        of_lesions |= {one.name for one in self.covariates if one.table == "lesions"}
        asked: list[tuple[str, tuple[str, ...]]] = [
            ("table3_factors", self.table3_factors),
            ("fig1_factors, second and third", self.fig1_factors[1:]),
            ("incidence_factor", (self.incidence_factor,)),
            ("table1_by", (self.table1_by,) if self.table1_by else ()),
        ]
        for model in self.models:
            if model.endpoint not in LESION_ENDPOINTS:
                asked.append((f"models, {model.endpoint}", model.factors))
            if model.method == "fine_gray" and not model.endpoint.endswith("_cif"):
                raise ValueError("models: fine_gray needs lf_cif, ehr_cif or ihr_cif")
        asked += [
            (f"cut_searches, {search.endpoint}", (search.factor,))
            for search in self.cut_searches
            if search.endpoint not in LESION_ENDPOINTS
        ]
        for place, names in asked:
            for name in names:
                if name in of_lesions:
                    raise ValueError(f"{place}: {name} belongs to lesions, this compares patients")

    @property
    def acute_text(self) -> str:
        """The limit between acute and late, in words."""
        return f"{self.acute_days:g} days after the first fraction"


def read_analysis(path: Path) -> Analysis:
    """Read settings from a TOML file; all that is wrong is said at once.

    Raises
    ------
    UsageError
        `bad-analysis` when the file cannot be read, is not TOML, or holds unknown or wrong keys.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError("bad-analysis", where=path.name, seen=str(error)) from error
    try:
        return Analysis.model_validate(content)
    except ValidationError as error:
        lines = [
            f"{'.'.join(map(str, one['loc']))}: {_plain(one['msg'])}" for one in error.errors()
        ]
        known = ", ".join(Analysis.model_fields)
        raise UsageError(
            "bad-analysis", where=path.name, seen="\n".join(lines), mend=f"keys: {known}"
        ) from error


def _plain(message: str) -> str:
    return "unknown key" if message == "Extra inputs are not permitted" else message
