"""Screenshots of every page, light, dark and on a phone: `python -m tests.browser.screenshots docs/`.

The pages are found by the app's own navigation. Draw comes first, and what is drawn there is what other pages show.
"""

import argparse
import subprocess
import sys
import tempfile
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Page

from data.handwriting import Drawing, Handwriting
from data.ink import strokes_to_image
from model.classifier import DigitClassifier
from tests.browser.pen import draw, expect_reading, press
from tests.browser.stage import PHONE, chromium, open_page, page_names, wait_until_idle
from tests.drawings import DIGITS, number
from tests.running_app import copy_project, running_app
from training.evaluation.report import write_report
from training.runs.process import launch

DRAWN = 2
DESKTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}}
WINDOWS: dict[str, dict[str, Any]] = {
    "": DESKTOP | {"color_scheme": "light"},
    "-dark": DESKTOP | {"color_scheme": "dark"},
    "-phone": PHONE | {"color_scheme": "light", "device_scale_factor": 2},
}
TALLEST = 1600  # screen pixels of a page that are shown


def take_pictures(browser: Browser, url: str, folder: Path) -> list[Path]:
    """Take the screenshots. Returns their files: `<page>.png`, `<page>-dark.png` and `<page>-phone.png`."""
    taken = []
    for suffix, window in WINDOWS.items():
        context = browser.new_context(**window)
        page = context.new_page()
        page.goto(url)
        page.get_by_label("Drawing pad").wait_for()
        wait_until_idle(page)
        draw(page, number(2, 0, 2, 6))
        expect_reading(page, 2026)
        for place, name in enumerate(page_names(page)):
            if place == 1:  # the pages behind the first look at a single digit
                press(page, "Clear")
                draw(page, DIGITS[DRAWN])
                expect_reading(page, DRAWN)
            if place:
                open_page(page, name)
            path = folder / f"{name.lower().replace(' ', '-')}{suffix}.png"
            path.write_bytes(small_png(whole_page(page)))
            page.set_viewport_size(window["viewport"])
            taken.append(path)
        context.close()
    return taken


def whole_page(page: Page) -> bytes:
    """A PNG of the whole page, at most `TALLEST` pixels high."""
    page.mouse.move(0, 0)
    size = page.viewport_size
    assert size is not None
    content = page.get_by_test_id("stMain").evaluate("main => main.scrollHeight")
    page.set_viewport_size({"width": size["width"], "height": max(size["height"], min(content, TALLEST))})
    wait_until_idle(page)
    page.wait_for_timeout(500)  # charts follow the window with a delay
    return page.screenshot(animations="disabled")


def small_png(png: bytes) -> bytes:
    """The same image with a palette of 256 colours, at a third of the size."""
    file = BytesIO()
    image = Image.open(BytesIO(png)).convert("RGB")
    image.quantize(256, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(file, "PNG", optimize=True)
    return file.getvalue()


def fill_report_page(project: Path) -> None:
    """A report of a run on scikit-learn's small digits, as this project contains no images of MNIST."""
    write_report(project / "runs/small-quick/weights.npz")


def fill_handwriting_page(project: Path) -> None:
    """Stored digits with their answers; the last one is wrong."""
    handwriting = Handwriting(project / "handwriting.sqlite")
    classifier = DigitClassifier.load(project / "model/pretrained/best.npz")
    for digit, strokes in enumerate(DIGITS):
        ink = [np.array(stroke, np.float64) for stroke in strokes]
        image = strokes_to_image(ink)
        assert image is not None
        answer = int(classifier.predict(image[np.newaxis])[0]) if digit < 9 else 4
        handwriting.keep(Drawing(str(digit), ink, image, answer, digit, "model/pretrained/best.npz"))


def fill_train_page(project: Path) -> None:
    """Two short runs on scikit-learn's small digits."""
    for name, recipe, epochs in (("small-article", "article", 30), ("small-quick", "quick", 30)):
        options = [f"--name={name}", f"--recipe={recipe}", "--dataset=digits", f"--epochs={epochs}"]
        launch(project, "training.train", options, subprocess.DEVNULL).wait()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.browser.screenshots", description=__doc__)
    parser.add_argument("folder", type=Path, help="where to write the pictures, over older ones of the same names")
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as copy, chromium() as browser:
        project = copy_project(Path(copy))
        fill_handwriting_page(project)
        fill_train_page(project)
        fill_report_page(project)
        with running_app(project) as url:
            for path in take_pictures(browser, url, folder):
                print(f"{path} ({path.stat().st_size / 1024:.0f} KB)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
