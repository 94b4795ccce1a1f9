"""`rtvol export`: structures and doses as files of other programs."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from rtvol.cli.layout import Prose
from rtvol.cli.options import (
    DEFAULT_LOUDNESS,
    DEFAULT_RUN,
    Loudness,
    Names,
    Paths,
    RunFlags,
    Switch,
)
from rtvol.cli.screen import clean, indent, table, volume

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rtvol.cli.screen import Part
    from rtvol.tables.rows import CaseResult
    from rtvol.verbs.export import ExportJob


@Parameter(name="*")
@dataclass(frozen=True)
class ExportFlags:
    """What to write.

    Attributes
    ----------
    format
        seg: DICOM segmentation of the images (extra seg); nifti, nrrd: masks on the voxels of the
        images; stl, obj: surfaces in patient LPS mm; rtdose: the dose as RTDOSE, with the DVHs of
        the structures in it.
    output
        Folder for the results: DIR/<case>/<structure>.<ending>.
    roi
        ROI name, number (#3), pattern (GTV*) or expression (Liver-GTV), as often as wanted; all by
        default.
    solid
        What contours are read as: slab (right prisms) or loft (the surface between the contours).
        By default slab on voxels, loft as surface.
    fractional
        Masks hold the coverage of each voxel (SEG: FRACTIONAL, OCCUPANCY), 0 to 1; without it 1
        where a voxel is covered by half or more.
    overwrite
        Replace the files when they exist.
    """

    format: Literal["seg", "nifti", "nrrd", "stl", "obj", "rtdose"]
    output: Annotated[Path, Parameter(name=["--output", "-o"])]
    roi: Names = None
    solid: Literal["slab", "loft"] | None = None
    fractional: Annotated[bool, Switch] = False
    overwrite: Annotated[bool, Switch] = False


@Parameter(name="*")
@dataclass(frozen=True)
class ExportDoseFlags:
    """Which dose to write.

    Attributes
    ----------
    dose
        Write the dose too, in Gy on the voxels of the CT (NIfTI, or NRRD with nrrd).
    dose_file
        RTDOSE to take where a case has several; repeat it to add doses.
    sum
        Add doses in Gy: all plans of the case, or those named with --dose-file.
    """

    dose: Annotated[bool, Switch] = False
    dose_file: Annotated[list[Path] | None, Parameter(negative="", show_default=False)] = None
    sum: Literal["physical"] | None = None


DEFAULT_DOSES = ExportDoseFlags()


def export(
    *paths: Paths,
    what: ExportFlags,
    which: ExportDoseFlags = DEFAULT_DOSES,
    run: RunFlags = DEFAULT_RUN,
    loudness: Loudness = DEFAULT_LOUDNESS,
) -> int:
    """Structures as SEG, NIfTI, NRRD, STL or OBJ; doses as NIfTI or RTDOSE.

    Each file lies where the patient does, in its format's own way. The table shows the volume of
    each structure, and the one that was written.

    For example:
        rtvol export exports/case1 -o out --format nifti --roi "GTV*" --dose
        rtvol export exports/case1 -o out --format stl --roi PTV
        rtvol export exports/case1 -o out --format rtdose --sum physical
    """
    from rtvol.cli import extras, facts, gather, kernels, screen
    from rtvol.files import write_text
    from rtvol.tables.document import document_json, result_document
    from rtvol.verbs.export import export_case
    from rtvol.verbs.export_doses import OBJECT_NAME
    from rtvol.verbs.output import case_folders, discard_listed, refuse_document

    job = job_of(what, which)
    if what.format == "seg":
        extras.require("seg", "rtvol export --format seg")
    document_path = what.output / f"export-{what.format}.json"
    cases = gather.gather(paths, loudness, pseudonymise=run.pseudonymise, rtstruct=run.rtstruct)
    folders = case_folders(what.output, cases.names)
    refuse_document(document_path, overwrite=what.overwrite)
    kernels.note_first_call("dose", loudness)
    if what.overwrite:
        discard_listed(document_path, folders, [OBJECT_NAME] if what.format == "rtdose" else [])
    job = replace(job, folders=folders)
    done = gather.work_through(cases, export_case, job, jobs=run.jobs, loudness=loudness)
    fates = facts.file_entries(done, cases)
    document = result_document(done, files=fates)
    if any(result.status != "reject" for result in done):
        write_text(document_path, document_json(document) + "\n", overwrite=what.overwrite)
    if run.json:
        screen.show_json(document)
    else:
        for result in done:
            screen.show(*_page(result))
            if result.status != "reject":
                screen.tell(f"wrote {folders[result.case]}")
    return facts.finish(done, fates, loudness)


def job_of(what: ExportFlags, which: ExportDoseFlags) -> "ExportJob":
    """Return the job a call asks for.

    Raises
    ------
    UsageError
        `bad-call` for flags that would do nothing.
    """
    from rtvol.verbs.export import ExportJob, asked_job

    job = ExportJob(
        format=what.format,
        folders={},
        rois=tuple(what.roi or ()),
        solid=what.solid,
        fractional=what.fractional,
        overwrite=what.overwrite,
    )
    return asked_job(job, dose=which.dose, dose_files=which.dose_file or (), add=which.sum)


def _page(result: "CaseResult") -> "Sequence[Part]":
    from rtvol.cli.results import head_line, note_lines

    head = Prose(head_line(result))
    if not result.structures:
        return [head]
    grid = table("structure", "cc", "written cc", "solid", "file", numbers=("cc", "written cc"))
    for row in result.structures:
        written = volume(row.volume.written_cc)
        solid = row.volume.solid
        grid.add_row(clean(row.name), volume(row.volume.cc), written, solid, row.mask_name or "-")
    return [head, indent(grid), *note_lines(result)]
