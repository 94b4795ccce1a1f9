"""Spatial Registration objects -> how one frame of reference lies in another (PS3.3 A.39.1)."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rtvol import codes
from rtvol.case import LeftOut
from rtvol.errors import CaseRejected
from rtvol.frames import Rigid
from rtvol.io import tags
from rtvol.io.headers import file_label, read_header

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from rtvol.errors import Finding
    from rtvol.io.headers import Header

DEFORMABLE = "1.2.840.10008.5.1.4.1.1.66.3"
#: A rotation matrix of printed numbers leaves orthonormality by no more than this.
RIGID_PART = 1e-4
#: Two ways from one frame to another that differ by less, here and 300 mm away, are one, mm.
SAME_WAY_MM, REACH_MM = 0.1, 300.0


@dataclass(frozen=True)
class FrameStep:
    """Points of one frame of reference in another, and the object that says so."""

    source: str
    target: str
    motion: Rigid
    label: str


@dataclass(frozen=True)
class Carried:
    """A motion from one frame of reference to another, and in words where it is from."""

    motion: Rigid
    labels: tuple[str, ...]

    def __str__(self) -> str:
        """Return transform and source in words."""
        x, y, z = self.motion.shift_mm
        turn = f"turned by {self.motion.angle_deg:.2f} degrees and moved by"
        return f"{turn} ({x:.2f}, {y:.2f}, {z:.2f}) mm, by {' and '.join(self.labels)}"


@dataclass(frozen=True)
class Registrations:
    """All rigid registrations of a case, and the frames that deformable ones relate."""

    steps: tuple[FrameStep, ...] = ()
    deformed: frozenset[str] = frozenset()

    def way(self, source: str, target: str) -> Carried | None:
        """Return the motion that carries points of one frame into another; None without any.

        Objects are followed forwards and backwards, and one after another.

        Raises
        ------
        CaseRejected
            `registration-ambiguous` when two of them carry points to different places.
        """
        ways: dict[str, list[Carried]] = defaultdict(list)
        ways[source].append(Carried(Rigid(), ()))
        waiting = deque([source])
        while waiting:
            here = waiting.popleft()
            for there, motion, label in self._from(here):
                first = ways[here][0]
                found = Carried(motion.after(first.motion), (*first.labels, label))
                if there not in ways:
                    waiting.append(there)
                ways[there].append(found)
        for frame in (source, target):
            self._require_one(ways[frame])
        return ways[target][0] if ways[target] else None

    def _from(self, frame: str) -> Iterator[tuple[str, Rigid, str]]:
        for step in self.steps:
            if step.source == frame:
                yield step.target, step.motion, step.label
            if step.target == frame:
                yield step.source, step.motion.inverse, step.label

    @staticmethod
    def _require_one(ways: Sequence[Carried]) -> None:
        far = REACH_MM * np.vstack([np.zeros(3), np.eye(3)])
        for other in ways[1:]:
            apart = ways[0].motion.points(far) - other.motion.points(far)
            if float(np.linalg.norm(apart, axis=1).max()) > SAME_WAY_MM:
                seen = f"{ways[0]}; {other}: these differ"
                raise CaseRejected(
                    "registration-ambiguous", seen=seen, mend="leave only the one that holds"
                )


@dataclass(frozen=True)
class ReadRegistrations:
    """Registrations of a case, what was noticed, and the files that are not used."""

    found: Registrations
    findings: tuple[Finding, ...]
    unused: tuple[LeftOut, ...]


def read_registrations(paths: Sequence[Path]) -> ReadRegistrations:
    """Read Spatial Registration objects; each that is not rigid is left out by name.

    A Registration Sequence item maps its own frame of reference to that of the object
    (PS3.3 C.20.2.1.1); of several matrices the first is applied first.
    """
    steps: list[FrameStep] = []
    deformed: set[str] = set()
    findings: list[Finding] = []
    unused: list[LeftOut] = []
    for path in paths:
        try:
            header = read_header(path, into=tags.REGISTRATION)
            label = file_label(path, header, "registration")
            deformed |= _frames(header)
            steps += _steps(header, label)
        except CaseRejected as fault:
            one = fault.finding
            say = codes.REGISTRATION_NOT_USED
            seen = f"[{one.code}] {one.seen}; not used"
            findings.append(say.note(where=path.name, seen=seen, mend=one.mend))
            unused.append(LeftOut(path, one.code, one.seen))
    found = Registrations(tuple(steps), frozenset(deformed))
    return ReadRegistrations(found, tuple(findings), tuple(unused))


def _frames(header: Header) -> set[str]:
    """Return the frames of reference that a deformable registration relates."""
    items = header.items(tags.DEFORMABLE_REGISTRATION_SEQUENCE)
    sources = {item.uid(tags.SOURCE_FRAME_OF_REFERENCE_UID) for item in items} - {""}
    return {header.uid(tags.FRAME_OF_REFERENCE_UID), *sources} if sources else set()


def _steps(header: Header, label: str) -> Iterator[FrameStep]:
    if header.uid(tags.SOP_CLASS_UID) == DEFORMABLE:
        seen = "it is deformable: it is never applied to contours, margins and doses"
        mend = "register rigidly, or draw on the images of the plan"
        raise CaseRejected("registration-deformable", seen=seen, mend=mend)
    target = header.uid(tags.FRAME_OF_REFERENCE_UID)
    for item in header.items(tags.REGISTRATION_SEQUENCE):
        source = item.uid(tags.FRAME_OF_REFERENCE_UID)
        if source in ("", target):
            continue
        whole = Rigid()
        for one in item.items(tags.MATRIX_REGISTRATION_SEQUENCE):
            for matrix in one.items(tags.MATRIX_SEQUENCE):
                whole = _rigid(matrix).after(whole)
        yield FrameStep(source, target, whole, label)


def _rigid(item: Header) -> Rigid:
    """Read a Frame of Reference Transformation Matrix (PS3.3 C.20.2.1.1), which must be rigid."""
    values = item.numbers(tags.TRANSFORMATION_MATRIX)
    if len(values) != 16:
        seen = f"a transformation matrix of {len(values)} values instead of 16"
        raise CaseRejected("registration-not-rigid", seen=seen, mend="export it again")
    matrix: NDArray[np.float64] = np.array(values).reshape(4, 4)
    turn = matrix[:3, :3]
    off = np.abs(turn @ turn.T - np.eye(3)).max()
    if off > RIGID_PART or np.linalg.det(turn) < 0 or matrix[3].tolist() != [0, 0, 0, 1]:
        kind = item.text(tags.TRANSFORMATION_MATRIX_TYPE) or "no type"
        seen = f"a matrix ({kind}) that does not only turn and move: {off:.2g} off a rotation"
        mend = "register rigidly, without scaling, shearing or mirroring"
        raise CaseRejected("registration-not-rigid", seen=seen, mend=mend)
    left, _, right = np.linalg.svd(turn)
    return Rigid.of(left @ right, matrix[:3, 3].tolist())
