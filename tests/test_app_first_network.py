"""The First network page without a browser: its buttons and settings, and what it shows of both lessons."""

from pathlib import Path

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from data import datasets
from data.datasets import Dataset, OpenMLUnreachable
from training.first_network import Lesson, xor_lesson
from training.formatting import decimal

PAGE = Path(__file__).parents[1] / "app" / "pages" / "first_network.py"


@pytest.fixture(autouse=True)
def without_mnist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a computer that never loaded MNIST."""
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path))
    st.cache_resource.clear()


def checked(page: AppTest) -> AppTest:
    assert not page.exception
    return page


def opened() -> AppTest:
    return checked(AppTest.from_file(PAGE, default_timeout=120).run())


def press(page: AppTest, key: str) -> AppTest:
    return checked(page.button(key=key).click().run())


def text(page: AppTest, start: str) -> str:
    (found,) = [each.value for each in page.markdown if each.value.startswith(f"**{start} ")]
    return found


def usable(page: AppTest, lesson: str) -> dict[str, bool]:
    """The lesson's buttons, and whether they can be pressed."""
    return {button.label: not button.disabled for button in page.button if str(button.key).startswith(f"{lesson} ")}


def after(epochs: int, rate: float = 0.1, seed: int = 0) -> str:
    lesson = xor_lesson(seed)
    lesson.learn(4 * epochs, rate)
    return f"**Epoch {epochs:,} of 1,000**, error E = {decimal(lesson.mean_errors(4)[-1])}"


def test_one_epoch_after_the_other() -> None:
    page = opened()
    assert text(page, "Epoch") == "**Epoch 0 of 1,000**, error E = –"
    assert not page.get("vega_lite_chart")
    press(page, "xor step")
    assert text(page, "Epoch") == after(1)
    assert len(page.get("vega_lite_chart")) == 1
    assert text(press(page, "xor step"), "Epoch") == after(2)


def test_run_and_pause() -> None:
    page = press(opened(), "xor run")
    assert text(page, "Epoch") == after(20)
    assert usable(page, "xor") == {"Restart": True, "One epoch": False, "Pause": True}
    assert usable(page, "digits") == {"Restart": True, "One image": True, "Run": True}
    assert text(checked(page.run()), "Epoch") == after(40)
    assert text(press(page, "xor run"), "Epoch") == after(40)
    assert text(checked(page.run()), "Epoch") == after(40)
    assert usable(page, "xor") == {"Restart": True, "One epoch": True, "Run": True}


def test_one_lesson_runs_at_a_time() -> None:
    page = press(opened(), "xor run")
    press(page, "digits run")
    assert usable(page, "xor") == {"Restart": True, "One epoch": True, "Run": True}
    assert text(page, "Image").startswith("**Image 50 of 5,000**")
    paused = text(page, "Epoch")
    assert text(checked(page.run()), "Epoch") == paused
    assert text(page, "Image").startswith("**Image 100 of 5,000**")
    press(page, "xor restart")
    assert text(page, "Epoch") == "**Epoch 0 of 1,000**, error E = –"
    assert usable(page, "digits") == {"Restart": True, "One image": False, "Pause": True}
    press(page, "digits restart")
    assert text(page, "Image").startswith("**Image 0 of 5,000**")
    assert usable(page, "digits") == {"Restart": True, "One image": True, "Run": True}


def test_a_lesson_ends() -> None:
    page = opened()
    lesson: Lesson = page.session_state["xor"][1]
    lesson.learn(lesson.samples - 4, 0.1)
    press(page, "xor run")
    assert text(page, "Epoch") == after(1_000)
    assert usable(page, "xor") == {"Restart": True, "One epoch": False, "Run": False}
    assert text(press(page, "xor restart"), "Epoch") == "**Epoch 0 of 1,000**, error E = –"
    assert usable(page, "xor") == {"Restart": True, "One epoch": True, "Run": True}


def test_seed_and_learning_rate() -> None:
    page = press(opened(), "xor step")
    checked(page.number_input(key="xor rate").set_value(0.5).run())
    assert text(page, "Epoch") == after(1)  # nothing is learned by that
    checked(page.number_input(key="xor seed").set_value(7).run())
    assert text(page, "Epoch") == "**Epoch 0 of 1,000**, error E = –"
    assert text(press(page, "xor step"), "Epoch") == after(1, rate=0.5, seed=7)


def test_the_picture_tells_the_answers() -> None:
    page = opened()
    lesson: Lesson = page.session_state["xor"][1]
    lesson.learn(lesson.samples, 0.1)
    checked(page.run())
    (picture,) = [html.proto.body for html in page.html if "image/svg+xml" in html.proto.body]
    first, last = lesson.network.predict(lesson.x)[[0, 3], 0]
    assert f"at 0, 0: {first:.2f}; " in picture
    assert f"; 1, 1: {last:.2f}" in picture


def test_without_mnist_the_small_digits_are_learned() -> None:
    page = opened()
    assert page.info[0].value == "MNIST is not on this computer: `make train` downloads it."
    assert any("images of scikit-learn’s small digits" in each.value for each in page.markdown)
    assert text(page, "Image").startswith("**Image 0 of 5,000**")
    press(page, "digits step")
    assert text(page, "Image").startswith("**Image 1 of 5,000**")
    assert any(each.value.startswith("A 0, error E = ") for each in page.markdown)  # their first image
    press(page, "digits run")
    assert text(page, "Image").startswith("**Image 51 of 5,000**")
    assert len(page.get("vega_lite_chart")) == 1


def test_mnist_is_learned_where_it_is_at_hand(digits: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    labels = np.full_like(digits.train_labels, 8)
    mnist = Dataset("mnist", digits.train_images, labels, digits.test_images, digits.test_labels)
    monkeypatch.setattr(datasets, "is_at_hand", lambda name: False)
    monkeypatch.setattr(datasets, "load_dataset", {"mnist": mnist, "digits": digits}.__getitem__)
    page = press(opened(), "digits run")
    monkeypatch.setattr(datasets, "is_at_hand", lambda name: True)  # it was downloaded meanwhile
    page = checked(page.run())
    assert page.session_state["running"] is None
    page = press(page, "mnist step")
    assert not page.info
    assert any("images of MNIST" in each.value for each in page.markdown)
    assert any(each.value.startswith("A 8, error E = ") for each in page.markdown)


def test_a_damaged_mnist_that_cannot_be_downloaded_is_as_none(digits: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    def load(name: str) -> Dataset:
        if name == "mnist":
            raise OpenMLUnreachable("OpenML, where mnist comes from, cannot be reached")
        return digits

    monkeypatch.setattr(datasets, "is_at_hand", lambda name: True)
    monkeypatch.setattr(datasets, "load_dataset", load)
    assert opened().info[0].value == "MNIST is not on this computer: `make train` downloads it."
