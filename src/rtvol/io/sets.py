"""What holds the regions of a case -> StructureSet: an RTSTRUCT, or segmentations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rtvol.io import elements, rtstruct, tags
from rtvol.io.headers import header_of, sound_header
from rtvol.io.index import SEGMENT_CLASSES
from rtvol.io.rtstruct import NONE, ReadStructures
from rtvol.io.segments import read_segments

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rtvol.io.registration import Registrations


def read_structures(
    path: Path, registered: Registrations = NONE, joined: Sequence[Path] = ()
) -> ReadStructures:
    """Read the regions of a RTSTRUCT or of segmentations.

    Parameters
    ----------
    path
        The file.
    registered
        Registrations by which drawn regions of other frames of reference are carried into its own.
    joined
        Further segmentations whose segments are regions of the set too.

    Returns
    -------
    ReadStructures
        The structure set, its header, and a finding for each contour or region not used.

    Raises
    ------
    CaseRejected
        As `rtvol.io.rtstruct.read_structures` and `read_segments`.
    """
    source = elements.load(path, into=tags.STRUCTURES, in_columns=True)
    if header_of(source).uid(tags.SOP_CLASS_UID) in SEGMENT_CLASSES:
        return read_segments((path, *joined))
    return rtstruct.build_structures(sound_header(source), registered)
