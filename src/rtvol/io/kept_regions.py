"""Regions of a source structure set, taken over as they are stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydicom import dcmread
from pydicom.sequence import Sequence as DicomSequence
from pydicom.tag import Tag

from rtvol.errors import CaseRejected
from rtvol.io.headers import printable

if TYPE_CHECKING:
    from pathlib import Path

    from pydicom import Dataset

#: The sequences a region stands in.
SEQUENCES = ("StructureSetROISequence", "ROIContourSequence", "RTROIObservationsSequence")
#: Elements of type 2 (PS3.3 C.8.8.5, C.8.8.8), which some systems leave out.
_MAY_BE_EMPTY = {
    "StructureSetROISequence": ("ROIName", "ROIGenerationAlgorithm"),
    "RTROIObservationsSequence": ("RTROIInterpretedType", "ROIInterpreter"),
}
_CONTOUR_DATA = Tag(0x3006, 0x0050)
#: Character sets whose texts Latin-1 holds.
_LATIN = {"", "ISO_IR 6", "ISO_IR 100"}


@dataclass(frozen=True, eq=False)
class KeptRegions:
    """The regions of a structure set that stay beside new ones.

    Attributes
    ----------
    items
        Items by the name of their sequence, with numbers, colours and coordinates as stored.
    is_latin
        Whether Latin-1 holds all their texts.
    """

    items: dict[str, tuple[Dataset, ...]]
    is_latin: bool

    @property
    def names(self) -> tuple[str, ...]:
        """Names that are in use."""
        return tuple(str(one.get("ROIName", "")) for one in self.items[SEQUENCES[0]])

    @property
    def next_number(self) -> int:
        """The first ROINumber that is free behind all others."""
        return 1 + max((int(one.ROINumber) for one in self.items[SEQUENCES[0]]), default=0)

    @property
    def longest(self) -> int:
        """Bytes of the longest contour."""
        sizes = (
            len(contour.get_item(_CONTOUR_DATA).value)
            for one in self.items["ROIContourSequence"]
            for contour in one.get("ContourSequence", ())
            if _CONTOUR_DATA in contour
        )
        return max(sizes, default=0)


def read_kept(path: Path) -> KeptRegions:
    """Read the regions of a structure set, to be written again as they are.

    Raises
    ------
    CaseRejected
        `no-rois` when the file holds none: a segmentation, say.
    """
    source = dcmread(path)
    if SEQUENCES[0] not in source:
        seen, mend = "it defines no ROI that could stay", "give an RTSTRUCT, or write a new set"
        raise CaseRejected("no-rois", where=printable(path.name), seen=seen, mend=mend)
    declared = source.get("SpecificCharacterSet", "") or ""
    sets = [declared] if isinstance(declared, str) else list(declared)
    items = {name: tuple(source.get(name, ())) for name in SEQUENCES}
    return KeptRegions(items, set(sets) <= _LATIN)


def put_before(dataset: Dataset, kept: KeptRegions) -> None:
    """Put kept regions before those a data set holds; what may be empty but not absent is added."""
    for name in SEQUENCES:
        for item in kept.items[name]:
            for keyword in _MAY_BE_EMPTY.get(name, ()):
                if keyword not in item:
                    setattr(item, keyword, "")
        setattr(dataset, name, DicomSequence([*kept.items[name], *dataset[name].value]))
