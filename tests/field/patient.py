"""Patient 1 of sample_dicom, spoilt in one place: what is not changed is linked, not copied."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydicom import dcmread

from rtvol.io import find, read_case

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from rtvol.case import Case
    from rtvol.io import CaseFiles, Found

SOURCE = Path(__file__).resolve().parents[2] / "sample_dicom" / "patient1"


@dataclass
class Patient1:
    """A folder with links to patient 1 (or another), whose files are changed one by one."""

    folder: Path
    source: Path = SOURCE

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True)
        for path in self.source.glob("*.dcm"):
            (self.folder / path.name).symlink_to(path)

    @property
    def images(self) -> list[str]:
        return sorted(path.name for path in self.folder.glob("CT.*.dcm"))

    def read(self, name: str) -> Dataset:
        return dcmread(self.folder / name)

    def write(self, name: str, data: Dataset) -> Path:
        path = self.folder / name
        path.unlink(missing_ok=True)
        data.save_as(path, enforce_file_format=True)
        return path

    def found(self) -> Found:
        return find([self.folder])

    def files(self) -> CaseFiles:
        (files,) = self.found().cases
        return files

    def case(self) -> Case:
        return read_case(self.files())


def roi_item(rs: Dataset, name: str) -> Dataset:
    """Item of the Structure Set ROI Sequence."""
    return next(one for one in rs.StructureSetROISequence if one.ROIName == name)


def contours_of(rs: Dataset, name: str) -> Dataset:
    """Item of the ROI Contour Sequence."""
    number = roi_item(rs, name).ROINumber
    return next(one for one in rs.ROIContourSequence if one.ReferencedROINumber == number)


def observation_of(rs: Dataset, name: str) -> Dataset:
    """Item of the RT ROI Observations Sequence."""
    number = roi_item(rs, name).ROINumber
    return next(one for one in rs.RTROIObservationsSequence if one.ReferencedROINumber == number)


def codes_of(case: Case, severity: str = "") -> list[str]:
    """Codes of a case's findings, each once, of one severity or of all."""
    found = [one.code for one in case.findings if severity in ("", one.severity)]
    return list(dict.fromkeys(found))
