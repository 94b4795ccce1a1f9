"""The job of bench_batch.py as a script of rt-utils and SimpleITK: volumes of the first patient."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import pydicom
import SimpleITK as sitk
from rt_utils import RTStructBuilder


def image_folder(patient: Path, folder: Path) -> Path:
    """Link CT and RTSTRUCT alone: rt-utils takes a RTDOSE in the folder for a slice of the CT."""
    for path in patient.iterdir():
        if path.name.startswith(("CT", "RS")):
            (folder / path.name).symlink_to(path)
    return folder


def label_of(mask: np.ndarray, like: sitk.Image) -> sitk.Image:
    """Image of a mask of rt-utils, whose axes are (row, column, slice)."""
    label = sitk.GetImageFromArray(np.moveaxis(mask, 2, 0).astype(np.uint8))
    label.CopyInformation(like)
    return label


def dose_of(patient: Path, like: sitk.Image) -> sitk.Image:
    """Dose on the grid of the CT, Gy."""
    path = next(patient.glob("RD*"))
    dose = sitk.Cast(sitk.ReadImage(str(path)), sitk.sitkFloat32)
    dose = dose * float(pydicom.dcmread(path, stop_before_pixels=True).DoseGridScaling)
    return sitk.Resample(dose, like, sitk.Transform(), sitk.sitkLinear, 0.0)


def work(patient: Path, folder: Path, *, with_doses: bool) -> dict[str, float]:
    """Masks, margins, contours back, and doses when asked for."""
    folder = image_folder(patient, folder)
    structures = next(folder.glob("RS*"))
    rtstruct = RTStructBuilder.create_from(
        dicom_series_path=str(folder), rt_struct_path=str(structures)
    )
    names = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder))
    image = sitk.ReadImage(names)
    voxel_cc = float(np.prod(image.GetSpacing())) / 1000
    masks = {name: rtstruct.get_roi_mask_by_name(name) for name in rtstruct.get_roi_names()}
    grown = masks["GTV"]
    for name, margin_mm in (("CTV", 2.0), ("PTV", 4.0)):
        distance = sitk.SignedMaurerDistanceMap(
            label_of(grown, image), insideIsPositive=False, squaredDistance=False,
            useImageSpacing=True,
        )  # fmt: skip
        grown = np.moveaxis(sitk.GetArrayFromImage(distance) <= margin_mm, 0, 2)
        masks[name] = grown
        rtstruct.add_roi(mask=np.ascontiguousarray(grown), name=name)
    rtstruct.save(str(folder / "peer.dcm"))
    if with_doses:
        dose = sitk.GetArrayFromImage(dose_of(patient, image))
        for mask in masks.values():
            inside = dose[np.moveaxis(mask, 2, 0)]
            counts, _ = np.histogram(inside, bins=7000, range=(0, 70))
            np.searchsorted(np.cumsum(counts), 0.05 * inside.size)
            inside.mean()
    return {name: float(mask.sum()) * voxel_cc for name, mask in masks.items()}


def main() -> None:
    """Work through the patients named; write the volumes of the first."""
    target, what, *patients = sys.argv[1:]
    volumes = []
    for patient in patients:
        with tempfile.TemporaryDirectory() as name:
            volumes.append(work(Path(patient), Path(name), with_doses="dvh" in what))
    Path(target).write_text(json.dumps(volumes[0]))


if __name__ == "__main__":
    main()
