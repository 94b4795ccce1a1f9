"""Which GTVs are lesions: one that is the union of others, or a copy, is not a further one."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

from rtvol import codes
from rtvol.errors import CaseRejected, Finding
from rtvol.solids.combine import combine
from rtvol.solids.volume import slab_volume_cc

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rtvol.solids.planes import PlaneStack

#: A GTV is the union of others when they fill all but this part of it, and lie within it but for
#: this part of them: booleans of planning systems are made on pixels.
UNION_PART = 0.05
#: Two GTVs are one, stored twice, when they share all but this part of both.
COPY_PART = 0.01


def find_lesions(
    names: Sequence[str], stacks: Sequence[PlaneStack]
) -> tuple[tuple[int, ...], tuple[Finding, ...]]:
    """Tell which of some GTVs are lesions of their own.

    Parameters
    ----------
    names, stacks
        The GTVs and their contours.

    Returns
    -------
    Their indices, and the finding `gtv-is-union` for each GTV that others make up.
    """
    volumes = [slab_volume_cc(stack) for stack in stacks]
    kept: list[int] = []
    findings = []
    for n in range(len(stacks)):
        parts = [m for m in range(len(stacks)) if m != n and _is_part(stacks, volumes, m, n)]
        copy = next((m for m in kept if _is_copy(stacks, volumes, n, m)), None)
        if copy is not None:
            seen = f"the same volume as {names[copy]}"
        elif len(parts) > 1 and _fill(stacks, volumes, parts, n):
            listed = ", ".join(names[m] for m in parts)
            seen = f"the union of {listed}"
        else:
            kept.append(n)
            continue
        findings.append(
            codes.GTV_IS_UNION.warn(
                where=f"ROI {names[n]}",
                seen=f"it is {seen}: not a further lesion",
                mend="to grow it as one target, name it alone: --gtv",
            )
        )
    return tuple(kept), tuple(findings)


def _is_part(stacks: Sequence[PlaneStack], volumes: Sequence[float], m: int, n: int) -> bool:
    """Whether the first lies within the second and is smaller."""
    if volumes[m] >= (1 - COPY_PART) * volumes[n]:
        return False
    return _shared_cc(stacks[m], stacks[n]) >= (1 - UNION_PART) * volumes[m]


def _is_copy(stacks: Sequence[PlaneStack], volumes: Sequence[float], n: int, m: int) -> bool:
    larger = max(volumes[n], volumes[m])
    if abs(volumes[n] - volumes[m]) > COPY_PART * larger:
        return False
    return _shared_cc(stacks[n], stacks[m]) >= (1 - COPY_PART) * larger


def _fill(
    stacks: Sequence[PlaneStack], volumes: Sequence[float], parts: Sequence[int], n: int
) -> bool:
    """Whether parts of a GTV fill it."""
    whole = reduce(lambda one, other: combine(one, other, "union"), [stacks[m] for m in parts])
    return _shared_cc(whole, stacks[n]) >= (1 - UNION_PART) * volumes[n]


def _shared_cc(one: PlaneStack, other: PlaneStack) -> float:
    pairs = zip(one.patient_box_mm, other.patient_box_mm, strict=True)
    if any(a[0] > b[1] or b[0] > a[1] for a, b in pairs):
        return 0.0
    try:
        return slab_volume_cc(combine(one, other, "intersect"))
    except CaseRejected as nothing:
        if nothing.finding.code != "nothing-left":
            raise
        return 0.0
