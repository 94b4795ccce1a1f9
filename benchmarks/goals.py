"""The goals of speed, as ratios: the fastest peer's time over ours, measured side by side."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Goal:
    """What a ratio has to reach, and what it is about; the peer's known error in words."""

    ratio: str
    least: float
    about: str
    peer: str


#: In the order of the design's table. A goal "1.6x the time" is a ratio of 1 / 1.6.
GOALS = (
    Goal("masks/25_rois_vs_cv2", 1 / 1.3, "coverage of 25 ROIs, 512 x 512 x 200",
         "cv2.fillPoly, cropped: whole pixels, +1.5 % (liver) to +35 % (0.3 cc)"),
    Goal("masks/GTV_vs_cv2", 1 / 1.6, "coverage of an 11 cc GTV", "the same: +8 %"),
    Goal("masks/small_GTV_vs_cv2", 1 / 2, "coverage of a 0.3 cc GTV", "the same: +35 %"),
    Goal("margins/margin_5mm_gtv_11cc_vs_edt", 1.2, "margin of 5 mm, GTV of 11 cc",
         "edt on voxels: volume -5 to -10 %"),
    Goal("margins/margin_5mm_liver_1600cc_vs_edt", 3.0, "margin of 5 mm, liver",
         "edt on voxels: volume -1 %"),
    Goal("case/case_prvs_vs_skimage_edt", 0.8, "CTV, PTV and 24 PRVs with contours and report",
         "skimage and edt: masks only, volume up to 10 % off"),
    Goal("dvh/dvh_liver_1600cc_vs_map_coordinates", 25.0, "DVH of a liver",
         "map_coordinates: points, steps of a slice in D95%"),
    Goal("dvh/dvh_gtv_11cc_vs_map_coordinates", 4.0, "DVH of an 11 cc GTV", "the same"),
    Goal("io/rtstruct_vs_pydicom_numpy", 6.0, "RTSTRUCT to checked contours",
         "pydicom, numpy mode: numbers alone, same numbers"),
    Goal("start/expand_vs_one_cached_kernel", 1 / 1.35, "`rtvol expand` of a patient",
         "imports of numpy, pydicom, numba and one cached kernel: no work"),
    Goal("start/scan_vs_numpy_and_pydicom", 1 / 1.6, "`rtvol scan` of a patient",
         "imports of numpy and pydicom: no work"),
    Goal("start/inspect_vs_numpy_and_pydicom", 1 / 1.6, "`rtvol inspect` of a patient", "the same"),
    Goal("start/warmup_vs_40_cpu_s", 1.0, "`rtvol warmup` into an empty cache", "40 CPU seconds"),
    Goal("batch/batch_vs_rt_utils_simpleitk_and_simpleitk", 30.0, "100 patients of 25 ROIs",
         "rt-utils and SimpleITK: +1.5 to +35 % of volume, doses a millimetre coarse"),
    Goal("page/draw_vs_1.5_cpu_s", 1.0, "page of a computed case, 512 x 512 x 150, 24 organs",
         "1.5 CPU seconds"),
    Goal("page/size_vs_5_mb", 1.0, "its size", "5 MB"),
    Goal("page/sort_vs_0.3_s", 1.0, "sort of an overview of 5000 cases in Chromium", "0.3 s"),
)  # fmt: skip
