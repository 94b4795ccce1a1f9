"""The only rooms that know DICOM: files -> cases, and results -> files.

    find -> read_case -> read_image, read_dose          write_rtstruct, write_nifti

Names are resolved on first use, so that importing this package loads neither pydicom nor numba.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rtvol.io.case import pick_dose, read_case
    from rtvol.io.ct import read_series
    from rtvol.io.nifti import write_nifti
    from rtvol.io.pixels import read_image
    from rtvol.io.rtdose import read_dose, read_dose_source
    from rtvol.io.rtplan import read_plan
    from rtvol.io.rtstruct import read_structures
    from rtvol.io.search import CaseFiles, Found, find
    from rtvol.io.write import write_rtstruct

_MODULE_OF = {
    "CaseFiles": "search",
    "Found": "search",
    "find": "search",
    "pick_dose": "case",
    "read_case": "case",
    "read_dose": "rtdose",
    "read_dose_source": "rtdose",
    "read_image": "pixels",
    "read_plan": "rtplan",
    "read_series": "ct",
    "read_structures": "rtstruct",
    "write_nifti": "nifti",
    "write_rtstruct": "write",
}

__all__ = [
    "CaseFiles",
    "Found",
    "find",
    "pick_dose",
    "read_case",
    "read_dose",
    "read_dose_source",
    "read_image",
    "read_plan",
    "read_series",
    "read_structures",
    "write_nifti",
    "write_rtstruct",
]


def __getattr__(name: str) -> object:
    """Load the module that holds `name` when it is first asked for (PEP 562)."""
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Public names."""
    return __all__
