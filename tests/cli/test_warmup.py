"""What `rtvol warmup` compiles is all that any command needs, and one form of each kernel."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

#: Kernels with two forms: of single and double precision, of locked and of fresh arrays.
TWICE = {
    "rtvol._kernels.distance._gauge_square",
    "rtvol._kernels.order.cell",
    "rtvol._kernels.order.count_below",
    "rtvol._kernels.trace._fraction",
}
#: Commands on one case; CASE and OUT stand for folders.
COMMANDS = (
    "scan CASE",
    "inspect CASE",
    "expand CASE -o OUT/a --ctv 5 --ptv 3 --avoid {organ}:2 --inside {other} --report",
    "expand CASE -o OUT/b --ctv L5,R2,A3,P4,S5,I5 --ptv L3,R2,A3,P4,S5,I1 --write rtstruct,csv",
    "expand CASE -o OUT/c --ctv 0 --ptv 3",
    "dvh CASE",
    "dvh CASE --solid loft --caps none --dose-interpolation cubic --roi {organ}",
    "dvh CASE --roi {organ}-{target} --roi {other}+{organ} --metric D95% --metric DSH20Gy",
    "dvh CASE --target {target} --metric OVH10mm --metric CI --metric GI --prescription 20",
    "dvh CASE --sum physical --shift 2 --roi {target}",
    "compare CASE --pair {organ}:{other} --pair {target}:{organ}",
    "compare CASE CASE --solid slab",
    "derive CASE -o OUT/d --define Ring={target}+5-{target} --define Hot=[20Gy]",
    "margin dose CASE --target {target} --isodose 20Gy",
    "export CASE -o OUT/e --format nifti --fractional --dose",
    "export CASE -o OUT/f --format stl --solid loft",
    "report CASE -o OUT/page.html",
)

CODE = """
import contextlib, io, json, sys
from rtvol.cli import main
from numba.core.dispatcher import Dispatcher

def forms():
    return {
        f"{name}.{kernel.py_func.__name__}": sorted(map(str, kernel.signatures))
        for name, module in sys.modules.items() if name.startswith("rtvol._kernels.")
        for kernel in vars(module).values()
        if isinstance(kernel, Dispatcher) and kernel.py_func.__module__ == name
    }

def run(words):
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = main(words)
    return code, said.getvalue()[-300:]

codes = [["warmup", *run(["warmup", "-q"])]]
warm = forms()
late = {}
for words in json.loads(sys.argv[1]):
    before = forms()
    codes.append([" ".join(words), *run(words)])
    for name, found in forms().items():
        more = sorted(set(found) - set(before.get(name, [])) - set(warm.get(name, [])))
        if more:
            late.setdefault(" ".join(words), []).append([name, more])
print(json.dumps({"codes": codes, "warm": warm, "late": late}))
"""


def run_warm(case: Path, out: Path, names: dict[str, str]) -> dict[str, Any]:
    """Warm up in a process of its own and run the commands there; what was compiled, and when."""
    commands = []
    for line in COMMANDS:
        words = [word.format(**names) if "{" in word else word for word in line.split()]
        commands.append([w.replace("CASE", str(case)).replace("OUT", str(out)) for w in words])
    done = subprocess.run(
        [sys.executable, "-c", CODE, json.dumps(commands)],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.compiled
def test_no_command_needs_a_kernel_that_warmup_has_not_made(
    sample_dicom: Path, tmp_path: Path
) -> None:
    names = {"target": "GTV", "organ": "Duodenum", "other": "Liver"}
    found = run_warm(sample_dicom / "patient1", tmp_path, names)
    assert [end for end in found["codes"] if end[1] != 0] == []
    assert found["late"] == {}
    assert len(found["warm"]) > 40, "no kernel found: this test would see nothing"
    several = {name for name, forms in found["warm"].items() if len(forms) > 1}
    assert several <= TWICE
