"""The only rooms that know DICOM: files -> cases, and results -> files.

    find -> read_case -> read_image, read_dose          write_rtstruct, write_nifti

Names are resolved on first use, so that importing this package loads neither pydicom nor numba.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from rtvol.io.case import pick_dose, read_case
    from rtvol.io.ct import read_series
    from rtvol.io.meshes import write_mesh
    from rtvol.io.names import dicom_names
    from rtvol.io.nifti import write_itk, write_nifti
    from rtvol.io.pixels import read_image
    from rtvol.io.rtdose import read_dose, read_dose_source
    from rtvol.io.rtplan import read_plan
    from rtvol.io.search import CaseFiles, Found, find
    from rtvol.io.seg import write_seg
    from rtvol.io.sets import read_structures
    from rtvol.io.stored import read_stored_dvhs
    from rtvol.io.write import write_rtstruct
    from rtvol.io.write_dose import write_dose


__all__ = [
    "CaseFiles",
    "Found",
    "dicom_names",
    "find",
    "pick_dose",
    "read_case",
    "read_dose",
    "read_dose_source",
    "read_image",
    "read_plan",
    "read_series",
    "read_stored_dvhs",
    "read_structures",
    "write_dose",
    "write_itk",
    "write_mesh",
    "write_nifti",
    "write_rtstruct",
    "write_seg",
]

__getattr__, __dir__, _ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "case": ["pick_dose", "read_case"],
        "ct": ["read_series"],
        "names": ["dicom_names"],
        "meshes": ["write_mesh"],
        "nifti": ["write_itk", "write_nifti"],
        "pixels": ["read_image"],
        "rtdose": ["read_dose", "read_dose_source"],
        "rtplan": ["read_plan"],
        "stored": ["read_stored_dvhs"],
        "search": ["CaseFiles", "Found", "find"],
        "seg": ["write_seg"],
        "sets": ["read_structures"],
        "write": ["write_rtstruct"],
        "write_dose": ["write_dose"],
    },
)
