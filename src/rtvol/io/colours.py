"""Colours as DICOM stores them -> red, green, blue."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

#: White of the profile connection space (D50), and XYZ of it -> linear sRGB (Bradford).
_WHITE = (0.9642, 1.0, 0.8249)
_TO_SRGB = (
    (3.1338561, -1.6168667, -0.4906146),
    (-0.9787684, 1.9161415, 0.0334540),
    (0.0719453, -0.2289914, 1.4052427),
)


def rgb_of_cielab(stored: Sequence[int]) -> tuple[int, int, int]:
    """Return the sRGB colour, 0..255, of a CIELab value as DICOM stores it (PS3.3 C.10.7.1.1).

    Parameters
    ----------
    stored
        L* from 0 to 100, a* and b* from -128 to 127, each as 0 to 65535.
    """
    lightness = stored[0] * 100 / 65535
    a, b = (value * 255 / 65535 - 128 for value in stored[1:3])
    middle = (lightness + 16) / 116
    xyz = [
        white * (part**3 if part > 6 / 29 else 3 * (6 / 29) ** 2 * (part - 4 / 29))
        for white, part in zip(_WHITE, (middle + a / 500, middle, middle - b / 200), strict=True)
    ]
    linear = (sum(k * v for k, v in zip(row, xyz, strict=True)) for row in _TO_SRGB)
    red, green, blue = (_gamma(min(max(value, 0.0), 1.0)) for value in linear)
    return red, green, blue


def _gamma(linear: float) -> int:
    """Return a linear part of light as sRGB (IEC 61966-2-1), 0..255."""
    curved = 12.92 * linear if linear <= 0.0031308 else 1.055 * linear ** (1 / 2.4) - 0.055
    return round(curved * 255)
