"""Sound exports with something beside them: other folders, patients, phases, copies, no dose."""

from __future__ import annotations

import copy

from pydicom.uid import RTDoseStorage, generate_uid

from faults.export import Export, put
from faults.register import fault, sound
from faults.sound import BESIDE
from rtvol.phantoms.objects import texts


@sound(BESIDE)
def series_over_two_folders(export: Export) -> None:
    export.folders = {f"CT.{k:03d}.dcm": f"part{k % 2}" for k in range(1, 31)}


@sound(BESIDE)
def deep_odd_paths(export: Export) -> None:
    odd = "a/- b/'c\"/d\ne/..f/ü"
    export.folders = {f"CT.{k:03d}.dcm": odd for k in range(1, 31)} | {"RD.dcm": "-rf"}


@sound(BESIDE)
def another_patient_and_mr_beside(export: Export) -> None:
    for k, one in enumerate(export.ct[:10]):
        other, mr = copy.deepcopy(one), copy.deepcopy(one)
        other.PatientID, other.PatientName = "ZZPHIMRN-other", "ZZPHINAME^OTHER"
        for copied, what in ((other, "other"), (mr, "mr")):
            copied.SOPInstanceUID = generate_uid(entropy_srcs=[one.SOPInstanceUID, what])
            copied.FrameOfReferenceUID = generate_uid(entropy_srcs=["frame", what])
            copied.SeriesInstanceUID = generate_uid(entropy_srcs=["series", what])
            copied.StudyInstanceUID = generate_uid(entropy_srcs=["study", what])
        mr.Modality, mr.SOPClassUID = "MR", "1.2.840.10008.5.1.4.1.1.4"
        export.more |= {f"other{k}.dcm": other, f"mr{k}.dcm": mr}


@sound(BESIDE)
def second_phase_interleaved(export: Export) -> None:
    series = generate_uid(entropy_srcs=["phase 2", str(export.ct[0].SeriesInstanceUID)])
    for k, one in enumerate(export.ct):
        other = copy.deepcopy(one)
        other.SeriesInstanceUID = series
        other.SOPInstanceUID = generate_uid(entropy_srcs=[series, str(k)])
        x, y, z = (float(v) for v in one.ImagePositionPatient)
        other.ImagePositionPatient = texts([x, y, z + 1.5])
        export.more[f"phase{k:02d}.dcm"] = other


@sound(BESIDE, "accept warn", "duplicate-file-skipped")
def byte_identical_copies(export: Export) -> None:
    """Everything exported twice into two folders: each object counts once."""
    copies = {f"CT.{k:03d}.copy.dcm": one for k, one in enumerate(export.ct, start=1)}
    export.more |= copies | {"RD.copy.dcm": export.rd, "RP.copy.dcm": export.rp}


@fault(BESIDE, "accept warn", mean_gy=None)
def no_dose_and_no_plan(export: Export) -> None:
    export.rd = export.rp = None


@sound(BESIDE, "accept warn")
def dose_without_plan_file(export: Export) -> None:
    export.rp = None


@sound(BESIDE)
def dose_without_plan_reference(export: Export) -> None:
    del export.rd.ReferencedRTPlanSequence
    export.rp = None


@sound(BESIDE)
def beam_dose_beside_the_plan_dose(export: Export) -> None:
    beam = copy.deepcopy(export.rd)
    beam.DoseSummationType = "BEAM"
    beam.SOPClassUID = RTDoseStorage
    beam.SOPInstanceUID = generate_uid(entropy_srcs=["beam", str(export.rd.SOPInstanceUID)])
    put(beam, "DoseGridScaling", float(export.rd.DoseGridScaling) / 2)
    export.more["beam.dcm"] = beam
