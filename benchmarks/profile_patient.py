"""Where the time of one patient goes: CPU seconds by stage, alone and within a batch.

    python benchmarks/profile_patient.py [PATH...]

Each stage is a function of rtvol, timed from outside while `rtvol expand` (2 and 4 mm, with doses)
does the sample patient, or the paths given. The first patient pays for loading libraries and for
the first call of each kernel; the second one is what each further patient of a batch costs.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import sys
import tempfile
import time
from collections import Counter
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

SAMPLE = Path(__file__).resolve().parent.parent / "sample_dicom" / "patient1"
#: What is timed: a name in a module, and what it is called in the table.
STAGES = (
    ("rtvol._kernels", "load", "loading numba"),
    ("rtvol.io", "find", "finding the case: headers of all files"),
    ("rtvol.io.case", "read_structures", "structure set: contours read and checked"),
    ("rtvol.io.case", "case_images", "image headers: stacked and checked"),
    ("rtvol.io.case", "case_doses", "doses: headers, sign and height"),
    ("rtvol.io.case", "check_against_images", "contours against images"),
    ("rtvol.margins.build", "build_targets", "CTV and PTV: grown, traced, described"),
    ("rtvol.verbs.dose_volume", "region_rows", "dose-volume metrics"),
    ("rtvol.io.write", "write_rtstruct", "structure set written and read back"),
)


class Clock:
    """CPU seconds of stages, each without those called within it."""

    def __init__(self) -> None:
        self.spent: Counter[str] = Counter()
        self._within: list[float] = [0.0]

    def timed(self, work: Callable[..., object], name: str) -> Callable[..., object]:
        """Return `work`, its seconds kept."""

        @wraps(work)
        def run(*words: object, **more: object) -> object:
            began = time.process_time()
            self._within.append(0.0)
            try:
                return work(*words, **more)
            finally:
                took = time.process_time() - began
                self.spent[name] += took - self._within.pop()
                self._within[-1] += took

        return run


def watch(clock: Clock) -> None:
    """Put the clock around every stage, wherever its function was imported to."""
    for module, name, about in STAGES:
        work = getattr(importlib.import_module(module), name)
        timed = clock.timed(work, about)
        for other in [*sys.modules.values()]:
            if getattr(other, "__name__", "").startswith("rtvol") and vars(other).get(name) is work:
                setattr(other, name, timed)


def main() -> None:
    """Do a patient twice in this process and print both columns."""
    started = time.process_time()
    from rtvol.cli import main as command

    for module in ("rtvol.verbs.expand", "rtvol.verbs.study", "rtvol.cli.expand"):
        importlib.import_module(module)
    loading = time.process_time() - started
    paths = sys.argv[1:] or [str(SAMPLE)]
    columns = []
    clock = Clock()
    watch(clock)
    timed = clock.timed(command, "all else: command line, rows, checks")
    with tempfile.TemporaryDirectory() as out:
        for number in range(2):
            clock.spent.clear()
            words = ["expand", *paths, "--ctv", "2", "--ptv", "4", "-o", f"{out}/{number}"]
            with contextlib.redirect_stdout(io.StringIO()):
                timed([*words, "--metric", "D95%", "--quiet"])
            columns.append(dict(clock.spent))
    columns[0]["Python and rtvol's own modules"] = loading + started
    print("| stage | first patient, CPU ms | each further one |")
    print("| --- | --- | --- |")
    for stage in sorted(columns[0], key=lambda stage: -columns[0][stage]):
        first, further = (1000 * column.get(stage, 0.0) for column in columns)
        print(f"| {stage} | {first:.0f} | {further:.0f} |")
    print(
        f"| in all | {1e3 * sum(columns[0].values()):.0f} | {1e3 * sum(columns[1].values()):.0f} |"
    )


if __name__ == "__main__":
    main()
