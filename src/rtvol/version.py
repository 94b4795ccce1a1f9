"""The version of rtvol, in a place that everything may read."""

__version__ = "0.4.0"
