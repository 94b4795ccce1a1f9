"""Whose data it is: objects of other patients, studies, frames of reference, plans, images."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

from pydicom import dcmread
from pydicom.sequence import Sequence
from pydicom.uid import RTDoseStorage, RTPlanStorage, RTStructureSetStorage, generate_uid

from faults.export import GTV_CC, MEAN_GY, Export, move, phantom, put, stack_cc
from faults.register import NO_NUMBER, TRUE, fault, sound
from rtvol.phantoms import Sphere
from rtvol.phantoms.objects import reference

if TYPE_CHECKING:
    from pathlib import Path

    from pydicom.dataset import Dataset

WHOSE, LINKS = "identity", "references"
SMALL = Sphere((4.0, -3.0, 1.5), 12.0)
MIDDLE = Sphere((4.0, -3.0, 1.5), 15.0)


def uid(*what: object) -> str:
    return str(generate_uid(entropy_srcs=["/".join(map(str, what))]))


def refer_to(rs: Dataset, series: str, sop: str) -> None:
    """Let a structure set refer to images that are not here."""
    for frame in rs.ReferencedFrameOfReferenceSequence:
        for study in frame.RTReferencedStudySequence:
            for one in study.RTReferencedSeriesSequence:
                one.SeriesInstanceUID = series
                for n, image in enumerate(one.ContourImageSequence):
                    image.ReferencedSOPInstanceUID = f"{sop}.{n}"
    for drawn in rs.ROIContourSequence:
        for n, contour in enumerate(drawn.ContourSequence):
            if "ContourImageSequence" in contour:
                contour.ContourImageSequence[0].ReferencedSOPInstanceUID = f"{sop}.{n}"


@fault(WHOSE, "reject", "patient-mismatch", volumes_cc=NO_NUMBER, mean_gy=None)
def rtstruct_of_another_patient(export: Export) -> None:
    rs = export.rs
    frame = uid("other frame", rs.SOPInstanceUID)
    move(rs, patient="ZZPHIMRN-2", study=uid("study", frame), frame=frame)
    refer_to(rs, uid("series", frame), uid("sop", frame)[:40])


@fault(WHOSE, "reject", "patient-mismatch", volumes_cc=NO_NUMBER, mean_gy=None)
def rtstruct_of_another_patient_id_alone(export: Export) -> None:
    export.rs.PatientID = "ZZPHIMRN-3"


@fault(
    WHOSE,
    "reject warn",
    "patient-mismatch",
    "patient-id-missing",
    volumes_cc=NO_NUMBER,
    mean_gy=None,
)
def rtstruct_without_patient_id(export: Export) -> None:
    export.rs.PatientID = ""


@fault(WHOSE, "warn reject", "patient-id-missing")
def no_patient_id_anywhere(export: Export) -> None:
    """Nothing can say that the objects are of one patient."""
    for one in export.objects:
        one.PatientID = ""


@fault(WHOSE, "reject", "frame-mismatch", volumes_cc=NO_NUMBER, mean_gy=None)
def rtstruct_of_another_frame_and_ct(export: Export) -> None:
    rs = export.rs
    frame = uid("second frame", rs.SOPInstanceUID)
    move(rs, study=uid("study", frame), frame=frame)
    refer_to(rs, uid("series", frame), uid("sop", frame)[:40])


@fault(WHOSE, "reject warn", "frame-mismatch", volumes_cc=NO_NUMBER, mean_gy=None)
def rtstruct_frame_alone_differs(export: Export) -> None:
    move(export.rs, frame=uid("third frame", export.rs.SOPInstanceUID))


@fault(WHOSE, "reject warn", "frame-mismatch", "frame-missing")
def rtstruct_names_no_frame(export: Export) -> None:
    del export.rs.ReferencedFrameOfReferenceSequence, export.rs.FrameOfReferenceUID
    for item in export.rs.StructureSetROISequence:
        del item.ReferencedFrameOfReferenceUID


@fault(WHOSE, "reject warn", "frame-mismatch", "frame-missing")
def rtstruct_contradicts_itself_about_its_frame(export: Export) -> None:
    """The ROIs name the CT's frame, the references another."""
    frame = export.rs.ReferencedFrameOfReferenceSequence[0]
    frame.FrameOfReferenceUID = uid("fourth frame", export.rs.SOPInstanceUID)


@fault(WHOSE, "warn reject", "patient-mismatch", mean_gy=None)
def dose_of_another_patient(export: Export) -> None:
    export.rd.PatientID = "ZZPHIMRN-4"


@fault(WHOSE, "warn reject", "patient-mismatch", mean_gy=None)
def dose_of_another_patient_and_frame(export: Export) -> None:
    move(export.rd, patient="ZZPHIMRN-4", frame=uid("dose frame", export.rd.SOPInstanceUID))


@fault(WHOSE, "warn reject", "frame-mismatch", mean_gy=None)
def dose_of_another_frame(export: Export) -> None:
    move(export.rd, frame=uid("dose frame", export.rd.SOPInstanceUID))


@fault(WHOSE, "warn reject", "frame-missing", "frame-mismatch", mean_gy=None)
def dose_names_no_frame(export: Export) -> None:
    del export.rd.FrameOfReferenceUID


@fault(WHOSE, "warn reject", "study-mismatch")
def dose_of_another_study(export: Export) -> None:
    export.rd.StudyInstanceUID = uid("dose study", export.rd.SOPInstanceUID)


@sound(WHOSE)
def rtstruct_of_another_study(export: Export) -> None:
    """Drawn later, in a study of its own: usual with some systems; its references hold."""
    export.rs.StudyInstanceUID = uid("rs study", export.rs.SOPInstanceUID)


@fault(WHOSE, "warn reject", "patient-mismatch")
def plan_of_another_patient(export: Export) -> None:
    export.rp.PatientID = "ZZPHIMRN-5"


@fault(WHOSE, "warn reject", "identity-conflict")
def another_name_and_birth_date(export: Export) -> None:
    export.rs.PatientName, export.rs.PatientBirthDate = "ZZPHINAME^OTHER", "19440404"


@fault(WHOSE, "warn reject", "identity-conflict")
def another_sex(export: Export) -> None:
    export.rs.PatientSex = "F"
    for one in export.ct:
        one.PatientSex = "M"


@fault(WHOSE, "warn reject", "identity-conflict")
def another_birth_date_in_the_dose(export: Export) -> None:
    export.rd.PatientBirthDate = "19440404"


@fault(WHOSE, "warn reject", "identity-conflict", "patient-mismatch")
def one_ct_slice_of_another_patient_by_name(export: Export) -> None:
    export.ct[14].PatientName, export.ct[14].PatientBirthDate = "ZZPHINAME^THIRD", "19550505"


@fault(WHOSE, "warn reject", "patient-mismatch", "ct-missing-slice")
def one_ct_slice_of_another_patient_by_id(export: Export) -> None:
    export.ct[14].PatientID = "ZZPHIMRN-6"


@fault(LINKS, "warn reject", "plan-mismatch")
def dose_of_another_plan(export: Export) -> None:
    export.rd.ReferencedRTPlanSequence[0].ReferencedSOPInstanceUID = uid("no such plan")


@fault(LINKS, "warn reject", "plan-mismatch")
def dose_refers_to_two_plans(export: Export) -> None:
    refs = export.rd.ReferencedRTPlanSequence
    refs.append(reference(RTPlanStorage, uid("another plan", export.rd.SOPInstanceUID)))


@fault(LINKS, "warn reject", "structure-set-mismatch")
def plan_of_another_structure_set(export: Export) -> None:
    """The plan, and so its dose, was made on contours that are not these."""
    ref = export.rp.ReferencedStructureSetSequence[0]
    ref.ReferencedSOPInstanceUID = uid("another structure set", export.rp.SOPInstanceUID)


@fault(LINKS, "warn reject", "structure-set-mismatch")
def dose_of_another_structure_set(export: Export) -> None:
    other = uid("another structure set", export.rd.SOPInstanceUID)
    export.rd.ReferencedStructureSetSequence = Sequence([reference(RTStructureSetStorage, other)])
    del export.rd.ReferencedRTPlanSequence
    export.rp = None


@fault(LINKS, "warn reject", "ambiguous-plan")
def two_plans_of_one_structure_set(export: Export) -> None:
    other = copy.deepcopy(export.rp)
    other.SOPInstanceUID = uid("second plan", export.rp.SOPInstanceUID)
    export.more["RP2.dcm"] = other
    del export.rd.ReferencedRTPlanSequence


@fault(LINKS, "warn reject", "reference-broken")
def ct_with_new_uids(export: Export) -> None:
    for k, one in enumerate(export.ct):
        one.SeriesInstanceUID = uid("new series", export.rs.SOPInstanceUID)
        one.SOPInstanceUID = uid("new sop", export.rs.SOPInstanceUID, k)


@fault(LINKS, "warn reject", "reference-broken")
def referred_slices_missing_at_the_top(export: Export) -> None:
    """Five slices the structure set refers to are not there; no contour of the GTV lies on them."""
    export.ct = export.ct[:-5]


@fault(LINKS, "warn reject", "reference-contradicts")
def contours_refer_to_the_slice_above(export: Export) -> None:
    ordered = [str(one.SOPInstanceUID) for one in export.ct]
    for one in export.contours():
        ref = one.ContourImageSequence[0]
        ref.ReferencedSOPInstanceUID = ordered[ordered.index(ref.ReferencedSOPInstanceUID) + 1]


@fault(
    LINKS,
    "warn reject",
    "ambiguous-rtstruct",
    volumes_cc=(GTV_CC, stack_cc(MIDDLE)),
    mean_gy=None,
)
def two_rtstructs_of_one_ct(export: Export) -> None:
    from faults.export import make_export

    second = make_export("two-rtstructs-of-one-ct", case=phantom(gtv=MIDDLE)).rs
    second.SOPInstanceUID = uid("second", export.rs.SOPInstanceUID)
    export.more["RS2.dcm"] = second


@fault(
    LINKS,
    "warn reject",
    "ambiguous-rtstruct",
    "duplicate-sop-conflict",
    volumes_cc=(GTV_CC, stack_cc(MIDDLE)),
    mean_gy=None,
)
def two_rtstructs_under_one_uid(export: Export) -> None:
    from faults.export import make_export

    export.more["RS2.dcm"] = make_export("two-rtstructs-under-one-uid", case=phantom(gtv=MIDDLE)).rs


@sound(LINKS, "accept warn", volumes_cc=(GTV_CC, stack_cc(SMALL)))
def two_plans_under_one_anonymous_id(export: Export) -> None:
    """Two whole exports of patient ANON: two cases, never one."""
    from faults.export import make_export

    other = make_export("anon-2", case=phantom(gtv=SMALL))
    for one in (*export.objects, *other.objects):
        one.PatientID = "ANON-77"
    named = {f"b{k}.dcm": one for k, one in enumerate(other.objects)}
    export.more |= named
    export.folders |= dict.fromkeys(named, "second")


@fault(LINKS, "reject warn", "duplicate-sop-conflict")
def two_slices_share_a_sop_uid(export: Export) -> None:
    export.ct[14].SOPInstanceUID = export.ct[15].SOPInstanceUID


@fault(LINKS, "warn reject", "duplicate-sop-conflict", "ambiguous-dose", mean_gy=None)
def two_doses_share_a_sop_uid(export: Export) -> None:
    other = copy.deepcopy(export.rd)
    put(other, "DoseGridScaling", float(other.DoseGridScaling) * 0.9)
    export.more["RD2.dcm"] = other


@fault(LINKS, "warn reject", "ambiguous-dose", mean_gy=None)
def two_doses_of_one_plan(export: Export) -> None:
    other = copy.deepcopy(export.rd)
    other.SOPClassUID = RTDoseStorage
    other.SOPInstanceUID = uid("second dose", export.rd.SOPInstanceUID)
    put(other, "DoseGridScaling", float(other.DoseGridScaling) * 0.9)
    export.more["RD2.dcm"] = other


@fault(LINKS, "warn reject", "bad-uid", "reference-broken", "duplicate-sop-conflict")
def ct_without_sop_uids(export: Export) -> None:
    def change(folder: Path) -> None:
        for path in folder.glob("CT*.dcm"):
            one = dcmread(path)
            del one.SOPInstanceUID
            one.save_as(path, enforce_file_format=False)

    export.after.append(change)


assert MEAN_GY > 0
assert TRUE
