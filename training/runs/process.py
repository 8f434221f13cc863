"""The commands of this room as processes of their own, for pages that must stay responsive meanwhile."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ..files import PROJECT


class CommandError(ValueError):
    """A command was refused or failed; the message says why, as the command did."""


def launch(root: Path, module: str, arguments: Sequence[str], output: Any) -> subprocess.Popen[bytes]:
    """`python -m module …` in the folder `root`, its output and errors going to the file or pipe `output`.

    It is the leader of a session of its own: Ctrl-C in the terminal of whoever starts it does not reach it, and it
    goes on when they end.
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
    """`make evaluate`, giving the share that is done, 0 to 1, while it is at work; whoever asks no more ends it.

    Args:
        root: the project's folder, where `runs/` is.
        weights: the weights file, seen from there.

    Raises:
        CommandError: there can be no report.
    """
    last = "it did not say why"
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
