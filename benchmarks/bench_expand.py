"""The whole job on one patient: `rtvol expand` against a script of rt-utils and SimpleITK.

    python benchmarks/bench_expand.py [--json] [--smoke]

Both run as whole processes, from the DICOM files to a written RTSTRUCT: GTV, CTV = GTV + 2 mm,
PTV = CTV + 4 mm. The script does what its users do: masks by rt-utils on the whole CT, margins by
SimpleITK's signed Maurer map, contours back by rt-utils. Its volumes are printed beside ours.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from turns import take_turns

PATIENT = Path(__file__).resolve().parent.parent / "sample_dicom" / "patient1"

PEER = """
import sys
import SimpleITK as sitk
import numpy as np
from rt_utils import RTStructBuilder

folder, target = sys.argv[1:]
rtstruct = RTStructBuilder.create_from(dicom_series_path=folder, rt_struct_path=folder + "/RS.dcm")
names = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(folder)
image = sitk.ReadImage(names)
mask = rtstruct.get_roi_mask_by_name("GTV")
voxel_cc = np.prod(image.GetSpacing()) / 1000
print("GTV", mask.sum() * voxel_cc)
for name, margin in (("CTV", 2.0), ("PTV", 4.0)):
    label = sitk.GetImageFromArray(np.moveaxis(mask, 2, 0).astype(np.uint8))
    label.SetSpacing(image.GetSpacing())
    distance = sitk.SignedMaurerDistanceMap(
        label, insideIsPositive=False, squaredDistance=False, useImageSpacing=True
    )
    mask = np.moveaxis(sitk.GetArrayFromImage(distance) <= margin, 0, 2)
    print(name, mask.sum() * voxel_cc)
    rtstruct.add_roi(mask=np.ascontiguousarray(mask), name=name)
rtstruct.save(target)
"""


def run_rtvol(folder: Path) -> str:
    """Run the command as a user does; return what it prints."""
    words = ["expand", str(PATIENT), "--ctv", "2", "--ptv", "4", "-o", str(folder), "--overwrite"]
    return _run(str(Path(sys.executable).with_name("rtvol")), *words, "--quiet")


def peers_folder(folder: Path) -> Path:
    """Copy CT and RTSTRUCT alone: rt-utils takes a RTDOSE in the folder for a slice of the CT."""
    copy = folder / "images"
    copy.mkdir()
    for file in sorted(PATIENT.iterdir()):
        if file.name.startswith(("CT.", "RS.")):
            shutil.copy(file, copy)
    return copy


def run_peer(images: Path, folder: Path) -> str:
    """Run the script in its own process; return what it prints."""
    peer = [sys.executable, "-W", "ignore", "-c", PEER]
    return _run(*peer, str(images), str(folder / "peer.dcm"))


def _run(*words: str) -> str:
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


def main() -> None:
    """Measure, print a table and, with --json, the document of the protocol."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--smoke", action="store_true")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print(run_rtvol(folder / "ours"))
        images = peers_folder(folder)
        print(run_peer(images, folder))
        seconds = take_turns(
            {"rtvol": lambda: run_rtvol(folder / "ours"), "peer": lambda: run_peer(images, folder)},
            1 if chosen.smoke else 5,
        )
    ratio = seconds["peer"] / seconds["rtvol"]
    print(f"rtvol {seconds['rtvol']:.2f} s, script {seconds['peer']:.2f} s, ratio {ratio:.2f}")
    if chosen.json:
        ratios = {"expand_one_patient_vs_rt_utils_and_simpleitk": ratio}
        print(json.dumps({"bench": "expand", "ratios": ratios}))


if __name__ == "__main__":
    main()
