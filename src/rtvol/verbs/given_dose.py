"""Which dose a DVH is about: the plan's, a file that is named, or a sum of several."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rtvol import codes, io
from rtvol.dvh.sums import PlanDose, Sum, sum_doses
from rtvol.errors import CaseRejected, Finding
from rtvol.io.headers import names_patient
from rtvol.names.plain import fits
from rtvol.verbs.by_name import positive_by_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from rtvol.case import Case, DoseSource
    from rtvol.frames import Box
    from rtvol.names.regions import Region
    from rtvol.volumes import Dose


#: Means all targets where a ratio is given by name.
TARGETS = "target"


#: Dose Summation Types that are a part of a course (PS3.3 C.8.8.3), in words.
PARTS = {
    "FRACTION": "one fraction",
    "BEAM": "one beam",
    "BRACHY": "one brachytherapy application",
    "FRACTION_SESSION": "one session of a fraction",
    "BEAM_SESSION": "one session of a beam",
    "BRACHY_SESSION": "one session of a brachytherapy application",
    "CONTROL_POINT": "control points of a beam",
}


@dataclass(frozen=True, eq=False)
class GivenDose:
    """The dose of a case: one, or parts to be added structure by structure.

    Attributes
    ----------
    parts
        The doses as stored, each with its plan's fractions.
    sources
        Their files.
    sum
        How they are added; None for one dose as it is, and for the beams of one plan (in Gy).
    alpha_beta
        Ratios in Gy by name or pattern, for "eqd2" (`parse_alpha_beta`).
    findings
        What was noticed while they were chosen.
    part
        Of which part of a course it is, in words; empty for the dose of a whole plan. Nothing of
        the course (prescription, goals, BED) is judged on a part.
    """

    parts: tuple[PlanDose, ...]
    sources: tuple[DoseSource, ...]
    sum: Sum | None = None
    alpha_beta: tuple[tuple[str, float], ...] = ()
    findings: tuple[Finding, ...] = ()
    part: str = ""

    def ratio_for(self, region: Region) -> float | None:
        """Return alpha/beta of a region in Gy; None where none is given."""
        return alpha_beta_for(self.alpha_beta, region)

    def text_for(self, region: Region) -> str:
        """Return what doses of a structure are: "physical", "effective", or "EQD2, a/b 3 Gy"."""
        if self.sum != "eqd2":
            kinds = {source.kind for source in self.sources}
            return "effective (as stored)" if "EFFECTIVE" in kinds else "physical"
        return f"EQD2, a/b {self.ratio_for(region):g} Gy"


def dose_for(given: GivenDose, ratio: float | None, bounds_mm: Box | None = None) -> Dose:
    """Return the dose for structures of one alpha/beta, around a box: the one, or the sum.

    Raises
    ------
    CaseRejected
        `frame-mismatch`, `no-fractions`, `no-alpha-beta`.
    """
    if given.sum != "eqd2":
        if len(given.parts) == 1:
            return given.parts[0].dose
        return sum_doses(given.parts, bounds_mm=bounds_mm)
    if ratio is None:
        raise CaseRejected(
            "no-alpha-beta",
            seen="EQD2 is asked for, and no alpha/beta was given for this structure",
            mend="give --alpha-beta 3, or --alpha-beta NAME=3",
        )
    return sum_doses(given.parts, bounds_mm=bounds_mm, alpha_beta_gy=ratio)


def parse_alpha_beta(words: Sequence[str]) -> tuple[tuple[str, float], ...]:
    """Parse `3` (all structures), `target=10`, `GTV*=10` (those a name or pattern fits), in Gy.

    Raises
    ------
    UsageError
        `bad-fractionation`.
    """
    mend = "write --alpha-beta 3 or --alpha-beta 'GTV*=10', in Gy"
    found = positive_by_name(words, "--alpha-beta", mend)
    return tuple((pattern, ratio) for pattern, (ratio,) in found)


def alpha_beta_for(ratios: Sequence[tuple[str, float]], region: Region) -> float | None:
    """Return the ratio for a structure: the last that names or fits it.

    `target`, all targets, only where none does; `*`, all structures, only where that does not.
    """
    named = [
        ratio for text, ratio in ratios if text not in {"*", TARGETS} and fits(text, region.name)
    ]
    targets = [ratio for text, ratio in ratios if text == TARGETS and region.is_target]
    rest = [ratio for text, ratio in ratios if text == "*"]
    chosen = named or targets or rest
    return chosen[-1] if chosen else None


def still_asked(
    findings: Sequence[Finding], wanted: Sequence[Path], add: Sum | None
) -> list[Finding]:
    """Leave out doubts about which dose is the plan's: who names doses, or adds them, says it."""
    is_said = bool(wanted) or add is not None
    answered = {"ambiguous-dose", "dose-not-plan"} if is_said else set[str]()
    return [one for one in findings if one.code not in answered]


def case_dose(
    case: Case,
    wanted: Sequence[Path] = (),
    *,
    add: Sum | None = None,
    alpha_beta: tuple[tuple[str, float], ...] = (),
) -> GivenDose:
    """Read the dose a DVH of this case is about.

    Parameters
    ----------
    case
        The case.
    wanted
        RTDOSE files named, by path or by their name in the case; empty for the dose of the plan,
        or of all plans with `add`.
    add
        How several are added. Beams of one plan are added in Gy whatever it says.
    alpha_beta
        Ratios for "eqd2".

    Raises
    ------
    CaseRejected
        `no-dose`, `ambiguous-dose`, `dose-not-plan`, `beams-missing`, `frame-mismatch`,
        `dose-kinds-mixed`, or why the samples cannot be believed.
    """
    findings: tuple[Finding, ...] = ()
    if wanted:
        sources = tuple(_named(case, path) for path in wanted)
    elif add is not None and any(dose.summation == "PLAN" for dose in case.doses):
        sources = _one_of_each_plan(case)
    elif not any(dose.summation == "PLAN" for dose in case.doses):
        sources, findings = _beams(case)
    else:
        sources = (io.pick_dose(case),)
    _of_one_kind(sources)
    fractions = {plan.sop_uid: plan.fractions for plan in case.plans}
    if case.plan is not None:
        fractions.setdefault(case.plan.sop_uid, case.plan.fractions)
    parts = [
        PlanDose(io.read_dose(one), _fractions(one, fractions), _label(case, one, number))
        for number, one in enumerate(sources, start=1)
    ]
    if sources[0].summation == "BEAM" and not wanted:
        # one plan: its dose per fraction is that of the sum, not of each beam
        whole = fractions.get(sources[0].plan_uid)
        parts = [PlanDose(sum_doses(parts), whole, parts[0].label)]
    part = _part_of(case, sources) if wanted else ""
    if part:
        seen = f"{part}: prescription, goals and EQD2 of the course are not judged on it"
        where = f"RTDOSE {parts[0].label}"
        findings = (*findings, codes.DOSE_IS_PART.warn(where=where, seen=seen))
    return GivenDose(tuple(parts), sources, add, alpha_beta, findings, part)


def _of_one_kind(sources: Sequence[DoseSource]) -> None:
    effective = sum(source.kind == "EFFECTIVE" for source in sources)
    if 0 < effective < len(sources):
        seen = f"{effective} of the {len(sources)} doses to be added are EFFECTIVE, the rest not"
        raise CaseRejected("dose-kinds-mixed", where="RTDOSE", seen=seen)


def _fractions(source: DoseSource, planned: Mapping[str, int | None]) -> int | None:
    """Return the number of fractions a dose was given in; that of a beam alone tells none."""
    if source.summation in PARTS:
        return 1 if source.summation == "FRACTION" else None
    return planned.get(source.plan_uid)


def _part_of(case: Case, sources: Sequence[DoseSource]) -> str:
    """Say of which part of a course named doses are; empty when they are all of a plan's dose."""
    kinds = {source.summation for source in sources}
    if not kinds & PARTS.keys():
        return ""
    plan = next((one for one in case.plans if one.sop_uid == sources[0].plan_uid), None)
    beams = {number for source in sources for number in source.beams}
    if kinds == {"BEAM"}:
        of = f" of {len(plan.beams)}" if plan and plan.beams else ""
        is_whole = plan is not None and plan.beams and set(plan.beams) <= beams
        count = len(beams) or len(sources)
        return "" if is_whole else f"it is the dose of {count} beam{'s' * (count > 1)}{of}"
    of = f" of {plan.fractions}" if plan and plan.fractions else ""
    words = " and ".join(sorted(PARTS.get(kind, "other parts") for kind in kinds))
    return f"it is the dose of {words}{of if 'fraction' in words else ''}"


def _label(case: Case, source: DoseSource, number: int) -> str:
    """File name for messages, unless it tells of the patient."""
    whose = (case.patient.name, case.patient.patient_id)
    return f"RTDOSE {number}" if names_patient(source.path.name, *whose) else source.path.name


def _named(case: Case, wanted: Path) -> DoseSource:
    is_name = len(wanted.parts) == 1 and not wanted.exists()
    for source in case.doses:
        paths = (source.path, *source.planes)
        is_path = wanted.resolve() in {path.resolve() for path in paths}
        if is_path or (is_name and wanted.name in {path.name for path in paths}):
            return source
    if wanted.is_file():
        stranger, _ = io.read_dose_source(wanted)
        if stranger.frame_uid != case.structures.frame_uid:
            raise CaseRejected(
                "frame-mismatch",
                where=wanted.name,
                seen="the dose lies in another frame of reference than the structure set",
                mend="register the plans, or export the dose in the frame of the structures",
            )
    raise CaseRejected(
        "no-dose",
        where=wanted.name,
        seen=f"the file is none of the {len(case.doses)} usable doses of this case",
        mend="name a RTDOSE of the same patient and frame of reference that lies in PATH",
    )


def _one_of_each_plan(case: Case) -> tuple[DoseSource, ...]:
    doses = tuple(dose for dose in case.doses if dose.summation == "PLAN")
    plans = [dose.plan_uid for dose in doses]
    if len(set(plans)) < len(plans):
        raise CaseRejected(
            "ambiguous-dose",
            where="RTDOSE",
            seen=f"{len(doses)} doses of {len(set(plans))} plans: one would count twice",
            mend="name the doses to add with --dose",
        )
    return doses


def _beams(case: Case) -> tuple[tuple[DoseSource, ...], tuple[Finding, ...]]:
    """Beam doses of the one plan they belong to; all of its beams, each once."""
    beams = tuple(dose for dose in case.doses if dose.summation == "BEAM")
    if not beams:
        return (io.pick_dose(case),), ()  # says what is missing
    if len({dose.plan_uid for dose in beams}) > 1:
        raise CaseRejected(
            "ambiguous-dose",
            where="RTDOSE",
            seen=f"{len(beams)} beam doses of several plans",
            mend="name the doses to add with --dose and --sum",
        )
    numbers = [number for dose in beams for number in dose.beams]
    if len(set(numbers)) < len(numbers):
        raise CaseRejected(
            "ambiguous-dose",
            where="RTDOSE",
            seen="one beam has several doses: it would count twice",
            mend="leave one dose for each beam",
        )
    plan = next((plan for plan in case.plans if plan.sop_uid == beams[0].plan_uid), None)
    if plan is None or not plan.beams:
        whole = "no plan says how many beams there are"
    elif numbers and not set(plan.beams) - set(numbers):
        whole = "all beams of the plan"
    else:
        held = f"{len(numbers)} of {len(plan.beams)} beams of the plan have a dose"
        raise CaseRejected(
            "beams-missing",
            where="RTDOSE",
            seen=held if numbers else "the doses do not say which beams they are of",
            mend="export the doses of all beams, or the dose of the whole plan",
        )
    seen = f"{len(beams)} beam doses added; {whole}"
    mend = "compare the maximum with the planning system"
    return beams, (codes.DOSE_SUMMED.warn(where="RTDOSE", seen=seen, mend=mend),)
