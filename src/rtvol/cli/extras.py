"""What each extra of the package is for, and whether it is installed."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from rtvol.cli.screen import tell
from rtvol.errors import ExtraMissing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rtvol.cli.options import Loudness

#: Modules by extra, as pyproject.toml has their packages.
MODULES: dict[str, tuple[str, ...]] = {
    "report": ("matplotlib", "jinja2"),
    "outcomes": ("scipy", "matplotlib", "jinja2", "docx", "openpyxl", "pyreadstat", "polars"),
    "cluster": ("distributed", "dask_jobqueue"),
    "rt-utils": ("rt_utils",),
    "net": ("pynetdicom",),
    "seg": ("highdicom",),
}
PURPOSES = {
    "report": "pages and pictures",
    "outcomes": "rtvol outcomes",
    "cluster": "rtvol run --executor dask",
    "rt-utils": "scripts that hold an RTStruct",
    "net": "rtvol receive, rtvol send",
    "seg": "segmentation objects",
}


def missing_modules(extra: str) -> tuple[str, ...]:
    """Return the modules of an extra that are not installed; none is imported."""
    return tuple(name for name in MODULES[extra] if find_spec(name) is None)


def missing_extras(extras: Sequence[str]) -> tuple[str, ...]:
    """Return those extras of which something is not installed."""
    return tuple(extra for extra in extras if missing_modules(extra))


def tell_missing(wanted: Mapping[str, str], loudness: Loudness) -> tuple[str, ...]:
    """Say before any work what is left out for want of extras, and return these extras.

    Parameters
    ----------
    wanted
        What is made with each extra, by its name.
    loudness
        Nothing is said if quiet.
    """
    absent = missing_extras(tuple(wanted))
    if absent and not loudness.quiet:
        left = " and ".join(wanted[name] for name in absent)
        tell(f"note: without {left}; for them: {install_line(absent)}")
    return absent


def need(extra: str, modules: Sequence[str]) -> None:
    """Say before any work that modules of an extra are missing.

    Raises
    ------
    ExtraMissing
        `extra-missing`.
    """
    absent = [name for name in modules if find_spec(name) is None]
    if absent:
        seen = f"{' and '.join(absent)} not installed"
        mend = install_line((extra,))
        raise ExtraMissing("extra-missing", where=PURPOSES[extra], seen=seen, mend=mend)


def install_line(extras: Sequence[str]) -> str:
    """Return the line that installs extras."""
    return f'pip install "rtvol[{",".join(extras)}]"'


def require(extra: str, what: str) -> None:
    """Make sure that an extra is installed before any work is done.

    Raises
    ------
    ExtraMissing
        `extra-missing`.
    """
    absent = missing_modules(extra)
    if absent:
        raise ExtraMissing(
            "extra-missing",
            where=what,
            seen=f"not installed: {', '.join(absent)}",
            mend=install_line([extra]),
        )
