"""What belongs to what: image series, doses and plans of each structure set."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from rtvol.errors import CaseRejected
from rtvol.io import tags
from rtvol.io.headers import read_header
from rtvol.io.index import SETS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from rtvol.io.headers import Header
    from rtvol.io.index import Entry

#: Manufacturer of the structure sets rtvol writes.
OWN = "rtvol"

Series = tuple["Entry", ...]


def _series(images: Iterable[Entry]) -> list[Series]:
    """Image entries by series (and patient: anonymisers give two patients one UID)."""
    groups: dict[tuple[str, str], list[Entry]] = defaultdict(list)
    for entry in images:
        key = entry.series_uid or entry.path.parent.as_posix()
        groups[entry.patient_id, key].append(entry)
    return [tuple(group) for group in groups.values()]


def _grouped(entries: Iterable[Entry], key: Callable[[Entry], str]) -> dict[str, list[Entry]]:
    groups: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        groups[key(entry)].append(entry)
    return dict(groups)


def images_of_contours(path: Path) -> frozenset[str]:
    """SOP Instance UIDs of all images that the contours of a structure set refer to."""
    try:
        header = read_header(path, into=tags.STRUCTURES)
    except CaseRejected:
        return frozenset()
    return _image_uids(
        contour
        for roi in header.items(tags.ROI_CONTOUR_SEQUENCE)
        for contour in roi.items(tags.CONTOUR_SEQUENCE)
    )


def images_referred_to(path: Path) -> frozenset[str]:
    """SOP Instance UIDs of all images that a structure set refers to, for contours or at all."""
    try:
        header = read_header(path, into=tags.STRUCTURES)
    except CaseRejected:
        return frozenset()
    series = (
        series
        for frame in header.items(tags.REFERENCED_FRAME_OF_REFERENCE_SEQUENCE)
        for study in frame.items(tags.RT_REFERENCED_STUDY_SEQUENCE)
        for series in study.items(tags.RT_REFERENCED_SERIES_SEQUENCE)
    )
    return images_of_contours(path) | _image_uids(series)


def _image_uids(items: Iterable[Header]) -> frozenset[str]:
    found = (
        image.uid(tags.REFERENCED_SOP_INSTANCE_UID)
        for item in items
        for image in item.items(tags.CONTOUR_IMAGE_SEQUENCE)
    )
    return frozenset(found) - {""}


class Neighbours:
    """Which structure set alone lies beside a file: in the nearest folder that holds any."""

    def __init__(self, structures: Sequence[Entry]) -> None:
        self.below: dict[str, list[Entry]] = defaultdict(list)
        for entry in structures:
            for folder in self._folders(entry):
                if len(self.below[folder]) < 2:
                    self.below[folder].append(entry)

    @staticmethod
    def _folders(entry: Entry) -> list[str]:
        folder = Path(os.path.abspath(entry.path)).parent  # noqa: PTH100 - links stay links
        return [str(folder), *map(str, folder.parents)]

    def of(self, entry: Entry) -> Entry | None:
        """Return the one structure set beside `entry`, None when there are several."""
        # the root of the file system is above every structure set
        nearest = next(folder for folder in self._folders(entry) if folder in self.below)
        found = self.below[nearest]
        return found[0] if len(found) == 1 else None


class Links:
    """Which image series, doses and plans go with which structure set."""

    def __init__(self, entries: Sequence[Entry], structures: Sequence[Entry]) -> None:
        self.by_series: dict[str, list[Series]] = defaultdict(list)
        self.by_frame: dict[str, list[Series]] = defaultdict(list)
        self.others = [e for e in entries if e.role == "other" and e.fault is None]
        self.series = _series(e for e in entries if e.role == "image")
        for series in self.series:
            self.by_series[series[0].series_uid].append(series)
            for frame in dict.fromkeys(e.frame_uid for e in series if e.frame_uid):
                self.by_frame[frame].append(series)
        self.plans = _grouped((e for e in entries if e.role == "plan"), lambda e: e.patient_id)
        self.registrations = _grouped(
            (e for e in entries if e.role == "registration" and e.fault is None),
            lambda e: e.patient_id,
        )
        self.by_uid = _grouped(structures, lambda e: e.sop_uid)
        # sets that are left aside are steps on the way from one set to another
        sets = [e for e in entries if e.role in SETS]
        self.made_from = {e.sop_uid: e.structure_refs for e in sets}
        self.by_predecessor: dict[str, list[Entry]] = defaultdict(list)
        for entry in sets:
            for uid in entry.structure_refs:
                self.by_predecessor[uid].append(entry)
        self.by_own_frame = _grouped(structures, lambda e: e.frame_uid)
        self.neighbours = Neighbours(structures)
        self.own = {e: self._own_series(e) for e in structures}
        self.used = {id(series) for own in self.own.values() for series in own}
        self.doses: dict[Entry, list[Entry]] = defaultdict(list)
        for dose in entries:
            if dose.role == "dose":
                for owner in self._owners(dose):
                    self.doses[owner].append(dose)

    def referenced(self, entry: Entry) -> list[Series]:
        """Series the structure set refers to, of whichever patient."""
        return [series for uid in entry.series_refs for series in self.by_series.get(uid, [])]

    def reached(self, entry: Entry) -> list[Series]:
        """Series it refers to, and those of the frames of reference that its ROIs name."""
        framed = (one for uid in entry.other_frames for one in self.by_frame.get(uid, []))
        every = [*self.referenced(entry), *framed]
        return list({id(one): one for one in every}.values())

    def candidates(self, entry: Entry) -> list[Series]:
        """Series of the structure set's frame, referenced ones first; else what it refers to."""
        referenced = self.referenced(entry)
        if not referenced and not entry.frame_uid:
            referenced = self._drawn_on(entry)
        framed = self.by_frame.get(entry.frame_uid, [])
        if not any(series[0].patient_id == entry.patient_id for series in framed):
            return [*referenced, *(series for series in framed if series not in referenced)]
        return sorted(framed, key=lambda series: series not in referenced)

    def _drawn_on(self, entry: Entry) -> list[Series]:
        """Series that its contours refer to, where nothing else of the structure set does."""
        images = images_of_contours(entry.path)
        return [series for series in self.series if any(e.sop_uid in images for e in series)]

    def _own_series(self, entry: Entry) -> list[Series]:
        """Candidates of the same patient, or of none that is named, referenced ones first."""
        return [s for s in self.candidates(entry) if s[0].patient_id in ("", entry.patient_id)]

    def unread(self, entry: Entry) -> str:
        """Images the structure set refers to that are of a kind that is not read, counted."""
        wanted = set(entry.series_refs)
        kinds = Counter(e.kind for e in self.others if e.series_uid in wanted)
        return ", ".join(f"{count} {kind} files" for kind, count in sorted(kinds.items()))

    def strangers(self, entry: Entry) -> list[Series]:
        """Series that look as if they belonged to the structure set, and do not."""
        beside = [
            series
            for series in self.series
            if id(series) not in self.used and self.neighbours.of(series[0]) is entry
        ]
        return self.candidates(entry) or beside

    def _owners(self, dose: Entry) -> list[Entry]:
        """Structure sets a dose goes with: by its plan, else its frame, else its neighbour."""
        plans = [p for p in self.plans.get(dose.patient_id, []) if p.sop_uid in dose.plan_refs]
        refs = {*dose.structure_refs, *(uid for plan in plans for uid in plan.structure_refs)}
        owners = [owner for uid in sorted(refs) for owner in self.by_uid.get(uid, [])]
        if not owners and dose.frame_uid:
            owners = self.by_own_frame.get(dose.frame_uid, [])
        if not owners:
            beside = self.neighbours.of(dose)
            owners = [beside] if beside else []
        owners = self._with_successors(owners)
        # anonymisers repeat UIDs: the patient's own come first
        return [owner for owner in owners if owner.patient_id == dose.patient_id] or owners

    def _with_successors(self, owners: Sequence[Entry]) -> list[Entry]:
        """Structure sets, and those made from them: what was planned on one holds for the other."""
        found = list(owners)
        for entry in found:  # grows while it is walked: sets made from sets made from ...
            made_from = self.by_predecessor.get(entry.sop_uid, [])
            found += [one for one in made_from if one not in found]
        return found

    def _sources(self, entry: Entry) -> set[str]:
        """UIDs of a structure set and of all it was made from, as far as they are here."""
        found = [entry.sop_uid]
        for uid in found:
            found += [one for one in self.made_from.get(uid, ()) if one not in found]
        return set(found)

    def plans_of(self, entry: Entry) -> list[Entry]:
        """Plans made on the structure set, or else those its doses were computed for."""
        sources = self._sources(entry)
        plans = self.plans.get(entry.patient_id, [])
        own = [plan for plan in plans if sources.intersection(plan.structure_refs)]
        if own:
            return own
        wanted = {uid for dose in self.doses[entry] for uid in dose.plan_refs}
        made_for = [
            plan
            for plan in plans
            if plan.sop_uid in wanted and not any(uid in self.by_uid for uid in plan.structure_refs)
        ]
        return made_for or self._strange_plans(entry, sources | wanted)

    def _strange_plans(self, entry: Entry, uids: set[str]) -> list[Entry]:
        """Plans of other patients that belong here by their references, and to no one else."""
        return [
            plan
            for patient, plans in self.plans.items()
            if patient != entry.patient_id
            for plan in plans
            if uids.intersection((plan.sop_uid, *plan.structure_refs))
            and not any(owner.patient_id == patient for owner in self.own)
        ]
