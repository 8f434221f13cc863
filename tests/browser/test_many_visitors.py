"""Many people draw at once: each gets the reading of their own drawing."""

from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import visitor
from tests.browser.pen import draw, expect_no_reading, expect_reading, press
from tests.drawings import DIGITS


def draw_at_once(pages: list[Page], digits: list[int]) -> None:
    """Everyone draws their digit, a stroke each in turn, while what the others drew is still being read."""
    for stroke in range(max(len(DIGITS[digit]) for digit in digits)):
        for page, digit in zip(pages, digits, strict=True):
            draw(page, DIGITS[digit][stroke : stroke + 1])


@pytest.mark.slow  # tests/hostile/test_crowd.py has many visitors draw without browsers
def test_ten_visitors_drawing_at_once_each_get_their_own_reading(browser: Browser, app_url: str) -> None:
    with ExitStack() as visitors:
        pages = [visitors.enter_context(visitor(browser, app_url)) for _ in range(10)]
        for shift in (0, 3):
            digits = [(number + shift) % 10 for number in range(10)]
            draw_at_once(pages, digits)
            for page, digit in zip(pages, digits, strict=True):
                expect_reading(page, f"{digit}[^0-9]")
            press(pages[0], "Clear")
            expect_no_reading(pages[0])
            expect_reading(pages[1], f"{digits[1]}[^0-9]")
            for page in pages[1:]:
                press(page, "Clear")
