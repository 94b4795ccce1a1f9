"""How the files of a phantom are written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from rtvol.errors import UsageError

if TYPE_CHECKING:
    from rtvol.frames import Rigid
    from rtvol.phantoms.patient import Position

Transfer = Literal["implicit", "explicit", "big-endian", "deflated", "rle"]


@dataclass(frozen=True)
class WriteOptions:
    """How the files of a case are written; every choice is legal DICOM and means the same.

    Attributes
    ----------
    transfer
        Transfer syntax; "rle" compresses the pixels of CT and dose.
    undefined_lengths
        Whether sequences and their items end with delimiters instead of having a length.
    shuffled_names
        Whether files are named by hashes without an ending, so that their order says nothing.
    ct_signed
        Whether stored CT values are HU (signed, intercept 0) or HU + 1024 (unsigned).
    ct_slope
        RescaleSlope, HU per stored step.
    dose_bits
        16 or 32.
    dose_offsets
        GridFrameOffsetVector as "relative" distances from the first frame or as "absolute"
        patient z (PS3.3 C.8.8.3.2, forms a and b; b only where image rows run along x).
    dose_position
        Orientation of the dose grid; None: as the CT.
    decimals
        Decimals of the contour points, in mm.
    motion
        Turns and moves the whole world of the export: images, contours and dose; None: not at all.
    """

    transfer: Transfer = "explicit"
    undefined_lengths: bool = False
    shuffled_names: bool = False
    ct_signed: bool = False
    ct_slope: float = 1.0
    dose_bits: Literal[16, 32] = 16
    dose_offsets: Literal["relative", "absolute"] = "relative"
    dose_position: Position | None = None
    decimals: int = 3
    motion: Rigid | None = None

    def __post_init__(self) -> None:
        if self.transfer == "rle" and self.dose_bits == 32:
            raise UsageError(
                "bad-phantom",
                seen="RLE of 32-bit values, which DICOM does not have (PS3.5 8.2.2)",
                mend="take 16 bits, or another transfer syntax",
            )
