"""Every file is accounted for in the document of each command, and by `rtvol run`."""

from __future__ import annotations

import contextlib
import io
import json
import zipfile
from typing import TYPE_CHECKING

import pytest

import field.kinds  # noqa: F401 - the kinds are registered there
from field.patient import SOURCE, Patient1
from field.register import member, members
from rtvol.cli import main

if TYPE_CHECKING:
    from pathlib import Path

ALL_USED = 50  # 47 images, structure set, plan and dose of patient 1


def call(*words: object) -> tuple[int, str, str]:
    shown, told = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(shown), contextlib.redirect_stderr(told):
        return main([str(word) for word in words]), shown.getvalue(), told.getvalue()


@pytest.fixture
def messy(p1: Patient1) -> Path:
    """An export with an archive, a text, a dose cut short and another patient's plan in it."""
    with zipfile.ZipFile(p1.folder / "export.zip", "w") as archive:
        archive.write(p1.folder / "RS.dcm", "RS.dcm")
    (p1.folder / "readme.dcm").write_text("no image\n")
    data = (p1.folder / "RD.dcm").read_bytes()
    (p1.folder / "cut.dcm").write_bytes(data[: len(data) // 2])
    plan = p1.read("RP.dcm")
    plan.PatientID, plan.SOPInstanceUID = "OTHER", "1.2.3.4"
    plan.file_meta.MediaStorageSOPInstanceUID = "1.2.3.4"
    p1.write("RP2.dcm", plan)
    return p1.folder


#: What each file that is not used is, by its name.
WHY = {
    "export.zip": "archive-not-opened",
    "readme.dcm": "not-dicom",
    "cut.dcm": "truncated-pixels",
    "RP2.dcm": "patient-mismatch",
}


def check(entries: list[dict]) -> None:
    left = {one["file"].split("/")[-1]: one["code"] for one in entries if not one["used"]}
    assert left == WHY
    assert all(one["reason"] for one in entries if not one["used"])
    assert sum(one["used"] for one in entries) == ALL_USED


@members(
    "C2",
    {
        "`files` in the document of `rtvol scan`": ("scan",),
        "of `rtvol inspect`": ("inspect",),
        "of `rtvol dvh`": ("dvh", "--roi", "GTV"),
        "of `rtvol expand`": ("expand", "--ctv", "2", "--ptv", "4", "--dry-run"),
    },
)
def test_every_command_accounts_for_all_files(messy: Path, member: tuple[str, ...]) -> None:
    verb, *words = member
    code, shown, told = call(verb, messy, *words, "--json")
    assert code == 0
    check(json.loads(shown)["files"])
    assert f"54 files: {ALL_USED} used, 4 not" in told
    _, _, told = call(verb, messy, *words, "--json", "-v")
    assert all(f"/{name} [{code}]" in told for name, code in WHY.items())


@member("C2", "`files` in the result.json of `rtvol expand`")
def test_the_summary_accounts_for_all_files(messy: Path, tmp_path: Path) -> None:
    assert call("expand", messy, "--ctv", "2", "--ptv", "4", "-o", tmp_path / "out")[0] == 0
    check(json.loads((tmp_path / "out" / "result.json").read_text())["files"])


RECIPE = """\
schema = "rtvol/recipe@1"
[dvh]
rois = ["GTV"]
metrics = ["D95%"]
"""


@member("C2", "the files.json of `rtvol run`, and `files` of `rtvol status --json`")
def test_a_run_accounts_for_all_files(
    messy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RTVOL_SALT", "salt")
    monkeypatch.setenv("RTVOL_CONFIG", "/nowhere/recipe.toml")
    recipe, out = tmp_path / "r.toml", tmp_path / "out"
    recipe.write_text(RECIPE)
    for _ in range(2):  # once worked on, once done before and unchanged
        assert call("run", recipe, messy, "-o", out)[0] == 0
        check(json.loads((out / "files.json").read_text())["files"])
    _, shown, _ = call("status", out, "--json")
    check(json.loads(shown)["files"])


@member("C2", "another patient's plan that refers to one of several structure sets")
def test_whose_plan_it_is_is_said_by_what_it_refers_to(messy: Path) -> None:
    Patient1(messy / "more", SOURCE.parent / "patient2")
    (messy / "RS0.dcm").symlink_to(SOURCE.parent / "patient3" / "RS.dcm")
    _, shown, _ = call("scan", messy, "--json")
    document = json.loads(shown)
    (plan,) = [one for one in document["files"] if one["file"].endswith("/RP2.dcm")]
    assert plan["code"] == "patient-mismatch"
    assert "another patient than the structure set it refers to" in plan["reason"]


@member("C1", "pixels that end before they should: both places are named as they are")
def test_where_a_file_ends_is_told_the_right_way_round(messy: Path) -> None:
    size = (messy / "cut.dcm").stat().st_size
    whole = (messy / "RD.dcm").stat().st_size
    _, shown, _ = call("scan", messy, "--json")
    (cut,) = [o for o in json.loads(shown)["files"] if o["file"].endswith("/cut.dcm")]
    assert cut["reason"] == f"would end at byte {whole}; what holds it ends at {size}"
