"""One call per command, with the numbers the command gives."""

from __future__ import annotations

from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from rtvol import dvh, io, masks
from rtvol.calls.nouns import ReadCase, RegionDose, TargetSet
from rtvol.case import Case
from rtvol.errors import CaseRejected, InputError, UsageError
from rtvol.io import CaseFiles
from rtvol.margins import Derived, Margin
from rtvol.names.expressions import regions_meant
from rtvol.names.regions import region_of
from rtvol.recipe.flags import gaps_of, margins_of, recipe_of_call
from rtvol.recipe.jobs import dvh_job, target_job
from rtvol.structures import Roi
from rtvol.verbs.bench import bench_of
from rtvol.verbs.dose_volume import DEFAULT_SAMPLING
from rtvol.verbs.expand import expand_read
from rtvol.verbs.given_dose import case_dose
from rtvol.verbs.inspect import inspect_case
from rtvol.verbs.target_doses import with_targets
from rtvol.verbs.terms import Terms

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rtvol.geometry import Grid
    from rtvol.io import Found
    from rtvol.io.write import WrittenSet
    from rtvol.margins.recipe import Policy
    from rtvol.masks import PlaneStack
    from rtvol.names.regions import Region
    from rtvol.verbs.inspect import CaseFacts
    from rtvol.volumes import Coverage, Image, Mask

PathText = str | PathLike[str]
#: What a case is taken from: folders or files, the files of one that was found, or itself.
CaseSource = PathText | CaseFiles | Case
#: mm: one number, `"L5,R3,A4,P2,S5,I3"`, or a margin.
MarginText = float | str | Margin
#: Organs and their gaps in mm: `{"Duodenum": 3}`, `"Duodenum:3"`, or several such texts.
Gaps = "Mapping[str, float] | Sequence[str] | str | None"


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


def expand(  # noqa: PLR0913 - each keyword is an option of the command
    case: CaseSource,
    ctv: MarginText,
    ptv: MarginText,
    *,
    gtv: str | Sequence[str] | None = None,
    avoid: Mapping[str, float] | Sequence[str] | str | None = None,
    barrier: Mapping[str, float] | Sequence[str] | str | None = None,
    inside: Mapping[str, float] | Sequence[str] | str | None = None,
    prv: Mapping[str, MarginText] | None = None,
    ptv_from: Literal["ctv", "gtv"] = "ctv",
    policy: Policy = "icru",
    split: bool = False,
    allow_large_margins: bool = False,
    metrics: str | Sequence[str] = (),
    goals: str | Sequence[str] = (),
    prescription_gy: float | None = None,
    fractions: int | None = None,
) -> TargetSet:
    """Grow GTV -> CTV -> PTV, cut back at organs, with doses where the case has a dose.

    Parameters
    ----------
    case
        A case, its files, or the path of its folder.
    ctv, ptv
        GTV -> CTV and CTV -> PTV margins in mm: a number, or "L5,R3,A4,P2,S5,I3".
    gtv
        Names, patterns or numbers (`"#3"`) of what is grown; by default the ROIs of type GTV.
    avoid, barrier, inside
        Organs and their gaps in mm, `{"Duodenum": 3}` or `"Duodenum:3"`: taken out of the PTV; out
        of the CTV before the PTV is grown; what the CTV is kept inside.
    prv
        Organs to grow, and their margins in mm.
    ptv_from, policy, split, allow_large_margins
        As `--ptv-from`, `--policy`, `--split`, `--allow-large-margins` of the command.
    metrics, goals
        As `--metric` and `--goals`; by default D98%, D95%, D50%, D2%, Mean of targets and Mean,
        Max of the organs named.
    prescription_gy, fractions
        Instead of the plan's.

    Returns
    -------
    TargetSet
        `targets["PTV"]`, with `.roi` (contours), `.volume_cc` and the margin achieved.

    Raises
    ------
    UsageError
        `bad-margin`, `large-margin`, `bad-gap`, `bad-metric`: the call cannot be meant.
    CaseRejected
        `roi-not-found` (near names listed), `roi-ambiguous`, `roi-empty`.

    Examples
    --------
    >>> import rtvol
    >>> case = rtvol.read("sample_dicom/patient1")
    >>> targets = rtvol.expand(case, ctv=2, ptv=4, avoid={"Duodenum": 3})
    >>> targets.names
    ('GTV', 'CTV', 'PTV', 'PTV^clip')
    >>> targets["GTV"]
    Derived("GTV", gtv, 14.16 cc, 12 planes)
    """
    asked = recipe_of_call(
        {
            "--ctv": _margin(ctv),
            "--ptv": _margin(ptv),
            "--ptv-from": ptv_from.upper(),
            "--gtv": None if gtv is None else _texts(gtv),
            "--avoid": _gaps("avoid", avoid),
            "--barrier": _gaps("barrier", barrier),
            "--inside": _gaps("inside", inside),
            "--prv": None
            if prv is None
            else margins_of([f"{name}:{_margin(mm)}" for name, mm in prv.items()]),
            "--policy": policy,
            "--split": split,
            "--allow-large-margins": allow_large_margins,
            "--metric": _texts(metrics) or None,
            "--goals": _texts(goals) or None,
            "--prescription": prescription_gy,
            "--fractions": fractions,
        }
    )
    doses = dvh_job(asked)
    job = replace(
        target_job(asked),
        write=(),
        dvh=doses if metrics else replace(doses, metrics=()),
        needs_dose=bool(metrics or goals),
    )
    read_one = read(case)
    result, made = expand_read(read_one, job)
    return TargetSet(read_one, job.recipe, made, result)


def dose_volume(
    case: CaseSource | TargetSet,
    region: str | Roi | Derived,
    *,
    dose: PathText | None = None,
    prescription_gy: float | None = None,
    fractions: int | None = None,
) -> RegionDose:
    """Measure a region in the dose of its case.

    Parameters
    ----------
    case
        A case, its files, its folder; or targets, whose names then count beside the case's.
    region
        A name, a pattern, an expression (`"Liver-GTV"`), a region, or a target.
    dose
        RTDOSE to use where the case has several.
    prescription_gy, fractions
        Instead of the plan's.

    Returns
    -------
    RegionDose
        `["D95%"]`, `.cumulative()`, `.volume_cc`.

    Raises
    ------
    CaseRejected
        `no-dose`, `ambiguous-dose`, `roi-not-found`, or why the region has no solid.

    Examples
    --------
    >>> import rtvol
    >>> gtv = rtvol.dose_volume("sample_dicom/patient1", "GTV")
    >>> gtv
    RegionDose("GTV", 14.16 cc, slab, linear dose)
    >>> round(gtv["D95%"], 1)
    52.5
    >>> rtvol.dose_volume("sample_dicom/patient1", "GVT")
    Traceback (most recent call last):
    rtvol.errors.CaseRejected: ...did you mean "GTV"?...
    """
    if isinstance(case, TargetSet):
        whole: Case = with_targets(case.case, case.made, case.recipe.policy)
    else:
        whole = read(case)
    meant = _region(whole, region)
    given = case_dose(whole, () if dose is None else (Path(dose),))
    bench = bench_of(
        whole, given, DEFAULT_SAMPLING, Terms(prescription_gy=prescription_gy, fractions=fractions)
    )
    bench.measured(meant)
    return RegionDose(bench, meant)


def mask(
    region: str | Roi | Derived | PlaneStack,
    grid: Grid | None = None,
    *,
    case: CaseSource | None = None,
) -> Mask:
    """Return the voxels that a region covers by half or more; for export, not for volumes.

    Parameters
    ----------
    region
        A region, a target, or (with `case`) a name or a pattern.
    grid
        Voxels of the mask; by default those of the case's CT.
    case
        Where a name is looked up. It also tells which slices were not contoured: without it a gap
        in the contours is told from their own spacing.

    Returns
    -------
    Mask
        `.values` (k, j, i) bool, `.grid`, `.to_simpleitk()`.

    Raises
    ------
    UsageError
        `bad-call` for a name without a case, or no grid.
    CaseRejected
        `roi-not-found`, `roi-empty`.

    Examples
    --------
    >>> import rtvol
    >>> case = rtvol.read("sample_dicom/patient1")
    >>> rtvol.mask(case["GTV"], case.ct.grid)
    Mask(47 x 96 x 128 voxels, ... cc)
    """
    whole = None if case is None else read(case)
    if grid is None and whole is not None and whole.ct is not None:
        grid = whole.ct.grid
    if grid is None:
        raise UsageError("bad-call", where="mask", seen="no grid", mend="give case.ct.grid, or case=")
    return masks.fill(_stack(region, whole), grid)


def slab_volume_cc(region: str | Roi | Derived | PlaneStack, *, case: CaseSource | None = None) -> float:
    """Return the volume of a region's slabs in cc: exact polygon area times thickness.

    Parameters as of `mask`.

    Examples
    --------
    >>> import rtvol
    >>> round(rtvol.slab_volume_cc("GTV", case="sample_dicom/patient1"), 2)
    14.16
    """
    return masks.slab_volume_cc(_stack(region, None if case is None else read(case)))


def cover(region: str | Roi | Derived | PlaneStack, grid: Grid, *, case: CaseSource | None = None) -> Coverage:
    """Return the fraction of each voxel's area that lies in a region; parameters as of `mask`."""
    return masks.cover(_stack(region, None if case is None else read(case)), grid)


def write_rtstruct(  # noqa: PLR0913 - each keyword is one attribute of the object
    path: PathText,
    case: CaseSource,
    regions: TargetSet | Iterable[Roi | Derived],
    *,
    label: str = "rtvol",
    name: str = "",
    description: str = "",
    overwrite: bool = False,
) -> WrittenSet:
    """Write regions as a new, unapproved structure set of the case's images.

    Parameters
    ----------
    path
        The file to make, in a folder that exists.
    case
        Whose patient and images it is of.
    regions
        Targets, or regions in the order to be written.
    label, name, description
        Of the structure set: 16, 64 and 1024 characters at most.
    overwrite
        Whether a file that is there already may be replaced.

    Raises
    ------
    CaseRejected
        As `rtvol.io.write_rtstruct`.
    OutputRefused
        `output-exists` or `output-unwritable`.
    """
    rois = [one.roi if isinstance(one, Derived) else one for one in regions]
    said = str(regions.recipe) if isinstance(regions, TargetSet) else "regions written by rtvol"
    return io.write_rtstruct(
        Path(path),
        read(case),
        rois,
        label=label,
        name=name or label,
        description=description or said,
        overwrite=overwrite,
    )


def write_nifti(
    path: PathText, volume: Mask | Image | Coverage, *, overwrite: bool = False
) -> None:
    """Write a mask, an image or a coverage as FILE.nii or FILE.nii.gz, in its place in the patient.

    Raises
    ------
    UsageError
        `bad-file-name`.
    GeometryError
        `irregular-planes`.
    OutputRefused
        `output-exists` or `output-unwritable`.
    """
    io.write_nifti(Path(path), volume, overwrite=overwrite)


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


def _margin(margin: MarginText) -> str:
    if isinstance(margin, Margin):
        return ",".join(f"{letter}{mm!r}" for letter, mm in zip("LRAPSI", margin.six_mm, strict=True))
    return str(margin)


def _texts(texts: str | Sequence[str]) -> list[str]:
    return [texts] if isinstance(texts, str) else list(texts)


def _gaps(kind: str, gaps: Mapping[str, float] | Sequence[str] | str | None) -> dict[str, float] | None:
    if gaps is None:
        return None
    if isinstance(gaps, str):
        return gaps_of(kind, [gaps])
    if hasattr(gaps, "items"):
        return {name: float(gap_mm) for name, gap_mm in gaps.items()}
    return gaps_of(kind, list(gaps))


def _region(case: Case, region: str | Roi | Derived) -> Region:
    if isinstance(region, Derived):
        return region_of(region.roi)
    if isinstance(region, Roi):
        return region_of(region)
    if not isinstance(region, str):
        raise _no_region(region)
    meant = regions_meant(case.structures, region)
    if len(meant) > 1:
        names = ", ".join(one.name for one in meant)
        raise CaseRejected(
            "roi-ambiguous", where=f'"{region}"', seen=names, mend="give one name, or A+B"
        )
    return meant[0]


def _stack(region: str | Roi | Derived | PlaneStack, case: ReadCase | None) -> PlaneStack:
    if isinstance(region, masks.PlaneStack):
        return region
    if isinstance(region, str):
        if case is None:
            mend = "give the region, case[NAME], or the case too: case=..."
            raise UsageError("bad-call", where=region, seen="a name without a case", mend=mend)
        region = case[region]
    roi = region.roi if isinstance(region, Derived) else region
    if not isinstance(roi, Roi):
        raise _no_region(region)
    stack, _ = masks.stack_planes(roi, images_mm=None if case is None else case.images_mm)
    return stack


def _no_region(region: object) -> UsageError:
    return UsageError(
        "bad-call",
        where="region",
        seen=f"{type(region).__name__} where a region is meant",
        mend='give a name, case["Liver"], or targets["PTV"]',
    )
