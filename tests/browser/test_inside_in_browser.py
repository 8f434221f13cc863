"""The Look inside page in Chromium: a digit is drawn, a layer and a number in it are chosen by mouse and keyboard."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from model.classifier import DigitClassifier
from tests.browser.pen import draw, press
from tests.browser.stage import PHONE, open_page, wait_until_idle
from tests.drawings import DIGITS
from training.runs.process import PROJECT

pytestmark = pytest.mark.slow  # tests without a browser cover what the pages compute

# The first layer of the network that the app opens on is a convolution; its output is so many numbers wide and high.
SIDE = (DigitClassifier.load(PROJECT / "model/pretrained/best.npz").network.layers[0].output_shape or ())[0]

# The lower edge of the lowest map, table, sum or chart, once the maps have been drawn in their size.
LOWEST = """async () => {
    for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame);
    const all = root => [...root.querySelectorAll("*")].flatMap(part => part.shadowRoot ? all(part.shadowRoot) : part);
    const parts = all(document).filter(part => part.matches("canvas, table, .st-key-sum, [aria-label^=Probabilities]"));
    return Math.max(...parts.map(part => part.getBoundingClientRect().bottom));
}"""


def step(page: Page, place: int) -> Locator:
    """A step of the strip."""
    return page.get_by_role("radiogroup", name="Step").get_by_role("radio").nth(place)


def choose_step(page: Page, place: int) -> None:
    """Choose a step, and wait until it is shown: its formula is not that of the step before."""
    formula = page.get_by_test_id("stMarkdown").filter(has=page.locator(".katex")).first
    before = formula.text_content() or ""
    if not step(page, place).is_checked():
        step(page, place).click()
        expect(formula).not_to_have_text(before, timeout=15_000)
    wait_until_idle(page)


def expect_sum(page: Page, beginning: str) -> None:
    expect(page.locator(".st-key-sum")).to_have_text(re.compile(rf"^\s*{beginning}"), timeout=30_000)


def test_a_digit_is_drawn_and_followed_to_a_single_number(page: Page) -> None:
    draw(page, DIGITS[7])
    open_page(page, "Look inside")
    answer = page.locator(".st-key-answer")
    expect(answer).to_have_text(re.compile("Read as 7,"))  # what was drawn on the Draw page
    step(page, 0).click()
    press(page, "Clear")
    expect(page.get_by_text("The pad is blank")).to_be_visible()
    draw(page, DIGITS[4])
    expect(answer).to_have_text(re.compile("Read as 4,"), timeout=30_000)

    step(page, 0).focus()
    page.keyboard.press("ArrowRight")
    expect(step(page, 1)).to_be_checked()
    output = page.get_by_label("Output Y", exact=True)
    expect_sum(page, r"Y\[\d+, \d+, \d+\] = Σ x · w \+ b = ")
    box = output.bounding_box()
    assert box is not None
    output.click(position={"x": box["width"] * 5.5 / SIDE, "y": box["height"] * 3.5 / SIDE})
    expect_sum(page, r"Y\[3, 5, \d+\] = Σ x · w \+ b = ")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    expect_sum(page, r"Y\[4, 6, \d+\]")
    page.get_by_label("Output Y, small").click(position={"x": 5, "y": 5})
    expect_sum(page, r"Y\[4, 6, 0\]")
    page.keyboard.press("ArrowRight")
    expect_sum(page, r"Y\[4, 6, 1\]")
    page.get_by_label("Kernels W, small").click(position={"x": 5, "y": 5})
    expect_sum(page, r"Y\[4, 6, 0\]")
    output.hover(position={"x": box["width"] * 1.5 / SIDE, "y": box["height"] * 2.5 / SIDE})
    expect(page.get_by_text(re.compile(r"map 0, row 2, column 1: −?\d"))).to_be_visible()

    step(page, 1).focus()
    for place in range(2, step(page, 0).locator("xpath=../..").get_by_role("radio").count()):
        page.keyboard.press("ArrowRight")
        expect(step(page, place)).to_be_checked()
    expect_sum(page, r"p\[4\] = e\^")


def test_a_copy_learns_another_digit(page: Page) -> None:
    draw(page, DIGITS[7])
    open_page(page, "Look inside")
    page.get_by_text("Backward", exact=True).click()
    page.get_by_role("radiogroup", name="It was a").get_by_text("3", exact=True).click()
    expect_sum(page, r"∂E/∂Y\[\d\] = \(p − [01]\) / T")
    expect(page.get_by_text(re.compile(r"E = −log p\[3\]"))).to_be_visible(timeout=30_000)
    step(page, 0).focus()
    page.keyboard.press("ArrowRight")
    expect_sum(page, r"∂E/∂X\[\d+\] = Σ ∂E/∂y · w")
    page.get_by_label("∂E/∂W", exact=True).and_(page.locator("canvas")).click(position={"x": 5, "y": 5})
    expect_sum(page, r"∂E/∂W\[0, \d\] = ∂E/∂y · x")
    page.keyboard.press("ArrowRight")
    expect_sum(page, r"∂E/∂W\[1, \d\] = ∂E/∂y · x")
    step(page, 1).focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")  # around to the last step
    page.get_by_role("button", name="Take this step").click(timeout=30_000)
    expect(page.get_by_text("After 1 step:")).to_be_visible(timeout=30_000)
    expect(page.locator(".st-key-answer")).to_have_text(re.compile("Read as 7,"))


@pytest.mark.parametrize("window", [{"viewport": {"width": 1366, "height": 657}}])
@pytest.mark.parametrize("network", ["article", "best", "quick", "tiny"])
def test_maps_and_their_sum_fit_in_one_screen(page: Page, network: str) -> None:
    draw(page, DIGITS[7])
    open_page(page, "Look inside")
    page.get_by_role("combobox").first.click()
    page.get_by_role("option").filter(has_text=f"pretrained/{network}").click()
    below = {}
    for direction in ("Forward", "Backward"):
        page.get_by_text(direction, exact=True).click()
        wait_until_idle(page)
        if direction == "Backward":
            page.get_by_role("radiogroup", name="It was a").get_by_text("3", exact=True).click()
            wait_until_idle(page)
        for place in range(step(page, 0).locator("xpath=../..").get_by_role("radio").count()):
            choose_step(page, place)
            below[direction, place] = page.evaluate(LOWEST)
    assert {place: bottom for place, bottom in below.items() if bottom > 657} == {}


@pytest.mark.parametrize("window", [PHONE])
def test_nothing_is_wider_than_a_phone(page: Page) -> None:
    open_page(page, "Look inside")
    step(page, 1).wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    main = page.get_by_test_id("stMain")
    assert main.evaluate("main => main.scrollWidth") <= 390
