"""What commands write for each case, and where: the options, and the lines that say so."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from rtvol.cli.options import Switch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rtvol.tables.rows import CaseResult

WRITTEN = ("rtstruct", "nifti", "csv")


@Parameter(name="*")
@dataclass(frozen=True)
class FileFlags:
    """What is written, and where.

    Attributes
    ----------
    output
        Folder for the results: one folder per case, structures.csv and result.json.
    write
        What to write: rtstruct, nifti, csv, joined by commas.
    label
        Label of the structure set, 16 characters at most; by default it names what was made.
    into
        new: the structure set holds what was made, and GTVs; same: it also holds all ROIs of its
        source, as they are stored there.
    overwrite
        Replace the results of an earlier run.
    dry_run
        Show what would be written, with volumes; write nothing.
    """

    output: Annotated[Path, Parameter(name=["--output", "-o"])] = Path("rtvol-out")
    write: str = "rtstruct,csv"
    label: str = ""
    into: Literal["new", "same"] = "new"
    overwrite: Annotated[bool, Switch] = False
    dry_run: Annotated[bool, Switch] = False


DEFAULT_FILES = FileFlags()


def written_kinds(text: str) -> tuple[Literal["rtstruct", "nifti", "csv"], ...]:
    """Read the words of --write, joined by commas."""
    from rtvol.errors import UsageError

    words = [word.strip() for word in text.split(",") if word.strip()]
    unknown = [word for word in words if word not in WRITTEN]
    if unknown or not words:
        raise UsageError(
            "bad-call",
            where="--write",
            seen=", ".join(unknown) or "nothing",
            mend=f"one or more of {', '.join(WRITTEN)}",
        )
    return tuple(word for word in WRITTEN if word in words)  # type: ignore[misc]


def written_lines(
    done: "Sequence[CaseResult]",
    folders: "Mapping[str, Path]",
    files: FileFlags,
    write: tuple[str, ...],
) -> list[str]:
    """Say which files there are now, or would be."""
    from rtvol.verbs.output import CSV_NAME, MASKS_NAME, RESULT_NAME, RTSTRUCT_NAME

    kinds = [("rtstruct", RTSTRUCT_NAME), ("nifti", MASKS_NAME)]
    wanted = [name for kind, name in kinds if kind in write]
    lines = [
        str(folders[result.case] / name)
        for result in done
        if result.status != "reject"
        for name in wanted
        if (_has_masks(result) if name == MASKS_NAME else _has_structures(result))
    ]
    if all(result.status == "reject" for result in done):
        return []
    lines += [str(files.output / CSV_NAME)] if "csv" in write else []
    lines.append(str(files.output / RESULT_NAME))
    verb = "would write" if files.dry_run else "wrote"
    return [f"{verb} {line}" for line in lines]


def _has_structures(result: "CaseResult") -> bool:
    """Whether a structure set is there, or would be: not where nothing is left of any."""
    return any(row.written_name for row in result.structures)


def _has_masks(result: "CaseResult") -> bool:
    """Whether masks are there, or would be: not without a CT, nor where its grid holds none."""
    return not {finding.code for finding in result.findings} & {"no-ct", "masks-not-written"}
