"""Run the commands on one export, and compare what they say with what is true."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from faults.export import GTV_CC, RADIUS_MM

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from faults.register import Fault

#: What a bug, a dead worker and a hang are called.
CRASHES = frozenset({"internal-error", "worker-died", "timeout"})
#: Targets grown from slices 3 mm apart are this near to grown spheres (docs/accuracy.md).
GROWN_TOLERANCE = 0.01
#: Done, done with rejected cases, and no usable input.
KNOWN_EXITS = (0, 1, 3)


@dataclass(frozen=True)
class Ran:
    """How a command ended, what it said, and how long it took."""

    code: int
    out: str
    err: str
    seconds: float


@dataclass(frozen=True)
class Answer:
    """What one command said of a case."""

    command: str
    exit_code: int
    status: str
    codes: frozenset[str]
    volumes_cc: tuple[tuple[str, float], ...]
    means_gy: tuple[tuple[str, float], ...]
    grown_cc: Mapping[str, float]
    said: str

    def measured(self, roi: str, *, gy: bool = False) -> list[float]:
        """Every number given for a region."""
        pairs = self.means_gy if gy else self.volumes_cc
        return [value for name, value in pairs if name.strip() == roi]


@dataclass
class Verdict:
    """How a fault ended: the state of the case, and each way in which that is not honest."""

    fault: Fault
    status: str
    silently_wrong: list[str] = field(default_factory=list)
    false_rejects: list[str] = field(default_factory=list)
    crashes: list[str] = field(default_factory=list)
    unnamed: list[str] = field(default_factory=list)

    @property
    def complaints(self) -> list[str]:
        return [*self.silently_wrong, *self.false_rejects, *self.crashes, *self.unnamed]


def answer_of(command: str, cases: Sequence[Mapping[str, Any]], ran: Ran) -> Answer:
    """Read what a command said of the cases of one fault; all it said, where there are none."""
    codes = {finding["code"] for case in cases for finding in case["findings"]}
    if not cases:
        codes |= set(re.findall(r"\[([a-z0-9-]+)\]", ran.err))
    states = {case["status"] for case in cases}
    status = next((s for s in ("warn", "accept", "reject") if s in states), "reject")
    rows = [r for case in cases for r in case.get("structures", case.get("rois", []))]
    grown = {row["role"]: row["volume_cc"] for row in rows if row.get("role") in ("ctv", "ptv")}
    rows = [row for row in rows if row.get("role", "gtv") in ("gtv", "roi")]
    volumes = tuple((r["name"], r["volume_cc"]) for r in rows if r.get("volume_cc") is not None)
    means = tuple(
        (row["name"], value)
        for row in rows
        for key, value in row.get("metrics", {}).items()
        if value is not None and key in ("Mean[Gy]", "D50%[Gy]")
    )
    exit_code = 0 if cases else ran.code
    return Answer(command, exit_code, status, frozenset(codes), volumes, means, grown, ran.err)


def judge(fault: Fault, answers: list[Answer], out: Path) -> Verdict:
    """Compare the answers with the truth of the fault."""
    looked, grown, dosed = answers
    verdict = Verdict(fault, grown.status)
    for answer in answers:
        _judge_numbers(fault, answer, verdict)
        if answer.exit_code not in KNOWN_EXITS or answer.codes & CRASHES:
            verdict.crashes.append(
                f"{answer.command}: exit {answer.exit_code}: {answer.said[-300:]}"
            )
    dishonest = [a for a in (looked, grown) if a.status not in fault.verdicts]
    for answer in dishonest:
        text = f"{answer.command}: {answer.status} {sorted(answer.codes)}, not {fault.verdicts}"
        is_reject = answer.status == "reject"
        (verdict.false_rejects if is_reject else verdict.silently_wrong).append(text)
    needed = fault.dose_needed or "accept" in fault.verdicts
    if needed and fault.mean_gy is not None and not dosed.measured(fault.roi, gy=True):
        verdict.false_rejects.append(f"dvh: no dose number: {dosed.said[-300:]}")
    if "accept" in fault.verdicts and fault.volumes_cc:
        given = [a for a in (looked, grown) if a.status != "reject" and not a.measured(fault.roi)]
        verdict.false_rejects += [f"{a.command}: no volume" for a in given]
    _judge_codes(fault, answers, verdict)
    written = [path.name for path in out.rglob("*") if path.suffix in (".dcm", ".gz")]
    if grown.status == "reject" and written:
        verdict.silently_wrong.append(f"rejected, but written: {written}")
    return verdict


def _judge_numbers(fault: Fault, answer: Answer, verdict: Verdict) -> None:
    """Each number must be the truth; where there is no truth, there must be no number."""

    def differs(value: float, truth: float) -> bool:
        return abs(value - truth) > fault.tolerance * abs(truth)

    for value in answer.measured(fault.roi):
        if all(differs(value, truth) for truth in fault.volumes_cc):
            verdict.silently_wrong.append(
                f"{answer.command}: {value:.3f} cc, true {fault.volumes_cc}"
            )
    if fault.grows_true and fault.volumes_cc == (GTV_CC,) and answer.command == "expand":
        _judge_grown(fault, answer, verdict)
    for name, truth in (fault.others_cc or {}).items():
        for value in answer.measured(name):
            if differs(value, truth):
                verdict.silently_wrong.append(
                    f"{answer.command}: {name} {value:.3f} cc, true {truth:.3f}"
                )
    truths = () if fault.mean_gy is None else fault.mean_gy
    means_gy = truths if isinstance(truths, tuple) else (truths,)
    for value in answer.measured(fault.roi, gy=True):
        if all(differs(value, truth) for truth in means_gy):
            verdict.silently_wrong.append(f"dvh: {value:.3f} Gy, true {fault.mean_gy}")


def _judge_grown(fault: Fault, answer: Answer, verdict: Verdict) -> None:
    """CTV and PTV of the plain sphere are spheres 2 and 6 mm larger."""
    for role, margin_mm in (("ctv", 2.0), ("ptv", 6.0)):
        truth = 4 / 3 * math.pi * (RADIUS_MM + margin_mm) ** 3 / 1000
        value = answer.grown_cc.get(role, truth)
        if abs(value - truth) > GROWN_TOLERANCE * truth:
            verdict.silently_wrong.append(f"expand: {role} {value:.3f} cc, true {truth:.3f}")


def _judge_codes(fault: Fault, answers: list[Answer], verdict: Verdict) -> None:
    """What is odd must be named by each command that gives a number, and by any that refuses."""
    looked, grown, dosed = answers
    states = {looked.status, grown.status}
    if not fault.codes or states == {"accept"}:
        return
    for answer in (looked, grown, dosed):
        if not set(fault.codes) & answer.codes:
            text = f"{answer.command}: none of {fault.codes} in {sorted(answer.codes)}"
            gives = answer.status != "reject"
            (verdict.silently_wrong if gives else verdict.unnamed).append(text)
