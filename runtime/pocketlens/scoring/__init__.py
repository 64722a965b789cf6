"""Scoring millions of pictures into an output folder, by any number of jobs."""

PART_SIZE = 2_000
"""Pictures in a part."""
JSONL, PARQUET = "jsonl", "parquet"
"""What a part may be."""
LOCAL = "local"
"""The address that starts Ray on this machine."""
