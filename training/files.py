"""Where files are, and what helps when they cannot be written."""

from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]  # where the rooms are
RUNS = Path("runs")  # a folder for each run, in the folder in which one works
WRITABLE = "see that its disk has space and that it can be written"  # the cure for an OSError of a folder
