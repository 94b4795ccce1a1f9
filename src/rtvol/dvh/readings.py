"""One structure in one dose: its DVH, and the range other readings of its contours give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rtvol.dvh.compare import compare_dvh
from rtvol.dvh.sampling import dose_volume, usual_step_mm
from rtvol.errors import CaseRejected
from rtvol.solids.reading import Reading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from rtvol.case import StoredDvh
    from rtvol.dvh import DVH, MetricValue
    from rtvol.dvh.compare import Difference
    from rtvol.dvh.curve import Interpolation
    from rtvol.dvh.metrics import Outside
    from rtvol.solids.planes import PlaneStack
    from rtvol.solids.reading import SolidName
    from rtvol.volumes import Dose

#: Readings the range spans over, and the likely ones behind a stored DVH: ends within half a
#: spacing, within nothing (Eclipse), within 1.5 mm (ProKnow), on either solid.
CAPS_MM = (0.0, float("inf"))
STORED_READINGS = (
    Reading("slab", 0.0),
    Reading("slab", 1.5),
    Reading("loft"),
    Reading("loft", 0.0),
)
DEFAULT_READING = Reading()
#: A finer sampling, which belongs to the range, takes steps this many times smaller.
FINER = 2


@dataclass(frozen=True)
class Sampling:
    """How structures are measured.

    Attributes
    ----------
    reading
        Solid and ends.
    interpolation
        Of the dose.
    with_range
        Whether metrics come with the span over the solids, the ends and a finer sampling.
    with_curves
        Whether rows carry the histogram.
    with_stored
        Whether rows carry the comparison with what the planning system stored.
    outside
        What is given of a structure that lies in part outside the dose grid.
    with_space
        Whether rows carry the histograms of distance and of surface.
    shift_mm
        Length of a shift that metrics are given the worst and best of; 0 for none.
    """

    reading: Reading = DEFAULT_READING
    interpolation: Interpolation = "linear"
    with_range: bool = False
    with_curves: bool = False
    with_stored: bool = False
    outside: Outside = "null"
    with_space: bool = False
    shift_mm: float = 0.0


def measure(
    body: PlaneStack, dose: Dose, sampling: Sampling, *, step_mm: float | None = None
) -> DVH:
    """Return the DVH of a solid as `sampling` takes it: the one place that uses its options."""
    return dose_volume(body, dose, step_mm=step_mm, interpolation=sampling.interpolation)


def metric_range(
    body_of: Callable[[Reading], PlaneStack],
    dose: Dose,
    sampling: Sampling,
    read: Callable[[DVH], Mapping[str, MetricValue]],
) -> dict[str, tuple[float, float]]:
    """Return lowest and highest value of each metric (and of `Volume[cc]`) over all readings.

    Slab and loft, each with and without end caps, and the reading asked for at half the sampling
    step; `read` gives the metrics of one distribution. A reading that gives no number adds
    nothing; a metric without any is left out.
    """
    found: dict[str, list[float]] = {}
    for dvh in _readings(body_of, dose, sampling):
        values = {key: read_value.value for key, read_value in read(dvh).items()}
        for key, value in {**values, "Volume[cc]": dvh.volume_cc}.items():
            if value is not None:
                found.setdefault(key, []).append(value)
    return {key: (min(values), max(values)) for key, values in found.items()}


def _readings(
    body_of: Callable[[Reading], PlaneStack], dose: Dose, sampling: Sampling
) -> Iterator[DVH]:
    solids: tuple[SolidName, ...] = ("slab", "loft")
    asked = sampling.reading
    others = [Reading(solid, caps) for solid in solids for caps in CAPS_MM]
    for reading in [asked, *(other for other in others if other != asked)]:
        try:
            body = body_of(reading)
        except CaseRejected:
            continue  # one plane without caps has no volume: no reading of it
        dvh = measure(body, dose, sampling)
        yield dvh
        if reading == asked:
            step_mm = usual_step_mm(dvh.volume_cc) / FINER
            yield measure(body, dose, sampling, step_mm=step_mm)


def compare_structure(
    dvh: DVH,
    stored: StoredDvh | None,
    body_of: Callable[[Reading], PlaneStack],
    dose: Dose,
    sampling: Sampling,
    *,
    roi_volume_cc: float | None = None,
) -> tuple[Difference, ...]:
    """Compare a DVH with the stored one; differences are tried against other readings."""

    def readings() -> Iterator[tuple[str, DVH]]:
        for reading in STORED_READINGS:
            if reading != sampling.reading:
                try:
                    body = body_of(reading)
                except CaseRejected:
                    continue
                yield str(reading), measure(body, dose, sampling)

    return compare_dvh(dvh, stored, roi_volume_cc=roi_volume_cc, readings=readings())
