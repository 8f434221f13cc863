"""Fresh processes: what it takes from nothing to the first prediction."""

import subprocess
from pathlib import Path

from .measure import Work

ROOT = Path(__file__).parents[2]


def first_prediction(command: list[str]) -> Work:
    """Run the command, three times one after the other."""

    def work() -> dict[str, float]:
        for _ in range(3):
            result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
            if result.returncode:
                raise RuntimeError(result.stderr)
        return {}

    return work
