"""The numbers of two source trees on the same patients: how far apart they are.

    python benchmarks/accuracy/equal.py OLD NEW [PATH...] [--tolerance 1e-6]

OLD and NEW are checkouts (folders with `src/rtvol`). Each PATH holds one case or several; without
any, the patients of sample_dicom. Of every case `dvh`, `expand` (equal and six margins; an organ
avoided, another grown), `derive` and `compare` are run by both, and each number of their JSON is
held against the other's: per kind of number how many there are, the largest relative difference,
and where. What is worded differently, missing or rejected on one side only counts as different.
Ends with 1 where anything differs by more than the tolerance.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).resolve().parents[2]
#: Differences of numbers below this are told in its units, not in their own: round-off about 0.
SMALLEST = 1e-3
#: A number within a sentence may be rounded the other way: sentences are compared without digits.
DIGITS = str.maketrans("", "", "0123456789.")
#: What says which list entry is which; the first that an entry has.
NAMES = ("name", "case", "a", "code")
#: Six margins, mm.
SIX = "L5,R3,A4,P2,S5,I3"
RUN = "import sys; from rtvol.cli import main; sys.exit(main())"


def run(tree: Path, *words: str) -> dict[str, Any]:
    """Return the JSON that a command of a tree prints."""
    environment = {**os.environ, "PYTHONPATH": str(tree / "src")}
    every = [sys.executable, "-c", RUN, *words, "--json", "--quiet"]
    done = subprocess.run(every, env=environment, capture_output=True, text=True, check=False)
    if not done.stdout:
        raise SystemExit(f"{tree}: {' '.join(words)}: {done.stderr.strip() or 'no answer'}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def jobs(tree: Path, path: Path) -> Iterator[tuple[str, ...]]:
    """Commands for the cases of a folder; for each case its own target and organs."""
    yield "dvh", str(path)
    found = run(tree, "inspect", str(path))
    for case in found.get("cases", ()):
        volumes = {roi["name"]: roi["volume_cc"] or 0.0 for roi in case.get("rois", ())}
        drawn = sorted((name for name in volumes if volumes[name] > 0), key=volumes.__getitem__)
        target = next(iter(case.get("gtvs") or drawn), None)
        if target is not None:
            folder = path / case["case"] if (path / case["case"]).is_dir() else path
            yield from of_case(str(folder), target, [name for name in drawn if name != target])


def of_case(path: str, target: str, organs: list[str]) -> Iterator[tuple[str, ...]]:
    """Commands for one case, its smallest organs first."""
    grow = "expand", path, "--dry-run", "--gtv", target
    yield *grow, "--ctv", "2", "--ptv", "4"
    yield *grow, "--ctv", "1", "--ptv", SIX
    yield "derive", path, "--dry-run", f'Ring = ("{target}" + 12) - ("{target}" + 4)'
    if len(organs) < 2:
        return
    one, other = organs[:2]
    clips = "--avoid", f"{one}:3", "--prv", f"{other}:5", "--prv", f"{one}:{SIX}"
    yield *grow, "--ctv", "3", "--ptv", "5", *clips
    yield "derive", path, "--dry-run", f'Rest = "{one}" - ("{target}" + ({SIX}))'
    yield "compare", path, "--pair", f'"{target}":"{one}"', "--pair", f'"{one}":"{other}"'


def values(found: object, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], object]]:
    """Every leaf of a document with the way to it; entries of lists by their names."""
    if isinstance(found, dict):
        for key, value in found.items():
            yield from values(value, (*path, key))
    elif isinstance(found, list):
        for number, value in enumerate(found):
            name = (
                next((value[n] for n in NAMES if n in value), "") if isinstance(value, dict) else ""
            )
            yield from values(value, (*path, f"{name}[{number}]"))
    else:
        yield path, found


def kind_of(way: tuple[str, ...]) -> str:
    """What a number is, whatever case and structure it is of."""
    if len(way) > 1 and way[-2] == "metrics":
        return f"metrics {way[-1]}"
    return next(key for key in reversed(way) if not key.endswith("]") or key == way[0])


def apart(old: object, new: object) -> float:
    """Relative difference of two leaves; infinite where they do not say the same."""
    if isinstance(old, bool) or isinstance(new, bool) or old is None or new is None:
        return 0.0 if old is new else math.inf
    if isinstance(old, int | float) and isinstance(new, int | float):
        return abs(new - old) / max(abs(old), SMALLEST)
    if isinstance(old, str) and isinstance(new, str):
        return 0.0 if old.translate(DIGITS) == new.translate(DIGITS) else math.inf
    return math.inf


def main() -> None:
    """Run both trees, print a line per kind of number; end with 1 where they differ."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    parser.add_argument("paths", type=Path, nargs="*")
    parser.add_argument("--tolerance", type=float, default=1e-6)
    chosen = parser.parse_args()
    worst: dict[str, tuple[float, str]] = {}
    counts: dict[str, int] = defaultdict(int)
    for path in chosen.paths or sorted((HERE / "sample_dicom").glob("patient*")):
        for words in jobs(chosen.old, path):
            print(" ".join(words), file=sys.stderr, flush=True)
            old, new = (dict(values(run(tree, *words))) for tree in (chosen.old, chosen.new))
            for way in old.keys() | new.keys():
                if way[-1] == "rtvol":  # the version
                    continue
                kind = f"{words[0]} {kind_of(way)}"
                off = apart(old.get(way, "absent"), new.get(way, "absent"))
                counts[kind] += 1
                if kind not in worst or off > worst[kind][0]:
                    worst[kind] = off, f"{' '.join(words[:2])}: {' / '.join(way)}"
    for kind in sorted(worst):
        off, where = worst[kind]
        print(f"{kind:48} {counts[kind]:6} {off:9.1e} {where if off > 0 else ''}")
    most = max((off for off, _ in worst.values()), default=math.inf)
    print(f"{sum(counts.values())} values, {most:.1e} apart at most")
    if most > chosen.tolerance:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
