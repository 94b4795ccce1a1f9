"""Exports that are pushed: kept as they came, worked on when complete, once, whatever happens."""

from __future__ import annotations

import itertools
import json
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
from pydicom import dcmread, dcmwrite
from pydicom.uid import generate_uid

from net_tools import COMMAND, associated, free_port, object_of, objects_below, wait_until
from rtvol.cli import main
from rtvol.net.inbox import Arrival, Inbox
from rtvol.net.limits import NetLimits

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Start = Callable[..., Any]
    Push = Callable[..., subprocess.CompletedProcess[str]]


def here(service: Any) -> str:
    return f"RTVOL@127.0.0.1:{service.port}"


def second_patient(tiny: Path, folder: Path) -> Path:
    """Write the same anatomy once more as another patient's: UIDs and patient of its own."""
    folder.mkdir()
    uids: dict[str, str] = {}

    def renew(_: Any, element: Any) -> None:
        is_class = "Class" in element.keyword or "Syntax" in element.keyword
        if element.VR == "UI" and not is_class and element.value:
            element.value = uids.setdefault(element.value, generate_uid())

    for path in sorted(tiny.glob("*.dcm")):
        found = dcmread(path)
        found.walk(renew)
        found.PatientID, found.PatientName = "RTVOL-TINY-2", "SYNTHETIC^TINY2"
        found.file_meta.MediaStorageSOPInstanceUID = found.SOPInstanceUID
        dcmwrite(folder / path.name, found, enforce_file_format=True)
    return folder


def test_small_fragments_and_two_patients_interleaved(
    receiving: Start, storescu: Push, tiny: Path, recipe: Path, tmp_path: Path
) -> None:
    other = second_patient(tiny, tmp_path / "other")
    files = sorted([*tiny.iterdir(), *other.iterdir()], key=lambda path: path.name)
    with receiving("--settle", "0.4s", "--then", str(recipe), "--json") as service:
        pushed = storescu(service.port, "--max-send-pdu", "4096", *files)
        assert pushed.returncode == 0, pushed.stderr
        assert objects_below(service.received) == objects_below(tiny) + objects_below(other)
        wait_until(lambda: sorted(service.states().values()) == ["accept", "accept"])
        out, err = service.end()
    lines = [json.loads(line) for line in out.splitlines()]
    assert [one["status"] for one in lines] == ["accept", "accept"]
    assert err.count("complete: 21 CT, 1 RTDOSE, 1 RTPLAN, 1 RTSTRUCT") == 2
    assert "TINY" not in err + out  # patients are not named
    written = list((service.folder / "results" / "cases").rglob("RS.rtvol.dcm"))
    assert len(written) == 2


def test_nothing_is_lost_by_a_kill_in_mid_case(
    receiving: Start, storescu: Push, tiny: Path, recipe: Path
) -> None:
    """Killed while objects come in, while the recipe works, and when all is done."""
    files = sorted(tiny.glob("*.dcm"))
    with receiving("--settle", "0.4s", "--then", str(recipe)) as service:
        with subprocess.Popen(
            [sys.executable, "-c", COMMAND, "send", *map(str, files), "--to", here(service)],
            stderr=subprocess.DEVNULL,
        ) as pushing:
            wait_until(lambda: len(service.files) > 5)
            service.end(signal.SIGKILL)
            pushing.wait(timeout=60)
        kept = objects_below(service.received)
        assert 5 < len(kept) < len(files)
        assert kept <= objects_below(tiny)  # each whole
        service.start()
        assert objects_below(service.received) == kept
        assert storescu(service.port, *files).returncode == 0
        assert objects_below(service.received) == objects_below(tiny)
        wait_until(lambda: service.state == "working")
        service.end(signal.SIGKILL)
        service.start()
        wait_until(lambda: service.state == "accept")
        service.end(signal.SIGKILL)
        (case,) = (service.folder / "results" / "cases").iterdir()
        before = {path.name: path.stat().st_mtime_ns for path in case.iterdir()}
        service.start()
        wait_until(lambda: service.state == "accept")
        time.sleep(2.5)  # as long as the sender must be quiet, and a look more
        _, err = service.end()
        assert "complete" not in err
        assert {path.name: path.stat().st_mtime_ns for path in case.iterdir()} == before


def test_a_case_waits_for_what_it_refers_to(receiving: Start, storescu: Push, tiny: Path) -> None:
    late = [tiny / "CT.010.dcm", tiny / "RP.dcm"]
    early = [path for path in sorted(tiny.glob("*.dcm")) if path not in late]
    with receiving("--settle", "0.4s") as service:
        assert storescu(service.port, *early).returncode == 0
        wait_until(lambda: service.state == "waiting")
        (case,) = service.status["cases"]
        assert case["missing"] == ["1 image", "1 RTPLAN"]
        assert storescu(service.port, late[0]).returncode == 0
        wait_until(lambda: service.status["cases"][0]["missing"] == ["1 RTPLAN"])
        assert storescu(service.port, late[1]).returncode == 0
        wait_until(lambda: service.state == "complete")
        _, err = service.end()
    assert "[case-waiting]" in err


def test_another_patients_plan_in_one_association(
    receiving: Start, storescu: Push, tiny: Path, recipe: Path, tmp_path: Path
) -> None:
    """A plan that refers to the structure set, of another patient: no result of two patients."""
    plan = dcmread(tiny / "RP.dcm")
    plan.PatientID, plan.PatientName = "SOMEBODY-ELSE", "ELSE^SOMEBODY"
    stranger = tmp_path / "RP.dcm"
    dcmwrite(stranger, plan)
    files = [path for path in sorted(tiny.glob("*.dcm")) if path.name != "RP.dcm"]
    with receiving("--settle", "0.4s", "--then", str(recipe)) as service:
        assert storescu(service.port, *files, stranger).returncode == 0
        wait_until(lambda: service.state in ("warn", "reject"))
        _, err = service.end()
    assert "patient-mismatch" in err + json.dumps(records(service))
    assert "ELSE" not in err


def records(service: Any) -> list[Any]:
    return [
        json.loads(path.read_bytes()) for path in (service.folder / "results").rglob("record.json")
    ]


def test_a_disk_that_is_full(receiving: Start, storescu: Push, tiny: Path) -> None:
    with receiving("--keep-free", "900000GB") as service:
        pushed = storescu(service.port, "-v", tiny / "CT.001.dcm")
        assert "OutOfResources" in pushed.stderr
        assert service.files == []


@pytest.mark.parametrize("step", [1, 2, 3, 4])
def test_a_write_that_fails(
    tiny: Path, tmp_path: Path, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk fills up at any step of the writer: the sender is told, the next try succeeds."""
    found = dcmread(tiny / "CT.001.dcm")
    data = (tiny / "CT.001.dcm").read_bytes()
    syntax, rest = object_of(tiny / "CT.001.dcm")
    head = data[: -len(rest)]
    arrival = Arrival(str(found.SOPClassUID), str(found.SOPInstanceUID), syntax, head, rest)
    inbox = Inbox(tmp_path, NetLimits())
    monkeypatch.setenv("RTVOL_FAULT", f"ENOSPC:{step}")
    monkeypatch.setattr("rtvol.files._steps", itertools.count(1))
    answer = inbox.take(arrival)
    monkeypatch.delenv("RTVOL_FAULT")
    assert (answer.status, answer.is_new) == (0xA700, False)
    assert "No space left" in answer.why
    left = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert all(path.name[0] != "." and path.read_bytes() == data for path in left)
    assert inbox.take(arrival).is_new
    assert [one.entry.path.read_bytes() for one in inbox.all()] == [data]


def test_who_may_send(receiving: Start) -> None:
    with receiving("--allow", "FRIEND@127.0.0.1", "--allow", "OTHER@10.1.2.0/24") as service:
        assert associated(service.port, aet="FRIEND").is_established
        assert associated(service.port, aet="OTHER").is_rejected
        _, err = service.end()
    assert "OTHER@127.0.0.1: rejected, it is not allowed" in err
    with receiving("--allow", "OTHER@10.1.2.3") as service:
        assert not associated(service.port, aet="OTHER").is_established
        _, err = service.end()
    assert "closed a connection from 127.0.0.1" in err


def test_secured_connections(
    receiving: Start, require_tool: Callable[..., Path], tiny: Path, tmp_path: Path
) -> None:
    """Both show a certificate; without one, or in clear, nobody gets in."""
    openssl = require_tool("openssl", server=True)
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    words = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext"
    made = [*words.split(), "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    subprocess.run([openssl, *made, "-keyout", key, "-out", cert], check=True, capture_output=True)
    files = ["--tls-cert", str(cert), "--tls-key", str(key), "--tls-ca", str(cert)]
    with receiving(*files) as service:
        to = ["--to", f"RTVOL@127.0.0.1:{service.port}", "--retries", "0"]
        assert main(["send", str(tiny / "CT.001.dcm"), *to]) == 4
        assert main(["send", str(tiny / "CT.001.dcm"), *to, "--tls-ca", str(cert)]) == 4
        assert main(["send", str(tiny), *to, *files]) == 0
        assert objects_below(service.received) == objects_below(tiny)


def test_calls_that_are_refused(
    tmp_path: Path,
    recipe: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def code(*words: object) -> tuple[int, str]:
        found = main(["receive", "-o", str(tmp_path / "x"), *map(str, words)])
        return found, capsys.readouterr().err

    for words, said in [
        (("--bind", "0.0.0.0"), "--allow"),  # noqa: S104
        (("--aet", "A" * 17), "bad-peer"),
        (("--allow", "ECLIPSE"), "AET@HOST"),
        (("--settle", "soon"), "--settle"),
        (("--max-object", "-1"), "--max-object"),
        (("--max-pdu", "1"), "--max-pdu"),
        (("--tls-cert", "x"), "bad-tls"),
        (("--tls-cert", "x", "--tls-key", "y"), "bad-tls"),
        (("--results", "x"), "--then"),
        (("--port", "70000"), "--port"),
        (("--then", tmp_path / "none.toml"), "bad-recipe"),
    ]:
        found, err = code(*words)
        assert (found, said in err) == (2, True), (words, err)
    monkeypatch.setattr("rtvol.cli.extras.find_spec", lambda _: None)
    found, err = code()
    assert found == 5
    assert 'pip install "rtvol[net]"' in err
    assert not (tmp_path / "x").exists()


def test_one_folder_one_receiver(
    receiving: Start, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with receiving() as service:
        assert main(["receive", "-o", str(service.folder), "--port", str(free_port())]) == 4
        assert "output-busy" in capsys.readouterr().err
        assert main(["receive", "-o", str(tmp_path / "y"), "--port", str(service.port)]) == 4
        assert "port-refused" in capsys.readouterr().err
