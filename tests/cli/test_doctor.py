"""What an installation is, before work begins: doctor, extras, help by code, completion."""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING, Any

from rtvol.cli import doctor, extras

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

    Run = Callable[..., Any]


def test_the_doctor_holds_a_phantom_against_its_spheres(rtvol: Run) -> None:
    run = rtvol("doctor", "--json")
    assert run.code == 0
    told = json.loads(run.out)
    assert told["schema"] == "rtvol/doctor@1"
    assert {one["structure"]: round(one["true_cc"], 4) for one in told["checks"]} == {
        "GTV": 1.4368,  # 4/3 pi r^3 of 7, 9 and 13 mm
        "CTV": 3.0536,
        "PTV": 9.2028,
    }
    assert told["packages"]["numpy"][0].isdigit()


def test_the_doctor_says_when_numbers_are_wrong(
    rtvol: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "RADIUS_MM", 8.0)
    run = rtvol("doctor")
    assert run.code == 1
    assert "WRONG" in run.out


def test_every_extra_is_known_and_in_all(project_root: Path) -> None:
    project = tomllib.loads((project_root / "pyproject.toml").read_text(encoding="utf-8"))
    declared = project["project"]["optional-dependencies"]
    assert declared.keys() - {"all"} == extras.MODULES.keys() == extras.PURPOSES.keys()
    (every,) = declared["all"]
    named = every.partition("[")[2].removesuffix("]").split(",")
    assert set(named) == set(extras.MODULES)


def test_the_demo_says_what_it_leaves_out_before_it_works(
    rtvol: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda _: None)
    run = rtvol("demo", tmp_path / "demo")
    assert run.code == 0
    first = run.err.splitlines()[0]
    assert "without pages, pictures and outcome tables" in first
    assert 'pip install "rtvol[report,outcomes]"' in first
    assert (tmp_path / "demo" / "out" / "result.json").exists()
    assert not (tmp_path / "demo" / "pictures").exists()


def test_help_explains_one_code(rtvol: Run) -> None:
    run = rtvol("help", "[roi-not-found]")
    assert run.code == 0
    assert "rtvol inspect" in run.out
    assert json.loads(rtvol("help", "roi-empty", "--json").out)["codes"][0]["code"] == "roi-empty"
    wrong = rtvol("help", "roi-not-fund")
    assert wrong.code == 2
    assert "roi-not-found" in wrong.err


def test_completion_is_written_for_a_shell(
    rtvol: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))  # it adds a line to the shell's start-up file
    script = tmp_path / "rtvol.bash"
    run = rtvol("--install-completion", "--shell", "bash", "--output", script)
    assert run.code == 0
    assert str(script) in (tmp_path / ".bashrc").read_text(encoding="utf-8")
    assert "--avoid" in script.read_text(encoding="utf-8")
