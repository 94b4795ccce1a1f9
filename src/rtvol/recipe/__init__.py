"""Recipes: what a run does, as a TOML file, `rtvol/recipe@1`.

text -> layers (flag > RTVOL_* > recipe > user file > default) -> model -> jobs
"""
