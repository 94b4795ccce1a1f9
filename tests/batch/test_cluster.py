"""A real dask cluster of two workers: one is killed, one case is poison, all results come once."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from batch.conftest import batch, digests
from batch.test_limits import fates
from naive.kills import lines_of
from rtvol.batch.cluster import on_scheduler
from rtvol.batch.pool import Limits
from rtvol.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType
    from typing import Any

    from rtvol.batch.run import RunJob

#: dask's own threads and sockets are closed by its garbage collection.
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def cluster(require_module: Callable[[str], ModuleType]) -> Iterator[Any]:
    distributed = require_module("distributed")
    os.environ["PYTHONPATH"] = os.pathsep.join(
        [str(Path(__file__).parent.parent), os.environ.get("PYTHONPATH", "")]
    )
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as made:
        yield made


def pids(cluster: Any) -> list[int]:
    return [nanny.process.pid for nanny in cluster.workers.values() if nanny.process]


def test_a_worker_killed_in_mid_run_loses_nothing_and_nothing_comes_twice(
    twelve: Path, tmp_path: Path, doses: RunJob, cluster: Any
) -> None:
    out = tmp_path / "out"
    batch(twelve, tmp_path / "here", doses)
    killed: list[int] = []

    def kill_one() -> None:
        while len(lines_of(out)) < 4:
            time.sleep(0.01)
        killed.append(pids(cluster)[0])
        os.kill(killed[0], signal.SIGKILL)

    killer = threading.Thread(target=kill_one, daemon=True)
    killer.start()
    ran = batch(twelve, out, doses, spread=on_scheduler(cluster.scheduler_address))
    killer.join()
    assert killed
    assert ran.statuses == {f"case{n:02d}": "accept" for n in range(12)}
    assert Counter(line["case"] for line in lines_of(out) if "case" in line) == dict.fromkeys(
        ran.statuses, 1
    )
    assert digests(out) == digests(tmp_path / "here")


def test_a_poison_case_is_condemned_alone(tmp_path: Path, cluster: Any) -> None:
    spread = on_scheduler(cluster.scheduler_address)
    done, _ = fates(tmp_path / "notes", spread, Limits(retries=0), c="die", pause="0.1")
    assert done == ["a", "b", "c worker-died", "d", "e", "f"]


def test_time_is_limited_there_too(tmp_path: Path, cluster: Any) -> None:
    spread = on_scheduler(cluster.scheduler_address)
    limits = Limits(timeout_s=5, retries=0)
    done, _ = fates(tmp_path / "notes", spread, limits, e="spin")
    assert done == ["a", "b", "c", "d", "e time-limit", "f"]


def test_no_scheduler_is_said(
    three: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from batch.conftest import DOSES

    monkeypatch.setattr("rtvol.batch.cluster.ANSWER_S", 1)
    (tmp_path / "doses.toml").write_text(DOSES)
    call = ["run", str(tmp_path / "doses.toml"), str(three), "-o", str(tmp_path / "out")]
    assert main([*call, "--executor", "dask"]) == 2
    assert main([*call, "--executor", "dask", "--scheduler", "tcp://127.0.0.1:1"]) == 4
    assert "no-scheduler" in capsys.readouterr().err


def test_without_dask_the_message_has_the_install_line(
    three: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    from batch.conftest import DOSES

    monkeypatch.setitem(sys.modules, "distributed", None)
    (tmp_path / "doses.toml").write_text(DOSES)
    call = ["run", str(tmp_path / "doses.toml"), str(three), "-o", str(tmp_path / "out")]
    assert main([*call, "--executor", "dask", "--scheduler", "tcp://127.0.0.1:1"]) == 5
    assert "pip install 'rtvol[cluster]'" in capsys.readouterr().err
