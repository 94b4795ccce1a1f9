"""Many exports from the sample patients: the same anatomy under new identities, some faulty.

    python benchmarks/variants.py FOLDER --count 300 --faulty 10

UIDs and patient IDs are replaced in the bytes by others of the same length, which costs no more
than a copy. The faulty ones are faulty in five ways, in turn.
"""

from __future__ import annotations

import argparse
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pydicom

if TYPE_CHECKING:
    from collections.abc import Callable

SAMPLES = Path(__file__).resolve().parent.parent / "sample_dicom"
#: The first four digits behind the root that all UIDs of the sample patients share.
UID = re.compile(rb"(?<=1\.2\.826\.0\.1\.3680043\.8\.498\.)\d{4}")


def write_variant(source: Path, folder: Path, number: int) -> None:
    """Write one variant of a sample patient."""
    folder.mkdir(parents=True)
    for path in sorted(source.glob("*.dcm")):
        data = UID.sub(b"%04d" % (1000 + number), path.read_bytes())
        data = re.sub(rb"SYNTHETIC-\d", b"SYNTH-V%04d" % number, data)
        (folder / path.name).write_bytes(data)


def cut_structures(folder: Path) -> None:
    """Leave half of the structure set."""
    path = folder / "RS.dcm"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def swap_patient(folder: Path) -> None:
    """Let the images be another patient's."""
    for path in folder.glob("CT*.dcm"):
        path.write_bytes(re.sub(rb"SYNTH-V\d{4}", b"SYNTH-OTHER", path.read_bytes()))


def cut_image(folder: Path) -> None:
    """Leave half of an image in the middle of the lesion's region."""
    path = folder / "CT.024.dcm"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def rename_gtv(folder: Path) -> None:
    """Take type and name from the GTVs: no structure is one."""
    dataset = pydicom.dcmread(folder / "RS.dcm")
    for item in dataset.RTROIObservationsSequence:
        item.RTROIInterpretedType = "ORGAN"
    for item in dataset.StructureSetROISequence:
        item.ROIName = str(item.ROIName).replace("GTV", "Region")
    dataset.save_as(folder / "RS.dcm")


def spoil_number(folder: Path) -> None:
    """Put a coordinate that is no number into the last contour."""
    path = folder / "RS.dcm"
    data = path.read_bytes()
    at = data.rindex(b"\x06\x30\x50\x00")
    start = data.index(b"\\", at) + 1
    path.write_bytes(data[:start] + b"x" + data[start + 1 :])


FAULTS: tuple[Callable[[Path], None], ...] = (
    cut_structures, swap_patient, cut_image, rename_gtv, spoil_number,
)  # fmt: skip


def write_variants(folder: Path, count: int, faulty: int = 0) -> list[str]:
    """Write variants of the three sample patients; returns the names of the faulty ones."""
    sources = sorted(path for path in SAMPLES.iterdir() if path.is_dir())
    shutil.rmtree(folder, ignore_errors=True)
    broken: list[str] = []
    for number in range(count):
        place = folder / f"v{number:04d}"
        write_variant(sources[number % len(sources)], place, number)
        if faulty and number % (count // faulty) == 7 and len(broken) < faulty:
            FAULTS[len(broken) % len(FAULTS)](place)
            broken.append(place.name)
    return broken


def main() -> None:
    """Write variants and name the faulty ones."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--faulty", type=int, default=0)
    asked = parser.parse_args()
    print("faulty:", *write_variants(asked.folder, asked.count, asked.faulty))


if __name__ == "__main__":
    main()
