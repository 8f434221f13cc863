"""Letters and signs whose halves look like digits are refused as a whole; digits side by side are not."""

import numpy as np
import pytest
from numpy.typing import NDArray

from data.segmentation import Sign
from data.strokes import parts_of
from model.classifier import DigitClassifier
from model.reading import Reading, Verdict
from training.recognition.drawing import read_drawing
from training.recognition.letters import finely, one_by_one
from training.recognition.text import as_text


def ellipse(across: float, down: float) -> NDArray[np.float64]:
    """A ring around (0, 0), from its right side on."""
    angle = np.linspace(0, 2 * np.pi, 60)
    return np.stack([across * np.cos(angle), down * np.sin(angle)], axis=1)


@pytest.mark.parametrize(("lines", "count"), [((0, 0), 1), ((0, 1), 2)])
def test_strokes_that_meet_are_one_letter_in_one_line_alone(lines: tuple[int, int], count: int) -> None:
    strokes = [np.array([[0.0, 0.0], [10, 100]]), np.array([[10.0, 100.0], [0, 200]])]
    signs = [Sign(part, line, "") for part, line in zip(parts_of(strokes), lines, strict=True)]
    ones = [Reading(np.eye(10, dtype=np.float32)[1], Verdict.DIGIT)] * 2
    assert len(one_by_one(signs, ones, strokes)) == count


RING = ellipse(160, 200)
SIGNS: dict[str, list] = {
    "plus": [[(-200, 0), (200, 10)], [(0, -200), (5, 200)]],
    "H": [[(-140, -200), (-140, 200)], [(140, -200), (140, 200)], [(-130, 0), (130, 10)]],
    "a": [RING, [(160, -180), (165, 120), (230, 200)]],
    "d": [np.add(0.6 * RING, (0, 80)), [(100, -200), (96, 200)]],
    "K, its strokes a little apart": [[(-140, -200), (-140, 200)], [(140, -200), (-105, 20), (140, 200)]],
    "lying eight": [np.concatenate([ellipse(150, 130) - (150, 0), (ellipse(150, 130) * (-1, 1)) + (150, 0)])],
}


@pytest.mark.parametrize("name", SIGNS)
def test_the_halves_of_a_letter_or_sign_are_not_read_as_digits(name: str) -> None:
    strokes = [finely(np.array(stroke, float) + 500, 10) for stroke in SIGNS[name]]
    assert as_text(read_drawing(DigitClassifier.load("best"), strokes)) == "This does not look like a digit"


@pytest.mark.parametrize(
    ("strokes", "text"),
    [
        ([RING, [(280, -200), (275, 200)]], "01"),
        ([[(-280, -200), (-275, 200)], RING], "10"),
        ([RING, np.add(RING, (330, 0))], "00"),
        ([[(-450, 0), (-300, 0)], [(-160, -200), (-165, 200)], RING], "−10"),
    ],
)
def test_digits_side_by_side_are_digits(strokes: list, text: str) -> None:
    drawing = [finely(np.array(stroke, float) + 500, 10) for stroke in strokes]
    assert as_text(read_drawing(DigitClassifier.load("best"), drawing)) == text


def test_a_sign_found_before_is_no_digit_beside_its_neighbour() -> None:
    """A gap of a twentieth of the height parts two certain digits, but not the halves of a letter."""
    strokes = [np.array([[0.0, 0.0], [0, 100]]), np.array([[5.0, 0.0], [5, 100]])]
    parts = parts_of(strokes)
    ones = [Reading(np.eye(10, dtype=np.float32)[1], Verdict.DIGIT)] * 2
    for sign, count in ("", 2), ("?", 1):
        assert len(one_by_one([Sign(parts[0], 0, sign), Sign(parts[1], 0, "")], ones, strokes)) == count
