"""What a written structure set holds, read back from its bytes, beside what was to be written.

RS.rtvol.dcm                   the structure set
RS.rtvol.certificate.json      volumes, distances and points of each ROI of it, and its SHA-256
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rtvol import codes, io
from rtvol.errors import CaseRejected
from rtvol.files import write_text
from rtvol.io.plane_fit import in_frame, moved_roi
from rtvol.solids.apart import largest_distance_mm
from rtvol.solids.stack import stack_planes
from rtvol.solids.thinning import THIN_MM
from rtvol.solids.volume import slab_volume_cc
from rtvol.verbs.output import CERTIFICATE_NAME
from rtvol.version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rtvol.case import Case
    from rtvol.errors import Finding
    from rtvol.io.write import WrittenSet
    from rtvol.margins import Derived
    from rtvol.structures import Contour, Roi

#: Coordinates are written to this, mm: a corner lies half a diagonal of it off, in space.
WRITTEN_MM = 1e-3
_ROUNDING_MM = WRITTEN_MM / 2 * math.sqrt(3)
_DECIMALS = 6


@dataclass(frozen=True)
class CertifiedRoi:
    """One ROI as it was to be written, and as it is in the file.

    Attributes
    ----------
    name, number
        ROIName and ROINumber in the file.
    made
        Its name, solid and volume as they were computed.
    points, traced_points
        Points in the file, and before thinning.
    read_volume_cc
        Volume of the contours in the file, by the slab rule; None where it has none.
    there_mm, back_mm
        Largest distance from the outlines before thinning to those in the file, and back.
    tolerance_mm
        What thinning and rounding explain.
    """

    name: str
    number: int
    made: Derived
    contours: int
    points: int
    traced_points: int
    read_volume_cc: float | None
    there_mm: float
    back_mm: float
    tolerance_mm: float

    @property
    def distance_mm(self) -> float:
        """The larger of both distances."""
        return max(self.there_mm, self.back_mm)

    @property
    def finding(self) -> Finding | None:
        """What to say where the distance is more than thinning and rounding explain."""
        return _off(self.name, self.distance_mm, self.tolerance_mm)

    @property
    def entry(self) -> dict[str, Any]:
        """Its part of the document."""
        return {
            "name": self.name,
            "number": self.number,
            "of": self.made.name,
            "solid": self.made.solid,
            "volume_cc": _rounded(self.made.volume_cc),
            "written_volume_cc": _rounded(self.made.written_volume_cc),
            "read_volume_cc": _rounded(self.read_volume_cc),
            "distance_mm": _rounded(self.distance_mm),
            "made_to_read_mm": _rounded(self.there_mm),
            "read_to_made_mm": _rounded(self.back_mm),
            "tolerance_mm": _rounded(self.tolerance_mm),
            "contours": self.contours,
            "points": self.points,
            "traced_points": self.traced_points,
        }


def _off(name: str, distance_mm: float, tolerance_mm: float) -> Finding | None:
    if distance_mm <= tolerance_mm:
        return None
    far = f"{distance_mm:.4f} mm apart" if math.isfinite(distance_mm) else "missing"
    seen = f"contours read back from the file are {far}; {tolerance_mm:.4f} mm are allowed"
    return codes.WRITTEN_OFF.warn(where=f'ROI "{name}"', seen=seen)


def _rounded(value: float | None) -> float | None:
    """To a nanolitre or nanometre; None where there is no number."""
    return None if value is None or not math.isfinite(value) else round(value, _DECIMALS)


def certify(
    path: Path,
    case: Case,
    structures: Sequence[Derived],
    written: WrittenSet,
    *,
    stored: Path | None = None,
) -> list[Finding]:
    """Read a written structure set back and write what it holds beside it.

    Parameters
    ----------
    path
        The structure set.
    case
        Whose it is: its planes tell how thick slabs are.
    structures
        What was made.
    written
        What the writer says of the file.
    stored
        The structure set whose ROIs were taken over as they are stored; None for none.

    Returns
    -------
    list of Finding
        `written-off` for each ROI that lies farther from what was made than thinning and rounding
        explain, or for one taken over that is not what it was.

    Raises
    ------
    CaseRejected
        When the file cannot be read.
    OutputRefused
        `output-unwritable`.
    """
    data = path.read_bytes()
    read = _read_back(path, case, written)
    made = {id(one.roi): one for one in structures}
    first = len(read) - len(written.rois)
    pairs = zip(read[first:], written.rois, strict=True)
    rois = [_certified(made[id(given)], found, case) for found, given in pairs if id(given) in made]
    kept = _kept_mm(read[:first], stored, written) if stored else {}
    document = {
        "schema": "rtvol/certificate@1",
        "rtvol": __version__,
        "file": path.name,
        "sha256": hashlib.sha256(data).hexdigest(),
        "bytes": len(data),
        "thinning_tolerance_mm": THIN_MM,
        "written_to_mm": WRITTEN_MM,
        "kept_rois": len(read) - len(rois),
        "kept_distance_mm": _rounded(max(kept.values(), default=0.0)) if stored else None,
        "structures": [roi.entry for roi in rois],
    }
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    write_text(path.with_name(CERTIFICATE_NAME), text, overwrite=True)
    changed = [_off(name, distance, 0.0) for name, distance in kept.items()]
    every = (*(roi.finding for roi in rois), *changed)
    return [finding for finding in every if finding is not None]


def _kept_mm(read: Sequence[Roi], stored: Path, written: WrittenSet) -> dict[str, float]:
    """How far each ROI taken over lies from what it was, mm: 0 where all points are the same."""
    source = io.read_structures(stored, written.registered).structures.rois
    before = {roi.number: roi.contours for roi in source}
    found = {}
    for roi in read:
        given = before.get(roi.number, ())
        pairs = zip(given, roi.contours, strict=False)
        is_same = len(given) == len(roi.contours) and all(
            one.z_mm == other.z_mm and np.array_equal(one.xy_mm, other.xy_mm)
            for one, other in pairs
        )
        found[roi.name] = 0.0 if is_same else max(largest_distance_mm(given, roi.contours))
    return found


def _read_back(path: Path, case: Case, written: WrittenSet) -> list[Roi]:
    """Regions of the file in the frame of reference of the case."""
    found = io.read_structures(path, written.registered).structures
    way = written.registered.way(found.frame_uid, case.structures.frame_uid)
    return [roi if way is None else moved_roi(roi, way.motion) for roi in found.rois]


def _certified(made: Derived, read: Roi, case: Case) -> CertifiedRoi:
    found = in_frame(read, made.roi.frame) or read
    before = made.traced or made.roi.contours
    there, back = largest_distance_mm(before, found.contours)
    return CertifiedRoi(
        name=read.name,
        number=read.number,
        made=made,
        contours=len(found.contours),
        points=_points(found.contours),
        traced_points=_points(before),
        read_volume_cc=_volume_cc(found, case),
        there_mm=there,
        back_mm=back,
        tolerance_mm=(THIN_MM if made.traced else 0.0) + _ROUNDING_MM,
    )


def _points(contours: Sequence[Contour]) -> int:
    return sum(len(contour.xy_mm) for contour in contours)


def _volume_cc(roi: Roi, case: Case) -> float | None:
    """Volume by the slab rule; None where contours on one plane, without images, have none."""
    try:
        stack, _ = stack_planes(roi, images_mm=case.planes_of(roi))
    except CaseRejected:
        return None
    return slab_volume_cc(stack)
