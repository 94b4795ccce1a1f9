"""Outputs are whole or not there, stay where they belong, and replace only what rtvol wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rtvol.errors import CaseRejected, OutputRefused
from rtvol.verbs.output import case_folders, case_output, discard, refuse_existing

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    "name",
    ["../../x", "a/../../b", "/etc", "..", "con", "a\nb", "GTV:1", "-o", "", "a//b", "x" * 300],
)
def test_no_name_leads_out_of_the_output_folder(name: str, tmp_path: Path) -> None:
    place = case_folders(tmp_path, [name])[name]
    assert tmp_path in place.parents
    assert ".." not in place.parts
    assert all(len(part) < 256 for part in place.parts)


def test_cases_never_share_a_folder(tmp_path: Path) -> None:
    names = ["case1", "Case1", "case 1", "case_1", "a/b", "a_b", "A/b"]
    folders = case_folders(tmp_path, names)
    assert len({str(place).casefold() for place in folders.values()}) == len(names)
    assert folders["a/b"].parent.parent == tmp_path
    assert folders["case_1"] == tmp_path / "case_1"


def write_case(folder: Path, text: str) -> None:
    with case_output(folder) as draft:
        (draft / "RS.rtvol.dcm").write_text(text)
        (draft / "masks").mkdir()
        (draft / "masks" / "GTV.nii.gz").write_text(text)


def test_a_case_appears_whole(tmp_path: Path) -> None:
    write_case(tmp_path / "out" / "a", "1")
    assert sorted(path.name for path in (tmp_path / "out").rglob("*")) == [
        "GTV.nii.gz",
        "RS.rtvol.dcm",
        "a",
        "masks",
    ]


def test_a_case_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def fail_half_way() -> None:
        with case_output(tmp_path / "out" / "a") as draft:
            (draft / "RS.rtvol.dcm").write_text("half")
            raise CaseRejected("roi-empty")

    with pytest.raises(CaseRejected):
        fail_half_way()
    assert list((tmp_path / "out").iterdir()) == []


def test_a_rerun_replaces_its_own_files_and_no_others(tmp_path: Path) -> None:
    folder = tmp_path / "a"
    write_case(folder, "1")
    (folder / "CT.dcm").write_text("image")
    (folder / "masks" / "old.nii.gz").write_text("1")
    write_case(folder, "2")
    assert (folder / "CT.dcm").read_text() == "image"
    assert (folder / "RS.rtvol.dcm").read_text() == "2"
    assert [path.name for path in (folder / "masks").iterdir()] == ["GTV.nii.gz"]
    discard(folder)
    assert [path.name for path in folder.iterdir()] == ["CT.dcm"]


def test_existing_results_are_refused_unless_they_may_be_replaced(tmp_path: Path) -> None:
    folders = case_folders(tmp_path, ["a"])
    refuse_existing(tmp_path, folders, overwrite=False)
    write_case(folders["a"], "1")
    with pytest.raises(OutputRefused) as caught:
        refuse_existing(tmp_path, folders, overwrite=False)
    assert caught.value.finding.code == "output-exists"
    assert caught.value.exit_code == 4
    refuse_existing(tmp_path, folders, overwrite=True)


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    for overwrite in (False, True):
        with pytest.raises(OutputRefused) as caught:
            refuse_existing(tmp_path / "out", {}, overwrite=overwrite)
        assert caught.value.finding.code == "output-unwritable"


def test_a_folder_that_cannot_be_made_is_refused_not_a_crash(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(OutputRefused), case_output(tmp_path / "out" / "a"):
        pass


def test_a_folder_that_may_not_be_written_is_refused_before_anything_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rtvol.verbs.output.os.access", lambda *_: False)
    with pytest.raises(OutputRefused, match="no right to write"):
        refuse_existing(tmp_path / "out", {}, overwrite=True)


def test_what_is_not_of_an_earlier_run_stops_its_removal(tmp_path: Path) -> None:
    (tmp_path / "masks").mkdir()
    (tmp_path / "masks" / "own.txt").write_text("mine")
    with pytest.raises(OutputRefused, match="output-unwritable"):
        discard(tmp_path)
    assert (tmp_path / "masks" / "own.txt").exists()
