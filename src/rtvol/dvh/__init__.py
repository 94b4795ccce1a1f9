"""Doses in structures: contour stack + dose -> DVH -> metrics; BED of a prescription.

PlaneStack + Dose --dose_volume--> DVH --evaluate(parse_metric("D95%"))--> MetricValue
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from rtvol.dvh.bed import bed_gy, eqd2_gy
    from rtvol.dvh.curve import DVH
    from rtvol.dvh.metrics import Metric, MetricValue, evaluate, parse_metric
    from rtvol.dvh.sampling import dose_volume

__all__ = [
    "DVH",
    "Metric",
    "MetricValue",
    "bed_gy",
    "dose_volume",
    "eqd2_gy",
    "evaluate",
    "parse_metric",
]

__getattr__, __dir__, _ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "bed": ["bed_gy", "eqd2_gy"],
        "curve": ["DVH"],
        "metrics": ["Metric", "MetricValue", "evaluate", "parse_metric"],
        "sampling": ["dose_volume"],
    },
)
