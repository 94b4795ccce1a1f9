"""Make the three synthetic liver patients: `python sample_dicom/make.py [FOLDER]`.

The patients themselves live in `rtvol.phantoms.liver`, so that `rtvol demo` can make them
anywhere; here they get their truth.json and SHA256SUMS.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rtvol.phantoms import write_liver_patients

if TYPE_CHECKING:
    from typing import Any

HERE = Path(__file__).resolve().parent


def make(folder: Path) -> dict[str, dict[str, Any]]:
    """Write patient1, patient2, patient3, truth.json and SHA256SUMS into a folder."""
    truth = write_liver_patients(folder)
    text = json.dumps({"schema": "rtvol/sample-truth@1", "patients": truth}, indent=1)
    (folder / "truth.json").write_text(text + "\n", encoding="utf-8")
    files = [*sorted(folder.glob("patient?/*.dcm")), folder / "truth.json"]
    sums = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(folder).as_posix()}\n"
        for path in files
    ]
    (folder / "SHA256SUMS").write_text("".join(sums), encoding="utf-8")
    return truth


if __name__ == "__main__":
    chosen = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE
    made = make(chosen)
    size = sum(path.stat().st_size for path in chosen.rglob("*") if path.is_file())
    print(f"{len(made)} synthetic patients in {chosen}, {size / 1e6:.1f} MB")
