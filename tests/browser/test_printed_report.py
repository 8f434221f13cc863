"""The report's web page on paper."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.tiny_report import save_always_three, save_history, save_strokes
from training.evaluation.report import write_report


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_report_prints_on_light_a4_pages_and_nothing_is_cut_off(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    monkeypatch.chdir(tmp_path)
    weights = tmp_path / "runs" / "three" / "weights.npz"
    weights.parent.mkdir(parents=True)
    save_history(weights.parent / "history.csv")
    _, file = write_report(save_always_three(weights), str(save_strokes(tmp_path / "mine.npz", [3, 7] * 20)))
    page = browser.new_page(color_scheme="dark" if scheme == "dark" else "light")
    page.goto(file.resolve().as_uri())
    pdf = page.pdf(prefer_css_page_size=True)
    boxes = {tuple(map(float, box.split())) for box in re.findall(rb"/MediaBox \[([^]]*)\]", pdf)}
    assert [round(side / 72 * 25.4) for side in next(iter(boxes))[2:]] == [210, 297]  # millimetres
    assert len(boxes) == 1
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 680, "height": 1000})  # 180 mm, the width between the margins
    assert page.evaluate("document.documentElement.scrollWidth") <= 680
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    sources = page.evaluate("[...document.querySelectorAll('picture img')].every(img => img.currentSrc === img.src)")
    assert sources  # the light pictures, not those of the dark theme
    page.close()
