"""What must not come in, however it is sent: limits hold, statuses say why, nothing half kept."""

from __future__ import annotations

import random
import socket
import struct
import threading
import time
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pydicom import dcmread, dcmwrite
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, generate_uid
from pynetdicom.dimse_messages import C_STORE_RQ
from pynetdicom.dimse_primitives import C_STORE

from net_tools import Service, associated, echoes, free_port, object_of, stored, wait_until
from rtvol.cli import main

if TYPE_CHECKING:
    from collections.abc import Iterator

CT, RTSTRUCT, ULTRASOUND = (
    "1.2.840.10008.5.1.4.1.1.2",
    "1.2.840.10008.5.1.4.1.1.481.3",
    "1.2.840.10008.5.1.4.1.1.6.1",
)
pytestmark = pytest.mark.filterwarnings("ignore:Invalid value for VR UI")
LIMITS = ("--max-object", "300KB", "--max-pdu", "16384", "--idle", "2s", "--associations", "3")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One receiver with narrow limits, that every attack of this file must leave as it was."""
    found = Service(tmp_path_factory.mktemp("hostile") / "in", LIMITS, free_port())
    found.start()
    yield found
    _, err = found.end()
    assert "Traceback" not in err
    assert "bug:" not in err


@pytest.fixture(autouse=True)
def unharmed(service: Service) -> Iterator[None]:
    """After each attack the receiver answers, and nothing half-written lies about."""
    yield
    wait_until(lambda: echoes(service.port), 20)
    assert all(path.suffix == ".dcm" for path in service.received.rglob("*") if path.is_file())
    assert {path.name for path in service.folder.parent.iterdir()} == {"in"}


def resident_mb(service: Service) -> float:
    assert service.process is not None
    status = Path(f"/proc/{service.process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def rest_of(connection: socket.socket, seconds: float) -> bytes:
    """What comes until the other side closes; it must close in time."""
    connection.settimeout(seconds)
    got = b""
    with suppress(ConnectionResetError):
        while part := connection.recv(4096):
            got += part
    return got


def image(tiny: Path, **changes: Any) -> tuple[str, bytes]:
    """UID and data set (implicit) of a CT image of its own."""
    found = dcmread(tiny / "CT.001.dcm")
    found.SOPInstanceUID = generate_uid()
    for word, value in changes.items():
        setattr(found, word, value)
    return str(found.SOPInstanceUID), encoded(found)


def encoded(found: Any) -> bytes:
    found.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    written = BytesIO()
    dcmwrite(written, found, implicit_vr=True, little_endian=True, force_encoding=True)
    data = written.getvalue()
    group = struct.unpack("<I", data[140:144])[0]
    return data[144 + group :]


def test_random_bytes(service: Service) -> None:
    draw = random.Random(7)  # noqa: S311
    before = resident_mb(service)
    for _ in range(60):
        with socket.create_connection(("127.0.0.1", service.port)) as wire:
            head = bytes([draw.randrange(9), 0]) if draw.random() < 0.7 else draw.randbytes(2)
            size = struct.pack(">I", draw.randrange(300))
            with suppress(OSError):
                wire.sendall(head + size + draw.randbytes(draw.randrange(400)))
    assert resident_mb(service) < before + 60


def stream_of(port: int, path: Path) -> list[bytes]:
    """The units that a sender of one file sends, taken down between it and the receiver."""
    taken = bytearray()
    listener = socket.create_server(("127.0.0.1", 0))

    def pass_on(source: socket.socket, target: socket.socket, copy: bytearray) -> None:
        with suppress(OSError), source, target:
            while part := source.recv(65536):
                copy += part
                target.sendall(part)

    def between() -> None:
        here, _ = listener.accept()
        there = socket.create_connection(("127.0.0.1", port))
        threading.Thread(target=pass_on, args=(there, here, bytearray()), daemon=True).start()
        pass_on(here, there, taken)

    thread = threading.Thread(target=between, daemon=True)
    thread.start()
    assert main(["send", str(path), "--to", f"RTVOL@127.0.0.1:{listener.getsockname()[1]}"]) == 0
    thread.join(10)
    listener.close()
    units, at = [], 0
    while at < len(taken):
        size = 6 + int.from_bytes(taken[at + 2 : at + 6], "big")
        units.append(bytes(taken[at : at + size]))
        at += size
    return units


def spoilt(units: list[bytes], draw: random.Random) -> list[bytes]:
    """A conversation with a few bytes changed, cut short, out of order, or with a unit twice."""
    made = [bytearray(unit) for unit in units]
    how = draw.randrange(5)
    if how < 2:
        one = draw.choice(made)
        for _ in range(draw.randrange(1, 6)):
            one[draw.randrange(len(one) if how else min(80, len(one)))] = draw.randrange(256)
    elif how == 2:
        made = made[: draw.randrange(len(made))]
    elif how == 3:
        draw.shuffle(made)
    else:
        made.insert(draw.randrange(len(made)), draw.choice(made))
    return [bytes(one) for one in made]


def test_spoilt_conversations(service: Service, tiny: Path) -> None:
    units = stream_of(service.port, tiny / "RP.dcm")
    before, kept = resident_mb(service), service.files
    draw = random.Random(11)  # noqa: S311
    for _ in range(80):
        with suppress(OSError), socket.create_connection(("127.0.0.1", service.port)) as wire:
            wire.settimeout(0.02)
            for unit in spoilt(units, draw):
                wire.sendall(unit)
                with suppress(TimeoutError):
                    wire.recv(65536)
    wait_until(lambda: echoes(service.port), 20)
    assert service.files == kept
    assert resident_mb(service) < before + 30


@pytest.mark.parametrize("kind", [0x01, 0x04])
def test_a_unit_of_four_gigabytes(service: Service, kind: int) -> None:
    before = resident_mb(service)
    with socket.create_connection(("127.0.0.1", service.port)) as wire:
        wire.sendall(struct.pack(">BBI", kind, 0, 0xFFFFFFFF))
        with suppress(OSError):
            for _ in range(200):
                wire.sendall(b"\0" * 65536)
        rest_of(wire, 5)
    assert resident_mb(service) < before + 10


def test_a_unit_of_four_gigabytes_within_an_association(service: Service) -> None:
    assoc = associated(service.port, CT)
    assoc.dul.socket.socket.sendall(struct.pack(">BBI", 4, 0, 0xFFFFFFF0) + b"\0" * 60_000)
    wait_until(lambda: not assoc.is_established, 10)


def test_a_slow_sender(service: Service) -> None:
    with socket.create_connection(("127.0.0.1", service.port)) as wire:
        begun = time.monotonic()
        wire.sendall(struct.pack(">BBI", 1, 0, 5000))
        with suppress(OSError):
            while time.monotonic() - begun < 15:
                wire.sendall(b"\0")
                time.sleep(0.2)
        assert time.monotonic() - begun < 8  # two seconds for a unit, and some for a slow machine


def test_a_sender_that_falls_silent(service: Service) -> None:
    assoc = associated(service.port, CT)
    assert assoc.is_established
    wait_until(lambda: not assoc.is_established, 15)


def test_an_abort_in_mid_object(service: Service, tiny: Path) -> None:
    before = service.files
    sop_uid, data = image(tiny, Rows=200, Columns=200, PixelData=b"\1\0" * 40_000)
    assoc = associated(service.port, CT)
    request = C_STORE()
    request.MessageID, request.Priority = 1, 2
    request.AffectedSOPClassUID, request.AffectedSOPInstanceUID = CT, sop_uid
    request.DataSet = BytesIO(data)
    message = C_STORE_RQ()
    message.primitive_to_message(request)
    number = assoc.accepted_contexts[0].context_id
    for part in list(message.encode_msg(number, 2048))[:3]:
        assoc.dul.send_pdu(part)
    time.sleep(0.3)
    assoc.abort()
    time.sleep(0.3)
    assert service.files == before


def test_a_hundred_associations(service: Service) -> None:
    wires = [socket.create_connection(("127.0.0.1", service.port)) for _ in range(100)]
    assert service.process is not None
    time.sleep(0.5)
    threads = (
        Path(f"/proc/{service.process.pid}/status").read_text().split("Threads:")[1].split()[0]
    )
    assert int(threads) < 40
    for wire in wires:
        wire.close()
    wait_until(lambda: echoes(service.port), 20)
    held = [associated(service.port) for _ in range(6)]
    assert 1 <= sum(one.is_established for one in held) <= 3
    assert any(one.is_rejected for one in held)
    for one in held:
        one.abort()


@pytest.mark.parametrize(
    "uid", ["../../../../x", "/etc/passwd", "1.2.3\\..\\4", "..", "1.2 3", "1.2\n3"]
)
def test_a_uid_that_is_a_path(service: Service, tiny: Path, uid: str) -> None:
    before = service.files
    _, data = image(tiny)
    assoc = associated(service.port, CT)
    answer = stored(assoc, CT, uid, data)
    assert answer is None or answer.Status == 0xC000
    assoc.abort()
    assert service.files == before


def test_other_uids_that_are_paths(service: Service, tiny: Path) -> None:
    """Study, series and patient are whatever they are: only hashes of them are names."""
    before = service.files
    sop_uid, data = image(
        tiny, StudyInstanceUID="../../../x", SeriesInstanceUID="/../y", PatientID="../../z"
    )
    assoc = associated(service.port, CT)
    assert stored(assoc, CT, sop_uid, data).Status == 0
    assoc.release()
    (new,) = set(service.files) - set(before)
    assert new.resolve().is_relative_to(service.received.resolve())
    assert set(new.relative_to(service.received).as_posix()) <= set("0123456789abcdefCT-/.dcm")


def test_classes_that_are_not_taken(service: Service, tiny: Path) -> None:
    assoc = associated(service.port, ULTRASOUND, CT)
    assert {str(one.abstract_syntax) for one in assoc.accepted_contexts} == {CT}
    sop_uid, data = image(tiny)
    assert stored(assoc, ULTRASOUND, sop_uid, data).Status == 0x0122
    assert stored(assoc, "1.2.3.4.5", sop_uid, data).Status == 0x0122
    assert stored(assoc, RTSTRUCT, sop_uid, data).Status == 0xA900
    assert stored(assoc, CT, sop_uid, data).Status == 0
    assoc.release()


def test_data_sets_that_are_not_what_the_request_says(service: Service, tiny: Path) -> None:
    sop_uid, data = image(tiny)
    _, other = image(tiny)
    _, of_another_class = image(tiny, SOPClassUID=RTSTRUCT, SOPInstanceUID=sop_uid)
    assoc = associated(service.port, CT)
    before = service.files
    assert stored(assoc, CT, sop_uid, other).Status == 0xC000
    assert stored(assoc, CT, sop_uid, of_another_class).Status == 0xA900
    for cut in (
        data[:-1],
        data[: len(data) // 2],
        data[:9],
        b"\0" * 300,
        bytes(range(7, 250)) * 4,
    ):
        assert stored(assoc, CT, sop_uid, cut).Status == 0xC000
    assert service.files == before
    assert stored(assoc, CT, sop_uid, data).Status == 0
    assoc.release()


def test_an_object_that_is_too_large(service: Service, tiny: Path) -> None:
    found = dcmread(tiny / "CT.001.dcm")
    found.SOPInstanceUID = generate_uid()
    found.Rows = found.Columns = 512
    found.PixelData = b"\1\0" * 512 * 512
    before, files = resident_mb(service), service.files
    assoc = associated(service.port, CT)
    answer = stored(assoc, CT, found.SOPInstanceUID, encoded(found))
    assert answer.Status == 0xA700
    assert "larger than" in answer.ErrorComment
    assert service.files == files
    sop_uid, data = image(tiny)
    assert stored(assoc, CT, sop_uid, data).Status == 0  # the association goes on
    assoc.release()
    assert resident_mb(service) < before + 20


def test_the_same_object_twice_and_another_one_under_its_uid(service: Service, tiny: Path) -> None:
    sop_uid, data = image(tiny)
    assoc = associated(service.port, CT)
    assert stored(assoc, CT, sop_uid, data).Status == 0
    files = service.files
    assert stored(assoc, CT, sop_uid, data).Status == 0
    found = dcmread(BytesIO(data), force=True)
    written = BytesIO()
    dcmwrite(written, found, implicit_vr=False, little_endian=True, force_encoding=True)
    explicit = next(
        one.context_id
        for one in assoc.accepted_contexts
        if one.transfer_syntax[0] == ExplicitVRLittleEndian
    )
    assert stored(assoc, CT, sop_uid, written.getvalue(), explicit).Status == 0
    answer = stored(assoc, CT, sop_uid, encoded_other(tiny, sop_uid))
    assert answer.Status == 0x0111
    assert "another object" in answer.ErrorComment
    assoc.release()
    assert service.files == files
    (kept,) = [path for path in files if sop_uid.encode() in path.read_bytes()]
    assert object_of(kept) == (str(ImplicitVRLittleEndian), data)
    wait_until(lambda: service.status["received"].get("copies", 0) >= 2)


def encoded_other(tiny: Path, sop_uid: str) -> bytes:
    found = dcmread(tiny / "CT.001.dcm")
    found.SOPInstanceUID = sop_uid
    found.InstanceNumber = 99
    return encoded(found)


def test_callers_that_name_somebody_else(service: Service) -> None:
    assert associated(service.port, called="ORTHANC").is_rejected
