"""What the documents show is what happens: the guide runs, the README is true."""

from __future__ import annotations

import contextlib
import io
import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from rtvol.cli import main

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path


def fenced(document: Path, language: str) -> str:
    """First fenced block of that language."""
    found = re.search(rf"```{language}\n(.*?)```", document.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    return found.group(1)


def test_the_script_of_the_guide_runs(
    project_root: Path,
    sample_dicom: Path,
    fresh_python: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    done = fresh_python(fenced(project_root / "docs" / "guide.md", "python"), cwd=project_root)
    assert done.returncode == 0, done.stderr
    cases = {line.split()[0] for line in done.stdout.splitlines()}
    assert cases == {path.name for path in sample_dicom.iterdir() if path.is_dir()}


#: The documents show rounded numbers.
NEAR_CC = 0.06


@pytest.fixture(scope="module")
def patient3(sample_dicom: Path) -> dict[str, Any]:
    """The document of the call that the README shows."""
    call = ["expand", str(sample_dicom / "patient3"), "--ctv", "2", "--ptv", "4"]
    call += ["--avoid", "Duodenum:3", "--avoid", "Stomach:3", "--dry-run", "--json"]
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        assert main(call) == 0
    document: dict[str, Any] = json.loads(out.getvalue())
    return document


def near(value: object) -> object:
    """Accept rounded numbers, and all else as it is."""
    return pytest.approx(value, abs=NEAR_CC) if isinstance(value, float | dict) else value


def test_the_document_in_the_readme_is_true(project_root: Path, patient3: dict[str, Any]) -> None:
    shown = json.loads(fenced(project_root / "README.md", "json"))
    (shown_case,), (given_case,) = shown.pop("cases"), patient3["cases"]
    assert shown == {key: patient3[key] for key in shown}
    rows = {row["name"]: row for row in given_case["structures"]}
    for row in shown_case.pop("structures"):
        assert {key: rows[row["name"]][key] for key in row} == {k: near(v) for k, v in row.items()}
    assert {key: given_case[key] for key in shown_case} == {
        k: near(v) for k, v in shown_case.items()
    }


def test_the_table_in_the_readme_is_true(project_root: Path, patient3: dict[str, Any]) -> None:
    readme = (project_root / "README.md").read_text(encoding="utf-8")
    line = r"^ +(\S+) +[GCP]TV(?:\^clip)? +([\d.]+) +([\d.]+) +(\d+) "
    shown = [
        (name, near(float(cc)), near(float(written)), int(planes))
        for name, cc, written, planes in re.findall(line, readme, re.MULTILINE)
    ]
    keys = ("name", "volume_cc", "written_volume_cc", "planes")
    targets = [row for row in patient3["cases"][0]["structures"] if row["lesion"]]
    given = [tuple(row[key] for key in keys) for row in targets]
    assert given == shown
