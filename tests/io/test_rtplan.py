"""RTPLAN: what it says plainly, and None with a word where it does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pydicom.sequence import Sequence

from naive import export
from rtvol.io import read_plan

if TYPE_CHECKING:
    from pathlib import Path

    from pydicom.dataset import Dataset

    from rtvol.case import Plan


def read(dataset: Dataset, folder: Path) -> tuple[Plan, list[str]]:
    plan, findings = read_plan(export.save(dataset, folder / "rp.dcm"))
    return plan, [finding.code for finding in findings]


def reference(dose_gy: float | None, kind: str = "TARGET", shape: str = "VOLUME") -> Dataset:
    one = export.item(DoseReferenceType=kind, DoseReferenceStructureType=shape)
    if dose_gy is not None:
        one.TargetPrescriptionDose = dose_gy
    return one


def test_fields(tmp_path: Path) -> None:
    plan, findings = read(export.plan(), tmp_path)
    assert findings == []
    assert (plan.label, plan.sop_uid) == ("SBRT", f"{export.ROOT}.7")
    assert (plan.prescription_gy, plan.fractions) == (45.0, 3)
    assert plan.structure_set_uid == f"{export.ROOT}.5"


@pytest.mark.parametrize(
    ("references", "dose_gy", "codes"),
    [
        ([], None, []),
        ([reference(None)], None, []),
        ([reference(45.0), reference(45.0)], 45.0, []),
        ([reference(45.0), reference(30.0)], None, ["prescription-ambiguous"]),
        ([reference(45.0), reference(20.0, "ORGAN_AT_RISK")], 45.0, []),
        ([reference(14.0, shape="SITE"), reference(11.3, shape="COORDINATES")], 14.0, []),
        ([reference(11.3, shape="POINT")], 11.3, []),
        ([reference(45.0), reference(None)], 45.0, []),
    ],
)
def test_prescription(
    tmp_path: Path, references: list[Dataset], dose_gy: float | None, codes: list[str]
) -> None:
    dataset = export.plan()
    dataset.DoseReferenceSequence = Sequence(references)
    plan, findings = read(dataset, tmp_path)
    assert plan.prescription_gy == dose_gy
    assert findings == codes


def test_fractions(tmp_path: Path) -> None:
    dataset = export.plan()
    group = export.item(FractionGroupNumber=2, NumberOfFractionsPlanned=5)
    dataset.FractionGroupSequence.append(group)
    plan, findings = read(dataset, tmp_path)
    assert (plan.fractions, findings) == (None, ["fractions-ambiguous"])
    del dataset.FractionGroupSequence
    plan, findings = read(dataset, tmp_path)
    assert (plan.fractions, findings) == (None, [])


@pytest.mark.parametrize(
    ("name", "dose_gy", "fractions"),
    [("dicompyler-example/rtplan.dcm", 14.0, 7), ("eclipse-prostate/RP.*.dcm", 46.0, 23)],
)
def test_real_plans(shared_data: Path, name: str, dose_gy: float, fractions: int) -> None:
    plan, findings = read_plan(next(shared_data.glob(name)))
    assert findings == ()
    assert (plan.prescription_gy, plan.fractions) == (dose_gy, fractions)


def test_beams_are_those_that_deliver_dose(tmp_path: Path) -> None:
    dataset = export.plan()
    beams = [
        export.item(ReferencedBeamNumber=number, BeamMeterset=meterset)
        for number, meterset in ((3, 120.5), (1, 80.0), (2, 0.0))
    ]
    beams.append(export.item(ReferencedBeamNumber=4))  # a set-up field has no meterset
    dataset.FractionGroupSequence[0].ReferencedBeamSequence = Sequence(beams)
    plan, _ = read(dataset, tmp_path)
    assert plan.beams == (1, 3)
