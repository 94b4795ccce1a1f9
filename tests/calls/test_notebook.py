"""The notebook of the first hour runs from top to bottom, and shows what it says."""

from __future__ import annotations

import ast
import contextlib
import io
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import ModuleType

    import pytest


def run_cell(source: str, names: dict[str, Any]) -> Any:
    """Run a cell as a notebook does; its last expression is what it shows."""
    *lines, last = ast.parse(source).body
    exec(compile(ast.Module(lines, []), "cell", "exec"), names)  # noqa: S102 - our own page
    if isinstance(last, ast.Expr):
        return eval(compile(ast.Expression(last.value), "cell", "eval"), names)  # noqa: S307
    exec(compile(ast.Module([last], []), "cell", "exec"), names)  # noqa: S102
    return None


def test_the_notebook_runs(
    project_root: Path,
    monkeypatch: pytest.MonkeyPatch,
    require_module: Callable[[str], ModuleType],
) -> None:
    require_module("matplotlib")
    monkeypatch.chdir(project_root)
    page = json.loads((project_root / "docs" / "first-hour.ipynb").read_text(encoding="utf-8"))
    names: dict[str, Any] = {}
    shown: list[Any] = []
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        shown.extend(
            run_cell("".join(cell["source"]), names)
            for cell in page["cells"]
            if cell["cell_type"] == "code"
        )
    assert "Liver" in printed.getvalue()
    assert "D95% 47." in printed.getvalue()  # 46.98 Gy at voxel centres of an independent sampling
    pages = [str(thing._repr_html_()) for thing in shown if hasattr(thing, "_repr_html_")]
    assert sum(page.startswith("<table>") for page in pages) == 3
    curves = names["axes"].get_lines()
    assert [line.get_label() for line in curves] == ["GTV", "CTV", "PTV", "PTV^clip"]
    assert shown[-1]["name"][:4] == ["GTV", "CTV", "PTV", "PTV^clip"]
