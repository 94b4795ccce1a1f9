"""The speed gate: run the benchmarks of a base and of this tree in turns, and compare ratios.

    python benchmarks/compare.py --base main     exit 1 when a ratio got worse by more than 1.5
    python benchmarks/compare.py --smoke         this tree only, small: they run, speak the protocol

Both sides run in one job, so the load of the machine falls on both, and what is compared is each
side's ratio to its peer (benchmarks/README.md), which carries no milliseconds from job to job.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
WORSE_FACTOR = 1.5  # scikit-image's asv gate uses the same: below it, shared runners cry wolf


def parse_result(output: str, bench: str) -> dict[str, float]:
    """Ratios in the last line of a benchmark's output.

    Raises
    ------
    ValueError
        The line is not the document of benchmarks/README.md, names another benchmark, or holds
        no ratio, or one that is not a finite number above 0.
    """
    lines = output.strip().splitlines() or [""]
    document = json.loads(lines[-1])
    if set(document) != {"bench", "ratios"} or document["bench"] != bench:
        raise ValueError(f"bench_{bench}: the last line is not its document: {lines[-1][:120]}")
    ratios = {str(name): float(value) for name, value in document["ratios"].items()}
    if not ratios or not all(math.isfinite(value) and value > 0 for value in ratios.values()):
        raise ValueError(f"bench_{bench}: ratios must be finite and above 0: {ratios}")
    return ratios


def run_bench(checkout: Path, bench: str, *flags: str) -> dict[str, float]:
    """Run one benchmark against the sources of its own checkout and return its ratios."""
    environment = os.environ | {"PYTHONPATH": str(checkout / "src")}
    environment.setdefault("RTVOL_SHARED_DATA", str(ROOT.parent / "shared" / "data"))
    command = [sys.executable, str(checkout / "benchmarks" / f"bench_{bench}.py"), "--json", *flags]
    done = subprocess.run(
        command, cwd=checkout, env=environment, stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode != 0:
        raise ValueError(f"bench_{bench} of {checkout} ended with {done.returncode}")
    return parse_result(done.stdout, bench)


def check_sources(checkout: Path) -> None:
    """Refuse to measure when the interpreter would load rtvol from somewhere else."""
    code = "import rtvol; print(rtvol.__file__)"
    environment = os.environ | {"PYTHONPATH": str(checkout / "src")}
    found = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    ).stdout.strip()
    if not Path(found).is_relative_to(checkout):
        raise ValueError(f"rtvol of {checkout} was asked for, {found} would be measured")


def benches(checkout: Path) -> list[str]:
    """Return the names of a checkout's benchmarks, in order."""
    paths = sorted((checkout / "benchmarks").glob("bench_*.py"))
    return [path.stem.removeprefix("bench_") for path in paths]


@contextmanager
def checked_out(ref: str) -> Iterator[Path]:
    """Give a work tree of `ref` that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="rtvol-base-") as folder:
        tree = Path(folder).resolve() / "base"
        git = ["git", "-C", str(ROOT), "worktree"]
        subprocess.run([*git, "add", "--quiet", "--detach", str(tree), ref], check=True)
        try:
            yield tree
        finally:
            subprocess.run([*git, "remove", "--force", str(tree)], check=True)


def measure(sides: dict[str, Path], bench: str, rounds: int) -> dict[str, dict[str, float]]:
    """Run one benchmark on each side in turns; median of each ratio, by side.

    An unmeasured smoke run of each side comes first: it compiles the kernels.
    """
    for checkout in sides.values():
        run_bench(checkout, bench, "--smoke")
    runs: dict[str, list[dict[str, float]]] = {side: [] for side in sides}
    for _ in range(rounds):
        for side, checkout in sides.items():
            runs[side].append(run_bench(checkout, bench))
    return {
        side: {name: statistics.median(run[name] for run in seen) for name in seen[0]}
        for side, seen in runs.items()
    }


def verdicts(
    base: dict[str, float], head: dict[str, float], factor: float
) -> list[tuple[str, float | None, float | None, str]]:
    """Rows of (ratio's name, base, head, verdict); the verdict is ok, WORSE, new or gone."""
    rows: list[tuple[str, float | None, float | None, str]] = []
    for name in sorted(base.keys() | head.keys()):
        before, after = base.get(name), head.get(name)
        if before is None or after is None:
            verdict = "new" if before is None else "gone"
        else:
            verdict = "WORSE" if before / after > factor else "ok"
        rows.append((name, before, after, verdict))
    return rows


def gate(ref: str, *, rounds: int, factor: float) -> bool:
    """Compare `ref` with this tree and print a table; True when nothing got worse."""
    good = True
    with checked_out(ref) as tree:
        sides = {"base": tree, "head": ROOT}
        for checkout in sides.values():
            check_sources(checkout)
        both = [name for name in benches(ROOT) if name in benches(tree)]
        for bench in both:
            medians = measure(sides, bench, rounds)
            for name, before, after, verdict in verdicts(medians["base"], medians["head"], factor):
                good &= verdict != "WORSE"
                print(f"{bench:10} {name:44} {_cell(before)} {_cell(after)}  {verdict}", flush=True)
        for bench in sorted(set(benches(ROOT)) ^ set(benches(tree))):
            print(f"{bench:10} on one side only, not judged")
    return good


def _cell(ratio: float | None) -> str:
    return f"{'-':>9}" if ratio is None else f"{ratio:9.3g}"


def smoke() -> None:
    """Run every benchmark of this tree on its small case and print what it says."""
    check_sources(ROOT)
    names = benches(ROOT)
    if not names:
        raise ValueError("there is no benchmarks/bench_*.py")
    for bench in names:
        ratios = run_bench(ROOT, bench, "--smoke")
        print(f"{bench:10} {len(ratios)} ratios, ran", flush=True)


def main() -> int:
    """Parse the call and run the gate or the smoke run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--base", metavar="REF", help="git ref to compare this tree with")
    what.add_argument("--smoke", action="store_true", help="this tree only, small cases")
    parser.add_argument("--rounds", type=int, default=3, help="measured turns of each side")
    parser.add_argument("--factor", type=float, default=WORSE_FACTOR, help="how much worse fails")
    call = parser.parse_args()
    try:
        if call.smoke:
            smoke()
            return 0
        return 0 if gate(call.base, rounds=call.rounds, factor=call.factor) else 1
    except (ValueError, subprocess.CalledProcessError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
