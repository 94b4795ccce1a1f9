"""One vocabulary: a flag is a key of the recipe, and the other way round."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from rtvol.cli.app import build_app
from rtvol.cli.dvh import DEFAULT_HOW, DEFAULT_QUESTION, job_of
from rtvol.cli.evaluation import DEFAULT_AGAINST, DEFAULT_DOSE
from rtvol.cli.expand import DEFAULT_FILES, TargetFlags, recipe_of
from rtvol.errors import UsageError
from rtvol.recipe.flags import FLAGS, OF_THE_CALL, OF_THE_FILE, recipe_of_call
from rtvol.recipe.jobs import dvh_job, target_job
from rtvol.recipe.read import read_recipe, setting_paths

if TYPE_CHECKING:
    from rtvol.recipe.model import Recipe

HEAD = 'schema = "rtvol/recipe@1"\n'
OF_ROIS = {"roi", "on_missing"}
GROW = HEAD + "[targets.CTV]\nmargin_mm = 2\n[targets.PTV]\nmargin_mm = 4\n"


def flags_of(command: str) -> set[str]:
    app = build_app([command])[command]
    names = {name for one in app.assemble_argument_collection() for name in one.names}
    return {name for name in names if name.startswith("--")}


def test_every_flag_is_a_key_of_the_recipe_or_of_the_call_alone() -> None:
    spoken = flags_of("expand") | flags_of("derive") | flags_of("dvh") | flags_of("run")
    assert spoken - {"--recipe"} == FLAGS.keys() | OF_THE_CALL
    assert not FLAGS.keys() & OF_THE_CALL


def test_every_key_of_the_recipe_is_a_flag_or_of_the_file_alone() -> None:
    keys = {".".join(path) for path in setting_paths()}
    assert keys == set(FLAGS.values())
    assert not keys & OF_THE_FILE
    assert len(set(FLAGS.values())) == len(FLAGS)


def of_file(tmp_path: Path, text: str) -> Recipe:
    (tmp_path / "r.toml").write_text(text)
    return read_recipe(tmp_path / "r.toml", environment={}).recipe


#: What a call says, and the lines of a recipe that say the same.
GROWN: list[tuple[dict[str, Any], str]] = [
    ({"gtv": ["GTV*"]}, '[targets.CTV]\nfrom = "GTV*"\n'),
    ({"avoid": ["Duodenum:3", "A:B:-1"]}, '[targets.PTV]\navoid = { Duodenum = 3, "A:B" = -1 }\n'),
    ({"barrier": ["Liver"]}, '[targets.CTV]\nbarrier = ["Liver"]\n'),
    ({"inside": ["Liver:2"]}, "[targets.CTV]\ninside = { Liver = 2 }\n"),
    ({"prv": ["Cord:2"]}, "[targets]\nprv_mm = { Cord = 2 }\n"),
    ({"ptv_from": "gtv"}, '[targets.PTV]\nfrom = "GTV"\n'),
    ({"split": True}, "[targets]\nsplit = true\n"),
    ({"on_missing": "skip"}, 'on_missing_roi = "skip"\n'),
]


@pytest.mark.parametrize(("call", "lines"), GROWN, ids=lambda one: str(one)[:20])
def test_a_call_grows_what_the_recipe_grows(
    call: dict[str, Any], lines: str, tmp_path: Path
) -> None:
    said = target_job(recipe_of(TargetFlags("2", "4", **call)))
    # a key may not stand before its table: the lines are laid under the margins
    (tmp_path / "user.toml").write_text(lines)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RTVOL_CONFIG", str(tmp_path / "user.toml"))
        written = target_job(of_file(tmp_path, GROW))
    assert said == written
    assert said != target_job(recipe_of(TargetFlags("2", "4")))


def test_files_and_label_are_said_in_both() -> None:
    files = replace(DEFAULT_FILES, write="nifti,csv", label="mine")
    job = target_job(recipe_of(TargetFlags("2", "4"), files))
    assert (job.write, job.label) == (("nifti",), "mine")


MEASURED: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any], str]] = [
    ({"roi": ["Liver-GTV"]}, {}, {}, 'rois = ["Liver-GTV"]'),
    ({"metric": ["Mean"]}, {}, {}, 'metrics = ["Mean"]'),
    ({"dose": [Path("RD.dcm")]}, {}, {}, 'dose = "RD.dcm"'),
    ({"sum": "physical"}, {}, {}, 'sum = "physical"'),
    ({"dose_unit": "cGy"}, {}, {}, 'dose_unit = "cGy"'),
    ({"on_missing": "fail"}, {}, {}, ""),
    ({}, {"solid": "loft"}, {}, 'solid = "loft"'),
    ({}, {"caps": "1.5"}, {}, "caps = 1.5"),
    ({}, {"dose_interpolation": "cubic"}, {}, 'dose_interpolation = "cubic"'),
    ({}, {"range": True}, {}, "range = true"),
    ({}, {"compare": True}, {}, "compare = true"),
    ({}, {}, {"axis": "bed"}, 'axis = "bed"'),
    ({}, {}, {"goals": ["liver-sbrt-3fx"]}, 'goals = "liver-sbrt-3fx"'),
    ({}, {}, {"goals": ["Liver Mean <= 9 Gy"]}, 'goals = ["Liver Mean <= 9 Gy"]'),
    ({"alpha_beta": ["3", "GTV*=10"]}, {}, {}, ""),
    ({}, {}, {"prescription": 45.0}, ""),
    ({}, {}, {"fractions": 3}, ""),
    ({}, {}, {"lql": ["GTV*=6.2:1.8"]}, ""),
]
ABOVE = {
    "on_missing": 'on_missing_roi = "fail"\n',
    "alpha_beta": '[prescription]\nalpha_beta_gy = { "*" = 3, "GTV*" = 10 }\n',
    "prescription": "[prescription]\ndose_gy = 45\n",
    "fractions": "[prescription]\nfractions = 3\n",
    "lql": '[prescription]\nlql = ["GTV*=6.2:1.8"]\n',
}


@pytest.mark.parametrize(("question", "how", "against", "line"), MEASURED)
def test_a_call_measures_what_the_recipe_measures(
    question: dict[str, Any],
    how: dict[str, Any],
    against: dict[str, Any],
    line: str,
    tmp_path: Path,
) -> None:
    said = job_of(
        replace(DEFAULT_QUESTION, **{key: question[key] for key in question if key in OF_ROIS}),
        replace(DEFAULT_DOSE, **{key: question[key] for key in question if key not in OF_ROIS}),
        replace(DEFAULT_HOW, **how),
        replace(DEFAULT_AGAINST, **against),
        with_curves=False,
    )
    above = "".join(ABOVE.get(name, "") for name in (*question, *against))
    written = dvh_job(of_file(tmp_path, f"{HEAD}{above}[dvh]\n{line}\n"))
    assert said == written
    plain = job_of(DEFAULT_QUESTION, DEFAULT_DOSE, DEFAULT_HOW, DEFAULT_AGAINST, with_curves=False)
    assert said != plain


@pytest.mark.parametrize(
    ("flags", "code", "where"),
    [
        ({"--roi": [], "--fractions": 0}, "bad-call", "--fractions"),
        ({"--roi": [], "--prescription": -1.0}, "bad-call", "--prescription"),
        ({"--roi": [], "--caps": "half way"}, "bad-caps", "--caps"),
        ({"--roi": [], "--lql": ["x"]}, "bad-fractionation", "--lql"),
        ({"--dose": ["a", "b"]}, "bad-call", "--dose"),
        ({"--sum": "eqd2"}, "bad-call", "--sum eqd2"),
        (
            {"--sum": "eqd2", "--alpha-beta": {"*": 3.0}, "--as": "bed"},
            "bad-call",
            "--as bed",
        ),
        ({"--sum": "eqd2", "--alpha-beta": {"*": 3.0}, "--lql": ["6"]}, "bad-call", "--lql"),
        ({"--ctv": "2", "--ptv": "99"}, "large-margin", None),
        ({"--ctv": "2", "--ptv": "x"}, "bad-margin", None),
        (
            {"--ctv": "2", "--ptv": "4", "--policy": "ctv_only", "--avoid": {"A": 1.0}},
            "policy-conflict",
            None,
        ),
        ({"--ctv": "2", "--ptv": "4", "--label": "seventeen letters"}, "bad-call", "--label"),
        ({"--label": "x"}, "bad-call", ""),
    ],
)
def test_what_cannot_be_meant_is_refused_by_its_own_code(
    flags: dict[str, Any], code: str, where: str | None
) -> None:
    with pytest.raises(UsageError) as caught:
        recipe_of_call(flags)
    assert caught.value.finding.code == code
    assert where is None or caught.value.finding.where == where


def test_of_two_gaps_of_an_organ_the_wider_counts() -> None:
    job = target_job(recipe_of(TargetFlags("2", "4", avoid=["A:1", "A:3", "A"])))
    assert [(clip.roi, clip.gap_mm) for clip in job.recipe.cutting("ptv")] == [("A", 3.0)]


def test_a_sum_in_eqd2_with_its_ratio_is_one() -> None:
    job = dvh_job(recipe_of_call({"--sum": "eqd2", "--alpha-beta": {"*": 3.0}}))
    assert (job.add, job.alpha_beta) == ("eqd2", (("*", 3.0),))


def test_a_job_needs_its_section() -> None:
    with pytest.raises(ValueError, match="targets"):
        target_job(recipe_of_call({"--roi": []}))
    with pytest.raises(ValueError, match="dvh"):
        dvh_job(recipe_of_call({"--ctv": "2", "--ptv": "4"}))
