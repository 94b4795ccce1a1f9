"""The plan of the house: names that are unique, and imports that never turn back."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from house import SOURCE, SOURCES, room_of, short, tree_of

if TYPE_CHECKING:
    from pathlib import Path

#: A command bears the name of its verb, a kernel that of what calls it, a register that of a room;
#: `outcomes` is a wing of its own.
TWINS = {"_kernels", "cli", "codes", "outcomes"}


def test_class_names_are_unique() -> None:
    homes: dict[str, list[str]] = {}
    for path in SOURCES:
        if room_of(path) != "outcomes":
            for node in tree_of(path).body:
                if isinstance(node, ast.ClassDef):
                    homes.setdefault(node.name, []).append(short(path))
    twice = {name: paths for name, paths in homes.items() if len(paths) > 1}
    assert twice == {}


def test_file_names_are_unique() -> None:
    homes: dict[str, list[str]] = {}
    for path in SOURCES:
        if path.name != "__init__.py" and room_of(path) not in TWINS:
            homes.setdefault(path.name, []).append(short(path))
    del homes["case.py"]  # the noun and its reader
    assert {name: paths for name, paths in homes.items() if len(paths) > 1} == {}


def module_of(path: Path) -> str:
    parts = path.relative_to(SOURCE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path: Path, modules: set[str]) -> set[str]:
    """Modules of the house that a file imports anywhere: in functions and for types, too."""
    found = set()
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.ImportFrom) and node.module in modules:
            inner = {f"{node.module}.{alias.name}" for alias in node.names} & modules
            # a room's facade offers names of its modules; only the module itself is a step
            found |= inner or {node.module}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names} & modules
    return found


def circles(arrows: dict[str, set[str]]) -> set[frozenset[str]]:
    """Groups of modules that import each other, directly or round about."""

    def reached(start: str) -> set[str]:
        seen: set[str] = set()
        waiting = [start]
        while waiting:
            for name in arrows[waiting.pop()] - seen:
                seen.add(name)
                waiting.append(name)
        return seen

    reach = {name: reached(name) for name in arrows}
    return {
        frozenset(other for other in reach[name] if name in reach[other])
        for name in arrows
        if name in reach[name]
    }


def test_no_two_modules_import_each_other() -> None:
    """Types included: what two modules both need is a third."""
    facades = {path for path in SOURCES if path.name == "__init__.py"}
    modules = {module_of(path): path for path in SOURCES}
    arrows = {
        name: set() if path in facades else imports_of(path, set(modules)) - {name}
        for name, path in modules.items()
    }
    assert sum(map(len, arrows.values())) > len(modules), "no import found"
    assert circles(arrows) == set()
