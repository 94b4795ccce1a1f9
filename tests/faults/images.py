"""Images whose geometry is broken: positions, spacing, tilt, gaps, mixtures."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import numpy as np
from pydicom.uid import generate_uid

from faults.export import CENTRE, CT, FIELD, GTV, MEAN_GY, Export, put, raw, stack_cc
from faults.register import NO_NUMBER, TRUE, fault, sound
from rtvol.phantoms import contoured_planes
from rtvol.phantoms.objects import texts

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

PLACE, KIND = "ct geometry", "ct kind"


def position(one: Dataset) -> list[float]:
    return [float(value) for value in one.ImagePositionPatient]


@fault(PLACE, "reject warn", "ct-missing-slice")
def slice_at_the_equator_missing(export: Export) -> None:
    del export.ct[export.slice_at(CENTRE[2])]


@fault(PLACE, "reject warn", "ct-missing-slice", volumes_cc=TRUE)
def gap_of_15_mm_through_the_gtv(export: Export) -> None:
    at = export.slice_at(CENTRE[2])
    del export.ct[at - 2 : at + 2]


@fault(PLACE, "reject warn", "ct-missing-slice", "ct-irregular-spacing")
def every_third_slice_missing(export: Export) -> None:
    export.ct = [one for k, one in enumerate(export.ct) if k % 3]


@fault(PLACE, "reject warn", "ct-duplicate-position")
def two_slices_at_one_position(export: Export) -> None:
    one = copy.deepcopy(export.ct[15])
    one.SOPInstanceUID = generate_uid(entropy_srcs=["twin", str(one.SOPInstanceUID)])
    one.PixelData = one.PixelData[::-1]
    export.more["CT.twin.dcm"] = one


@fault(PLACE, "reject warn", "ct-duplicate-position")
def same_position_in_all_slices(export: Export) -> None:
    for one in export.ct:
        one.ImagePositionPatient = export.ct[0].ImagePositionPatient


IRREGULAR = np.concatenate([CT.planes_mm[CT.planes_mm <= 7.5], np.arange(13.5, 43.6, 6.0)])


def irregular_mean() -> float:
    """Mean of the linear dose over the slabs of the irregular stack: each at its slab's middle."""
    planes = contoured_planes(GTV, IRREGULAR)
    edges = np.concatenate([[planes[0] - 1.5], (planes[1:] + planes[:-1]) / 2, [planes[-1] + 3.0]])
    areas = np.array([GTV.section_area_mm2(float(z)) for z in planes])
    weights, middles = areas * np.diff(edges), (edges[1:] + edges[:-1]) / 2
    return MEAN_GY + 0.17 * float(weights @ (middles - CENTRE[2]) / weights.sum())


@fault(
    PLACE,
    "warn reject",
    "ct-irregular-spacing",
    volumes_cc=(stack_cc(GTV, IRREGULAR),),
    mean_gy=irregular_mean(),
)
def slices_3_mm_then_6_mm(export: Export) -> None:
    kept = {round(z, 3) for z in IRREGULAR}
    export.ct = [one for one in export.ct if round(position(one)[2], 3) in kept]
    for name in ("Body", "Liver", "GTV"):
        drawn = export.contours(name)
        export.set_contours([c for c in drawn if round(float(c.ContourData[2]), 3) in kept], name)


@fault(PLACE, "reject warn", "ct-gantry-tilt", "roi-without-images")
def gantry_tilt_10_degrees(export: Export) -> None:
    tilt = np.radians(10.0)
    for one in export.ct:
        one.ImageOrientationPatient = texts([1, 0, 0, 0, np.cos(tilt), np.sin(tilt)], 9)


@fault(PLACE, "reject warn", "ct-gantry-tilt", "ct-inconsistent")
def slices_sheared(export: Export) -> None:
    """Upright slices, each shifted against the last: positions do not follow the normal."""
    for k, one in enumerate(export.ct):
        x, y, z = position(one)
        one.ImagePositionPatient = texts([x, y + 0.5 * k, z])


@fault(
    PLACE,
    "warn accept",
    "contour-off-plane",
    mean_gy=float(FIELD.at(np.array(CENTRE[::-1]))),
)
def sagittal_series(export: Export) -> None:
    for k, one in enumerate(export.ct):
        one.ImageOrientationPatient = texts([0, 1, 0, 0, 0, -1])
        one.ImagePositionPatient = texts([-45 + 3 * k, -50, 45])
    for name in ("Body", "Liver", "GTV"):
        for one in export.contours(name):
            values = np.array([float(v) for v in one.ContourData]).reshape(-1, 3)
            raw(one, "ContourData", "\\".join(f"{v:.3f}" for v in values[:, ::-1].ravel()))


@fault(PLACE, "reject warn", "roi-without-images", "ct-gantry-tilt")
def series_turned_about_x(export: Export) -> None:
    """Rows, columns and positions turned by 10 degrees together: oblique, not sheared."""
    tilt = np.radians(10.0)
    for k, one in enumerate(export.ct):
        x, y, _ = position(one)
        one.ImageOrientationPatient = texts([1, 0, 0, 0, np.cos(tilt), np.sin(tilt)], 9)
        step = -43.5 + 3 * k
        one.ImagePositionPatient = texts([x, y - step * np.sin(tilt), step * np.cos(tilt)])


@fault(PLACE, "reject warn", "ct-inconsistent")
def pixel_spacing_of_one_slice_differs(export: Export) -> None:
    export.ct[9].PixelSpacing = ["3", "3"]


@fault(PLACE, "reject warn", "ct-inconsistent")
def one_slice_has_another_matrix(export: Export) -> None:
    one = export.ct[9]
    one.Rows, one.Columns = 16, 16
    one.PixelData = one.PixelData[: 2 * 16 * 16]


@fault(PLACE, "reject warn", "ct-inconsistent")
def orientation_of_one_slice_differs(export: Export) -> None:
    export.ct[9].ImageOrientationPatient = texts([-1, 0, 0, 0, -1, 0])


@fault(PLACE, "reject warn", "bad-grid", "ct-no-orientation")
def orientation_is_not_orthonormal(export: Export) -> None:
    for one in export.ct:
        one.ImageOrientationPatient = texts([1, 0, 0, 0.3, 1, 0])


@fault(PLACE, "reject warn", "bad-grid", "ct-no-orientation")
def orientation_is_zero(export: Export) -> None:
    for one in export.ct:
        one.ImageOrientationPatient = texts([0, 0, 0, 0, 0, 0])


@fault(PLACE, "reject warn", "ct-no-position")
def position_missing(export: Export) -> None:
    for one in export.ct:
        del one.ImagePositionPatient


@fault(PLACE, "reject warn", "ct-no-position")
def position_missing_in_one_slice(export: Export) -> None:
    del export.ct[11].ImagePositionPatient


@fault(PLACE, "reject warn", "ct-no-orientation")
def orientation_missing(export: Export) -> None:
    for one in export.ct:
        del one.ImageOrientationPatient


@fault(PLACE, "reject warn", "ct-no-spacing")
def pixel_spacing_missing(export: Export) -> None:
    for one in export.ct:
        del one.PixelSpacing


@fault(PLACE, "reject warn", "ct-bad-spacing")
def pixel_spacing_zero(export: Export) -> None:
    for one in export.ct:
        one.PixelSpacing = ["0", "0"]


@fault(PLACE, "reject warn", "ct-bad-spacing")
def pixel_spacing_negative(export: Export) -> None:
    for one in export.ct:
        one.PixelSpacing = ["-2", "-2"]


@fault(PLACE, "reject warn", "bad-number")
def position_is_no_number(export: Export) -> None:
    raw(export.ct[9], "ImagePositionPatient", "-58\\-52\\nan")


@fault(PLACE, "reject warn", "bad-number")
def position_with_decimal_commas(export: Export) -> None:
    raw(export.ct[9], "ImagePositionPatient", "-58,0\\-52,0\\-16,5")


@fault(
    PLACE, "reject warn", "ct-single-slice", "roi-single-slice", volumes_cc=NO_NUMBER, mean_gy=None
)
def one_slice_and_one_contour(export: Export) -> None:
    at = export.slice_at(CENTRE[2])
    export.ct = [export.ct[at]]
    for name in ("Body", "Liver", "GTV"):
        export.set_contours([export.at_equator(name)], name)


@sound(KIND, "warn accept", "localizer-skipped")
def localizer_in_the_series(export: Export) -> None:
    one = copy.deepcopy(export.ct[0])
    one.ImageType = ["ORIGINAL", "PRIMARY", "LOCALIZER"]
    one.SOPInstanceUID = generate_uid(entropy_srcs=["scout", str(one.SOPInstanceUID)])
    one.ImageOrientationPatient = texts([1, 0, 0, 0, 0, -1])
    export.more["scout.dcm"] = one


@sound(KIND, "warn accept", "localizer-skipped")
def localizer_without_the_word(export: Export) -> None:
    one = copy.deepcopy(export.ct[0])
    one.SOPInstanceUID = generate_uid(entropy_srcs=["scout", str(one.SOPInstanceUID)])
    one.ImageOrientationPatient = texts([1, 0, 0, 0, 0, -1])
    export.more["scout.dcm"] = one


@fault(KIND, "reject warn", "no-ct")
def no_ct(export: Export) -> None:
    export.ct = []


@fault(KIND, "reject warn", "no-ct")
def no_ct_and_no_dose(export: Export) -> None:
    export.ct, export.rd, export.rp = [], None, None


@fault(KIND, "warn reject", "roi-outside-ct")
def ct_ends_at_the_equator(export: Export) -> None:
    export.ct = export.ct[: export.slice_at(CENTRE[2]) + 1]


@fault(KIND, "reject warn", "frame-mismatch")
def half_of_the_ct_in_another_frame(export: Export) -> None:
    for one in export.ct[::2]:
        one.FrameOfReferenceUID = generate_uid(entropy_srcs=["half", str(export.rs.SOPInstanceUID)])


@fault(KIND, "reject warn", "frame-missing", "frame-mismatch")
def ct_names_no_frame(export: Export) -> None:
    for one in export.ct:
        del one.FrameOfReferenceUID


@fault(KIND, "warn reject accept", "ct-split-series")
def ct_in_two_series(export: Export) -> None:
    series = generate_uid(entropy_srcs=["odd", str(export.rs.SOPInstanceUID)])
    for one in export.ct[1::2]:
        one.SeriesInstanceUID = series
    frame = export.rs.ReferencedFrameOfReferenceSequence[0]
    referenced = frame.RTReferencedStudySequence[0].RTReferencedSeriesSequence
    other = copy.deepcopy(referenced[0])
    other.SeriesInstanceUID = series
    referenced.append(other)


@fault(
    KIND,
    "reject warn",
    "ct-split-series",
    "ct-missing-slice",
    "ct-irregular-spacing",
    "contour-off-plane",
)
def ct_in_two_series_one_referenced(export: Export) -> None:
    series = generate_uid(entropy_srcs=["odd", str(export.rs.SOPInstanceUID)])
    for one in export.ct[1::2]:
        one.SeriesInstanceUID = series


@fault(KIND, "reject warn", "ambiguous-ct", "reference-broken")
def two_ct_and_no_reference(export: Export) -> None:
    series = generate_uid(entropy_srcs=["twin series", str(export.rs.SOPInstanceUID)])
    for k, one in enumerate(export.ct):
        twin = copy.deepcopy(one)
        twin.SeriesInstanceUID = series
        twin.SOPInstanceUID = generate_uid(entropy_srcs=[series, str(k)])
        export.more[f"twin{k:02d}.dcm"] = twin
    del export.rs.ReferencedFrameOfReferenceSequence
    for name in ("Body", "Liver", "GTV"):
        for one in export.contours(name):
            del one.ContourImageSequence


@fault(KIND, "reject warn", "image-multi-frame")
def enhanced_multi_frame_ct(export: Export) -> None:
    """One enhanced CT object instead of single slices: not read, and said."""
    one = copy.deepcopy(export.ct[0])
    put(one, "SOPClassUID", "1.2.840.10008.5.1.4.1.1.2.1")
    one.NumberOfFrames = len(export.ct)
    one.PixelData = b"".join(slice_.PixelData for slice_ in export.ct)
    for keyword in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing"):
        del one[keyword]
    export.ct = [one]


@fault(
    KIND,
    "reject warn",
    "ct-no-position",
    "image-multi-frame",
    "image-bit-depth",
    "truncated-pixels",
    "pixel-length-mismatch",
)
def ct_without_pixels(export: Export) -> None:
    for one in export.ct:
        del one.PixelData


@sound(KIND, "accept warn", "image-bit-depth")
def ct_12_bits_allocated(export: Export) -> None:
    """Legal once, and not read as a picture; the geometry is what contours need."""
    for one in export.ct:
        one.BitsAllocated, one.BitsStored, one.HighBit = 12, 12, 11
        one.PixelData = one.PixelData[: one.Rows * one.Columns * 12 // 8]


@sound(KIND, "accept warn")
def slice_thickness_is_wrong(export: Export) -> None:
    """Thickness says 1 mm, positions say 3 mm: positions count."""
    for one in export.ct:
        one.SliceThickness = "1"
        one.SpacingBetweenSlices = "1"
