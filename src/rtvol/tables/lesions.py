"""The tables `lesions` and `patients` in the form the outcome analysis reads; empty = missing."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from rtvol.dvh.bed import bed_gy
from rtvol.files import digest_of
from rtvol.tables.sheet import Column, Sheet

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rtvol.tables.record import Record
    from rtvol.tables.rows import StructureRow

#: alpha/beta of targets in `bed10_rx_gy`, Gy.
BED_RATIO_GY = 10.0

LESIONS = Sheet(
    "lesions",
    "rtvol/outcome-lesions@1",
    (
        Column("patient_id", "text", "", "pseudonym of the patient"),
        Column("lesion_id", "text", "", "number of the lesion in the patient"),
        Column("sbrt_start_day", "count", "d", "not known to rtvol: to be filled in"),
        Column("n_fractions", "count", "", "number of fractions"),
        Column("dose_total_gy", "number", "Gy", "prescribed dose"),
        Column("gtv_ml", "number", "mL", "volume of the GTV"),
        Column("ctv_ml", "number", "mL", "volume of the CTV"),
        Column("ptv_ml", "number", "mL", "volume of the PTV"),
        Column("ptv_d95_gy", "number", "Gy", "D95% of the PTV"),
        Column("ptv_d98_gy", "number", "Gy", "D98% of the PTV"),
        Column("ptv_d2_gy", "number", "Gy", "D2% of the PTV"),
        Column("ptv_mean_gy", "number", "Gy", "mean dose of the PTV"),
        Column("gtv_d98_gy", "number", "Gy", "D98% of the GTV"),
        Column("gtv_mean_gy", "number", "Gy", "mean dose of the GTV"),
        Column("bed10_rx_gy", "number", "Gy10", "BED of the prescription, a/b 10 Gy"),
        Column("source_hash", "text", "", "salted hash of the case and the lesion"),
        Column("rtvol_version", "text", "", "version that made the numbers"),
        Column("volume_method", "text", "", "solids of the volumes, and what is called PTV"),
    ),
)
PATIENTS = Sheet(
    "patients",
    "rtvol/outcome-patients@1",
    (
        Column("patient_id", "text", "", "pseudonym of the patient"),
        Column("n_cases", "count", "", "structure sets of the patient"),
        Column("n_lesions", "count", "", "lesions with a PTV"),
        Column("cptv_ml", "number", "mL", "cumulative PTV: plain sum of the PTVs"),
        Column("cptv_union_ml", "number", "mL", "volume of their union; of one structure set only"),
    ),
)
KEY = Sheet(
    "key",
    "rtvol/outcome-key@1",
    (
        Column("patient_id", "text", "", "pseudonym of the patient"),
        Column("lesion_id", "text", "", "number of the lesion in the patient"),
        Column("case", "text", "", "folder of the structure set"),
        Column("gtv", "text", "", "name of the GTV"),
    ),
)


def lesion_rows(records: Iterable[Record], *, is_cut: bool) -> Iterator[Sequence[Any]]:
    """Yield one row per lesion, by patient, case and the order of the file.

    `is_cut`: what the policy calls PTV is what organs to avoid have left of it.
    """
    for patient, lesion_id, record, lesion in _numbered(records):
        rows = {row.role: row for row in record.result.structures if row.lesion == lesion}
        gtv, ctv = rows.get("gtv"), rows.get("ctv")
        ptv = rows.get("ptv_clip" if is_cut and "ptv_clip" in rows else "ptv")
        dose_gy, fractions = record.prescription_gy, record.fractions
        known = dose_gy is not None and fractions is not None
        yield (
            patient,
            lesion_id,
            None,
            fractions,
            dose_gy,
            *(row.volume_cc if row else None for row in (gtv, ctv, ptv)),
            *(_dose_gy(ptv, key) for key in ("D95%[Gy]", "D98%[Gy]", "D2%[Gy]", "Mean[Gy]")),
            *(_dose_gy(gtv, key) for key in ("D98%[Gy]", "Mean[Gy]")),
            bed_gy(dose_gy, fractions, BED_RATIO_GY) if known else None,  # type: ignore[arg-type]
            digest_of([record.source, lesion])[:16],
            record.versions["rtvol"],
            _method(gtv, ptv),
        )


def patient_rows(records: Iterable[Record]) -> Iterator[Sequence[Any]]:
    """Yield one row per patient: lesions and cumulative PTV.

    The volume of the union is that of one structure set: two of a patient may lie in different
    frames of reference, and then nobody knows it.
    """
    for patient, own in _by_patient(records):
        sums = [record.result.sum_ptv_cc for record in own]
        lesions = sum(len(_lesions(record)) for record in own)
        known = [cc for cc in sums if cc is not None]
        union = own[0].result.cumulative_ptv_cc if len(own) == 1 else None
        yield patient, len(own), lesions, sum(known) if len(known) == len(sums) else None, union


def key_rows(records: Iterable[Record]) -> Iterator[Sequence[Any]]:
    """Yield which lesion of which case each row of `lesions` is about: not to be passed on."""
    for patient, lesion_id, record, lesion in _numbered(records):
        yield patient, lesion_id, record.result.case, lesion


def _numbered(records: Iterable[Record]) -> Iterator[tuple[str, str, Record, str]]:
    for patient, own in _by_patient(records):
        pairs = [(record, lesion) for record in own for lesion in _lesions(record)]
        for number, (record, lesion) in enumerate(pairs, start=1):
            yield patient, f"L{number:02d}", record, lesion


def _by_patient(records: Iterable[Record]) -> Iterator[tuple[str, list[Record]]]:
    groups: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        groups[record.patient].append(record)
    for patient in sorted(groups):
        yield patient, sorted(groups[patient], key=lambda record: record.result.case)


def _lesions(record: Record) -> list[str]:
    rows = record.result.structures
    return list(dict.fromkeys(row.lesion for row in rows if row.lesion and row.role == "gtv"))


def _dose_gy(row: StructureRow | None, key: str) -> float | None:
    """Return a dose in Gy as given: never BED or EQD2 under the name of a dose."""
    if row is None or row.dose != "physical":
        return None
    return row.metrics.get(key)


def _method(gtv: StructureRow | None, ptv: StructureRow | None) -> str:
    if gtv is None or ptv is None:
        return ""
    called = "PTV_mod" if ptv.role == "ptv_clip" else "whole PTV"
    return f"gtv {gtv.solid}; ctv and ptv {ptv.solid}; {called}"
