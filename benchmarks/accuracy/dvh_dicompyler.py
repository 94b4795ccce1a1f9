"""dicompyler-core behind a pipe: pickled cases in, one line of JSON out for each.

Runs in an interpreter of its own (RTVOL_DICOMPYLER_PYTHON) that has neither rtvol nor its
pydicom.
"""

import json
import logging
import pickle
import sys
import time

import dicompylercore
import numpy as np
import pydicom
from dicompylercore import config, dvhcalc
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

RTDOSE, RTSTRUCT = "1.2.840.10008.5.1.4.1.1.481.2", "1.2.840.10008.5.1.4.1.1.481.3"


def dataset(kind):
    """Make an empty data set of a SOP class."""
    made = Dataset()
    made.SOPClassUID, made.SOPInstanceUID = kind, generate_uid()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.file_meta.MediaStorageSOPClassUID = kind
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    made.file_meta.ImplementationClassUID = generate_uid()
    made.is_little_endian, made.is_implicit_VR = True, False
    return made


def dose_of(case):
    """Make an RTDOSE with 32 bits a sample, so that no dose is rounded."""
    made, values = dataset(RTDOSE), np.asarray(case["values"], dtype=np.float64)
    scaling = values.max() / 2**31
    stored = np.rint(np.maximum(values, 0) / scaling).astype(np.uint32)
    made.NumberOfFrames, made.Rows, made.Columns = stored.shape
    made.ImagePositionPatient = [float(x) for x in case["origin"]]
    made.ImageOrientationPatient = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]
    made.PixelSpacing = [case["spacing"], case["spacing"]]
    made.GridFrameOffsetVector = [case["spacing"] * k for k in range(stored.shape[0])]
    made.PatientPosition = "HFS"
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
    made.BitsAllocated, made.BitsStored, made.HighBit, made.PixelRepresentation = 32, 32, 31, 0
    made.DoseUnits, made.DoseType, made.DoseSummationType = "GY", "PHYSICAL", "PLAN"
    made.DoseGridScaling = scaling
    made.PixelData = stored.tobytes()
    return made


def structure_of(case):
    """Make an RTSTRUCT with one ROI."""
    made, roi, drawn = dataset(RTSTRUCT), Dataset(), Dataset()
    roi.ROINumber, roi.ROIName = 1, "GTV"
    drawn.ReferencedROINumber, drawn.ContourSequence = 1, Sequence()
    for z, ring in case["rings"]:
        item = Dataset()
        item.ContourGeometricType, item.NumberOfContourPoints = "CLOSED_PLANAR", len(ring)
        points = np.column_stack([ring, np.full(len(ring), z)]).ravel()
        item.ContourData = [round(float(x), 6) for x in points]
        drawn.ContourSequence.append(item)
    made.StructureSetROISequence, made.ROIContourSequence = Sequence([roi]), Sequence([drawn])
    return made


def values_of(case):
    """Read its DVH as its own documentation does."""
    options = {}
    if case["finer"]:
        step = case["spacing"] / case["finer"]
        options = {"interpolation_resolution": step, "use_structure_extents": True}
    structure, dose = structure_of(case), dose_of(case)
    began = time.perf_counter()
    dvh = dvhcalc.get_dvh(structure, dose, 1, **options)
    seconds = time.perf_counter() - began
    found = {f"D{p}%": dvh.statistic(f"D{p}").value for p in case["percents"]}
    if dvh.volume >= 0.03:
        found["D0.03cc"] = dvh.statistic("D0.03cc").value
    found |= {"volume": dvh.volume, "Dmean": dvh.mean, "Dmin": dvh.min, "Dmax": dvh.max}
    found = {name: float(value) for name, value in found.items()} | {"seconds": seconds}
    found["volumes_cc"] = [float(dvh.volume_constraint(dose, "Gy").value) for dose in case["doses"]]
    return found


def main():
    """Answer until the pipe is closed."""
    pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
    logging.disable(logging.CRITICAL)
    version = dicompylercore.__version__
    answer, sys.stdout = sys.stdout, sys.stderr
    print(json.dumps({"version": version, "skimage": config.skimage_available}), file=answer)
    answer.flush()
    while True:
        try:
            case = pickle.load(sys.stdin.buffer)  # noqa: S301 - from the process that started this one
        except EOFError:
            return
        print(json.dumps(values_of(case)), file=answer)
        answer.flush()


if __name__ == "__main__":
    main()
