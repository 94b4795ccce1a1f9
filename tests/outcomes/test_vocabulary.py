"""Words of the data in results: terms and reasons everybody uses, and what is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rtvol.outcomes import Analysis, Cohort, analyse, write_study
from rtvol.outcomes.demo.tables import write_cohort
from rtvol.outcomes.vocabulary import EXCLUSIONS, TERMS

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Draft


def written(cohort: Cohort, settings: Analysis, folder: Path) -> str:
    """Everything a study writes as text, figures included."""
    files = write_study(analyse(cohort, settings, "paper"), folder)
    return "\n".join(
        path.read_text(encoding="utf-8")
        for path in files
        if path.suffix in {".csv", ".md", ".html", ".svg", ".json"}
    )


def test_words_of_the_data_are_numbered_unless_asked_for(draft: Draft, tmp_path: Path) -> None:
    draft.set("toxicity", 0, term="zosteroid thing of uncle Bob")
    draft.set("toxicity", 1, term="Zosteroid  thing of uncle bob")
    draft.set("toxicity", 2, term="Fatigue")
    draft.set("screening", 6, status="excluded", reason="moved to Quxville")
    folder = draft.write()
    cohort = Cohort.read(folder)
    assert "text-withheld" in {one.code for one in cohort.warnings}
    text = written(cohort, Analysis(), tmp_path / "withheld").casefold()
    assert "bob" not in text
    assert "quxville" not in text
    assert "term 1 (text not shown)" in text
    assert "term 2" not in text  # they differ by case and blanks only
    assert "fatigue" in text
    asked = Cohort.read(folder, free_text=True)
    text = written(asked, Analysis(), tmp_path / "asked").casefold()
    assert "uncle bob" in text
    assert "quxville" in text


def test_words_that_the_settings_list_are_shown(draft: Draft, tmp_path: Path) -> None:
    draft.set("toxicity", 0, term="Zosteroid Thing")
    draft.set("screening", 6, status="excluded", reason="no slot")
    own = Analysis(toxicity_terms=("zosteroid thing",), exclusion_reasons=("no slot",))
    text = written(Cohort.read(draft.write(), own), own, tmp_path / "own")
    assert "Zosteroid Thing" in text
    assert "no slot" in text


def test_the_demo_shows_all_its_words(tmp_path: Path) -> None:
    cohort = Cohort.read(write_cohort(tmp_path))
    assert not {"text-withheld"} & {one.code for one in cohort.warnings}


@pytest.mark.parametrize("words", [TERMS, EXCLUSIONS])
def test_the_lists_are_folded(words: frozenset[str]) -> None:
    assert all(word == " ".join(word.casefold().split()) and word for word in words)
