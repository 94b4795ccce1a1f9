"""What commands say is true and helps: mends, heads of tables, documents."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest
from pydicom.dataset import Dataset

import field.kinds  # noqa: F401 - the kinds are registered there
from field.patient import codes_of, observation_of
from field.register import member, members
from rtvol.cli import main
from rtvol.codes import CODES
from rtvol.errors import Finding, UsageError
from rtvol.margins import Clip, parse_clip
from rtvol.tables.document import finding_entries

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from field.patient import Patient1

    Capture = pytest.CaptureFixture[str]


@members("C8", {"with mm": "Duodenum:3mm", "with a blank": "Duodenum: 3 mm", "plain": "Duodenum:3"})
def test_a_gap_in_mm_is_read(member: str) -> None:
    assert parse_clip("avoid", member) == Clip("avoid", "Duodenum", 3.0)


@members(
    "C8",
    {
        "behind an equals sign": ("Duodenum=3", "Duodenum:3 "),
        "behind an equals sign, with mm": ("Duodenum=3mm", "Duodenum:3 "),
        "in cm": ("Duodenum:0.3cm", "Duodenum:0.3 "),
    },
)
def test_the_mend_keeps_the_gap(member: tuple[str, str]) -> None:
    text, meant = member
    with pytest.raises(UsageError) as error:
        parse_clip("avoid", text)
    assert error.value.finding.code == "bad-gap"
    assert f"write {meant}" in error.value.finding.mend


def with_type(kind: str) -> Callable[[Patient1], None]:
    def spoil(p1: Patient1) -> None:
        rd = p1.read("RD.dcm")
        rd.DoseType = kind
        p1.write("RD.dcm", rd)

    return spoil


@members(
    "C13b",
    {
        "EFFECTIVE": (with_type("EFFECTIVE"), "effective (as stored)"),
        "effective, in small letters": (with_type("effective"), "effective (as stored)"),
        "PHYSICAL, still": (with_type("PHYSICAL"), "physical"),
    },
)
@pytest.mark.filterwarnings("ignore:Invalid value for VR CS")
def test_the_table_is_headed_by_what_the_dose_is(
    p1: Patient1, member: tuple[Callable[[Patient1], None], str], capsys: Capture
) -> None:
    spoil, kind = member
    spoil(p1)
    assert main(["dvh", str(p1.folder), "--roi", "GTV"]) == 0
    assert f", {kind} dose, linear" in capsys.readouterr().out
    assert main(["dvh", str(p1.folder), "--roi", "GTV", "--json"]) == 0
    (case,) = json.loads(capsys.readouterr().out)["cases"]
    assert case["structures"][0]["dose"]["axis"] == kind


def stored_dvh(number: int) -> Dataset:
    one, ref = Dataset(), Dataset()
    ref.ReferencedROINumber, ref.DVHROIContributionType = number, "INCLUDED"
    one.DVHReferencedROISequence = [ref]
    one.DVHType, one.DoseUnits, one.DoseType = "CUMULATIVE", "GY", "PHYSICAL"
    one.DVHDoseScaling, one.DVHVolumeUnits, one.DVHNumberOfBins = 1, "CM3", 3
    one.DVHData = [10, 14, 10, 7, 10, 0]
    return one


@members(
    "C14",
    {"a DVH of ROI 99": (99,), "DVHs of two that are not there": (98, 99), "beside one": (1, 99)},
)
def test_stored_dvhs_of_unknown_rois_are_named(
    p1: Patient1, member: tuple[int, ...], capsys: Capture
) -> None:
    rd = p1.read("RD.dcm")
    rd.DVHSequence = [stored_dvh(number) for number in member]
    p1.write("RD.dcm", rd)
    assert main(["dvh", str(p1.folder), "--roi", "GTV", "--compare", "--json"]) == 0
    (case,) = json.loads(capsys.readouterr().out)["cases"]
    said = [one["seen"] for one in case["findings"] if one["code"] == "stored-dvh-not-used"]
    lost = [number for number in member if number > 90]
    assert said == [
        (
            f"{len(lost)} of {len(member)} stored DVHs are of ROIs that the structure set does not "
            f"have: number {', '.join(map(str, lost))}"
        )
    ]


@member("C14", "two observations of one ROI that name different types")
def test_observations_that_disagree_are_said(p1: Patient1) -> None:
    rs = p1.read("RS.dcm")
    other = copy.deepcopy(observation_of(rs, "GTV"))
    other.RTROIInterpretedType = "AVOIDANCE"
    rs.RTROIObservationsSequence.append(other)
    p1.write("RS.dcm", rs)
    case = p1.case()
    assert codes_of(case) == ["roi-type-ambiguous"]
    assert [roi.kind for roi in case.structures.rois if roi.name == "GTV"] == ["GTV"]


@members("C18", {"100MB": "100MB", "200 MB": "200 MB", "0.1GB": "0.1GB"})
def test_too_little_memory_is_refused_in_words(
    member: str, sample_dicom: Path, tmp_path: Path, capsys: Capture
) -> None:
    recipe = tmp_path / "r.toml"
    assert main(["recipe", "new", str(recipe)]) == 0
    words = ["run", str(recipe), str(sample_dicom), "-o", str(tmp_path / "out")]
    assert main([*words, "--memory", member]) == 2
    assert "300MB or more" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@member("C19", "`rtvol names suggest --json`")
def test_suggested_names_are_a_document(sample_dicom: Path, capsys: Capture) -> None:
    assert main(["names", "suggest", str(sample_dicom), "--json"]) == 0
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert document["schema"] == "rtvol/suggested@1"


@member("C19", "`rtvol recipe check --json`")
def test_a_checked_recipe_is_a_document(tmp_path: Path, capsys: Capture) -> None:
    recipe = tmp_path / "r.toml"
    assert main(["recipe", "new", str(recipe)]) == 0
    capsys.readouterr()
    assert main(["recipe", "check", str(recipe), "--json"]) == 0
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert (document["schema"], document["recipe"]) == ("rtvol/checked@1", str(recipe))


@member("C19", "a finding without a mend of its own")
def test_the_mend_of_the_code_is_in_the_document() -> None:
    (entry,) = finding_entries([Finding("no-ct", "warning", "RTSTRUCT", "none")], notes=False)
    assert entry["mend"] == CODES["no-ct"].mend
