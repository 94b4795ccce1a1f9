"""Which cases are complete, and of what: against references read plainly, in any order."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom import Dataset, dcmread, dcmwrite
from pydicom.uid import generate_uid

from naive import export
from net_tools import object_of
from rtvol.io import find
from rtvol.net.gathering import gatherings
from rtvol.net.inbox import Arrival, Inbox
from rtvol.net.limits import NetLimits
from rtvol.phantoms import Gaussian, Organ, PhantomCase, Sphere, VoxelLattice, write_case

if TYPE_CHECKING:
    from pathlib import Path


STEPS = ((4.0, 4.0, 3.0), (4.0, 4.0, 5.0))


def changed(path: Path, target: Path, **values: Any) -> Path:
    """Write an object once more, under a UID of its own, with other values."""
    found = dcmread(path)
    found.SOPInstanceUID = found.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    for word, value in values.items():
        setattr(found, word, value)
    dcmwrite(target, found, enforce_file_format=True)
    return target


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """An export of few images, a second structure set of it, and a plan and dose of that one."""
    few, folder = tmp_path_factory.mktemp("few"), tmp_path_factory.mktemp("objects")
    centre = (0.0, 0.0, 0.0)
    images, grid = (VoxelLattice.around(centre, (16.0, 16.0, 15.0), step) for step in STEPS)
    organs = (Organ("GTV", Sphere(centre, 5.0), 40, "GTV"),)
    dose = Gaussian(centre, 50.0, (9.0, 9.0, 9.0))
    write_case(few, PhantomCase("SYNTHETIC^FEW", "RTVOL-FEW", organs, images, dose, grid))
    second = changed(few / "RS.dcm", folder / "RS2.dcm", StructureSetLabel="second")
    plan = dcmread(few / "RP.dcm")
    plan.ReferencedStructureSetSequence[0].ReferencedSOPInstanceUID = dcmread(second).SOPInstanceUID
    plan.SOPInstanceUID = plan.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    dcmwrite(folder / "RP2.dcm", plan)
    dose_of_it = dcmread(few / "RD.dcm")
    dose_of_it.ReferencedRTPlanSequence[0].ReferencedSOPInstanceUID = plan.SOPInstanceUID
    uid = generate_uid()
    dose_of_it.SOPInstanceUID = dose_of_it.file_meta.MediaStorageSOPInstanceUID = uid
    dcmwrite(folder / "RD2.dcm", dose_of_it)
    return [*sorted(few.glob("*.dcm")), *sorted(folder.glob("*.dcm"))]


def arrival(path: Path, stop: int | None = None) -> Arrival:
    """What comes when a file is sent, or the first bytes of its data set."""
    found = dcmread(path, specific_tags=["SOPClassUID", "SOPInstanceUID"])
    syntax, data = object_of(path)
    head = path.read_bytes()[: -len(data)]
    return Arrival(
        str(found.SOPClassUID), str(found.SOPInstanceUID), syntax, head, data[:stop], "A@b"
    )


def plain_case(rtstruct: Any, here: dict[str, Any]) -> tuple[set[str], int, int]:
    """UIDs of a structure set's objects, and how many images and plans it lacks, by pydicom."""
    drawn = {
        str(image.ReferencedSOPInstanceUID)
        for roi in rtstruct.ROIContourSequence
        for contour in roi.ContourSequence
        for image in contour.get("ContourImageSequence", [])
    }
    for frame in rtstruct.ReferencedFrameOfReferenceSequence:
        for study in frame.RTReferencedStudySequence:
            for series in study.RTReferencedSeriesSequence:
                drawn |= {str(one.ReferencedSOPInstanceUID) for one in series.ContourImageSequence}
    plans = {
        uid
        for uid, one in here.items()
        if one.Modality == "RTPLAN"
        and one.ReferencedStructureSetSequence[0].ReferencedSOPInstanceUID
        == rtstruct.SOPInstanceUID
    }
    doses, absent = set(), set()
    for uid, one in here.items():
        if one.Modality != "RTDOSE":
            continue
        plan = str(one.ReferencedRTPlanSequence[0].ReferencedSOPInstanceUID)
        if plan in plans or plan not in here:  # of the same frame, and of nobody else as yet
            doses.add(uid)
            absent |= {plan} - set(here)
    images = {uid for uid, one in here.items() if one.Modality == "CT"}
    own = {str(rtstruct.SOPInstanceUID), *images, *plans, *doses}
    return own, len(drawn - set(here)), len(absent)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_what_is_complete_is_what_the_references_say(
    objects: list[Path], tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    chosen = data.draw(st.permutations(objects)) if data.draw(st.booleans()) else list(objects)
    for _ in range(data.draw(st.integers(0, 6))):
        chosen.pop(data.draw(st.integers(0, len(chosen) - 1)))
    folder = tmp_path_factory.mktemp("in")
    inbox = Inbox(folder, NetLimits(free_bytes=0))
    for path in chosen:
        assert inbox.take(arrival(path)).is_new
    here = {str(one.SOPInstanceUID): one for one in map(dcmread, chosen)}
    cases, others = gatherings(inbox.all())
    sets = {uid: one for uid, one in here.items() if one.Modality == "RTSTRUCT"}
    assert len(cases) == len(sets)
    used = set(sets)
    for case in cases:
        uids = {one.entry.sop_uid for one in case.held}
        (rtstruct,) = [sets[uid] for uid in uids if uid in sets]
        own, images, plans = plain_case(rtstruct, here)
        assert uids == own
        lacking = [f"{images} image{'s' * (images > 1)}"] * bool(images)
        assert case.missing == (*lacking, *([f"{plans} RTPLAN"] * bool(plans)))
        used |= own
    assert {one.entry.sop_uid for one in others} == set(here) - used
    again = Inbox(folder, NetLimits())  # a restart knows the same
    assert {one.entry.sop_uid for one in again.all()} == set(here)
    second, _ = gatherings(again.all())
    assert {one.name: (one.key, one.missing) for one in second} == {
        one.name: (one.key, one.missing) for one in cases
    }


def test_a_result_that_comes_back_is_no_case(tiny: Path, tmp_path: Path) -> None:
    """Its source decides: alone, a structure set that rtvol wrote is a case like any other."""
    source = dcmread(tiny / "RS.dcm")
    reference = Dataset()
    reference.ReferencedSOPClassUID = source.SOPClassUID
    reference.ReferencedSOPInstanceUID = source.SOPInstanceUID
    result = changed(
        tiny / "RS.dcm",
        tmp_path / "result.dcm",
        Manufacturer="rtvol",
        PredecessorStructureSetSequence=[reference],
    )
    inbox = Inbox(tmp_path / "in", NetLimits(free_bytes=0))
    inbox.take(arrival(result))
    assert len(gatherings(inbox.all())[0]) == 1
    inbox.take(arrival(tiny / "RS.dcm"))
    (case,), others = gatherings(inbox.all())
    assert case.rtstruct.read_bytes() == (tiny / "RS.dcm").read_bytes()
    assert others == []


def test_a_second_frame_comes_with_its_images_and_what_leads_there(tmp_path: Path) -> None:
    """Nothing but the frame of an ROI and a registration lead to the MR: as with a folder."""
    frame = f"{export.ROOT}.77"
    mr = export.ct(series=7)
    for one in mr:
        one.FrameOfReferenceUID = frame
    drawn = export.structure_set()
    drawn.StructureSetROISequence[1].ReferencedFrameOfReferenceUID = frame
    leads = export.common("1.2.840.10008.5.1.4.1.1.66.1", "REG", "9")
    leads.FrameOfReferenceUID = export.FRAME
    matrix = export.item(
        FrameOfReferenceTransformationMatrixType="RIGID",
        FrameOfReferenceTransformationMatrix=[float(k % 5 == 0) for k in range(16)],
    )
    whole = export.item(MatrixSequence=[matrix])
    leads.RegistrationSequence = [
        export.item(FrameOfReferenceUID=frame, MatrixRegistrationSequence=[whole])
    ]
    folder = tmp_path / "files"
    for k, one in enumerate([*export.ct(), *mr, drawn, leads]):
        export.save(one, folder / f"{k:03d}.dcm")
    inbox = Inbox(tmp_path / "in", NetLimits(free_bytes=0))
    last = sorted(folder.iterdir())
    for path in last[:-1]:
        assert inbox.take(arrival(path)).is_new
    (case,), others = gatherings(inbox.all())
    assert {one.entry.series_uid for one in others} == {mr[0].SeriesInstanceUID}
    assert inbox.take(arrival(last[-1])).is_new
    (case,), others = gatherings(inbox.all())
    assert others == []
    assert case.counts == f"{len(mr) * 2} CT, 1 REG, 1 RTSTRUCT"
    (files,) = find(case.paths).cases
    assert {*files.paths} == {*case.paths}


def test_files_of_other_names_and_parts_are_cleared(tiny: Path, tmp_path: Path) -> None:
    """What a kill leaves is removed; what somebody took away is taken in again."""
    inbox = Inbox(tmp_path, NetLimits(free_bytes=0))
    one = arrival(tiny / "CT.001.dcm")
    assert inbox.take(one).is_new
    (kept,) = tmp_path.rglob("*.dcm")
    torn = kept.with_name(f".rtvol-0123-{kept.name}")
    torn.write_bytes(b"half")
    again = Inbox(tmp_path, NetLimits(free_bytes=0))
    assert not torn.exists()
    assert not again.take(one).is_new
    kept.unlink()
    assert again.take(one).is_new
    kept.write_bytes(kept.read_bytes()[:-9])  # a disk that lost the end of a file
    third = Inbox(tmp_path, NetLimits(free_bytes=0))
    third.take(one)
    assert object_of(kept) == object_of(tiny / "CT.001.dcm")


def test_any_cut_of_an_image_is_refused(tiny: Path, tmp_path: Path) -> None:
    path = tiny / "CT.001.dcm"
    size = len(object_of(path)[1])
    inbox = Inbox(tmp_path, NetLimits(free_bytes=0))
    for stop in itertools.chain(range(12), range(size - 1500, size, 7), range(size - 8, size)):
        assert inbox.take(arrival(path, stop)).status == 0xC000, stop
    assert list(tmp_path.rglob("*.dcm")) == []


def test_two_senders_of_one_object(tiny: Path, tmp_path: Path) -> None:
    """One brings it, the others are told that it is here; nobody fails."""
    inbox = Inbox(tmp_path, NetLimits(free_bytes=0))
    paths = sorted(tiny.glob("*.dcm")) * 4
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda path: inbox.take(arrival(path)), paths))
    assert {answer.status for answer in answers} == {0}
    assert sum(answer.is_new for answer in answers) == len(paths) // 4
