"""Names that planning systems accept."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtvol.io.names import clean, dicom_names


@pytest.mark.parametrize(
    ("given_names", "written"),
    [
        (["GTV", "PTV^clip", "z_Ring"], ["GTV", "PTV^clip", "z_Ring"]),
        (["GTV 1"], ["GTV_1"]),
        (["GTV 1", "GTV_1"], ["GTV_1_2", "GTV_1"]),  # the name that can stay does stay
        (["GTV", "gtv", "Gtv"], ["GTV", "gtv_2", "Gtv_3"]),
        (["GTV liver segment VII"], ["GTV_live_seg_VII"]),
        (["PTV_liver_segment_VIII^clip"], ["PTV_VIII^clip"]),
        (["PTV_boost_5040_cGy^clip"], ["PTV_5040^clip"]),
        (["PTV_liver_seg7x^clip", "PTV_liver_seg8x^clip"], ["PTV_seg7x^clip", "PTV_seg8x^clip"]),
        (["ABCDEFGHIJKLMNOPQ", "ABCDEFGHIxKLMNOPQ"], ["ABCDEFGHIKLMNOPQ", "ABCDEFG_2KLMNOPQ"]),
        (["Größe ≥ 3 cm³ GTV"], ["Größe_≥_3cm³_GTV"]),
        (["Recto123456789012345"], ["Recto12349012345"]),
        (["", "\\", "a\nb", "  "], ["ROI", "_", "a_b", "ROI_2"]),
        (["Lebér"], ["Lebér"]),
    ],
)
def test_examples(given_names: list[str], written: list[str]) -> None:
    assert list(dicom_names(given_names)) == written


def test_names_in_use_are_avoided() -> None:
    assert dicom_names(["GTV", "CTV"], taken=["gtv", "GTV_2"]) == ("GTV_3", "CTV")


@given(st.lists(st.text(max_size=30) | st.sampled_from(["GTV 1", "gtv_1", "PTV^clip", "A" * 40])))
def test_any_names_become_short_unique_and_stable(names: list[str]) -> None:
    written = dicom_names(names)
    assert len({name.casefold() for name in written}) == len(names)
    for name in written:
        assert 0 < len(name) <= 16
        assert not any(char.isspace() or char == "\\" or not ord(char) >= 32 for char in name)
    assert dicom_names(written) == written


def test_clean_text() -> None:
    assert clean(" a\\b\x1b[31m\n", 64) == "a_b_[31m"
    assert clean("a\\b\nc\x00", 64, lines=True) == "a\\b\nc_"
    assert clean("x" * 100, 16) == "x" * 16
