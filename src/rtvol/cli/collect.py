"""`rtvol collect`: the cases of a run as tables."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from rtvol.cli.options import DEFAULT_LOUDNESS, Json, Loudness, Switch


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
    json: Json = False,
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
    from rtvol.cli.progress import pulse
    from rtvol.tables.document import finding_entries, written_document
    from rtvol.tables.sheet import check_file

    path = wanted.output
    for file in (path if path.suffix else None, wanted.key):
        if file is not None:
            check_file(file, overwrite=wanted.overwrite)
    found = tables.open_output(Place(run))
    more: dict[str, object] = {}
    with pulse(loudness, f"making tables of {gather.cases_text(len(found.entries))}"):
        if path.suffix:
            count, missing = tables.write_table(
                wanted.table, found, path, overwrite=wanted.overwrite
            )
            written, more = [path], {"table": wanted.table, "rows": count}
            lines = [f"wrote {path}: {wanted.table}, {count} rows"]
            if wanted.table == "metrics":
                lines.append("other tables: --table NAME, or -o FOLDER for all")
        else:
            written, missing = tables.write_all(found, path, overwrite=wanted.overwrite)
            lines = [f"wrote {one}" for one in written]
        if wanted.key is not None:
            tables.write_key(found, wanted.key, overwrite=wanted.overwrite)
            written = [*written, wanted.key]
            lines.append(f"wrote {wanted.key}: which case each patient_id and lesion_id is")
    if json:
        entries = finding_entries(missing, notes=False)
        screen.show_json(written_document(written, **more, findings=entries))
    if not loudness.quiet:
        screen.tell(*lines)
    gather.tell_findings("", missing, loudness)
    return 1 if missing else 0
