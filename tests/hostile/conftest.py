"""The size of the hostile tests, small or as in HOSTILE (`make torture`), and the table of their results.

A test adds its row to the table with the `row` fixture: `row("weights damaged in 2,000 ways", "1,873 refused, the rest
unchanged")`. The table is printed at the end, in Markdown, as SECURITY.md shows it.
"""

import os
from collections.abc import Callable

import pytest

COUNT = int(os.environ.get("HOSTILE", "0"))
TORTURE = COUNT > 0
ROWS = pytest.StashKey[list[tuple[str, str]]]()


def seeds(usual: int, most: int = 5000) -> range:
    """Seeds for random hostile input: the same seed gives the same input."""
    return range(min(COUNT, most) or usual)


@pytest.fixture
def row(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Adds an attack and its result to the table."""
    return lambda attack, result: request.config.stash.setdefault(ROWS, []).append((attack, result))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    rows = terminalreporter.config.stash.get(ROWS, [])
    if TORTURE and rows:
        lines = [
            "| attack | result |",
            "|---|---|",
            *(f"| {attack} | {result} |" for attack, result in dict.fromkeys(rows)),
        ]
        terminalreporter.write_line("\n" + "\n".join(lines))
