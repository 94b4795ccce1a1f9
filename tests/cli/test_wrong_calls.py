"""docs/wrong-calls.md: each call ends as the page says, with the words it says."""

from __future__ import annotations

import json
import shlex
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., Any]

PAGE = Path(__file__).parents[2] / "docs" / "wrong-calls.md"
ROWS = [
    [cell.strip() for cell in line.strip("|\n").split(" | ")]
    for line in PAGE.read_text(encoding="utf-8").splitlines()
    if line.startswith("| `")
]
RECIPE = """schema = "rtvol/recipe@1"
[targets.CTV]
margin_mm = 2
[targets.PTV]
margin_mm = 4
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, tiny_patient: Path) -> Path:
    """What the page says the calls are tried on."""
    place = tmp_path_factory.mktemp("wrong")
    shutil.copytree(tiny_patient, place / "exports" / "good")
    for name in ("empty", "text", "ctonly"):
        (place / name).mkdir()
    (place / "text" / "a.txt").write_text("hi\n")
    for path in tiny_patient.glob("CT*"):
        shutil.copy(path, place / "ctonly")
    (place / "r.toml").write_text(RECIPE)
    (place / "margn.toml").write_text(RECIPE.replace("margin", "margn", 1))
    (place / "broken.toml").write_text("schema = ")
    return place


def test_there_are_fifty_and_no_two_alike() -> None:
    calls = [call for call, *_ in ROWS]
    assert len(set(calls)) == len(calls) == 50


@pytest.mark.parametrize("row", ROWS, ids=[row[0].strip("`") for row in ROWS])
def test_a_wrong_call_is_told_what_the_page_says(
    row: list[str], folder: Path, rtvol: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    call, code, finding_code, seen, mend = row
    monkeypatch.chdir(folder)
    words = shlex.split(call.strip("`"))
    run = rtvol(*words, *(["--dry-run"] if words[0] == "expand" else []), "--json")
    assert run.code == int(code)
    document = json.loads(run.out)
    findings = document.get("findings") or document["cases"][0]["findings"]
    assert findings[-1]["code"] == finding_code
    assert flat(findings[-1]["seen"]) == seen
    assert flat(findings[-1]["mend"]) == mend
    assert f"[{finding_code}]" in run.err


def flat(text: str) -> str:
    """One line of a table cell."""
    return " ".join(text.replace("|", "or").split())
