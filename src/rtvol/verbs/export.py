"""One case from files to files of other programs: masks, surfaces, segmentations, doses."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from rtvol import _kernels, codes, io, solids
from rtvol.errors import (
    CaseRejected,
    Finding,
    GeometryError,
    RtvolError,
    UsageError,
    keep_noticed,
)
from rtvol.files import slugs
from rtvol.geometry import plane_thickness_mm
from rtvol.names.regions import shape_of
from rtvol.solids.mesh import mesh_of
from rtvol.solids.reading import Reading
from rtvol.tables.rows import CaseResult, StructureRow, VolumePart
from rtvol.verbs.export_doses import DoseAsked, write_case_dose, write_dose_object
from rtvol.verbs.given_dose import still_asked
from rtvol.verbs.grounds import case_ground
from rtvol.verbs.output import case_files
from rtvol.verbs.region_rows import NOTHING, chosen_regions
from rtvol.volumes import Mask

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from rtvol.case import Case, ImageSeries
    from rtvol.dvh.sums import Sum
    from rtvol.io import CaseFiles
    from rtvol.names.regions import Region, Shape, Stacking
    from rtvol.solids import PlaneStack
    from rtvol.solids.mesh import Mesh
    from rtvol.solids.reading import SolidName

Format = Literal["seg", "nifti", "nrrd", "stl", "obj", "rtdose"]
#: How the files of a format end.
ENDINGS: dict[Format, str] = {
    "seg": ".seg.dcm",
    "nifti": ".nii.gz",
    "nrrd": ".nrrd",
    "stl": ".stl",
    "obj": ".obj",
    "rtdose": ".dcm",
}
SURFACES = frozenset({"stl", "obj"})
#: What is written has the volume of the structure to this part, or it is said.
OFF_VOLUME = 0.05


@dataclass(frozen=True)
class ExportJob:
    """What to write of every case of a run.

    Attributes
    ----------
    format
        Of the files: one for each region, but for "rtdose", which is one of the dose.
    folders
        Output folder of each case by the case's name.
    rois
        Names, patterns or expressions; empty for all drawn regions.
    solid
        What contours are read as; None for the usual: slabs on voxels, the loft as a surface.
    fractional
        Whether masks hold the coverage of each voxel, not those covered by half or more.
    dose
        Which dose to write too; None for none.
    overwrite
        Whether files that are there already may be replaced.
    """

    format: Format
    folders: Mapping[str, Path]
    rois: tuple[str, ...] = ()
    solid: SolidName | None = None
    fractional: bool = False
    dose: DoseAsked | None = None
    overwrite: bool = False

    @property
    def reading(self) -> Reading:
        """What contours are read as."""
        return Reading(self.solid or ("loft" if self.format in SURFACES else "slab"))


def asked_job(
    job: ExportJob, *, dose: bool, dose_files: Sequence[Path], add: Sum | None
) -> ExportJob:
    """Return a job with the dose that is asked for.

    Raises
    ------
    UsageError
        `bad-call` for an option that would do nothing.
    """
    is_object = job.format == "rtdose"
    asked = dose or is_object
    idle = {
        "--fractional": job.fractional and (job.format in SURFACES or is_object),
        "--solid": job.solid is not None and is_object,
        "--dose": dose and is_object,
        "--dose-file": bool(dose_files) and not asked,
        "--sum": add is not None and not asked,
    }
    for flag, is_idle in idle.items():
        if is_idle:
            mend = "leave it out" if asked else "add --dose, or use --format rtdose"
            seen = f"it changes nothing with --format {job.format}"
            raise UsageError("bad-call", where=flag, seen=seen, mend=mend)
    return replace(job, dose=DoseAsked(tuple(dose_files), add) if asked else None)


def export_case(files: CaseFiles, job: ExportJob) -> CaseResult:
    """Read a case and write what is asked for; one row per structure, with the volume written.

    Raises
    ------
    CaseRejected, GeometryError
        Nothing of the case can be written.
    OutputRefused
        A file is there already, or cannot be written.
    """
    _kernels.load()
    case = io.read_case(files)
    with keep_noticed(case.findings):
        return export_read(case, job)


def export_read(case: Case, job: ExportJob) -> CaseResult:
    """Do the same for a case that is read already."""
    chosen = chosen_regions(case.structures, job.rois)
    files, add = (job.dose.files, job.dose.add) if job.dose else ((), None)
    findings = [*still_asked(case.findings, files, add), *chosen.absent.values()]
    with case_files(job.folders[case.name], overwrite=job.overwrite) as draft:
        if job.format == "rtdose":
            made, noticed = write_dose_object(draft, case, chosen.regions, job.dose)
        else:
            made, noticed = _write_regions(draft, case, chosen.regions, job)
            if job.dose is not None:
                ending = ENDINGS["nrrd" if job.format == "nrrd" else "nifti"]
                noticed += write_case_dose(draft, case, job.dose, ending)
    findings += noticed
    return CaseResult.of(case.name, findings, structures=made, unused=case.unused)


def _write_regions(
    draft: Path, case: Case, regions: Sequence[Region], job: ExportJob
) -> tuple[list[StructureRow], list[Finding]]:
    """Write a file for each region that can be; a row and what was noticed for each."""
    rows: list[StructureRow] = []
    findings: list[Finding] = []
    faults: list[RtvolError] = []
    for region, name in zip(regions, slugs([one.name for one in regions]), strict=True):
        try:
            row, noticed = _write_region(draft, case, region, job, f"{name}{ENDINGS[job.format]}")
        except (CaseRejected, GeometryError) as fault:
            faults.append(fault.at(f"ROI {region.name}"))
            continue
        rows.append(row)
        findings += noticed
    if faults and not rows:
        raise faults[0]
    findings += (fault.finding.as_warning() for fault in faults)
    return rows, findings


def _write_region(
    draft: Path, case: Case, region: Region, job: ExportJob, file_name: str
) -> tuple[StructureRow, list[Finding]]:
    ground = case_ground(case, job.dose.files if job.dose else ())
    shape = shape_of(region, job.reading, ground)
    if shape.is_empty:
        raise CaseRejected("nothing-left", seen=NOTHING)
    findings = list(shape.findings)
    cc = solids.slab_volume_cc(shape.stack)
    path = draft / file_name
    if job.format in SURFACES:
        mesh = _mesh(region, shape, job, ground.stacking)
        io.write_mesh(path, mesh)
        written_cc = mesh.volume_cc
    else:
        images = _images_of(case, region)
        written_cc = _write_voxels(path, shape.stack, images, region, job)
    if abs(written_cc - cc) > OFF_VOLUME * cc:
        seen = f"{written_cc:.3f} cc are written of {cc:.3f} cc: {_why_off(job)}"
        findings.append(codes.EXPORT_VOLUME_OFF.warn(where=f"ROI {region.name}", seen=seen))
    planes = shape.stack.z_mm.size
    row = StructureRow(
        region.name,
        "roi",
        "",
        VolumePart(cc, shape.solid, planes, written_cc),
        notes={"structure": region.meaning} if region.meaning else {},
        mask_name=file_name,
    )
    return row, findings


def _mesh(region: Region, shape: Shape, job: ExportJob, stacking: Stacking) -> Mesh:
    """Surface of one ROI; of several combined, that of the fine sections they were combined in."""
    if region.roi is None or shape.solid == "slab":
        return mesh_of(shape.stack, "slab")
    return mesh_of(stacking(region.roi, job.reading.cap_limit_mm)[0], "loft")


def _why_off(job: ExportJob) -> str:
    if job.format in SURFACES:
        return "it is thinner than the points of its surface lie apart"
    return "voxels are too coarse for it, or it reaches beyond the images"


def _images_of(case: Case, region: Region) -> ImageSeries:
    """Images whose voxels a region is written on: those its first ROI was drawn on."""
    images = case.images_of(region.rois[0]) if region.rois else case.ct
    if images is None:
        mend = "export the images too, or write a surface (stl, obj)"
        raise CaseRejected("no-ct", seen="no images on the planes of the contours", mend=mend)
    return images


def _write_voxels(
    path: Path, stack: PlaneStack, images: ImageSeries, region: Region, job: ExportJob
) -> float:
    """Write a region on the voxels of its images; returns the volume there, cc."""
    grid = images.grid
    pixel_mm2, thickness_mm = float(np.prod(grid.spacing_mm)), plane_thickness_mm(grid)
    coverage = solids.cover(stack, grid)
    if job.format == "seg":
        form: Literal["fractional", "binary"] = "fractional" if job.fractional else "binary"
        name, kind = region.name, region.kind
        shares = io.write_seg(path, coverage, images, name=name, kind=kind, form=form)
        thickness_mm = thickness_mm[coverage.start_kji[0] :][: shares.size]
    else:
        whole = solids.spread(coverage, grid)
        volume = whole if job.fractional else Mask(whole.values >= np.float32(0.5), grid)
        io.write_itk(path, volume)
        shares = volume.values.sum(axis=(1, 2), dtype=np.float64)
    return float(shares @ thickness_mm) * pixel_mm2 / 1000
