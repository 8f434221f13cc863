"""The app as a user runs it, in a fresh copy of the project, and a browser that reports whatever goes wrong."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

PROJECT = Path(__file__).parents[2]
PARTS = ("app", "data", "model", "training", ".streamlit")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
QUIET = (
    "--no-sandbox",  # which root cannot have
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = browser_path()
    if path is None:
        advice = "there is no Chromium to test in: apt-get install chromium"
        pytest.fail(advice) if os.environ.get("CI") else pytest.skip(advice)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project as it was cloned: without runs, so that the shipped weights are the ones that read."""
    return copied(tmp_path_factory.mktemp("project"))


def copied(project: Path) -> Path:
    for part in PARTS:
        shutil.copytree(PROJECT / part, project / part, ignore=shutil.ignore_patterns("__pycache__"))
    return project


@pytest.fixture(scope="session")
def app_url(project: Path) -> Iterator[str]:
    """Where the running app is to be found. What the server says goes to `log.txt`."""
    with running(project) as url:
        yield url


@contextmanager
def running(project: Path) -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", "app/main.py"]
    options = [f"--server.port={port}", "--server.headless=true"]
    with (project / "log.txt").open("w") as log:
        server = subprocess.Popen([*command, *options], cwd=project, stdout=log, stderr=log)
        try:
            url = f"http://127.0.0.1:{port}"
            wait_until_healthy(url, server)
            yield url
        finally:
            server.terminate()
            server.wait(timeout=20)


@pytest.fixture
def window() -> dict[str, Any]:
    """The browser's window; tests parametrize it."""
    return {"viewport": {"width": 1280, "height": 800}}


@pytest.fixture
def page(browser: Browser, app_url: str, project: Path, window: dict[str, Any]) -> Iterator[Page]:
    """The Draw page. An error in it, and a request that leaves this computer, fail the test."""
    problems: list[str] = []

    def check(url: str) -> None:
        if urlsplit(url).scheme not in ("data", "blob") and urlsplit(url).hostname != "127.0.0.1":
            problems.append(f"request to {url}")

    context = browser.new_context(**window)
    context.on("request", lambda request: check(request.url))
    context.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    context.on("weberror", lambda error: problems.append(str(error.error)))
    page = context.new_page()
    page.on("websocket", lambda websocket: check(websocket.url))
    page.goto(app_url)
    page.get_by_label("Drawing pad").wait_for()
    yield page
    context.close()
    assert problems == []
    # Where a page is closed while it is being answered, Streamlit itself stumbles over the closed connection.
    log = (project / "log.txt").read_text()
    exceptions = re.findall(r"^Traceback .*\n(?:[ ].*\n)+(\S.*)", log, re.MULTILINE)
    assert log.count("Traceback") == len(exceptions)
    assert [line for line in exceptions if not line.startswith("starlette.websockets.WebSocketDisconnected: ")] == []


def browser_path() -> str | None:
    return next(filter(None, map(shutil.which, BROWSERS)), None)


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
            time.sleep(0.1)
    pytest.fail("the app did not start; its log.txt says why")
