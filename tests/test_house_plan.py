"""The plan of the house: names that are unique, and imports that never turn back."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from house import SOURCE, SOURCES, room_of, short, tree_of

if TYPE_CHECKING:
    from pathlib import Path

#: Classes that still share a name, one of each pair in a room that is being rebuilt.
SHARED_NAMES = {"Cut", "Entry", "Lattice", "Outline", "Piece", "Region", "Run"}
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
    assert twice.keys() - SHARED_NAMES == set(), twice


def test_file_names_are_unique() -> None:
    homes: dict[str, list[str]] = {}
    for path in SOURCES:
        if path.name != "__init__.py" and room_of(path) not in TWINS:
            homes.setdefault(path.name, []).append(short(path))
    known = {"case.py", "names.py"}  # the noun and its reader; rooms being rebuilt
    assert {name: paths for name, paths in homes.items() if len(paths) > 1}.keys() - known == set()


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


#: Circles for types alone that are to be cut where these rooms are rebuilt.
TO_BE_CUT = {
    frozenset({"rtvol.outcomes.cohort", "rtvol.outcomes.doubts", "rtvol.outcomes.endpoints"}),
    frozenset({"rtvol.outcomes.stats.observations", "rtvol.outcomes.stats.results"}),
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
    assert circles(arrows) - TO_BE_CUT == set()
