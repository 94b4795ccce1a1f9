"""What doses are held against: prescription and fractions, the dose axis, goals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rtvol.verbs.by_name import positive_by_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rtvol.case import Case, Plan
    from rtvol.dvh.bed import Axis
    from rtvol.dvh.goals import GoalSet
    from rtvol.verbs.given_dose import GivenDose


@dataclass(frozen=True)
class Terms:
    """What doses are held against.

    Attributes
    ----------
    prescription_gy, fractions
        As given in the call; None to take the plan's.
    axis
        What all doses of metrics are: physical, BED or EQD2.
    linear_from
        LQ-L by name or pattern: transition dose d_T in Gy, and slope or None for the tangent.
    goals
        Sets of goals.
    target
        What distances are measured to (`OVH5mm`, `DTH50%`): a name or a pattern; empty for the PTV.
    """

    prescription_gy: float | None = None
    fractions: int | None = None
    axis: Axis = "physical"
    linear_from: tuple[tuple[str, float, float | None], ...] = ()
    goals: tuple[GoalSet, ...] = ()
    target: str = ""


@dataclass(frozen=True)
class Prescribed:
    """Prescription and fractions of a case, and where each is from."""

    dose_gy: float | None
    fractions: int | None
    dose_from: str = ""
    fractions_from: str = ""

    @property
    def text(self) -> str:
        """In words: `45 Gy in 3 fractions (RTPLAN)`; empty when no dose is known."""
        if self.dose_gy is None:
            return ""
        if self.fractions is None:
            return f"{self.dose_gy:g} Gy ({self.dose_from})"
        if self.dose_from == self.fractions_from:
            return f"{self.dose_gy:g} Gy in {self.fractions} fractions ({self.dose_from})"
        return (
            f"{self.dose_gy:g} Gy ({self.dose_from}) in {self.fractions} fractions "
            f"({self.fractions_from})"
        )


def prescribed_of(case: Case, terms: Terms, given: GivenDose | None) -> Prescribed:
    """Return what is prescribed: as given in the call, else as the plan of the dose says.

    Of a sum in EQD2 the plan tells no prescription, for that is in Gy, and of any sum of plans no
    number of fractions. Without a dose (None) the case's own plan speaks.
    """
    plan = case.plan if given is None else _plan_of(case, given)
    is_in_gy = given is None or given.sum != "eqd2"
    is_one = given is None or (len(given.parts) == 1 and given.sum is None)
    if given is not None and given.part:
        plan, is_one = None, False
    planned_gy = plan.prescription_gy if plan and is_in_gy else None
    own = given.parts[0].fractions if given and is_one else None
    planned = (own or (plan.fractions if plan else None)) if is_one else None
    dose_gy = planned_gy if terms.prescription_gy is None else terms.prescription_gy
    fractions = planned if terms.fractions is None else terms.fractions
    return Prescribed(
        dose_gy,
        fractions,
        _origin(terms.prescription_gy, dose_gy),
        _origin(terms.fractions, fractions),
    )


def _origin(said: float | None, value: float | None) -> str:
    if value is None:
        return ""
    return "RTPLAN" if said is None else "given"


def _plan_of(case: Case, given: GivenDose) -> Plan | None:
    """Return the one plan that all doses are of; the case's own where they name none."""
    named = {source.plan_uid for source in given.sources} - {""}
    known = {plan.sop_uid: plan for plan in (*case.plans, *filter(None, [case.plan]))}
    if not named:
        return case.plan
    return known.get(named.pop()) if len(named) == 1 else None


def parse_linear(words: Sequence[str]) -> tuple[tuple[str, float, float | None], ...]:
    """Parse LQ-L: `6.2` (all structures), `GTV*=6.2`, `GTV*=6.2:1.8` with a slope.

    Raises
    ------
    UsageError
        `bad-fractionation`.
    """
    mend = "write --lql 6.2, or --lql 'GTV*=6.2:1.8' with the slope above 6.2 Gy"
    found = positive_by_name(words, "--lql", mend, most=2)
    return tuple((pattern, dose, slope[0] if slope else None) for pattern, (dose, *slope) in found)
