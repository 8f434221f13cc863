"""Drawings read as a whole: what the pen left by chance does not change the answer."""

import numpy as np
import pytest

from data.parts import Part
from model.classifier import DigitClassifier
from model.reading import Reading, Verdict
from tests.drawings import DIGITS, PAD
from training.recognition.drawing import certainty, read_drawing
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


def test_what_is_refused_or_too_wide_is_hardly_a_digit_however_likely() -> None:
    narrow, wide = (Part((), 0, 0, width, 100) for width in (70, 140))
    cases = [
        (1, Verdict.NO_DIGIT, narrow),
        (1, Verdict.DIGIT, wide),
        (0.1, Verdict.UNSURE, narrow),
        (0.9, Verdict.DIGIT, narrow),
    ]
    readings = [Reading(np.eye(10, dtype=np.float32)[3] * share, verdict) for share, verdict, _ in cases]
    refused, too_wide, unsure, digit = certainty(readings, [part for _, _, part in cases])
    assert max(refused, too_wide) < unsure < digit


def test_a_two_may_be_wider_than_a_six() -> None:
    two, six = (Reading(np.eye(10, dtype=np.float32)[digit], Verdict.DIGIT) for digit in (2, 6))
    part = Part((), 0, 0, 150, 100)
    assert certainty([two], [part]) > certainty([six], [part])


def test_dots_alone_are_no_digit() -> None:
    assert as_text(read_drawing(DigitClassifier.load("best"), [np.array([[500.0, 500.0]])] * 2)) == REFUSED
