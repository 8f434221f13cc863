"""Drawings read as a whole: what the pen left by chance does not change the answer."""

import numpy as np
import pytest

from model.classifier import DigitClassifier
from tests.drawings import DIGITS, PAD
from training.recognition.drawing import read_drawing
from training.recognition.text import as_text

REFUSED = "This does not look like a digit"


@pytest.mark.parametrize(
    ("dot", "text"),
    [((28, 58), "0"), ((50, 50), REFUSED), ((50, 2), REFUSED)],
    ids=["on its line", "inside", "above"],
)
def test_a_dot_that_meets_the_line_belongs_to_it(dot: tuple[float, float], text: str) -> None:
    strokes = [np.array([dot]) * PAD, *(np.array(stroke) * PAD for stroke in DIGITS[0])]
    assert as_text(read_drawing(DigitClassifier.load("best"), strokes)) == text


@pytest.mark.parametrize(("length", "text"), [(200, REFUSED), (400, "1")])
def test_a_line_as_short_as_a_speck_is_no_digit(length: int, text: str) -> None:
    strokes = [np.array([[500.0, 500], [500, 500 + length]])]
    assert as_text(read_drawing(DigitClassifier.load("best"), strokes)) == text


def test_dots_alone_are_no_digit() -> None:
    assert as_text(read_drawing(DigitClassifier.load("best"), [np.array([[500.0, 500.0]])] * 2)) == REFUSED
