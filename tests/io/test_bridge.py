"""The bridge to rt-utils: contours cross it exactly, both ways."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pydicom
import pytest

from naive.small_ct import ROOT, SmallCt, make_case, write_series
from rtvol.errors import ExtraMissing, UsageError
from rtvol.io.bridge import from_rt_utils, to_rt_utils
from rtvol.io.write import write_rtstruct
from rtvol.structures import Contour, Roi

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import ModuleType

    from numpy.typing import NDArray

pytestmark = [
    # rt-utils 1.2.7 still sets attributes that pydicom 3 will drop
    pytest.mark.filterwarnings("ignore:.*is_(little_endian|implicit_VR):DeprecationWarning"),
]
CT = SmallCt()


@pytest.fixture
def rt_utils(require_module: Callable[[str], ModuleType]) -> ModuleType:
    return require_module("rt_utils")


@pytest.fixture
def new_rtstruct(rt_utils: ModuleType, tmp_path: Path) -> Any:
    write_series(CT, tmp_path / "ct")
    return rt_utils.RTStructBuilder.create_new(str(tmp_path / "ct"))


def ring(radius_mm: float, count: int = 90) -> NDArray[np.float64]:
    angle = np.arange(count) * 2 * np.pi / count
    return np.round(np.column_stack([np.cos(angle), np.sin(angle)]) * radius_mm, 3)


def disc(name: str, *radii_mm: float) -> Roi:
    contours = tuple(Contour(ring(r), z) for z in CT.z_mm[2:7] for r in radii_mm)
    return Roi(name, 1, "PTV", contours, (1, 2, 3), description="PTV of a test")


def test_our_contours_reach_rt_utils_and_come_back(new_rtstruct: Any) -> None:
    done = to_rt_utils(new_rtstruct, [disc("PTV", 30), disc("ptv", 20)])
    assert new_rtstruct.get_roi_names() == ["PTV", "ptv_2"]
    assert done.renamed == {"ptv": "ptv_2"}
    structures, findings = from_rt_utils(new_rtstruct)
    assert findings == ()
    assert structures.frame_uid == f"{ROOT}.1"
    assert structures.series_uids == (f"{ROOT}.3",)
    assert [(roi.name, roi.number, roi.kind) for roi in structures.rois] == [
        ("PTV", 1, "PTV"),
        ("ptv_2", 2, "PTV"),
    ]
    for roi, radius_mm in zip(structures.rois, (30, 20), strict=True):
        assert roi.colour == (1, 2, 3)
        assert [contour.z_mm for contour in roi.contours] == CT.z_mm[2:7]
        assert [c.image_uid for c in roi.contours] == [f"{ROOT}.4.{k}" for k in range(3, 8)]
        for contour in roi.contours:
            np.testing.assert_array_equal(contour.xy_mm, ring(radius_mm))


def test_saved_file_holds_our_contours_beside_those_of_rt_utils(
    new_rtstruct: Any, tmp_path: Path
) -> None:
    mask = np.zeros((128, 128, 10), bool)
    mask[40:80, 30:90, 4] = True
    new_rtstruct.add_roi(mask=mask, name="GTV", color=[255, 0, 0])
    to_rt_utils(new_rtstruct, [disc("GTV", 30, 10), disc("Lebér 山", 5)])
    new_rtstruct.save(str(tmp_path / "RS.dcm"))
    dataset = pydicom.dcmread(tmp_path / "RS.dcm")
    names = [item.ROIName for item in dataset.StructureSetROISequence]
    assert names == ["GTV", "GTV_2", "Lebér_山"]
    assert [item.ROINumber for item in dataset.StructureSetROISequence] == [1, 2, 3]
    numbers = [item.ObservationNumber for item in dataset.RTROIObservationsSequence]
    assert len(set(numbers)) == 3
    keyhole = dataset.ROIContourSequence[1].ContourSequence[0]
    assert keyhole.NumberOfContourPoints == 90 + 90 + 2
    points = np.array(keyhole.ContourData, dtype=float).reshape(-1, 3)
    np.testing.assert_allclose(sorted(set(np.hypot(*points[:, :2].T).round(2))), [10, 30])


def test_what_rt_utils_drew_is_taken_as_drawn(new_rtstruct: Any) -> None:
    mask = np.zeros((128, 128, 10), bool)
    mask[40:80, 30:90, 4] = True
    new_rtstruct.add_roi(mask=mask, name="GTV", color=[255, 0, 0])
    (roi,) = from_rt_utils(new_rtstruct)[0].rois
    (contour,) = roi.contours
    # corners at the centres of the edge pixels: columns 30..89, rows 40..79 of 1 mm
    np.testing.assert_allclose(contour.xy_mm.min(axis=0), [30 - 63.5, 40 - 63.5])
    np.testing.assert_allclose(contour.xy_mm.max(axis=0), [89 - 63.5, 79 - 63.5])
    assert contour.z_mm == CT.z_mm[4]


def test_rt_utils_reads_what_we_write(rt_utils: ModuleType, tmp_path: Path) -> None:
    write_series(CT, tmp_path / "ct")
    write_rtstruct(
        tmp_path / "RS.dcm",
        make_case(CT),
        [disc("PTV", 40, 20)],
        label="rtvol",
        name="test",
        description="test",
    )
    read = rt_utils.RTStructBuilder.create_from(str(tmp_path / "ct"), str(tmp_path / "RS.dcm"))
    mask = read.get_roi_mask_by_name("PTV")
    planes = mask.sum(axis=(0, 1))
    assert list(np.flatnonzero(planes)) == [2, 3, 4, 5, 6]
    # it counts the pixels under the line as inside: half a pixel more all round, holes too
    low_mm2, high_mm2 = np.pi * (40**2 - 20**2), np.pi * (41**2 - 19**2)
    assert ((planes[2:7] > 0.99 * low_mm2) & (planes[2:7] < 1.01 * high_mm2)).all()
    assert not mask[64, 64].any()


def test_something_else_is_refused(rt_utils: ModuleType) -> None:
    with pytest.raises(UsageError, match="not-rt-utils"):
        from_rt_utils(pydicom.Dataset())


def test_without_rt_utils_the_install_line_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rt_utils", None)
    with pytest.raises(ExtraMissing) as caught:
        to_rt_utils(object(), [])
    assert caught.value.finding.code == "extra-missing"
    assert 'pip install "rtvol[rt-utils]"' in caught.value.finding.mend
    assert caught.value.exit_code == 5
