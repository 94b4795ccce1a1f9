"""One region as a DICOM segmentation of its own images (PS3.3 A.51, C.8.20), by highdicom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydicom import dcmread
from pydicom.uid import generate_uid

from rtvol.errors import ExtraMissing, OutputRefused
from rtvol.files import new_file
from rtvol.geometry import plane_thickness_mm
from rtvol.io.names import clean
from rtvol.structures import target_kind
from rtvol.version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from pydicom.dataset import Dataset

    from rtvol.case import ImageSeries
    from rtvol.volumes import Coverage

SegKind = Literal["binary", "fractional"]
#: Whole coverage as an integer: a fraction is stored to 1/255.
WHOLE = 255
_SERIES_NUMBER = 902
#: Elements of type 2 of patient and study (PS3.3 C.7.1.1, C.7.2.1): anonymisers leave them out.
_MAY_BE_EMPTY = (
    "PatientID",
    "PatientName",
    "PatientBirthDate",
    "PatientSex",
    "StudyDate",
    "StudyTime",
    "StudyID",
    "AccessionNumber",
    "ReferringPhysicianName",
)
#: SNOMED CT codes (PS3.16 CID 7150, 7159, 7150): of gross tumours, of volumes of a plan, of others.
_LESION = (("49755003", "Morphologically Abnormal Structure"), ("4147007", "Mass"))
_SPACE = (("309825002", "Spatial and Relational Concept"),) * 2
_ANATOMY = (("123037004", "Anatomical Structure"),) * 2
#: Value representations that a character set is about (PS3.5 6.1.2.2).
_TEXT_VRS = frozenset({"LO", "LT", "PN", "SH", "ST", "UC", "UT"})


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
    planes = _planes(coverage, series, form)
    sources, stored = _on_sources(planes, coverage.start_kji[0], series)
    character_set = _in_one_character_set(sources, name)
    # highdicom warns, with the name itself, of names in one part: it gets none
    patient_name = sources[0].PatientName
    for source in sources:
        source.PatientName = ""
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
    segmentation.SpecificCharacterSet = character_set
    segmentation.PatientName = patient_name
    with new_file(path, overwrite=overwrite) as temporary:
        segmentation.save_as(temporary)
        found = int(dcmread(temporary).pixel_array.sum(dtype=np.int64))
    if found != int(stored.sum(dtype=np.int64)):
        seen, mend = "it does not read back as it was written", "write to another disk or folder"
        raise OutputRefused("output-not-verified", where=path.name, seen=seen, mend=mend)
    whole = WHOLE if form == "fractional" else 1
    return np.asarray(planes.sum(axis=(1, 2), dtype=np.float64) / whole, np.float64)


def _in_one_character_set(sources: Sequence[Dataset], name: str) -> str:
    """Say the texts of images in one character set: Latin-1, or where it has not all, UTF-8."""
    texts = [name]
    for source in sources:
        source.decode()
        for element in source:
            if element.VR in _TEXT_VRS:
                # text alone: what came from a file remembers the bytes it had there
                plain = [str(value) for value in element.value or ()]
                element.value = plain if element.VM > 1 else str(element.value or "")
                texts.append(str(element.value))
    is_latin = all(ord(char) < 256 for char in "".join(texts))
    character_set = "ISO_IR 100" if is_latin else "ISO_IR 192"
    for source in sources:
        source.SpecificCharacterSet = character_set
    return character_set


def _said(form: SegKind) -> str:
    return "coverage of each voxel" if form == "fractional" else "voxels covered by half or more"


def _planes(coverage: Coverage, series: ImageSeries, form: SegKind) -> NDArray[np.uint8]:
    """Return the planes a region lies on as they are stored: 0 and 1, or to 255."""
    whole = WHOLE if form == "fractional" else 1
    share = np.minimum(coverage.values, 1.0) if form == "fractional" else coverage.values >= 0.5
    _, j, i = coverage.start_kji
    planes, rows, columns = coverage.values.shape
    stored = np.zeros((planes, *series.grid.shape_ji), np.uint8)
    stored[:, j : j + rows, i : i + columns] = np.rint(share * np.float32(whole))
    return stored


def _on_sources(
    planes: NDArray[np.uint8], first: int, series: ImageSeries
) -> tuple[list[Dataset], NDArray[np.uint8]]:
    """Headers of the images that planes from the first on lie on, and their frames.

    Frames without anything of the region are left out of the file. Of an enhanced object all
    frames are given, in its order.
    """
    images = series.slices[first : first + len(planes)]
    thickness_mm = float(np.median(plane_thickness_mm(series.grid)))
    sources = [_source(path, thickness_mm) for path in dict.fromkeys(one.path for one in images)]
    if not any(one.frame for one in images):
        return sources, planes
    if len(sources) > 1:
        seen = f"its images are the frames of {len(sources)} enhanced objects"
        mend = "write NIfTI, or export the images as one object"
        raise OutputRefused("output-not-verified", where="SEG", seen=seen, mend=mend)
    frames = np.zeros((int(sources[0].NumberOfFrames), *series.grid.shape_ji), np.uint8)
    frames[[one.frame - 1 for one in images]] = planes
    return sources, frames


def _source(path: Path, thickness_mm: float) -> Dataset:
    """Header of an image; what may be empty but was left out is empty."""
    header = dcmread(path, stop_before_pixels=True)
    for keyword in _MAY_BE_EMPTY:
        if keyword not in header:
            setattr(header, keyword, "")
    groups = header.get("SharedFunctionalGroupsSequence", ())
    groups = [*groups, *header.get("PerFrameFunctionalGroupsSequence", ())]
    measures = [one for group in groups for one in group.get("PixelMeasuresSequence", ())]
    for item in measures or [header]:
        if not item.get("SliceThickness"):
            item.SliceThickness = f"{thickness_mm:.6g}"
    return header


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
