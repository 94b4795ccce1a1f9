"""The plan of a phantom (PS3.3 A.20): its prescription, and one arc that carries it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydicom.uid import RTPlanStorage, RTStructureSetStorage

from rtvol.phantoms.objects import (
    DATE,
    SYNTHETIC,
    TIME,
    Export,
    common,
    item,
    number_text,
    reference,
    texts,
)

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from rtvol.phantoms.patient import PhantomCase

_BEAM_MU = 1000


def _isocentre_mm(case: PhantomCase) -> tuple[float, float, float]:
    targets = [organ for organ in case.structures if organ.kind == "GTV"]
    return (targets or case.structures)[0].solid.centre_mm


def _jaws(half_mm: float) -> list[Dataset]:
    return [
        item(RTBeamLimitingDeviceType=kind, LeafJawPositions=texts([-half_mm, half_mm]))
        for kind in ("X", "Y")
    ]


def _control_points(export: Export) -> list[Dataset]:
    """Start and end of one full arc about the first target (PS3.3 C.8.8.14.5)."""
    first = item(
        ControlPointIndex=0,
        NominalBeamEnergy="6",
        BeamLimitingDevicePositionSequence=_jaws(30.0),
        GantryAngle="181",
        GantryRotationDirection="CW",
        BeamLimitingDeviceAngle="0",
        BeamLimitingDeviceRotationDirection="NONE",
        PatientSupportAngle="0",
        PatientSupportRotationDirection="NONE",
        TableTopEccentricAngle="0",
        TableTopEccentricRotationDirection="NONE",
        TableTopVerticalPosition="",
        TableTopLongitudinalPosition="",
        TableTopLateralPosition="",
        IsocenterPosition=texts(_isocentre_mm(export.case)),
        CumulativeMetersetWeight="0",
    )
    last = item(
        ControlPointIndex=1,
        GantryAngle="179",
        GantryRotationDirection="NONE",
        CumulativeMetersetWeight="1",
    )
    return [first, last]


def _arc(export: Export) -> Dataset:
    """One arc (PS3.3 C.8.8.14): a plausible beam, not one to deliver."""
    return item(
        Manufacturer="rtvol",
        TreatmentMachineName="SYNTHETIC",
        PrimaryDosimeterUnit="MU",
        SourceAxisDistance="1000",
        BeamLimitingDeviceSequence=[
            item(RTBeamLimitingDeviceType=kind, NumberOfLeafJawPairs=1) for kind in ("X", "Y")
        ],
        BeamNumber=1,
        BeamName="SYNTHETIC ARC",
        BeamType="DYNAMIC",
        RadiationType="PHOTON",
        TreatmentDeliveryType="TREATMENT",
        NumberOfWedges=0,
        NumberOfCompensators=0,
        NumberOfBoli=0,
        NumberOfBlocks=0,
        FinalCumulativeMetersetWeight="1",
        NumberOfControlPoints=2,
        ControlPointSequence=_control_points(export),
        ReferencedPatientSetupNumber=1,
    )


def plan(export: Export) -> Dataset:
    """Plan (PS3.3 A.20): the prescription to the target and one arc."""
    case = export.case
    target = item(
        DoseReferenceNumber=1,
        DoseReferenceStructureType="SITE",
        DoseReferenceDescription="PTV",
        DoseReferenceType="TARGET",
        TargetPrescriptionDose=number_text(case.prescription_gy),
    )
    beam = item(
        BeamDose=number_text(case.prescription_gy / case.fractions),
        BeamMeterset=number_text(_BEAM_MU),
        ReferencedBeamNumber=1,
    )
    group = item(
        FractionGroupNumber=1,
        NumberOfFractionsPlanned=case.fractions,
        NumberOfBeams=1,
        NumberOfBrachyApplicationSetups=0,
        ReferencedBeamSequence=[beam],
    )
    data = common(export, RTPlanStorage, export.uid("RTPLAN"), "RTPLAN")
    facts = item(
        InstanceNumber=1,
        RTPlanLabel="SYNTHETIC",
        RTPlanDescription=SYNTHETIC,
        RTPlanDate=DATE,
        RTPlanTime=TIME,
        PlanIntent="RESEARCH",
        RTPlanGeometry="PATIENT",
        DoseReferenceSequence=[target],
        FractionGroupSequence=[group],
        BeamSequence=[_arc(export)],
        PatientSetupSequence=[item(PatientPosition=export.position, PatientSetupNumber=1)],
        ReferencedStructureSetSequence=[reference(RTStructureSetStorage, export.uid("RTSTRUCT"))],
        ApprovalStatus="UNAPPROVED",
    )
    data.update(facts)
    return data
