"""The round through a real archive: Orthanc -> receive -> recipe -> send -> Orthanc."""

from __future__ import annotations

import json
import subprocess
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from net_tools import free_port, object_of, objects_below, wait_until
from rtvol.io import find
from rtvol.verbs.inspect import inspect_case

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Start = Callable[..., Any]


@dataclass(frozen=True)
class Archive:
    """A running Orthanc."""

    http: int
    dicom: int

    def ask(self, path: str, body: bytes | None = None) -> bytes:
        request = urllib.request.Request(f"http://127.0.0.1:{self.http}{path}", data=body)
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            return bytes(answer.read())

    def told(self, path: str, body: bytes | None = None) -> Any:
        return json.loads(self.ask(path, body))

    def instances(self, modality: str) -> list[str]:
        query = {"Level": "Instance", "Query": {"Modality": modality}}
        found: list[str] = self.told("/tools/find", json.dumps(query).encode())
        return found

    @property
    def is_up(self) -> bool:
        try:
            return bool(self.told("/system"))
        except (urllib.error.URLError, OSError):
            return False


@pytest.fixture
def archive(require_tool: Callable[..., Path], tmp_path: Path) -> Callable[[int], Any]:
    """Start an Orthanc of this test's own that knows a receiver; it ends with the block."""
    program = require_tool("Orthanc", server=True)

    @contextmanager
    def start(receiver: int) -> Iterator[Archive]:
        here = Archive(free_port(), free_port())
        store = tmp_path / "orthanc"
        store.mkdir()
        settings = {
            "Name": "test",
            "HttpPort": here.http,
            "DicomPort": here.dicom,
            "DicomAet": "ORTHANC",
            "RemoteAccessAllowed": False,
            "AuthenticationEnabled": False,
            "StorageDirectory": str(store),
            "IndexDirectory": str(store),
            "Plugins": [],
            "DicomModalities": {"rtvol": ["RTVOL", "127.0.0.1", receiver]},
        }
        path = store / "orthanc.json"
        path.write_text(json.dumps(settings))
        with (store / "log.txt").open("wb") as log:
            process = subprocess.Popen([program, path], stdout=log, stderr=log)
            try:
                wait_until(lambda: here.is_up or process.poll() is not None)
                assert process.poll() is None, (store / "log.txt").read_text()
                yield here
            finally:
                process.terminate()
                process.wait(timeout=60)

    return start


def volumes_cc(path: Path) -> dict[str, float | None]:
    """Slab volumes by name, without images, as `rtvol inspect` gives them."""
    (files,) = find([path]).cases
    return {roi.name: roi.volume_cc for roi in inspect_case(files).rois}


def test_a_case_goes_round_through_an_archive(
    receiving: Start, archive: Start, tiny: Path, recipe: Path, tmp_path: Path
) -> None:
    """What Orthanc pushes arrives as it was; the derived set is there byte for byte."""
    port = free_port()
    with archive(port) as orthanc:
        recipe.write_text(f'{recipe.read_text()}[send]\nto = "ORTHANC@127.0.0.1:{orthanc.dicom}"\n')
        for path in sorted(tiny.glob("*.dcm")):
            orthanc.ask("/instances", path.read_bytes())
        (study,) = orthanc.told("/studies")
        with receiving("--settle", "0.4s", "--then", str(recipe), port=port) as service:
            orthanc.told("/modalities/rtvol/store", json.dumps({"Resources": [study]}).encode())
            assert objects_below(service.received) == objects_below(tiny)
            wait_until(lambda: len(orthanc.instances("RTSTRUCT")) == 2)
            wait_until(lambda: "1 sent to ORTHANC" in service.status["cases"][0]["delivery"])
            # an archive that forwards all it gets must not make the recipe run in circles
            orthanc.told("/modalities/rtvol/store", json.dumps({"Resources": [study]}).encode())
            wait_until(lambda: service.status["received"]["RTSTRUCT"] == 2)
            time.sleep(2.5)
            assert service.state == "accept"
            _, err = service.end()
        (written,) = (service.folder / "results" / "cases").rglob("RS.rtvol.dcm")
        stored = []
        for number, one in enumerate(orthanc.instances("RTSTRUCT")):
            stored.append(tmp_path / f"back{number}.dcm")
            stored[-1].write_bytes(orthanc.ask(f"/instances/{one}/file"))
        (back,) = [path for path in stored if object_of(path) == object_of(written)]
    assert err.count("complete") == 1
    assert volumes_cc(back) == volumes_cc(written)
    assert {"GTV", "CTV", "PTV"} <= volumes_cc(back).keys()
