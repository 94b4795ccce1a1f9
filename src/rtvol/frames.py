"""Frames of planes: how the planes that contours lie on are turned in the patient."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Self

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

Vector = tuple[float, float, float]
#: A box of space, mm: (x, x), (y, y), (z, z), the lower end first.
Box = tuple[tuple[float, float], tuple[float, float], tuple[float, float]]

#: A direction is named by each patient axis it follows by more than this part (20 degrees).
NAMED_SHARE = 0.35
_ENDS = ("RL", "AP", "IS")
#: Decimals, mm, that turning points keeps; positions are written with six at most.
CLEAN_DECIMALS = 9
#: Axes of a frame nearer than this to a patient axis (sine of the angle) lie on it.
ON_AXIS = 1e-9


@dataclass(frozen=True)
class PlaneFrame:
    """Three axes at right angles, about the origin of patient space: two in plane, one across.

    What lies on planes of one orientation is computed in their own frame, where the planes are
    transverse and everything is as for axial images; patient LPS is the frame of axial planes.

    Attributes
    ----------
    row, column, normal
        Unit vectors, patient LPS; normal = row x column.
    """

    row: Vector = (1.0, 0.0, 0.0)
    column: Vector = (0.0, 1.0, 0.0)
    normal: Vector = (0.0, 0.0, 1.0)

    @classmethod
    def along(cls, row: Sequence[float], column: Sequence[float]) -> Self:
        """Return the frame of image rows and columns; printed cosines are made orthonormal."""
        across = np.cross(np.array(row, np.float64), column)
        across /= np.linalg.norm(across)
        first = np.array(row, np.float64)
        first -= (first @ across) * across
        first /= np.linalg.norm(first)
        return cls(*(_vector(axis) for axis in (first, np.cross(across, first), across)))

    @classmethod
    def around(cls, normal: Sequence[float]) -> Self:
        """Return a frame across a normal: its row runs to the patient's left where it can."""
        across = np.array(normal, np.float64)
        across /= np.linalg.norm(across)
        leading = int(np.argmax(np.abs(across)))
        across *= np.sign(across[leading])
        first = np.eye(3)[1 if leading == 0 else 0]
        first -= (first @ across) * across
        return cls.along(first.tolist(), np.cross(across, first).tolist())

    @property
    def is_axial(self) -> bool:
        """Whether it is patient space itself."""
        return self == AXIAL

    @property
    def axes(self) -> NDArray[np.float64]:
        """Rotation (3, 3) from patient LPS into the frame: row, column and normal."""
        return np.array([self.row, self.column, self.normal])

    @property
    def swap(self) -> tuple[tuple[int, int], ...] | None:
        """Patient axis and sign of each axis of the frame; None where it lies between them."""
        near = np.rint(self.axes)
        if np.abs(self.axes - near).max() > ON_AXIS:
            return None
        at = np.abs(near).argmax(axis=1).tolist()
        return tuple((axis, int(near[n, axis])) for n, axis in enumerate(at))

    def from_patient(self, points_mm: NDArray[np.float64]) -> NDArray[np.float64]:
        """Turn patient LPS points or vectors (..., 3) into the frame.

        To a picometre: what is even in the frame (spacings, faces on dose planes) stays even.
        """
        if self.is_axial:
            return points_mm
        # einsum, not @: BLAS wakes its threads for this product
        turned = np.einsum("...c,bc->...b", points_mm, self.axes)
        rounded: NDArray[np.float64] = np.round(turned, CLEAN_DECIMALS) + 0.0
        return rounded

    def to_patient(self, points_mm: NDArray[np.float64]) -> NDArray[np.float64]:
        """Turn points or vectors (..., 3) of the frame into patient LPS."""
        if self.is_axial:
            return points_mm
        turned: NDArray[np.float64] = np.einsum("...b,bc->...c", points_mm, self.axes)
        return turned

    def seen_from(self, other: PlaneFrame) -> PlaneFrame:
        """Return this frame with its axes given in another frame instead of patient LPS."""
        if other.is_axial:
            return self
        if other == self:
            return AXIAL
        row, column = other.from_patient(self.axes[:2]).tolist()
        return PlaneFrame.along(row, column)

    def letters(self, way: Sequence[float]) -> str:
        """Name a direction of the frame: `L`, or `LS` between left and superior."""
        towards = self.to_patient(np.array(way, np.float64)).tolist()
        parts = [(abs(part), names[part > 0]) for part, names in zip(towards, _ENDS, strict=True)]
        return "".join(name for size, name in sorted(parts, reverse=True) if size > NAMED_SHARE)

    def place(self, height_mm: float, decimals: int = 1) -> str:
        """Name a plane in messages: `z 12.5 mm`, or its distance along the normal."""
        if self.is_axial:
            return f"z {height_mm:.{decimals}f} mm"
        towards = ", ".join(f"{part:.2f}" for part in self.normal)
        return f"the plane {height_mm:.{decimals}f} mm along ({towards})"


#: Patient LPS: the frame of transverse planes.
AXIAL = PlaneFrame()


def box_in(box: Box, own: PlaneFrame, frame: PlaneFrame) -> Box:
    """Return the box, mm, in one frame that holds a box of another."""
    corners = frame.from_patient(own.to_patient(np.array(list(product(*box)))))
    x, y, z = zip(corners.min(axis=0).tolist(), corners.max(axis=0).tolist(), strict=True)
    return x, y, z


@dataclass(frozen=True)
class Rigid:
    """A rigid motion of space: turned about the origin, then moved.

    Attributes
    ----------
    turn
        Rotation (3, 3), rows first.
    shift_mm
        What is added then, mm.
    """

    turn: tuple[Vector, Vector, Vector] = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    shift_mm: Vector = (0.0, 0.0, 0.0)

    @classmethod
    def of(cls, turn: NDArray[np.float64], shift_mm: Sequence[float]) -> Self:
        """Return the motion of a rotation matrix (3, 3) and a shift, mm."""
        one, two, three = (_vector(row) for row in np.asarray(turn, np.float64))
        return cls((one, two, three), _vector(np.asarray(shift_mm, np.float64)))

    def points(self, points_mm: NDArray[np.float64]) -> NDArray[np.float64]:
        """Move points (..., 3), mm."""
        moved: NDArray[np.float64] = self.vectors(points_mm) + np.array(self.shift_mm)
        return moved

    def vectors(self, vectors: NDArray[np.float64]) -> NDArray[np.float64]:
        """Turn vectors (..., 3)."""
        turned: NDArray[np.float64] = np.einsum("...c,bc->...b", vectors, np.array(self.turn))
        return turned

    @property
    def inverse(self) -> Rigid:
        """The motion back."""
        back = np.array(self.turn).T
        return Rigid.of(back, -(back @ np.array(self.shift_mm)))

    def after(self, first: Rigid) -> Rigid:
        """Return the motion that is another one first, then this one."""
        turn = np.array(self.turn) @ np.array(first.turn)
        return Rigid.of(turn, self.points(np.array(first.shift_mm)).tolist())

    @property
    def angle_deg(self) -> float:
        """How far it turns, degrees."""
        cosine = (np.trace(np.array(self.turn)) - 1) / 2
        return math.degrees(math.acos(min(max(float(cosine), -1.0), 1.0)))


def _vector(values: NDArray[np.float64]) -> Vector:
    x, y, z = (values + 0.0).tolist()  # + 0.0 turns -0.0 into 0.0
    return x, y, z
