"""The long runs of `make soak`: random kills, and a thousand patients in a row.

    python tests/soak/run.py kills [--kills 300] [--cases 50]
    python tests/soak/run.py load [--cases 1000]
    python tests/soak/run.py index [--files 10000]

`kills`: a batch is started in a process group of its own and killed at a random moment, its output
checked, the run finished, and its bytes compared with those of an undisturbed run.
`load`: memory of a worker and pace from the first to the last tenth of the cases.
`index`: seconds to find the cases among so many files.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import shutil
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from naive.exports import RECIPE, write_exports
from naive.kills import check_output, finish, kill_at_random

DOSES = (
    'schema = "rtvol/recipe@1"\n[dvh]\nrois = ["GTV", "Liver"]\nmetrics = ["D95%", "Mean"]\n'
    '[output]\nwrite = ["curves"]\n'
)


def digests(out: Path) -> dict[str, str]:
    """SHA-256 of every file of the finished cases."""
    import hashlib

    return {
        path.relative_to(out / "cases").as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (out / "cases").rglob("*")
        if path.is_file()
    }


def soak_kills(folder: Path, cases: int, kills: int) -> None:
    """Kill, check, finish and compare, so many times."""
    exports, recipe = write_exports(folder / "exports", cases), folder / "recipe.toml"
    recipe.write_text(DOSES)
    begun = time.monotonic()
    finish(recipe, exports, folder / "reference")
    longest_s = time.monotonic() - begun
    reference = digests(folder / "reference")
    rng, done, survived = random.Random(300), 0, []
    while done < kills:
        out = folder / "out"
        shutil.rmtree(out, ignore_errors=True)
        if kill_at_random(recipe, exports, out, rng, longest_s):
            done += 1
            survived.append(len(check_output(out, reference)))
            finish(recipe, exports, out)
            print(f"{done} kills, {survived[-1]} of {cases} cases were done", flush=True)
        assert digests(out) == reference
    print(f"{done} kills: every output ended in the bytes of the undisturbed run")
    print(f"cases done at the kill: {min(survived)} to {max(survived)}")


def soak_load(folder: Path, cases: int) -> None:
    """Work through so many patients with one worker; memory and pace along the way."""
    exports, recipe = write_exports(folder / "exports", cases), folder / "recipe.toml"
    recipe.write_text(RECIPE)
    finish(recipe, write_exports(folder / "one", 1), folder / "warm")  # compiles the kernels
    finish(recipe, exports, folder / "out")
    lines = (folder / "out/journal/all.jsonl").read_text().splitlines()[1:]
    entries = [json.loads(line.partition(" ")[2]) for line in lines]
    spent = np.array([entry["seconds"] for entry in entries])
    peak = np.array([entry["peak_mb"] for entry in entries])
    tenth = max(len(entries) // 10, 1)
    settled = peak[tenth:]
    slope = np.polyfit(np.arange(settled.size), settled, 1)[0] * 100 if settled.size > 2 else 0.0
    print(f"{len(entries)} cases: at most {peak.max():.0f} MB, {slope:+.2f} MB per 100 cases")
    print(f"pace of the last tenth {100 * spent[:tenth].sum() / spent[-tenth:].sum():.0f} %")


def soak_index(folder: Path, files: int) -> None:
    """Find the cases among so many files."""
    from rtvol.io import find

    (one,) = write_exports(folder / "one", 1).iterdir()
    held = sorted(one.iterdir())
    count = 0
    for number in range(files // len(held) + 1):
        place = folder / "tree" / f"p{number:05d}"
        place.mkdir(parents=True)
        for path in held:
            mark = b"%04d" % number
            data = re.sub(rb"(?<=3680043\.8\.498\.)\d{5}", b"1" + mark, path.read_bytes())
            (place / path.name).write_bytes(data.replace(b"RTVOL-SMALL-0", b"RTVOL-SM-%s" % mark))
            count += 1
    begun = time.monotonic()
    found = find([folder / "tree"])
    spent_s = time.monotonic() - begun
    print(
        f"{count} files, {len(found.cases)} cases: {spent_s:.1f} s, load {os.getloadavg()[0]:.1f}"
    )


def main() -> None:
    """Do what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["kills", "load", "index"])
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--cases", type=int)
    parser.add_argument("--files", type=int, default=10_000)
    asked = parser.parse_args()
    os.environ.update(SOURCE_DATE_EPOCH="1700000000", RTVOL_SALT="soak")
    with tempfile.TemporaryDirectory() as name:
        if asked.what == "kills":
            soak_kills(Path(name), asked.cases or 50, asked.kills)
        elif asked.what == "load":
            soak_load(Path(name), asked.cases or 1000)
        else:
            soak_index(Path(name), asked.files)


if __name__ == "__main__":
    main()
