"""Write a phantom as a planning system exports a patient: CT, RTSTRUCT, RTPLAN, RTDOSE."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import pydicom
from pydicom.dataset import FileMetaDataset
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    RLELossless,
    generate_uid,
)

from rtvol.phantoms.moved import move_object
from rtvol.phantoms.objects import Export, ct_slices, dose, structure_set
from rtvol.phantoms.patient import truth_of
from rtvol.phantoms.plans import plan
from rtvol.phantoms.write_options import WriteOptions

if TYPE_CHECKING:
    from pathlib import Path

    from pydicom.dataset import Dataset

    from rtvol.phantoms.patient import PhantomCase, Position

_SYNTAX: dict[str, UID] = {
    "implicit": ImplicitVRLittleEndian,
    "explicit": ExplicitVRLittleEndian,
    "big-endian": ExplicitVRBigEndian,
    "deflated": DeflatedExplicitVRLittleEndian,
    "rle": ExplicitVRLittleEndian,  # until the pixels are compressed
}


def write_case(
    folder: Path,
    case: PhantomCase,
    *,
    position: Position = "HFS",
    seed: int = 0,
    options: WriteOptions | None = None,
) -> dict[str, Any]:
    """Write a phantom case into a folder as DICOM files.

    The anatomy stays where it is in patient coordinates; `position` turns the image axes. UIDs,
    dates and noise depend on the arguments alone, so that writing again gives the same bytes.

    Parameters
    ----------
    folder
        Where to write; made when it is not there.
    case
        What to write; without a dose there is no RTPLAN and no RTDOSE.
    position
        How the patient lies in the machine (PS3.3 C.7.3.1.1.2).
    seed
        Of the CT's noise; also makes the UIDs of this export its own.
    options
        How to write.

    Returns
    -------
    dict
        `truth_of(case)` and `position`.

    Raises
    ------
    UsageError
        `bad-phantom` when the dose is negative somewhere on its grid, or absolute offsets are
        asked for where the image rows do not run along x.
    """
    export = Export(case, position, seed, options or WriteOptions())
    folder.mkdir(parents=True, exist_ok=True)
    objects = {f"CT.{k:03d}.dcm": image for k, image in enumerate(ct_slices(export), start=1)}
    objects["RS.dcm"] = structure_set(export)
    if case.dose is not None:
        objects |= {"RP.dcm": plan(export), "RD.dcm": dose(export)}
    for name, data in objects.items():
        if export.options.motion is not None:
            move_object(data, export.options.motion)
        hashed = hashlib.sha256(f"{case.patient_id}/{name}".encode()).hexdigest()[:16]
        _save(data, folder / (hashed if export.options.shuffled_names else name), export.options)
    return {**truth_of(case), "position": position}


def _save(data: Dataset, path: Path, options: WriteOptions) -> None:
    """Write one file; nothing in it depends on the library's version or on the time."""
    meta = FileMetaDataset()
    meta.FileMetaInformationVersion = b"\x00\x01"
    meta.MediaStorageSOPClassUID = data.SOPClassUID
    meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
    meta.TransferSyntaxUID = _SYNTAX[options.transfer]
    meta.ImplementationClassUID = generate_uid(entropy_srcs=["rtvol.phantoms"])
    meta.ImplementationVersionName = "RTVOL_PHANTOM_1"
    data.file_meta = meta
    if options.transfer == "rle" and "PixelData" in data:
        data.compress(RLELossless, encoding_plugin="pydicom", generate_instance_uid=False)
    if options.undefined_lengths:
        _undefine_lengths(data)
    pydicom.dcmwrite(path, data, enforce_file_format=True)


def _undefine_lengths(data: Dataset) -> None:
    for element in data:
        if element.VR == "SQ":
            element.is_undefined_length = True
            for item in element.value:
                item.is_undefined_length_sequence_item = True
                _undefine_lengths(item)
