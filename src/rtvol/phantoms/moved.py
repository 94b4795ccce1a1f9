"""The whole world of an export turned and moved: images, contours and doses together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from pydicom.dataset import Dataset

    from rtvol.frames import Rigid


def move_object(data: Dataset, motion: Rigid) -> None:
    """Move an object's image plane and contours, in place, to all digits a DS value holds."""
    if "ImagePositionPatient" in data:
        corner = motion.points(_numbers(data.ImagePositionPatient))
        axes = motion.vectors(_numbers(data.ImageOrientationPatient).reshape(2, 3))
        data.ImagePositionPatient = list(_texts(corner))
        data.ImageOrientationPatient = list(_texts(axes.ravel()))
    for drawn in data.get("ROIContourSequence", ()):
        for contour in drawn.get("ContourSequence", ()):
            points = _numbers(contour.ContourData).reshape(-1, 3)
            contour.ContourData = list(_texts(motion.points(points).ravel()))


def _numbers(values: object) -> NDArray[np.float64]:
    return np.array(values, dtype=np.float64)


def _texts(values: NDArray[np.float64]) -> Iterator[str]:
    """Decimal strings of at most 16 characters (PS3.5 6.2, DS)."""
    for value in values.tolist():
        yield f"{value + 0.0:.12f}"[:16]
