"""User actions on the Draw page, and checks of its reading."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.drawings import Strokes


def pad(page: Page) -> Locator:
    return page.get_by_label("Drawing pad")


def press(page: Page, button: str) -> None:
    page.get_by_role("button", name=button, exact=True).click()


def on_screen(page: Page, strokes: Strokes) -> Strokes:
    """The pad's strokes in pixels of the page."""
    box = pad(page).bounding_box()
    assert box is not None
    return [[(box["x"] + x / 100 * box["width"], box["y"] + y / 100 * box["height"]) for x, y in s] for s in strokes]


def draw(page: Page, strokes: Strokes) -> None:
    for start, *others in on_screen(page, strokes):
        page.mouse.move(*start)
        page.mouse.down()
        for point in others:
            page.mouse.move(*point)
        page.mouse.up()


def expect_reading(page: Page, beginning: object) -> None:
    """Wait until the whole drawing has been read, and check how the reading begins."""
    expect(page.locator(".pad[data-waiting]")).to_have_count(0, timeout=15_000)
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning", timeout=15_000)
    expect(page.locator(".st-key-reading")).to_have_text(re.compile(rf"^\s*{beginning}"), timeout=15_000)


def expect_no_reading(page: Page) -> None:
    expect_reading(page, "Draw a digit")


def upload(page: Page, content: bytes, name: str = "digit.png") -> None:
    page.locator("input.upload").set_input_files({"name": name, "mimeType": "image/png", "buffer": content})
