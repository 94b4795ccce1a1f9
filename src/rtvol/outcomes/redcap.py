"""One REDCap export split into the tables of the hand-over format.

The project has one instrument of each patient and repeating instruments `lesions` and `toxicity`;
variables are called as in the data dictionary. In the export `record_id` is the patient, rows of
repeating instruments name theirs in `redcap_repeat_instrument`. Checkboxes `x___a`, `x___b`
become the list `a;b`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rtvol.outcomes.fields import source_of
from rtvol.outcomes.problems import Place
from rtvol.outcomes.sources import Grid

if TYPE_CHECKING:
    from rtvol.outcomes.fields import Column, Dictionary
    from rtvol.outcomes.problems import Problems

RECORD, INSTRUMENT, INSTANCE = "record_id", "redcap_repeat_instrument", "redcap_repeat_instance"
#: What REDCap adds by itself.
_OWN = (INSTRUMENT, INSTANCE, "redcap_event_name", "redcap_data_access_group")
#: Tables a row of each instrument feeds; lesions carry their follow-up.
_FEEDS = {"": ("patients",), "lesions": ("lesions", "lesion_followup"), "toxicity": ("toxicity",)}


def is_redcap(content: bytes) -> bool:
    """Tell whether bytes of a CSV begin as a REDCap export with repeating instruments does."""
    first = content.removeprefix(b"\xef\xbb\xbf").partition(b"\n")[0].decode("ascii", "replace")
    names = [name.strip(' "\r') for name in first.split(",")]
    return names[0] == RECORD and INSTRUMENT in names


def tables_of_redcap(grid: Grid, columns: Dictionary, problems: Problems) -> dict[str, Grid]:
    """Split an export.

    Parameters
    ----------
    grid
        All of it, as text.
    columns
        The data dictionary in force; says which variable belongs to which table.
    problems
        Where to note instruments that feed no table.
    """
    place = {name: index for index, name in enumerate(grid.header)}
    instruments = {row[place[INSTRUMENT]] for _, row in grid.rows}
    for other in sorted(instruments - set(_FEEDS)):
        rule = f"instruments: one of patients, repeating: {', '.join(k for k in _FEEDS if k)}"
        first = next(number for number, row in grid.rows if row[place[INSTRUMENT]] == other)
        seen = problems.cell(other)
        spot = Place(grid.file, first, INSTRUMENT)
        problems.warn("redcap-instrument", spot, seen, rule, "rename the instrument")
    found = {}
    for instrument, names in _FEEDS.items():
        rows = [(n, row) for n, row in grid.rows if row[place[INSTRUMENT]] == instrument]
        for name in names:
            if rows or name != "toxicity":
                others = _unknown(grid.header, columns) if name == "patients" else []
                found[name] = _table(grid, rows, place, columns[name], others)
    return found


def _unknown(header: list[str], columns: Dictionary) -> list[str]:
    """Variables that belong to no table; they go with the patients, whose check names them."""
    return [
        name
        for name in header
        if name not in (RECORD, *_OWN)
        and not name.endswith("_complete")
        and not any(source_of(own, name.partition("___")[0]) for own in columns.values())
    ]


def _table(
    grid: Grid,
    rows: list[tuple[int, list[str]]],
    place: dict[str, int],
    columns: tuple[Column, ...],
    unknown: list[str],
) -> Grid:
    """Take the variables of one table from the rows of its instrument."""
    own = [name for name in grid.header if name not in _OWN and source_of(columns, name)]
    own += [name for name in unknown if name not in own]
    boxes = _checkboxes(grid.header, columns)
    keys = ["patient_id"]
    numbered = "lesion_id" if any(c.name == "lesion_id" for c in columns) else ""
    if numbered and numbered not in own:
        keys.append(numbered)
    lines = []
    for number, row in rows:
        head = [row[place[RECORD]]]
        head += [f"L{row[place[INSTANCE]]}"] if len(keys) > 1 else []
        ticked = [
            ";".join(code for code, at in found.items() if row[at] in {"1", "Checked"})
            for found in boxes.values()
        ]
        lines.append((number, [*head, *(row[place[name]] for name in own), *ticked]))
    return Grid(grid.file, grid.content, [*keys, *own, *boxes], lines, grid.is_whole)


def _checkboxes(header: list[str], columns: tuple[Column, ...]) -> dict[str, dict[str, int]]:
    """Columns of each checkbox by the code they tick."""
    found: dict[str, dict[str, int]] = {}
    for at, name in enumerate(header):
        stem, sign, code = name.partition("___")
        if sign and (column := source_of(columns, stem)) is not None:
            codes = {one.casefold(): one for one in column.allowed}
            found.setdefault(stem, {})[codes.get(code.casefold(), code)] = at
    return found
