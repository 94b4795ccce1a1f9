"""Indices of two lesions in one bell of dose, and what else the bench is asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from rtvol import io
from rtvol.case import StoredDvh
from rtvol.dvh import parse_metrics
from rtvol.dvh.readings import Sampling
from rtvol.io import find, read_case
from rtvol.names.expressions import regions_meant
from rtvol.phantoms import Gaussian, Organ, PhantomCase, Shell, Sphere, VoxelLattice, write_case
from rtvol.verbs.bench import bench_of, values_of
from rtvol.verbs.dose_volume import DvhJob, dose_rows, dvh_case, region_rows
from rtvol.verbs.given_dose import case_dose
from rtvol.verbs.region_rows import chosen_regions, region_row
from rtvol.verbs.terms import Terms

if TYPE_CHECKING:
    from rtvol.case import Case
    from rtvol.io import CaseFiles

CENTRE = (0.0, 0.0, 0.0)
#: A bell of 50 Gy and 15 mm: its isodose of 25 Gy is a ball of 15 mm sqrt(2 ln 2).
PEAK_GY, SIGMA_MM, LEVEL_GY = 50.0, 15.0, 25.0
#: Balls of 6 mm drawn on planes 3 mm apart are this much off.
DRAWN = 0.08
RADIUS_MM = SIGMA_MM * np.sqrt(2 * np.log(PEAK_GY / LEVEL_GY))


@pytest.fixture(scope="module")
def bell_files(tmp_path_factory: pytest.TempPathFactory) -> CaseFiles:
    case = PhantomCase(
        "SYNTHETIC^BELL",
        "RTVOL-BELL",
        (
            Organ("Liver", Shell(CENTRE, 30.0, 3.0), 60),
            Organ("GTV1", Sphere((-8.0, 0.0, 0.0), 6.0), 40, "GTV"),
            Organ("GTV2", Sphere((8.0, 0.0, 0.0), 6.0), 40, "GTV"),
        ),
        VoxelLattice.around(CENTRE, (76.0, 76.0, 72.0), (2.0, 2.0, 3.0)),
        Gaussian(CENTRE, PEAK_GY, (SIGMA_MM,) * 3),
        VoxelLattice.around(CENTRE, (88.0, 88.0, 88.0), (2.0, 2.0, 2.0)),
        prescription_gy=LEVEL_GY,
    )
    folder = tmp_path_factory.mktemp("bell")
    write_case(folder / "bell", case)
    (files,) = find([folder]).cases
    return files


@pytest.fixture
def bell(bell_files: CaseFiles) -> Case:
    return read_case(bell_files)


def test_lesions_in_one_isodose_have_the_index_of_their_union(bell: Case) -> None:
    bench = bench_of(bell, case_dose(bell), Sampling(), Terms(axis="bed"))
    (one,) = regions_meant(bell.structures, "GTV1")
    values, findings = values_of(bench, one, parse_metrics(["CI", "CI_RTOG"]))
    # both balls lie within the isodose: TV_PIV = TV, so that CI = TV / PIV = 1 / CI_RTOG
    wanted = 2 * 6.0**3 / RADIUS_MM**3
    assert values["CI"].value == pytest.approx(wanted, rel=DRAWN)
    assert values["CI_RTOG"].value == pytest.approx(1 / wanted, rel=DRAWN)
    assert "GTV1, GTV2" in values["CI"].note
    assert values["CI"].note.startswith("of the physical dose; ")
    assert findings == ()
    (both,) = regions_meant(bell.structures, "GTV1+GTV2")
    assert values_of(bench, both, parse_metrics(["CI"]))[0]["CI"].value == pytest.approx(
        wanted, rel=DRAWN
    )
    (none,) = regions_meant(bell.structures, "GTV1 & GTV2")
    assert (
        values_of(bench, none, parse_metrics(["CI"]))[0]["CI"].note == "the structure has no volume"
    )


def test_parts_that_leave_nothing_are_0_cc_and_say_so(bell: Case) -> None:
    bench = bench_of(bell, case_dose(bell), Sampling(with_range=True), Terms())
    (none,) = regions_meant(bell.structures, "GTV1 & GTV2")
    row, findings = region_row(bench, none, parse_metrics(["D95%", "Volume"]), {})
    assert (row.volume.cc, row.volume.planes) == (0.0, 0)
    assert row.metrics == {"D95%[Gy]": None, "Volume[cc]": 0.0}
    assert "0 cc" in row.notes["D95%[Gy]"]
    assert [one.code for one in findings] == ["nothing-left"]


def test_a_name_for_several_and_a_guess_are_said(bell: Case) -> None:
    rois = tuple(replace(roi, kind="ORGAN") for roi in bell.structures.rois)
    untyped = replace(bell, structures=replace(bell.structures, rois=rois))
    for case, text, key, words in (
        (bell, "Liver-GTV", "structure", "GTV is GTV1 + GTV2"),
        (untyped, "GTV1", "target", "by its name, for its type is ORGAN"),
    ):
        bench = bench_of(case, case_dose(case), Sampling(), Terms())
        (region,) = regions_meant(case.structures, text)
        row, _ = region_row(bench, region, (), {})
        assert words in row.notes[key]


def test_a_cubic_dose_that_ends_at_the_structure_says_linear(bell: Case) -> None:
    given = case_dose(bell)
    values = np.array(given.parts[0].dose.values_gy)
    values[:, :, :12] = np.nan  # not known left of -20 mm: the liver reaches there, the GTVs do not
    dose = replace(given.parts[0].dose, values_gy=values)
    holed = replace(given, parts=(replace(given.parts[0], dose=dose),))
    bench = bench_of(bell, holed, Sampling(interpolation="cubic"), Terms())
    rows, _ = region_rows(
        bench, chosen_regions(bell.structures, ["Liver"]), parse_metrics(["Mean"])
    )
    assert rows[0].dose is not None
    assert rows[0].dose.interpolation == "linear"
    assert "not known all around" in rows[0].notes["dose_interpolation"]


def stored(number: int, **values: Any) -> StoredDvh:
    return StoredDvh(number, np.array([0.0, 25.0, 50.0]), np.array([0.9, 0.9, 0.0]), 25.0, **values)


def test_stored_curves_are_compared_and_their_odd_tags_told(
    bell_files: CaseFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = {roi.name: roi.number for roi in read_case(bell_files).structures.rois}["GTV1"]
    monkeypatch.setattr(io, "read_stored_dvhs", lambda _: ((stored(number, max_gy=180.0),), ()))
    job = DvhJob(rois=("GTV1", "GTV2"), metrics=("Mean",), sampling=Sampling(with_stored=True))
    done = dvh_case(bell_files, job)
    assert [one.code for one in done.findings] == ["stored-dvh-tags"]
    one, other = (row.dose for row in done.structures)
    assert one is not None
    assert other is not None
    assert one.comparison[0].quantity == "Volume[cc]"
    assert one.comparison[0].stored == 0.9
    assert other.comparison == ()
    monkeypatch.setattr(io, "read_stored_dvhs", lambda _: ((stored(number),), ()))
    assert dvh_case(bell_files, job).findings == ()


def test_rows_of_regions_without_a_call(bell: Case) -> None:
    rois = bell.structures.rois[1:]
    rows, findings = dose_rows(bell, rois, case_dose(bell), ["Max"])
    assert [row.name for row in rows] == ["GTV1", "GTV2"]
    assert rows[0].metrics["Max[Gy]"] == pytest.approx(rows[1].metrics["Max[Gy]"], rel=1e-3)
    assert findings == ()
