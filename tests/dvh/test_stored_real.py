"""Eclipse's stored histograms, met by its own convention: no end caps."""

from __future__ import annotations

import pytest

from rtvol.dvh import dose_volume
from rtvol.dvh.compare import compare_dvh, our_values, stored_values
from rtvol.io import find, pick_dose, read_case, read_dose, read_stored_dvhs
from rtvol.solids import stack_planes

#: Steeper than anything else here: 1 % of the breast's volume is 0.2 Gy around its median.
FLAT = {("Breast", "D50%[Gy]"): 0.045}


@pytest.mark.compiled
def test_eclipse_is_met_without_caps(shared_data):
    (files,) = find([shared_data / "dicompyler-example"]).cases
    case = read_case(files)
    dose = read_dose(pick_dose(case))
    stored, findings = read_stored_dvhs(case.doses[0].path)
    assert findings == ()
    assert len(stored) == 9
    by_number = {one.roi_number: one for one in stored}
    compared = []
    for roi in case.structures.rois:
        if roi.is_empty:
            continue
        stack, _ = stack_planes(roi, cap_limit_mm=0.0)
        dvh = dose_volume(stack, dose)
        if dvh.volume_cc < 5 or dvh.outside_fraction > 0:
            continue
        compared.append(roi.name)
        theirs, ours = stored_values(by_number[roi.number]), our_values(dvh)
        for key in ("D95%[Gy]", "D50%[Gy]", "D2%[Gy]", "Mean[Gy]"):
            allowed = FLAT.get((roi.name, key), 0.02)
            assert ours[key] == pytest.approx(theirs[key], abs=allowed), (roi.name, key)
        rows = {row.quantity: row for row in compare_dvh(dvh, by_number[roi.number])}
        assert rows["Volume[cc]"].verdict == "agrees", roi.name
    assert compared == ["Breast", "Heart", "Lt Lung", "Tumor Bed", "Tumor Bed Block"]
