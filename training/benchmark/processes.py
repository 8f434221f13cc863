"""Runs whole programs in new processes."""

import os
import subprocess
import sys
from pathlib import Path

from ..files import PROJECT
from .measure import Work


def run_python(*arguments: str | Path, folder: Path = PROJECT) -> str:
    """Run a Python program in a new process, in `folder`. Returns its output.

    Raises:
        RuntimeError: the program failed; the message is its error output.
    """
    command = [sys.executable, *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    result = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    if result.returncode:
        raise RuntimeError(result.stderr)
    return result.stdout


def three_runs(*arguments: str | Path) -> Work:
    """Run a Python program three times, one after the other."""

    def work() -> dict[str, float]:
        for _ in range(3):
            run_python(*arguments)
        return {}

    return work


def run_on_cores(count: int) -> None:
    """Limit this process to `count` cores, for libraries that start one thread per core.

    Only Linux can do that; on other systems they use all cores.
    """
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:count])
