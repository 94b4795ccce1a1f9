"""Start-up: whole commands against processes that import what such a command cannot do without.

    python benchmarks/bench_start.py [--json] [--smoke]

`scan` and `inspect` of one patient stand beside a process that imports numpy and pydicom; `expand`
beside one that also imports numba and calls one cached kernel; `--help` beside one that imports
argparse. The floors do none of the work. `warmup` into an empty cache stands beside 40 CPU seconds.
CPU seconds of each process: a neighbour on the machine disturbs them less than wall time.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from functools import partial
from pathlib import Path

from turns import cpu_of_process, take_costs

PATIENT = str(Path(__file__).resolve().parent.parent / "sample_dicom" / "patient1")
#: CPU seconds that `rtvol warmup` may take on a fresh install.
WARMUP_S = 40.0
KERNEL = """
import numba, numpy, pydicom

@numba.njit(cache=True)
def total(values):
    found = 0.0
    for value in values:
        found += value
    return found
"""
FLOORS = {
    "argparse": "import argparse",
    "numpy_and_pydicom": "import numpy, pydicom",
    "one_cached_kernel": "import kernel, numpy; assert kernel.total(numpy.ones(3)) == 3",
}
#: Commands, and the floor each is held against.
COMMANDS = {
    "help": (["--help"], "argparse"),
    "scan": (["scan", PATIENT], "numpy_and_pydicom"),
    "inspect": (["inspect", PATIENT], "numpy_and_pydicom"),
    "expand": (["expand", PATIENT, "--ctv", "2", "--ptv", "4"], "one_cached_kernel"),
}


def measure(folder: Path, turns: int) -> dict[str, float]:
    """Print a line for each command and floor; return the floors' times over ours."""
    (folder / "kernel.py").write_text(KERNEL, encoding="utf-8")
    code = "import sys; from rtvol.cli import main; sys.exit(main())"
    beside = f"import sys\nsys.path.insert(0, {str(folder)!r})\n"
    jobs = {
        floor: partial(cpu_of_process, [sys.executable, "-c", beside + text])
        for floor, text in FLOORS.items()
    }
    for name, (words, _) in COMMANDS.items():
        out = ["-o", str(folder / "out"), "--overwrite"] if name == "expand" else []
        jobs[name] = partial(cpu_of_process, [sys.executable, "-c", code, *words, *out])
    seconds = take_costs(jobs, turns)
    for name, took in seconds.items():
        floor = COMMANDS[name][1] if name in COMMANDS else name
        print(f"{name:18} {took:7.3f} CPU s {took / seconds[floor]:6.2f} x {floor}")
    return {
        f"{name}_vs_{floor}": seconds[floor] / seconds[name]
        for name, (_, floor) in COMMANDS.items()
    }


def measure_warmup(folder: Path) -> float:
    """CPU seconds of `rtvol warmup` into an empty cache."""
    code = "import sys; from rtvol.cli import main; sys.exit(main())"
    took = cpu_of_process(
        [sys.executable, "-c", code, "warmup"], {"NUMBA_CACHE_DIR": str(folder / "cache")}
    )
    print(f"{'warmup':18} {took:7.1f} CPU s")
    return took


def main() -> None:
    """Measure, print a table and, with --json, the document of the protocol."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--smoke", action="store_true")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        ratios = measure(Path(name), 1 if chosen.smoke else 7)
        if not chosen.smoke:
            ratios["warmup_vs_40_cpu_s"] = WARMUP_S / measure_warmup(Path(name))
    if chosen.json:
        print(json.dumps({"bench": "start", "ratios": ratios}))


if __name__ == "__main__":
    main()
