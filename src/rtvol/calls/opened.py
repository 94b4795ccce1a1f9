"""Where a case is taken from: paths, files that were found, or the case itself."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from rtvol import io
from rtvol.calls.nouns import ReadCase
from rtvol.case import Case
from rtvol.errors import InputError, UsageError
from rtvol.io import CaseFiles
from rtvol.verbs.inspect import inspect_case

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rtvol.io import Found
    from rtvol.verbs.inspect import CaseFacts

PathText = str | PathLike[str]
#: What a case is taken from: folders or files, the files of one that was found, or itself.
CaseSource = PathText | CaseFiles | Case


def find(*paths: PathText | Sequence[PathText], rtstruct: str = "") -> Found:
    """Find the cases below folders and files, by what their headers say.

    Parameters
    ----------
    *paths
        Folders or files, in any number.
    rtstruct
        Label or file name of the structure set to use where several were drawn on the same images.

    Returns
    -------
    Found
        `cases`, each of which `rtvol.read` takes, and what became of every file.

    Raises
    ------
    InputError
        `path-not-found`, `no-dicom`, `no-rtstruct`.

    Examples
    --------
    >>> import rtvol
    >>> len(rtvol.find("sample_dicom").cases)
    3
    """
    given = [one for path in paths for one in _several(path)]
    if not given:
        raise UsageError("bad-call", seen="no path given", mend='rtvol.find("exports")')
    return io.find([Path(path) for path in given], rtstruct=rtstruct)


def read(*source: CaseSource, rtstruct: str = "") -> ReadCase:
    """Read one case: everything but pixels and dose samples, which are read where they are needed.

    Parameters
    ----------
    *source
        Folders or files of one case, one of `rtvol.find(tree).cases`, or a case.
    rtstruct
        Label or file name of the structure set to use where several were drawn on the same images.

    Returns
    -------
    ReadCase
        `case["Liver"]` is a region; `case.ct`, `case.doses`, `case.plan`, `case.findings`.

    Raises
    ------
    InputError
        `path-not-found`, `no-dicom`, `no-rtstruct`, or `several-cases` where there is more than
        one.
    CaseRejected
        Why the case gives no number.

    Examples
    --------
    >>> import rtvol
    >>> case = rtvol.read("sample_dicom/patient1")
    >>> case
    Case(9 ROIs, CT 47 planes, 1 dose, 45 Gy in 3 fractions)
    >>> case["Liv*"].name
    'Liver'
    """
    if len(source) == 1 and isinstance(source[0], Case):
        return ReadCase.of(source[0])
    if len(source) == 1 and isinstance(source[0], CaseFiles):
        return ReadCase.of(io.read_case(source[0]))
    cases = find(*(_path(one) for one in source), rtstruct=rtstruct).cases
    if len(cases) > 1:
        raise InputError(
            "several-cases",
            seen=f"{len(cases)} cases",
            mend="read each: [rtvol.read(one) for one in rtvol.find(tree).cases]",
        )
    return ReadCase.of(io.read_case(cases[0]))


def inspect(*paths: PathText, rtstruct: str = "") -> tuple[CaseFacts, ...]:
    """Describe cases as `rtvol inspect` does: regions with volumes, doses, plan, findings.

    Raises
    ------
    InputError
        As `find`.

    Examples
    --------
    >>> import rtvol
    >>> facts, = rtvol.inspect("sample_dicom/patient1")
    >>> facts.gtvs, facts.prescription_gy
    (('GTV',), 45.0)
    """
    return tuple(inspect_case(files) for files in find(*paths, rtstruct=rtstruct).cases)


def _several(path: PathText | Sequence[PathText]) -> Sequence[PathText]:
    return [path] if isinstance(path, str | PathLike) else path


def _path(source: CaseSource) -> PathText:
    if isinstance(source, str | PathLike):
        return source
    raise UsageError(
        "bad-call",
        where="case",
        seen=f"{type(source).__name__} where a case is meant",
        mend="give the path of its folder, one of rtvol.find(tree).cases, or a case",
    )


#: The name that `read` had before it took paths.
read_case = read
