"""The output folder of a run: what is in it, who may write, what is done.

OUT/run.json               recipe, versions and when the run began
OUT/cases/<case>/          one folder per case, whole or not there: record.json, RS.rtvol.dcm, ...
OUT/journal/<shard>.jsonl  one checksummed line per finished case; what is not here is not done
OUT/locks/<shard>.json     who writes; each shard has a lock and a journal of its own
OUT/drafts/<shard>/        unfinished folders; they may be deleted
"""
