"""Zip archives as a path: the cases of their folder, and nothing outside, left over or huge."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from naive.medium import burn
from rtvol.errors import InputError, OutputRefused
from rtvol.io import archives, find, read_case
from rtvol.io.archives import origin_of, unpacked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path


@pytest.fixture
def packed(tmp_path: Path) -> Callable[..., Path]:
    """Write an archive of these names and bytes."""

    def write(*members: tuple[str | zipfile.ZipInfo, bytes], name: str = "x.zip") -> Path:
        path = tmp_path / name
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for member, data in members:
                archive.writestr(member, data)
        return path

    return write


def of_folder(folder: Path, below: str = "") -> list[tuple[str, bytes]]:
    return [(below + path.name, path.read_bytes()) for path in sorted(folder.iterdir())]


def contents(paths: Iterable[Path]) -> list[bytes]:
    return [path.read_bytes() for path in paths]


def code_of(path: Path) -> str:
    with pytest.raises(InputError) as raised:
        find([path])
    return raised.value.finding.code


def test_an_archive_holds_the_cases_of_its_folder(sample_dicom: Path, packed: Any) -> None:
    folder = sample_dicom / "patient2"
    (plain,) = find([folder]).cases
    for path, name in (
        (packed(*of_folder(folder), name="export of Monday.zip"), "export of Monday"),
        (packed(*of_folder(folder, "a/b/"), name="y.ZIP"), "a/b"),
    ):
        found = find([path])
        (files,) = found.cases
        assert files.name == name
        assert contents(files.paths) == contents(plain.paths)
        assert found.findings == ()
        assert origin_of(files.rtstruct).startswith(f"{path}!/")
    names = [roi.name for roi in read_case(files).structures.rois]
    assert names == [roi.name for roi in read_case(plain).structures.rois]
    assert origin_of(plain.rtstruct) == str(plain.rtstruct)


def test_an_archive_in_a_folder_or_an_archive_is_named_and_not_opened(packed: Any) -> None:
    inner = packed(("a.dcm", b"x"), name="inner.zip")
    path = packed(("RS.dcm", b"no"), ("inner.zip", inner.read_bytes()))
    with pytest.raises(InputError) as raised:
        find([path])
    assert "1 zip archive (inner.zip)" in raised.value.finding.seen
    with pytest.raises(InputError) as raised:
        find([path.parent])
    assert "name the zip archive itself" in raised.value.finding.mend


@pytest.mark.parametrize(
    "name", ["../x", "a/../../x", "/etc/x", "..\\x", "\\x", "C:\\x", "c:x", "..", "a/.."]
)
def test_names_that_lead_out(packed: Any, name: str, tmp_path: Path) -> None:
    before = sorted(tmp_path.parent.rglob("x"))
    assert code_of(packed(("RS.dcm", b"1"), (name, b"2"))) == "archive-unsafe"
    assert sorted(tmp_path.parent.rglob("x")) == before


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.text(st.sampled_from("ab./\\:~\n é\u202e"), min_size=1, max_size=12)
        | st.text(st.characters(codec="utf-8"), min_size=1, max_size=12),
        min_size=1,
        max_size=4,
    )
)
def test_whatever_members_are_called_they_stay_inside(tmp_path: Path, names: list[str]) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive, pytest.MonkeyPatch.context() as patch:
        patch.setattr(archive, "_writecheck", lambda _: None)  # it warns of names that are twice
        for number, name in enumerate(names):
            archive.writestr(zipfile.ZipInfo(name), str(number))
    try:
        found = unpacked(path)
    except InputError as error:
        code = error.finding.code
        assert code in {"archive-unsafe", "archive-damaged"}
        return
    inside = [one for one in found.folder.rglob("*") if one.is_file()]
    assert all(one.resolve().is_relative_to(found.folder.resolve()) for one in inside)
    written = {one.read_bytes() for one in found.folder.parent.parent.rglob("*") if one.is_file()}
    assert {one.read_bytes() for one in inside} <= written
    assert len(inside) == sum(not name.endswith("/") for name in names)


def test_links_and_devices_are_left_out(sample_dicom: Path, packed: Any) -> None:
    link = zipfile.ZipInfo("link.dcm")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    path = packed(*of_folder(sample_dicom / "patient1"), (link, b"/etc/passwd"))
    found = find([path])
    assert [one.code for one in found.findings] == ["archive-member-skipped"]
    assert not any(one.name == "link.dcm" for one in found.cases[0].folder.iterdir())


def test_archives_that_are_too_large(packed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = packed(("RS.dcm", bytes(3_000_000)))
    monkeypatch.setattr(archives, "RATIO_FROM_BYTES", 1 << 20)
    assert code_of(bomb) == "archive-too-large"
    monkeypatch.setattr(archives, "RATIO_FROM_BYTES", 1 << 40)
    monkeypatch.setattr(archives, "BYTES_LIMIT", 2_000_000)
    assert code_of(bomb) == "archive-too-large"
    monkeypatch.setattr(archives, "BYTES_LIMIT", 1 << 40)
    monkeypatch.setattr(archives, "MEMBER_LIMIT", 3)
    assert code_of(packed(*((f"{n}.dcm", b"1") for n in range(4)))) == "archive-too-large"


def test_a_member_that_holds_more_than_it_declares(packed: Any) -> None:
    path = packed(("RS.dcm", b"7" * 5000))
    data = bytearray(path.read_bytes())
    for at in (22, data.index(b"PK\1\2") + 24):  # sizes in the local and the central header
        data[at : at + 4] = (100).to_bytes(4, "little")
    path.write_bytes(data)
    assert code_of(path) in {"archive-damaged", "archive-too-large"}


def test_encrypted_and_damaged_archives(packed: Any) -> None:
    path = packed(("RS.dcm", b"7" * 500))
    whole = path.read_bytes()
    data = bytearray(whole)
    for at in (6, data.index(b"PK\1\2") + 8):
        data[at] |= 1
    path.write_bytes(data)
    assert code_of(path) == "archive-encrypted"
    for odd in (whole[:-9], whole[:40], b"PK\3\4", whole[:60] + b"\0" + whole[61:]):
        path.write_bytes(odd)
        assert code_of(path) == "archive-damaged"
    unknown = bytearray(whole)
    for at in (8, unknown.index(b"PK\1\2") + 10):
        unknown[at] = 98
    path.write_bytes(unknown)
    assert code_of(path) == "archive-damaged"
    assert code_of(packed(("a", b"1"), ("a/b", b"2"))) == "archive-damaged"
    assert code_of(packed(("n" * 300, b"1"))) == "archive-unsafe"


def test_a_disk_without_room(packed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    path = packed(("RS.dcm", b"1"))

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(archives, "_extract", full)
    with pytest.raises(OutputRefused, match="No space left"):
        find([path])


SCAN = "import sys; from rtvol.cli import main; sys.exit(main(['scan', *sys.argv[1:]]))"
LINGER = "import sys, time; from pathlib import Path; from rtvol.io import find; "
LINGER += "find([Path(sys.argv[1])]); print('ready', flush=True); time.sleep(60)"


def test_nothing_is_left_behind(sample_dicom: Path, packed: Any, tmp_path: Path) -> None:
    """Not by a call that ends well, nor by one that fails; what a kill leaves, the next removes."""
    path = packed(*of_folder(sample_dicom / "patient1"))
    place = tmp_path / "temporary"
    place.mkdir()
    environment = {**os.environ, "TMPDIR": str(place)}

    def scan(*paths: Path) -> int:
        command = [sys.executable, "-c", SCAN, *map(str, paths)]
        return subprocess.run(command, env=environment, capture_output=True, check=False).returncode

    assert scan(path) == 0
    assert list(place.iterdir()) == []
    command = [sys.executable, "-c", LINGER, str(path)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as lingering:
        assert lingering.stdout is not None
        assert lingering.stdout.readline() == b"ready\n"
        assert scan(packed(("../x", b"1"), name="bad.zip")) == 3
        assert len(list(place.iterdir())) == 1  # the living one keeps its own
        lingering.send_signal(signal.SIGKILL)
    time.sleep(0.1)
    assert scan(path) == 0
    assert list(place.iterdir()) == []


def test_a_directory_in_an_archive_is_followed(
    sample_dicom: Path, tmp_path: Path, packed: Any
) -> None:
    burn(tmp_path / "cd", (sample_dicom / "patient1").iterdir())
    every = [one for one in (tmp_path / "cd").rglob("*") if one.is_file()]
    path = packed(*((str(one.relative_to(tmp_path)), one.read_bytes()) for one in every))
    found = find([path])
    (plain,) = find([sample_dicom / "patient1"]).cases
    assert [len(files.paths) for files in found.cases] == [len(plain.paths)]
    assert found.findings == ()
