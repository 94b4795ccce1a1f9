"""Structures and doses as files of other programs, as a call: what `rtvol export` writes."""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from rtvol.calls.derived import DerivedSet
from rtvol.calls.nouns import TargetSet, html_table
from rtvol.calls.opened import CaseSource, PathText, read
from rtvol.verbs.export import ENDINGS, ExportJob, asked_job, export_read
from rtvol.verbs.export_doses import DOSE_NAME, OBJECT_NAME
from rtvol.verbs.target_doses import with_targets

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rtvol.case import Case
    from rtvol.dvh.sums import Sum
    from rtvol.errors import Finding
    from rtvol.solids.reading import SolidName
    from rtvol.tables.rows import CaseResult
    from rtvol.verbs.export import Format


@dataclass(frozen=True, eq=False)
class ExportedFiles:
    """The files that were written: `files["PTV"]`, all of them in order by iteration.

    Attributes
    ----------
    folder
        Where they are.
    dose_file
        The file of the dose; None where none was asked for.
    result
        Rows as the command gives them: the volume of each structure, and the one written.
    """

    folder: Path
    dose_file: Path | None
    result: CaseResult

    def __getitem__(self, name: str) -> Path:
        """Return the file of a structure by its name."""
        return self.by_name[name]

    def __iter__(self) -> Iterator[Path]:
        yield from self.by_name.values()
        if self.dose_file is not None:
            yield self.dose_file

    @property
    def by_name(self) -> dict[str, Path]:
        """Files by the names of their structures."""
        rows = self.result.structures
        return {row.name: self.folder / row.mask_name for row in rows if row.mask_name}

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was noticed."""
        return self.result.findings

    def __repr__(self) -> str:
        count = len(list(self))
        return f"ExportedFiles({count} file{'s' * (count != 1)})"

    def _repr_html_(self) -> str:
        rows = [
            (row.name, _cc(row.volume.cc), _cc(row.volume.written_cc), row.mask_name or "-")
            for row in self.result.structures
        ]
        return html_table(repr(self), ("structure", "cc", "written cc", "file"), rows)


def export(  # noqa: PLR0913 - each keyword is an option of the command
    case: CaseSource | TargetSet | DerivedSet,
    folder: PathText,
    format: Format,  # noqa: A002 - named like the option
    *,
    rois: str | Sequence[str] | None = None,
    solid: SolidName | None = None,
    fractional: bool = False,
    dose: bool = False,
    dose_files: PathText | Sequence[PathText] = (),
    sum: Literal["physical"] | None = None,  # noqa: A002 - named like the option
    overwrite: bool = False,
) -> ExportedFiles:
    """Write structures as SEG, NIfTI, NRRD, STL or OBJ; doses as NIfTI, NRRD or RTDOSE.

    Parameters
    ----------
    case
        A case, its files, its folder; or targets or derived structures, which are then written.
    folder
        Where to write; made when it is not there.
    format
        "seg", "nifti", "nrrd", "stl", "obj": one file for each structure; "rtdose": one of the
        dose, with the DVHs of the structures.
    rois
        Names, patterns or expressions; by default all drawn regions, or the targets given.
    solid
        "slab" or "loft"; by default slabs on voxels, the loft as a surface.
    fractional
        Whether masks hold the coverage of each voxel, not those covered by half or more.
    dose
        Whether the dose is written too, in Gy on the voxels of the CT.
    dose_files, sum
        RTDOSE to take where the case has several; "physical" adds doses in Gy.
    overwrite
        Whether files that are there already may be replaced.

    Returns
    -------
    ExportedFiles
        `files["GTV"]`, a path; `.result` has the volume of each and the one written.

    Raises
    ------
    UsageError
        `bad-call` for an option that would do nothing.
    CaseRejected, GeometryError
        Nothing can be written: `no-ct`, `roi-not-found`, `no-dose`, `ambiguous-dose`.
    ExtraMissing
        `extra-missing`: "seg" without highdicom.
    OutputRefused
        `output-exists` or `output-unwritable`.

    Examples
    --------
    >>> import rtvol, tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> files = rtvol.export("sample_dicom/patient1", folder.name, "stl", rois="GTV")
    >>> files["GTV"].name, files
    ('GTV.stl', ExportedFiles(1 file))
    >>> row, = files.result.structures
    >>> round(row.volume.written_cc, 1)
    14.1
    >>> folder.cleanup()
    """
    whole, names = _meant(case)
    texts = names if rois is None else (rois,) if isinstance(rois, str) else tuple(rois)
    many = (dose_files,) if isinstance(dose_files, str | PathLike) else tuple(dose_files)
    target = Path(folder)
    job = ExportJob(
        format=format,
        folders={whole.name: target},
        rois=texts,
        solid=solid,
        fractional=fractional,
        overwrite=overwrite,
    )
    add: Sum | None = sum
    job = asked_job(job, dose=dose, dose_files=[Path(one) for one in many], add=add)
    result = export_read(whole, job)
    return ExportedFiles(target, _dose_file(job), result)


def _meant(case: CaseSource | TargetSet | DerivedSet) -> tuple[Case, tuple[str, ...]]:
    """Return the case, with what was made of it, and which of its regions are meant."""
    if isinstance(case, TargetSet):
        return with_targets(case.case, case.made, case.recipe.policy), tuple(case.names)
    if isinstance(case, DerivedSet):
        return case.whole, case.names
    return read(case), ()


def _dose_file(job: ExportJob) -> Path | None:
    (folder,) = job.folders.values()
    if job.dose is None:
        return None
    if job.format == "rtdose":
        return folder / OBJECT_NAME
    return folder / f"{DOSE_NAME}{ENDINGS['nrrd' if job.format == 'nrrd' else 'nifti']}"


def _cc(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
