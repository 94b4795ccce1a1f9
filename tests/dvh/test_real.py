"""Real exports: closed forms of Nelms et al. (2015), and dense sampling of Eclipse plans."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from rtvol.dvh import dose_volume, evaluate, parse_metric
from rtvol.io import find, pick_dose, read_case, read_dose
from rtvol.io.rtdose import read_dose_source
from rtvol.io.rtstruct import read_structures
from rtvol.solids import stack_planes

if TYPE_CHECKING:
    from pathlib import Path

    from rtvol.dvh import DVH


def expected(shared_data: Path) -> dict:
    return json.loads((shared_data / "expected.json").read_text(encoding="utf-8"))


def value(dvh: DVH, text: str) -> float:
    found = evaluate(dvh, parse_metric(text)).value
    assert found is not None
    return found


@pytest.mark.compiled
@pytest.mark.parametrize("spacing", ["02", "10", "20", "30"])
def test_closed_forms_of_nelms_2015(shared_data, spacing):
    folder = shared_data / "nelms2015"
    rows = [
        r for r in expected(shared_data)["nelms2015"]["rows"] if f"_{spacing}_" in r["structure"]
    ]
    assert rows
    for row in rows:
        read = read_structures(folder / "structures" / f"{row['structure']}.dcm")
        roi = next(roi for roi in read.structures.rois if not roi.is_empty)
        source, _ = read_dose_source(folder / "dose" / f"{row['dose_grid']}.dcm")
        stack, _ = stack_planes(roi)
        dvh = dose_volume(stack, read_dose(source))
        truth, where = row["analytical"], f"{row['structure']} {row['dose_grid']}"
        assert dvh.mean_gy == pytest.approx(truth["Dmean"], abs=0.02), where
        assert dvh.min_gy == pytest.approx(truth["Dmin"], abs=1e-3), where
        assert dvh.max_gy == pytest.approx(truth["Dmax"], abs=1e-3), where
        # the contours are coarser than the ideal solid as the spacing grows
        if spacing == "10":
            assert value(dvh, "D95%") == pytest.approx(truth["D95%"], abs=0.13), where
        if "SupInf" in row["dose_grid"] and "Cylinder" in row["structure"]:
            for text in ("D99%", "D95%", "D5%", "D1%"):
                assert value(dvh, text) == pytest.approx(truth[text], abs=0.006), (where, text)
            assert value(dvh, "D0.03cc") == pytest.approx(truth["D0.03cc"], abs=0.02), where


@pytest.mark.parametrize("name", ["dicompyler-example", "eclipse-prostate"])
def test_eclipse_plans_agree_with_dense_sampling(shared_data, name):
    (files,) = find([shared_data / name]).cases
    case = read_case(files)
    dose = read_dose(pick_dose(case))
    sets = expected(shared_data)["sets"][name]["rois"]
    compared = 0
    for roi in case.structures.rois:
        truth = sets[roi.name].get("exact_dvh_slab")
        if roi.is_empty or truth is None or truth["outside_grid_fraction"] > 0:
            continue
        stack, _ = stack_planes(roi)
        dvh = dose_volume(stack, dose)
        volume = sets[roi.name]["exact"]["vol_evenodd_slab_cc"]
        assert dvh.volume_cc == pytest.approx(volume, rel=1e-3 if volume > 5 else 5e-3), roi.name
        assert dvh.outside_fraction == 0, roi.name
        if volume > 5:
            for text in ("D95%", "D50%", "D2%"):
                assert value(dvh, text) == pytest.approx(truth[text], abs=0.05), (roi.name, text)
            assert dvh.mean_gy == pytest.approx(truth["Dmean"], abs=0.05), roi.name
            assert dvh.max_gy == pytest.approx(truth["Dmax_incl_boundary"], abs=0.05), roi.name
            assert dvh.min_gy == pytest.approx(truth["Dmin_incl_boundary"], abs=0.02), roi.name
            compared += 1
    assert compared >= 5
