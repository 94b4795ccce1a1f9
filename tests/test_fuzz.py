"""The fuzz targets on their corpus and on inputs spoilt by fixed dice; `make fuzz` goes on."""

from __future__ import annotations

import pytest

from fuzz.replay import FAULTS, corpus, spoilt
from fuzz.targets import targets
from rtvol.errors import RtvolError
from rtvol.io import elements, tags

NAMES = sorted(targets())


@pytest.mark.parametrize("name", NAMES)
def test_every_input_is_read_right_or_refused_by_name(name: str) -> None:
    check = targets()[name].check
    for data in [*corpus(name), *spoilt(name)]:
        check(data)


def test_the_dice_spoil_and_do_not_only_destroy() -> None:
    """Of spoilt structure sets some are refused and some are whole: both sides are tested."""
    faults = [elements.parse(one, into=tags.STRUCTURES).fault for one in spoilt("elements")]
    whole = sum(fault is None for fault in faults)
    assert 0.1 < whole / len(faults) < 0.9


def test_a_fault_of_the_reader_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A walker that loses an element, and a reader that raises what is no error of its own."""
    real = elements.parse

    def forgetful(data: bytes, **options: object) -> elements.DataSet:
        source = real(data, **options)  # type: ignore[arg-type]
        source.node.pop(tags.STRUCTURE_SET_LABEL, None)
        return source

    monkeypatch.setattr(elements, "parse", forgetful)
    with pytest.raises(AssertionError):
        targets()["elements"].check(corpus("elements")[0])
    monkeypatch.setattr(elements, "parse", lambda *_, **__: {}[0])
    with pytest.raises(KeyError):
        targets()["elements"].check(corpus("elements")[0])
    assert not issubclass(KeyError, RtvolError)


def test_the_inputs_that_once_were_faults_are_small_and_synthetic() -> None:
    files = [path for path in FAULTS.rglob("*") if path.is_file()]
    assert {path.parent.name for path in files} <= {*NAMES, "cohort"}
    assert sum(path.stat().st_size for path in files) < 300_000
