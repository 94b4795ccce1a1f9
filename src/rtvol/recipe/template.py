"""The recipe that `rtvol recipe new` writes: every section, with what it means."""

TEMPLATE = """\
schema = "rtvol/recipe@1"
title = "Liver SBRT, 2 + 4 mm"
# on_missing_roi = "fail"        # an ROI a case lacks: fail, the case is rejected; skip, it goes on
#                                # without; left out: fail for targets, skip for doses

[prescription]                   # what is left out is the plan's
# dose_gy = 45.0
# fractions = 3
alpha_beta_gy = { target = 10.0, Liver = 3.0 }
# lql = ["GTV*=6.2"]             # linear-quadratic-linear above 6.2 Gy a fraction

[names]                          # canonical name (TG-263) = local spellings; case is ignored
# Liver = ["leber", "liver*"]    # a pattern; "re:li(v|b)er.*" is a regular expression
# GTVp = ["GTV 1"]               # targets are never guessed: only what stands here means them

[targets.CTV]
# from = ["GTVp"]                # names or patterns; without it, the regions of type GTV
# itv = "GTV_*"                  # instead of `from`: GTVs of phases, joined into one internal GTV
margin_mm = 2.0                  # or { L = 5, R = 3, A = 4, P = 2, S = 5, I = 3 }
# barrier = { Duodenum = 0.0 }   # taken out of the CTV, gap in mm
# inside = ["Liver"]             # the CTV is kept inside

[targets.PTV]
from = "CTV"
margin_mm = 4.0
# avoid = { Duodenum = 3.0 }     # taken out of the PTV: PTV^clip, beside the whole

[derive]                         # structures made of others, of the targets too; written with them
# Ring = "(PTV + 20) - (PTV + 5)"       # mm; + union, - without, & both; brackets; [45 Gy], [95 %]
# Skin = "BODY - (BODY - 5)"

[dvh]
rois = []                        # beside the targets: "Liver", "Liver-GTV", "Kidney*"
metrics = ["D98%", "D95%", "D50%", "D2%", "Mean"]
# dose = ["RD.dcm"]              # files of the case, where it has several
# dose_unit = "cGy"              # what doses in metrics are given in
# compare = true                 # with the DVHs stored in the RTDOSE
goals = []                       # "liver-sbrt-3fx", a file, or "PTV D95% >= 45 Gy"

[output]
write = ["rtstruct"]             # also "nifti", "curves"
# derived_spacing_mm = 1.0       # derived structures on planes as far apart, not the images' own
# report = true                  # a page to look at, for each case

# [send]                         # the DICOM files of each case's results, by the network
# to = ["ORTHANC@127.0.0.1:4242"]
# aet = "RTVOL"                  # as whom; tls_ca (tls_cert, tls_key): secured

[limits]                         # no result depends on these
timeout = "10m"
memory = "4GB"
retries = 1
"""
