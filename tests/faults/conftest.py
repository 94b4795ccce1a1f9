"""The table of verdicts by class, printed when the faults have been run."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import pytest

from faults.suite import run_suite

if TYPE_CHECKING:
    from faults.judge import Verdict
    from faults.suite import Suite

VERDICTS = pytest.StashKey[list["Verdict"]]()


@pytest.fixture(scope="session")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Suite:
    """Every fault in one tree, and every command run over it."""
    return run_suite(tmp_path_factory.mktemp("faults"))


@pytest.fixture(scope="session")
def verdicts(request: pytest.FixtureRequest) -> list[Verdict]:
    """Verdicts of this session, in the order they were given."""
    return request.config.stash.setdefault(VERDICTS, [])


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print how many of each class were accepted, warned about, rejected, and what was wrong."""
    verdicts = config.stash.get(VERDICTS, [])
    if not verdicts:
        return
    groups: dict[str, list[Verdict]] = defaultdict(list)
    for verdict in verdicts:
        groups[verdict.fault.group].append(verdict)
    terminalreporter.section("faults: verdicts by class")
    head = ("class", "cases", "accept", "warn", "reject", "silently wrong", "false reject", "crash")
    terminalreporter.line("  ".join(f"{word:>8}" for word in head))
    for name, group in [*groups.items(), ("all", verdicts)]:
        states = [one.status for one in group]
        counts = [len(group), *(states.count(s) for s in ("accept", "warn", "reject"))]
        counts += [
            sum(bool(one.silently_wrong) for one in group),
            sum(bool(one.false_rejects) for one in group),
            sum(bool(one.crashes) for one in group),
        ]
        cells = [f"{c:>{max(8, len(h))}}" for c, h in zip(counts, head[1:], strict=True)]
        terminalreporter.line("  ".join([f"{name:>8}", *cells]))
