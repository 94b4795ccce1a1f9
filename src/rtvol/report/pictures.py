"""Pictures of a case: what to draw, in which colour, on which slices (`rtvol.report` draws)."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from rtvol.files import slug
from rtvol.report.palette import NAMES
from rtvol.report.pens import Subject, pens_for

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rtvol.case import Case
    from rtvol.margins import Lesion, PatientTargets
    from rtvol.report.slices import DrawnOutline


def draw_case(
    folder: Path, case: Case, targets: PatientTargets, organs: Sequence[str]
) -> tuple[Path, ...]:
    """Draw one picture per lesion into `folder`; none where no images lie on its planes.

    Raises
    ------
    ExtraMissing
        matplotlib is not installed.
    OutputRefused
        The folder cannot be written.
    """
    from rtvol import io
    from rtvol.files import new_file
    from rtvol.report.slices import draw_slices, planes_through

    if case.ct is None:
        return ()
    read_image = cache(io.read_image)
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for lesion in targets.lesions:
        images = case.images_in(lesion.ptv.roi.frame)
        if images is None:
            continue
        path = folder / f"{slug(case.name)}-{slug(lesion.gtv.name)}.png"
        with new_file(path, overwrite=True) as temporary:
            draw_slices(
                temporary,
                read_image(images),
                _outlines(case, lesion, organs),
                planes_mm=planes_through(lesion.ptv.roi),
                title=f"{case.name}   {lesion.gtv.name}   {images.patient_position}",
            )
        paths.append(path)
    return tuple(paths)


def _outlines(case: Case, lesion: Lesion, organs: Sequence[str]) -> list[DrawnOutline]:
    """Targets first, for the view is around the first; organs that cut after them."""
    from rtvol.names.find import find_roi
    from rtvol.report.slices import DrawnOutline

    whole = lesion.targets[::-1]
    rois = [find_roi(case.structures, name) for name in organs]
    subjects = [Subject(target.name, NAMES[target.role], is_made=True) for target in whole]
    pens = pens_for([*subjects, *(Subject(roi.name, roi.kind) for roi in rois)])
    labels = [f"{target.name} {target.volume_cc:.1f} cc" for target in whole]
    drawn = zip([*(target.roi for target in whole), *rois], [*labels, *organs], pens, strict=True)
    return [
        DrawnOutline(roi, label, pen.colour, pen.dashes or "-", pen.width)
        for roi, label, pen in drawn
    ]
