"""The speed gate: a base and this tree in turns; exit 1 when this tree became slower or larger.

    python benchmarks/gate.py                 against the commit that benchmarks/BASE names
    python benchmarks/gate.py --base main     against another
    RTVOL_GATE_PLANT=1.5 python benchmarks/gate.py    with a slowdown planted in this tree: fails
    python benchmarks/gate.py --base HEAD --prove 3   the gate itself: passes of a tree against
                                                      itself, then a slowdown planted in it

Each turn does a job on the base, on this tree and on the base again, so that the machine's load
falls on all three. Judged is the median over turns of this tree's CPU seconds over the base's; the
spread of the base against itself says how far that can be trusted (benchmarks/README.md).
"""

from __future__ import annotations

import argparse
import io
import json
import math
import os
import statistics
import subprocess
import sys
import tarfile
import tempfile
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).resolve().parent.parent
#: A job may take this part longer than at the base, or so many spreads of the base.
SLOWER, SPREADS = 0.25, 3.0
#: The peak memory of a command may grow by this part.
LARGER = 0.2
#: Turns of a job; one that fails is measured with so many times as many before it counts.
TURNS, AGAIN = 7, 2
#: The slowdown that the gate has to notice when it is put to the proof.
PLANTED = "1.5"
#: One thread each: two sides that share two cores with a neighbour are not to wait for each other.
PINNED = {f"{name}_NUM_THREADS": "1" for name in ("NUMBA", "OMP", "OPENBLAS", "MKL")} | {
    "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS": "1"
}


class Unfit(Exception):
    """The gate cannot measure; nothing is said about the code."""


class Undoable(Exception):
    """A tree cannot do a job."""


@dataclass(frozen=True)
class Cost:
    """What a job took: CPU seconds, peak memory in MB (0 where it is not asked), its result."""

    seconds: float
    peak_mb: float = 0.0
    value: float = math.nan


@dataclass(frozen=True)
class Turn:
    """One turn of a job: on the base, on the head, on the base again."""

    base: Cost
    head: Cost
    again: Cost

    @property
    def times(self) -> float:
        """The head's seconds over the base's."""
        return 2 * self.head.seconds / (self.base.seconds + self.again.seconds)

    @property
    def apart(self) -> float:
        """How far the base is from itself."""
        return abs(math.log(self.again.seconds / self.base.seconds))


@dataclass(frozen=True)
class Verdict:
    """Whether a job became slower or larger, with what it is judged by."""

    job: str
    times: float
    spread: float
    memory: float

    @property
    def limit(self) -> float:
        """How many times the base's seconds a job may take."""
        return 1 + max(SLOWER, SPREADS * self.spread)

    @property
    def is_good(self) -> bool:
        """Whether the job is neither too slow nor too large."""
        return self.times <= self.limit and self.memory <= 1 + LARGER

    def __str__(self) -> str:
        words = ["SLOWER"] * (self.times > self.limit) + ["LARGER"] * (self.memory > 1 + LARGER)
        memory = f"{self.memory:6.2f}" if self.memory else f"{'-':>6}"
        row = f"{self.job:20} {self.times:6.2f} {self.limit:6.2f} {100 * self.spread:7.1f}"
        return f"{row} {memory}  {' '.join(words) or 'ok'}"


def judge(job: str, turns: list[Turn]) -> Verdict:
    """Medians over the turns; the spread is that of such a median of the base against itself.

    The median of n values of spread s has one of about 1.25 s / sqrt(n). Peak memory is the least
    met on either side: a process never needs less than it needs.
    """
    base = min(min(turn.base.peak_mb, turn.again.peak_mb) for turn in turns)
    head = min(turn.head.peak_mb for turn in turns)
    return Verdict(
        job,
        statistics.median(turn.times for turn in turns),
        statistics.median(turn.apart for turn in turns) * 1.25 / math.sqrt(len(turns)),
        head / base if base else 0.0,
    )


@dataclass(frozen=True, eq=False)
class Side:
    """A tree to be measured, with a process that does its jobs."""

    tree: Path
    worker: subprocess.Popen[str]
    jobs: list[str]
    commands: dict[str, list[str]]
    environment: dict[str, str]

    def _read(self) -> object:
        assert self.worker.stdout is not None
        line = self.worker.stdout.readline()
        if not line:
            raise Unfit(f"the jobs of {self.tree} ended by themselves")
        return json.loads(line)

    def ask(self, job: str) -> None:
        """Begin a job in the process; `answer` waits for its end."""
        assert self.worker.stdin is not None
        print(job, file=self.worker.stdin, flush=True)

    def answer(self, job: str) -> Cost:
        """What the job that was begun took."""
        said = self._read()
        assert isinstance(said, dict)
        if "error" in said:
            raise Undoable(f"{job}: {said['error']}")
        return Cost(said["seconds"], value=said["value"])

    def do(self, job: str) -> Cost:
        """Do a job in the process, or a command as a process of its own."""
        if job in self.commands:
            return self._run(job)
        self.ask(job)
        return self.answer(job)

    def _run(self, job: str) -> Cost:
        code = "import sys; from rtvol.cli import main; sys.exit(main())"
        with tempfile.TemporaryFile() as output:
            process = subprocess.Popen(
                [sys.executable, "-c", code, *self.commands[job]],
                cwd=ROOT, env=self.environment, stdout=output, stderr=output,
            )  # fmt: skip
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            output.seek(0)
            said = output.read()
        if process.returncode:
            raise Undoable(f"{job}: {said.decode(errors='replace')[-400:]}")
        seconds = (used.ru_utime + used.ru_stime) * float(
            self.environment.get("RTVOL_GATE_PLANT", "1")
        )
        return Cost(seconds, used.ru_maxrss / 1024)


@contextmanager
def opened(tree: Path, jobs: Path, *, plant: str | None = None) -> Iterator[Side]:
    """Start the process that does a tree's jobs."""
    environment = {**os.environ, **PINNED, "PYTHONPATH": str(tree / "src")}
    environment.pop("RTVOL_GATE_PLANT", None)
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed package has its bytecode
    if plant:
        environment["RTVOL_GATE_PLANT"] = plant
    worker = subprocess.Popen(
        [sys.executable, str(jobs)],
        cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert worker.stdout is not None
        first = worker.stdout.readline()
        if not first:
            raise Unfit(f"the jobs do not start on {tree}")
        yield Side(tree, worker, **json.loads(first), environment=environment)
    finally:
        with suppress(BrokenPipeError):
            worker.communicate()


def warm_up(base: Side, head: Side) -> Iterator[tuple[str, str]]:
    """Do each job once on both sides at a time, which compiles; yields what cannot be done."""
    for job in (*head.jobs, *head.commands):
        for side in (base, head):
            if job not in side.commands:
                side.ask(job)
        for side, name in ((base, "base"), (head, "head")):
            try:
                side.do(job) if job in side.commands else side.answer(job)
            except Undoable as error:
                yield name, str(error)


def take_turns(base: Side, head: Side, job: str, turns: int) -> list[Turn]:
    """Do a job in turns."""
    return [Turn(base.do(job), head.do(job), base.do(job)) for _ in range(turns)]


def gate(base: Side, head: Side, *, turns: int, tell: Callable[[str], object]) -> bool:
    """Judge every job; what fails is measured once more, with more turns, before it counts."""
    good = True
    undone = set()
    for side, error in warm_up(base, head):
        job = error.partition(":")[0]
        undone.add(job)
        tell(f"{error}: {'new, not judged' if side == 'base' else 'FAILS'}")
        good &= side == "base"
    tell(f"{'job':20} {'x base':>6} {'limit':>6} {'spread%':>7} {'memory':>6}")
    for job in (*head.jobs, *head.commands):
        if job in undone:
            continue
        measured = take_turns(base, head, job, turns)
        verdict = judge(job, measured)
        if not verdict.is_good:
            tell(f"{verdict}, once more")
            measured = take_turns(base, head, job, AGAIN * turns)
            verdict = judge(job, measured)
        before, after = measured[0].base.value, measured[0].head.value
        differs = not math.isnan(before) and not math.isclose(before, after, rel_tol=1e-6)
        tell(f"{verdict}{f', result {before:g} -> {after:g}' if differs else ''}")
        good &= verdict.is_good
    return good


def prove(tree: Path, jobs: Path, passes: int, *, turns: int) -> bool:
    """Judge a tree against itself, which has to pass, then slowed down: every job has to fail."""
    good = True
    for number in range(1, passes + 1):
        say(f"pass {number} of {passes}: the tree against itself")
        with opened(tree, jobs) as base, opened(tree, jobs) as head:
            good &= gate(base, head, turns=turns, tell=say)
    say(f"the tree {PLANTED} times as slow")
    lines: list[str] = []
    with opened(tree, jobs) as base, opened(tree, jobs, plant=PLANTED) as head:
        gate(base, head, turns=turns, tell=lines.append)
    caught = [line for line in lines if line.endswith(("SLOWER", "ok"))]
    say("\n".join(caught))
    missed = [line.split()[0] for line in caught if line.endswith("ok")]
    say(f"noticed in {len(caught) - len(missed)} of {len(caught)} jobs")
    return good and bool(caught) and not missed


def extract(commit: str, folder: Path) -> None:
    """Put the sources of a commit into a folder.

    Raises
    ------
    Unfit
        The commit is not in this clone.
    """
    git = ["git", "-C", str(ROOT)]
    known = subprocess.run(
        [*git, "cat-file", "-e", f"{commit}^{{commit}}"], capture_output=True, check=False
    )
    if known.returncode:
        asked = [*git, "rev-parse", "--is-shallow-repository"]
        shallow = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
        if shallow == "true":
            raise Unfit(f"this clone is shallow and lacks the base {commit}: git fetch --unshallow")
        raise Unfit(f"the base {commit} is not in this clone: name a commit of main in BASE")
    packed = subprocess.run([*git, "archive", commit, "src"], capture_output=True, check=True)
    with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as archive:
        archive.extractall(folder, filter="data")


def main() -> int:
    """Parse the call and run the gate."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    named = (ROOT / "benchmarks" / "BASE").read_text(encoding="utf-8").split()[0]
    parser.add_argument("--base", default=named, help="commit to compare with (benchmarks/BASE)")
    parser.add_argument("--jobs", type=Path, default=ROOT / "benchmarks" / "gate_jobs.py")
    parser.add_argument("--turns", type=int, default=TURNS)
    parser.add_argument("--prove", type=int, help="so many passes of the base against itself")
    asked = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rtvol-base-")))
        try:
            extract(asked.base, folder)
            if asked.prove:
                return 0 if prove(folder, asked.jobs, asked.prove, turns=asked.turns) else 1
            base = stack.enter_context(opened(folder, asked.jobs))
            plant = os.environ.get("RTVOL_GATE_PLANT")
            head = stack.enter_context(opened(ROOT, asked.jobs, plant=plant))
            print(f"base {asked.base[:12]}, head {ROOT.name}; CPU seconds, {asked.turns} turns")
            return 0 if gate(base, head, turns=asked.turns, tell=say) else 1
        except Unfit as error:
            print(f"error: {error}", file=sys.stderr)
            return 2


def say(line: str) -> None:
    """Print at once: a log that is cut off still says how far it came."""
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
