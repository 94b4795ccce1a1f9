"""A text means the same wherever it stands: names, patterns, kinds of target, expressions."""

from __future__ import annotations

import numpy as np
import pytest

from rtvol.errors import CaseRejected, UsageError
from rtvol.margins.algebra import leaves
from rtvol.margins.setting import Setting
from rtvol.names.expressions import goal_regions, regions_meant
from rtvol.names.language import parse_expression
from rtvol.names.regions import Ground, shape_of
from rtvol.solids import slab_volume_cc
from rtvol.solids.reading import Reading
from rtvol.solids.stack import stack_planes
from rtvol.structures import Contour, Roi, StructureSet


def block(name: str, number: int, kind: str = "", *, x_mm: float = 0.0, width_mm: float = 10.0):
    """A block `width_mm` x 10 x 9 mm: three planes 3 mm apart."""
    corners = [(0, 0), (width_mm, 0), (width_mm, 10), (0, 10)]
    xy = np.array(corners, float) + np.array([x_mm, 0.0])
    return Roi(name, number, kind, tuple(Contour(xy, z) for z in (0.0, 3.0, 6.0)))


LIVER = block("Liver", 1, "ORGAN", width_mm=40)
GTV1, GTV2 = block("GTV1", 2, "GTV"), block("GTV2", 3, "GTV", x_mm=20)
KIDNEY, FAR = block("Kidney_L", 4), block("Far", 5, x_mm=100)
SET = StructureSet((LIVER, GTV1, GTV2, KIDNEY, FAR, Roi("GTV3", 6, "GTV", ())))

GROUND = Ground(
    lambda roi, limit: stack_planes(roi, cap_limit_mm=limit),
    lambda _: Setting(np.arange(-20.0, 30.0) * 3.0),
    lambda word: pytest.fail(f"no dose for {word}"),
)


def meant(text: str, structures: StructureSet = SET, **names: tuple[str, ...]) -> list[str]:
    return [region.name for region in regions_meant(structures, text, names)]


def volume_cc(text: str, solid: str = "slab", structures: StructureSet = SET) -> float:
    (region,) = regions_meant(structures, text)
    return slab_volume_cc(shape_of(region, Reading(solid), GROUND).stack)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Liver", ["Liver"]),
        ("liver", ["Liver"]),
        ("#3", ["GTV2"]),
        ("kidney l", ["Kidney_L"]),
        ("GTV*", ["GTV1", "GTV2"]),
        ("GTV", ["GTV1", "GTV2"]),
        ("gtv", ["GTV1", "GTV2"]),
        ("Liver-GTV", ["Liver-GTV"]),
        ('"Liver"', ["Liver"]),
    ],
)
def test_what_a_text_means(text: str, names: list[str]) -> None:
    assert meant(text) == names


def test_the_roi_of_that_name_wins_over_all_of_that_kind() -> None:
    named = StructureSet((LIVER, block("GTV", 7, "GTV"), GTV2))
    assert meant("GTV", named) == ["GTV"]
    assert volume_cc("Liver-GTV", structures=named) == pytest.approx(3.6 - 0.9)


def test_a_name_in_an_expression_is_all_it_means_and_that_is_said() -> None:
    (region,) = regions_meant(SET, "Liver-GTV")
    assert region.meaning == "GTV is GTV1 + GTV2"
    assert volume_cc("Liver-GTV") == pytest.approx(3.6 - 2 * 0.9)
    assert volume_cc("Liver-GTV*") == pytest.approx(3.6 - 2 * 0.9)
    assert volume_cc("Liver & GTV2") == pytest.approx(0.9)
    assert volume_cc("GTV1+GTV2") == pytest.approx(1.8)
    assert regions_meant(SET, "Liver-GTV1")[0].meaning == ""


@pytest.mark.parametrize("solid", ["slab", "loft"])
def test_parts_that_leave_nothing_have_no_volume(solid: str) -> None:
    assert volume_cc("Liver & Far", solid) == 0.0
    assert volume_cc("Liver & Far + Far", solid) == pytest.approx(volume_cc("Far", solid))
    assert volume_cc("Liver & Far - Far", solid) == 0.0
    assert volume_cc("Liver & Far & Far", solid) == 0.0
    assert volume_cc("GTV1 - Liver", solid) == pytest.approx(0.0, abs=0.02)


def test_an_alias_speaks_where_no_name_does() -> None:
    assert meant("Niere", Niere=("kidney*",)) == ["Kidney_L"]
    assert meant("Liver-Niere", Niere=("kidney*",)) == ["Liver-Niere"]
    with pytest.raises(CaseRejected, match="roi-ambiguous"):
        meant("Tumour", Tumour=("gtv*",))


def test_a_hyphen_is_an_operator_and_no_other_spelling() -> None:
    named = StructureSet((LIVER, block("Liver_GTV1", 9), GTV1))
    assert volume_cc("Liver-GTV1", structures=named) == pytest.approx(3.6 - 0.9)
    assert meant("Liver_GTV1", named) == meant("liver gtv1", named) == ["Liver_GTV1"]


@pytest.mark.parametrize("text", ["Nowhere", "Liver-Nowhere", "Bowel*"])
def test_what_is_not_there_is_said_by_name(text: str) -> None:
    with pytest.raises(CaseRejected, match="roi-not-found"):
        regions_meant(SET, text)


def test_a_target_is_never_taken_for_another_spelling() -> None:
    with pytest.raises(CaseRejected, match="roi-ambiguous"):
        regions_meant(SET, "GTV-1")
    with pytest.raises(CaseRejected, match="roi-not-found"):
        regions_meant(SET, "GTV 1")


def test_a_goal_on_a_kind_of_target_is_about_each_lesion() -> None:
    named = StructureSet((block("GTV", 7), GTV2, block("GTV9", 8)))
    assert [one.name for one in goal_regions(named, "GTV", {})] == ["GTV", "GTV2"]
    assert [one.name for one in goal_regions(SET, "Liver-GTV", {})] == ["Liver-GTV"]
    with pytest.raises(CaseRejected, match="roi-not-found"):
        goal_regions(SET, "PTV", {})


@pytest.mark.parametrize(
    "text", ["Liver-", "-Liver", 'Liver - "GTV', '"Liver" GTV1', "Liver--GTV1"]
)
def test_what_is_no_expression_is_refused_with_a_caret(text: str) -> None:
    with pytest.raises(UsageError, match="bad-expression") as caught:
        parse_expression(text, SET.names)
    assert "^" in caught.value.finding.seen


def test_a_name_that_reads_like_an_expression_is_the_name() -> None:
    assert [one.text for one in leaves(parse_expression("A-B", ["A-B"]))] == ["A-B"]
    assert [one.text for one in leaves(parse_expression("A-B-A", ["A-B"]))] == ["A-B", "A"]
