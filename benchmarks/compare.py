"""Run every benchmark against its peers, and hold the ratios against the goals.

python benchmarks/compare.py                   full size, three rounds; writes RESULTS.md
python benchmarks/compare.py --only io start   these alone: their rows of RESULTS.md anew
python benchmarks/compare.py --smoke           small: they run and speak the protocol
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import statistics
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "RESULTS.md"
FOUND = ROOT / "benchmarks" / "results.json"
#: Runs of each benchmark: the spread is between them.
ROUNDS = 3
#: What was tried where a goal is missed; a part of RESULTS.md that people write.
NOTES = ROOT / "benchmarks" / "shortfalls.md"
HEAD = (
    "# Results",
    "",
    "Made by `make bench`. A ratio is the peer's time over ours in the same run, in turns: the",
    "median of several runs, and the least and greatest of them. Above 1 we are faster. How it is",
    "measured, and what makes a figure good, is in [README.md](README.md).",
    "",
    "| job | peer, with its known error | goal | ratio | least to greatest | met |",
    "| --- | --- | --- | --- | --- | --- |",
)
PACKAGES = (
    "numpy", "numba", "pydicom", "SimpleITK", "scipy", "scikit-image", "edt",
    "opencv-python-headless", "rt-utils",
)  # fmt: skip


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


def run_bench(bench: str, *flags: str) -> dict[str, float]:
    """Run one benchmark on the sources of this tree and return its ratios."""
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    environment.setdefault("RTVOL_SHARED_DATA", str(ROOT.parent / "shared" / "data"))
    command = [sys.executable, str(ROOT / "benchmarks" / f"bench_{bench}.py"), "--json", *flags]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=False
    )
    print(done.stdout, end="", flush=True)
    if done.returncode != 0:
        raise ValueError(f"bench_{bench} ended with {done.returncode}")
    return parse_result(done.stdout, bench)


def check_sources() -> None:
    """Refuse to measure when the interpreter would load rtvol from somewhere else."""
    code = "import rtvol; print(rtvol.__file__)"
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    found = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    ).stdout.strip()
    if not Path(found).is_relative_to(ROOT):
        raise ValueError(f"rtvol of {ROOT} was asked for, {found} would be measured")


def benches() -> list[str]:
    """Return the names of the benchmarks, in order."""
    paths = sorted((ROOT / "benchmarks").glob("bench_*.py"))
    if not paths:
        raise ValueError("there is no benchmarks/bench_*.py")
    return [path.stem.removeprefix("bench_") for path in paths]


def machine() -> dict[str, str]:
    """What was measured on, and with what."""
    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "-"
    model = next(
        (line.partition(":")[2].strip() for line in _cpu_lines() if line.startswith("model name")),
        platform.processor(),
    )
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    return {
        "processor": f"{model}, {os.cpu_count()} cores",
        "system": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        "load": f"{load} (1, 5, 15 minutes) when the last benchmark ended",
        "versions": ", ".join(f"{name} {number}" for name, number in versions.items()),
    }


def _cpu_lines() -> list[str]:
    path = Path("/proc/cpuinfo")
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def measure(bench: str, rounds: int) -> dict[str, list[float]]:
    """Run a benchmark several times; the ratios of each run by `BENCH/RATIO`."""
    runs = [run_bench(bench) for _ in range(rounds)]
    return {f"{bench}/{name}": [run[name] for run in runs] for name in runs[0]}


def page(found: dict[str, dict[str, object]]) -> str:
    """RESULTS.md: goals first, then every other ratio, then what was measured on."""
    from goals import GOALS

    lines = [*HEAD]
    for goal in GOALS:
        ratio, spread, met = "-", "-", "not measured"
        if goal.ratio in found:
            ratio, spread = _shown(found[goal.ratio])
            reached = statistics.median(_values(found[goal.ratio])) >= goal.least
            met = "yes" if reached else "**no**"
        cells = [goal.about, goal.peer, f"{goal.least:.3g}", ratio, spread, met]
        lines.append(f"| {' | '.join(cells)} |")
    if NOTES.exists():
        lines += ["", NOTES.read_text(encoding="utf-8").rstrip()]
    lines += ["", "## Others, without a goal", "", "| ratio | median | least to greatest |"]
    lines += ["| --- | --- | --- |"]
    for name in sorted(found.keys() - {goal.ratio for goal in GOALS}):
        lines.append(f"| {name} | {' | '.join(_shown(found[name]))} |")
    lines += ["", "## Measured on"]
    for place in sorted({str(one["machine"]) for one in found.values()}):
        of_it = {n.partition("/")[0] for n, one in found.items() if one["machine"] == place}
        lines += ["", f"{', '.join(sorted(of_it))}:", ""]
        lines += [f"- {name}: {fact}" for name, fact in json.loads(place).items()]
    return "\n".join(lines) + "\n"


def _values(one: dict[str, object]) -> list[float]:
    values = one["ratios"]
    assert isinstance(values, list)
    return values


def _shown(one: dict[str, object]) -> tuple[str, str]:
    values = _values(one)
    return f"{statistics.median(values):.3g}", f"{min(values):.3g} to {max(values):.3g}"


def full(only: list[str], rounds: int) -> None:
    """Measure, remember in results.json, and write RESULTS.md."""
    found = json.loads(FOUND.read_text(encoding="utf-8")) if FOUND.exists() else {}
    for bench in only or benches():
        print(f"== {bench}", flush=True)
        for name, values in measure(bench, rounds).items():
            at = {"day": datetime.now(UTC).date().isoformat(), **machine()}
            found[name] = {"ratios": values, "machine": json.dumps(at)}
        FOUND.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        RESULTS.write_text(page(found), encoding="utf-8")


def main() -> int:
    """Parse the call and run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--smoke", action="store_true", help="small cases, no page")
    parser.add_argument("--only", nargs="+", default=[], help="these benchmarks alone")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    asked = parser.parse_args()
    try:
        check_sources()
        if not asked.smoke:
            full(asked.only, asked.rounds)
            return 0
        for bench in asked.only or benches():
            print(f"{bench:10} {len(run_bench(bench, '--smoke'))} ratios, ran", flush=True)
    except (ValueError, subprocess.CalledProcessError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
