"""Runs this project's commands in separate processes, so that pages stay responsive."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ..files import PROJECT


class CommandError(ValueError):
    """A command was refused or failed; the message is the command's own."""


def launch(root: Path, module: str, arguments: Sequence[str], output: Any) -> subprocess.Popen[bytes]:
    """Start `python -m module …` in the folder `root`; its output and errors go to the file or pipe `output`.

    The process leads its own session: Ctrl-C in the terminal does not reach it, and it continues when its parent ends.
    """
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(PROJECT), "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def evaluate(root: Path, weights: str, dataset: str) -> Iterator[float]:
    """Run `training.evaluate` and yield its progress, 0 to 1. Closing the generator ends the process.

    Args:
        root: the project's folder, which contains `runs/`.
        weights: the weights file, relative to `root`.

    Raises:
        CommandError: no report could be written.
    """
    last = "it gave no reason"
    arguments = ["--dataset", dataset, "--progress", "--", weights]
    with launch(root, "training.evaluate", arguments, subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                last = line.decode(errors="replace").strip() or last
                if last.startswith("progress "):
                    yield float(last.removeprefix("progress "))
        finally:
            if process.poll() is None and not process.stdout.closed:
                process.terminate()
    if process.returncode:
        raise CommandError(last.removeprefix("error: "))
