"""Faults of the machine and of the run: at no moment is half a result taken for a whole one."""

from __future__ import annotations

import os
import random
import resource
import signal
import subprocess
import time
import warnings
from typing import TYPE_CHECKING

import pytest

from batch.conftest import DOSES, batch, digests, job_of
from naive.kills import (
    PROGRAM,
    check_output,
    finish,
    journaled,
    kill_at_random,
    lines_of,
    run_words,
)
from rtvol.batch.store.layout import Place
from rtvol.batch.store.lock import hold
from rtvol.cli import main
from rtvol.errors import OutputRefused
from rtvol.files import FAULT_EXIT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rtvol.batch.run import RunJob

REFUSED = 4


def in_child(work: Callable[[], object], fault: str = "") -> int:
    """Do something in a copy of this process; returns its exit code."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of fork beside idle library threads
        child = os.fork()
    if child == 0:
        code = 99
        try:
            os.environ["RTVOL_FAULT"] = fault
            work()
            code = 0
        except OutputRefused as error:
            code = error.exit_code if error.finding.code == "output-unwritable" else 98
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


def at_every_step(
    kind: str, work: Callable[[], object], check: Callable[[], None]
) -> tuple[int, set[int]]:
    """Let step 1, 2, 3, ... be faulty until there is none left; returns how many there were."""
    codes: set[int] = set()
    for step in range(1, 1000):
        code = in_child(work, f"{kind}:{step}")
        check()
        if code == 0:
            return step - 1, codes
        codes.add(code)
    raise AssertionError("no end of steps")


@pytest.mark.parametrize(
    ("kind", "begun"),
    [("end", "anew"), ("ENOSPC", "anew"), ("EIO", "anew"), ("end", "over another recipe")],
)
def test_faulty_at_any_step_it_holds_whole_results_and_goes_on(
    three: Path, tmp_path: Path, doses: RunJob, kind: str, begun: str
) -> None:
    batch(three, tmp_path / "reference", doses)
    reference = digests(tmp_path / "reference")
    number = iter(range(1000))
    out = tmp_path / "out"
    other = job_of(DOSES.replace('"D95%", ', ""), tmp_path)
    allowed = dict(reference)

    def start() -> None:
        nonlocal out
        out = tmp_path / f"out{next(number)}"
        if begun != "anew":
            batch(three, out, other)

    def check() -> None:
        if begun == "anew":
            check_output(out, allowed)
        done = set(journaled(out))
        if begun != "anew":
            done = {case for case, line in journaled(out).items()
                    if line["settings"] == doses.settings}  # fmt: skip
        again = batch(three, out, doses, overwrite=True)
        assert digests(out) == reference
        assert done.isdisjoint(again.statuses)
        start()

    start()
    steps, codes = at_every_step(kind, lambda: batch(three, out, doses, overwrite=True), check)
    assert steps > 30
    assert codes == ({FAULT_EXIT} if kind == "end" else {REFUSED})


def test_a_structure_set_cut_short_at_any_step_is_never_there(
    twelve: Path, tmp_path: Path, targets: RunJob
) -> None:
    exports = twelve / "case03"
    batch(exports, tmp_path / "reference", targets)
    reference = digests(tmp_path / "reference")
    out = tmp_path / "out"
    # one output for all steps: each goes on where the one before was ended
    steps, codes = at_every_step(
        "end", lambda: batch(exports, out, targets), lambda: check_output(out, reference) and None
    )
    assert digests(out) == reference
    assert codes <= {FAULT_EXIT}
    assert steps >= 1


def test_a_disk_that_is_full_stops_the_run_and_leaves_no_part(
    three: Path, tmp_path: Path, doses: RunJob
) -> None:
    batch(three, tmp_path / "reference", doses)
    reference, out = digests(tmp_path / "reference"), tmp_path / "out"

    def with_little_space() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))
        batch(three, out, doses)

    assert in_child(with_little_space) == REFUSED
    assert check_output(out, reference) == set()
    assert list((out / "cases").iterdir()) == []
    batch(three, out, doses)
    assert digests(out) == reference


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    (tmp_path / "doses.toml").write_text(DOSES)
    return tmp_path / "doses.toml"


def test_killed_at_random_moments_it_ends_in_the_same_bytes(
    twelve: Path, tmp_path: Path, recipe: Path
) -> None:
    begun = time.monotonic()
    finish(recipe, twelve, tmp_path / "reference")
    longest_s = time.monotonic() - begun
    reference = digests(tmp_path / "reference")
    rng, kills, number = random.Random(6), 0, 0  # noqa: S311
    while kills < 20:
        out, number, is_done, done = tmp_path / f"out{number}", number + 1, False, set[str]()
        while not is_done and kills < 20:
            is_done = not kill_at_random(recipe, twelve, out, rng, longest_s)
            kills += not is_done
            now = check_output(out, reference)
            assert done <= now, "a finished case was lost"
            done = now
        finish(recipe, twelve, out)
        assert digests(out) == reference
        cases = [line["case"] for line in lines_of(out) if "case" in line]
        assert sorted(cases) == sorted(set(cases)), "a finished case was worked on again"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_it_says_so_and_goes_on(
    twelve: Path, tmp_path: Path, recipe: Path, number: signal.Signals
) -> None:
    out = tmp_path / "out"
    words = run_words(recipe, twelve, out, jobs=1)
    # a shell's background job ignores Ctrl-C, and what it starts would, too
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    process = subprocess.Popen(words, stderr=subprocess.PIPE, text=True, start_new_session=True)
    signal.signal(signal.SIGINT, before)
    while len(lines_of(out)) < 2 and process.poll() is None:
        time.sleep(0.02)
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "the same command goes on" in said
    assert list((out / "locks").glob("*.json")) == []
    finish(recipe, twelve, out)
    assert len(digests(out)) == 24


def test_a_second_run_into_one_output_is_refused(
    three: Path, tmp_path: Path, recipe: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    call = ["run", str(recipe), str(three), "-o", str(out)]
    with hold(Place(out), "s", lambda: None, notice=lambda _: None):
        assert main(call) == REFUSED
    assert "output-busy" in capsys.readouterr().err


def test_with_64_open_files_it_works(twelve: Path, tmp_path: Path, recipe: Path) -> None:
    done = subprocess.run(
        run_words(recipe, twelve, tmp_path / "out"),
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64)),
    )
    assert done.returncode == 0, done.stderr
    assert len(digests(tmp_path / "out")) == 24


def test_nobody_listening_on_stdout_changes_nothing(
    three: Path, tmp_path: Path, recipe: Path
) -> None:
    words = [*PROGRAM, "run", str(recipe), str(three), "-o", str(tmp_path / "out"), "--json"]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.close()
    assert process.wait(120) == 0
    assert process.stderr is not None
    assert b"3 ok" in process.stderr.read()
    process.stderr.close()
    assert len(digests(tmp_path / "out")) == 6
