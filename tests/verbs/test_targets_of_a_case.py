"""Targets of a case, written and not; a case by a recipe; what a case holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from rtvol import io
from rtvol.errors import CaseRejected, OutputRefused
from rtvol.frames import AXIAL
from rtvol.margins import Clip, TargetRecipe, parse_margin
from rtvol.margins.recipe import Prv
from rtvol.names.aliases import Alias
from rtvol.structures import Roi, StructureSet
from rtvol.verbs.dose_volume import DvhJob
from rtvol.verbs.expand import ExpandJob, case_targets, expand_case, writing_of
from rtvol.verbs.inspect import glance, inspect_case
from rtvol.verbs.organs_meant import organs_meant
from rtvol.verbs.output import CERTIFICATE_NAME, MASKS_NAME, RTSTRUCT_NAME, write_summaries
from rtvol.verbs.study import StudyJob, study_case
from rtvol.verbs.target_planes import image_edges, target_planes
from rtvol.verbs.terms import Terms
from rtvol.verbs.written import Stamp, write_structure_files

if TYPE_CHECKING:
    from pathlib import Path

    from rtvol.case import Case
    from rtvol.io import CaseFiles

RECIPE = TargetRecipe(parse_margin("2"), parse_margin("3"))
STAMP = Stamp(datetime(2026, 1, 1, tzinfo=UTC), ("seed",))


def sphere_cc(radius_mm: float) -> float:
    return 4 / 3 * np.pi * radius_mm**3 / 1000


def test_targets_are_grown_and_written_whole(plane_files: CaseFiles, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    job = ExpandJob(RECIPE, folders={plane_files.name: folder}, write=("rtstruct", "nifti"))
    result = expand_case(plane_files, job)
    assert [row.role for row in result.structures] == ["gtv", "ctv", "ptv"]
    ptv = result.structures[-1]
    assert ptv.volume.cc == pytest.approx(sphere_cc(12), rel=0.03)
    assert (ptv.volume.solid, ptv.dose, ptv.clips) == ("loft", None, ())
    assert sorted(path.name for path in folder.iterdir()) == [
        CERTIFICATE_NAME,
        RTSTRUCT_NAME,
        MASKS_NAME,
    ]
    again = expand_case(plane_files, replace(job, folders=None))
    assert again == result
    write_summaries(tmp_path / "s", [result], csv=True)
    assert {path.name for path in (tmp_path / "s").iterdir()} == {"structures.csv", "result.json"}
    write_summaries(tmp_path / "j", [result], csv=False)
    assert {path.name for path in (tmp_path / "j").iterdir()} == {"result.json"}
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputRefused, match="output-unwritable"):
        write_summaries(tmp_path / "file", [result], csv=False)


def test_masks_that_the_images_cannot_hold_are_said(plane: Case, draft: Path) -> None:
    targets, _ = case_targets(plane, ExpandJob(RECIPE))
    job = ExpandJob(RECIPE, write=("nifti",))
    made, how = targets.structures, writing_of(job)
    (finding,) = write_structure_files(draft, replace(plane, ct=None), made, how)
    assert (finding.code, [*draft.iterdir()]) == ("masks-not-written", [])
    (draft / MASKS_NAME).mkdir()
    with pytest.raises(OutputRefused, match="output-unwritable"):
        list(write_structure_files(draft, plane, made, how))


def test_organs_are_those_that_texts_mean(plane: Case) -> None:
    recipe = replace(
        RECIPE, clips=(Clip("avoid", "*o*e*", 1.0),), prvs=(Prv("liver", parse_margin("2")),)
    )
    named, organs, missing = organs_meant(plane, recipe)
    assert [(one.roi, one.gap_mm) for one in named.cutting("ptv")] == [("Duodenum", 1.0)]
    assert ([*organs], [one.roi for one in named.prvs], missing) == (
        ["Duodenum", "Liver"],
        ["Liver"],
        (),
    )
    joined = replace(RECIPE, clips=(Clip("avoid", "Duodenum+Liver", 1.0),))
    named, organs, _ = organs_meant(plane, joined)
    assert [one.roi for one in named.clips] == [*organs] == ["Duodenum", "Liver"]
    for kind, text in (("avoid", "Liver-GTV"), ("inside", "Liver+Duodenum")):
        named, organs, _ = organs_meant(plane, replace(RECIPE, clips=(Clip(kind, text),)))
        assert [*organs] == [one.roi for one in named.clips] == [text]
    lacking = replace(
        RECIPE,
        clips=(
            Clip("barrier", "Spleen"),
            Clip("inside", "Liver"),
        ),
    )
    with pytest.raises(CaseRejected, match="roi-not-found"):
        organs_meant(plane, lacking)
    named, organs, missing = organs_meant(plane, lacking, skip_missing=True)
    assert ([one.kind for one in named.clips], [*organs], [one.code for one in missing]) == (
        ["inside"],
        ["Liver"],
        ["roi-not-found"],
    )
    twice = replace(
        plane.structures, rois=(*plane.structures.rois, replace(plane.structures.rois[0], number=9))
    )
    with pytest.raises(CaseRejected, match="roi-ambiguous"):
        organs_meant(replace(plane, structures=twice), lacking, skip_missing=True)


def test_planes_are_those_of_the_images_else_of_the_contours(plane: Case) -> None:
    (gtv,) = [roi for roi in plane.structures.rois if roi.name == "GTV"]
    found, findings = target_planes(plane, [gtv])
    assert plane.ct is not None
    assert findings == ()
    assert found[AXIAL].are_images
    assert np.array_equal(found[AXIAL].planes_mm, np.sort(plane.ct.grid.planes_mm[:, 2]))
    assert found[AXIAL].edges_mm == image_edges(plane.ct) == ((-33.0, 33.0), (-33.0, 33.0))
    bare = replace(plane, ct=None)
    found, findings = target_planes(bare, [gtv])
    planes_mm = found[AXIAL].planes_mm
    assert planes_mm is not None
    assert not found[AXIAL].are_images
    assert found[AXIAL].edges_mm is None
    assert [one.code for one in findings] == ["planes-from-contours"]
    assert np.diff(planes_mm) == pytest.approx(3.0)
    assert planes_mm[0] <= gtv.planes_mm[0] - 5
    assert planes_mm[-1] >= gtv.planes_mm[-1] + 5
    one_plane = replace(gtv, contours=gtv.contours[:1])
    flat = replace(bare, structures=StructureSet((one_plane,)))
    lone = target_planes(flat, [one_plane])[0][AXIAL].planes_mm
    assert lone is not None
    assert lone.size == 1
    high = replace(gtv, contours=tuple(replace(one, z_mm=one.z_mm + 500) for one in gtv.contours))
    assert [one.seen for one in target_planes(plane, [high])[1]] == [
        "a CT that does not cover the GTV"
    ]


def study(files: CaseFiles, draft: Path, **job: Any) -> Any:
    place = draft / f"{len([*draft.iterdir()])}"
    place.mkdir()
    return study_case(files, StudyJob(**job), place, STAMP)


def test_a_case_by_a_recipe_has_targets_doses_and_goals(
    plane_files: CaseFiles, draft: Path
) -> None:
    expand = ExpandJob(replace(RECIPE, clips=(Clip("avoid", "Duodenum", 1.0),)))
    dvh = DvhJob(rois=("Liver-GTV", "PTV", "Spleen"), metrics=("Mean",), skip_missing=True)
    done = study(plane_files, draft, expand=expand, dvh=dvh)
    rows = {row.name: row for row in done.result.structures}
    assert [*rows] == ["GTV", "CTV", "PTV", "PTV^clip", "Liver-GTV", "Spleen"]
    assert rows["PTV"].volume.solid == "loft"
    assert rows["PTV"].dose.solid == "slab"
    assert set(rows["PTV"].metrics) == {"Mean[Gy]", "D95%[Gy]", "D98%[Gy]", "D2%[Gy]"}
    assert rows["PTV"].metrics["Mean[Gy]"] == pytest.approx(45.0, abs=0.05)
    assert rows["Spleen"].volume.cc is None
    assert done.prescribed.text == "45 Gy in 3 fractions (RTPLAN)"
    assert (draft / "0" / RTSTRUCT_NAME).is_file()


def test_a_recipe_without_doses_or_without_targets(plane_files: CaseFiles, draft: Path) -> None:
    grown = study(plane_files, draft, expand=ExpandJob(RECIPE))
    assert all(row.dose is None for row in grown.result.structures)
    measured = study(plane_files, draft, dvh=DvhJob(rois=("liver",), metrics=("Mean",)))
    assert [row.name for row in measured.result.structures] == ["Liver"]
    targets_only = study(
        plane_files, draft, expand=ExpandJob(RECIPE), dvh=DvhJob(metrics=("Mean",))
    )
    assert [row.name for row in targets_only.result.structures] == ["GTV", "CTV", "PTV"]


def test_a_case_without_a_dose_has_its_targets_and_says_so(
    plane_files: CaseFiles, draft: Path
) -> None:
    bare = replace(plane_files, doses=())
    done = study(bare, draft, expand=ExpandJob(RECIPE), dvh=DvhJob(terms=Terms(50.0, 3)))
    assert {row.dose.axis for row in done.result.structures} == {""}
    assert "no-dose" in {one.code for one in done.result.findings}
    assert "prescription-differs" in {one.code for one in done.result.findings}
    with pytest.raises(CaseRejected, match="no-dose"):
        study(bare, draft, dvh=DvhJob())
    alone = study(replace(bare, plans=()), draft, expand=ExpandJob(RECIPE), dvh=DvhJob())
    assert alone.prescribed.text == ""


def test_a_recipe_never_guesses_and_names_what_it_cannot_use(
    plane_files: CaseFiles, draft: Path
) -> None:
    lost = (Alias("GTVp", ("GTV",)),)
    named = study(plane_files, draft, aliases=lost, expand=ExpandJob(RECIPE, gtvs=("GTVp",)))
    assert named.result.structures[0].name == "GTVp"
    with pytest.raises(CaseRejected, match="bad-expression"):
        study(plane_files, draft, dvh=DvhJob(rois=("Liver-",)))
    with pytest.raises(CaseRejected, match="roi-not-found"):
        study(plane_files, draft, dvh=DvhJob(rois=("Spleen",)))
    negative = DvhJob(rois=("GTV",), terms=Terms(45.0, -1, "bed"))
    with pytest.raises(CaseRejected, match="bad-fractionation"):
        study(plane_files, draft, dvh=negative)


def test_a_recipe_takes_gtvs_by_type_alone(
    plane_files: CaseFiles, draft: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = io.read_case

    def untyped(files: CaseFiles) -> Case:
        case = read(files)
        rois = tuple(replace(roi, kind="") for roi in case.structures.rois)
        return replace(case, structures=replace(case.structures, rois=rois))

    monkeypatch.setattr(io, "read_case", untyped)
    with pytest.raises(CaseRejected, match="never guesses"):
        study(plane_files, draft, expand=ExpandJob(RECIPE))
    policy = replace(RECIPE, clips=(Clip("avoid", "Duodenum", 1.0),), policy="modified_ptv")
    done = study(
        plane_files, draft, expand=ExpandJob(policy, gtvs=("GTV",)), dvh=DvhJob(metrics=("Mean",))
    )
    assert done.result.structures[-1].name == "PTV_mod"


def test_what_a_case_holds(plane_files: CaseFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = glance(plane_files)
    assert (seen.status, seen.roi_count, seen.dose_count, seen.gtvs) == ("accept", 3, 1, ("GTV",))
    assert seen.rois == seen.doses == ()
    close = inspect_case(plane_files)
    volumes = {roi.name: roi.volume_cc for roi in close.rois}
    assert volumes["GTV"] == pytest.approx(sphere_cc(7), rel=0.03)
    assert close.doses[0].max_gy == pytest.approx(40 + 32 * 0.5, abs=1.1)
    gone = replace(plane_files, rtstruct=plane_files.rtstruct.with_name("none.dcm"))
    assert glance(replace(gone, rejection=None)).status == "reject"
    read = io.read_case

    def odd(files: CaseFiles) -> Case:
        case = read(files)
        empty, flat = Roi("Empty", 7, "", ()), case.structures.rois[1]
        flat = replace(flat, name="Flat", kind="", contours=flat.contours[:1])
        source = replace(case.doses[0], path=files.rtstruct)
        structures = StructureSet((empty, flat))
        return replace(case, structures=structures, doses=(source,), ct=None, plan=None)

    monkeypatch.setattr(io, "read_case", odd)
    close = inspect_case(plane_files)
    assert (close.status, close.gtvs, close.ct, close.plan) == ("warn", (), None, None)
    assert [roi.volume_cc for roi in close.rois] == [None, None]
    assert close.doses[0].max_gy is None
    assert "roi-single-slice" in {one.code for one in close.findings}
