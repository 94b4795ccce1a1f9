"""One region as a DICOM segmentation of its own images (PS3.3 A.51, C.8.20), by highdicom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydicom import dcmread
from pydicom.uid import generate_uid

from rtvol.errors import ExtraMissing, OutputRefused
from rtvol.files import new_file
from rtvol.io.names import clean
from rtvol.structures import target_kind
from rtvol.version import __version__

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from pydicom.dataset import Dataset

    from rtvol.case import ImageSeries
    from rtvol.volumes import Coverage

SegKind = Literal["binary", "fractional"]
#: Whole coverage as an integer: a fraction is stored to 1/255.
WHOLE = 255
_SERIES_NUMBER = 902
#: SNOMED CT codes (PS3.16 CID 7150, 7159, 7150): of gross tumours, of volumes of a plan, of others.
_LESION = (("49755003", "Morphologically Abnormal Structure"), ("4147007", "Mass"))
_SPACE = (("309825002", "Spatial and Relational Concept"),) * 2
_ANATOMY = (("123037004", "Anatomical Structure"),) * 2


def write_seg(
    path: Path,
    coverage: Coverage,
    series: ImageSeries,
    *,
    name: str,
    kind: str = "",
    form: SegKind = "binary",
    overwrite: bool = False,
) -> NDArray[np.float64]:
    """Write a region as one segment on the planes of its images.

    Parameters
    ----------
    path
        The file to make, in a folder that exists.
    coverage
        The region on the grid of the images.
    series
        The images; patient and study are theirs.
    name, kind
        SegmentLabel (64 characters), and RTROIInterpretedType.
    form
        "binary": voxels covered by half or more; "fractional": OCCUPANCY, the coverage to 1/255.
    overwrite
        Whether a file that is there already may be replaced.

    Returns
    -------
    (P,) float64
        Sum of the stored fractions, voxels, on each plane of the coverage.

    Raises
    ------
    ExtraMissing
        `extra-missing` when highdicom is not installed.
    OutputRefused
        `output-exists`, `output-unwritable`; `output-not-verified` when the images changed, or
        cannot be referred to, or the file does not read back as it was written.
    """
    try:
        import highdicom as hd
    except ImportError as error:
        seen, mend = "highdicom is not installed", 'pip install "rtvol[seg]"'
        raise ExtraMissing("extra-missing", where="SEG", seen=seen, mend=mend) from error
    sources, stored = _on_sources(coverage, series, form)
    try:
        segmentation = hd.seg.Segmentation(
            source_images=sources,
            pixel_array=stored if form == "binary" else stored / np.float32(WHOLE),
            segmentation_type=form.upper(),
            segment_descriptions=[_segment(hd, name, kind)],
            series_instance_uid=generate_uid(),
            series_number=_SERIES_NUMBER,
            sop_instance_uid=generate_uid(),
            instance_number=1,
            manufacturer="rtvol",
            manufacturer_model_name="rtvol",
            software_versions=__version__,
            device_serial_number="0",
            fractional_type="OCCUPANCY" if form == "fractional" else None,
            max_fractional_value=WHOLE,
            content_description=f"rtvol: {_said(form)}"[:64],
            content_label="RTVOL",
        )
    except (AttributeError, TypeError, ValueError, KeyError) as error:
        seen = f"the images cannot be referred to by a segmentation: {error}"
        mend = "export the images again, or write NIfTI"
        raise OutputRefused("output-not-verified", where=path.name, seen=seen, mend=mend) from error
    segmentation.SeriesDescription = clean(f"rtvol {name}", 64)
    with new_file(path, overwrite=overwrite) as temporary:
        segmentation.save_as(temporary)
        found = int(dcmread(temporary).pixel_array.sum(dtype=np.int64))
    if found != int(stored.sum(dtype=np.int64)):
        seen, mend = "it does not read back as it was written", "write to another disk or folder"
        raise OutputRefused("output-not-verified", where=path.name, seen=seen, mend=mend)
    whole = WHOLE if form == "fractional" else 1
    return np.asarray(stored.sum(axis=(1, 2), dtype=np.float64) / whole, np.float64)


def _said(form: SegKind) -> str:
    return "coverage of each voxel" if form == "fractional" else "voxels covered by half or more"


def _on_sources(
    coverage: Coverage, series: ImageSeries, form: SegKind
) -> tuple[list[Dataset], NDArray[np.uint8]]:
    """Headers of the images the region lies on, and its values there: 0 and 1, or to 255.

    Frames without anything of the region are left out of the file.
    """
    whole = WHOLE if form == "fractional" else 1
    share = np.minimum(coverage.values, 1.0) if form == "fractional" else coverage.values >= 0.5
    k, j, i = coverage.start_kji
    planes, rows, columns = coverage.values.shape
    stored = np.zeros((planes, *series.grid.shape_ji), np.uint8)
    stored[:, j : j + rows, i : i + columns] = np.rint(share * np.float32(whole))
    paths = [image.path for image in series.slices[k : k + planes]]
    return [dcmread(path, stop_before_pixels=True) for path in paths], stored


def _segment(hd: Any, name: str, kind: str) -> Any:
    role = target_kind(name, kind)
    category, type_ = _LESION if role == "GTV" else _SPACE if role else _ANATOMY
    return hd.seg.SegmentDescription(
        segment_number=1,
        segment_label=clean(name, 64) or "region",
        segmented_property_category=hd.sr.CodedConcept(category[0], "SCT", category[1]),
        segmented_property_type=hd.sr.CodedConcept(type_[0], "SCT", type_[1]),
        algorithm_type="MANUAL",
        tracking_uid=generate_uid(),
        tracking_id=clean(name, 64) or "region",
    )
