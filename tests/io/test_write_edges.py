"""Structure sets written of cases that lack something: nothing is made up."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pydicom

from naive.shapes import box_ring, prism
from naive.small_ct import SmallCt, make_case
from rtvol.io import write_rtstruct

if TYPE_CHECKING:
    from pathlib import Path

TEXTS = {"label": "CTV2", "name": "rtvol", "description": "CTV 2 mm"}


def test_without_a_source_there_is_no_predecessor(tmp_path: Path) -> None:
    ct = SmallCt()
    case = make_case(ct)
    now = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    lone = replace(case, structures=replace(case.structures, sop_uid=""))
    rois = [prism(box_ring((-9, 9), (-9, 9)), ct.z_mm[2:6])]
    for one, is_there in ((case, True), (lone, False)):
        path = tmp_path / f"{is_there}.dcm"
        write_rtstruct(path, one, rois, **TEXTS, now=now)
        assert ("PredecessorStructureSetSequence" in pydicom.dcmread(path)) is is_there
