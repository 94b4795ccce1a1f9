"""The commands as calls: paths, cases, numbers and names are taken wherever they are meant.

read -> ReadCase;  expand -> TargetSet;  derive -> DerivedSet
dose_volume -> RegionDose;  mask -> Mask;  rows -> table;  export -> ExportedFiles
"""
