"""The First network page in Chromium: it learns by itself while it runs, also after a visit to another page."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.stage import open_page

pytestmark = pytest.mark.slow  # tests without a browser cover what the pages compute


def wait_until_after(page: Page, epoch: int) -> int:
    """Wait until the XOR network is further than that. Returns its epoch."""
    further = page.wait_for_function(
        """before => {
            const epoch = Number(document.body.innerText.match(/Epoch ([\\d,]+) of/)?.[1].replace(",", ""));
            return epoch > before ? epoch : false;
        }""",
        arg=epoch,
        timeout=60_000,
    )
    return int(further.json_value())


def test_it_runs_and_goes_on_after_a_visit_to_another_page(page: Page) -> None:
    open_page(page, "First network")
    expect(page.get_by_text("Epoch 0 of 1,000")).to_be_visible()
    page.get_by_role("button", name="Run", exact=True).first.click()
    seen = wait_until_after(page, 40)
    assert page.locator("img[alt^='The output over the square']").evaluate("image => image.naturalWidth") > 0
    open_page(page, "Report")
    open_page(page, "First network")
    wait_until_after(page, seen)
    page.get_by_role("button", name="Restart", exact=True).first.click()
    expect(page.get_by_text("Epoch 0 of 1,000")).to_be_visible(timeout=30_000)
