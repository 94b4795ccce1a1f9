"""Figures of an outcome analysis (matplotlib, extra `outcomes`): SVG and PNG, the same bytes each run."""
