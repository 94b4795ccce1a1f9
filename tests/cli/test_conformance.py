"""Every object that is written, of every kind of case: dciodvfy finds no error in it."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import numpy as np
import pydicom
import pytest

from naive import export
from naive.enhanced import ENHANCED_CT, ENHANCED_MR, enhanced, on_frames
from rtvol.frames import PlaneFrame, Rigid
from rtvol.phantoms import (
    Gaussian,
    Organ,
    PhantomCase,
    Shell,
    Sphere,
    VoxelLattice,
    WriteOptions,
    write_case,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pydicom.dataset import Dataset

    Run = Callable[..., Any]

MIDDLE = (0.0, 0.0, 0.0)
WORLD = PhantomCase(
    "SYNTHETIC^CONFORM",
    "RTVOL-CONFORM",
    (
        # a hole, and the GTV an island in it
        Organ("Liver", Shell(MIDDLE, 22.0, 5.0), 60, "ORGAN"),
        Organ("GTV", Sphere(MIDDLE, 7.0), 40, "GTV"),
        Organ("Bowel", Sphere((0.0, 12.0, 0.0), 4.0), 0, "ORGAN"),
    ),
    VoxelLattice.around(MIDDLE, (54.0, 54.0, 54.0), (3.0, 3.0, 4.5)),
    Gaussian(MIDDLE, 50.0, (20.0, 20.0, 20.0)),
    VoxelLattice.around(MIDDLE, (60.0, 60.0, 54.0), (4.0, 4.0, 4.0)),
    45.0,
    3,
)
SHIFT = (12.0, -34.0, 56.0)
TURNS = {
    "sagittal": PlaneFrame.along((0, 1, 0), (0, 0, -1)),
    "coronal": PlaneFrame.along((1, 0, 0), (0, 0, -1)),
    "oblique": PlaneFrame.along((0.6, 0.64, 0.48), (-0.8, 0.48, 0.36)),
}


def turned(name: str) -> Callable[[Path], None]:
    options = WriteOptions(motion=Rigid.of(TURNS[name].axes.T, SHIFT))
    return lambda folder: put(folder, options=options)


def lying(position: Any) -> Callable[[Path], None]:
    return lambda folder: put(folder, position=position)


def put(folder: Path, **how: Any) -> None:
    write_case(folder, WORLD, **how)


def edited(edit: Callable[[Dataset], None]) -> Callable[[Path], None]:
    """The case with each of its files changed."""

    def make(folder: Path) -> None:
        put(folder)
        for path in folder.glob("*.dcm"):
            data = pydicom.dcmread(path)
            edit(data)
            data.save_as(path)

    return make


def of_class(sop_class: str, modality: str, **more: Any) -> Callable[[Path], None]:
    """The images as those of another machine, and every reference to them."""

    def edit(data: Dataset) -> None:
        if data.Modality == "CT":
            data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID = sop_class
            data.Modality = modality
            for word, value in more.items():
                setattr(data, word, value)
        for item in every_item(data):
            if item.get("ReferencedSOPClassUID") == export.CT:
                item.ReferencedSOPClassUID = sop_class

    return edited(edit)


def every_item(data: Dataset) -> list[Dataset]:
    """All items of all sequences, at any depth."""
    found = []
    for element in data:
        if element.VR == "SQ":
            for item in element.value:
                found += [item, *every_item(item)]
    return found


def named(character_set: str | list[str], patient: str, organ: str) -> Callable[[Path], None]:
    def edit(data: Dataset) -> None:
        data.SpecificCharacterSet = character_set
        data.PatientName = patient
        data.StudyDescription = organ
        for item in data.get("StructureSetROISequence", ()):
            item.ROIName = organ if item.ROIName == "Bowel" else item.ROIName

    return edited(edit)


def of_gantry(folder: Path) -> None:
    """A tilted gantry: image planes lean and slide along the table; contours lean with them."""
    cosine, sine = float(np.cos(np.radians(10))), float(np.sin(np.radians(10)))
    slices = export.ct()
    for one in slices:
        one.ImageOrientationPatient = [1, 0, 0, 0, round(cosine, 9), round(sine, 9)]
    rings = []
    for k, one in enumerate(slices[1:5], start=1):
        x, y, z = map(float, one.ImagePositionPatient)
        corners = [(9.0, 9.0), (21.0, 9.0), (21.0, 18.0), (9.0, 18.0)]
        points = [c for a, b in corners for c in (x + a, y + b * cosine, z + b * sine)]
        rings.append(export.contour([round(c, 6) for c in points], k))
    save(folder, *slices, export.structure_set({"GTV": rings}))


def save(folder: Path, *objects: Dataset) -> None:
    for k, one in enumerate(objects):
        export.save(one, folder / f"{k:03d}.dcm")


def of_frames(sop_class: str) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        slices, order = export.ct(), [3, 0, 5, 1, 4, 2]
        one = enhanced(slices, order, sop_class=sop_class)
        save(folder, one, on_frames(export.structure_set(), one, order))

    return make


def without_images(folder: Path) -> None:
    put(folder)
    for path in folder.glob("CT*"):
        path.unlink()


def of_nobody(data: Dataset) -> None:
    """An anonymiser's work: what may be empty is."""
    for word in ("PatientName", "PatientBirthDate", "PatientSex", "StudyID", "StudyDate"):
        setattr(data, word, "")


CASES: dict[str, Callable[[Path], None]] = {
    **{name: lying(name) for name in ("HFP", "FFS", "FFDL")},
    **{name: turned(name) for name in TURNS},
    "tilted gantry": of_gantry,
    "MR": of_class("1.2.840.10008.5.1.4.1.1.4", "MR"),
    "PET": of_class(
        "1.2.840.10008.5.1.4.1.1.128", "PT", Units="BQML", DecayCorrection="START", SliceThickness=3
    ),
    "enhanced CT": of_frames(ENHANCED_CT),
    "enhanced MR": of_frames(ENHANCED_MR),
    "Latin": named("ISO_IR 100", "MÜLLER^ÅSE", "Darm süß"),
    "Cyrillic": named("ISO_IR 144", "Люкceмбypг", "Кишка"),
    "Greek": named("ISO_IR 126", "Διονυσιος", "Έντερο"),
    "Japanese": named(["", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎", "Bowel"),
    "UTF-8": named("ISO_IR 192", "Wang^XiaoDong=王^小东", "小腸 «¼»"),
    "no images": without_images,
    "nobody": edited(of_nobody),
}
#: What cannot be a SEG or a mask, by the code that says why.
NO_SEG = {"no images": "no-ct"}


def errors_of(tool: Path, path: Path) -> list[str]:
    done = subprocess.run(
        [tool, path], capture_output=True, text=True, check=False, errors="replace"
    )
    report = (done.stdout + done.stderr).splitlines()
    assert done.returncode >= 0, f"it stopped by signal {-done.returncode}: {report[-1]}"
    assert report
    return [f"{path.name}: {line}" for line in report if line.startswith("Error")]


@pytest.mark.parametrize("name", CASES)
def test_no_object_that_is_written_has_an_error(
    rtvol: Run, tmp_path: Path, require_tool: Callable[..., Path], name: str
) -> None:
    tool, case = require_tool("dciodvfy"), tmp_path / "case"
    CASES[name](case)
    done = [
        rtvol("expand", case, "--ctv", "2", "--ptv", "4", "--into", "same", "-o", tmp_path / "all"),
        rtvol("derive", case, "Ring = (GTV + 6) - GTV", "-o", tmp_path / "ring"),
    ]
    for form in ("binary", "fractional"):
        words = ("--fractional",) if form == "fractional" else ()
        out = tmp_path / form
        done.append(rtvol("export", case, "-o", out, "--format", "seg", *words))
        if name in NO_SEG:
            refused = done.pop()
            assert refused.code == 1
            assert f"[{NO_SEG[name]}]" in refused.err
    if (case / "RD.dcm").exists():
        done.append(rtvol("export", case, "-o", tmp_path / "dose", "--format", "rtdose"))
    assert [run.code for run in done] == [0] * len(done), "\n".join(run.err for run in done)
    shutil.rmtree(case)
    written = sorted(tmp_path.rglob("*.dcm"))
    assert len(written) >= len(done)
    assert [line for path in written for line in errors_of(tool, path)] == []
