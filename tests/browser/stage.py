"""The browser for tests and measurements, and navigation between the app's pages."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
QUIET = (
    "--no-sandbox",  # which root cannot have
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 3, "has_touch": True, "is_mobile": True}


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


def page_links(page: Page) -> Locator:
    """The links to all pages of the app, in their order."""
    return page.get_by_test_id("stSidebarNavLink")


def page_names(page: Page) -> list[str]:
    """Every page of the app, as its navigation names it."""
    page_links(page).first.wait_for(state="attached")
    return [name.strip() for name in page_links(page).all_text_contents()]


def open_page(page: Page, name: str, follow: Callable[[Locator], object] = Locator.click) -> None:
    """Open a page by its link in the navigation, which is clicked or followed otherwise; wait until it is complete."""
    link = page_links(page).filter(has_text=name)
    heading = page.get_by_role("heading", level=1)
    before = heading.all_text_contents() if link.get_attribute("aria-current") is None else []
    unfold = page.get_by_test_id("stExpandSidebarButton")
    folded = unfold.is_visible()  # as on a phone
    if folded:
        unfold.click()
    follow(link)
    expect(link).to_have_attribute("aria-current", "page", timeout=30_000)
    if folded:
        expect(unfold).to_be_visible()  # the menu closes by itself
    for left in before:  # the link is marked, and the app idle, before the page that is left is gone
        expect(heading).not_to_have_text(left, timeout=30_000)
    wait_until_idle(page)


def wait_until_idle(page: Page) -> None:
    """Wait until the page has run to its end and shows everything."""
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning", timeout=30_000)
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0, timeout=15_000)
    expect(page.locator("[data-stale=true]")).to_have_count(0, timeout=15_000)
    expect(page.locator("[data-testid=stVegaLiteChart]:not(:has(canvas, svg))")).to_have_count(0, timeout=15_000)
    page.evaluate("document.fonts.ready")
