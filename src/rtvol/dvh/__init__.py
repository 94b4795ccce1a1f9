"""Doses in structures: contour stack + dose -> DVH -> metrics; BED of a prescription.

PlaneStack + Dose --dose_volume--> DVH --evaluate(parse_metric("D95%"))--> MetricValue
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

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

_HOMES = {
    "DVH": "curve",
    "Metric": "metrics",
    "MetricValue": "metrics",
    "bed_gy": "bed",
    "dose_volume": "sampling",
    "eqd2_gy": "bed",
    "evaluate": "metrics",
    "parse_metric": "metrics",
}


def __getattr__(name: str) -> object:
    """Import the module that holds `name` on first use, and keep what was found."""
    if name not in _HOMES:
        raise AttributeError(f"module 'rtvol.dvh' has no attribute {name!r}")
    found: object = getattr(import_module(f"rtvol.dvh.{_HOMES[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    """List the public names, imported or not."""
    return sorted(__all__)
