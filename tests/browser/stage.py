"""What browser tests and measurements stand on: a fresh copy of the project, its app, a browser, and its pages."""

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

from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

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
PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 3, "has_touch": True, "is_mobile": True}
WATCH = Path(__file__).parent / "watch"  # whoever starts with this on Python's path cannot leave this computer


class NoBrowser(RuntimeError):
    """There is no Chromium on this computer."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's Chromium, without a window.

    Raises:
        NoBrowser: there is none.
    """
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        raise NoBrowser("there is no Chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=QUIET)
        yield browser
        browser.close()


def copy_project(folder: Path) -> Path:
    """A copy of the project as it was cloned: without runs, so that the shipped weights are the ones that read."""
    for part in PARTS:
        shutil.copytree(PROJECT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


@contextmanager
def running_app(project: Path, watched: bool = True) -> Iterator[str]:
    """The app of a copy of the project, and where it is to be found.

    What the server says goes to `log.txt`. If it is watched, what would leave this computer is refused, and goes to
    `outside.txt`.
    """
    with app_process(project, watched) as (url, _):
        yield url


@contextmanager
def app_process(project: Path, watched: bool = True) -> Iterator[tuple[str, int]]:
    """The same, with the number of the server's process. There may be several of one project, with one `log.txt`."""
    port = free_port()
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
            server.wait(timeout=20)


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


def page_links(page: Page) -> Locator:
    """The links to all pages of the app, in their order."""
    return page.get_by_test_id("stSidebarNavLink")


def page_names(page: Page) -> list[str]:
    """Every page of the app, as its navigation names it."""
    page_links(page).first.wait_for(state="attached")
    return [name.strip() for name in page_links(page).all_text_contents()]


def open_page(page: Page, name: str) -> None:
    """Go to a page by its link in the navigation, and wait until all of it is there."""
    link = page_links(page).filter(has_text=name)
    unfold = page.get_by_test_id("stExpandSidebarButton")
    folded = unfold.is_visible()  # as on a phone
    if folded:
        unfold.click()
    link.click()
    expect(link).to_have_attribute("aria-current", "page")
    if folded:
        page.get_by_role("button", name="Collapse sidebar").click()
        expect(unfold).to_be_visible()
    wait_until_idle(page)


def wait_until_idle(page: Page) -> None:
    """Until the page has run to its end, and all that it shows is there."""
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning", timeout=30_000)
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0, timeout=15_000)
    expect(page.locator("[data-stale=true]")).to_have_count(0, timeout=15_000)
    expect(page.locator("[data-testid=stVegaLiteChart]:not(:has(canvas, svg))")).to_have_count(0, timeout=15_000)
    page.evaluate("document.fonts.ready")
