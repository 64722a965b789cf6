"""Scoring millions of pictures into an output folder, by any number of jobs."""
