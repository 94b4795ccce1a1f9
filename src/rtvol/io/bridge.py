"""To and from `rt_utils.RTStruct`, for scripts that hold one: contours only, never its masks."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from rtvol.errors import ExtraMissing, UsageError
from rtvol.geometry import plane_frame
from rtvol.io.roi_items import (
    Slices,
    contour_item,
    observation_item,
    off_plane_findings,
    regions_to_write,
    structure_item,
)
from rtvol.io.sets import read_structures
from rtvol.io.write import WrittenSet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydicom.dataset import Dataset

    from rtvol.errors import Finding
    from rtvol.structures import Roi, StructureSet


def from_rt_utils(rtstruct: Any) -> tuple[StructureSet, tuple[Finding, ...]]:
    """Take the regions of an `rt_utils.RTStruct`, as their contours say.

    Parameters
    ----------
    rtstruct
        The `rt_utils.RTStruct`; it is not changed.

    Returns
    -------
    structures
        Its regions, in file order.
    findings
        Each contour and region that is not used, and why; see `rtvol.io.read_case`.

    Raises
    ------
    ExtraMissing
        `extra-missing` when rt-utils cannot be imported.
    UsageError
        `not-rt-utils` when it is something else.
    CaseRejected
        What a structure set file is rejected for, such as `contour-not-planar`.
    """
    with TemporaryDirectory() as folder:
        path = Path(folder) / "RS.dcm"
        _dataset(rtstruct).save_as(path, enforce_file_format=True)
        read = read_structures(path)
    return read.structures, read.findings


def to_rt_utils(rtstruct: Any, rois: Sequence[Roi]) -> WrittenSet:
    """Add regions to an `rt_utils.RTStruct`, their contours exactly as they are.

    Parameters
    ----------
    rtstruct
        The `rt_utils.RTStruct`, changed in place; `rtstruct.save()` writes it.
    rois
        Regions in the order to be added; holes are joined as keyholes.

    Returns
    -------
    WrittenSet
        The names that changed, and what was left out; see `rtvol.io.write_rtstruct`.

    Raises
    ------
    ExtraMissing
        `extra-missing` when rt-utils cannot be imported.
    UsageError
        `not-rt-utils` when it is something else.
    CaseRejected
        `roi-empty` when no region has a contour.
    GeometryError
        `bad-number` when a coordinate lies beyond a kilometre.
    """
    dataset = _dataset(rtstruct)
    slices = _slices(rtstruct.series_data)
    present = dataset.StructureSetROISequence
    regions, findings = regions_to_write(
        rois,
        taken=[str(item.ROIName) for item in present],
        first_number=max((int(item.ROINumber) for item in present), default=0) + 1,
    )
    texts = "".join(text for r in regions for text in (r.name, r.roi.description))
    if not texts.isascii() and dataset.get("SpecificCharacterSet") != "ISO_IR 192":
        dataset.decode()
        dataset.SpecificCharacterSet = "ISO_IR 192"
    implicit = bool(dataset.file_meta.TransferSyntaxUID.is_implicit_VR)
    observations = dataset.RTROIObservationsSequence
    first = max((int(item.ObservationNumber) for item in observations), default=0) + 1
    for number, region in enumerate(regions, start=first):
        present.append(structure_item(region, str(rtstruct.frame_of_reference_uid)))
        dataset.ROIContourSequence.append(contour_item(region, slices, implicit=implicit))
        observations.append(observation_item(region, number))
    return WrittenSet(
        sop_uid=str(dataset.SOPInstanceUID),
        renamed={r.roi.name: r.name for r in regions if r.roi.name != r.name},
        findings=(*findings, *off_plane_findings(regions, slices)),
    )


def _dataset(rtstruct: Any) -> Dataset:
    try:
        from rt_utils import RTStruct
    except ImportError as error:  # also when OpenCV lacks its system libraries
        raise ExtraMissing(
            "extra-missing",
            where="rt-utils",
            seen=f"rt-utils cannot be imported: {error}",
            mend='pip install "rtvol[rt-utils]"; OpenCV needs the system library libGL, or '
            "install opencv-python-headless instead of opencv-python",
        ) from error
    if not isinstance(rtstruct, RTStruct):
        raise UsageError(
            "not-rt-utils",
            seen=f"a {type(rtstruct).__name__}, not a rt_utils.RTStruct",
            mend="pass what rt_utils.RTStructBuilder made",
        )
    dataset: Dataset = rtstruct.ds
    return dataset


def _slices(series: Sequence[Dataset]) -> Slices:
    frames = [
        plane_frame(cosines[:3], cosines[3:])
        for cosines in ([float(part) for part in image.ImageOrientationPatient] for image in series)
    ]
    positions = (np.array(image.ImagePositionPatient, dtype=np.float64) for image in series)
    return Slices(
        z_mm=tuple(
            float(frame.from_patient(position)[2])
            for frame, position in zip(frames, positions, strict=True)
        ),
        sop_uids=tuple(str(image.SOPInstanceUID) for image in series),
        sop_class_uids=tuple(str(image.SOPClassUID) for image in series),
        frames=tuple(frames),
    )
