"""How far an isodose lies beyond a target: linear and round doses, and the command."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from drawings import ball
from rtvol.cli import main
from rtvol.errors import CaseRejected, UsageError
from rtvol.geometry import Grid
from rtvol.margins.achieved import DIRECTIONS
from rtvol.verbs.dose_margin import dose_margin
from rtvol.verbs.dose_margins import Level, parse_level
from rtvol.volumes import Dose

if TYPE_CHECKING:
    from pathlib import Path

CENTRE = (1.0, -2.0, 3.0)


def dose_of(function, step: float = 2.0, count: int = 50) -> Dose:
    z, y, x = (np.arange(count) * step - count * step / 2 for _ in range(3))
    values = function(x, y[:, None], z[:, None, None]) + 0 * (x + y[:, None] + z[:, None, None])
    grid = Grid((x[0], y[0], z[0]), (1, 0, 0), (0, 1, 0), (step, step), z - z[0], (count, count))
    return Dose(values.astype(np.float32), grid)


def round_dose(*at) -> np.ndarray:
    """60 Gy in the middle, 2 Gy / mm less outwards."""
    return 60 - 2 * np.sqrt(sum((a - c) ** 2 for a, c in zip(at, CENTRE, strict=True)))


@pytest.mark.parametrize("radius", [10.0, 16.0, 22.0])
def test_a_round_isodose_round_a_ball(radius: float) -> None:
    """Level 60 - 2 r Gy is a sphere of r mm: 8 mm beyond the ball, 2 mm beyond, 4 mm inside."""
    target = ball(CENTRE, radius, 1.0)
    found = dose_margin(target, dose_of(round_dose), 60 - 2 * 18.0)
    assert found.whole.min_mm == pytest.approx(18 - radius, abs=0.1)
    assert found.whole.max_mm == pytest.approx(18 - radius, abs=0.1)
    assert set(found.toward) == set(DIRECTIONS)
    for spread in found.toward.values():
        assert spread.min_mm == pytest.approx(18 - radius, abs=0.1)
    assert found.uncovered_percent == (0.0 if radius < 18 else 100.0)
    assert not found.is_open


def test_a_plane_beside_a_ball() -> None:
    """30 + 2 x Gy: 20 Gy is the plane x = -5, 11 mm to the right of the ball's right pole."""
    target = ball((14.0, 0.0, 0.0), 8.0, 1.0)
    found = dose_margin(target, dose_of(lambda *at: 30 + 2 * at[0]), 20.0)
    assert found.whole.min_mm == pytest.approx(11.0, abs=0.05)
    assert found.least_toward == "right"
    assert found.least_at_mm == pytest.approx((6.0, 0.0, 0.0), abs=1.0)
    assert found.whole.max_mm == pytest.approx(27.0, abs=0.05)
    # what faces left lies at 45 degrees or more: from x = 14 + 8 / sqrt(3) on
    assert found.toward["left"].min_mm == pytest.approx(19 + 8 / np.sqrt(3), abs=0.5)
    assert found.is_open
    through = dose_margin(
        ball((-5.0, 0.0, 0.0), 8.0, 1.0), dose_of(lambda *at: 30 + 2 * at[0]), 20.0
    )
    assert through.whole.min_mm == pytest.approx(-8.0, abs=0.05)
    assert through.uncovered_percent == pytest.approx(50, abs=2)


def test_another_hot_region_does_not_count() -> None:
    """An isodose that lies elsewhere is not the target's."""

    def two(*at):
        r = [np.sqrt((at[0] - x) ** 2 + at[1] ** 2 + at[2] ** 2) for x in (-20.0, 20.0)]
        return np.maximum(60 - 3 * r[0], 60 - 3 * r[1])

    found = dose_margin(ball((-20.0, 0.0, 0.0), 6.0, 1.0), dose_of(two), 30.0)
    # the samples, 2 mm apart, lie inside so round an isodose by up to 0.1 mm
    assert found.whole.min_mm == pytest.approx(4.0, abs=0.15)
    assert found.whole.max_mm == pytest.approx(4.0, abs=0.15)


def test_what_gives_no_number() -> None:
    target, dose = ball(CENTRE, 10.0, 2.0), dose_of(round_dose)
    with pytest.raises(CaseRejected, match="isodose-not-reached"):
        dose_margin(target, dose, 61.0)
    with pytest.raises(CaseRejected, match="outside-dose-grid"):
        dose_margin(ball((45.0, 0.0, 0.0), 10.0, 2.0), dose, 30.0)
    with pytest.raises(CaseRejected, match="isodose-not-reached"):
        dose_margin(target, dose_of(lambda *_: 50.0), 30.0)


def test_levels() -> None:
    assert parse_level("45Gy") == parse_level(" 4500 cgy ") == Level(45.0, "Gy")
    assert parse_level("95 %") == Level(95.0, "%")
    for text in ("45", "Gy", "0 Gy", "-3Gy", "95 percent", "nanGy"):
        with pytest.raises(UsageError, match="bad-isodose"):
            parse_level(text)


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    code = main([str(word) for word in words])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_asked_achieved_and_dose_of_patient3(
    sample_dicom: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call = ["margin", "dose", sample_dicom / "patient3", "--ctv", 2, "--ptv", "L4,R4,A3,P4,S5,I4"]
    code, out, err = run(capsys, *call, "--isodose", "95 %", "--isodose", "30Gy", "--json")
    assert code == 0, err
    (case,) = json.loads(out)["cases"]
    high, low = case["margins"]
    assert (high["target"], high["outer"], high["isodose_gy"]) == ("CTV", "PTV", 42.75)
    assert high["directions"]["anterior"]["asked_mm"] == 3.0
    assert high["directions"]["superior"]["asked_mm"] == 5.0
    for name in DIRECTIONS:
        three = high["directions"][name]
        # the least of what faces a direction is nearer to that asked for beside it
        assert 2.8 < three["achieved_mm"] < three["asked_mm"] + 0.2
        assert low["directions"][name]["dose_mm"] > three["dose_mm"]
    assert high["least_mm"] == min(one["dose_mm"] for one in high["directions"].values())


def test_drawn_targets_and_what_is_refused(
    sample_dicom: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call = ["margin", "dose", sample_dicom / "patient1"]
    code, out, _ = run(
        capsys, *call, "--target", "GTV", "--isodose", "45Gy", "--outer", "Liver", "--asked", 4
    )
    assert code == 0
    assert "asked" in out
    assert "achieved, Liver" in out
    for words, wanted, says in (
        ((), 2, "bad-isodose"),
        (("--isodose", "45"), 2, "bad-isodose"),
        (("--isodose", "45Gy", "--ctv", "2"), 2, "both are needed"),
        (("--isodose", "45Gy", "--avoid", "Liver"), 2, "targets that are made"),
        (("--isodose", "99Gy"), 1, "isodose-not-reached"),
        (("--isodose", "45Gy", "--target", "GVT"), 1, 'did you mean "GTV"'),
        (("--isodose", "45Gy", "--target", "BODY"), 1, "outside-dose-grid"),
    ):
        code, out, err = run(capsys, *call, *words)
        assert code == wanted, (words, out, err)
        assert says in out + err
