"""The tables `lesions` and `patients` in the form the outcome analysis reads; empty = missing."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rtvol.dvh.bed import bed_gy
from rtvol.files import digest_of
from rtvol.tables.sheet import Column, Sheet

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from rtvol.margins.targets import TargetRole
    from rtvol.tables.record import Record
    from rtvol.tables.rows import StructureRow

#: alpha/beta of targets in `bed10_rx_gy`, Gy.
BED_RATIO_GY = 10.0


@dataclass(frozen=True)
class LesionRow:
    """One lesion: the record of its case, its number in the patient, and its targets by role.

    `is_cut`: what the policy calls PTV is what organs to avoid have left of it.
    """

    record: Record
    lesion_id: str
    lesion: str
    targets: Mapping[TargetRole, StructureRow]
    is_cut: bool

    @property
    def ptv(self) -> StructureRow | None:
        """What the policy calls PTV."""
        whole = self.targets.get("ptv")
        return self.targets.get("ptv_clip", whole) if self.is_cut else whole

    @property
    def gtv(self) -> StructureRow | None:
        """The GTV."""
        return self.targets.get("gtv")


@dataclass(frozen=True)
class PatientRow:
    """One patient, with the records of all its cases."""

    patient_id: str
    records: tuple[Record, ...]


def _volume_ml(row: StructureRow | None) -> float | None:
    return row.volume.cc if row else None


def _dose_gy(row: StructureRow | None, key: str) -> float | None:
    """Return a dose in Gy as given: never BED or EQD2 under the name of a dose."""
    if row is None or row.dose is None or row.dose.axis != "physical":
        return None
    return row.metrics.get(key)


def _bed10_gy(record: Record) -> float | None:
    if record.prescription_gy is None or record.fractions is None:
        return None
    return bed_gy(record.prescription_gy, record.fractions, BED_RATIO_GY)


def _method(row: LesionRow) -> str:
    """Say what each number of the row is of."""
    gtv, ptv = row.gtv, row.ptv
    if gtv is None or ptv is None:
        return ""
    called = "PTV_mod" if ptv.role == "ptv_clip" else "whole PTV"
    parts = [f"gtv {gtv.volume.solid}", f"ctv and ptv {ptv.volume.solid}", called]
    if ptv.dose is not None:
        dose = ptv.dose
        parts.append(f"doses {dose.solid}, caps {dose.caps}, {dose.interpolation}")
    return "; ".join(parts)


LESIONS: Sheet[LesionRow] = Sheet(
    "lesions",
    "rtvol/outcome-lesions@1",
    (
        Column("patient_id", "text", "", "pseudonym of the patient", lambda at: at.record.patient),
        Column(
            "lesion_id", "text", "", "number of the lesion in the patient", lambda at: at.lesion_id
        ),
        Column(
            "sbrt_start_day", "count", "d", "not known to rtvol: to be filled in", lambda _: None
        ),
        Column("n_fractions", "count", "", "number of fractions", lambda at: at.record.fractions),
        Column(
            "dose_total_gy", "number", "Gy", "prescribed dose", lambda at: at.record.prescription_gy
        ),
        Column("gtv_ml", "number", "mL", "volume of the GTV", lambda at: _volume_ml(at.gtv)),
        Column(
            "ctv_ml",
            "number",
            "mL",
            "volume of the CTV",
            lambda at: _volume_ml(at.targets.get("ctv")),
        ),
        Column("ptv_ml", "number", "mL", "volume of the PTV", lambda at: _volume_ml(at.ptv)),
        Column(
            "ptv_d95_gy", "number", "Gy", "D95% of the PTV", lambda at: _dose_gy(at.ptv, "D95%[Gy]")
        ),
        Column(
            "ptv_d98_gy", "number", "Gy", "D98% of the PTV", lambda at: _dose_gy(at.ptv, "D98%[Gy]")
        ),
        Column(
            "ptv_d2_gy", "number", "Gy", "D2% of the PTV", lambda at: _dose_gy(at.ptv, "D2%[Gy]")
        ),
        Column(
            "ptv_mean_gy",
            "number",
            "Gy",
            "mean dose of the PTV",
            lambda at: _dose_gy(at.ptv, "Mean[Gy]"),
        ),
        Column(
            "gtv_d98_gy", "number", "Gy", "D98% of the GTV", lambda at: _dose_gy(at.gtv, "D98%[Gy]")
        ),
        Column(
            "gtv_mean_gy",
            "number",
            "Gy",
            "mean dose of the GTV",
            lambda at: _dose_gy(at.gtv, "Mean[Gy]"),
        ),
        Column(
            "bed10_rx_gy",
            "number",
            "Gy10",
            "BED of the prescription, a/b 10 Gy",
            lambda at: _bed10_gy(at.record),
        ),
        Column(
            "source_hash",
            "text",
            "",
            "salted hash of the case and the lesion",
            lambda at: digest_of([at.record.source, at.lesion])[:16],
        ),
        Column(
            "rtvol_version",
            "text",
            "",
            "version that made the numbers",
            lambda at: at.record.versions["rtvol"],
        ),
        Column(
            "volume_method",
            "text",
            "",
            "solids of volumes and doses, and what is called PTV",
            _method,
        ),
    ),
)
KEY: Sheet[LesionRow] = Sheet(
    "key",
    "rtvol/outcome-key@1",
    (
        *LESIONS.columns[:2],
        Column("case", "text", "", "folder of the structure set", lambda at: at.record.result.case),
        Column("gtv", "text", "", "name of the GTV", lambda at: at.lesion),
    ),
)


def _sum_ml(row: PatientRow) -> float | None:
    sums = [record.result.sum_ptv_cc for record in row.records]
    known = [cc for cc in sums if cc is not None]
    return sum(known) if len(known) == len(sums) else None


def _union_ml(row: PatientRow) -> float | None:
    """Two structure sets may lie in different frames of reference: nobody knows their union."""
    return row.records[0].result.cumulative_ptv_cc if len(row.records) == 1 else None


PATIENTS: Sheet[PatientRow] = Sheet(
    "patients",
    "rtvol/outcome-patients@1",
    (
        Column("patient_id", "text", "", "pseudonym of the patient", lambda at: at.patient_id),
        Column("n_cases", "count", "", "structure sets of the patient", lambda at: len(at.records)),
        Column(
            "n_lesions",
            "count",
            "",
            "lesions with a PTV",
            lambda at: sum(len(_lesions(record)) for record in at.records),
        ),
        Column("cptv_ml", "number", "mL", "cumulative PTV: plain sum of the PTVs", _sum_ml),
        Column(
            "cptv_union_ml",
            "number",
            "mL",
            "volume of their union; of one structure set only",
            _union_ml,
        ),
    ),
)


def lesions_of(records: Iterable[Record], *, is_cut: bool) -> Iterator[LesionRow]:
    """Yield the lesions of all records, by patient, case and the order of the file.

    `is_cut`: what the policy calls PTV is what organs to avoid have left of it.
    """
    for _, own in _by_patient(records):
        pairs = [(record, lesion) for record in own for lesion in _lesions(record)]
        for number, (record, lesion) in enumerate(pairs, start=1):
            rows = record.result.structures
            targets = {row.role: row for row in rows if row.lesion == lesion}
            yield LesionRow(record, f"L{number:02d}", lesion, targets, is_cut)


def patients_of(records: Iterable[Record]) -> Iterator[PatientRow]:
    """Yield the patients of all records."""
    for patient, own in _by_patient(records):
        yield PatientRow(patient, tuple(own))


def _by_patient(records: Iterable[Record]) -> Iterator[tuple[str, list[Record]]]:
    groups: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        groups[record.patient].append(record)
    for patient in sorted(groups):
        yield patient, sorted(groups[patient], key=lambda record: record.result.case)


def _lesions(record: Record) -> list[str]:
    rows = record.result.structures
    return list(dict.fromkeys(row.lesion for row in rows if row.lesion and row.role == "gtv"))
