"""Every file below a path is accounted for: used by a case, or named with the reason."""

from __future__ import annotations

import copy
import shutil
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pydicom import config, dcmread
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.tag import Tag
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    generate_uid,
)

import field.kinds  # noqa: F401 - the kinds are registered there
from field.patient import SOURCE, Patient1, contours_of
from field.register import member, members
from naive.export import save, undefined_lengths
from naive.medium import burn
from rtvol.errors import InputError, status_of
from rtvol.io import find

if TYPE_CHECKING:
    from collections.abc import Callable

    from rtvol.io import Found

    Put = Callable[[Patient1], None]


def said(found: Found) -> dict[str, str]:
    """What is said, by code: of the call, and of its cases."""
    of_cases = [finding for case in found.cases for finding in case.findings]
    return {one.code: f"{one.where}: {one.seen}" for one in (*found.findings, *of_cases)}


def fates(found: Found) -> dict[str, str]:
    return {one.path.name: one.code for one in found.files}


def another(data: Dataset, what: str) -> Dataset:
    """Return a copy of an object under a UID of its own."""
    other = copy.deepcopy(data)
    other.SOPInstanceUID = generate_uid(entropy_srcs=[what])
    other.file_meta.MediaStorageSOPInstanceUID = other.SOPInstanceUID
    return other


def put_text(p1: Patient1) -> None:
    (p1.folder / "notes.txt").write_text("minutes of the tumour board\n")


def put_false_dicom(p1: Patient1) -> None:
    (p1.folder / "RS2.dcm").write_text("404 not found\n")


def put_empty(p1: Patient1) -> None:
    (p1.folder / "CT.999.dcm").write_bytes(b"")


def put_zip(p1: Patient1) -> None:
    with zipfile.ZipFile(p1.folder / "export.zip", "w") as archive:
        archive.writestr("RS.dcm", b"x")


def put_tar(p1: Patient1) -> None:
    shutil.make_archive(str(p1.folder.parent / "old"), "tar", SOURCE.parent, "patient3")
    shutil.move(p1.folder.parent / "old.tar", p1.folder / "old.tar")


def put_report(p1: Patient1) -> None:
    other = another(p1.read("RP.dcm"), "report")
    other.SOPClassUID, other.Modality = "1.2.840.10008.5.1.4.1.1.88.33", "SR"
    p1.write("SR.dcm", other)


def put_plan_of_another_patient(p1: Patient1) -> None:
    other = another(p1.read("RP.dcm"), "other plan")
    other.PatientID, other.PatientName = "SOMEBODY", "Else^Somebody"
    other.ReferencedStructureSetSequence[0].ReferencedSOPInstanceUID = "1.2.3.4"
    p1.write("RP2.dcm", other)


def put_dose_of_another_patient(p1: Patient1) -> None:
    other = another(p1.read("RD.dcm"), "other dose")
    other.PatientID, other.PatientName = "SOMEBODY", "Else^Somebody"
    other.FrameOfReferenceUID = "1.2.3.5"
    del other.ReferencedRTPlanSequence
    p1.write("RD2.dcm", other)


def put_image_of_another_patient(p1: Patient1) -> None:
    other = another(p1.read("CT.001.dcm"), "other image")
    other.PatientID, other.SeriesInstanceUID = "SOMEBODY", "1.2.3.6"
    other.FrameOfReferenceUID = "1.2.3.5"
    p1.write("CT.x.dcm", other)


def put_unpaired_plan(p1: Patient1) -> None:
    other = another(p1.read("RP.dcm"), "unpaired plan")
    other.ReferencedStructureSetSequence[0].ReferencedSOPInstanceUID = "1.2.3.4"
    p1.write("RP2.dcm", other)


@members(
    "C2",
    {
        "a text file": (put_text, "notes.txt", "not-dicom", "accept"),
        "a text file named .dcm": (put_false_dicom, "RS2.dcm", "not-dicom", "accept"),
        "an empty file": (put_empty, "CT.999.dcm", "not-dicom", "accept"),
        "a zip": (put_zip, "export.zip", "archive-not-opened", "accept"),
        "a tar": (put_tar, "old.tar", "archive-not-opened", "accept"),
        "a structured report": (put_report, "SR.dcm", "kind-not-read", "accept"),
        "a plan of another patient": (
            put_plan_of_another_patient,
            "RP2.dcm",
            "patient-mismatch",
            "warn",
        ),
        "a dose of another patient and frame": (
            put_dose_of_another_patient,
            "RD2.dcm",
            "patient-mismatch",
            "warn",
        ),
        "an image of another patient": (
            put_image_of_another_patient,
            "CT.x.dcm",
            "patient-mismatch",
            "accept",
        ),
        "a plan of another structure set": (
            put_unpaired_plan,
            "RP2.dcm",
            "plan-not-paired",
            "warn",
        ),
    },
)
def test_a_file_beside_a_case_is_named(p1: Patient1, member: tuple[Put, str, str, str]) -> None:
    from rtvol.verbs.inspect import glance

    put, name, code, status = member
    put(p1)
    found = p1.found()
    (files,) = found.cases
    facts = glance(files)
    told = {**said(found), **{one.code: f"{one.where}: {one.seen}" for one in facts.findings}}
    assert name in told[code]
    assert facts.status == status
    assert len(found.files) == found.file_count == len(list(p1.folder.iterdir()))
    everything = {**fates(found), **{one.path.name: one.code for one in facts.unused}}
    assert {file: why for file, why in everything.items() if why} == {name: code}


def dicomdir(folder: Path, source: Path) -> Path:
    return burn(folder, source.glob("*.dcm"))


@member("C2", "a DICOMDIR given itself")
def test_a_dicomdir_is_followed(tmp_path: Path) -> None:
    path = dicomdir(tmp_path / "disc", SOURCE)
    whole, followed = find([tmp_path / "disc"]), find([path])
    assert followed.file_count == whole.file_count == len(list(SOURCE.glob("*.dcm"))) + 1
    assert [len(case.images[0]) for case in followed.cases] == [47]
    assert followed.findings == whole.findings == ()
    assert fates(followed)["DICOMDIR"] == "dicomdir-followed"


@member("C2", "a DICOMDIR whose files are not all there, copied in lower case")
def test_a_dicomdir_says_what_is_missing(tmp_path: Path) -> None:
    path = dicomdir(tmp_path / "disc", SOURCE)
    low = tmp_path / "low"
    for one in sorted((tmp_path / "disc").rglob("*")):
        if one.is_file() and one != path:
            target = low / str(one.relative_to(tmp_path / "disc")).lower()
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(one, target)
    shutil.copy(path, low / "dicomdir")
    lost = [one for one in sorted(low.rglob("*")) if one.is_file() and one.name != "dicomdir"][:2]
    is_image = [dcmread(one, stop_before_pixels=True).Modality == "CT" for one in lost]
    for one in lost:
        one.unlink()
    assert all(is_image)
    found = find([low / "dicomdir"])
    assert said(found)["dicomdir-incomplete"].endswith("2 of 50 files that it names are not here")
    assert [len(case.images[0]) for case in found.cases] == [45]


@member("C2", "a DICOMDIR that names files outside its folder")
def test_a_dicomdir_leads_nowhere_else(tmp_path: Path) -> None:
    path = dicomdir(tmp_path / "disc", SOURCE)
    (tmp_path / "secret.dcm").write_bytes((SOURCE / "RS.dcm").read_bytes())
    data = dcmread(path)
    for record in data.DirectoryRecordSequence:
        if "ReferencedFileID" in record:
            tag = Tag("ReferencedFileID")
            path_out = DataElement(tag, "CS", ["..", "secret.dcm"], validation_mode=config.IGNORE)
            record[tag] = path_out
    data.save_as(path)
    with pytest.raises(InputError) as error:
        find([path])
    assert error.value.finding.code == "no-dicom"


@member("C2", "a call that holds an archive alone")
def test_an_archive_alone_is_told_to_unpack(tmp_path: Path) -> None:
    put_tar(p1 := Patient1(tmp_path / "p1"))
    with pytest.raises(InputError) as error:
        find([p1.folder / "old.tar"])
    assert error.value.finding.code == "no-dicom"
    assert "1 tar archive (old.tar)" in error.value.finding.seen
    assert "unpack" in error.value.finding.mend


@member("C2", "a zip archive given itself")
def test_a_zip_archive_given_itself_is_opened(tmp_path: Path) -> None:
    p1 = Patient1(tmp_path / "p1")
    path = Path(shutil.make_archive(str(tmp_path / "export"), "zip", p1.folder))
    (inside,), (plain,) = find([path]).cases, find([p1.folder]).cases
    assert len(inside.paths) == len(plain.paths)


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Let files of a name refuse to be opened, whoever runs the tests."""
    real = Path.open

    def close(name: str) -> None:
        def opened(path: Path, *arguments: object, **options: object) -> object:
            if path.name == name:
                raise PermissionError(13, "Permission denied", str(path))
            return real(path, *arguments, **options)  # type: ignore[call-overload]

        monkeypatch.setattr(Path, "open", opened)

    return close


@members(
    "C1",
    {
        "an image without rights": "CT.020.dcm",
        "the dose without rights": "RD.dcm",
        "the plan without rights": "RP.dcm",
    },
)
def test_a_file_without_rights_is_named(
    p1: Patient1, closed: Callable[[str], None], member: str
) -> None:
    closed(member)
    found = p1.found()
    (finding,) = [f for f in found.cases[0].findings if f.code == "unreadable-file"]
    assert (finding.severity, finding.where) == ("warning", member)
    assert "Permission denied" in finding.seen
    assert fates(found)[member] == "unreadable-file"


@member("C1", "the structure set without rights")
def test_a_structure_set_without_rights_is_named(
    p1: Patient1, closed: Callable[[str], None]
) -> None:
    closed("RS.dcm")
    with pytest.raises(InputError) as error:
        p1.found()
    assert error.value.finding.code == "no-rtstruct"
    assert "Permission denied): RS.dcm" in error.value.finding.seen
    assert "rights" in error.value.finding.mend


@member("C1", "nothing but a file without rights")
def test_only_a_file_without_rights(tmp_path: Path, closed: Callable[[str], None]) -> None:
    (tmp_path / "RS.dcm").write_bytes((SOURCE / "RS.dcm").read_bytes())
    closed("RS.dcm")
    with pytest.raises(InputError) as error:
        find([tmp_path])
    assert "1 cannot be opened (Permission denied): RS.dcm" in error.value.finding.seen


@members(
    "B8",
    {
        "a structure set called RTDOSE": ("RS.dcm", "RTDOSE"),
        "a structure set called OT": ("RS.dcm", "OT"),
        "a dose called RTSTRUCT": ("RD.dcm", "RTSTRUCT"),
        "a plan called RTDOSE": ("RP.dcm", "RTDOSE"),
    },
)
def test_the_sop_class_decides(p1: Patient1, member: tuple[str, str]) -> None:
    name, modality = member
    data = p1.read(name)
    data.Modality = modality
    p1.write(name, data)
    case = p1.case()
    (finding,) = [one for one in case.findings if one.code == "sop-class-conflict"]
    assert f"Modality is '{modality}', SOP Class UID '{data.SOPClassUID}'" in finding.seen
    assert status_of(case.findings) == "warn"
    assert len(case.structures.rois) == 9
    assert len(case.doses) == 1
    assert case.plan is not None


def stored_as(syntax: str) -> Callable[[Dataset], Dataset]:
    def change(rs: Dataset) -> Dataset:
        rs.file_meta.TransferSyntaxUID = UID(syntax)
        return rs

    return change


def older(rs: Dataset) -> Dataset:
    other = another(rs, "older")
    other.StructureSetDate = "19990101"
    return other


@members(
    "B10",
    {
        "implicit little endian": stored_as(ImplicitVRLittleEndian),
        "explicit big endian": stored_as(ExplicitVRBigEndian),
        "deflated": stored_as(DeflatedExplicitVRLittleEndian),
        "lengths that are not defined": undefined_lengths,
        "an older export under another UID": older,
    },
)
def test_a_structure_set_stored_again_is_used_once(
    p1: Patient1, member: Callable[[Dataset], Dataset]
) -> None:
    rs = member(p1.read("RS.dcm"))
    rs.decode()
    plain = Dataset()
    plain.update(rs)
    save(plain, p1.folder / "again.dcm", rs.file_meta.TransferSyntaxUID)
    found = p1.found()
    (files,) = found.cases
    assert files.rejection is None
    assert files.rtstruct.name == "RS.dcm"
    assert "again.dcm" in said(found)["duplicate-file-skipped"]
    assert len(files.doses) == len(files.plans) == 1


def second_set(p1: Patient1, label: str = "REPLAN") -> None:
    """Add a structure set of the same images whose kidney lacks a contour."""
    other = another(p1.read("RS.dcm"), "second")
    other.StructureSetLabel = label
    contours_of(other, "Kidney_L").ContourSequence.pop()
    p1.write("RS2.dcm", other)


@members(
    "B16",
    {"its label": "replan", "its file's name": "RS2.dcm", "its path": None, "the first": "RS.dcm"},
)
def test_one_of_several_structure_sets_is_chosen(p1: Patient1, member: str | None) -> None:
    second_set(p1)
    assert [case.rejection and case.rejection.code for case in p1.found().cases] == [
        "ambiguous-rtstruct"
    ] * 2
    wanted = member or str(p1.folder / "RS2.dcm")
    found = find([p1.folder], rtstruct=wanted)
    (files,) = found.cases
    assert files.rejection is None
    assert files.rtstruct.name == ("RS.dcm" if wanted == "RS.dcm" else "RS2.dcm")
    assert "rtstruct-not-chosen" in said(found)


@member("B16", "a label that none of them has")
def test_no_structure_set_is_called_so(p1: Patient1) -> None:
    second_set(p1)
    found = find([p1.folder], rtstruct="NO SUCH LABEL")
    assert len(found.cases) == 2
    assert all(
        case.rejection and 'none of them is called "NO SUCH LABEL"' in case.rejection.seen
        for case in found.cases
    )
