"""Figures of an outcome analysis (matplotlib): SVG and PNG, the same bytes each run."""
