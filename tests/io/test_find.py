"""Trees of files -> cases: by headers, each once, mix-ups rejected by name."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from pydicom.sequence import Sequence

from naive import export
from rtvol.errors import CaseRejected, InputError
from rtvol.io import find, read_case

if TYPE_CHECKING:
    from pathlib import Path

    from rtvol.io import CaseFiles, Found


def one_case(*paths: Path) -> CaseFiles:
    found = find(paths)
    assert len(found.cases) == 1
    return found.cases[0]


def codes(found: Found) -> list[str]:
    return [finding.code for finding in found.findings]


def refused(*paths: Path) -> str:
    with pytest.raises(InputError) as error:
        find(paths)
    assert error.value.exit_code == 3
    return error.value.finding.code


def rejected(*paths: Path) -> str:
    rejection = one_case(*paths).rejection
    assert rejection is not None
    assert rejection.severity == "error"
    return rejection.code


def test_a_case_is_put_together(tmp_path: Path) -> None:
    files = one_case(export.write_case(tmp_path / "exports" / "case1"))
    assert files.name == "case1"
    assert files.folder == tmp_path / "exports" / "case1"
    assert files.rejection is None
    assert [len(series) for series in files.images] == [6]
    assert len(files.doses) == len(files.plans) == 1
    found = find([tmp_path / "exports"])
    assert (found.file_count, found.dicom_count) == (9, 9)
    assert [case.name for case in found.cases] == ["case1"]
    case = read_case(found.cases[0])
    assert case.findings == ()
    assert case.plan is not None
    assert (case.plan.prescription_gy, len(case.doses)) == (45.0, 1)


def test_names_are_folders_below_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    export.write_case(tmp_path / "exports" / "a" / "b")
    assert one_case(tmp_path / "exports").name == "a/b"
    assert one_case(tmp_path / "exports" / "a" / "b").name == "b"
    rs = one_case(tmp_path).rtstruct
    assert one_case(rs, tmp_path / "exports").name == "b"
    monkeypatch.chdir(tmp_path / "exports" / "a" / "b")
    assert one_case(type(tmp_path)(".")).name == "b"


def test_files_of_one_case_in_several_folders(tmp_path: Path) -> None:
    for k, one in enumerate(export.ct()):
        export.save(one, tmp_path / "odd" / f"{k % 2}" / "deep" / f"{k}")
    export.save(export.structure_set(), tmp_path / "rs" / "x")
    export.save(export.plan_dose(), tmp_path / "rd" / "x")
    files = one_case(tmp_path / "odd", tmp_path / "rs", tmp_path / "rd")
    assert files.name == "rs"
    assert [len(series) for series in files.images] == [6]
    assert len(files.doses) == 1
    assert files.rejection is None


def test_no_input_is_an_input_error(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert refused(tmp_path / "empty") == "no-dicom"
    (tmp_path / "empty" / "rs.dcm").write_bytes(b"")
    (tmp_path / "empty" / "junk.dcm").write_bytes(b"PK\3\4" * 100)
    assert refused(tmp_path / "empty") == "no-dicom"
    for k, one in enumerate(export.ct()):
        export.save(one, tmp_path / "ct" / f"{k}.dcm")
    assert refused(tmp_path / "ct") == "no-rtstruct"
    assert refused(tmp_path / "nowhere") == "path-not-found"


def test_junk_links_and_pipes_cost_nothing(tmp_path: Path) -> None:
    folder = export.write_case(tmp_path / "case1")
    for number in range(200):
        (folder / f"._{number}").write_bytes(b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X")
        (folder / f"note{number}.txt").write_text("minutes of the tumour board\n")
    (folder / "loop").symlink_to(tmp_path)
    (folder / "self").symlink_to(folder / "self")
    (folder / "broken").symlink_to(folder / "nothing")
    (folder / "zero").symlink_to("/dev/zero")
    (folder / "again.dcm").symlink_to(folder / "00.dcm")
    os.mkfifo(folder / "pipe")
    (folder / "-rf\n'x'").write_bytes((folder / "00.dcm").read_bytes())
    found = find([tmp_path, folder])
    assert [len(series) for series in found.cases[0].images] == [7]  # the copy is seen later
    case = read_case(found.cases[0])
    assert [finding.code for finding in case.findings] == ["duplicate-file-skipped"]


def test_linked_folders_are_followed_once(tmp_path: Path) -> None:
    export.write_case(tmp_path / "archive" / "p")
    (tmp_path / "cohort").mkdir()
    (tmp_path / "cohort" / "one").symlink_to(tmp_path / "archive" / "p")
    (tmp_path / "cohort" / "two").symlink_to(tmp_path / "archive" / "p")
    assert one_case(tmp_path / "cohort").name == "one"
    assert one_case(tmp_path).name == "archive/p"


def test_two_plans_of_one_patient_are_two_cases(tmp_path: Path) -> None:
    export.write_case(tmp_path / "a")
    second = [*export.ct(), export.structure_set({"GTV": export.ball(range(2, 4))})]
    for k, one in enumerate(second):
        export.move_to(one, study="1.2.3", frame="1.2.4")
        if one.Modality == "CT":
            one.SeriesInstanceUID = "1.2.5"
        one.SOPInstanceUID += ".2"
        export.save(one, tmp_path / "b" / f"{k}.dcm")
    found = find([tmp_path])
    assert [case.name for case in found.cases] == ["a", "b"]
    assert [case.rejection for case in found.cases] == [None, None]
    a, b = map(read_case, found.cases)
    assert [len(roi.contours) for roi in a.structures.rois] == [4, 6]
    assert [len(roi.contours) for roi in b.structures.rois] == [2]
    assert (len(a.doses), len(b.doses)) == (1, 0)
    assert {one.path.parent.name for one in b.ct.slices} == {"b"} if b.ct else False


def test_two_structure_sets_for_one_ct_are_both_rejected(tmp_path: Path) -> None:
    export.write_case(tmp_path / "p")
    other = export.structure_set({"GTV": export.ball(range(1, 4))}, number="55")
    path = export.save(other, tmp_path / "p" / "other.dcm")
    found = find([tmp_path])
    assert [case.name for case in found.cases] == ["p-09", "p-other"]
    for case in found.cases:
        assert case.rejection is not None
        assert case.rejection.code == "ambiguous-rtstruct"
        assert "other.dcm" in case.rejection.seen
    chosen = find([path, tmp_path])
    assert [case.rtstruct for case in chosen.cases] == [path]
    assert chosen.cases[0].rejection is None
    assert codes(chosen) == ["rtstruct-not-chosen"]
    assert len(chosen.cases[0].doses) == len(chosen.cases[0].plans) == 1


def test_structure_sets_of_two_phases_are_two_cases(tmp_path: Path) -> None:
    """A 4D-CT: two series in one frame of reference, each with its own structure set."""
    phases = [*export.ct(), *export.ct(series=1), export.structure_set()]
    second = export.structure_set(number="55")
    reference = second.ReferencedFrameOfReferenceSequence[0].RTReferencedStudySequence[0]
    reference.RTReferencedSeriesSequence[0].SeriesInstanceUID = f"{export.SERIES}.1"
    for k, one in enumerate([*phases, second]):
        export.save(one, tmp_path / f"{k:02d}.dcm")
    cases = find([tmp_path]).cases
    assert [case.rejection for case in cases] == [None, None]
    series = [read_case(case).ct for case in cases]
    assert [one.series_uid if one else "" for one in series] == [
        export.SERIES,
        f"{export.SERIES}.1",
    ]


def test_own_output_beside_its_source_is_skipped(tmp_path: Path) -> None:
    export.write_case(tmp_path / "p")
    own = export.structure_set({"PTV": export.ball()}, number="55")
    own.Manufacturer = "rtvol"
    own.PredecessorStructureSetSequence = Sequence(
        [
            export.item(
                ReferencedSOPClassUID=export.RTSTRUCT, ReferencedSOPInstanceUID=f"{export.ROOT}.5"
            )
        ]
    )
    path = export.save(own, tmp_path / "p" / "out" / "targets.dcm")
    found = find([tmp_path])
    assert [case.name for case in found.cases] == ["p"]
    assert found.cases[0].rejection is None
    assert codes(found) == ["own-output-skipped"]
    named = find([path, tmp_path])
    assert [case.rtstruct for case in named.cases] == [path]
    assert len(named.cases[0].plans) == 1  # the plan of its source
    own.Manufacturer = "another"
    export.save(own, path)
    assert {c.rejection.code for c in find([tmp_path]).cases if c.rejection} == {
        "ambiguous-rtstruct"
    }


def test_copies_of_a_structure_set_are_one_case(tmp_path: Path) -> None:
    export.write_case(tmp_path / "p")
    rs = one_case(tmp_path / "p").rtstruct
    (tmp_path / "p" / "zcopy.dcm").write_bytes(rs.read_bytes())
    found = find([tmp_path])
    assert len(found.cases) == 1
    assert found.cases[0].rejection is None
    assert codes(found) == ["duplicate-file-skipped"]


def test_a_cut_structure_set_is_a_rejected_case(tmp_path: Path) -> None:
    export.write_case(tmp_path)
    path = one_case(tmp_path).rtstruct
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert rejected(tmp_path) == "truncated-file"


def test_a_structure_set_of_another_class_is_rejected(tmp_path: Path) -> None:
    one = export.structure_set()
    one.SOPClassUID = export.CT
    export.save(one, tmp_path / "rs.dcm")
    assert rejected(tmp_path) == "sop-class-conflict"


def write_mixed(folder: Path, *, patient: str, frame: str, series: str) -> None:
    """CT of patient P3 in frame 1.9.1, series 1.9.3, beside a structure set of other ones."""
    for k, one in enumerate(export.ct()):
        export.move_to(one, patient="P3", study="1.9.2", frame="1.9.1")
        one.SeriesInstanceUID = "1.9.3"
        export.save(one, folder / "ct" / f"{k}.dcm")
    rs = export.move_to(export.structure_set(number="77"), patient=patient, frame=frame)
    reference = rs.ReferencedFrameOfReferenceSequence[0].RTReferencedStudySequence[0]
    reference.RTReferencedSeriesSequence[0].SeriesInstanceUID = series
    export.save(rs, folder / "rs" / "rs.dcm")


@pytest.mark.parametrize(
    ("patient", "frame", "series", "code"),
    [
        ("P2", "1.8.1", "1.8.3", "patient-mismatch"),  # nothing in common but the folder
        ("P2", "1.9.1", "1.9.3", "patient-mismatch"),
        ("P3", "1.8.1", "1.8.3", "frame-mismatch"),
    ],
)
def test_images_of_somebody_else_reject_the_case(
    tmp_path: Path, patient: str, frame: str, series: str, code: str
) -> None:
    export.write_case(tmp_path / "good")
    write_mixed(tmp_path / "mixed", patient=patient, frame=frame, series=series)
    assert rejected(tmp_path / "mixed") == code
    good, mixed = find([tmp_path]).cases
    assert (good.name, good.rejection) == ("good", None)
    assert mixed.rejection is not None
    assert mixed.rejection.code == code


def test_references_into_another_frame_reject_the_case(tmp_path: Path) -> None:
    write_mixed(tmp_path, patient="P3", frame="1.8.1", series="1.9.3")
    with pytest.raises(CaseRejected, match="frame-mismatch"):
        read_case(one_case(tmp_path))


def test_images_alone_are_a_finding_beside_good_cases(tmp_path: Path) -> None:
    export.write_case(tmp_path / "a")
    for k, one in enumerate(export.ct()):
        export.move_to(one, patient="P2", study="1.2.1", frame="1.2.2")
        one.SeriesInstanceUID = "1.2.3.4"
        export.save(one, tmp_path / "ctonly" / f"{k}.dcm")
    found = find([tmp_path])
    assert [case.rejection for case in found.cases] == [None]
    assert [(f.code, f.where) for f in found.findings] == [("no-rtstruct", "ctonly")]


def test_damaged_files_between_two_cases_are_a_finding_of_their_folder(tmp_path: Path) -> None:
    for name, frame in (("one", "1.2.98"), ("two", "1.2.99")):
        moved = export.move_all([*export.ct(3), export.structure_set()], f"P-{name}", frame)
        for number, dataset in enumerate(moved):
            export.save(dataset, tmp_path / name / f"{number}.dcm")
    path = export.save(export.plan(), tmp_path / "cut" / "plan.dcm")
    path.write_bytes(path.read_bytes()[:140])
    found = find([tmp_path])
    assert [case.findings for case in found.cases] == [(), ()]
    assert [(one.code, one.where) for one in found.findings] == [("truncated-file", "cut")]


def test_a_case_without_images_stands(tmp_path: Path) -> None:
    export.save(export.structure_set(), tmp_path / "rs.dcm")
    files = one_case(tmp_path)
    assert (files.images, files.rejection) == ((), None)


def test_nothing_of_the_patient_is_in_a_message(tmp_path: Path) -> None:
    export.write_case(tmp_path / "p")
    for number in ("55", "56"):
        other = export.structure_set({"GTV": export.ball(half=float(number))}, number=number)
        export.save(other, tmp_path / "p" / f"RS_Doe_Jane_{number}.dcm")
    found = find([tmp_path / "p"])
    said = " ".join(
        f"{case.rejection.where} {case.rejection.seen}" for case in found.cases if case.rejection
    )
    assert "doe" not in said.casefold()
    assert "jane" not in said.casefold()
    assert "UID ending in" in said


def test_a_folder_name_cannot_forge_a_line(tmp_path: Path) -> None:
    export.save(export.structure_set(), tmp_path / "x\n2030-01-01 fine" / "rs.dcm")
    assert one_case(tmp_path).name == "x\\n2030-01-01 fine"


def test_real_exports(shared_data: Path) -> None:
    names = {case.name: case for case in find([shared_data]).cases}
    assert {"4dlung/ct", "dicompyler-example", "eclipse-prostate"} <= set(names)
    assert [len(series) for series in names["4dlung/ct"].images] == [99]
    eclipse = names["eclipse-prostate"]
    assert (len(eclipse.images), len(eclipse.doses), len(eclipse.plans)) == (0, 1, 1)
    spheres = [case for name, case in names.items() if name.startswith("nelms2015/")]
    assert len(spheres) == 8
    assert {case.rejection.code for case in spheres if case.rejection} == {"ambiguous-rtstruct"}
    nelms = shared_data / "nelms2015"
    files = one_case(nelms / "structures" / "Sphere_10_0.dcm", nelms / "ct-3mm", nelms / "dose")
    assert (files.name, files.rejection) == ("structures", None)
    assert ([len(series) for series in files.images], len(files.doses)) == ([20], 6)
    assert refused(shared_data / "oriented") == "no-rtstruct"
