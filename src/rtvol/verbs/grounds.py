"""What the regions of a case stand on: its contours, its planes and its dose."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from rtvol.dvh.isodose_solid import IsodoseSolid
from rtvol.errors import CaseRejected
from rtvol.margins.setting import Setting
from rtvol.names.regions import Ground, stacking_of
from rtvol.verbs.given_dose import case_dose, dose_for
from rtvol.verbs.target_planes import target_planes
from rtvol.verbs.terms import Terms, prescribed_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from rtvol.case import Case
    from rtvol.errors import Finding
    from rtvol.names.language import IsodoseWord
    from rtvol.structures import Roi
    from rtvol.verbs.given_dose import GivenDose

DEFAULT_TERMS = Terms()


def ground_of(
    case: Case,
    terms: Terms,
    given: Callable[[], GivenDose],
    setting: Setting | None = None,
) -> Ground:
    """Return what the regions of a case stand on.

    Parameters
    ----------
    case
        The case.
    terms
        Prescription, for isodoses in %.
    given
        The dose, asked for when an isodose is.
    setting
        Planes to work on; by default those that targets of the same ROIs would be written on.
    """

    @cache
    def isodose(word: IsodoseWord) -> IsodoseSolid:
        dose = given()
        if dose.sum == "eqd2":
            raise CaseRejected(
                "no-dose",
                where=f"isodose {word}",
                seen="the dose is a sum in EQD2, which is another for each alpha/beta",
                mend="add the doses in Gy for isodoses: --sum physical",
            )
        return IsodoseSolid.of(dose_for(dose, None), _level_gy(case, word, terms, dose))

    def planes(rois: Sequence[Roi]) -> Setting:
        return setting or setting_of(case, rois)[0]

    return Ground(cache(stacking_of(case)), planes, isodose)


def case_ground(case: Case, doses: Sequence[Path] = (), terms: Terms = DEFAULT_TERMS) -> Ground:
    """Return the ground of a case; its dose is read when an isodose is asked for."""
    return ground_of(case, terms, cache(lambda: case_dose(case, doses)))


def setting_of(case: Case, rois: Sequence[Roi]) -> tuple[Setting, tuple[Finding, ...]]:
    """Return the planes that solids of these ROIs are worked out and written on (`target_planes`).

    Without an ROI, of an isodose alone, those of the images or of all contours.

    Raises
    ------
    CaseRejected
        `roi-empty` where neither images nor contours say where planes are.
    """
    drawn = [roi for roi in rois or case.structures.rois if not roi.is_empty]
    if not drawn:
        raise CaseRejected("roi-empty", seen="no contour says where planes are")
    frame = drawn[0].frame
    planes, findings = target_planes(case, [roi for roi in drawn if roi.frame == frame])
    own = planes[frame]
    planes_mm = np.empty(0) if own.planes_mm is None else own.planes_mm
    if planes_mm.size < 2:  # stacking refuses what is drawn on it, without images
        planes_mm = np.repeat(planes_mm, 3)
        planes_mm += np.arange(-1.0, 2.0)
    return Setting(planes_mm, are_images=own.are_images, edges_mm=own.edges_mm), findings


def resampled(setting: Setting, spacing_mm: float) -> Setting:
    """Return planes so many mm apart over the same heights; they are no images."""
    low, high = float(setting.planes_mm[0]), float(setting.planes_mm[-1])
    count = int(np.floor((high - low) / spacing_mm + 1e-9)) + 1
    planes_mm = low + np.arange(max(count, 2), dtype=np.float64) * spacing_mm
    return Setting(planes_mm, are_images=False, edges_mm=setting.edges_mm)


def _level_gy(case: Case, word: IsodoseWord, terms: Terms, given: GivenDose) -> float:
    if word.unit == "Gy":
        return word.amount
    prescribed_gy = prescribed_of(case, terms, given).dose_gy
    if prescribed_gy is None:
        raise CaseRejected(
            "no-prescription",
            where=f"isodose {word}",
            seen=given.part or "neither the call nor the plan of the dose says a prescribed dose",
            mend=f"give --prescription in Gy, or the isodose in Gy: [{word.amount:g} Gy]",
        )
    return word.amount * prescribed_gy / 100
