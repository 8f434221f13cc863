"""Text files from users, which may hold anything: read line by line, and no line without an end."""

from collections.abc import Iterator
from pathlib import Path

MOST_CHARACTERS = 10_000  # of a line: a row of 785 numbers of three digits needs a third of this
MOST_WRONG = 10_000  # lines of a file: with more, it is another kind of file, and naming them would take memory


def numbered_lines(file: Path) -> Iterator[tuple[int, str]]:
    """The lines of a file, each after its number, from 1; those that are too long come in pieces."""
    with open(file, encoding="utf-8-sig", errors="replace") as lines:
        yield from enumerate(iter(lambda: lines.readline(MOST_CHARACTERS), ""), 1)
