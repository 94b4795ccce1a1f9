"""The house's own rules, read from the source: sizes, who may import what, codes, the surface."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

import pytest

import rtvol
from house import (
    EVERYTHING,
    FUNCTIONS,
    ROOT,
    SOURCE,
    SOURCES,
    called_name,
    functions_of,
    room_of,
    short,
    tree_of,
)
from rtvol._kernels.jit import BARE, JIT
from rtvol.cli import EXIT_CODES
from rtvol.codes import CODES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILE_LINES = 400
BODY_LINES = 40
KERNEL_BODY_LINES = 80
CLASS_METHODS = 12


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function's body without its docstring."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def text_of(node: ast.expr | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def test_files_are_short() -> None:
    lines = {short(path): len(path.read_text(encoding="utf-8").splitlines()) for path in EVERYTHING}
    assert {name: count for name, count in lines.items() if count > FILE_LINES} == {}


def test_function_bodies_are_short() -> None:
    long = {}
    for path in EVERYTHING:
        limit = KERNEL_BODY_LINES if "_kernels" in path.parts else BODY_LINES
        for function in functions_of(path):
            if body_lines(function) > limit:
                long[f"{short(path)}:{function.name}"] = body_lines(function)
    assert long == {}


def test_classes_hold_data_not_verbs() -> None:
    methods = {
        f"{short(path)}:{node.name}": sum(isinstance(part, FUNCTIONS) for part in node.body)
        for path in SOURCES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ClassDef)
    }
    assert {name: count for name, count in methods.items() if count > CLASS_METHODS} == {}


def roots_imported(path: Path) -> set[str]:
    """Top-level packages a file imports anywhere, also inside functions."""
    roots = set()
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            roots |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            roots.add(node.module.split(".")[0])
    return roots


@pytest.mark.parametrize(
    ("package", "rooms"),
    [("numba", {"_kernels"}), ("pydicom", {"io", "net", "phantoms"}), ("pynetdicom", {"net"})],
)
def test_package_is_known_in_its_rooms_only(package: str, rooms: set[str]) -> None:
    users = {room_of(path) for path in SOURCES if package in roots_imported(path)}
    assert users - rooms == set()
    assert users, f"nothing imports {package}: this test would see nothing"


def test_nothing_below_the_command_line_writes_to_the_screen() -> None:
    streams = {"print", "sys.stdout", "sys.stderr"}
    writers = {
        f"{short(path)}:{node.lineno}"
        for path in SOURCES
        if room_of(path) != "cli"
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Attribute | ast.Name) and ast.unparse(node) in streams
    }
    assert writers == set()


def kernel_policy(decorator: ast.expr) -> str | None:
    """What an njit or jit decorator is called with; None for any other decorator."""
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    if ast.unparse(called).split(".")[-1] not in {"njit", "jit", "vectorize", "guvectorize"}:
        return None
    return ast.unparse(decorator)


def test_kernels_are_compiled_by_the_house_policy() -> None:
    seen = {
        f"{short(path)}:{function.name}": policy
        for path in SOURCES
        for function in functions_of(path)
        for decorator in function.decorator_list
        if (policy := kernel_policy(decorator)) is not None
    }
    assert seen, "no kernel found: this test would see nothing"
    known = {"njit(**JIT)", "njit(**BARE)"}
    assert {name: policy for name, policy in seen.items() if policy not in known} == {}
    assert JIT == {"cache": True, "nogil": True, "error_model": "numpy"}
    assert BARE == {**JIT, "_nrt": False}


def test_bare_kernels_return_no_array() -> None:
    """Arrays are not counted there: one that is given back would be freed twice."""
    seen, found = 0, []
    for path in SOURCES:
        for function in functions_of(path):
            if "njit(**BARE)" not in map(kernel_policy, function.decorator_list):
                continue
            seen += 1
            arrays = {
                ast.unparse(node.value)
                for node in ast.walk(function)
                if isinstance(node, ast.Subscript | ast.Attribute)
            }
            for node in ast.walk(function):
                value = node.value if isinstance(node, ast.Return) else None
                parts = value.elts if isinstance(value, ast.Tuple) else [value]
                given = {ast.unparse(part) for part in parts if part is not None}
                found += [f"{short(path)}:{function.name} {name}" for name in given & arrays]
    assert seen, "no bare kernel found: this test would see nothing"
    assert found == []


def test_only_kernels_go_without_types() -> None:
    """mypy lets kernels off annotations (pyproject.toml); nothing else hides in their room."""
    untyped = {
        f"{short(path)}:{function.name}": not any(map(kernel_policy, function.decorator_list))
        for path in SOURCES
        if path.parent.name == "_kernels"
        for function in functions_of(path)
        if function.returns is None
    }
    assert untyped, "no kernel found: this test would see nothing"
    assert [name for name, is_plain in untyped.items() if is_plain] == []


def error_names() -> set[str]:
    """Finding and every class of the error tree: each takes a code first."""
    tree = tree_of(SOURCE / "errors.py")
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}


def code_places() -> dict[str, int]:
    """Functions that take a finding's code, by name: at which position of the call it stands."""
    places = dict.fromkeys(error_names(), 0)
    for path in SOURCES:
        for function in functions_of(path):
            names = [argument.arg for argument in function.args.args]
            if "code" in names:
                has_self = names[0] in {"self", "cls"}
                places.setdefault(function.name, names.index("code") - has_self)
    places.pop("__init__", None)
    return places


def codes_spoken(path: Path) -> Iterator[tuple[str, int]]:
    """Every registered code named as `codes.GOAL_FRACTIONS`, and its line."""
    for node in ast.walk(tree_of(path)):
        is_code = isinstance(node, ast.Attribute) and ast.unparse(node.value) == "codes"
        if is_code and node.attr.isupper() and node.attr != "CODES":
            yield node.attr.lower().replace("_", "-"), node.lineno


def codes_given() -> dict[str, str]:
    """Every code named, or handed to an error or a helper that takes one, and where."""
    places, given = code_places(), {}
    for path in SOURCES:
        given |= {code: f"{short(path)}:{line}" for code, line in codes_spoken(path)}
        calls = (node for node in ast.walk(tree_of(path)) if isinstance(node, ast.Call))
        for call in calls:
            if called_name(call) not in places:
                continue
            place = places[called_name(call)]
            named = next((word.value for word in call.keywords if word.arg == "code"), None)
            code = text_of(call.args[place] if place < len(call.args) else named)
            if code is not None:
                given[code] = f"{short(path)}:{call.lineno}"
    return given


def test_every_code_given_is_registered() -> None:
    given = codes_given()
    assert given, "no code found: this test would see nothing"
    assert {code: place for code, place in given.items() if code not in CODES} == {}


def test_every_registered_code_is_used() -> None:
    spoken = {
        node.value
        for path in SOURCES
        if SOURCE / "codes" not in path.parents
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    spoken |= {code for path in SOURCES for code, _ in codes_spoken(path)}
    assert sorted(set(CODES) - spoken) == []


def test_findings_of_these_rooms_are_raised_by_their_registered_code() -> None:
    """By name and with named parts: nothing positional, no code that is only a text."""
    rooms = {"batch", "cli", "names", "recipe", "report", "tables", "verbs"}
    loose = [
        f"{short(path)}:{call.lineno}"
        for path in SOURCES
        if room_of(path) in rooms
        for call in ast.walk(tree_of(path))
        if isinstance(call, ast.Call) and called_name(call) == "Finding" and call.args
    ]
    assert loose == []


SURFACE = [
    "Case",
    "CaseRejected",
    "Clip",
    "Comparison",
    "Contour",
    "Coverage",
    "DerivedSet",
    "Dose",
    "ExportedFiles",
    "ExtraMissing",
    "Finding",
    "GeometryError",
    "Grid",
    "Image",
    "InputError",
    "Margin",
    "Mask",
    "OutputRefused",
    "RegionDose",
    "Roi",
    "RtvolError",
    "StructureSet",
    "TargetRecipe",
    "TargetSet",
    "UsageError",
    "__version__",
    "build_targets",
    "compare",
    "cover",
    "derive",
    "dose_volume",
    "evaluate",
    "expand",
    "export",
    "fill",
    "find",
    "inspect",
    "mask",
    "parse_margin",
    "parse_metric",
    "read",
    "read_case",
    "read_dose",
    "read_image",
    "rows",
    "slab_volume_cc",
    "stack_planes",
    "write_nifti",
    "write_rtstruct",
]


def test_the_public_surface_is_this_list() -> None:
    assert rtvol.__all__ == SURFACE
    assert sorted([*dir(rtvol), "__version__"]) == SURFACE


@pytest.mark.parametrize("name", SURFACE)
def test_each_public_name_is_there_and_documented(name: str) -> None:
    found = getattr(rtvol, name)
    assert name == "__version__" or found.__doc__


def test_a_name_that_is_not_offered_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="expand_everything"):
        _ = rtvol.expand_everything


def picture() -> str:
    """First fenced block of the README: the way of the data."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.search(r"```\w*\n(.*?)```", readme, re.DOTALL)
    assert found is not None, "the README has no picture"
    return found.group(1)


def test_the_readme_draws_the_rooms_that_exist() -> None:
    drawn = set(re.findall(r"\b([a-z_]+)/", picture()))
    rooms = {path.parent.name for path in SOURCE.glob("*/__init__.py")}
    assert drawn == rooms


def test_the_readme_draws_the_modules_that_exist() -> None:
    drawn = set(re.findall(r"\b([a-z_]+)\.py\b", picture()))
    modules = {path.stem for path in SOURCE.glob("*.py")} - {"__init__"}
    assert drawn == modules


def test_the_readme_lists_the_exit_codes_that_exist() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    listed = {int(code) for code in re.findall(r"^\| (\d+) \|", readme, re.MULTILINE)}
    assert listed == set(EXIT_CODES)
