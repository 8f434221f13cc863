"""Accessibility of every page: with poor eyesight, and without a mouse."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.pen import draw, expect_reading, press, upload
from tests.browser.stage import open_page, page_links, page_names, wait_until_idle
from tests.drawings import DIGITS, number
from tests.running_app import copy_project, running_app
from training.evaluation.report import write_report

pytestmark = pytest.mark.slow  # tests without a browser cover what the pages compute

# What axe-core finds in Streamlit's own parts, which a page cannot change: the rule, and the part's data-testid.
STREAMLITS_OWN = [
    (
        "presentation-role-conflict",
        "stFileUploaderDropzone",
    ),  # the frame around an upload's button has a name and no role
]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with a report, so that no page is empty."""
    project = copy_project(tmp_path_factory.mktemp("every_page"))
    write_report(project / "model/pretrained/quick.npz", "digits", project / "runs/quick/report/digits")
    return project


@pytest.fixture(scope="module")
def app_url(project: Path) -> Iterator[str]:
    with running_app(project) as url:
        yield url


def findings(page: Page) -> list[str]:
    """The problems that axe-core finds on the page, except Streamlit's own; one line each."""
    found = []
    for violation in Axe().run(page).response["violations"]:
        for node in violation["nodes"]:
            element = node["html"]
            if not any(violation["id"] == rule and f'data-testid="{part}"' in element for rule, part in STREAMLITS_OWN):
                found.append(f"{violation['id']} ({violation['help']}): {element[:200]}")
    return found


@pytest.mark.parametrize("window", [{"color_scheme": "light"}, {"color_scheme": "dark"}], ids=["light", "dark"])
def test_axe_finds_no_problem(page: Page, window: dict[str, Any]) -> None:
    found = {"Draw, blank": findings(page)}
    draw(page, DIGITS[4])
    expect_reading(page, 4)
    found["Draw, drawn"] = findings(page)
    press(page, "Clear")
    draw(page, number(2, 0))
    expect_reading(page, 20)
    found["Draw, a number"] = findings(page)
    upload(page, b"this is no picture")
    expect_reading(page, "This is not an image")
    found["Draw, a bad picture"] = findings(page)
    for name in page_names(page):
        open_page(page, name)
        found[name] = findings(page)
    open_page(page, "First network")
    press(page, "One epoch")
    expect(page.get_by_text("Epoch 1 of 1,000")).to_be_visible(timeout=30_000)
    press(page, "One image")
    expect(page.get_by_text("Image 1 of 5,000")).to_be_visible(timeout=30_000)
    wait_until_idle(page)
    found["First network, learning"] = findings(page)
    open_page(page, "Look inside")
    page.get_by_text("Backward", exact=True).click()
    wait_until_idle(page)
    found["Look inside, backward"] = findings(page)
    assert {name: problems for name, problems in found.items() if problems} == {}


def test_axe_finds_a_problem_if_there_is_one(page: Page) -> None:
    page.evaluate("document.querySelector('.st-key-reading').innerHTML = '<img src=\"data:,\"><button></button>'")
    assert {problem.partition(" ")[0] for problem in findings(page)} >= {"image-alt", "button-name"}


# Where the Tab key has led to: its name, "" for the page itself, or null where the key had led first.
STOP = """() => {
    let element = document.activeElement;
    while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
    if (!element || element === document.body) return "";
    if (element === window.first) return null;
    window.first ??= element;
    reached.add(element);
    return element.getAttribute("aria-label") ?? element.textContent.trim();
}"""
# What can be used with a mouse and was not reached. Of radio buttons, tabs and a table's cells one is reached, and
# arrow keys reach the others; what says that it is not for the Tab key (tabindex -1) has a neighbour that is.
MISSED = """() => {
    const missed = [];
    const inside = element => element && [...element.querySelectorAll("*")].some(part => reached.has(part));
    function look(root) {
        for (const element of root.querySelectorAll("*")) {
            if (element.shadowRoot) look(element.shadowRoot);
            const usable = element.matches("a[href], button, input, select, textarea, summary, canvas, [tabindex='0']");
            const hidden = !element.checkVisibility({visibilityProperty: true}) || element.closest("[inert]");
            const group = element.matches("[tabindex='-1']")
                ? element.closest("[data-testid=stElementContainer]")
                : element.closest("[role=radiogroup], [role=tablist], [data-testid=stDataFrame]");
            if (!usable || hidden || element.disabled || reached.has(element)) continue;
            if (inside(group) || inside(element)) continue;
            missed.push(element.outerHTML.slice(0, 200));
        }
    }
    look(document);
    return missed;
}"""
MOST_STOPS = 200


def tab_through(page: Page) -> list[str]:
    """The names of all elements that the Tab key reaches, once around the page."""
    page.evaluate("[window.first, window.reached] = [null, new WeakSet()]")
    stops: list[str] = []
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        name = page.evaluate(STOP)
        if name is None:
            return stops
        stops.append(name)
    raise AssertionError(f"the Tab key is caught on the page: {stops[-10:]}")


def test_the_keyboard_reaches_everything(page: Page) -> None:
    missed = {}
    for name in page_names(page):
        open_page(page, name)
        stops = tab_through(page)
        assert set(page_names(page)) <= set(stops)
        missed[name] = page.evaluate(MISSED)
    assert {name: elements for name, elements in missed.items() if elements} == {}


def test_the_tab_key_begins_in_the_page_that_was_opened(page: Page) -> None:
    wait_until_idle(page)
    page.keyboard.press("Tab")
    expect(page.get_by_label("Drawing pad")).to_be_focused()
    for name in reversed(page_names(page)):
        open_page(page, name, follow=lambda link: link.press("Enter"))
        page.keyboard.press("Tab")
        assert page.get_by_test_id("stMain").evaluate("main => main.contains(document.activeElement)")
    page.keyboard.press("Shift+Tab")  # back to the menu
    page.keyboard.press("Shift+Tab")
    assert page.get_by_test_id("stSidebar").evaluate("menu => menu.contains(document.activeElement)")


def test_every_page_is_opened_by_the_keyboard_alone(page: Page) -> None:
    for name in reversed(page_names(page)):
        for _ in range(MOST_STOPS):
            page.keyboard.press("Tab")
            if name == page.evaluate("document.activeElement.textContent.trim()"):
                break
        page.keyboard.press("Enter")
        expect(page_links(page).filter(has_text=name)).to_have_attribute("aria-current", "page")
        wait_until_idle(page)
        expect(page.get_by_role("heading", level=1)).to_have_count(1)
