"""Verbs on whole cases, and running them over many: files in, results out.

CaseFiles -> expand_case | dvh_case -> CaseResult;  run_cases(cases, verb, job, jobs=N)
"""
