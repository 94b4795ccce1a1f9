"""Distributions at their edges: one dose, no dose, one plane of dose, structures nothing holds."""

from __future__ import annotations

import math

import numpy as np
import pytest

from naive import dose as naive
from rtvol.dvh import (
    DVH,
    Field,
    Survival,
    Target,
    dose_volume,
    evaluate,
    index_value,
    measure_isodose,
    parse_metric,
    sampling,
)
from rtvol.dvh.compare import compare_dvh
from rtvol.dvh.curve import dose_at_volume_gy, generalised_mean_gy, volume_at_dose_cc
from rtvol.dvh.grammar import marked, one_line
from rtvol.dvh.isodose import regions_in
from rtvol.errors import UsageError
from rtvol.geometry import Grid
from rtvol.volumes import Dose

#: 40 cc spread evenly from 10 to 50 Gy.
EVEN = DVH(np.linspace(10, 50, 4001), np.linspace(0, 40, 4001), 40.0, 0.0)
NOTHING = DVH(np.empty(0), np.empty(0), 40.0, 40.0)
#: 3 cc at 20 Gy, 1 cc spread evenly up to 30 Gy.
FLAT = DVH(np.array([20.0, 20.0, 30.0]), np.array([0.0, 3.0, 4.0]), 4.0, 0.0)


def value(dvh: DVH, text: str, prescription_gy: float | None = None) -> float | None:
    return evaluate(dvh, parse_metric(text), prescription_gy=prescription_gy).value


def note(dvh: DVH, text: str, prescription_gy: float | None = None) -> str:
    return evaluate(dvh, parse_metric(text), prescription_gy=prescription_gy).note


@pytest.mark.parametrize(
    ("doses", "volumes"),
    [([20], [4]), ([1, 2], [0]), ([2, 1], [0, 1]), ([1, 2], [1, 0]), ([[1, 2]], [[0, 1]])],
)
def test_what_is_no_distribution_is_never_born(doses: list[object], volumes: list[object]) -> None:
    with pytest.raises(ValueError, match="DVH"):
        DVH(np.array(doses, float), np.array(volumes, float), 1.0, 0.0)


def test_a_structure_outside_the_dose_grid_has_no_dose_at_all() -> None:
    assert math.isnan(NOTHING.min_gy)
    assert math.isnan(NOTHING.max_gy)
    assert math.isnan(NOTHING.mean_gy)
    assert NOTHING.outside_fraction == 1.0
    assert NOTHING.histogram.cumulative_cc.size == NOTHING.histogram.edges_gy.size == 0
    assert NOTHING.histogram.cumulative_percent.size == 0
    for metric in ("D95%", "Mean", "V20Gy", "Min", "HI", "gEUD(2)", "NearMax"):
        assert value(NOTHING, metric) is None
        assert note(NOTHING, metric) == "100.0 % of the structure lies outside the dose grid"
    assert value(NOTHING, "Volume") == 40.0


@pytest.mark.parametrize(
    ("outside", "shown"),
    [(0.5, "1.2 %"), (0.004, "0.01 %"), (0.02, "0.1 %"), (3e-5, None), (6e-5, "0.00015 %")],
)
def test_a_part_outside_is_said_in_percent(outside: float, shown: str | None) -> None:
    part = DVH(EVEN.dose_gy, EVEN.below_cc * (1 - outside / 40), 40.0, outside)
    if shown is None:  # a millionth of the structure is round-off
        assert value(part, "Mean") == pytest.approx(30)
        assert part.outside_fraction == 0.0
    else:
        assert value(part, "Mean") is None
        assert note(part, "Mean").startswith(shown)


def test_a_flat_dose_counts_in_whole_at_that_dose() -> None:
    assert FLAT.mean_gy == pytest.approx((3 * 20 + 25) / 4)
    assert volume_at_dose_cc(FLAT, 20.0) == 4.0
    assert volume_at_dose_cc(FLAT, 20.1) == pytest.approx(0.99)
    assert dose_at_volume_gy(FLAT, 0.5) == pytest.approx(25)
    assert dose_at_volume_gy(FLAT, 1.0) == pytest.approx(20)
    assert dose_at_volume_gy(FLAT, 2.0) == dose_at_volume_gy(FLAT, 4.0) == 20.0
    assert dose_at_volume_gy(FLAT, 0.0) == 30.0
    assert dose_at_volume_gy(FLAT, 9.0) == 20.0


def test_generalised_means() -> None:
    """(mean of D^a)^(1/a); a cold spot of 0 Gy makes every negative one 0."""
    fine = EVEN.dose_gy
    for exponent in (-10.0, 1.0, 8.0):
        middle = (fine[1:] + fine[:-1]) / 2
        truth = np.mean(middle**exponent) ** (1 / exponent)
        assert generalised_mean_gy(EVEN, exponent) == pytest.approx(truth, rel=1e-12)
    cold = DVH(np.array([0.0, 10.0]), np.array([0.0, 1.0]), 1.0, 0.0)
    assert generalised_mean_gy(cold, -5.0) == 0.0
    assert generalised_mean_gy(cold, 1.0) == pytest.approx(5.0)
    cool = DVH(np.array([0.5, 0.5, 0.6]), np.array([0.0, 1.0, 1.0]), 1.0, 0.0)
    assert generalised_mean_gy(cool, -5.0) == pytest.approx(0.5)


def test_bins_begin_at_0_gy_and_hold_what_receives_nothing() -> None:
    """3 of 4 cc receive 0 Gy, the rest up to 0.02 Gy: 3.5 and 0.5 cc in the first two bins."""
    cold = DVH(np.array([0.0, 0.0, 0.02]), np.array([0.0, 3.0, 4.0]), 4.0, 0.0)
    assert cold.edges_gy.tolist() == [0.0, 0.01, 0.02, 0.03]
    assert cold.differential_cc == pytest.approx([3.5, 0.5, 0.0])
    assert cold.histogram.cumulative_cc == pytest.approx([4.0, 0.5, 0.0, 0.0])
    assert cold.histogram.cumulative_percent == pytest.approx([100.0, 12.5, 0.0, 0.0])
    assert cold.histogram.inside_cc == pytest.approx(4.0)


def test_near_extremes_of_small_and_large_targets() -> None:
    """ICRU 91: D98% and D2%, below 2 cc the coldest and hottest 35 mm3."""
    assert value(EVEN, "NearMax") == pytest.approx(49.2)
    assert value(EVEN, "NearMin") == pytest.approx(10.8)
    assert note(EVEN, "NearMax") == ""
    small = DVH(np.array([10.0, 20.0]), np.array([0.0, 1.0]), 1.0, 0.0)
    assert value(small, "NearMax") == pytest.approx(19.65)
    assert value(small, "NearMin") == pytest.approx(10.35)
    assert note(small, "NearMin").startswith("DC0.035cc")
    assert note(small, "NearMax").startswith("D0.035cc")
    two = DVH(np.array([10.0, 20.0]), np.array([0.0, 2.0]), 2.0, 0.0)
    assert value(two, "NearMax") == pytest.approx(19.8)
    dot = DVH(np.array([10.0, 20.0]), np.array([0.0, 0.03]), 0.03, 0.0)
    assert value(dot, "NearMin") is None
    assert "less than 35 mm3" in note(dot, "NearMin")
    just = DVH(np.array([10.0, 20.0]), np.array([0.0, 0.035]), 0.035, 0.0)
    assert value(just, "NearMin") == pytest.approx(20.0)


def test_homogeneity_of_a_dose_that_is_0_half_way_has_no_value() -> None:
    half = DVH(np.array([0.0, 0.0, 10.0]), np.array([0.0, 3.0, 4.0]), 4.0, 0.0)
    assert value(half, "HI") is None
    assert note(half, "HI") == "the doses of this structure have no such value"
    assert value(EVEN, "HI") == pytest.approx((49.2 - 10.8) / 30)


def test_a_metric_in_one_line() -> None:
    with pytest.raises(UsageError) as error:
        parse_metric("D95x")
    line = one_line(error.value.finding.seen)
    assert "\n" not in line
    assert line.startswith("D95x: ")
    assert line.endswith("at character 4")
    assert one_line("nothing marked") == "nothing marked"
    assert one_line(marked("V\x1b20", 1, "a unit")) == "V?20: a unit, at character 2"


def test_a_survival_in_words() -> None:
    assert Survival(10.0).text == "a/b 10 Gy"
    words = Survival(10.0, transition_gy=6.2).text
    assert words.startswith("a/b 10 Gy, LQ-L from 6.2 Gy, slope ")
    # 1 + 2 d_T / (a/b): the curve and its tangent meet (Astrahan 2008)
    assert float(words.rsplit(" ", 1)[1]) == pytest.approx(1 + 2 * 6.2 / 10)


def test_a_reading_without_the_quantity_explains_nothing() -> None:
    """A reading whose solid lies outside the dose grid has a volume, and no doses to compare."""
    from rtvol.case import StoredDvh

    edges = np.linspace(0, 60, 601)
    stored = StoredDvh(1, edges, 40 * np.clip((60 - edges) / 60, 0, 1), 0.1)
    rows = compare_dvh(EVEN, stored, readings=iter([("slab, caps none", NOTHING)]))
    doses = [row for row in rows if row.quantity.startswith("D")]
    assert "unexplained" in {row.verdict for row in doses}
    assert {row.verdict for row in doses} <= {"unexplained", "agrees"}


def plane_of_dose(count: int = 1) -> Dose:
    grid = Grid((-30, -30, 0), (1, 0, 0), (0, 1, 0), (2, 2), np.arange(count) * 2.0, (31, 31))
    return Dose(np.full(grid.shape, 20.0, np.float32), grid)


def column(z: tuple[float, ...]) -> object:
    return naive.stack_of({h: [naive.box((-5, 5), (-5, 5))] for h in z}, 2.0)


@pytest.mark.parametrize("interpolation", ["linear", "cubic"])
def test_one_plane_of_dose_is_no_volume_of_dose(interpolation: str) -> None:
    dvh = dose_volume(column((-2.0, 0.0, 2.0)), plane_of_dose(), interpolation=interpolation)  # type: ignore[arg-type]
    assert dvh.dose_gy.size == 0
    assert dvh.outside_cc == dvh.volume_cc == pytest.approx(0.6)
    assert regions_in(measure_isodose(plane_of_dose(), 10.0), column((0.0,))) == frozenset()  # type: ignore[arg-type]


def test_an_unknown_dose_everywhere_is_no_dose() -> None:
    dose = plane_of_dose(5)
    unknown = Dose(np.full(dose.grid.shape, np.nan, np.float32), dose.grid)
    dvh = dose_volume(column((2.0, 4.0)), unknown)  # type: ignore[arg-type]
    assert dvh.dose_gy.size == 0
    assert dvh.outside_cc == dvh.volume_cc == pytest.approx(0.4)


@pytest.mark.parametrize("held", [1, 10**6])
@pytest.mark.parametrize("end", [1.0, 9.0])
def test_a_cubic_dose_that_ends_within_the_structure_ends_there(
    end: float, held: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of the structure lies beyond the grid's last plane: counted, and no dose assumed."""
    monkeypatch.setattr(sampling, "SAMPLES_HELD", held)  # in many parts, or in one
    planes = tuple(np.arange(end - 19, end + 20, 2.0))
    dose = plane_of_dose(int(end // 2) + 1)
    reach = dose.grid.offsets_mm[-1]
    dvh = dose_volume(column(planes), dose, interpolation="cubic")  # type: ignore[arg-type]
    assert dvh.volume_cc - dvh.outside_cc == pytest.approx(0.1 * reach, abs=1e-6)
    if dvh.dose_gy.size:
        assert dvh.min_gy == pytest.approx(20, rel=1e-6)
        assert dvh.max_gy == pytest.approx(20, rel=1e-6)


def test_an_index_of_a_union_that_leaves_the_grid_is_not_said() -> None:
    """The target lies inside the dose grid, another one in the same isodose does not."""
    dose = plane_of_dose(21)
    values = np.array(dose.values_gy)
    values[:, [0, -1]] = values[:, :, [0, -1]] = values[[0, -1]] = 0.0
    dose = Dose(values, dose.grid)
    field = Field(lambda level: measure_isodose(dose, level), lambda s: dose_volume(s, dose))
    one = Target("A", column((10.0, 12.0)))  # type: ignore[arg-type]
    other = naive.stack_of({20.0: [naive.box((10, 40), (-5, 5))]}, 2.0)
    found = index_value(parse_metric("CI"), one, (Target("B", other),), field, prescription_gy=15.0)
    assert found.value is None
    assert "lies outside the dose grid" in found.note
