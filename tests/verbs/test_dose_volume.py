"""Rows of regions in a dose that is a plane: means are doses at the middle, worked out once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from rtvol import codes, io
from rtvol.dvh.readings import Sampling
from rtvol.errors import CaseRejected
from rtvol.io import find
from rtvol.solids.reading import Reading
from rtvol.structures import Contour, Roi, StructureSet
from rtvol.verbs import bench as bench_module
from rtvol.verbs.bench import bench_of
from rtvol.verbs.dose_volume import DvhJob, dvh_case, region_rows
from rtvol.verbs.given_dose import case_dose
from rtvol.verbs.region_rows import Chosen, chosen_regions
from rtvol.verbs.terms import Terms
from verbs.conftest import AT_CENTRE_GY, SLOPE_GY

if TYPE_CHECKING:
    from rtvol.case import Case
    from rtvol.dvh.grammar import Metric
    from rtvol.io import CaseFiles
    from rtvol.tables.rows import CaseResult, StructureRow

MEAN = "Mean[Gy]"
#: Doses at the middles of the balls.
MIDDLES = {"Liver": AT_CENTRE_GY, "GTV": AT_CENTRE_GY + 10 * SLOPE_GY}


def rows_of(result: CaseResult) -> dict[str, StructureRow]:
    return {row.name: row for row in result.structures}


def metrics(*texts: str) -> tuple[Metric, ...]:
    from rtvol.dvh import parse_metrics

    return parse_metrics(texts)


def measured(case: Case, *texts: str, terms: Terms | None = None, **how: Any) -> dict[str, Any]:
    bench = bench_of(case, case_dose(case), Sampling(**how), terms or Terms())
    chosen = chosen_regions(case.structures, [])
    rows, findings = region_rows(bench, chosen, metrics(*texts))
    return {"findings": findings, **{row.name: row for row in rows}}


def with_roi(case: Case, roi: Roi) -> Case:
    structures = replace(case.structures, rois=(*case.structures.rois, roi))
    return replace(case, structures=structures)


def disc(name: str, kind: str = "", *, planes_mm: tuple[float, ...] = (0.0,)) -> Roi:
    turn = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    xy = 5 * np.column_stack([np.cos(turn), np.sin(turn)])
    return Roi(name, 90, kind, tuple(Contour(xy, z) for z in planes_mm))


def test_the_mean_of_a_ball_in_a_plane_of_dose_is_that_at_its_middle(
    plane_files: CaseFiles,
) -> None:
    rows = rows_of(dvh_case(plane_files, DvhJob(metrics=("Mean", "D50%"))))
    for name, dose_gy in MIDDLES.items():
        assert rows[name].metrics[MEAN] == pytest.approx(dose_gy, abs=0.05)
        assert rows[name].metrics["D50%[Gy]"] == pytest.approx(dose_gy, abs=0.1)
        dose = rows[name].dose
        assert dose is not None
        assert (dose.solid, dose.caps, dose.interpolation) == ("slab", "half", "linear")
        assert dose.volume_cc == rows[name].volume.cc
    assert rows["GTV"].notes["prescription"].startswith("45 Gy in 3 fractions (RTPLAN)")


def test_each_roi_is_stacked_once_for_rows_goals_and_expressions(
    plane: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rtvol.dvh.goals import GoalSet, parse_goal
    from rtvol.names import regions
    from rtvol.verbs.judge import goal_rows

    stacked: list[str] = []
    stack = regions.stack_planes

    def counted(roi: Roi, **how: Any) -> Any:
        stacked.append(roi.name)
        return stack(roi, **how)

    monkeypatch.setattr(regions, "stack_planes", counted)
    goals = GoalSet(
        "t", (parse_goal("GTV D95% >= 1 Gy"), parse_goal("Liver Mean <= 99 Gy")), None, {}
    )
    bench = bench_of(plane, case_dose(plane), Sampling(), Terms(goals=(goals,)))
    chosen = chosen_regions(plane.structures, ["*", "Liver-GTV"])
    rows, _ = region_rows(bench, chosen, metrics("Mean", "CI", "GI"))
    judged, _ = goal_rows(bench)
    assert (len(rows), len(judged)) == (4, 2)
    assert sorted(stacked) == ["Duodenum", "GTV", "Liver"]


def test_a_dose_axis_turns_doses_and_says_how(plane: Case) -> None:
    bed = measured(plane, "Mean", "V100%", terms=Terms(axis="bed"))
    point = MIDDLES["GTV"]
    assert bed["GTV"].dose.axis == "BED, a/b 10 Gy, 3 fractions"
    # the square of a plane's dose is averaged over the ball: its variance adds r^2 / 5 of the slope
    variance = SLOPE_GY**2 * 7.0**2 / 5
    wanted = point + (point**2 + variance) / 3 / 10
    assert bed["GTV"].metrics[MEAN] == pytest.approx(wanted, rel=2e-3)
    unknown = replace(plane, plan=None, plans=())
    silent = measured(unknown, "Mean", "Volume", "CI", terms=Terms(45.0, axis="eqd2"))
    assert silent["GTV"].metrics[MEAN] is None
    assert "needs the number of fractions" in silent["GTV"].notes[MEAN]
    assert silent["GTV"].metrics["Volume[cc]"] == silent["GTV"].volume.cc
    assert silent["GTV"].dose.axis == "EQD2, a/b 10 Gy"
    assert "BED needs the number" in silent["GTV"].notes["prescription"]
    linear = measured(plane, "Mean", terms=Terms(axis="bed", linear_from=(("gtv*", 6.2, None),)))
    assert "LQ-L from 6.2 Gy" in linear["GTV"].dose.axis
    assert "LQ-L" not in linear["Liver"].dose.axis
    without = measured(plane, "Mean", terms=Terms(axis="bed", prescription_gy=None))
    assert without["Liver"].dose.axis == "BED, a/b 3 Gy, 3 fractions"


def test_without_a_prescription_the_axis_still_stands(plane: Case) -> None:
    bare = replace(plane, plan=replace(plane.plan, prescription_gy=None), plans=())
    rows = measured(bare, "Mean", "V100%", terms=Terms(axis="bed", fractions=3))
    assert rows["GTV"].metrics[MEAN] > MIDDLES["GTV"]
    assert rows["GTV"].metrics["V100%[%]"] is None
    assert "prescription" not in rows["GTV"].notes


def test_indices_are_of_targets_and_of_the_physical_dose(plane: Case) -> None:
    bell = measured(plane, "CI", "HI", terms=Terms(prescription_gy=45.0, axis="bed"))
    assert bell["Liver"].notes["CI"] == "an ROI of type ORGAN is no target"
    assert bell["GTV"].metrics["CI"] is None  # the isodose of a plane is cut by the grid's edge
    untyped = with_roi(plane, disc("Node", planes_mm=(0.0, 3.0)))
    assert measured(untyped, "CI")["Node"].notes["CI"] == "it is no target by its type or its name"


def test_a_target_beside_that_has_no_solid_is_left_out_and_said(plane: Case) -> None:
    flat = with_roi(plane, disc("GTV2", "GTV"))
    bench = bench_of(flat, case_dose(flat), Sampling(Reading("slab", 0.0)), Terms())
    chosen = chosen_regions(flat.structures, ["GTV"])
    rows, findings = region_rows(bench, chosen, metrics("CI"))
    assert [row.name for row in rows] == ["GTV"]
    assert [one.code for one in findings] == ["roi-single-slice", "no-volume"] or [
        one.code for one in findings
    ] == ["no-volume"]


def test_a_structure_without_a_solid_has_no_row_and_the_others_stand(plane: Case) -> None:
    flat = with_roi(plane, disc("Flat"))
    found = measured(flat, "Mean", reading=Reading("slab", 0.0))
    assert "Flat" not in found
    (said,) = [one for one in found["findings"] if one.code == "no-volume"]
    assert (said.severity, said.where) == ("warning", "ROI Flat")
    assert said.seen.endswith("it has no row")
    alone = replace(flat, structures=StructureSet((disc("Flat"),)))
    with pytest.raises(CaseRejected, match="no-volume"):
        measured(alone, "Mean", reading=Reading("slab", 0.0))


def test_an_expression_without_a_solid_is_a_row_without_numbers(plane: Case) -> None:
    flat = with_roi(plane, disc("Flat"))
    bench = bench_of(flat, case_dose(flat), Sampling(Reading("slab", 0.0)), Terms())
    chosen = chosen_regions(flat.structures, ["Liver", "Flat+Flat", "Liver-Nowhere"])
    rows, findings = region_rows(bench, chosen, metrics("Mean"))
    assert [row.name for row in rows] == ["Liver", "Flat+Flat", "Liver-Nowhere"]
    assert [row.volume.cc is None for row in rows] == [False, True, True]
    assert {one.code for one in findings} >= {"no-volume", "roi-not-found"}
    assert rows[1].dose is not None
    assert rows[1].dose.axis == ""


def test_what_a_case_lacks_is_refused_or_skipped(plane: Case) -> None:
    with pytest.raises(CaseRejected, match="roi-not-found"):
        chosen_regions(plane.structures, ["Liver", "Spleen"])
    chosen = chosen_regions(plane.structures, ["Spleen", "GTV", "Liver"], skip_missing=True)
    assert [one.name for one in chosen.regions] == ["Liver", "GTV"]
    assert [*chosen.absent] == ["Spleen"]
    twice = with_roi(plane, replace(disc("x"), name="GTV"))
    with pytest.raises(CaseRejected, match="roi-ambiguous"):
        chosen_regions(twice.structures, ["GTV"], skip_missing=True)


def test_ranges_and_stored_curves_come_where_asked(plane: Case) -> None:
    found = measured(plane, "Mean", with_range=True, with_stored=True, with_curves=True)
    dose = found["GTV"].dose
    low, high = dose.range[MEAN]
    assert low <= dose.metrics[MEAN] <= high
    assert dose.curve is not None
    assert [one.code for one in found["findings"]] == ["no-stored-dvh"]
    given = replace(case_dose(plane), sources=plane.doses * 2)
    bench = bench_of(plane, given, Sampling(with_stored=True), Terms())
    _, findings = region_rows(bench, Chosen(()), ())
    assert "a sum of doses" in findings[0].seen


def test_a_cubic_dose_that_is_not_known_all_around_says_linear(plane: Case) -> None:
    far = with_roi(plane, replace(disc("Far", planes_mm=(0.0, 3.0, 6.0)), contours=tuple(
        Contour(contour.xy_mm + np.array([30.0, 0.0]), contour.z_mm)
        for contour in disc("Far", planes_mm=(0.0, 3.0, 6.0)).contours
    )))  # fmt: skip
    found = measured(far, "Mean", interpolation="cubic")
    assert found["Liver"].dose.interpolation == "cubic"
    assert found["Far"].metrics[MEAN] is None


def test_who_names_a_dose_has_answered_which_it_is(
    plane_files: CaseFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = io.read_case
    doubt = codes.DOSE_NOT_PLAN.warn(where="RTDOSE", seen="another plan")
    monkeypatch.setattr(io, "read_case", lambda files: replace(read(files), findings=(doubt,)))
    assert dvh_case(plane_files, DvhJob(rois=("GTV",))).findings == (doubt,)
    named = dvh_case(plane_files, DvhJob(rois=("GTV",), doses=plane_files.doses))
    assert named.status == "accept"
    twice = DvhJob(rois=("GTV",), doses=plane_files.doses, add="physical")
    assert dvh_case(plane_files, twice).structures[0].metrics == named.structures[0].metrics
    assert bench_module.AXIS_NAMES["eqd2"] == "EQD2"
    assert find([plane_files.folder]).cases[0].doses == plane_files.doses
