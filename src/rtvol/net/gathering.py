"""Which cases have come together: the references of a structure set, its plans and doses close.

    RTSTRUCT -> its images        RTDOSE -> RTPLAN -> RTSTRUCT
    its ROIs -> their frames -> the images there, where registrations of the patient are here

References count whoever the patient is: whether what refers to one another belongs together is
for the reader of cases to judge, which rejects a case of two patients.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rtvol import codes
from rtvol.files import digest_of
from rtvol.io.links import OWN

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from rtvol.errors import Finding
    from rtvol.net.inbox import Held


@dataclass(frozen=True)
class Gathering:
    """The objects of one case, and what it still waits for.

    Attributes
    ----------
    name
        Name of the case: the folder of its structure set.
    rtstruct
        The structure set's file.
    held
        Its objects.
    missing
        What they refer to that is not here: `12 images`, `1 RTPLAN`.
    """

    name: str
    rtstruct: Path
    held: tuple[Held, ...]
    missing: tuple[str, ...] = ()

    @property
    def is_closed(self) -> bool:
        """Whether everything referred to is here."""
        return not self.missing

    @property
    def paths(self) -> tuple[Path, ...]:
        """Its files."""
        return tuple(one.entry.path for one in self.held)

    @property
    def key(self) -> str:
        """Digest of which objects it has: another one once something was added."""
        return digest_of(sorted(one.entry.sop_uid for one in self.held))

    @property
    def counts(self) -> str:
        """Return `40 CT, 1 RTSTRUCT, 1 RTDOSE`."""
        return counted(self.held)

    def waiting(self) -> Finding:
        """Say what came, and what did not."""
        seen = f"{self.counts} came; {', '.join(self.missing)} did not"
        return codes.CASE_WAITING.warn(seen=seen)

    def quiet_since_s(self, last_s: dict[str, float]) -> float:
        """When its senders last sent anything, on the monotonic clock.

        Parameters
        ----------
        last_s
            When each sender was last heard.
        """
        own = max(one.at_s for one in self.held)
        return max([own, *(last_s.get(one.sender, 0.0) for one in self.held)])


def counted(held: Iterable[Held]) -> str:
    """Return `40 CT, 1 RTSTRUCT`, sorted by kind."""
    counts = Counter(one.entry.kind for one in held)
    return ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items()))


class _Here:
    """What is here, by what it is referred to with."""

    def __init__(self, held: Sequence[Held]) -> None:
        self.by_uid = {one.entry.sop_uid: one for one in held}
        self.by_series: dict[str, list[Held]] = defaultdict(list)
        self.by_frame: dict[tuple[str, str], list[Held]] = defaultdict(list)
        self.registrations: dict[str, list[Held]] = defaultdict(list)
        self.plans_of: dict[str, list[Held]] = defaultdict(list)
        self.doses_of: dict[str, list[Held]] = defaultdict(list)
        for one in held:
            entry = one.entry
            if entry.role == "image":
                self.by_series[entry.series_uid].append(one)
            if entry.frame_uid and entry.role not in ("structures", "plan"):
                self.by_frame[entry.patient_id, entry.frame_uid].append(one)
            if entry.role == "registration":
                self.registrations[entry.patient_id].append(one)
            if entry.role == "plan":
                for uid in entry.structure_refs:
                    self.plans_of[uid].append(one)
            if entry.role == "dose":
                for uid in (*entry.plan_refs, *entry.structure_refs):
                    self.doses_of[uid].append(one)


def gatherings(held: Sequence[Held]) -> tuple[list[Gathering], list[Held]]:
    """Put what is here together, a case for each structure set.

    Returns
    -------
    gatherings, others
        Cases, closed or not, in the order their structure sets came; what is in none of them.
        Structure sets that rtvol wrote from one that is here are not cases again.
    """
    here = _Here(held)
    sets = [one for one in held if one.entry.role == "structures"]
    cases = [_gathering(one, here) for one in sets if not _is_own(one, here)]
    used = {one.entry.sop_uid for case in cases for one in case.held}
    used |= {one.entry.sop_uid for one in sets}
    return cases, [one for one in held if one.entry.sop_uid not in used]


def _is_own(one: Held, here: _Here) -> bool:
    """Whether a structure set is a result that came back."""
    sources = (here.by_uid.get(uid) for uid in one.entry.structure_refs)
    return one.entry.manufacturer == OWN and any(sources)


def _gathering(one: Held, here: _Here) -> Gathering:
    entry = one.entry
    framed = here.by_frame[entry.patient_id, entry.frame_uid] if entry.frame_uid else []
    images = [here.by_uid[uid] for uid in one.images if uid in here.by_uid]
    series = {*entry.series_refs, *(image.entry.series_uid for image in images)}
    images += [image for uid in series for image in here.by_series.get(uid, [])]
    images += [image for image in framed if image.entry.role in ("image", "segments", "other")]
    registrations = here.registrations.get(entry.patient_id, [])
    if registrations:  # what ROIs of other frames lie on, and what leads there
        for uid in entry.other_frames:
            other = here.by_frame.get((entry.patient_id, uid), [])
            images += [image for image in other if image.entry.role == "image"]
    plans = list(here.plans_of.get(entry.sop_uid, []))
    doses = list(here.doses_of.get(entry.sop_uid, []))
    doses += [dose for plan in plans for dose in here.doses_of.get(plan.entry.sop_uid, [])]
    doses += [
        dose for dose in framed if dose.entry.role == "dose" and _is_free(dose, entry.sop_uid, here)
    ]
    wanted = {uid for dose in doses for uid in dose.entry.plan_refs}
    plans += [here.by_uid[uid] for uid in wanted if uid in here.by_uid]
    mine = {found.entry.sop_uid: found for found in (one, *images, *registrations, *plans, *doses)}
    ordered = tuple(sorted(mine.values(), key=lambda found: found.entry.path.as_posix()))
    missing = _missing(one, here, wanted)
    return Gathering(entry.path.parent.name, entry.path, ordered, missing)


def _is_free(dose: Held, own: str, here: _Here) -> bool:
    """Whether a dose of the same frame is no other structure set's by its references."""
    named = {*dose.entry.structure_refs}
    for uid in dose.entry.plan_refs:
        plan = here.by_uid.get(uid)
        named.update(plan.entry.structure_refs if plan is not None else ())
    return not named or own in named


def _missing(one: Held, here: _Here, plans: set[str]) -> tuple[str, ...]:
    images = sum(uid not in here.by_uid for uid in one.images)
    lacking = [f"{images} image{'s' * (images > 1)}"] if images else []
    series = sum(uid not in here.by_series for uid in one.entry.series_refs)
    if series and not one.images:
        lacking.append(f"images of {series} series")
    absent = sum(uid not in here.by_uid for uid in plans)
    return (*lacking, *([f"{absent} RTPLAN"] if absent else []))
