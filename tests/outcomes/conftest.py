"""A cohort of six patients and eight lesions, small enough to be worked out by hand."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pytest

from rtvol.outcomes import Cohort
from rtvol.outcomes.demo.tables import write_cohort

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# What happens, day by day from each patient's first fraction:
#   P01  two lesions, L1 fails at 100 (imaged until then), L2 imaged until 350; dies at 400
#   P02  imaged until 700, last seen alive at 800; nothing happens; extra-hepatic disease
#   P03  imaged until 250; fails outside and inside the liver at 300, and dies that day
#   P04  imaged until 450; dies at 500 without failure
#   P05  imaged until 300 only; dies at 900 without failure
#   P06  L1 resected at 150, imaged until 600; L2 treated from day 60 on, imaged until 600; alive
SMALL = {
    "lesions": """
patient_id,lesion_id,sbrt_start_day,n_fractions,dose_total_gy,gtv_ml,ctv_ml,ptv_ml,ptv_d95_gy,bed10_rx_gy
P01,L1,0,3,45,20,26,50,44,112.5
P01,L2,0,3,60,2,3,8,59,180
P02,L1,0,4,40,1,2,5,41,80
P03,L1,0,4,48,60,80,150,47,105.6
P04,L1,0,3,45,5,8,20,44,112.5
P05,L1,0,4,32,30,40,100,31,57.6
P06,L1,0,3,54,1,2,10,53,151.2
P06,L2,60,3,54,4,6,15,53,151.2
""",
    "lesion_followup": """
patient_id,lesion_id,best_response,local_failure,local_failure_day,last_imaging_day,salvage_day
P01,L1,PR,1,100,100,
P01,L2,CR,0,,350,
P02,L1,CR,0,,700,
P03,L1,SD,0,,250,
P04,L1,PR,0,,450,
P05,L1,PR,0,,300,
P06,L1,SD,0,,600,150
P06,L2,CR,0,,600,
""",
    "patients": """
patient_id,sex,age_at_sbrt_years,primary_site,histology,primary_controlled,disease_class,extrahepatic_disease,extrahepatic_site,systemic_after_recurrence,systemic_start_day,dx_day,progression,progression_day,fail_local,fail_local_day,fail_intrahepatic,fail_intrahepatic_day,fail_extrahepatic,fail_extrahepatic_day,extrahepatic_failure_sites,death,death_day,last_contact_day
P01,M,60,colorectal,adenocarcinoma,1,oligo_recurrence,0,,1,-20,-30,1,100,1,100,0,,0,,,1,400,400
P02,F,70,stomach,adenocarcinoma,1,oligo_progression,1,lung,0,,-60,0,,0,,0,,0,,,0,,800
P03,M,55,colorectal,adenocarcinoma,1,oligo_recurrence,0,,1,50,-400,1,300,0,,1,300,1,300,lung;bone,1,300,300
P04,F,63,cervix,scc,1,oligo_progression,1,other,0,,0,0,,0,,0,,0,,,1,500,500
P05,M,64,colorectal,adenocarcinoma,unknown,oligo_recurrence,0,,1,,-90,0,,0,,0,,0,,,1,900,900
P06,F,80,other,other,1,oligo_progression,1,para_aortic_ln,0,,-10,0,,0,,0,,0,,,0,,600
""",
    "toxicity": """
patient_id,term,grade,onset_day,attribution,ctcae_version
P01,nausea,1,10,probable,4.0
P01,nausea,2,20,probable,4.0
P02,fatigue,1,5,unlikely,4.0
P04,duodenal ulcer,3,120,possible,4.0
""",
    "screening": """
patient_id,status,reason,known_before_sbrt
P01,included,,
P02,included,,
P03,included,,
P04,included,,
P05,included,,
P06,included,,
P07,excluded,lost to follow-up,0
P08,excluded,other disease,1
""",
}


class Draft:
    """Tables as rows of text that a test may break before they are written."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tables = {
            name: list(csv.DictReader(io.StringIO(text.strip()))) for name, text in SMALL.items()
        }

    def set(self, table: str, row: int, **cells: object) -> Draft:
        """Change cells; rows count from 0, a column that is not there is added."""
        for name, value in cells.items():
            for one in self.tables[table]:
                one.setdefault(name, "")
            self.tables[table][row][name] = str(value)
        return self

    def column(self, table: str, name: str, change: Callable[[str], str]) -> Draft:
        """Change every cell of a column that is not empty."""
        for row in self.tables[table]:
            row[name] = change(row[name]) if row[name] else ""
        return self

    def rename(self, table: str, old: str, new: str) -> Draft:
        """Call a column something else."""
        self.tables[table] = [
            {new if key == old else key: value for key, value in row.items()}
            for row in self.tables[table]
        ]
        return self

    def drop(self, table: str, name: str) -> Draft:
        """Leave a column out."""
        for row in self.tables[table]:
            row.pop(name, None)
        return self

    def text(self, table: str) -> str:
        """Return a table as CSV."""
        rows = self.tables[table]
        out = io.StringIO(newline="")
        writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        return out.getvalue()

    def write(self) -> Path:
        """Write all tables."""
        self.folder.mkdir(exist_ok=True)
        for name in self.tables:
            (self.folder / f"{name}.csv").write_text(self.text(name), encoding="utf-8")
        return self.folder

    def read(self) -> Cohort:
        """Write and read them."""
        return Cohort.read(self.write())


@pytest.fixture
def draft(tmp_path: Path) -> Draft:
    """The small cohort, to be broken."""
    return Draft(tmp_path / "cohort")


@pytest.fixture
def small(draft: Draft) -> Cohort:
    """The small cohort as it is."""
    return draft.read()


@pytest.fixture(scope="session")
def small_once(tmp_path_factory: pytest.TempPathFactory) -> Cohort:
    """The small cohort, read once for what only looks at it."""
    return Draft(tmp_path_factory.mktemp("small") / "cohort").read()


@pytest.fixture(scope="session")
def synthetic_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The stored synthetic cohort, as files."""
    return write_cohort(tmp_path_factory.mktemp("synthetic") / "cohort")


@pytest.fixture(scope="session")
def synthetic(synthetic_folder: Path) -> Cohort:
    """The stored synthetic cohort."""
    return Cohort.read(synthetic_folder)
