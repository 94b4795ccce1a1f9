"""Many cases, one verb: side by side, resumable, collected into tables.

CaseFiles -> plan -> tasks -> pool | cluster -> store -> collect
"""
