"""The app in a fresh copy of the project, and a browser that reports all errors."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.stage import NoBrowser, chromium


@pytest.fixture(scope="package")  # while it lives, no other event loop can be run
def browser() -> Iterator[Browser]:
    try:
        with chromium() as browser:
            yield browser
    except NoBrowser as error:
        pytest.fail(str(error)) if os.environ.get("CI") else pytest.skip(str(error))


@pytest.fixture
def window() -> dict[str, Any]:
    """The browser's window; tests parametrize it."""
    return {"viewport": {"width": 1280, "height": 800}}


@contextmanager
def visitor(browser: Browser, url: str, **window: Any) -> Iterator[Page]:
    """A visitor's Draw page. The test fails on an error in it and on a request to another computer."""
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
    page.goto(url)
    page.get_by_label("Drawing pad").wait_for()
    yield page
    context.close()
    assert problems == []


@pytest.fixture
def page(browser: Browser, app_url: str, project: Path, window: dict[str, Any]) -> Iterator[Page]:
    """The Draw page. The test fails on an error in it or on the server, and on a request to another computer."""
    with visitor(browser, app_url, **window) as page:
        yield page
    assert not (project / "outside.txt").exists(), (project / "outside.txt").read_text()
    # Where a page is closed while it is being answered, Streamlit itself stumbles over the closed connection.
    log = (project / "log.txt").read_text()
    exceptions = re.findall(r"^Traceback .*\n(?:[ ].*\n)+(\S.*)", log, re.MULTILINE)
    assert log.count("Traceback") == len(exceptions)
    assert [line for line in exceptions if not line.startswith("starlette.websockets.WebSocketDisconnected: ")] == []
