"""Mutation score: which small faults of the rooms that read and reckon do the tests notice?

    python tests/mutants/run.py [--sample N] [--only NAME]...

First the tests run once and say which lines each of them executes. Then each fault of the sample is
put into its module in a fork of this process, and the tests that execute its line run, the quick
ones first, until one fails. A fault after which the tests take too long is noticed as well. The
sample is the same every time; kernels are not changed (they have twins, and are compiled).
"""

from __future__ import annotations

import argparse
import importlib
import importlib.abc
import importlib.machinery
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from mutants.operators import Fault, faults_of, with_fault

if TYPE_CHECKING:
    import ast
    from types import ModuleType

ROOT = Path(__file__).resolve().parent.parent.parent
#: Rooms whose modules get faults, all of them but the facades, and modules that are no room.
ROOMS = ("solids", "margins", "dvh", "io", "names", "verbs", "recipe", "tables")
NOUNS = ("geometry", "structures", "volumes")
NAMES = [f"rtvol.{noun}" for noun in NOUNS] + [
    f"rtvol.{room}.{path.stem}"
    for room in ROOMS
    for path in sorted((ROOT / "src" / "rtvol" / room).glob("*.py"))
    if path.stem != "__init__"
]
TESTS = [
    *(f"tests/{room}" for room in ROOMS),
    "tests/laws",
    "tests/test_fuzz.py",
    "tests/test_geometry.py",
]
#: Tests of one fault: those that take this long together on the unchanged module, at least these;
#: what they let pass meets more of them.
BUDGET_S, AT_LEAST, MORE_S = 10.0, 8, 40.0
LIMIT_S = 120.0
SEED = 2026
PYTEST = ["-x", "-q", "-p", "no:cacheprovider", "--no-header", "-W", "default"]


@dataclass(frozen=True)
class Known:
    """What the tests do on the unchanged modules: seconds each takes, lines of each module."""

    seconds: dict[str, float]
    lines: dict[str, dict[int, list[str]]]

    def tests_of(self, module: str, line: int, budget_s: float) -> list[str]:
        """Tests that execute a line, quick ones first; of any line for what runs at import."""
        lines = self.lines.get(module, {})
        names = set(lines.get(line, []))
        if not names:
            names = {name for found in lines.values() for name in found}
        chosen, total = [], 0.0
        for name in sorted(names, key=lambda one: (self.seconds[one], one)):
            total += self.seconds[name]
            if total > budget_s and len(chosen) >= AT_LEAST:
                break
            chosen.append(name)
        return chosen


def source_of(module: str) -> Path:
    return ROOT / "src" / (module.replace(".", "/") + ".py")


def learn(folder: Path) -> Known:
    """Run the tests once, with coverage by test; those that fail are not asked."""
    from coverage import CoverageData

    folder.mkdir(parents=True, exist_ok=True)
    settings, data, report = folder / "coveragerc", folder / "lines", folder / "tests.xml"
    settings.write_text(f"[run]\nsource = {ROOT / 'src' / 'rtvol'}\ndata_file = {data}\n")
    command = [sys.executable, "-m", "coverage", "run", f"--rcfile={settings}", "-m", "pytest"]
    options = ["-q", "-p", "no:cacheprovider", "-p", "mutants.contexts", f"--junitxml={report}"]
    paths = {**os.environ, "PYTHONPATH": str(ROOT / "tests")}
    subprocess.run([*command, *options, *TESTS], cwd=ROOT, env=paths, check=False)
    seconds = _seconds(report.read_text())
    found, lines = CoverageData(str(data)), {}
    found.read()
    for module in NAMES:
        by_line = found.contexts_by_lineno(str(source_of(module)))
        lines[module] = {line: sorted(set(names) & set(seconds)) for line, names in by_line.items()}
    if not any(lines.values()):
        raise SystemExit(f"the tests ran another rtvol than {ROOT / 'src'}")
    return Known(seconds, lines)


def _seconds(report: str) -> dict[str, float]:
    """Seconds of each test function that passed, its parameters together."""
    seconds: dict[str, float] = {}
    failed = set()
    for case in re.finditer(r"<testcase (.*?)(/>|>(.*?)</testcase>)", report, re.DOTALL):
        fields = dict(re.findall(r'(\w+)="([^"]*)"', case[1]))
        name = f"{fields['classname'].replace('.', '/')}.py::{fields['name'].split('[')[0]}"
        seconds[name] = seconds.get(name, 0.0) + float(fields["time"])
        if "<failure" in case[0] or "<error" in case[0]:
            failed.add(name)
    return {name: took for name, took in seconds.items() if name not in failed}


class _Changed(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Import one module from its changed syntax tree."""

    def __init__(self, module: str, tree: ast.Module) -> None:
        self.module, self.tree = module, tree

    def find_spec(self, fullname: str, *_: object) -> importlib.machinery.ModuleSpec | None:
        if fullname != self.module:
            return None
        place = str(source_of(fullname))
        return importlib.machinery.ModuleSpec(fullname, self, origin=place)

    def exec_module(self, module: ModuleType) -> None:
        place = str(source_of(self.module))
        module.__file__ = place
        exec(compile(self.tree, place, "exec"), vars(module))  # noqa: S102 - our own source


def preload() -> None:
    """Import what every test needs and no fault is in, once for all forks."""
    for name in ("numpy", "numba", "pydicom", "SimpleITK", "scipy.ndimage", "skimage.measure"):
        importlib.import_module(name)
    for kernels in sorted((ROOT / "src/rtvol/_kernels").glob("[a-z]*.py")):
        importlib.import_module(f"rtvol._kernels.{kernels.stem}")
    assert not set(NAMES) & set(sys.modules)


def notices(module: str, number: int | None, tests: list[str]) -> str:
    """Whether the tests fail with a fault: "killed", "survived" or "timeout"; None is no fault."""
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        if number is not None:
            tree = with_fault(source_of(module).read_text(encoding="utf-8"), number)
            sys.meta_path.insert(0, _Changed(module, tree))
        import pytest

        os._exit(int(pytest.main([*PYTEST, *tests])))
    until = time.monotonic() + LIMIT_S
    while time.monotonic() < until:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return "survived" if os.waitstatus_to_exitcode(status) == 0 else "killed"
        time.sleep(0.05)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return "timeout"


def judge(known: Known, module: str, fault: Fault) -> str:
    """Let the tests of its line meet a fault, the quick ones first."""
    tests = known.tests_of(module, fault.line, BUDGET_S)
    if not tests:
        return "untested"
    verdict = notices(module, fault.number, tests)
    more = known.tests_of(module, fault.line, MORE_S)[len(tests) :]
    if verdict == "survived" and more:
        return notices(module, fault.number, more).replace("timeout", "survived")
    return verdict


def sample_of(size: int, only: list[str]) -> list[tuple[str, Fault]]:
    """Faults drawn by fixed dice from all modules; a larger sample holds the smaller one."""
    every = [
        (module, fault)
        for module in NAMES
        for fault in faults_of(source_of(module).read_text(encoding="utf-8"))
    ]
    random.Random(SEED).shuffle(every)  # noqa: S311 - dice, no secrets
    return [one for one in every[:size] if not only or one[0] in only]


def known_of(folder: Path) -> Known:
    """Return what the tests do, learnt now or before."""
    file = folder / "known.json"
    if not file.is_file():
        known = learn(folder)
        file.write_text(json.dumps([known.seconds, known.lines]))
    seconds, lines = json.loads(file.read_text())
    return Known(seconds, {m: {int(n): t for n, t in found.items()} for m, found in lines.items()})


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=int, default=500, help="faults drawn from all modules")
    parser.add_argument("--only", action="append", default=[], choices=NAMES, metavar="MODULE")
    parser.add_argument("--folder", type=Path, default=ROOT / ".mutants", help="for what is learnt")
    asked = parser.parse_args(arguments)
    os.chdir(ROOT)
    known = known_of(asked.folder)
    preload()
    before = asked.folder / "noticed.json"
    noticed = set(json.loads(before.read_text())) if before.is_file() else set()
    table: dict[str, list[str]] = {}
    for module, fault in sample_of(asked.sample, asked.only):
        code = zlib.crc32(source_of(module).read_bytes())
        name = f"{module} {code:08x} {fault.number}"
        verdict = "killed"
        if name not in noticed:  # by an earlier run, on the same text of the module
            verdict = judge(known, module, fault)
        table.setdefault(module, []).append(verdict)
        if verdict in {"survived", "untested"}:
            place = source_of(module).relative_to(ROOT)
            print(f"{verdict}: {place}:{fault.line} #{fault.number} {fault.what}", flush=True)  # noqa: T201
        else:
            noticed.add(name)
            before.write_text(json.dumps(sorted(noticed)))
    report(table)
    return 0


def report(table: dict[str, list[str]]) -> None:
    """Print faults noticed, by module and together."""
    every = [verdict for verdicts in table.values() for verdict in verdicts]
    for module, verdicts in [*sorted(table.items()), ("all", every)]:
        noticed = sum(verdict in {"killed", "timeout"} for verdict in verdicts)
        late = verdicts.count("timeout")
        share = 100 * noticed / max(1, len(verdicts))
        print(f"{module:26} {noticed:4} of {len(verdicts):4} noticed ({late} late) {share:5.1f} %")  # noqa: T201


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
