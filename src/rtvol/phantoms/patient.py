"""A phantom patient: what lies where, how it is scanned and contoured, what it is to receive."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from rtvol.errors import UsageError
from rtvol.geometry import Grid
from rtvol.phantoms.solids import contoured_planes, sections, stack_volume_cc
from rtvol.structures import Contour, Roi

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from numpy.typing import NDArray

    from rtvol.phantoms.doses import DoseField
    from rtvol.phantoms.solids import Solid

Position = Literal["HFS", "HFP", "HFDL", "HFDR", "FFS", "FFP", "FFDL", "FFDR"]
Holes = Literal["nested", "keyhole", "xor"]

#: Patient direction (LPS) of image rows and columns when the picture is as the machine sees the
#: patient: rows along the scanner's x, columns downwards (PS3.3 C.7.3.1.1.2, C.7.6.2.1.1).
COSINES: dict[str, tuple[tuple[int, int, int], tuple[int, int, int]]] = {
    "HFS": ((1, 0, 0), (0, 1, 0)),
    "HFP": ((-1, 0, 0), (0, -1, 0)),
    "HFDL": ((0, -1, 0), (1, 0, 0)),
    "HFDR": ((0, 1, 0), (-1, 0, 0)),
    "FFS": ((-1, 0, 0), (0, 1, 0)),
    "FFP": ((1, 0, 0), (0, -1, 0)),
    "FFDL": ((0, 1, 0), (1, 0, 0)),
    "FFDR": ((0, -1, 0), (-1, 0, 0)),
}


@dataclass(frozen=True, eq=False)
class VoxelLattice:
    """Where voxel centres lie in the patient, however the patient lies in the machine.

    Attributes
    ----------
    corner_mm
        Lowest x and y (LPS) of a voxel centre, in mm.
    spacing_mm
        Distance of centres along the patient's x and y, in mm.
    counts
        Number of voxels along the patient's x and y.
    planes_mm
        Patient z of the planes, in mm, ascending.
    """

    corner_mm: tuple[float, float]
    spacing_mm: tuple[float, float]
    counts: tuple[int, int]
    planes_mm: NDArray[np.float64]

    @classmethod
    def around(
        cls,
        centre_mm: Sequence[float],
        edges_mm: Sequence[float],
        spacing_mm: Sequence[float],
        *,
        phase_mm: float = 0.0,
    ) -> VoxelLattice:
        """Span a box `edges_mm` (x, y, z) about `centre_mm` with equal steps `spacing_mm`.

        The planes lie symmetrically about the centre, moved up by `phase_mm`.
        """
        steps = [max(round(e / s), 1) for e, s in zip(edges_mm, spacing_mm, strict=True)]
        low = [c - n * s / 2 for c, n, s in zip(centre_mm, steps, spacing_mm, strict=True)]
        first = low[2] + phase_mm
        planes = first + np.arange(steps[2] + 1, dtype=np.float64) * spacing_mm[2]
        return cls(
            (low[0], low[1]),
            (float(spacing_mm[0]), float(spacing_mm[1])),
            (steps[0] + 1, steps[1] + 1),
            planes,
        )

    def grid(self, position: Position, frame_uid: str) -> Grid:
        """Give these voxels as an image grid of a patient who lies as `position` says."""
        row, column = COSINES[position]
        normal_z = int(np.cross(row, column)[2])
        i_axis, j_axis = (0, 1) if row[0] else (1, 0)
        corner = [0.0, 0.0]
        for axis, sign in ((i_axis, row[i_axis]), (j_axis, column[j_axis])):
            reach = (self.counts[axis] - 1) * self.spacing_mm[axis]
            corner[axis] = self.corner_mm[axis] + (reach if sign < 0 else 0.0)
        planes = self.planes_mm[::normal_z]
        return Grid(
            origin_mm=(corner[0], corner[1], float(planes[0])),
            row=row,
            column=column,
            spacing_mm=(self.spacing_mm[j_axis], self.spacing_mm[i_axis]),
            offsets_mm=np.abs(planes - planes[0]),
            shape_ji=(self.counts[j_axis], self.counts[i_axis]),
            frame_uid=frame_uid,
        )


@dataclass(frozen=True)
class Organ:
    """A solid with a name.

    Attributes
    ----------
    hu
        Its CT number; later organs are painted over earlier ones.
    kind
        RTROIInterpretedType (GTV, ORGAN, EXTERNAL, ...); empty for what is only in the picture.
    points
        About how many points each contour gets.
    holes
        How holes are stored: rings of their own, joined by a keyhole, or CLOSEDPLANAR_XOR.
    """

    name: str
    solid: Solid
    hu: int
    kind: str = "ORGAN"
    points: int = 72
    holes: Holes = "nested"
    colour: tuple[int, int, int] = (0, 255, 0)


@dataclass(frozen=True, eq=False)
class PhantomCase:
    """A synthetic patient with a CT, structures, a plan and its dose.

    Attributes
    ----------
    name, patient_id
        PatientName and PatientID; both should say that the patient is synthetic.
    organs
        What is in the patient, in painting order.
    ct, dose_lattice
        Voxels of the CT and of the dose.
    dose
        The dose; None for a case without plan and dose.
    prescription_gy, fractions
        What the plan prescribes to the target, in all fractions together.
    """

    name: str
    patient_id: str
    organs: tuple[Organ, ...]
    ct: VoxelLattice
    dose: DoseField | None = None
    dose_lattice: VoxelLattice | None = None
    prescription_gy: float = 45.0
    fractions: int = 3

    def __post_init__(self) -> None:
        if (self.dose is None) != (self.dose_lattice is None):
            raise UsageError(
                "bad-phantom",
                seen="a dose without its lattice, or a lattice without its dose",
                mend="give both or neither",
            )

    @property
    def structures(self) -> tuple[Organ, ...]:
        """The organs that are contoured, in order; their ROI numbers are 1, 2, ..."""
        return tuple(organ for organ in self.organs if organ.kind)


def contour(  # noqa: PLR0913 - a ROI has this many facts
    solid: Solid,
    planes_mm: NDArray[np.float64],
    name: str,
    number: int = 1,
    kind: str = "ORGAN",
    *,
    points: int = 72,
    true_area: bool = True,
    holes: Holes = "nested",
    colour: tuple[int, int, int] | None = None,
) -> Roi:
    """Contour a solid on planes.

    Parameters
    ----------
    solid
        The body.
    planes_mm
        Patient z of the planes in mm; those that miss the body get no contour.
    name, number, kind, colour
        As in `Roi`.
    points, true_area, holes
        As in `sections`; "xor" rings are those of "nested".

    Returns
    -------
    Roi
        Contours from the lowest plane upwards, an outer ring before its holes.
    """
    style: Literal["nested", "keyhole"] = "keyhole" if holes == "keyhole" else "nested"
    contours = [
        Contour(ring, float(z))
        for z in contoured_planes(solid, planes_mm)
        for ring in sections(solid, float(z), points=points, true_area=true_area, holes=style)
    ]
    return Roi(name, number, kind, tuple(contours), colour)


def paint(case: PhantomCase, points_mm: NDArray[np.float64], *, seed: int) -> NDArray[np.int16]:
    """Paint CT numbers at voxel centres: air, then each organ in turn, with a grain of noise.

    Parameters
    ----------
    points_mm
        Voxel centres (..., 3), patient LPS in mm.
    seed
        Of the noise, about 9 HU (standard deviation) inside the patient, none in the air outside.

    Returns
    -------
    (...) int16
        HU.
    """
    hu = np.full(points_mm.shape[:-1], -1000, dtype=np.int16)
    for organ in case.organs:
        hu[organ.solid.inside(points_mm)] = organ.hu
    # integers alone, so that the same seed gives the same bytes on every machine
    dice = np.random.default_rng(seed).integers(-8, 9, size=(3, *hu.shape), dtype=np.int16)
    noise: NDArray[np.int16] = dice.sum(axis=0, dtype=np.int16)
    return np.where(hu > -1000, hu + noise, hu).astype(np.int16)


def truth_of(case: PhantomCase, *, grown_mm: Sequence[float] = (2.0, 6.0)) -> dict[str, Any]:
    """Say what is known of a case in closed form.

    Parameters
    ----------
    grown_mm
        Margins for which targets (kind GTV) get `grown_cc`.

    Returns
    -------
    dict
        `prescription_gy`, `fractions`, `slices`, `slice_spacing_mm`; `structures` by name:
        `kind`, `number`, `volume_cc` (the solid), `stack_cc` (half-slab convention on the CT
        planes, true areas), `planes`, and for targets `centre_mm`, `grown_cc` by margin in mm and
        `dose_at_centre_gy`.
    """
    planes = case.ct.planes_mm
    structures: dict[str, Any] = {}
    for number, organ in enumerate(case.structures, start=1):
        entry: dict[str, Any] = {
            "kind": organ.kind,
            "number": number,
            "volume_cc": round(float(organ.solid.volume_cc), 6),
            "stack_cc": round(stack_volume_cc(organ.solid, planes), 6),
            "planes": int(contoured_planes(organ.solid, planes).size),
        }
        if organ.kind == "GTV":
            entry |= _target_truth(case, organ, grown_mm)
        structures[organ.name] = entry
    plan = {"prescription_gy": case.prescription_gy, "fractions": case.fractions}
    return {
        **(plan if case.dose is not None else {}),
        "slices": int(planes.size),
        "slice_spacing_mm": float(np.median(np.diff(planes))) if planes.size > 1 else None,
        "structures": structures,
    }


def _target_truth(case: PhantomCase, organ: Organ, grown_mm: Sequence[float]) -> dict[str, Any]:
    centre = organ.solid.centre_mm
    grown_cc = {}
    for margin_mm in grown_mm:
        with suppress(UsageError):  # an L or a step has a truth, but not a grown one
            grown_cc[f"{margin_mm:g}"] = round(organ.solid.grown_volume_cc(margin_mm), 6)
    truth: dict[str, Any] = {"centre_mm": list(centre), "grown_cc": grown_cc}
    if case.dose is not None:
        truth["dose_at_centre_gy"] = round(float(case.dose.at(np.array(centre))), 6)
    return truth
