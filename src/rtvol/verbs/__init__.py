"""Verbs on one case: files in, rows and files out.

CaseFiles -> inspect | expand | dose_volume | study -> CaseResult
"""
