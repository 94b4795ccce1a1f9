"""Files are whole or not there; names never become paths."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtvol.errors import OutputRefused
from rtvol.files import TEMPORARY_PREFIX, new_file, slug, slugs, write_text

HOSTILE = [
    "../../../GTV", "/etc/passwd", "C:\\x", "", ".", "..", "-rf", "CON", "nul", "aux.", "LPT1",
    "GTV/1", "GTV:1", "GTV*1", "a\nb", "\x00", "\u202egtv", "Lebér", "x" * 300, "gtv ", "GTV 1",
]  # fmt: skip


@given(st.text() | st.sampled_from(HOSTILE))
def test_slug_is_one_harmless_path_part(name: str) -> None:
    text = slug(name)
    assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,63}", text)
    assert text.split("-")[0].upper() not in {"CON", "PRN", "AUX", "NUL"} or "-" in text
    assert Path(text).name == text


@pytest.mark.parametrize("name", ["GTV", "PTV_2-clip", "0142", "Kidney_L"])
def test_a_plain_name_stays(name: str) -> None:
    assert slug(name) == name


@pytest.mark.parametrize("name", HOSTILE)
def test_a_changed_name_says_so_by_a_hash(name: str) -> None:
    assert slug(name) != name
    assert re.search(r"-[0-9a-f]{8}$", slug(name))


@given(st.lists(st.text(alphabet="aA1 -_/", max_size=5) | st.sampled_from(HOSTILE), unique=True))
def test_slugs_of_different_names_differ_even_without_case(names: list[str]) -> None:
    safe = slugs(names)
    assert len({text.casefold() for text in safe}) == len(names)
    assert slugs(names[::-1]) == safe[::-1]


def test_a_name_that_imitates_a_hashed_one_gets_its_own() -> None:
    assert slug(slug("GTV 1")) != slug("GTV 1")


def test_file_appears_whole_and_alone(tmp_path: Path) -> None:
    target = tmp_path / "a.csv"
    with new_file(target) as temporary:
        temporary.write_text("half")
        assert not target.exists()
        assert temporary.parent == tmp_path
        assert temporary.name.startswith(TEMPORARY_PREFIX)
        assert temporary.suffix == ".csv"
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]
    assert target.read_text() == "half"


def test_failure_leaves_the_old_file_and_no_remains(tmp_path: Path) -> None:
    target = tmp_path / "a.csv"
    target.write_text("old")

    def fail() -> None:
        with new_file(target, overwrite=True) as temporary:
            temporary.write_text("new")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert target.read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 1


def test_existing_file_is_refused_unless_asked(tmp_path: Path) -> None:
    target = tmp_path / "a.csv"
    write_text(target, "old")
    with pytest.raises(OutputRefused) as caught:
        write_text(target, "new")
    assert caught.value.finding.code == "output-exists"
    assert target.read_text() == "old"
    write_text(target, "new", overwrite=True)
    assert target.read_text() == "new"


def test_a_dangling_link_counts_as_existing(tmp_path: Path) -> None:
    (tmp_path / "a.csv").symlink_to(tmp_path / "nowhere")
    with pytest.raises(OutputRefused, match="output-exists"):
        write_text(tmp_path / "a.csv", "x")


def test_a_file_that_appears_meanwhile_is_kept(tmp_path: Path) -> None:
    target = tmp_path / "a.csv"

    def lose_the_race() -> None:
        with new_file(target) as temporary:
            temporary.write_text("mine")
            target.write_text("theirs")

    with pytest.raises(OutputRefused, match="output-exists"):
        lose_the_race()
    assert target.read_text() == "theirs"


@pytest.mark.parametrize("folder", ["missing", "a_file"])
def test_no_folder_to_write_to(tmp_path: Path, folder: str) -> None:
    (tmp_path / "a_file").write_text("")
    with pytest.raises(OutputRefused) as caught:
        write_text(tmp_path / folder / "a.csv", "x")
    assert caught.value.finding.code == "output-unwritable"
    assert caught.value.exit_code == 4


@pytest.mark.skipif(sys.platform != "linux", reason="needs RLIMIT_FSIZE of Linux")
def test_full_disk_leaves_nothing(tmp_path: Path) -> None:
    import resource
    import signal

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
        with pytest.raises(OutputRefused, match="output-unwritable"):
            write_text(tmp_path / "a.csv", "x" * 5000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="looks a file handle up in /proc")
def test_data_reaches_the_disk_before_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    sync, replace = os.fsync, Path.replace

    def note_sync(handle: int) -> None:
        steps.append("folder" if Path(f"/proc/self/fd/{handle}").is_dir() else "data")
        sync(handle)

    def note_replace(self: Path, target: Path) -> Path:
        steps.append("rename")
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", note_sync)
    monkeypatch.setattr(Path, "replace", note_replace)
    write_text(tmp_path / "a.csv", "x")
    assert steps == ["data", "rename", "folder"]
