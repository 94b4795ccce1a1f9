"""The settings of an analysis, `analysis.toml`: what is compared, where it is cut."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rtvol.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

MONTH_DAYS = 30.4375
Positive = Annotated[float, Field(gt=0)]
Factor = Literal[
    "age", "sex", "primary", "extrahepatic", "systemic", "ptv", "ptv_thirds", "bed",
    "targets", "interval", "cptv",
]  # fmt: skip
EndpointName = Literal[
    "lc", "lf_cif", "ttp", "pfs", "os", "os_dx", "os_dx_lt", "ehr_cif", "ihr_cif"
]


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


class Analysis(_Strict):
    """Settings of one analysis; every field has a default."""

    horizons_months: Horizons = Horizons()
    cut_points: Cuts = Cuts()
    margins: Margins = Margins()
    table2_factors: tuple[Factor, ...] = (
        "age", "sex", "primary", "extrahepatic", "systemic", "ptv", "ptv_thirds", "bed",
    )  # fmt: skip
    table3_factors: tuple[Factor, ...] = (
        "age", "sex", "primary", "extrahepatic", "interval", "systemic", "targets", "cptv", "bed",
    )  # fmt: skip
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
    multiplicity: Literal["none", "holm", "bh"] = "none"
    dose_selection_rule: str = ""
    labels: dict[str, str] = {}
    language: Literal["en"] = "en"

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
