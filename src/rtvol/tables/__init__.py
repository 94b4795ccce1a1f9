"""Rows and columns: what verbs return, and the files it is written to and read back from.

verbs -> rows -> document (JSON), sheet (CSV, Parquet)
"""
