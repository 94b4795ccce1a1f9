"""The speed gate itself: how it judges, and that slower, larger and broken code does fail it."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from types import ModuleType

BENCHMARKS = Path(__file__).resolve().parent.parent / "benchmarks"

#: A job that costs what its own sources say, in CPU seconds, and gives what they say.
TOY_JOBS = """
import json, sys, time
import rtvol
print(json.dumps({"jobs": ["toy"], "commands": {"start": []}}), flush=True)
for line in sys.stdin:
    began = time.process_time()
    while time.process_time() < began + rtvol.SECONDS:
        pass
    if rtvol.SECONDS < 0:
        said = {"error": "cannot"}
    else:
        said = {"seconds": time.process_time() - began, "value": 1.0}
    print(json.dumps(said), flush=True)
"""
TOY_CLI = """
def main():
    kept = bytearray(rtvol.MEGABYTES * 2**20)
    kept[::4096] = b"x" * len(kept[::4096])
    return 0
"""


def module_of(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"rtvol_{name}", BENCHMARKS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def gate() -> ModuleType:
    return module_of("gate")


def turns(
    gate: ModuleType, heads: list[float], again: float = 1.0, mb: float = 0.0
) -> list[object]:
    base, second = gate.Cost(1.0, 100.0), gate.Cost(again, 100.0)
    return [gate.Turn(base, gate.Cost(head, mb), second) for head in heads]


@pytest.mark.parametrize(
    ("heads", "again", "good"),
    [
        ([1.0, 1.0, 1.0], 1.0, True),
        ([1.2, 1.24, 9.0], 1.0, True),  # one outlier of three is none of the median
        ([1.3, 1.26, 1.0], 1.0, False),
        ([0.1, 0.1, 0.1], 1.0, True),
        ([1.4, 1.4, 1.4], 1.2, False),  # base 20 % from itself: the median 13 %, the limit 39 %
        ([1.38, 1.38, 1.38], 1.2, True),
        ([1.38, 1.38, 1.38] * 4, 1.2, False),  # more turns know better
    ],
)
def test_what_is_slower_than_the_limit_fails(
    gate: ModuleType, heads: list[float], again: float, *, good: bool
) -> None:
    times = [head * (1 + again) / 2 for head in heads]
    assert gate.judge("job", turns(gate, times, again, 100.0)).is_good is good


@pytest.mark.parametrize(
    ("mb", "good"), [(100.0, True), (119.0, True), (121.0, False), (50.0, True)]
)
def test_what_needs_a_fifth_more_memory_fails(gate: ModuleType, mb: float, *, good: bool) -> None:
    assert gate.judge("job", turns(gate, [1.0, 1.0], mb=mb)).is_good is good


def git(folder: Path, *words: str) -> None:
    identity = ["-c", "user.name=gate", "-c", "user.email=gate@example.org"]
    subprocess.run(["git", "-C", str(folder), *identity, *words], check=True, capture_output=True)


def project(folder: Path, *, milliseconds: float = 20, megabytes: int = 30) -> None:
    """Write a project whose one job and whose command cost what its sources say."""
    package = folder / "src" / "rtvol"
    package.mkdir(parents=True, exist_ok=True)
    facts = f"SECONDS = {milliseconds / 1000}\nMEGABYTES = {megabytes}\n"
    (package / "__init__.py").write_text(facts, encoding="utf-8")
    (package / "cli.py").write_text("import rtvol\n" + TOY_CLI, encoding="utf-8")


@pytest.fixture
def committed(tmp_path: Path) -> Path:
    """A clone whose BASE names its only commit."""
    folder = tmp_path / "project"
    project(folder)
    (folder / "benchmarks").mkdir()
    shutil.copy(BENCHMARKS / "gate.py", folder / "benchmarks")
    (folder / "benchmarks" / "gate_jobs.py").write_text(TOY_JOBS, encoding="utf-8")
    git(folder, "init", "--quiet")
    git(folder, "add", "-A")
    git(folder, "commit", "--quiet", "-m", "base")
    head = subprocess.run(
        ["git", "-C", str(folder), "rev-parse", "HEAD"], capture_output=True, text=True, check=True
    )
    (folder / "benchmarks" / "BASE").write_text(head.stdout, encoding="utf-8")
    return folder


def run_gate(folder: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(folder / "benchmarks" / "gate.py"), "--turns", "3", *flags]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def test_a_change_of_nothing_passes_three_times_running(committed: Path) -> None:
    for _ in range(3):
        done = run_gate(committed)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("planted", "word"),
    [
        ({"milliseconds": 60}, "SLOWER"),
        ({"megabytes": 90}, "LARGER"),
        ({"milliseconds": -1}, "FAILS"),
    ],
)
def test_what_is_planted_is_found(committed: Path, planted: dict[str, int], word: str) -> None:
    project(committed, **planted)
    done = run_gate(committed)
    assert done.returncode == 1, done.stdout + done.stderr
    assert word in done.stdout


def test_a_job_that_the_base_cannot_do_is_new(committed: Path) -> None:
    jobs = committed / "benchmarks" / "gate_jobs.py"
    project(committed, milliseconds=-1)
    git(committed, "commit", "--quiet", "-a", "-m", "base that cannot")
    project(committed)
    done = run_gate(committed, "--base", "HEAD", "--jobs", str(jobs))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "new, not judged" in done.stdout


def test_a_shallow_clone_without_the_base_says_so(committed: Path, tmp_path: Path) -> None:
    git(committed, "commit", "--quiet", "-a", "--allow-empty", "-m", "head")
    shallow = tmp_path / "shallow"
    git(tmp_path, "clone", "--quiet", "--depth", "1", f"file://{committed}", str(shallow))
    shutil.copy(committed / "benchmarks" / "BASE", shallow / "benchmarks")
    done = run_gate(shallow)
    assert done.returncode == 2
    assert "git fetch --unshallow" in done.stderr


def test_base_is_a_commit_in_full() -> None:
    (base,) = (BENCHMARKS / "BASE").read_text(encoding="utf-8").split()
    assert len(base) == 40
    assert set(base) <= set("0123456789abcdef")


@pytest.fixture(scope="module")
def compare() -> ModuleType:
    return module_of("compare")


def test_last_line_is_the_result(compare: ModuleType) -> None:
    output = 'a table\n{"bench": "masks", "ratios": {"coverage_vs_cv2": 0.8}}\n'
    assert compare.parse_result(output, "masks") == {"coverage_vs_cv2": 0.8}


@pytest.mark.parametrize(
    "line",
    [
        "",
        "done",
        '{"bench": "dvh", "ratios": {"a": 1.0}}',
        '{"bench": "masks", "ratios": {}}',
        '{"bench": "masks", "ratios": {"a": 0.0}}',
        '{"bench": "masks", "ratios": {"a": NaN}}',
        '{"bench": "masks"}',
    ],
)
def test_anything_else_is_refused(compare: ModuleType, line: str) -> None:
    with pytest.raises(ValueError, match=r"bench_masks|Expecting"):
        compare.parse_result(line, "masks")


def test_smoke_fails_on_a_benchmark_that_does_not_speak(tmp_path: Path) -> None:
    project(tmp_path)
    (tmp_path / "benchmarks").mkdir()
    shutil.copy(BENCHMARKS / "compare.py", tmp_path / "benchmarks")
    toy = """print('{"bench": "toy", "ratios": {"toy_vs_peer": 2.0}}')\n"""
    (tmp_path / "benchmarks" / "bench_toy.py").write_text(toy, encoding="utf-8")
    command = [sys.executable, str(tmp_path / "benchmarks" / "compare.py"), "--smoke"]
    assert subprocess.run(command, check=False, capture_output=True).returncode == 0
    (tmp_path / "benchmarks" / "bench_mute.py").write_text("print('fast')\n", encoding="utf-8")
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 2
    assert "error:" in done.stderr
