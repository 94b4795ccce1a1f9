"""What the numbers of a case mean, as its page and its record say it."""

from __future__ import annotations


def meanings(*, is_turned: bool, is_lofted: bool) -> list[str]:
    """Return a sentence or two for each kind of number and of outline.

    Parameters
    ----------
    is_turned
        The planes shown are not those of the patient.
    is_lofted
        Grown targets are cut as the surface between their contours, for they were made before.
    """
    planes = (
        "Outlines in plane are the contours as written; those along rows and columns cut the solid"
        if is_turned
        else "Axial outlines are the contours as written. Coronal and sagittal ones cut the solid"
    )
    solids = (
        "the surface between the contours (loft), of targets too, which were grown before."
        if is_lofted
        else "of grown targets as it was grown, of contours the surface between them (loft)."
    )
    volume = (
        "Volume: of contours as drawn, the slab (exact polygon area times slice thickness, half a "
        "spacing at each end); of grown targets, the solid itself before it is cut into contours."
    )
    reached = (
        "Margins achieved: distances from the surface of the parent (GTV for CTV, CTV for PTV) to "
        "the surface of the target, over all of it and towards each patient direction."
    )
    pictures = (
        "On the pictures HU are rounded to 2.5 HU in soft tissue and more coarsely in air and "
        "bone, doses to a 65 000th of the highest in view."
    )
    return [
        volume,
        "Written: the contours as written, read back by the slab rule: as planning systems do.",
        reached,
        "Lost: what each organ, grown by its gap, took in the stated order; the GTV is never cut.",
        f"{planes}: {solids}",
        "Doses: trilinear between the stored samples; curves in % of the part inside the grid.",
        pictures,
    ]
