"""Settings: all that is wrong at once, and rules of a mode below those of the file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rtvol.errors import UsageError
from rtvol.outcomes import Analysis, read_analysis
from rtvol.outcomes.study import settings_of

if TYPE_CHECKING:
    from pathlib import Path


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "analysis.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_an_empty_file_is_the_defaults(tmp_path: Path) -> None:
    assert read_analysis(write(tmp_path, "")) == Analysis()


def test_settings_are_read(tmp_path: Path) -> None:
    text = """
patient_bed = "ptv_weighted"
alpha_beta_gy = 3
suppress_below = 5
[horizons_months]
lc = [6, 12]
[cut_points.ptv_ml]
at = 20
pre_specified = true
"""
    found = read_analysis(write(tmp_path, text))
    assert (found.patient_bed, found.alpha_beta_gy, found.suppress_below) == ("ptv_weighted", 3, 5)
    assert found.horizons_months.lc == (6, 12)
    assert found.horizons_months.os == (24, 60)
    assert (found.cut_points.ptv_ml.at, found.cut_points.ptv_ml.pre_specified) == (20, True)


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    text = (
        'alpha_betas = 3\nmax_targets = 0\npatient_bed = "median"\n[cut_points.ptv_ml]\nat = -1\n'
    )
    with pytest.raises(UsageError, match="bad-analysis") as caught:
        read_analysis(write(tmp_path, text))
    seen = caught.value.finding.seen
    for key in ("alpha_betas: unknown key", "max_targets", "patient_bed", "cut_points.ptv_ml.at"):
        assert key in seen
    assert "alpha_beta_gy" in caught.value.finding.mend


@pytest.mark.parametrize("text", ["= 3", "a = [1,"])
def test_what_is_not_toml(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageError, match="bad-analysis"):
        read_analysis(write(tmp_path, text))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="bad-analysis"):
        read_analysis(tmp_path / "none.toml")


def test_a_mode_gives_way_to_what_the_file_says() -> None:
    assert settings_of(Analysis(), "default").ttp_censoring == "last_imaging"
    assert settings_of(Analysis(), "paper").ttp_censoring == "last_contact"
    asked = Analysis(ttp_censoring="last_imaging")
    assert settings_of(asked, "paper").ttp_censoring == "last_imaging"
    assert settings_of(asked, "paper").systemic_rule == "as_coded"
