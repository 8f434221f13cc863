"""How long after the pen is lifted its reading stands on the page: `python -m tests.browser.latency`.

Timed inside the page, from `pointerup` to the change of the text. A drawing that was read while the pen was still down
says nothing, and is drawn again.
"""

import statistics
import tempfile
from pathlib import Path

from playwright.sync_api import Page

from tests.browser.pen import draw, expect_no_reading, expect_reading, press
from tests.browser.stage import chromium
from tests.drawings import DIGITS, Strokes, number
from tests.running_app import copy_project, running_app

TIMES = 20
DRAWINGS = {"7": DIGITS[7], "2": DIGITS[2], "2026": number(2, 0, 2, 6)}
# The text is looked at whenever it changes. A pen that went up counts until the next stroke begins.
WATCH = """(expected) => {
    const reading = document.querySelector(".st-key-reading");
    const isRight = () => reading.textContent.trim().match(/^[0-9?]*/)[0] === expected;
    let lifted = 0; // when, or 0 while the pen is down
    addEventListener("pointerdown", () => { lifted = 0; }, { capture: true });
    addEventListener("pointerup", () => { lifted = isRight() ? 0 : performance.now(); }, { capture: true });
    window.milliseconds = null;
    new MutationObserver((_, observer) => {
        if (!isRight()) return;
        window.milliseconds = lifted && performance.now() - lifted;
        observer.disconnect();
    }).observe(reading, { subtree: true, childList: true, characterData: true });
}"""


def main() -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        running_app(copy_project(Path(folder)), watched=False) as url,
        chromium() as browser,
    ):
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(url)
        page.get_by_label("Drawing pad").wait_for()
        measure(page)


def measure(page: Page) -> None:
    """Print the latency of each drawing."""
    for expected, strokes in DRAWINGS.items():
        times: list[float] = []
        while len(times) < TIMES:
            milliseconds = pen_up_to_text(page, strokes, expected)
            times += [milliseconds] if milliseconds else []
        print(f"{expected:4}  median of {TIMES}: {statistics.median(times):.0f} ms, slowest {max(times):.0f} ms")


def pen_up_to_text(page: Page, strokes: Strokes, expected: str) -> float:
    """Milliseconds from the last pen-up to the expected text; 0 if it was already there."""
    expect_no_reading(page)
    page.evaluate(WATCH, expected)
    draw(page, strokes)
    expect_reading(page, f"{expected}[^0-9]")
    milliseconds = float(page.evaluate("milliseconds"))
    press(page, "Clear")
    return milliseconds


if __name__ == "__main__":
    main()
