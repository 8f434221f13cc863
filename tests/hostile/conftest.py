"""How much each test here breaks: a little, or as much as HOSTILE says (`make torture`), and what came of it.

A test tells its row of the closing table with the `row` fixture: `row("weights damaged in 2,000 ways", "1,873 refused,
the others the very same")`. The table is printed when all is over, in Markdown, as SECURITY.md shows it.
"""

import os
from collections.abc import Callable

import pytest

COUNT = int(os.environ.get("HOSTILE", "0"))
TORTURE = COUNT > 0
ROWS = pytest.StashKey[list[tuple[str, str]]]()


def seeds(usual: int, most: int = 5000) -> range:
    """A number for each hostile thing: the same number makes the same thing again."""
    return range(min(COUNT, most) or usual)


@pytest.fixture
def row(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """What was broken, and what came of it."""
    return lambda what, outcome: request.config.stash.setdefault(ROWS, []).append((what, outcome))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    rows = terminalreporter.config.stash.get(ROWS, [])
    if TORTURE and rows:
        lines = ["| broken | and |", "|---|---|", *(f"| {what} | {outcome} |" for what, outcome in dict.fromkeys(rows))]
        terminalreporter.write_line("\n" + "\n".join(lines))
