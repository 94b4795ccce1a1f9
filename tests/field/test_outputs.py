"""A folder that holds results already: its tables are true for all that lies there."""

from __future__ import annotations

import contextlib
import io
import json
from typing import TYPE_CHECKING

import pytest

import field.kinds  # noqa: F401 - the kinds are registered there
from field.register import members
from naive.exports import RECIPE, write_export
from rtvol.cli import main

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def exports(tmp_path: Path) -> Path:
    """Two cases of two patients below one folder."""
    for number, name in enumerate(("a", "b")):
        write_export(tmp_path / "exports" / name, number)
    return tmp_path / "exports"


def call(*words: object) -> tuple[int, str]:
    said = io.StringIO()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(said):
        return main([str(word) for word in words]), said.getvalue()


def contents(out: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in out.rglob("*") if path.is_file()}


def nothing(out: Path) -> None:
    """Leave it as it is."""


def without_tables(out: Path) -> None:
    for path in (out / "result.json", out / "structures.csv"):
        path.unlink()


def without_sets(out: Path) -> None:
    (out / "b" / "RS.rtvol.dcm").unlink()


def after_a_stop(out: Path) -> None:
    without_tables(out)
    (out / ".rtvol-unfinished").write_text("")


@members(
    "C7",
    {
        "`rtvol expand --overwrite` on one case of two": nothing,
        "the same where the tables are gone": without_tables,
        "the same where only the tables tell of the other case": without_sets,
        "the same after a call that was stopped": after_a_stop,
    },
)
def test_a_part_of_what_is_there_is_refused(exports: Path, tmp_path: Path, member: object) -> None:
    out, grow = tmp_path / "out", ("--ctv", "2", "--ptv")
    assert call("expand", exports, *grow, "4", "-o", out)[0] == 0
    assert callable(member)
    member(out)
    before = contents(out)
    (exports / "b").rename(tmp_path / "aside")
    code, said = call("expand", exports, *grow, "6", "-o", out, "--overwrite")
    assert code == 4
    assert "[output-mixed]" in said
    assert "does not name: b" in said
    assert contents(out) == before
    (tmp_path / "aside").rename(exports / "b")
    assert call("expand", exports, *grow, "6", "-o", out, "--overwrite")[0] == 0
    cases = json.loads((out / "result.json").read_text())["cases"]
    assert [case["case"] for case in cases] == ["a", "b"]


@members(
    "C7",
    {
        "`rtvol run` with another margin": RECIPE.replace("margin_mm = 4", "margin_mm = 5"),
        "`rtvol run` with another metric": RECIPE.replace("D95%", "D90%"),
    },
)
def test_another_recipe_replaces_when_it_is_told_to(
    exports: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, member: str
) -> None:
    assert member != RECIPE
    monkeypatch.setenv("RTVOL_SALT", "salt")
    monkeypatch.setenv("RTVOL_CONFIG", "/nowhere/recipe.toml")
    first, other, out = tmp_path / "1.toml", tmp_path / "2.toml", tmp_path / "out"
    first.write_text(RECIPE)
    other.write_text(member)
    assert call("run", first, exports, "-o", out)[0] == 0
    before = contents(out)
    code, said = call("run", other, exports, "-o", out)
    assert code == 4
    assert "[output-exists]" in said
    assert "2 results of another recipe" in said
    code, said = call("run", other, exports / "a", "-o", out, "--overwrite")
    assert code == 4
    assert "[output-mixed]" in said
    assert contents(out) == before
    assert call("run", other, exports, "-o", out, "--overwrite")[0] == 0
    assert call("collect", out, "-o", tmp_path / "tables")[0] == 0
