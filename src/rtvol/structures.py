"""A structure is its contours: closed polygons on planes of patient space, in mm."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from rtvol.frames import AXIAL
from rtvol.geometry import as_locked

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rtvol.errors import Finding
    from rtvol.frames import PlaneFrame

#: RTROIInterpretedTypes of targets, and the words in names that mean one (TG-263).
TARGET_KINDS = ("GTV", "CTV", "PTV", "ITV")
#: Colours (red, green, blue) of targets, written and drawn: legible on dark images. What organs
#: have left of a PTV is told from the whole.
COLOURS = {
    "GTV": (255, 0, 0),
    "CTV": (255, 165, 0),
    "PTV": (70, 130, 255),
    "PTV^clip": (0, 255, 255),
    "ITV": (255, 105, 180),
}
#: How many names stand in the line that shows a structure set.
SHOWN_NAMES = 8
OTHER_COLOUR = (128, 128, 128)
#: Types (PS3.3 C.8.8.8.1) that say it is something else, whatever the name. ORGAN is not among
#: them: systems write it for all that nobody gave a type.
OTHER_KINDS = frozenset(
    {"EXTERNAL", "AVOIDANCE", "BOLUS", "SUPPORT", "FIXATION", "MARKER", "REGISTRATION", "ISOCENTER"}
    | {"CONTRAST_AGENT", "CAVITY", "DOSE_REGION", "DOSE_MEASUREMENT", "IRRAD_VOLUME"}
    | {"BRACHY_CHANNEL", "BRACHY_ACCESSORY", "BRACHY_SRC_APP", "BRACHY_CHNL_SHLD"}
)
#: The word stands first, or behind a prefix: z and x of optimisers, i of internal targets,
#: high, intermediate and low risk of brachytherapy (HR-CTV).
_TARGET_NAME = re.compile(
    r"[\W_]*(?:(?:HR|IR|LR)-?|[a-z]{1,2}[ _]?)?(GTV|CTV|PTV|ITV)", re.IGNORECASE
)


#: Longest ROI name that all systems take (an SH value, PS3.5 6.2; so has TG-263).
LONGEST_NAME = 16
#: So much of a long name's end stays in sight where words cannot be cut.
NAME_TAIL = 7
#: A word keeps so many letters.
_LEAST = 3


def short_name(name: str) -> str:
    """Shorten the later words of a name, the longest first, then leave some out, until it fits.

    `GTV_liver_segment_VII` is `GTV_live_seg_VII`. The first word, numbers, kinds of target and what
    stands behind a caret stay whole: a segment VIII must not become a II. Where that is not enough,
    the first 9 and the last 7 characters are kept.
    """
    head, caret, ending = name.partition("^")
    words, spare = head.split("_"), LONGEST_NAME - len(caret + ending)
    while len("_".join(words)) > spare:
        at = max(range(len(words)), key=lambda index: (_spare_letters(words, index), index))
        if not _spare_letters(words, at):
            break
        words[at] = words[at][:-1]
    while len("_".join(words)) > spare:
        loose = [at for at in range(1, len(words)) if _is_loose(words[at])]
        if not loose:
            break
        del words[loose[-1]]
    short = "_".join(words) + caret + ending
    return (
        short
        if len(short) <= LONGEST_NAME
        else name[: LONGEST_NAME - NAME_TAIL] + name[-NAME_TAIL:]
    )


def _is_loose(word: str) -> bool:
    """Whether a word may be cut or left out: no number, no kind of target, no sign."""
    is_number = any(char.isdigit() for char in word) or set(word) <= set("IVX")
    return not is_number and len(word) >= _LEAST and word.upper() not in TARGET_KINDS


def _spare_letters(words: list[str], at: int) -> int:
    """How many letters may be cut off the end of a word."""
    return max(len(words[at]) - _LEAST, 0) if at and _is_loose(words[at]) else 0


def target_kind(name: str, kind: str = "") -> str:
    """Return which target a region is: GTV, CTV, PTV, ITV, or "" for none. The one rule.

    Its type says so; where the type is empty or ORGAN, its name: `IGTV`, `zPTV_opt`, `HR-CTV`.

    Parameters
    ----------
    name
        ROIName, or an expression, which is what it begins with.
    kind
        RTROIInterpretedType; empty where there is none.
    """
    if kind in TARGET_KINDS:
        return kind
    found = None if kind in OTHER_KINDS else _TARGET_NAME.match(name)
    return found[1].upper() if found else ""


@dataclass(frozen=True, eq=False)
class Contour:
    """One closed polygon on one plane of the frame of its region (`Roi.frame`).

    Attributes
    ----------
    xy_mm
        Corner points (N, 2) in plane, mm; the first point is not repeated. Patient LPS x and y on
        axial planes.
    z_mm
        The plane: its distance from the origin along the frame's normal, mm. Patient LPS z on
        axial planes.
    image_uid
        SOPInstanceUID of the image the contour says it was drawn on (`uid:3` for frame 3 of an
        enhanced one); empty when it says none.
    slab_mm
        How far below and above its plane it reaches, mm, where its source says so: the thickness of
        the voxels of a segmentation. None for what was drawn, which its neighbours tell.
    """

    xy_mm: NDArray[np.float64]
    z_mm: float
    image_uid: str = ""
    slab_mm: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        xy = as_locked(self.xy_mm)
        shape = xy.shape
        if len(shape) != 2 or shape[1] != 2 or shape[0] < 3 or not np.isfinite(xy).all():
            raise ValueError(f"a contour needs (N >= 3, 2) finite points in mm, got {shape}")
        if xy is not self.xy_mm:
            object.__setattr__(self, "xy_mm", xy)

    def __repr__(self) -> str:
        return f"Contour({len(self.xy_mm)} points, z {self.z_mm:g} mm)"

    @property
    def points_mm(self) -> NDArray[np.float64]:
        """Corner points (N, 3) in the frame of its region, mm."""
        return np.column_stack([self.xy_mm, np.full(len(self.xy_mm), self.z_mm)])

    @property
    def area_mm2(self) -> float:
        """Enclosed area in mm2 (shoelace formula), without sign."""
        x, y = self.xy_mm[:, 0] - self.xy_mm[0, 0], self.xy_mm[:, 1] - self.xy_mm[0, 1]
        return float(abs(np.dot(x, np.roll(y, -1)) - np.dot(np.roll(x, -1), y)) / 2)


@dataclass(frozen=True, eq=False)
class Roi:
    """A region of interest: a name, a type and its contours.

    Attributes
    ----------
    name
        ROIName, exactly as stored.
    number
        ROINumber; -1 where the file gives none that tells it from the others.
    kind
        RTROIInterpretedType in upper case (GTV, CTV, PTV, ORGAN, EXTERNAL, ...); may be empty.
    contours
        All closed contours, in file order; several on one plane combine by even-odd parity.
    colour
        ROIDisplayColor (red, green, blue), 0..255, or None when the file gives none.
    stored_volume_cc
        ROIVolume as the writing system printed it, in cc; None when absent.
    description
        ROIGenerationDescription / ROIDescription; may be empty.
    refusal
        Why none of its contours can be used, where the file has some; the region is then empty.
    frame
        The frame its contours are given in; patient LPS for axial ones.
    """

    name: str
    number: int
    kind: str
    contours: tuple[Contour, ...]
    colour: tuple[int, int, int] | None = None
    stored_volume_cc: float | None = None
    description: str = ""
    refusal: Finding | None = None
    frame: PlaneFrame = AXIAL

    def __repr__(self) -> str:
        kind = f"{self.kind}, " if self.kind else ""
        count, planes = len(self.contours), self.planes_mm.size
        return f'Roi("{self.name}", {kind}{count} contours on {planes} planes)'

    @property
    def is_empty(self) -> bool:
        """Whether the region has no closed contour at all."""
        return not self.contours

    @property
    def is_target(self) -> bool:
        """Whether it is a target by its type, or by its name where the type does not say."""
        return target_kind(self.name, self.kind) != ""

    @property
    def planes_mm(self) -> NDArray[np.float64]:
        """Distinct contour planes, distances along the frame's normal in mm, ascending."""
        return np.unique(np.array([c.z_mm for c in self.contours], dtype=np.float64))


@dataclass(frozen=True)
class StructureSet:
    """The regions of one RTSTRUCT, all in one frame of reference.

    Attributes
    ----------
    rois
        Regions in file order, empty ones included.
    label
        StructureSetLabel.
    sop_uid
        SOPInstanceUID of the RTSTRUCT.
    frame_uid
        Frame of reference UID of the contours.
    series_uids
        SeriesInstanceUIDs of the images the structure set refers to.
    form
        The object it was read from: an RTSTRUCT, or segmentations (`SEG`).
    """

    rois: tuple[Roi, ...]
    label: str = ""
    sop_uid: str = ""
    frame_uid: str = ""
    series_uids: tuple[str, ...] = ()
    form: Literal["RTSTRUCT", "SEG"] = "RTSTRUCT"

    def __repr__(self) -> str:
        more = ", ..." if len(self.rois) > SHOWN_NAMES else ""
        return f"StructureSet({len(self.rois)} ROIs: {', '.join(self.names[:SHOWN_NAMES])}{more})"

    @property
    def names(self) -> tuple[str, ...]:
        """ROI names in file order."""
        return tuple(roi.name for roi in self.rois)
