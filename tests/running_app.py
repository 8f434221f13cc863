"""The app as a user runs it: a fresh copy of the project, and a server of its own."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROJECT = Path(__file__).parents[1]
PARTS = ("app", "data", "model", "training")
WATCH = (
    Path(__file__).parent / "browser" / "watch"
)  # whoever starts with this on Python's path cannot leave this computer


def copy_project(folder: Path) -> Path:
    """A copy of the project as it was cloned: without runs, so that the shipped weights are the ones that read."""
    for part in PARTS:
        shutil.copytree(PROJECT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


@contextmanager
def running_app(project: Path, watched: bool = True, port: int = 0) -> Iterator[str]:
    """The app of a copy of the project, and where it is to be found.

    What the server says goes to `log.txt`. If it is watched, what would leave this computer is refused, and goes to
    `outside.txt`. Without a port, it listens at a free one.
    """
    with app_process(project, watched, port) as (url, _):
        yield url


@contextmanager
def app_process(project: Path, watched: bool = True, port: int = 0) -> Iterator[tuple[str, int]]:
    """The same, with the number of the server's process. There may be several of one project, with one `log.txt`."""
    port = port or free_port()
    command = [sys.executable, "-m", "streamlit", "run", "app/server.py"]
    options = [f"--server.port={port}", "--server.headless=true"]
    watch = {"PYTHONPATH": str(WATCH), "OUTSIDE": str(project / "outside.txt")} if watched else {}
    with (project / "log.txt").open("a") as log:
        server = subprocess.Popen([*command, *options], cwd=project, env=os.environ | watch, stdout=log, stderr=log)
        try:
            url = f"http://127.0.0.1:{port}"
            wait_until_healthy(url, server)
            yield url, server.pid
        finally:
            server.terminate()
            try:
                server.wait(timeout=60)
            finally:
                server.kill()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until_healthy(url: str, server: subprocess.Popen) -> None:
    deadline = time.monotonic() + 60
    while server.poll() is None and time.monotonic() < deadline:
        try:
            urllib.request.urlopen(f"{url}/_stcore/health", timeout=5).close()
            return
        except OSError:
            time.sleep(0.02)
    raise RuntimeError("the app did not start; its log.txt says why")


def memory(process: int) -> int:
    """Megabytes that a process holds."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) // 1024
