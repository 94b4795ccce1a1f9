"""Trees in which files say little of each other: the structure set beside decides, or nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from naive import export
from rtvol.io import find

if TYPE_CHECKING:
    from pathlib import Path

    from pydicom.dataset import Dataset


def write(folder: Path, *objects: Dataset) -> Path:
    for k, one in enumerate(objects):
        export.save(one, folder / f"{k:03d}.dcm")
    return folder


def lone_dose(number: str = "61") -> Dataset:
    """A dose that names neither plan nor frame of reference."""
    dose = export.dose(number)
    del dose.ReferencedRTPlanSequence, dose.FrameOfReferenceUID
    return dose


def another(number: str, frame: str) -> Dataset:
    return export.move_to(export.structure_set(number=number), study="1.9", frame=frame)


def test_a_dose_that_says_nothing_goes_with_the_one_structure_set_beside_it(
    tmp_path: Path,
) -> None:
    write(tmp_path / "a", *export.ct(3), export.structure_set(), lone_dose())
    write(tmp_path / "b", another("55", "1.2.9"))
    doses = {case.name: [path.name for path in case.doses] for case in find([tmp_path]).cases}
    assert doses == {"a": ["004.dcm"], "b": []}


def test_between_two_structure_sets_it_goes_with_none(tmp_path: Path) -> None:
    write(tmp_path / "a", *export.ct(3), export.structure_set(), another("55", "1.2.9"))
    write(tmp_path / "a" / "doses", lone_dose())
    assert [case.doses for case in find([tmp_path]).cases] == [(), ()]


def test_beside_means_below_the_nearest_folder_that_holds_a_structure_set(tmp_path: Path) -> None:
    rs = export.save(export.structure_set(), tmp_path / "one" / "rs.dcm")
    rd = export.save(lone_dose(), tmp_path / "other" / "deep" / "rd.dcm")
    (case,) = find([rs, rd]).cases
    assert case.doses == (rd,)
    near = export.save(another("55", "1.2.9"), tmp_path / "other" / "rs.dcm")
    cases = {case.rtstruct: case.doses for case in find([rs, rd, near]).cases}
    assert cases == {rs: (), near: (rd,)}


def test_cases_of_one_folder_and_one_stem_get_numbers(tmp_path: Path) -> None:
    """Folders of two paths given have the same names, files the same stems."""
    for place, number, frame in (("x", "55", "1.2.8"), ("y", "56", "1.2.9"), ("z", "57", "1.2.7")):
        export.save(another(number, frame), tmp_path / place / "plan" / "rs.dcm")
    found = find([tmp_path / place / "plan" for place in "xyz"])
    assert [case.name for case in found.cases] == ["plan-rs", "plan-rs-2", "plan-rs-3"]


def test_what_is_left_aside_is_named_folder_by_folder(tmp_path: Path) -> None:
    write(tmp_path / "case", *export.ct(3), export.structure_set())
    write(tmp_path / "more", *export.move_all(export.ct(2), "P9", "1.2.99"))
    for number in range(2):
        path = export.save(export.plan(), tmp_path / "cut" / f"{number}.dcm")
        path.write_bytes(path.read_bytes()[:140])
    found = find([tmp_path])
    (case,) = found.cases
    # the damaged files may have been this case's: it is the only one there is
    (finding,) = case.findings
    assert finding.code == "truncated-file"
    assert finding.seen.startswith("2 DICOM files: they cannot be read: ")
    assert finding.seen.endswith("(0.dcm, 1.dcm)")
    assert [(one.code, one.where, one.seen) for one in found.findings] == [
        ("no-rtstruct", "more", "2 CT files: images of no structure set found (000.dcm, 001.dcm)"),
    ]
    assert found.findings[0].mend == "add the RTSTRUCT file"


def test_images_of_another_patient_are_named_by_the_case(tmp_path: Path) -> None:
    write(tmp_path / "case", *export.move_all(export.ct(2), "P9", "1.2.99"), export.structure_set())
    found = find([tmp_path])
    (case,) = found.cases
    assert case.rejection is not None
    assert case.rejection.code == "patient-mismatch"
    assert found.findings == ()
    (finding,) = case.findings
    assert (finding.code, finding.severity) == ("patient-mismatch", "note")
    assert "000.dcm, 001.dcm" in finding.seen
