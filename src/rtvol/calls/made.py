"""Targets, their doses, and rows of both: the numbers that the commands give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from rtvol import dvh
from rtvol.calls.derived import DerivedSet
from rtvol.calls.nouns import SHOWN_METRICS, RegionDose, TargetSet
from rtvol.calls.opened import CaseSource, PathText, read
from rtvol.calls.regions_given import no_region
from rtvol.errors import CaseRejected, UsageError
from rtvol.margins import Derived, Margin
from rtvol.names.expressions import regions_meant
from rtvol.names.regions import region_of
from rtvol.recipe.flags import gaps_of, margins_of, recipe_of_call
from rtvol.recipe.jobs import dvh_job, target_job
from rtvol.structures import Roi
from rtvol.tables.rows import CaseResult
from rtvol.tables.structure_table import structures_table
from rtvol.verbs.bench import bench_of
from rtvol.verbs.dose_volume import DEFAULT_SAMPLING, with_dose
from rtvol.verbs.expand import expand_read
from rtvol.verbs.given_dose import case_dose
from rtvol.verbs.region_rows import region_row
from rtvol.verbs.target_doses import with_targets
from rtvol.verbs.terms import Terms

if TYPE_CHECKING:
    import pyarrow as pa

    from rtvol.case import Case
    from rtvol.margins.recipe import Policy
    from rtvol.names.regions import Region
    from rtvol.tables.rows import StructureRow

#: mm: one number, `"L5,R3,A4,P2,S5,I3"`, or a margin.
MarginText = float | str | Margin
#: Organs and their gaps in mm: `{"Duodenum": 3}`, `"Duodenum:3"`, or several such texts.
GapTexts = Mapping[str, float] | Sequence[str] | str | None


def expand(  # noqa: PLR0913 - each keyword is an option of the command
    case: CaseSource,
    ctv: MarginText,
    ptv: MarginText,
    *,
    gtv: str | Sequence[str] | None = None,
    itv: str | Sequence[str] | None = None,
    avoid: GapTexts = None,
    barrier: GapTexts = None,
    inside: GapTexts = None,
    prv: Mapping[str, MarginText] | None = None,
    ptv_from: Literal["ctv", "gtv"] = "ctv",
    policy: Policy = "icru",
    split: bool = False,
    allow_large_margins: bool = False,
    names: Mapping[str, str] | None = None,
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
    itv
        Names or patterns of the GTVs of several phases in this case, joined into one internal GTV.
    avoid, barrier, inside
        Organs and their gaps in mm, `{"Duodenum": 3}` or `"Duodenum:3"`: taken out of the PTV; out
        of the CTV before the PTV is grown; what the CTV is kept inside.
    prv
        Organs to grow, and their margins in mm.
    ptv_from, policy, split, allow_large_margins
        As `--ptv-from`, `--policy`, `--split`, `--allow-large-margins` of the command.
    names
        What targets are called: `{"ptv": "PTV_4800"}`; the roles are ctv, ptv, ptv_clip.
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
            "--itv": None if itv is None else _texts(itv),
            "--avoid": _gaps("avoid", avoid),
            "--barrier": _gaps("barrier", barrier),
            "--inside": _gaps("inside", inside),
            "--prv": None
            if prv is None
            else margins_of([f"{name}:{_margin(mm)}" for name, mm in prv.items()]),
            "--policy": policy,
            "--split": split,
            "--allow-large-margins": allow_large_margins,
            "--name": None if names is None else dict(names),
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
    case: CaseSource | TargetSet | DerivedSet,
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
        A case, its files, its folder; or targets or derived structures, whose names then count
        beside the case's.
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
    elif isinstance(case, DerivedSet):
        whole = case.whole
    else:
        whole = read(case)
    meant = _region(whole, region)
    given = case_dose(whole, () if dose is None else (Path(dose),))
    bench = bench_of(
        whole, given, DEFAULT_SAMPLING, Terms(prescription_gy=prescription_gy, fractions=fractions)
    )
    bench.measured(meant)
    return RegionDose(bench, meant)


def rows(*results: TargetSet | DerivedSet | RegionDose) -> pa.Table:
    """Return one row per structure, as the table the command writes: units stand in its fields.

    Parameters
    ----------
    *results
        Targets, derived structures and doses, in the order wanted. Doses of a target that is here
        too join its row.

    Returns
    -------
    pyarrow.Table
        `pandas.DataFrame.from_arrow(table)`, `polars.from_arrow(table)` and `table.to_pandas()`
        take it as it is.

    Examples
    --------
    >>> import rtvol
    >>> case = rtvol.read("sample_dicom/patient1")
    >>> table = rtvol.rows(rtvol.dose_volume(case, "Liver-GTV"))
    >>> table.column("name").to_pylist(), table.num_rows
    (['Liver-GTV'], 1)
    """
    found: dict[str, StructureRow] = {}
    case = ""
    for result in results:
        if isinstance(result, TargetSet | DerivedSet):
            found |= {row.name: row for row in result.result.structures}
            case = result.case.name
        elif isinstance(result, RegionDose):
            row, _ = region_row(result.bench, result.region, dvh.parse_metrics(SHOWN_METRICS), {})
            here = found.get(row.name)
            found[row.name] = row if here is None else with_dose(here, row)
            case = result.bench.case.name
        else:
            raise UsageError(
                "bad-call",
                where="rows",
                seen=f"{type(result).__name__} where targets or doses are meant",
                mend="give what rtvol.expand or rtvol.dose_volume returned",
            )
    return structures_table([CaseResult.of(case, (), structures=found.values())])


def _margin(margin: MarginText) -> str:
    if isinstance(margin, Margin):
        return ",".join(
            f"{letter}{mm!r}" for letter, mm in zip("LRAPSI", margin.six_mm, strict=True)
        )
    return str(margin)


def _texts(texts: str | Sequence[str]) -> list[str]:
    return [texts] if isinstance(texts, str) else list(texts)


def _gaps(
    kind: str, gaps: Mapping[str, float] | Sequence[str] | str | None
) -> dict[str, float] | None:
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
        raise no_region(region)
    meant = regions_meant(case.structures, region)
    if len(meant) > 1:
        names = ", ".join(one.name for one in meant)
        raise CaseRejected(
            "roi-ambiguous", where=f'"{region}"', seen=names, mend="give one name, or A+B"
        )
    return meant[0]
