"""Histograms stored in a RTDOSE: volumes at the edges of their bins, or a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pydicom.sequence import Sequence

from naive import export
from rtvol.io import read_stored_dvhs

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pydicom.dataset import Dataset

    from rtvol.case import StoredDvh


def histogram(**values: object) -> Dataset:
    """Bins of 0.5, 0.5 and 1 (x 2) Gy that hold 3, 2 and 1 cc or more."""
    one = export.item(
        DVHType="CUMULATIVE",
        DoseUnits="GY",
        DoseType="PHYSICAL",
        DVHDoseScaling=2,
        DVHVolumeUnits="CM3",
        DVHNumberOfBins=3,
        DVHData=[0.5, 3, 0.5, 2, 1, 1],
        DVHMinimumDose=0.4,
        DVHMaximumDose=3.5,
        DVHReferencedROISequence=Sequence(
            [export.item(ReferencedROINumber=7, DVHROIContributionType="INCLUDED")]
        ),
    )
    for name, value in values.items():
        setattr(one, name, value)
    return one


def stored_in(folder: Path, *histograms: Dataset) -> tuple[tuple[StoredDvh, ...], list[str]]:
    dose = export.dose()
    if histograms:
        dose.DVHSequence = Sequence(histograms)
    found, findings = read_stored_dvhs(export.save(dose, folder / "rd.dcm"))
    assert {finding.code for finding in findings} <= {"stored-dvh-not-used"}
    return found, [f"{finding.where}: {finding.seen}" for finding in findings]


def test_a_dose_without_histograms(tmp_path: Path) -> None:
    assert stored_in(tmp_path) == ((), [])


def test_edges_are_sums_of_widths_and_volumes_those_at_the_lower_edges(tmp_path: Path) -> None:
    (one,), findings = stored_in(tmp_path, histogram())
    assert findings == []
    assert one.roi_number == 7
    assert one.edges_gy.tolist() == [0.0, 1.0, 2.0, 4.0]
    assert one.cumulative_cc.tolist() == [3.0, 2.0, 1.0, 0.0]
    assert one.bin_gy == 1.0
    assert (one.min_gy, one.max_gy, one.mean_gy) == (0.4, 3.5, None)


def test_a_differential_one_is_added_up_from_its_end(tmp_path: Path) -> None:
    """1 cc in each bin: 3, 2 and 1 cc receive at least its lower edge."""
    one = histogram(DVHType="DIFFERENTIAL", DVHData=[0.5, 1, 0.5, 1, 1, 1])
    (found,), _ = stored_in(tmp_path, one)
    assert found.cumulative_cc.tolist() == [3.0, 2.0, 1.0, 0.0]


def test_rounding_below_zero_is_nothing_and_volumes_never_rise(tmp_path: Path) -> None:
    (found,), findings = stored_in(tmp_path, histogram(DVHData=[1, 3, 1, 3.001, 1, -1e-7]))
    assert findings == []
    assert found.cumulative_cc.tolist() == [3.0, 3.0, 0.0, 0.0]


def rois(*kinds: str) -> Sequence:
    return Sequence(
        [
            export.item(ReferencedROINumber=n, DVHROIContributionType=kind)
            for n, kind in enumerate(kinds, 1)
        ]
    )


def without(name: str) -> Callable[[Dataset], None]:
    return lambda one: delattr(one, name)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"DVHReferencedROISequence": rois("INCLUDED", "INCLUDED")}, "2 regions"),
        ({"DVHReferencedROISequence": rois()}, "0 regions"),
        ({"DVHReferencedROISequence": rois("EXCLUDED")}, "leaves out"),
        ({"DoseUnits": "RELATIVE"}, "RELATIVE and CM3"),
        ({"DoseUnits": ""}, "no unit and CM3"),
        ({"DVHVolumeUnits": "PERCENT"}, "GY and PERCENT"),
        ({"DVHType": "NATURAL"}, "NATURAL"),
        ({"DVHType": ""}, "not said"),
        ({"DoseType": "EFFECTIVE"}, "not the physical one"),
        ({"DVHData": [0.5, 3, 0.5]}, "pairs"),
        ({"DVHData": []}, "pairs"),
        ({"DVHDoseScaling": 0}, "scaling"),
        ({"DVHDoseScaling": None}, "scaling"),
        ({"DVHData": [0.5, 3, -0.5, 2]}, "negative"),
        ({"DVHData": [0.5, 3, 0.5, -0.1]}, "negative"),
    ],
)
def test_one_that_cannot_be_compared_is_named_and_the_next_is_read(
    tmp_path: Path, values: dict[str, object], reason: str
) -> None:
    (found,), (finding,) = stored_in(tmp_path, histogram(**values), histogram())
    assert found.roi_number == 7
    assert finding.startswith("RTDOSE, stored DVH 1: ")
    assert reason in finding


def test_a_region_without_kind_is_included(tmp_path: Path) -> None:
    region = Sequence([export.item(ReferencedROINumber=3)])
    (found,), findings = stored_in(tmp_path, histogram(DVHReferencedROISequence=region))
    assert (found.roi_number, findings) == (3, [])
