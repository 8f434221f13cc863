"""The Train page in Chromium: a training run from start to finish, as a person sees and disturbs it."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from training.runs.run import list_runs, read_run, stop

PATIENT = 240_000  # milliseconds: a process starts slowly where others work


@pytest.fixture(autouse=True)
def without_runs(project: Path) -> Iterator[None]:
    """Other tests find the project as it was cloned."""
    yield
    for run in list_runs(project / "runs"):
        if run.state == "running":
            stop(project, run.name)
    shutil.rmtree(project / "runs", ignore_errors=True)


def open_page(page: Page, name: str) -> None:
    page.get_by_role("link", name=name, exact=True).click()


def choose(page: Page, label: str, option: str) -> None:
    page.get_by_role("combobox", name=re.compile(label)).click()
    page.get_by_role("option", name=option).click()


def press(page: Page, button: str) -> None:
    page.get_by_role("button", name=button, exact=True).click()


@pytest.mark.slow  # tests/test_app_train.py and tests/test_runs.py test each of these steps without a browser
def test_a_run_is_started_watched_stopped_resumed_and_chosen(page: Page, app_url: str, project: Path) -> None:
    folder = project / "runs" / "mine"
    open_page(page, "Train")
    expect(page.get_by_text("There is no run yet.")).to_be_visible()
    choose(page, "Data", "scikit-learn’s small digits, not MNIST: 1,297 digits")
    page.get_by_label("Name").fill("mine")
    page.get_by_label("Name").press("Enter")
    page.get_by_label("Epochs").fill("40")
    page.get_by_label("Epochs").press("Enter")
    press(page, "Start training")
    expect(page.get_by_role("button", name="Stop training", exact=True)).to_be_visible(timeout=PATIENT)

    # It is watched: the curves are there, and digits change, without a hand on the page.
    expect(page.get_by_test_id("stVegaLiteChart")).to_have_count(2, timeout=PATIENT)
    digits = page.locator("figure")
    expect(digits).to_have_count(12)
    expect(page.get_by_text(re.compile(r"Epoch \d+ of 40, step \d+ of \d+; .* left"))).to_be_visible()
    before = digits.all_inner_texts()
    page.wait_for_function(
        "before => [...document.querySelectorAll('figure')].map(f => f.innerText).join() != before.join()",
        arg=before,
        timeout=PATIENT,
    )

    # Whoever opens the app anew finds the same: nothing of the run is in a session. (Streamlit answers a reload of any
    # but its first page with a 404 or two of its own.)
    page.goto(app_url)
    open_page(page, "Train")
    expect(page.get_by_role("button", name="Stop training", exact=True)).to_be_visible(timeout=PATIENT)
    assert read_run(folder).state == "running"

    press(page, "Stop training")
    expect(page.get_by_role("button", name="Resume", exact=True)).to_be_visible(timeout=PATIENT)
    expect(page.get_by_text("its checkpoint is kept")).to_be_visible()
    assert read_run(folder).state == "paused"

    press(page, "Resume")
    expect(page.get_by_text(re.compile("^Trained in "))).to_be_visible(timeout=PATIENT)
    assert len(read_run(folder).history) == 40
    open_page(page, "Draw")
    page.get_by_label("Drawing pad").wait_for()
    network = page.get_by_role("combobox", name=re.compile("Network"))
    expect(network).to_have_value(re.compile("^pretrained/best"))
    open_page(page, "Train")
    press(page, "Use this network")
    expect(page.get_by_text("Draw, Look inside and My handwriting use this network.")).to_be_visible()
    open_page(page, "Draw")
    page.get_by_label("Drawing pad").wait_for()
    expect(network).to_have_value(re.compile("^runs/mine · digits"))
