"""GTVs of several phases -> the internal GTV that holds them all, and how far they move."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rtvol import codes, io
from rtvol.errors import CaseRejected
from rtvol.io import tags
from rtvol.margins.algebra import Leaf
from rtvol.margins.derived_names import given_name
from rtvol.names.find import find_rois
from rtvol.names.regions import Region, combined_stacks
from rtvol.solids.shared import moments
from rtvol.verbs.grounds import case_ground, setting_of
from rtvol.verbs.made_regions import make_structure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rtvol.case import Case
    from rtvol.errors import Finding
    from rtvol.io import CaseFiles
    from rtvol.names.regions import Ground
    from rtvol.structures import Roi

#: What the union of the GTVs of all phases is called in TG-263.
NAME = "IGTV"
#: Patient axes, and the directions they lead to: minus, plus.
DIRECTIONS = (("right", "left"), ("anterior", "posterior"), ("inferior", "superior"))


@dataclass(frozen=True)
class Phases:
    """Which structure sets are phases of one patient.

    Attributes
    ----------
    partners
        By the case that makes the targets: the others that are joined to it.
    joined
        By each of those: the case it is joined to.
    cases
        All cases; sets of the same images are no longer refused where they are joined.
    """

    partners: Mapping[str, tuple[CaseFiles, ...]]
    joined: Mapping[str, str]
    cases: tuple[CaseFiles, ...] = ()


@dataclass(frozen=True, eq=False)
class Internal:
    """The GTV of all phases.

    Attributes
    ----------
    roi
        Its contours.
    motion_mm
        From the first phase: how far centroid and faces move towards each direction at most, mm,
        by `centroid_left`, `extent_left`, ...
    note
        The same in words.
    findings
        What was noticed.
    """

    roi: Roi
    motion_mm: dict[str, float]
    note: str
    findings: tuple[Finding, ...]


def phases_of(cases: Sequence[CaseFiles], texts: Sequence[str]) -> Phases:
    """Return which structure sets of one patient are joined: all that hold a region asked for.

    The first that has a dose or a plan makes the targets, else the first.

    Parameters
    ----------
    cases
        All cases of the call.
    texts
        Names or patterns of the GTVs of the phases.
    """
    by_patient: dict[str, list[CaseFiles]] = defaultdict(list)
    every = tuple(map(_as_phase, cases))
    for files in every:
        try:
            read = io.read_structures(files.rtstruct)
            found = [roi for text in texts for roi in find_rois(read.structures, text)]
        except CaseRejected:
            continue  # it is told when the case itself is worked on
        patient = read.header.text(tags.PATIENT_ID)
        if found and patient:
            by_patient[patient].append(files)
    partners: dict[str, tuple[CaseFiles, ...]] = {}
    joined: dict[str, str] = {}
    for own in by_patient.values():
        main = next((files for files in own if files.doses or files.plans), own[0])
        partners[main.name] = tuple(files for files in own if files is not main)
        joined |= {files.name: main.name for files in partners[main.name]}
    grouped = {name for name, own in partners.items() if own} | joined.keys()
    kept = (new if new.name in grouped else old for old, new in zip(cases, every, strict=True))
    return Phases(partners, joined, tuple(kept))


def joined_cases(phases: Phases) -> tuple[CaseFiles, ...]:
    """Return the cases that make targets, each with its phases: a run has one result for all."""
    return tuple(
        replace(files, phases=phases.partners.get(files.name, ()))
        for files in phases.cases
        if files.name not in phases.joined
    )


def _as_phase(files: CaseFiles) -> CaseFiles:
    """Return a case that is not refused because other sets were drawn on the same images."""
    is_refused = files.rejection is not None and files.rejection.code == "ambiguous-rtstruct"
    return replace(files, rejection=None) if is_refused else files


def internal_gtv(case: Case, texts: Sequence[str], partners: Sequence[Case] = ()) -> Internal:
    """Join the GTVs of all phases of a case.

    Parameters
    ----------
    case
        The case whose targets are grown.
    texts
        Names or patterns of the GTVs.
    partners
        Cases of other structure sets of the same frame of reference, each a phase. Without any,
        each region that is meant is a phase.

    Raises
    ------
    CaseRejected
        `itv-one-phase`, `itv-frames-differ`, `itv-tilts-differ`; `roi-not-found` and its like.
    """
    ground = case_ground(case)
    phases = _phases(case, texts, partners)
    if len(phases) < 2:
        raise CaseRejected(
            "itv-one-phase", where="--itv", seen=f"only {next(iter(phases))} is meant"
        )
    rois = tuple(roi for own in phases.values() for roi in own)
    _refuse_tilts(case, rois, partners)
    name = given_name(NAME, case.structures.names)
    said = f"joined of {len(phases)} phases: {', '.join(phases)}"
    region = Region(name, Leaf(rois), said)
    setting, noticed = setting_of(case, rois)
    made, findings = make_structure(region, said, ground, setting)
    if not made.roi.contours:
        raise CaseRejected("nothing-left", where=f"ROI {name}", seen="no phase has a volume")
    motion = _motion_mm(list(phases.values()), ground)
    return Internal(
        replace(made.roi, kind="GTV"),
        motion,
        f"{said}; {_in_words(motion, next(iter(phases)))}",
        (*noticed, *findings),
    )


def _phases(
    case: Case, texts: Sequence[str], partners: Sequence[Case]
) -> dict[str, tuple[Roi, ...]]:
    """Regions of each phase, by a name for it: its region, or its structure set."""
    own = tuple(dict.fromkeys(roi for text in texts for roi in find_rois(case.structures, text)))
    if not partners:
        return {
            f"{roi.name} (number {roi.number})" if _twice(roi, own) else roi.name: (roi,)
            for roi in own
        }
    phases = {case.structures.label or "set 1": own}
    for number, other in enumerate(partners, start=2):
        if other.structures.frame_uid != case.structures.frame_uid:
            raise CaseRejected(
                "itv-frames-differ",
                where=f"structure set {other.structures.label or number}",
                seen="it lies in another frame of reference than the first",
            )
        label = other.structures.label or f"set {number}"
        key = f"{label} ({number})" if label in phases else label
        phases[key] = tuple(
            dict.fromkeys(roi for text in texts for roi in find_rois(other.structures, text))
        )
    return phases


def _twice(roi: Roi, rois: Sequence[Roi]) -> bool:
    return sum(other.name == roi.name for other in rois) > 1


def _refuse_tilts(case: Case, rois: Sequence[Roi], partners: Sequence[Case]) -> None:
    """Refuse phases on planes, or of images, that are turned against each other."""
    frames = {roi.frame for roi in rois}
    images = {one.ct.frame for one in (case, *partners) if one.ct is not None}
    if len(frames) > 1 or len(images) > 1:
        what = "contours" if len(frames) > 1 else "images"
        raise CaseRejected(
            "itv-tilts-differ",
            where="--itv",
            seen=f"the {what} of the phases lie on planes that are turned against each other",
        )


def _motion_mm(phases: Sequence[tuple[Roi, ...]], ground: Ground) -> dict[str, float]:
    centres, boxes = [], []
    for own in phases:
        stack = combined_stacks(
            Region("phase", Leaf(own)), lambda roi: ground.stacking(roi, float("inf"))[0]
        )
        centres.append(stack.frame.to_patient(moments(stack)[1]))
        boxes.append(stack.patient_box_mm)
    found: dict[str, float] = {}
    for axis, (minus, plus) in enumerate(DIRECTIONS):
        shifts = [float(centre[axis] - centres[0][axis]) for centre in centres]
        low = [box[axis][0] - boxes[0][axis][0] for box in boxes]
        high = [box[axis][1] - boxes[0][axis][1] for box in boxes]
        found |= {f"centroid_{plus}": max(shifts), f"centroid_{minus}": -min(shifts)}
        found |= {f"extent_{plus}": max(high), f"extent_{minus}": -min(low)}
    return {key: mm + 0.0 for key, mm in found.items()}


def _in_words(motion_mm: Mapping[str, float], first: str) -> str:
    ways = [way for pair in DIRECTIONS for way in reversed(pair)]
    parts = []
    for what in ("centroid", "extent"):
        each = ", ".join(f"{way} {motion_mm[f'{what}_{way}']:.1f}" for way in ways)
        parts.append(f"{what} {each} mm")
    return f"from {first} the {parts[0]}; {parts[1]}"


def joined_note(main: str) -> Finding:
    """Say of a case that it is a phase of another, which has the targets."""
    return codes.ITV_JOINED.note(where="structure set", seen=f"its GTVs are joined into {main}")
