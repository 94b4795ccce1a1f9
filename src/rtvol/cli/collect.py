"""`rtvol collect`: the cases of a run as tables."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from rtvol.cli.options import DEFAULT_LOUDNESS, Loudness, Switch


@Parameter(name="*")
@dataclass(frozen=True)
class CollectFlags:
    """What is written, and where.

    Attributes
    ----------
    output
        FILE.parquet or FILE.csv for one table, or a folder for all of them.
    table
        Which table a file is to hold.
    key
        FILE.csv that says which case and GTV each patient_id and lesion_id is; keep it.
    overwrite
        Replace tables that are there.
    """

    output: Annotated[Path, Parameter(name=["--output", "-o"])]
    table: Literal["metrics", "structures", "goals", "cases", "lesions", "patients"] = "metrics"
    key: Path | None = None
    overwrite: Annotated[bool, Switch] = False


def collect(
    run: Annotated[Path, Parameter(help="Output folder of a run.")],
    *,
    wanted: CollectFlags,
    loudness: Loudness = DEFAULT_LOUDNESS,
) -> int:
    """Make tables of all finished cases of a run.

    A file holds one table, metrics unless --table says another; a folder gets them all: metrics,
    structures, goals and cases as Parquet in parts, lesions.csv and patients.csv in the form that
    the outcome analysis reads. Patients are salted hashes.

    For example:
        rtvol collect out -o metrics.parquet
        rtvol collect out -o tables/
        rtvol collect out -o lesions.csv --table lesions --key key.csv
    """
    from rtvol.batch import collect as tables
    from rtvol.batch.store.layout import Place
    from rtvol.cli import gather, screen
    from rtvol.tables.lesion_table import KEY, lesions_of
    from rtvol.tables.sheet import check_file, write_sheet

    path = wanted.output
    for file in (path if path.suffix else None, wanted.key):
        if file is not None:
            check_file(file, overwrite=wanted.overwrite)
    found = tables.open_output(Place(run))
    if path.suffix:
        count, missing = tables.write_table(wanted.table, found, path, overwrite=wanted.overwrite)
        lines = [f"wrote {path}: {wanted.table}, {count} rows"]
        if wanted.table == "metrics":
            lines.append("other tables: --table NAME, or -o FOLDER for all")
    else:
        written, missing = tables.write_all(found, path, overwrite=wanted.overwrite)
        lines = [f"wrote {one}" for one in written]
    if wanted.key is not None:
        # what is left out was told of above
        records = [record for _, record in tables.records_of(found, lambda _: None)]
        write_sheet(
            KEY,
            [list(lesions_of(records, is_cut=found.is_cut))],
            wanted.key,
            overwrite=wanted.overwrite,
        )
        lines.append(f"wrote {wanted.key}: which case each patient_id and lesion_id is")
    if not loudness.quiet:
        screen.tell(*lines)
    gather.tell_findings("", missing, loudness)
    return 1 if missing else 0
