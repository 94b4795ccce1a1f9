"""Start-up is a feature: what a first breath may not load, by the list of loaded modules."""

from __future__ import annotations

import ast
import json
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import rtvol

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

HEAVY = {"SimpleITK", "matplotlib", "numba", "pyarrow", "pydicom", "scipy", "skimage"}

# Prints the loaded top-level modules last, whatever the code before it printed or how it left.
REPORT = """
import json, sys
def report():
    print()
    print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""

COMMAND = """
from rtvol.cli import main
code = main()
report()
sys.exit(code)
"""


def loaded(done: subprocess.CompletedProcess[str]) -> set[str]:
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_import_loads_nothing_heavy(
    fresh_python: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    modules = loaded(fresh_python(REPORT + "import rtvol\nreport()"))
    assert "rtvol" in modules
    assert modules & (HEAVY | {"numpy"}) == set()


@pytest.mark.parametrize(
    "room",
    ["io", "solids", "margins", "dvh", "phantoms", "names", "tables", "verbs", "batch", "cli"],
)
def test_importing_a_room_loads_nothing_heavy(
    room: str, fresh_python: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    modules = loaded(fresh_python(REPORT + f"import rtvol.{room}\nreport()"))
    assert modules & HEAVY == set()


@pytest.mark.parametrize("flag", ["--help", "--version"])
def test_command_line_answers_without_anything_heavy(
    flag: str, fresh_python: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    done = fresh_python(REPORT + COMMAND, flag)
    assert loaded(done) & (HEAVY | {"numpy"}) == set()
    assert ("expand" if flag == "--help" else rtvol.__version__) in done.stdout


def test_checker_and_interpreter_see_the_same_surface() -> None:
    """The names a type checker follows are the names found on first use, and the same things."""
    tree = ast.parse(Path(rtvol.__file__).read_text(encoding="utf-8"))
    seen_by_checker = {
        alias.name: node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("rtvol.")
        for alias in node.names
    }
    assert sorted(seen_by_checker) == rtvol.__all__
    for name, module in seen_by_checker.items():
        assert getattr(rtvol, name) is getattr(import_module(str(module)), name)
