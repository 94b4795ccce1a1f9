"""All faults as one tree of exports, and what each command says of it as one batch."""

from __future__ import annotations

import io
import json
import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from faults.all import FAULTS
from faults.judge import Answer, Ran, answer_of
from rtvol.cli import main

if TYPE_CHECKING:
    from pathlib import Path

    from faults.register import Fault

#: What every command is asked; the region that is measured has GTV in its name.
WORDS = {
    "inspect": ["--json"],
    "expand": ["--ctv", "2", "--ptv", "4", "-j", "2"],
    "dvh": ["--roi", "*GTV*", "--metric", "Mean", "--metric", "D50%", "--json", "-j", "2"],
}


def run(*words: str) -> Ran:
    """Run `rtvol ...` in this process to its end."""
    out, err = io.StringIO(), io.StringIO()
    start = time.perf_counter()
    with redirect_stdout(out), redirect_stderr(err):
        code = main(list(words))
    return Ran(code, out.getvalue(), err.getvalue(), time.perf_counter() - start)


@dataclass(frozen=True)
class Suite:
    """The tree, where targets were written, and how each command ended.

    `documents` are the results by command; those of `expand` come from its result.json.
    """

    tree: Path
    out: Path
    ran: dict[str, Ran]
    documents: dict[str, dict[str, Any]]

    def cases(self, command: str, name: str) -> list[dict[str, Any]]:
        """What a command said of a fault's folder: its cases, of which there may be several."""
        return [
            case
            for case in self.documents[command]["cases"]
            if case["case"] == name or case["case"].startswith((f"{name}/", f"{name}-RS"))
        ]

    def answers(self, fault: Fault, folder: Path) -> list[Answer]:
        """What the commands said of a fault; alone, where its folder holds no case at all."""
        found = []
        for command, words_of in WORDS.items():
            cases = self.cases(command, fault.name)
            if cases:
                found.append(answer_of(command, cases, self.ran[command]))
                continue
            place, out = str(self.tree / fault.name), folder / "alone"
            words = [*words_of, *(["-o", str(out)] if command == "expand" else [])]
            found.append(answer_of(command, [], run(command, place, *words)))
        return found


def write_fault(name: str, tree: Path) -> None:
    """Write one fault below the tree."""
    FAULTS[name].build().write(tree / name)


def run_suite(folder: Path) -> Suite:
    """Write every fault below one folder, and run each command once over all of it."""
    tree, out = folder / "exports", folder / "out"
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        list(pool.map(write_fault, FAULTS, [tree] * len(FAULTS), chunksize=8))
    extra = {"expand": ["-o", str(out)]}
    ran = {
        command: run(command, str(tree), *words, *extra.get(command, []))
        for command, words in WORDS.items()
    }
    documents = {command: json.loads(ran[command].out) for command in ("inspect", "dvh")}
    documents["expand"] = json.loads((out / "result.json").read_text())
    return Suite(tree, out, ran, documents)
