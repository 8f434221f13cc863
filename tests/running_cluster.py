"""A Dask scheduler and workers on this computer, as docs/cluster.md starts them by hand."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.running_app import PROJECT, free_port


@dataclass
class Cluster:
    """The address of the scheduler, and the processes of the workers."""

    scheduler: str
    workers: list[subprocess.Popen[bytes]]


@contextmanager
def running_cluster(folder: Path, workers: int) -> Iterator[Cluster]:
    """A scheduler, and workers of one thread in an empty folder. What they say goes to `folder/cluster.txt`."""
    port, log = free_port(), folder / "cluster.txt"
    scheduler = f"tcp://127.0.0.1:{port}"
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    environment = {**os.environ, "PYTHONPATH": str(PROJECT), "OMP_NUM_THREADS": "1"}

    def start(*arguments: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "dask", *arguments, "--host", "127.0.0.1", "--no-dashboard"]
        process = subprocess.Popen(command, cwd=elsewhere, env=environment, stdout=output, stderr=output)
        stack.callback(process.wait, timeout=60)
        stack.callback(process.terminate)
        return process

    with ExitStack() as stack, log.open("w") as output:
        start("scheduler", "--port", str(port))
        # Without a nanny, which would start a killed worker again.
        started = [start("worker", scheduler, "--no-nanny", "--nthreads", "1") for _ in range(workers)]
        deadline = time.monotonic() + 60
        while log.read_text().count("Register worker") < workers:
            if time.monotonic() > deadline:
                raise RuntimeError(f"the workers did not start: {log.read_text()}")
            time.sleep(0.05)
        yield Cluster(scheduler, started)
