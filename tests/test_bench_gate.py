"""The speed gate itself: what counts as a result, and that slower code does fail it."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from types import ModuleType

COMPARE = Path(__file__).resolve().parent.parent / "benchmarks" / "compare.py"


@pytest.fixture(scope="module")
def compare() -> ModuleType:
    spec = importlib.util.spec_from_file_location("rtvol_compare", COMPARE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


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


def test_verdicts(compare: ModuleType) -> None:
    base = {"held": 10.0, "lost": 10.0, "limit": 3.0, "old": 1.0}
    head = {"held": 8.0, "lost": 5.0, "limit": 2.0, "young": 1.0}
    rows = {name: verdict for name, _, _, verdict in compare.verdicts(base, head, 1.5)}
    assert rows == {"held": "ok", "lost": "WORSE", "limit": "ok", "old": "gone", "young": "new"}


def git(folder: Path, *words: str) -> None:
    identity = ["-c", "user.name=gate", "-c", "user.email=gate@example.org"]
    subprocess.run(["git", "-C", str(folder), *identity, *words], check=True, capture_output=True)


def project(folder: Path, *, ratio: float) -> None:
    """Write a project of one benchmark whose ratio comes out of its own sources."""
    package, benches = folder / "src" / "rtvol", folder / "benchmarks"
    package.mkdir(parents=True, exist_ok=True)
    benches.mkdir(exist_ok=True)
    (package / "__init__.py").write_text(f"RATIO = {ratio}\n", encoding="utf-8")
    result = json.dumps({"bench": "toy", "ratios": {"toy_vs_peer": "RATIO"}})
    code = f"import rtvol\nprint('''{result}'''.replace('\"RATIO\"', str(rtvol.RATIO)))\n"
    (benches / "bench_toy.py").write_text(code, encoding="utf-8")
    shutil.copy(COMPARE, benches / "compare.py")


def run_gate(folder: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(folder / "benchmarks" / "compare.py"), *flags]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.parametrize(("ratio", "code"), [(90.0, 0), (60.0, 1)])
def test_gate_measures_both_trees(tmp_path: Path, ratio: float, code: int) -> None:
    project(tmp_path, ratio=100.0)
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "--quiet", "-m", "base")
    project(tmp_path, ratio=ratio)
    done = run_gate(tmp_path, "--base", "HEAD", "--rounds", "1")
    assert done.returncode == code, done.stdout + done.stderr
    row = done.stdout.split()
    assert row[:2] == ["toy", "toy_vs_peer"]
    assert [float(row[2]), float(row[3])] == [100.0, ratio]


def test_smoke_fails_on_a_benchmark_that_does_not_speak(tmp_path: Path) -> None:
    project(tmp_path, ratio=2.0)
    assert run_gate(tmp_path, "--smoke").returncode == 0
    (tmp_path / "benchmarks" / "bench_mute.py").write_text("print('fast')\n", encoding="utf-8")
    done = run_gate(tmp_path, "--smoke")
    assert done.returncode == 2
    assert "error:" in done.stderr
