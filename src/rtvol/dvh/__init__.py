"""Doses in structures: contour stack + dose -> DVH -> metrics; BED of a prescription.

PlaneStack + Dose --dose_volume--> DVH --evaluate(parse_metric("D95%"))--> MetricValue
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from rtvol.dvh.bed import Survival, as_effect, bed_gy, effect_gy, eqd2_gy
    from rtvol.dvh.curve import DVH
    from rtvol.dvh.grammar import Metric, parse_metric, parse_metrics
    from rtvol.dvh.indices import Field, Target, index_value
    from rtvol.dvh.isodose import Isodose, measure_isodose
    from rtvol.dvh.metrics import MetricValue, evaluate
    from rtvol.dvh.sampling import dose_volume

__all__ = [
    "DVH",
    "Field",
    "Isodose",
    "Metric",
    "MetricValue",
    "Survival",
    "Target",
    "as_effect",
    "bed_gy",
    "dose_volume",
    "effect_gy",
    "eqd2_gy",
    "evaluate",
    "index_value",
    "measure_isodose",
    "parse_metric",
    "parse_metrics",
]

__getattr__, __dir__, _ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "bed": ["Survival", "as_effect", "bed_gy", "effect_gy", "eqd2_gy"],
        "curve": ["DVH"],
        "grammar": ["Metric", "parse_metric", "parse_metrics"],
        "indices": ["Field", "Target", "index_value"],
        "isodose": ["Isodose", "measure_isodose"],
        "metrics": ["MetricValue", "evaluate"],
        "sampling": ["dose_volume"],
    },
)
