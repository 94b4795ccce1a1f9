"""Comparison with stored histograms whose values are known by hand."""

from __future__ import annotations

import numpy as np
import pytest

from rtvol.case import StoredDvh
from rtvol.dvh import DVH
from rtvol.dvh.compare import compare_dvh, stored_values, tags_agree


def even(volume_cc=40.0, low=10.0, high=50.0, outside=0.0):
    return DVH(
        np.linspace(low, high, 4001),
        np.linspace(0, volume_cc - outside, 4001),
        volume_cc,
        outside,
    )


def stored(volume_cc=40.0, low=10.0, high=50.0, width=0.1, **tags):
    edges = np.arange(0, high + width, width)
    hotter = volume_cc * np.clip((high - edges) / (high - low), 0, 1)
    hotter[-1] = 0.0
    return StoredDvh(1, edges, hotter, width, **tags)


def test_values_of_a_stored_curve():
    values = stored_values(stored())
    assert values["Volume[cc]"] == 40
    assert values["D95%[Gy]"] == pytest.approx(12, abs=1e-9)
    assert values["D50%[Gy]"] == pytest.approx(30, abs=1e-9)
    assert values["D2%[Gy]"] == pytest.approx(49.2, abs=1e-9)
    assert values["Mean[Gy]"] == pytest.approx(30, abs=1e-3)
    assert values["Max[Gy]"] == pytest.approx(50, abs=0.1)


def test_a_curve_with_a_flat_part_has_the_dose_where_it_falls():
    curve = StoredDvh(1, np.array([0, 10, 20, 30.0]), np.array([4, 2, 2, 0.0]), 10.0)
    assert stored_values(curve)["D50%[Gy]"] == pytest.approx(20.0)
    assert stored_values(StoredDvh(1, np.zeros(2), np.zeros(2), 1.0)) == {"Volume[cc]": 0}


def test_equal_curves_agree():
    rows = compare_dvh(even(), stored(), roi_volume_cc=40.1)
    assert [row.quantity for row in rows][:2] == ["Volume[cc]", "D95%[Gy]"]
    assert rows[-1].quantity == "ROIVolume[cc]"
    assert {row.verdict for row in rows} == {"agrees"}
    assert rows[-1].percent == pytest.approx(100 * (40 - 40.1) / 40.1)


def test_differences_are_explained_by_a_reading_by_bins_or_not_at_all():
    def readings():
        yield "slab, caps none", even(38.0, 11.0, 50.0)
        yield "loft, caps half", even(39.0, 10.5, 50.0)
        pytest.fail("nothing was left to explain")

    rows = {
        row.quantity: row for row in compare_dvh(even(), stored(38.0, 11.0), readings=readings())
    }
    assert rows["Volume[cc]"].verdict == "slab, caps none"
    assert rows["D95%[Gy]"].verdict == "slab, caps none"
    assert rows["Max[Gy]"].verdict == "agrees"
    (row,) = (r for r in compare_dvh(even(), stored(30.0)) if r.quantity == "Volume[cc]")
    assert row.verdict == "unexplained"
    low = compare_dvh(even(low=0.0, high=0.5), stored(low=0.0, high=0.54))
    verdicts = {row.quantity: row.verdict for row in low}
    assert verdicts["D50%[Gy]"] == "bins"


def test_a_value_between_those_of_two_readings_is_said_to_be():
    readings = [("slab, caps none", even(38.0))]
    rows = {row.quantity: row for row in compare_dvh(even(), stored(39.0), readings=readings)}
    assert rows["Volume[cc]"].verdict == "between readings"
    assert rows["D50%[Gy]"].verdict == "agrees"


def test_of_a_structure_that_leaves_the_dose_grid_the_part_inside_is_compared():
    rows = {row.quantity: row.verdict for row in compare_dvh(even(outside=1.0), stored())}
    assert rows.pop("Volume[cc]") == "agrees"
    assert set(rows) == {"D95%[Gy]", "D50%[Gy]", "D2%[Gy]", "Mean[Gy]", "Max[Gy]"}
    assert set(rows.values()) == {"in grid"}
    (volume,) = compare_dvh(even(outside=4.0), stored(36.0))[:1]
    assert (volume.quantity, volume.verdict) == ("Volume[cc]", "in grid")
    assert compare_dvh(even(), None) == ()


def test_an_attribute_in_percent_is_noticed():
    assert tags_agree(stored(max_gy=50.0))
    assert tags_agree(stored())
    assert not tags_agree(stored(max_gy=104.9))
