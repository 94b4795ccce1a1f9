"""Two cases as rows, one of them rejected; and names that mean harm."""

from __future__ import annotations

from rtvol.errors import Finding
from rtvol.margins.targets import ClipRecord
from rtvol.tables.rows import (
    CaseResult,
    DosePart,
    StructureRow,
    TargetPart,
    VolumePart,
)

GTV = StructureRow(
    "GTV 1",
    "gtv",
    "GTV 1",
    VolumePart(14.1, "slab", 15),
    dose=DosePart("slab", "half", "linear", "physical", {"D95%[Gy]": 45.3, "V20Gy[%]": None}),
    notes={"V20Gy[%]": "4.1 % of the structure lies outside the dose grid"},
)
CLIP = StructureRow(
    "PTV^clip",
    "ptv_clip",
    "GTV 1",
    VolumePart(36.6, "loft", 19, 36.5),
    target=TargetPart(
        {"min": 0.5, "mean": 3.9},
        (
            ClipRecord("Duodenum", "avoid", 3.0, 1.7, 4.44, {"left": 0.5}),
            ClipRecord("Stomach", "avoid", 3.0, 0.25, 0.7),
        ),
    ),
)
FINDING = Finding("roi-not-found", "error", "case2, RTSTRUCT", "Leber, Duodenum", '--gtv "GTV"')
RESULTS = [
    CaseResult("case1", "accept", (), 38.3, 38.4, (GTV, CLIP)),
    CaseResult("case2", "reject", (FINDING,)),
]
#: Names from a file that would break a table or run in a spreadsheet.
HOSTILE = [
    '=HYPERLINK("http://x","y")', "+1+1", "-2+3", "@SUM(A1)", "\t=1+1", "\r=1", "\tx", " =1",
    "\n=1", "a\n2030-01-01 forged", "\x1b[31mred", "nul\x00", "bell\x07", "a\u2028b",
    'a"b,c;d', "-5",
]  # fmt: skip
