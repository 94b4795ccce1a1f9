"""Run every benchmark against its peers.

python benchmarks/compare.py --smoke         small: they run and speak the protocol
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


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
    """Parse the call and run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--smoke", action="store_true", required=True, help="small cases")
    parser.parse_args()
    try:
        smoke()
    except (ValueError, subprocess.CalledProcessError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
