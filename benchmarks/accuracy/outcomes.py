"""`make accuracy`: survival statistics beside R, with lifelines' column.

    python benchmarks/accuracy/outcomes.py [--live] [--output FILE]

Reference values are those stored in tests/agreement (R's script and firthmodels' stand beside
them); `--live` has the R of this machine compute them anew. lifelines is asked for what it offers.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

from outcomes_lifelines import compare_lifelines, lifelines_version
from outcomes_models import MODEL_LIMITS, compare_models
from outcomes_r import FOLDER, LIMITS, Row, compare, load_reference

HEAD = """# Agreement of the outcome statistics with R

Written by `python benchmarks/accuracy/outcomes.py --output docs/accuracy-outcomes.md`; `make
accuracy` prints it. The largest difference over all values of a family: probabilities and their
errors as they are, all else relative. Data are generated: 40 to 400 rows, with heavy ties, none,
clusters, strata, delayed entry; competing risks in two and three groups; levels without events;
lesions with dose and follow-up. The censored dose-response is judged by R's nlm, finished by
Newton's method, on the same likelihood written down anew; limits by patient by R's profiles and a
sandwich, or a jackknife, written down.
lifelines is measured on the same data and values, where it offers the quantity.

"""


def reference_of(name: str, *, live: bool) -> dict[str, Any]:
    """Stored values, or those of the R of this machine."""
    if not live:
        return load_reference(f"{name}.json")
    script = FOLDER / f"{name}.R"
    ran = subprocess.run(
        [shutil.which("Rscript") or "Rscript", str(script)],
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def largest(rows: list[Row], family: str) -> Row | None:
    """The value of a family that is farthest off."""
    return max((row for row in rows if row.family == family), key=lambda r: r.error, default=None)


def table(ours: list[Row], peers: list[Row]) -> str:
    """Lay out one line per family."""
    lines = [
        "| family | values | promised | rtvol | farthest off | lifelines | |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for family, limit in (LIMITS | MODEL_LIMITS).items():
        worst = largest(ours, family)
        assert worst is not None, family
        count = sum(row.family == family for row in ours)
        peer = largest(peers, family)
        place = ": ".join(part for part in (worst.case, worst.quantity) if part)
        lines.append(
            f"| {family} | {count} | {limit:.0e} | {worst.error:.1e} | {place} | "
            f"{'' if peer is None else f'{peer.error:.1e}'} | "
            f"{'met' if worst.error <= limit else 'NOT MET'} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Print the table, and write it where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--live", action="store_true", help="ask the R of this machine")
    parser.add_argument("--output", type=Path)
    asked = parser.parse_args()
    reference = reference_of("outcomes_reference", live=asked.live)
    models = reference_of("outcomes_models", live=asked.live)
    version = lifelines_version()
    judges = ", ".join(f"{name} {number}" for name, number in reference["versions"].items())
    firth = load_reference("firth_reference.json")["firthmodels"]
    peers = compare_lifelines(reference) if version else []
    found = (
        f"Judged by {judges}; Firth by firthmodels {firth}. "
        f"lifelines: {version or 'not measured (not installed)'}.\n\n"
        f"{table(compare(reference) + compare_models(models), peers)}\n"
    )
    print(found)
    if asked.output:
        asked.output.write_text(HEAD + found, encoding="utf-8")


if __name__ == "__main__":
    main()
