"""The lessons of the First network page: they learn as `Network.fit` does, and are shown as they are."""

import io
from base64 import b64decode

import numpy as np
import pytest
from PIL import Image

from app.charts.colours import BLUE, RED, rgb
from app.charts.first_network import decision_picture
from data.datasets import Dataset
from tests.test_article import printed_errors
from training.first_network import (
    LEARNED_DIGITS,
    OTHER_DIGITS,
    accuracy_on_others,
    digits_lesson,
    neuron_lines,
    output_over_square,
    xor_lesson,
)


def test_a_lesson_learns_what_fit_learns(capsys: pytest.CaptureFixture[str]) -> None:
    lesson, fitted = xor_lesson(3), xor_lesson(3).network
    fitted.fit(lesson.x, lesson.y, epochs=25, learning_rate=0.1)
    for samples in (1, 2, 30, 67):  # 100 = 25 epochs of four
        lesson.learn(samples, 0.1)
    for name, array in fitted.parameters().items():
        assert np.array_equal(lesson.network.parameters()[name], array), name
    assert lesson.mean_errors(4) == pytest.approx(printed_errors(capsys.readouterr().out), abs=1e-6)


def test_the_xor_lesson_ends_with_the_right_answers() -> None:
    lesson = xor_lesson(0)
    assert (lesson.last, lesson.finished, lesson.mean_errors(4)) == (None, False, [])
    lesson.learn(3_999, 0.1)
    assert (lesson.last, lesson.finished, len(lesson.mean_errors(4))) == (2, False, 999)
    lesson.learn(100, 0.1)
    assert (lesson.last, lesson.finished, len(lesson.errors)) == (3, True, 4_000)
    assert np.array_equal(lesson.network.predict(lesson.x).round(), lesson.y)


def test_a_hidden_neuron_is_0_on_its_line() -> None:
    lesson = xor_lesson(1)
    lesson.learn(400, 0.1)
    lines = neuron_lines(lesson.network)
    first = lesson.network.layers[0]
    for neuron, ends in enumerate(lines):
        np.testing.assert_allclose(first.forward_propagation(ends, training=False)[:, neuron], 0, atol=1e-12)
        assert np.linalg.norm(ends[0] - ends[1]) == pytest.approx(4)  # longer than the square's diagonal


def test_rows_of_the_square_are_x2() -> None:
    network = xor_lesson(2).network
    outputs = output_over_square(network, np.array([0.0, 0.5, 1.0]))
    assert outputs[2, 1] == pytest.approx(network.predict([[0.5, 1.0]]).item(), rel=1e-12)
    assert outputs[0, 2] == pytest.approx(network.predict([[1.0, 0.0]]).item(), rel=1e-12)


def decoded(text: str) -> bytes:
    """What the first data URL in a text holds."""
    return b64decode(text.partition("base64,")[2].partition('"')[0])


def test_the_picture_has_x1_to_the_right_and_x2_upwards() -> None:
    outputs = np.full((3, 3), 0.5)
    outputs[2, 0], outputs[0, 2] = 1, 0  # large x₂ and small x₁; the other way round
    html = decision_picture(outputs, np.zeros((0, 2, 2)), np.array([[0.0, 1.0]]), np.array([[1.0]]), "what is seen")
    assert 'alt="what is seen"' in html
    svg = decoded(html).decode()
    png = decoded(svg)
    pixels = np.asarray(Image.open(io.BytesIO(png)))
    assert pixels[0, 0].tolist() == [*rgb(BLUE), 255]
    assert pixels[2, 2].tolist() == [*rgb(RED), 255]
    assert pixels[1, 1, 3] == 0
    assert '<circle cx="0.0" cy="0.0"' in svg  # the top of the square


def test_the_digits_lesson_learns_to_read_others(digits: Dataset) -> None:
    lesson = digits_lesson(0, digits)
    assert lesson.x.shape == (LEARNED_DIGITS, 28, 28, 1)
    assert lesson.y.sum(axis=1).tolist() == [1] * LEARNED_DIGITS
    before = accuracy_on_others(lesson.network, digits)
    lesson.learn(LEARNED_DIGITS, 0.1)
    assert before < 0.4 < 0.6 < accuracy_on_others(lesson.network, digits)


def test_others_are_not_those_that_are_learned(digits: Dataset) -> None:
    lesson = digits_lesson(0, digits)
    answers = lesson.network.predict(lesson.x).argmax(axis=1)
    blank = Dataset(
        "blank",
        np.concatenate([digits.train_images[:LEARNED_DIGITS], np.zeros((OTHER_DIGITS, 28, 28), np.uint8)]),
        np.concatenate([answers, np.full(OTHER_DIGITS, 10)]),
        digits.test_images,
        digits.test_labels,
    )
    assert accuracy_on_others(lesson.network, blank) == 0
