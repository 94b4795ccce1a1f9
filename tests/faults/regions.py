"""Regions that are empty, open, misnumbered, doubled or of mixed types."""

from __future__ import annotations

import copy

import numpy as np
from pydicom.sequence import Sequence

from faults.contours import without_the_equator
from faults.export import (
    CENTRE,
    CT,
    FIELD,
    GTV,
    GTV_CC,
    LIVER,
    LIVER_CC,
    MEAN_GY,
    Export,
    points_of,
    raw,
    ring,
    set_points,
)
from faults.register import NO_NUMBER, fault, sound
from rtvol.phantoms import contoured_planes

ROIS = "regions"


@fault(ROIS, "warn reject", "roi-not-closed", volumes_cc=NO_NUMBER, mean_gy=None)
def gtv_is_a_point(export: Export) -> None:
    one = export.at_equator()
    one.ContourGeometricType = "POINT"
    export.set_contours([set_points(one, [CENTRE])])


@fault(ROIS, "warn reject", "roi-not-closed", volumes_cc=NO_NUMBER, mean_gy=None)
def gtv_is_open(export: Export) -> None:
    for one in export.contours():
        one.ContourGeometricType = "OPEN_PLANAR"


@fault(ROIS, "warn reject", "roi-not-closed", volumes_cc=NO_NUMBER, mean_gy=None)
def gtv_is_open_and_not_planar(export: Export) -> None:
    for one in export.contours():
        one.ContourGeometricType = "OPEN_NONPLANAR"


@fault(ROIS, "warn reject", "roi-not-closed", volumes_cc=NO_NUMBER, mean_gy=None)
def contour_type_missing(export: Export) -> None:
    for one in export.contours():
        del one.ContourGeometricType


@fault(ROIS, "warn reject", "roi-not-closed")
def one_contour_is_open(export: Export) -> None:
    """A marker line beside closed contours: the closed ones count, the line is named."""
    line = set_points(copy.deepcopy(export.at_equator()), [[0, 0, 1.5], [9, 9, 1.5]])
    line.ContourGeometricType = "OPEN_PLANAR"
    export.set_contours([*export.contours(), line])


@fault(ROIS, "warn reject", "roi-not-closed", volumes_cc=(without_the_equator(),), tolerance=2e-3)
def one_contour_of_the_stack_is_open(export: Export) -> None:
    """The equator is an open line that goes all round: the others alone are not the GTV."""
    export.at_equator().ContourGeometricType = "OPEN_PLANAR"


@fault(ROIS, "warn reject", "roi-empty", volumes_cc=NO_NUMBER, mean_gy=None)
def gtv_without_contour_item(export: Export) -> None:
    drawn = export.drawn_item("GTV")
    export.rs.ROIContourSequence = Sequence(
        [i for i in export.rs.ROIContourSequence if i is not drawn]
    )


@fault(ROIS, "warn reject", "roi-empty", volumes_cc=NO_NUMBER, mean_gy=None)
def gtv_with_empty_contour_sequence(export: Export) -> None:
    export.set_contours([])


#: Mean dose of what is called GTV too: five slices of a cylinder about (-30, 20).
OTHER_Z = float(contoured_planes(GTV, CT.planes_mm)[4:9].mean())
OTHER_GY = float(FIELD.at(np.array([-30.0, 20.0, OTHER_Z])))
LIVER_GY = float(FIELD.at(np.array(LIVER.centre_mm)))


@fault(
    ROIS,
    "warn reject",
    "roi-name-duplicate",
    volumes_cc=(GTV_CC, 5 * 3 * 81 * np.pi / 1000),
    mean_gy=(MEAN_GY, OTHER_GY),
)
def two_rois_named_gtv(export: Export) -> None:
    contours = []
    for one in export.contours()[4:9]:
        z = points_of(one)[0, 2]
        contours.append(set_points(copy.deepcopy(one), ring((-30.0, 20.0), 9.0, z)))
    export.add_roi("GTV", contours)


@fault(
    ROIS,
    "warn reject",
    "roi-name-duplicate",
    volumes_cc=(GTV_CC, LIVER_CC),
    mean_gy=(MEAN_GY, LIVER_GY),
)
def two_rois_named_gtv_but_for_a_blank(export: Export) -> None:
    """Blanks around a name mean nothing (PS3.5 6.2, LO)."""
    export.add_roi(" GTV", copy.deepcopy(export.contours("Liver")))


@fault(ROIS, "warn reject", "roi-number-mismatch", volumes_cc=NO_NUMBER, mean_gy=None)
def contours_of_roi_number_99(export: Export) -> None:
    export.drawn_item("GTV").ReferencedROINumber = 99


@fault(ROIS, "reject warn", "roi-number-duplicate", volumes_cc=NO_NUMBER, mean_gy=None)
def two_rois_share_a_number(export: Export) -> None:
    export.name_item("Liver").ROINumber = export.name_item("GTV").ROINumber


@fault(ROIS, "reject warn", "roi-number-duplicate")
def roi_without_number(export: Export) -> None:
    del export.name_item("Liver").ROINumber


@fault(ROIS, "warn reject", "roi-number-duplicate", volumes_cc=NO_NUMBER, mean_gy=None)
def two_contour_items_of_one_roi(export: Export) -> None:
    """The liver's contours say they are the GTV's too: parity would make a shell of them."""
    export.drawn_item("Liver").ReferencedROINumber = export.name_item("GTV").ROINumber


@fault(ROIS, "warn reject", "frame-mismatch", volumes_cc=NO_NUMBER, mean_gy=None)
def gtv_in_another_frame(export: Export) -> None:
    export.name_item("GTV").ReferencedFrameOfReferenceUID = "1.2.826.0.1.3680043.10.999.77"


@sound(ROIS, "warn accept", "no-observations")
def observations_missing(export: Export) -> None:
    del export.rs.RTROIObservationsSequence


@sound(ROIS, "warn accept")
def gtv_has_no_type(export: Export) -> None:
    export.rs.RTROIObservationsSequence[2].RTROIInterpretedType = ""


@fault(ROIS, "warn reject accept", "roi-volume-differs")
def stored_volume_is_ten_times_too_small(export: Export) -> None:
    export.name_item("GTV").ROIVolume = "3.36"


@sound(ROIS, "warn accept", "roi-empty")
def another_roi_is_empty(export: Export) -> None:
    export.add_roi("Duodenum", [])


@fault(ROIS, "warn reject", "roi-no-name", roi="GTV")
def another_roi_has_no_name(export: Export) -> None:
    export.add_roi("", copy.deepcopy(export.contours("Liver")))


@sound(ROIS, "warn accept")
def stored_volume_is_no_number(export: Export) -> None:
    raw(export.name_item("GTV"), "ROIVolume", "n/a")


@sound(ROIS, "warn accept")
def colour_is_nonsense(export: Export) -> None:
    raw(export.drawn_item("GTV"), "ROIDisplayColor", "red\\-1\\999")
