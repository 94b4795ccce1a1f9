"""Curves of a cohort in one file: they come back as they went, and damage is named."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtvol.errors import InputError
from rtvol.tables.curve_file import STEP_GY, ThinCurve, read_curves, write_curves

NAMES = st.text(max_size=20)
PERCENTS = st.lists(st.floats(0, 100), max_size=30)
CURVES = st.builds(
    ThinCurve,
    NAMES,
    NAMES,
    st.sampled_from(("gtv", "ctv", "ptv", "ptv_clip", "roi")),
    st.sampled_from(("physical", "EQD2, a/b 3 Gy")),
    PERCENTS.map(lambda values: np.array(values, np.float32)),
    st.floats(0, 1),
)
GOOD = {
    "schema": "rtvol/curves@1",
    "step_gy": STEP_GY,
    "curves": [
        {
            "case": "a",
            "structure": "PTV",
            "role": "ptv",
            "dose": "physical",
            "outside_fraction": 0.0,
            "percent": [100.0, 50.0],
        }
    ],
}


@given(st.lists(CURVES, max_size=5))
def test_curves_come_back_to_a_hundredth_of_a_percent(curves: list[ThinCurve]) -> None:
    with TemporaryDirectory() as folder:
        path, again = Path(folder) / "c.json.gz", Path(folder) / "d.json.gz"
        write_curves(path, curves)
        read = read_curves(path)
        write_curves(again, read)
        assert path.read_bytes() == again.read_bytes()
    assert len(read) == len(curves)
    for one, other in zip(curves, read, strict=True):
        assert (one.case, one.structure, one.role, one.axis) == (
            other.case,
            other.structure,
            other.role,
            other.axis,
        )
        assert one.outside_fraction == other.outside_fraction
        assert np.allclose(one.percent, other.percent, rtol=0, atol=0.0051)


def test_a_sound_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "curves.json.gz"
    path.write_bytes(gzip.compress(json.dumps(GOOD).encode()))
    (curve,) = read_curves(path)
    assert curve.percent.tolist() == [100.0, 50.0]


@pytest.mark.parametrize(
    "spoilt",
    [
        b"",
        b"no gzip",
        gzip.compress(json.dumps(GOOD).encode())[:-9],
        gzip.compress(b"[]"),
        gzip.compress(b"{"),
        *(
            gzip.compress(json.dumps({**GOOD, **change}).encode())
            for change in (
                {"schema": "rtvol/curves@2"},
                {"step_gy": 0.5},
                {"curves": [{"case": "a"}]},
                {"curves": [{**GOOD["curves"][0], "percent": [1.0, None]}]},  # type: ignore[index]  # a list of dicts
                {"curves": [{**GOOD["curves"][0], "percent": [[1.0]]}]},  # type: ignore[index]  # a list of dicts
                {"curves": [{**GOOD["curves"][0], "structure": 3}]},  # type: ignore[index]  # a list of dicts
                {"curves": {"a": 1}},
            )
        ),
    ],
)
def test_damage_is_named(spoilt: bytes, tmp_path: Path) -> None:
    path = tmp_path / "curves.json.gz"
    path.write_bytes(spoilt)
    with pytest.raises(InputError) as raised:
        read_curves(path)
    assert raised.value.finding.code == "output-unreadable"
