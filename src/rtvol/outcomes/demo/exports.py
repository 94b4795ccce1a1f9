"""Some patients of the synthetic cohort as DICOM: liver, one ball per lesion, a plateau of dose.

So the way from an export over `rtvol run` and `rtvol collect` to the outcome tables can be walked.
The volumes measured there are those of GTVs grown by one margin for all; the cohort's own tables
have margins that vary, so CTV and PTV differ where a margin does.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rtvol.errors import UsageError
from rtvol.outcomes.demo.course import STORED_SEED
from rtvol.outcomes.demo.structure import draw_structure
from rtvol.outcomes.demo.tables import pseudonym

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rtvol.outcomes.demo.structure import Target
    from rtvol.phantoms import PhantomCase

#: Where lesions lie in the liver, LPS mm; far enough apart for the largest radius.
CENTRES = ((-76.0, -14.0, 10.0), (-24.0, -14.0, 14.0))
LIVER = ((-50.0, -14.0, 12.0), (60.0, 56.0, 42.0))
RADII_MM = (4.0, 14.0)
BEYOND_GTV_MM = 7.0


def write_exports(folder: Path, count: int, seed: int = STORED_SEED) -> list[Path]:
    """Write some synthetic patients as DICOM exports, one folder each.

    Parameters
    ----------
    folder
        Made if it is not there.
    count
        How many; those with one and with two lesions take turns.
    seed
        Of the cohort.

    Returns
    -------
    list of Path
        The patients' folders, named by their pseudonyms.

    Raises
    ------
    UsageError
        `bad-call` when the cohort has fewer patients whose lesions fit.
    """
    from rtvol.phantoms import write_case

    chosen = _fitting(seed)
    if not 0 < count <= len(chosen):
        seen, mend = f"{count} patients", f"1 to {len(chosen)}: the others' lesions do not fit"
        raise UsageError("bad-call", where="--dicom", seen=seen, mend=mend)
    written = []
    for person, targets in chosen[:count]:
        place = folder / pseudonym(person)
        write_case(place, _case(person, targets), seed=person)
        written.append(place)
    return written


def radius_mm(volume_ml: float) -> float:
    """Radius of a ball of that volume."""
    return 10 * math.cbrt(3 * volume_ml / (4 * math.pi))


def _fitting(seed: int) -> list[tuple[int, list[Target]]]:
    """Patients whose lesions the phantom can hold, those with one and two lesions in turn."""
    structure = draw_structure(seed)
    by_count: dict[int, list[tuple[int, list[Target]]]] = {1: [], 2: []}
    for person in structure.people:
        targets = [t for t in structure.targets if t.person == person.number]
        radii = [radius_mm(t.gtv_ml) for t in targets]
        one_plan = len({(t.dose_gy, t.fractions) for t in targets}) == 1
        if (
            len(targets) in by_count
            and one_plan
            and RADII_MM[0] <= min(radii) <= max(radii) <= RADII_MM[1]
        ):
            by_count[len(targets)].append((person.number, targets))
    turns = zip(by_count[1], by_count[2], strict=False)
    pairs = [one for pair in turns for one in pair]
    return pairs + [one for one in by_count[1] + by_count[2] if one not in pairs]


def _case(person: int, targets: Sequence[Target]) -> PhantomCase:
    from rtvol.phantoms import Ellipsoid, Highest, Organ, PhantomCase, Plateau, Sphere, VoxelLattice

    lesions = [
        Sphere(centre, round(radius_mm(t.gtv_ml), 3))
        for centre, t in zip(CENTRES, targets, strict=False)
    ]
    names = ["GTV"] if len(lesions) == 1 else [f"GTV{k + 1}" for k in range(len(lesions))]
    dose_gy = float(targets[0].dose_gy)
    fields = tuple(
        Plateau(ball.centre_mm, (ball.radius_mm + BEYOND_GTV_MM,) * 3, dose_gy, 1.2 * dose_gy, 3.5)
        for ball in lesions
    )
    middle, edges = LIVER[0], (150.0, 140.0, 110.0)
    return PhantomCase(
        name=f"SYNTHETIC^{pseudonym(person)}",
        patient_id=pseudonym(person),
        organs=(
            Organ("Liver", Ellipsoid(*LIVER), 105),
            *(Organ(name, ball, 45, "GTV") for name, ball in zip(names, lesions, strict=True)),
        ),
        ct=VoxelLattice.around(middle, edges, (2.0, 2.0, 2.5)),
        dose=Highest(fields),
        dose_lattice=VoxelLattice.around(middle, edges, (3.0, 3.0, 3.0)),
        prescription_gy=dose_gy,
        fractions=targets[0].fractions,
    )
