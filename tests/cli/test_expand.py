"""`rtvol expand`, as a whole, on good and on broken exports."""

from __future__ import annotations

import csv
import json
import math
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pydicom
import pytest

from rtvol import __version__

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., Any]

GROW = ("--ctv", "2", "--ptv", "4")


def sphere_cc(radius_mm: float) -> float:
    return 4 / 3 * math.pi * radius_mm**3 / 1000


def edit_structures(folder: Path, change: Callable[[pydicom.Dataset], None]) -> None:
    """Change a structure set and its identity, so that it is a case of its own."""
    data = pydicom.dcmread(folder / "RS.dcm")
    change(data)
    data.save_as(folder / "RS.dcm")


def roi_named(data: pydicom.Dataset, name: str) -> pydicom.Dataset:
    return next(item for item in data.StructureSetROISequence if item.ROIName == name)


def add_case(exports: Path, name: str, patient: str) -> Path:
    """Copy the good case as another patient's, with UIDs of its own."""
    folder = exports / name
    shutil.copytree(exports / "good", folder)
    for path in folder.glob("*.dcm"):
        data = pydicom.dcmread(path)
        for element in data.iterall():
            if element.VR == "UI" and "SOPClass" not in element.keyword and element.value:
                text = str(element.value)
                if not text.startswith("1.2.840.10008"):
                    element.value = pydicom.uid.generate_uid(entropy_srcs=[patient, text])
        data.PatientID = patient
        data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
        data.save_as(path)
    return folder


def document(run: Any) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(run.out)
    return parsed


KEYS_OF_A_STRUCTURE = {
    "name": str,
    "role": str,
    "lesion": str,
    "volume_cc": float,
    "written_volume_cc": float,
    "solid": str,
    "planes": int,
    "lost_cc": dict,
    "metrics": dict,
    "notes": dict,
}


def test_the_document_is_the_promised_one(rtvol: Run, exports: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run = rtvol("expand", exports, *GROW, "--avoid", "Duodenum:1", "-o", out, "--json")
    assert run.code == 0
    got = document(run)
    assert list(got) == ["schema", "rtvol", "cases", "files"]
    assert (got["schema"], got["rtvol"]) == ("rtvol/result@1", __version__)
    (case,) = got["cases"]
    keys = ["case", "status", "findings", "cumulative_ptv_cc", "sum_ptv_cc", "structures"]
    assert list(case) == keys
    assert case["case"] == "good"
    assert case["status"] in {"accept", "warn"}
    for finding in case["findings"]:
        assert list(finding) == ["code", "severity", "where", "seen", "mend"]
    for row in case["structures"]:
        for key, kind in KEYS_OF_A_STRUCTURE.items():
            if key != "written_volume_cc" or row["lesion"]:  # an organ is not written
                assert isinstance(row[key], kind), key
    roles = ["gtv", "ctv", "ptv", "ptv_clip", "roi"]
    assert [row["role"] for row in case["structures"]] == roles
    assert [row["lesion"] for row in case["structures"]] == [*["GTV"] * 4, ""]
    written = json.loads((out / "result.json").read_text())
    # beside them, how the results came about: enough to draw their pages
    assert written.pop("inputs") == ["../exports"]
    assert written.pop("recipe")["targets"]["PTV"]["avoid"] == {"Duodenum": 1.0}
    assert written == got


def test_volumes_are_those_of_grown_spheres(rtvol: Run, exports: Path, tmp_path: Path) -> None:
    run = rtvol("expand", exports, *GROW, "--avoid", "Duodenum:1", "-o", tmp_path / "o", "--json")
    gtv, ctv, ptv, clipped = document(run)["cases"][0]["structures"][:4]
    # 7 mm drawn on planes 3 mm apart: the contour stack itself is some per cent off the sphere
    assert gtv["volume_cc"] == pytest.approx(sphere_cc(7), rel=0.03)
    assert ctv["volume_cc"] == pytest.approx(sphere_cc(9), rel=0.03)
    assert ptv["volume_cc"] == pytest.approx(sphere_cc(13), rel=0.03)
    assert clipped["lost_cc"].keys() == {"Duodenum"}
    lost = clipped["lost_cc"]["Duodenum"]
    assert lost == pytest.approx(ptv["volume_cc"] - clipped["volume_cc"], rel=0.02)
    # two balls of 13 and 5 mm whose centres are 13 mm apart share a lens (closed form)
    assert lost == pytest.approx(lens_cc(13, 5, 13), rel=0.06)


def lens_cc(big_mm: float, small_mm: float, apart_mm: float) -> float:
    """Volume two balls share (E. W. Weisstein, Sphere-Sphere Intersection)."""
    r, s, d = big_mm, small_mm, apart_mm
    caps = (r + s - d) ** 2 * (d * d + 2 * d * s - 3 * s * s + 2 * d * r + 6 * s * r - 3 * r * r)
    return math.pi * caps / (12 * d) / 1000


def test_what_is_written_reads_back(rtvol: Run, exports: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run = rtvol("expand", exports, *GROW, "-o", out, "--write", "rtstruct,nifti,csv")
    assert run.code == 0
    written = pydicom.dcmread(out / "good" / "RS.rtvol.dcm")
    assert [item.ROIName for item in written.StructureSetROISequence] == ["GTV", "CTV", "PTV"]
    assert written.ApprovalStatus == "UNAPPROVED"
    assert sorted(path.name for path in (out / "good" / "masks").iterdir()) == [
        "CTV.nii.gz",
        "GTV.nii.gz",
        "PTV.nii.gz",
    ]
    with (out / "structures.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["name"] for row in rows] == ["GTV", "CTV", "PTV"]
    assert f"wrote {out / 'good' / 'RS.rtvol.dcm'}" in run.out


def test_masks_that_cannot_be_are_named_not_left_out_in_silence(
    rtvol: Run, exports: Path, tmp_path: Path
) -> None:
    for path in (exports / "good").glob("CT*.dcm"):
        path.unlink()
    run = rtvol(
        "expand", exports, *GROW, "-o", tmp_path / "out", "--write", "rtstruct,nifti", "--json"
    )
    assert run.code == 0
    (case,) = document(run)["cases"]
    assert case["status"] == "warn"
    codes = {finding["code"] for finding in case["findings"]}
    assert {"no-ct", "planes-from-contours", "masks-not-written"} <= codes
    left = {path.name for path in (tmp_path / "out" / "good").iterdir()}
    assert left == {"RS.rtvol.dcm", "RS.rtvol.certificate.json"}
    assert not (tmp_path / "out" / "structures.csv").exists()
    assert case["structures"][-1]["written_volume_cc"] == pytest.approx(sphere_cc(13), rel=0.03)


def test_written_sets_are_no_new_cases(rtvol: Run, exports: Path) -> None:
    out = exports / "rtvol-out"
    assert rtvol("expand", exports, *GROW, "-o", out).code == 0
    again = rtvol("expand", exports, *GROW, "-o", out, "--overwrite", "--json")
    assert again.code == 0
    assert [case["case"] for case in document(again)["cases"]] == ["good"]


def test_dry_run_shows_volumes_and_writes_nothing(
    rtvol: Run, exports: Path, tmp_path: Path
) -> None:
    before = sorted(tmp_path.rglob("*"))
    run = rtvol("expand", exports, *GROW, "-o", tmp_path / "out", "--dry-run")
    assert run.code == 0
    assert f"would write {tmp_path / 'out' / 'good' / 'RS.rtvol.dcm'}" in run.out
    assert "PTV" in run.out
    assert sorted(tmp_path.rglob("*")) == before


def test_existing_results_are_refused(rtvol: Run, exports: Path, tmp_path: Path) -> None:
    words = ("expand", exports, *GROW, "-o", tmp_path / "out")
    assert rtvol(*words).code == 0
    first = (tmp_path / "out" / "result.json").read_bytes()
    run = rtvol(*words)
    assert run.code == 4
    assert "[output-exists]" in run.err
    assert "--overwrite" in run.err
    assert run.out == ""
    assert (tmp_path / "out" / "result.json").read_bytes() == first
    assert rtvol(*words, "--overwrite").code == 0


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--ctv", "L5,X3", "--ptv", "4"), "bad-margin"),
        (("--ctv", "nan", "--ptv", "4"), "bad-margin"),
        (("--ctv", "L-2", "--ptv", "4"), "bad-margin"),
        (("--ctv", "2", "--ptv", "51"), "large-margin"),
        (("--ctv", "2", "--ptv", "4", "--write", "pdf"), "bad-call"),
        (("--ctv", "2", "--ptv", "4", "--avoid", "Duodenum:nan"), "bad-gap"),
        (("--ctv", "2", "--ptv", "4", "-j", "0"), "bad-call"),
        (("--ctv", "2"), "bad-call"),
        (("--ctv", "2", "--ptv", "4", "--barier", "x"), "bad-call"),
    ],
)
def test_a_call_that_cannot_be_meant_is_usage(
    words: tuple[str, ...], code: str, rtvol: Run, exports: Path, tmp_path: Path
) -> None:
    run = rtvol("expand", exports, *words, "-o", tmp_path / "out")
    assert run.code == 2
    assert f"[{code}]" in run.err
    assert run.out == ""
    assert not (tmp_path / "out").exists()


def test_a_large_margin_is_used_when_it_is_confirmed(rtvol: Run, exports: Path) -> None:
    run = rtvol(
        "expand", exports, "--ctv", "0", "--ptv", "51", "--allow-large-margins", "--dry-run"
    )
    assert run.code == 0


def test_nothing_to_read_is_exit_3(rtvol: Run, tmp_path: Path, tiny_patient: Path) -> None:
    (tmp_path / "empty").mkdir()
    run = rtvol("expand", tmp_path / "empty", *GROW)
    assert run.code == 3
    assert "[no-dicom]" in run.err
    ct_only = tmp_path / "ct"
    ct_only.mkdir()
    for path in tiny_patient.glob("CT*.dcm"):
        shutil.copy(path, ct_only)
    run = rtvol("expand", ct_only, *GROW)
    assert run.code == 3
    assert "[no-rtstruct]" in run.err
    assert rtvol("expand", *GROW).code == 2


def one_bad_case(rtvol: Run, exports: Path, out: Path, *words: str) -> tuple[dict[str, Any], str]:
    """Run on `good` and a broken `bad`; the good one must be written, nothing of the bad one."""
    run = rtvol("expand", exports, *GROW, *words, "-o", out, "--json")
    assert run.code == 1
    cases = {case["case"]: case for case in document(run)["cases"]}
    assert cases["good"]["status"] in {"accept", "warn"}
    assert (out / "good" / "RS.rtvol.dcm").is_file()
    assert cases["bad"]["status"] == "reject"
    assert cases["bad"]["structures"] == []
    assert cases["bad"]["cumulative_ptv_cc"] is None
    assert not (out / "bad").exists()
    assert "bad" not in (out / "structures.csv").read_text()
    return cases["bad"]["findings"][-1], run.err


def test_a_name_that_is_not_there(rtvol: Run, exports: Path, tmp_path: Path) -> None:
    bad = add_case(exports, "bad", "OTHER")

    def rename(data: pydicom.Dataset) -> None:
        roi_named(data, "Duodenum").ROIName = "Duodenm_alt"

    edit_structures(bad, rename)
    finding, err = one_bad_case(rtvol, exports, tmp_path / "out", "--avoid", "Duodenum:1")
    assert finding["code"] == "roi-not-found"
    assert "Duodenm_alt" in finding["seen"]
    assert 'did you mean "Duodenm_alt"?' in finding["mend"]
    assert "case bad" in err


def test_a_target_that_is_not_there(rtvol: Run, exports: Path) -> None:
    run = rtvol("expand", exports, *GROW, "--gtv", "GTVp", "--dry-run")
    assert run.code == 1
    assert "[roi-not-found]" in run.err
    assert 'did you mean "GTV"?' in run.err
    assert "rejected" not in run.out


def test_an_empty_target(rtvol: Run, exports: Path, tmp_path: Path) -> None:
    bad = add_case(exports, "bad", "OTHER")

    def empty(data: pydicom.Dataset) -> None:
        number = roi_named(data, "GTV").ROINumber
        for item in data.ROIContourSequence:
            if item.ReferencedROINumber == number:
                del item.ContourSequence

    edit_structures(bad, empty)
    assert one_bad_case(rtvol, exports, tmp_path / "out")[0]["code"] == "roi-empty"


def test_a_structure_set_cut_in_half(rtvol: Run, exports: Path, tmp_path: Path) -> None:
    bad = add_case(exports, "bad", "OTHER")
    data = (bad / "RS.dcm").read_bytes()
    (bad / "RS.dcm").write_bytes(data[: len(data) // 2])
    assert one_bad_case(rtvol, exports, tmp_path / "out")[0]["code"] == "truncated-file"


def test_a_case_that_becomes_bad_loses_its_earlier_output(
    rtvol: Run, exports: Path, tmp_path: Path
) -> None:
    add_case(exports, "bad", "OTHER")
    assert rtvol("expand", exports, *GROW, "-o", tmp_path / "out").code == 0
    assert (tmp_path / "out" / "bad" / "RS.rtvol.dcm").is_file()
    data = (exports / "bad" / "RS.dcm").read_bytes()
    (exports / "bad" / "RS.dcm").write_bytes(data[: len(data) // 2])
    assert rtvol("expand", exports, *GROW, "-o", tmp_path / "out", "--overwrite").code == 1
    assert not (tmp_path / "out" / "bad" / "RS.rtvol.dcm").exists()


def test_two_structure_sets_of_one_ct_are_never_silent(rtvol: Run, exports: Path) -> None:
    second = pydicom.dcmread(exports / "good" / "RS.dcm")
    second.SOPInstanceUID = pydicom.uid.generate_uid()
    second.file_meta.MediaStorageSOPInstanceUID = second.SOPInstanceUID
    second.save_as(exports / "good" / "RS2.dcm")
    run = rtvol("expand", exports, *GROW, "--dry-run", "--json")
    cases = document(run)["cases"]
    assert len(cases) == 2
    for case in cases:
        assert "ambiguous-rtstruct" in [finding["code"] for finding in case["findings"]]


def test_two_workers_give_the_same_document(rtvol: Run, exports: Path) -> None:
    add_case(exports, "other", "OTHER")
    words = ("expand", exports, *GROW, "--dry-run", "--json", "-j")
    assert document(rtvol(*words, "2")) == document(rtvol(*words, "1"))


def test_no_identity_reaches_a_screen_or_a_table(rtvol: Run, exports: Path, tmp_path: Path) -> None:
    for path in (exports / "good").glob("*.dcm"):
        data = pydicom.dcmread(path)
        data.PatientName, data.PatientID, data.PatientBirthDate = "ZZPHI^NAME", "ZZMRN", "19431231"
        data.save_as(path)
    secrets = ("ZZPHI", "ZZMRN", "19431231")
    for words in (("scan",), ("inspect",), ("inspect", "--json"), ("dvh", "-v")):
        run = rtvol(words[0], exports, *words[1:])
        assert not [secret for secret in secrets if secret in run.out + run.err]
    run = rtvol("expand", exports, *GROW, "-o", tmp_path / "out", "-v")
    tables = "".join(
        (tmp_path / "out" / name).read_text() for name in ("structures.csv", "result.json")
    )
    assert not [secret for secret in secrets if secret in run.out + run.err + tables]
    for words in (("scan",), ("inspect",), ("inspect", "--json")):
        run = rtvol(words[0], exports, *words[1:], "--show-phi")
        assert all(secret in run.out for secret in secrets)


def test_pseudonyms_hide_every_path(
    rtvol: Run, exports: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (exports / "good").rename(exports / "Surname_Given")
    words = ("expand", exports, *GROW, "--pseudonymise", "--avoid", "Stomach", "--json")
    monkeypatch.setenv("RTVOL_SALT", "s")
    first = rtvol(*words, "-o", tmp_path / "a")
    assert "Surname" not in first.out + first.err
    assert not (tmp_path / "a").exists()  # all are rejected: nothing stays
    again = rtvol(*words, "-o", tmp_path / "b")
    assert document(again) == document(first)
    monkeypatch.setenv("RTVOL_SALT", "t")
    other = rtvol(*words, "-o", tmp_path / "c")
    assert document(other)["cases"][0]["case"] != document(first)["cases"][0]["case"]


def test_a_reader_that_goes_away_changes_nothing(exports: Path) -> None:
    code = "import sys; from rtvol.cli import main; sys.exit(main())"
    words = [sys.executable, "-c", code, "expand", str(exports), *GROW, "--dry-run", "--json"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert b"Traceback" not in process.stderr.read()
    assert process.returncode == 0
