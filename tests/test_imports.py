"""Start-up is a feature: what a first breath may not load, by the list of loaded modules."""

from __future__ import annotations

import ast
import json
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import rtvol
from rtvol.cli import main

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

HEAVY = {"SimpleITK", "matplotlib", "numba", "pyarrow", "pydicom", "pynetdicom", "scipy", "skimage"}

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
    [
        "io",
        "solids",
        "margins",
        "dvh",
        "phantoms",
        "names",
        "tables",
        "verbs",
        "batch",
        "net",
        "cli",
    ],
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


#: Commands that look and do not reckon, with what they load beside Python and the command line.
LOOKS = {
    "scan patient1": {"numpy"},
    "inspect patient1": {"numpy"},
    "names check patient1": {"numpy"},
    "names suggest patient1": {"numpy"},
    "recipe new other.toml": {"numpy"},
    "recipe check new.toml": {"numpy", "pydantic"},
    "recipe show new.toml": {"numpy", "pydantic"},
    "status out": {"numpy"},
    "help codes": set(),
}


@pytest.fixture(scope="module")
def desk(sample_dicom: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a patient, a recipe and a finished run."""
    folder = tmp_path_factory.mktemp("desk")
    (folder / "patient1").symlink_to(sample_dicom / "patient1", target_is_directory=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert main(["recipe", "new", "new.toml"]) == 0
        assert main(["run", "new.toml", "patient1", "-o", "out"]) == 0
    return folder


@pytest.mark.parametrize("words", LOOKS)
def test_commands_that_look_load_what_they_need(
    words: str,
    desk: Path,
    fresh_python: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    modules = loaded(fresh_python(REPORT + COMMAND, *words.split(), cwd=desk))
    assert modules & (HEAVY | {"numpy", "pydantic"}) <= LOOKS[words]


def test_growing_loads_neither_scikit_image_nor_scipy_linalg(
    sample_dicom: Path,
    tmp_path: Path,
    fresh_python: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    """Only --split labels parts, and no kernel calls a BLAS (`rtvol._kernels.jit`)."""
    whole = REPORT.replace('{name.partition(".")[0] for name in sys.modules}', "sys.modules")
    case, out = str(sample_dicom / "patient1"), str(tmp_path / "out")
    words = ["expand", case, "--ctv", "2", "--ptv", "4", "-o", out]
    modules = loaded(fresh_python(whole + COMMAND, *words))
    assert "numba" in modules
    assert modules & {"skimage.measure", "scipy.linalg", "scipy.ndimage", "SimpleITK"} == set()


def test_kernels_are_imported_where_they_are_called() -> None:
    """A module that imports one at its top would load numba for whoever merely looks."""
    package = Path(rtvol.__file__).parent
    found = [
        f"{path.relative_to(package)}:{node.lineno}"
        for path in package.rglob("*.py")
        if path.parent.name != "_kernels"
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ImportFrom)
        and str(node.module).startswith("rtvol._kernels.")
        and node.module != "rtvol._kernels.kept"  # knows no numba
    ]
    assert found == []


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
