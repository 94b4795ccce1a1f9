"""Doses whose numbers, places or meaning cannot be believed."""

from __future__ import annotations

import copy

import numpy as np
from pydicom.sequence import Sequence
from pydicom.uid import generate_uid

from faults.export import DOSE, MEAN_GY, Export, put, raw
from faults.register import fault, sound
from faults.sound import stored_again
from rtvol.phantoms import VoxelLattice, WriteOptions
from rtvol.phantoms.objects import item, reference, texts

WHERE, HOW_MUCH, WHAT = "dose geometry", "dose values", "dose meaning"
FRAME_BYTES = 2 * DOSE.counts[0] * DOSE.counts[1]


def offsets(export: Export) -> list[float]:
    return [float(value) for value in export.rd.GridFrameOffsetVector]


@fault(WHERE, "warn reject", "dose-no-offsets", mean_gy=None)
def offsets_missing(export: Export) -> None:
    del export.rd.GridFrameOffsetVector


@fault(WHERE, "warn reject", "dose-offsets-count", mean_gy=None)
def offsets_too_few(export: Export) -> None:
    export.rd.GridFrameOffsetVector = texts(offsets(export)[:20])


@fault(WHERE, "warn reject", "dose-offsets-order", mean_gy=None)
def offsets_exchanged(export: Export) -> None:
    values = offsets(export)
    values[7], values[8] = values[8], values[7]
    export.rd.GridFrameOffsetVector = texts(values)


@fault(WHERE, "warn reject", "dose-offsets-order", mean_gy=None)
def offsets_doubled(export: Export) -> None:
    values = offsets(export)
    values[8] = values[7]
    export.rd.GridFrameOffsetVector = texts(values)


@fault(WHERE, "warn reject", "dose-offsets-order", mean_gy=None)
def offsets_begin_at_5(export: Export) -> None:
    """Neither relative (0 first) nor absolute (the z of the first frame)."""
    export.rd.GridFrameOffsetVector = texts([value + 5.0 for value in offsets(export)])


@fault(WHERE, "warn reject", "bad-number", mean_gy=None)
def offset_is_no_number(export: Export) -> None:
    values = [str(value) for value in offsets(export)]
    raw(export.rd, "GridFrameOffsetVector", "\\".join([*values[:5], "x", *values[6:]]))


@fault(WHERE, "warn reject", "dose-too-coarse", mean_gy=None)
def offsets_ten_times_too_large(export: Export) -> None:
    """Written in tenths of mm: 870 mm of dose over a CT of 87 mm."""
    export.rd.GridFrameOffsetVector = texts([10 * value for value in offsets(export)])


@fault(WHERE, "warn reject", "dose-no-position", mean_gy=None)
def dose_position_missing(export: Export) -> None:
    del export.rd.ImagePositionPatient


@fault(WHERE, "warn reject", "dose-no-spacing", mean_gy=None)
def dose_spacing_missing(export: Export) -> None:
    del export.rd.PixelSpacing


@fault(WHERE, "warn reject", "dose-no-spacing", mean_gy=None)
def dose_spacing_zero(export: Export) -> None:
    export.rd.PixelSpacing = ["0", "0"]


@fault(WHERE, "warn reject", "dose-no-orientation", mean_gy=None)
def dose_orientation_missing(export: Export) -> None:
    del export.rd.ImageOrientationPatient


@fault(WHERE, "warn reject", "dose-no-orientation", mean_gy=None)
def dose_orientation_not_orthonormal(export: Export) -> None:
    export.rd.ImageOrientationPatient = texts([1, 0, 0, 0.2, 1, 0])


@fault(WHERE, "warn reject", "pixel-length-mismatch", mean_gy=None)
def number_of_frames_missing(export: Export) -> None:
    del export.rd.NumberOfFrames


@fault(WHERE, "warn reject", "dose-coverage", mean_gy=None)
def dose_starts_at_the_equator(export: Export) -> None:
    keep = offsets(export).index(45.0)
    rd = export.rd
    rd.PixelData = rd.PixelData[keep * FRAME_BYTES :]
    x, y, z = (float(value) for value in rd.ImagePositionPatient)
    rd.ImagePositionPatient = texts([x, y, z + 45.0])
    rd.NumberOfFrames = rd.NumberOfFrames - keep
    rd.GridFrameOffsetVector = texts([value - 45.0 for value in offsets(export)[keep:]])


@fault(WHERE, "warn reject", "dose-coverage", mean_gy=None)
def dose_does_not_touch_the_gtv(export: Export) -> None:
    x, y, z = (float(value) for value in export.rd.ImagePositionPatient)
    export.rd.ImagePositionPatient = texts([x + 300.0, y, z])


@fault(WHERE, "warn reject", "dose-coverage", "dose-offsets-order", mean_gy=None)
def dose_has_one_frame(export: Export) -> None:
    rd = export.rd
    rd.PixelData, rd.NumberOfFrames = rd.PixelData[:FRAME_BYTES], 1
    rd.GridFrameOffsetVector = ["0"]


@fault(HOW_MUCH, "warn reject", "dose-no-scaling", mean_gy=None)
def scaling_missing(export: Export) -> None:
    del export.rd.DoseGridScaling


@fault(HOW_MUCH, "warn reject", "dose-bad-scaling", mean_gy=None)
def scaling_zero(export: Export) -> None:
    export.rd.DoseGridScaling = "0"


@fault(HOW_MUCH, "warn reject", "dose-bad-scaling", mean_gy=None)
def scaling_negative(export: Export) -> None:
    export.rd.DoseGridScaling = "-0.001"


@fault(HOW_MUCH, "warn reject", "bad-number", mean_gy=None)
def scaling_with_a_decimal_comma(export: Export) -> None:
    raw(export.rd, "DoseGridScaling", "0,001")


@fault(HOW_MUCH, "warn reject", "bad-number", "dose-bad-scaling", mean_gy=None)
def scaling_has_two_values(export: Export) -> None:
    raw(export.rd, "DoseGridScaling", "0.001\\0.002")


@fault(HOW_MUCH, "warn reject", "dose-implausible", mean_gy=MEAN_GY * 1e-6)
def scaling_a_million_times_too_small(export: Export) -> None:
    put(export.rd, "DoseGridScaling", f"{float(export.rd.DoseGridScaling) * 1e-6:.6g}")


@fault(HOW_MUCH, "warn reject", "dose-implausible", mean_gy=MEAN_GY * 100)
def values_are_cgy(export: Export) -> None:
    put(export.rd, "DoseGridScaling", f"{float(export.rd.DoseGridScaling) * 100:.6g}")


@fault(HOW_MUCH, "warn reject", "dose-implausible", mean_gy=MEAN_GY / 100)
def values_are_a_hundredth(export: Export) -> None:
    """Hundreds of Gy written as Gy the other way: the maximum is 1 % of the prescription."""
    put(export.rd, "DoseGridScaling", f"{float(export.rd.DoseGridScaling) / 100:.6g}")


@fault(HOW_MUCH, "warn reject", "dose-implausible", mean_gy=0.0)
def dose_is_zero_everywhere(export: Export) -> None:
    export.rd.PixelData = bytes(len(export.rd.PixelData))


@sound(HOW_MUCH, "warn accept", "dose-signed", options=WriteOptions(dose_bits=32))
def signed_and_all_positive(export: Export) -> None:
    values = np.frombuffer(export.rd.PixelData, "<u4")
    export.rd.PixelData = (values // 2).astype("<u4").tobytes()
    put(export.rd, "DoseGridScaling", f"{float(export.rd.DoseGridScaling) * 2:.9g}")
    export.rd.PixelRepresentation = 1


@fault(HOW_MUCH, "warn reject", "dose-negative", mean_gy=None)
def signed_and_above_32767(export: Export) -> None:
    export.rd.PixelRepresentation = 1


@fault(HOW_MUCH, "warn reject", "image-bit-depth", mean_gy=None)
def dose_12_bits_allocated(export: Export) -> None:
    export.rd.BitsAllocated = export.rd.BitsStored = 12
    export.rd.HighBit = 11


@fault(HOW_MUCH, "warn reject", "image-bit-depth", mean_gy=None)
def dose_high_bit_wrong(export: Export) -> None:
    """12 bits stored while values need 16: the high bits would be dropped."""
    export.rd.BitsStored, export.rd.HighBit = 12, 11


@fault(HOW_MUCH, "warn reject", "image-bit-depth", mean_gy=None)
def dose_high_bit_contradicts_bits_stored(export: Export) -> None:
    export.rd.HighBit = 11


@fault(HOW_MUCH, "warn reject", "pixel-length-mismatch", "image-bit-depth", mean_gy=None)
def dose_declares_32_bits_of_16(export: Export) -> None:
    export.rd.BitsAllocated = export.rd.BitsStored = 32
    export.rd.HighBit = 31


@fault(HOW_MUCH, "warn reject", "image-not-linear", mean_gy=None)
def dose_has_three_samples_per_pixel(export: Export) -> None:
    export.rd.SamplesPerPixel = 3


@fault(WHAT, "warn reject", "dose-relative", mean_gy=None)
def units_relative(export: Export) -> None:
    export.rd.DoseUnits = "RELATIVE"


@fault(WHAT, "warn reject", "dose-no-units", mean_gy=None)
def units_missing(export: Export) -> None:
    del export.rd.DoseUnits


@fault(WHAT, "warn reject", "dose-relative", mean_gy=None)
def units_cgy(export: Export) -> None:
    put(export.rd, "DoseUnits", "CGY")


@fault(WHAT, "warn reject", "dose-type-error", mean_gy=None)
def type_error(export: Export) -> None:
    export.rd.DoseType = "ERROR"


@fault(WHAT, "warn reject", "dose-type-effective")
def type_effective(export: Export) -> None:
    """Already weighted for its biological effect: a number, but not a physical dose."""
    export.rd.DoseType = "EFFECTIVE"


@fault(WHAT, "warn reject", "dose-type-missing")
def type_missing(export: Export) -> None:
    del export.rd.DoseType


@fault(WHAT, "warn reject", "dose-not-plan", "beams-missing", mean_gy=None)
def only_a_beam_dose(export: Export) -> None:
    """One beam of a plan of one beam; it does not say which."""
    export.rd.DoseSummationType = "BEAM"


@fault(WHAT, "warn reject", "dose-not-plan", "beams-missing", mean_gy=None)
def only_a_fraction_dose(export: Export) -> None:
    export.rd.DoseSummationType = "FRACTION"


@fault(WHAT, "warn reject", "dose-not-plan", mean_gy=None)
def summation_type_missing(export: Export) -> None:
    del export.rd.DoseSummationType


def beam_doses(export: Export, numbers: tuple[int, ...], *, plan_uid: str = "") -> None:
    """Give the plan two beams, and a dose of half the plan's for each of some of them."""
    group = export.rp.FractionGroupSequence[0]
    second = copy.deepcopy(group.ReferencedBeamSequence[0])
    second.ReferencedBeamNumber = 2
    group.ReferencedBeamSequence = Sequence([group.ReferencedBeamSequence[0], second])
    plan_ref = export.rd.ReferencedRTPlanSequence[0]
    for number in numbers:
        half = copy.deepcopy(export.rd)
        half.DoseSummationType = "BEAM"
        put(half, "DoseGridScaling", f"{float(export.rd.DoseGridScaling) / 2:.9g}")
        half.SOPInstanceUID = generate_uid(
            entropy_srcs=[str(export.rd.SOPInstanceUID), str(number)]
        )
        ref = reference(
            plan_ref.ReferencedSOPClassUID, plan_uid or plan_ref.ReferencedSOPInstanceUID
        )
        beam = item(ReferencedBeamNumber=number)
        fraction = item(ReferencedFractionGroupNumber=1, ReferencedBeamSequence=[beam])
        ref.ReferencedFractionGroupSequence = Sequence([fraction])
        half.ReferencedRTPlanSequence = Sequence([ref])
        export.more[f"RD{number}.dcm"] = half
    export.rd = None


@fault(WHAT, "warn reject", "dose-summed", "dose-not-plan")
def two_beam_doses(export: Export) -> None:
    beam_doses(export, (1, 2))


@fault(WHAT, "warn reject accept", "beams-missing", "dose-not-plan", mean_gy=None)
def one_of_two_beam_doses(export: Export) -> None:
    beam_doses(export, (2,))


@fault(WHAT, "warn reject accept", "plan-mismatch", "beams-missing", "dose-not-plan")
def beam_doses_of_another_plan(export: Export) -> None:
    beam_doses(export, (1, 2), plan_uid="1.2.826.0.1.3680043.10.999.88")


@fault(WHAT, "warn reject", "dose-coverage", mean_gy=None)
def grid_smaller_than_the_gtv(export: Export) -> None:
    stored_again(export, VoxelLattice.around((4, -3, 0), (30, 30, 87), (5, 5, 3)))


@fault(WHAT, "warn reject", "prescription-ambiguous")
def two_prescriptions(export: Export) -> None:
    refs = export.rp.DoseReferenceSequence
    other = copy.deepcopy(refs[0])
    other.DoseReferenceNumber, other.TargetPrescriptionDose = 2, "30"
    refs.append(other)


@fault(WHAT, "warn reject", "bad-number")
def prescription_is_no_number(export: Export) -> None:
    raw(export.rp.DoseReferenceSequence[0], "TargetPrescriptionDose", "45 Gy")


@fault(WHAT, "warn reject", "dose-implausible")
def prescription_in_cgy(export: Export) -> None:
    export.rp.DoseReferenceSequence[0].TargetPrescriptionDose = "4500"
