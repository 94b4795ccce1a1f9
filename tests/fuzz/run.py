"""Fuzz the targets one after another with atheris: python tests/fuzz/run.py [-n RUNS] [TARGET]...

Each target runs in a process of its own. A crash, a hang above 2 s or more than 512 MB ends it with
an error, and the input lies in the folder printed; `--once FILE TARGET` runs that input again.
"""

from __future__ import annotations

import argparse
import importlib
import os
import random
import subprocess
import sys
import time
import warnings
import zlib
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

SOURCE = Path(__file__).resolve().parent.parent.parent / "src" / "rtvol"
RUNS, HANG_S, MEMORY_MB = 250_000, 2, 512
#: A process gives way to a new one after so many: the fuzzer itself keeps about 1 kB of each.
RUNS_A_PROCESS = 50_000
LONGEST = 1 << 15


def fuzz(name: str, options: list[str]) -> None:
    """Fuzz one target in this process; never returns."""
    import atheris
    import SimpleITK  # noqa: F401 - seconds to load: not on the clock of an input

    for kernels in sorted((SOURCE / "_kernels").glob("[a-z]*.py")):  # compiled as they are
        importlib.import_module(f"rtvol._kernels.{kernels.stem}")
    with atheris.instrument_imports(include=["rtvol"]):
        from fuzz.targets import targets

        importlib.import_module("rtvol.outcomes.reading")  # its target loads it when it is called
        importlib.import_module("rtvol.outcomes.cohort")
    target, folder = targets()[name], Path(options[-1])
    warnings.simplefilter("error")
    for seed in target.seeds():  # compiles the kernels before any clock runs
        target.check(seed)

    def spoil(data: bytes, max_size: int, seed: int) -> bytes:
        dice = random.Random(seed)  # noqa: S311 - dice, no secrets
        if dice.random() < 0.2:
            return bytes(atheris.Mutate(data, max_size))
        return target.spoil(data, dice)[:max_size]

    def check(data: bytes) -> None:
        is_fine = False
        try:
            target.check(data)
            is_fine = True
        finally:  # at hand whatever becomes of this process
            if not is_fine:
                (folder.parent / f"{name}-fault-{zlib.crc32(data):08x}").write_bytes(data)

    atheris.Setup([sys.argv[0], *options], check, custom_mutator=spoil)
    atheris.Fuzz()


def campaign(name: str, runs: int, folder: Path) -> int:
    """Fuzz one target in processes of its own; returns the exit code of the last."""
    from fuzz.replay import corpus

    found = folder / name
    found.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(corpus(name)):
        (found / f"seed-{number}").write_bytes(data)
    options = [
        f"-timeout={HANG_S}",
        f"-rss_limit_mb={MEMORY_MB}",
        f"-max_len={LONGEST}",
        f"-artifact_prefix={found}-",
        "-print_final_stats=1",
    ]
    # kernels check their indices here, and are compiled apart from those of the product
    kernels = {"NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": str(folder / "kernels")}
    command = [sys.executable, __file__, "--inside", name, *options]
    began, code = time.monotonic(), 0
    for seed, done in enumerate(range(0, runs, RUNS_A_PROCESS), start=1):
        part = [f"-runs={min(RUNS_A_PROCESS, runs - done)}", f"-seed={seed}", str(found)]
        code = subprocess.run(
            [*command, *part], env={**os.environ, **kernels}, check=False
        ).returncode
        if code:
            break
    print(f"{name}: {runs} runs, exit {code}, {time.monotonic() - began:.0f} s")  # noqa: T201
    return code


def main(arguments: list[str]) -> int:
    if arguments[:1] == ["--inside"]:
        fuzz(arguments[1], arguments[2:])
    from fuzz.targets import targets

    known = targets()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", "--runs", type=int, default=RUNS, help="executions of each target")
    parser.add_argument("--folder", type=Path, default=Path(".fuzz"), help="for what is found")
    parser.add_argument("--once", type=Path, help="run this one input, without atheris")
    parser.add_argument("targets", nargs="*", choices=[[], *known], metavar="TARGET")
    asked = parser.parse_args(arguments)
    names = asked.targets or list(known)
    if asked.once is not None:
        warnings.simplefilter("error")
        for name in names:
            known[name].check(asked.once.read_bytes())
        return 0
    return max(campaign(name, asked.runs, asked.folder.resolve()) != 0 for name in names)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
