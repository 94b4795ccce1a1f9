import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtvol.errors import UsageError
from rtvol.margins import Clip, Margin, TargetRecipe, parse_clip, parse_margin
from rtvol.margins.margin import one_after_the_other


def test_one_number_is_all_six():
    assert parse_margin(" 4 ") == Margin(4, 4, 4, 4, 4, 4)
    assert parse_margin("0").is_zero


def test_six_directions_in_any_order_and_case():
    wanted = Margin(
        left_mm=5, right_mm=3, anterior_mm=4, posterior_mm=2.5, superior_mm=6, inferior_mm=0
    )
    assert parse_margin("L5,R3,A4,P2.5,S6,I0") == wanted
    assert parse_margin("i0, s6, p2.5, a4, r3, l5") == wanted


@pytest.mark.parametrize(
    "text",
    [
        "",
        "L5",
        "L5,R3,A4,P2,S5",
        "L5,R3,A4,P2,S5,X3",
        "L5,L5,A4,P2,S5,I3",
        "4,5",
        "nan",
        "inf",
        "2mm",
    ],
)
def test_anything_else_is_refused_with_the_mend(text):
    with pytest.raises(UsageError) as caught:
        parse_margin(text)
    assert caught.value.finding.code == "bad-margin"
    assert "L5,R3,A4,P2,S5,I3" in caught.value.finding.mend


def test_large_margins_ask_for_a_word():
    with pytest.raises(UsageError) as caught:
        parse_margin("51")
    assert caught.value.finding.code == "large-margin"
    assert parse_margin("51", allow_large=True).largest_mm == 51


@given(st.lists(st.floats(0, 50), min_size=6, max_size=6))
def test_what_is_printed_reads_back(sizes):
    margin = Margin(*(round(size, 2) for size in sizes))
    again = parse_margin(str(margin).removesuffix(" mm"))
    assert again == margin


def test_bodies_of_one_shape_add_up():
    assert one_after_the_other(Margin.uniform(2), Margin.uniform(4)) == Margin.uniform(6)
    same_shape = one_after_the_other(Margin(2, 4, 2, 2, 2, 2), Margin(1, 2, 1, 1, 1, 1))
    assert same_shape == Margin(3, 6, 3, 3, 3, 3)
    assert one_after_the_other(Margin(2, 4, 2, 2, 2, 2), Margin.uniform(4)) is None
    six = Margin(1, 2, 3, 4, 5, 6)
    assert one_after_the_other(Margin.uniform(0), six) == six
    assert one_after_the_other(Margin.uniform(4), Margin.uniform(-2)) is None


def test_clip_reads_a_name_and_a_gap():
    assert parse_clip("avoid", "Duodenum:3") == Clip("avoid", "Duodenum", 3.0)
    assert parse_clip("avoid", "Stomach") == Clip("avoid", "Stomach", 0.0)
    assert parse_clip("avoid", "Cord: PRV") == Clip("avoid", "Cord: PRV", 0.0)
    assert parse_clip("avoid", "Bowel:-2") == Clip("avoid", "Bowel", -2.0)


@pytest.mark.parametrize("text", ["Duodenum:nan", "Duodenum:inf", "Duodenum:500"])
def test_absurd_gaps_are_refused(text):
    with pytest.raises(UsageError) as caught:
        parse_clip("avoid", text)
    assert caught.value.finding.code == "bad-gap"


def test_a_clip_is_of_a_kind_there_is():
    with pytest.raises(UsageError, match="bad-clip"):
        Clip("around", "Duodenum", 3.0)


def test_recipe_names_its_organs_once_and_says_its_order():
    recipe = TargetRecipe(
        Margin.uniform(2),
        Margin.uniform(4),
        clips=(
            Clip("avoid", "Duodenum", 3),
            Clip("avoid", "Stomach"),
            Clip("barrier", "Stomach"),
        ),
    )
    assert recipe.organs == ("Stomach", "Duodenum")
    text = str(recipe)
    assert text.index("CTV less Stomach") < text.index("PTV = CTV + 4 mm") < text.index("PTV^clip")


def test_a_margin_is_a_number_of_millimetres():
    with pytest.raises(UsageError):
        Margin.uniform(math.nan)
