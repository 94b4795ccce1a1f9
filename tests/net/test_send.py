"""What is sent arrives as it is; what does not arrive is said."""

from __future__ import annotations

import json
import zipfile
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from pydicom import dcmread, dcmwrite
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import AE, evt

from naive.medium import burn
from net_tools import free_port, object_of, objects_below, wait_until
from rtvol.cli import main
from rtvol.errors import UsageError
from rtvol.net.peers import Caller, Peer, may_call, parse_caller, parse_peer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Start = Callable[..., Any]

CT = "1.2.840.10008.5.1.4.1.1.2"


@contextmanager
def peer(answers: list[int], syntax: str = ImplicitVRLittleEndian, *classes: str) -> Iterator[Any]:
    """A storage provider that gives these answers, then success; what it got."""
    got: list[Any] = []

    def store(event: Any) -> int:
        got.append(event.dataset)
        return answers.pop(0) if answers else 0

    entity = AE("PEER")
    for sop_class in classes or (CT,):
        entity.add_supported_context(sop_class, [syntax])
    port = free_port()
    server = entity.start_server(
        ("127.0.0.1", port), block=False, evt_handlers=[(evt.EVT_C_STORE, store)]
    )
    try:
        yield port, got
    finally:
        server.shutdown()


@pytest.fixture
def send(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, Any, str]]:
    """Run `rtvol send ... --json`."""

    def run(port: int, *words: object) -> tuple[int, Any, str]:
        code = main(["send", *map(str, words), "--to", f"PEER@127.0.0.1:{port}", "--json"])
        said = capsys.readouterr()
        return code, json.loads(said.out) if said.out else None, said.err

    return run


Send = "Callable[..., tuple[int, Any, str]]"


def test_a_folder_of_results_is_sent_as_it_is(
    receiving: Start, tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert main(["expand", str(tiny), "--ctv", "2", "--ptv", "4", "-o", str(out)]) == 0
    capsys.readouterr()
    with receiving() as service:
        assert main(["send", str(out), str(tiny), "--to", f"RTVOL@127.0.0.1:{service.port}"]) == 0
        assert "has 21 CT, 1 RTDOSE, 1 RTPLAN, 2 RTSTRUCT" in capsys.readouterr().out
        assert objects_below(service.received) == objects_below(out) + objects_below(tiny)
        wait_until(lambda: len(service.status["cases"]) == 1)


def test_statuses_are_looked_at(send: Any, tiny: Path) -> None:
    files = [tiny / f"CT.00{number}.dcm" for number in range(1, 5)]
    with peer([0xA700, 0xB000, 0xC123, 0x0000]) as (port, got):
        code, told, err = send(port, *files)
    found = {one["file"].rpartition("/")[2]: one for one in told["files"]}
    assert [found[file.name]["stored"] for file in files] == [True, True, False, True]
    assert found["CT.001.dcm"]["attempts"] == 2  # no room at first
    assert found["CT.002.dcm"]["findings"][0]["code"] == "store-warned"
    assert found["CT.003.dcm"]["status"] == "C123"
    assert "C123H" in err
    assert (code, len(got)) == (1, 5)


def test_a_transfer_syntax_that_is_not_accepted(send: Any, tiny: Path, tmp_path: Path) -> None:
    """What is not compressed is rewritten without loss, and that is said; else it is refused."""
    found = dcmread(tiny / "CT.001.dcm")
    explicit, implicit = tmp_path / "explicit.dcm", tmp_path / "implicit.dcm"
    for path, syntax in ((explicit, ExplicitVRLittleEndian), (implicit, ImplicitVRLittleEndian)):
        found.file_meta.TransferSyntaxUID = syntax
        is_implicit = syntax == ImplicitVRLittleEndian
        dcmwrite(path, found, implicit_vr=is_implicit, little_endian=True, force_encoding=True)
    for syntax, odd in ((ImplicitVRLittleEndian, explicit), (ExplicitVRLittleEndian, implicit)):
        with peer([], syntax) as (port, got):
            code, told, _ = send(port, explicit, implicit)
        assert code == 0
        assert {one["file"]: one["rewritten"] for one in told["files"]}[str(odd)]
        assert sum(one["rewritten"] for one in told["files"]) == 1
        assert got[0] == got[1] == dcmread(explicit)
    packed = dcmread(tiny / "CT.001.dcm")
    packed.compress("1.2.840.10008.1.2.5")
    dcmwrite(tmp_path / "packed.dcm", packed)
    with peer([]) as (port, got):
        code, told, _ = send(port, tmp_path / "packed.dcm", tiny / "RS.dcm")
    assert (code, got) == (1, [])
    assert {one["findings"][0]["code"] for one in told["files"]} == {"syntax-not-accepted"}


def test_a_compressed_image_passes_as_it_is(receiving: Start, tiny: Path, tmp_path: Path) -> None:
    packed = dcmread(tiny / "CT.001.dcm")
    packed.compress("1.2.840.10008.1.2.5")
    path = tmp_path / "packed.dcm"
    dcmwrite(path, packed)
    with receiving() as service:
        assert main(["send", str(path), "--to", f"RTVOL@127.0.0.1:{service.port}"]) == 0
        assert [object_of(one) for one in service.files] == [object_of(path)]


def test_what_cannot_be_sent(send: Any, tiny: Path, tmp_path: Path) -> None:
    port = free_port()
    code, told, err = send(port, tiny / "CT.001.dcm", "--retries", 0)
    assert (code, told["findings"][0]["code"]) == (4, "peer-unreachable")
    assert "peer-unreachable" in err
    (tmp_path / "notes.txt").write_text("nothing")
    code, told, err = send(port, tmp_path / "notes.txt")
    assert code == 1
    assert told["files"][0]["findings"][0]["code"] == "not-sendable"
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "notes.txt").write_text("nothing")
    assert send(port, tmp_path / "folder")[0] == 3
    assert send(port, tmp_path / "nowhere")[0] == 3
    assert send(port)[0] == 2
    assert main(["send", str(tiny), "--to", "nobody"]) == 2
    assert main(["send", str(tiny), "--to", "A@b:1", "--tls-cert", "x"]) == 2
    with peer([]) as (port, _):
        assert main(["send", str(tiny), "--to", f"{'A' * 17}@127.0.0.1:{port}"]) == 2


def test_addresses() -> None:
    assert parse_peer("ORTHANC@127.0.0.1:4242") == Peer("ORTHANC", "127.0.0.1", 4242)
    assert str(parse_peer(" MY PACS@[::1]:104 ")) == "MY PACS@[::1]:104"
    for text in ("A@b", "A@b:0", "A@b:65536", "@b:1", "b:1", "A@::1:104", "A\\B@c:1", "A@:1", ""):
        with pytest.raises(UsageError) as raised:
            parse_peer(text)
        assert raised.value.finding.code == "bad-peer"
    here = parse_caller("A@127.0.0.0/8")
    assert here == Caller("A", "127.0.0.0/8")
    assert may_call([here], "::ffff:127.1.2.3", "A")
    assert not may_call([here], "127.1.2.3", "B")
    assert not may_call([here], "10.0.0.1", "A")
    assert may_call([], "::1", "anybody")
    assert not may_call([], "10.0.0.1")


def test_an_archive_and_a_medium_are_sent(receiving: Start, tiny: Path, tmp_path: Path) -> None:
    """A zip archive, and the files a DICOMDIR names; one that is missing is said."""
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for one in tiny.iterdir():
            archive.write(one, one.name)
    directory = burn(tmp_path / "cd", tiny.glob("CT.00*.dcm"))
    with receiving() as service:
        to = f"RTVOL@127.0.0.1:{service.port}"
        assert main(["send", str(directory), "--to", to]) == 0
        assert len(service.files) == 9
        assert main(["send", str(path), "--to", to]) == 0
        assert objects_below(service.received) == objects_below(tiny)
        burnt = [one for one in (tmp_path / "cd").rglob("*") if one.name != "DICOMDIR"]
        next(one for one in burnt if one.is_file()).unlink()
        assert main(["send", str(directory), "--to", to]) == 1


def test_a_run_sends_each_result_once(
    receiving: Start, tiny: Path, recipe: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A peer that is away gets it when the run is started again; the case is not done again."""
    port = free_port()
    call = ["run", str(recipe), str(tiny), "-o", str(tmp_path / "out"), "--json"]
    call += ["--send", f"RTVOL@127.0.0.1:{port}"]
    assert main(call) == 1
    said = capsys.readouterr()
    assert json.loads(said.out)["sent"][0]["problem"]
    assert "not sent to RTVOL" in said.err
    with receiving(port=port) as service:
        assert main(call) == 0
        said = capsys.readouterr()
        assert "1 done before and unchanged" in said.err
        assert f"1 sent to RTVOL@127.0.0.1:{port}" in said.err
        assert objects_below(service.received) == objects_below(tmp_path / "out")
        assert main(call) == 0
        assert "sent to" not in capsys.readouterr().err
        received = wait_until(lambda: service.status["received"].get("RTSTRUCT"))
    assert received == 1


def test_a_recipe_that_sends_nothing_is_wrong(
    recipe: Path, tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = recipe.read_text()
    for lines, said in (
        ('[send]\nto = "nobody"\n', "AET@HOST:PORT"),
        ('[send]\nto = "A@b:1"\n[output]\nwrite = ["nifti"]\n', "no DICOM file"),
        ('[send]\nto = "A@b:1"\naet = "much-too-long-a-title"\n', "1 to 16"),
    ):
        recipe.write_text(text + lines)
        assert main(["run", str(recipe), str(tiny), "-o", str(tmp_path / "out")]) == 2
        assert said in capsys.readouterr().err
    recipe.write_text('send = ["A@b:1", "C@[::1]:104"]\n' + text)
    assert main(["recipe", "show", str(recipe), "--resolved"]) == 0
    assert '["A@b:1", "C@[::1]:104"]' in capsys.readouterr().out
