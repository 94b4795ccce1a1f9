"""The three synthetic liver patients of `sample_dicom` and of `rtvol demo`.

Everything is a closed-form solid in patient coordinates (LPS, mm): liver on the patient's right
(-x), stomach on the left, cord behind (+y). No part of it comes from a person. Organs that must
lie a stated distance from a lesion are placed by that distance, so that the truth can say it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rtvol.phantoms.dicom import write_case
from rtvol.phantoms.doses import Highest, Plateau
from rtvol.phantoms.hollows import Carved
from rtvol.phantoms.patient import Organ, PhantomCase, VoxelLattice
from rtvol.phantoms.prisms import Cylinder, EllipticCylinder
from rtvol.phantoms.solids import Capsule, Ellipsoid, Sphere
from rtvol.phantoms.write_options import WriteOptions

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from rtvol.phantoms.patient import Position
    from rtvol.phantoms.solids import Solid

Point = tuple[float, float, float]

PRESCRIPTION_GY, FRACTIONS = 45.0, 3
PLATEAU_BEYOND_GTV_MM = 7.0
GROWN_MM = 6.0
SLICE_MM, SLICES = 2.5, 47

LIVER = Ellipsoid((-50.0, -14.0, 12.0), (60.0, 56.0, 42.0))
STOMACH = Ellipsoid((50.0, -26.0, 8.0), (34.0, 30.0, 32.0))
KIDNEY_L = Ellipsoid((46.0, 42.0, -22.0), (20.0, 17.0, 30.0))
KIDNEY_R = Ellipsoid((-46.0, 47.0, -27.0), (20.0, 17.0, 26.0))
BOWEL = Capsule((8.0, -54.0, -42.0), 12.0, 90.0, "x")
DUODENUM_RADIUS_MM, DUODENUM_LENGTH_MM = 10.0, 12.0

PICTURE_ONLY = (
    Organ("lung right", Ellipsoid((-62.0, 38.0, 56.0), (36.0, 32.0, 30.0)), -780, ""),
    Organ("lung left", Ellipsoid((64.0, 34.0, 54.0), (34.0, 34.0, 32.0)), -780, ""),
    Organ("spleen", Ellipsoid((88.0, 14.0, 6.0), (18.0, 30.0, 28.0)), 70, ""),
    Organ("vertebral body", Cylinder((0.0, 38.0, 0.0), 16.0, 200.0), 220, ""),
    Organ("vertebral arch", Cylinder((0.0, 61.0, 0.0), 10.0, 200.0), 420, ""),
    Organ("aorta", Cylinder((11.0, 13.0, 0.0), 8.0, 200.0), 170, ""),
    Organ("vena cava", Cylinder((-14.0, 15.0, 0.0), 8.0, 200.0), 140, ""),
)


def unit(*direction: float) -> NDArray[np.float64]:
    """Direction of length 1."""
    vector = np.array(direction, dtype=np.float64)
    turned: NDArray[np.float64] = vector / np.linalg.norm(vector)
    return turned


def placed(point: NDArray[np.float64]) -> Point:
    """Round a point to 0.001 mm, so that the numbers in truth.json are the whole truth."""
    x, y, z = (round(float(value), 3) for value in point)
    return (x, y, z)


def surface(body: Ellipsoid, towards: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    """Point of an ellipsoid's surface and the outward normal there."""
    axes = np.array(body.semi_axes_mm)
    normal = towards / axes
    return np.array(body.centre_mm) + axes * towards, normal / np.linalg.norm(normal)


def duodenum_at(lesion: Sphere, gap_mm: float, towards: NDArray[np.float64]) -> Capsule:
    """Descending duodenum whose upper end is `gap_mm` from a lesion above it."""
    reach = lesion.radius_mm + gap_mm + DUODENUM_RADIUS_MM
    x, y, z = np.array(lesion.centre_mm) + reach * towards
    centre = np.array([x, y, z - DUODENUM_LENGTH_MM / 2])
    return Capsule(placed(centre), DUODENUM_RADIUS_MM, DUODENUM_LENGTH_MM)


def plateau(lesion: Sphere) -> Plateau:
    """SBRT dose: the prescription about where the PTV ends, a fifth more in the middle."""
    r = lesion.radius_mm + PLATEAU_BEYOND_GTV_MM
    return Plateau(lesion.centre_mm, (r, r, r), PRESCRIPTION_GY, 1.2 * PRESCRIPTION_GY, 3.5)


def patient(
    number: int, lesions: Sequence[Sphere], liver: Solid, duodenum: Capsule, *, lowest_mm: float
) -> PhantomCase:
    """Put a patient together; body and cord end where the slabs of the CT end."""
    planes = lowest_mm + SLICE_MM * np.arange(SLICES, dtype=np.float64)
    middle, height = float(planes.mean()), SLICES * SLICE_MM
    names = ["GTV"] if len(lesions) == 1 else [f"GTV{k + 1}" for k in range(len(lesions))]
    organs = (
        Organ("BODY", EllipticCylinder((0.0, 0.0, middle), (120.0, 88.0), height), -90, "EXTERNAL",
              90, colour=(0, 200, 0)),
        Organ("muscle", EllipticCylinder((0.0, 0.0, middle), (112.0, 80.0), height), 20, ""),
        *PICTURE_ONLY,
        Organ("vessels", LIVER, 165, ""),
        Organ("Liver", liver, 105, points=96, colour=(165, 100, 42)),
        Organ("Kidney_L", KIDNEY_L, 150, points=48, colour=(255, 255, 0)),
        Organ("Kidney_R", KIDNEY_R, 150, points=48, colour=(230, 200, 0)),
        Organ("SpinalCord", Cylinder((0.0, 61.0, middle), 5.5, height), 35, points=32,
              colour=(0, 255, 255)),
        Organ("Stomach", STOMACH, 10, points=64, colour=(255, 160, 200)),
        Organ("Duodenum", duodenum, 25, points=48, colour=(120, 220, 120)),
        Organ("Bowel", BOWEL, -20, points=64, colour=(200, 120, 255)),
        *(Organ(name, lesion, 45, "GTV", colour=(255, 0, 0))
          for name, lesion in zip(names, lesions, strict=True)),
    )  # fmt: skip
    return PhantomCase(
        name=f"SYNTHETIC^LIVER {['ONE', 'TWO', 'THREE'][number - 1]}",
        patient_id=f"SYNTHETIC-{number}",
        organs=organs,
        ct=VoxelLattice((-127.0, -95.0), (2.0, 2.0), (128, 96), planes),
        dose=Highest(tuple(plateau(lesion) for lesion in lesions)),
        dose_lattice=VoxelLattice.around(
            (-12.0, -2.0, middle), (210.0, 147.0, 120.0), (3.0, 3.0, 3.0)
        ),
        prescription_gy=PRESCRIPTION_GY,
        fractions=FRACTIONS,
    )


def one_lesion() -> tuple[PhantomCase, dict[str, Any]]:
    """Place a lesion of 14 cc low in the liver, 5 mm from the duodenum."""
    point, normal = surface(LIVER, unit(0.68, 0.12, -0.72))
    lesion = Sphere(placed(point - (15.0 + 1.0) * normal), 15.0)
    duodenum = duodenum_at(lesion, 5.0, normal)
    case = patient(1, [lesion], LIVER, duodenum, lowest_mm=-56.8)
    return case, {"gap_mm": {"GTV": {"Duodenum": 5.0}}}


def lens_cc(one: Sphere, other: Sphere) -> float:
    """Volume common to two overlapping spheres (two caps), in cc."""
    r, s = one.radius_mm, other.radius_mm
    d = float(np.linalg.norm(np.subtract(one.centre_mm, other.centre_mm)))
    caps = np.pi * (r + s - d) ** 2 * (d**2 + 2 * d * (r + s) - 3 * (r - s) ** 2) / (12 * d)
    return float(caps) / 1000


def two_lesions() -> tuple[PhantomCase, dict[str, Any]]:
    """Place lesions of 1 and 8 cc, 8 mm apart: their PTVs overlap."""
    large = Sphere((-62.0, -22.0, 14.0), 12.4)
    small_mm, gap_mm = 6.2, 8.0
    away = unit(0.75, 0.45, 0.5)
    centre = np.array(large.centre_mm) + (large.radius_mm + small_mm + gap_mm) * away
    small = Sphere(placed(centre), small_mm)
    far = Sphere((-18.0, -6.0, -12.0), 1.0)
    duodenum = duodenum_at(far, 11.0, unit(0.5, 0.1, -0.86))
    case = patient(2, [small, large], LIVER, duodenum, lowest_mm=-57.4)
    grown = [Sphere(s.centre_mm, s.radius_mm + GROWN_MM) for s in (small, large)]
    union = sum(sphere.volume_cc for sphere in grown) - lens_cc(*grown)
    return case, {"union_of_grown_cc": {f"{GROWN_MM:g}": round(union, 6)}}


def abutting_lesion() -> tuple[PhantomCase, dict[str, Any]]:
    """Place a lesion against stomach and duodenum; the contoured liver spares two vessels."""
    point, normal = surface(STOMACH, unit(-0.88, 0.2, -0.43))
    lesion = Sphere(placed(point + (14.0 + 0.5) * normal), 14.0)
    duodenum = duodenum_at(lesion, 0.2, unit(0.0, 0.3, -0.95))
    liver = Carved.out_of(
        LIVER,
        Capsule((-50.0, -8.0, 8.6), 6.0, 34.0, "x"),
        Capsule((-78.0, -20.0, 22.0), 5.0, 16.0),
    )
    case = patient(3, [lesion], liver, duodenum, lowest_mm=-57.6)
    return case, {"gap_mm": {"GTV": {"Stomach": 0.5, "Duodenum": 0.2}}}


def write_liver_patients(folder: Path) -> dict[str, dict[str, Any]]:
    """Write `patient1`, `patient2` and `patient3` into a folder, each as CT, RTSTRUCT, plan, dose.

    One lesion; two lesions whose PTVs overlap; and, lying prone, a lesion against stomach and
    duodenum in a liver with holes. The same bytes each time.

    Returns
    -------
    dict
        What is true of each patient (`rtvol.phantoms.truth_of`), by folder name, with the gaps
        between lesions and organs in mm and the union of overlapping PTVs in cc.
    """
    truth: dict[str, dict[str, Any]] = {}
    options = WriteOptions(decimals=2)
    cases = [one_lesion(), two_lesions(), abutting_lesion()]
    for number, (case, more) in enumerate(cases, start=1):
        name = f"patient{number}"
        position: Position = "HFP" if number == 3 else "HFS"
        written = write_case(folder / name, case, position=position, seed=number, options=options)
        truth[name] = {**written, **more}
    return truth
