"""The data of a study: patients and lesions whose rows have passed every check."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rtvol.outcomes.problems import Problem
    from rtvol.outcomes.records import Lesion, Patient, Screened, Toxicity


@dataclass(frozen=True)
class CohortData:
    """The data of a study, checked.

    Attributes
    ----------
    patients, lesions
        In file order; every lesion has its follow-up and its patient.
    toxicity, screening
        Rows of those tables; None when the table is not there.
    warnings
        What the checks noted beside the data.
    sha256
        Hash of each file read, by file name.
    own
        Values of the author's own covariates by name, one for each patient or lesion in file
        order; None where the cell is empty.
    is_synthetic
        Whether the data says that it is made up; every output then says so.
    """

    patients: tuple[Patient, ...]
    lesions: tuple[Lesion, ...]
    toxicity: tuple[Toxicity, ...] | None
    screening: tuple[Screened, ...] | None
    warnings: tuple[Problem, ...] = ()
    sha256: dict[str, str] = field(default_factory=dict)
    own: dict[str, tuple[str | float | None, ...]] = field(default_factory=dict)
    is_synthetic: bool = False

    @cached_property
    def by_patient(self) -> dict[str, tuple[Lesion, ...]]:
        """The lesions of each patient, in file order."""
        found: dict[str, list[Lesion]] = defaultdict(list)
        for lesion in self.lesions:
            found[lesion.patient_id].append(lesion)
        return {patient.patient_id: tuple(found[patient.patient_id]) for patient in self.patients}

    @cached_property
    def patient_of(self) -> dict[str, Patient]:
        """The patients by id."""
        return {patient.patient_id: patient for patient in self.patients}
