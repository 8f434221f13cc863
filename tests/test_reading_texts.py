"""The Draw page's texts about readings."""

from dataclasses import replace

import numpy as np
import pytest

from app.texts.reading import boxes, drawing_key, drawing_to_keep, explanation, headline, least_certain, named, ordinal
from model.reading import Reading, Verdict
from training.recognition.drawing import DrawnDigit


def drawn(digit: int, probability: float = 0.999, verdict: Verdict = Verdict.DIGIT, left: float = 0) -> DrawnDigit:
    """A stroke read as this digit; the next likeliest is the one after it."""
    probabilities = np.zeros(10, np.float32)
    probabilities[[digit, (digit + 1) % 10]] = [probability, 1 - probability]
    strokes = [np.array([[left, 20], [left + 50, 120]])]
    image = np.full((28, 28), digit, np.uint8)
    return DrawnDigit(strokes, image, Reading(probabilities, verdict), (left, 20, left + 50, 120))


NUMBER = [drawn(2), drawn(0, 0.9), drawn(4, 0.6, Verdict.UNSURE), drawn(6, 0.8, Verdict.NO_DIGIT)]


@pytest.mark.parametrize(
    ("digits", "words", "lines"),
    [
        ([drawn(7, 0.93)], "7", ["probability 93 %"]),
        ([drawn(4, 0.6, Verdict.UNSURE)], "Unsure: 4 or 5", ["probabilities 60 % and 40 %"]),
        ([drawn(4, 0.6, Verdict.NO_DIGIT)], "This does not look like a digit", ["Closest digit: 4"]),
        ([drawn(2), drawn(0)], "20", ["each digit: over 99 %"]),
        ([drawn(2), drawn(0, 0.9)], "20", ["each digit: 90 % or more"]),
        (
            NUMBER,
            "20??",
            ["other digits: 90 % or more", "3rd: unsure, 4 or 5", "4th: does not look like a digit"],
        ),
        ([NUMBER[3], NUMBER[3]], "This does not look like a digit", []),
    ],
)
def test_headline_and_explanation(digits: list[DrawnDigit], words: str, lines: list[str]) -> None:
    assert headline(digits) == words
    assert explanation(digits) == lines


def test_lines_and_signs_are_text_as_they_stand() -> None:
    other = drawn(1, 0.9, Verdict.NO_DIGIT)
    upper = [replace(other, sign="−"), drawn(3), replace(other, sign="."), drawn(5)]
    lower = [replace(drawn(4), line=1), replace(other, line=1)]
    assert headline([*upper, *lower]) == "−3.5\n4?"
    assert explanation([*upper, *lower])[1:] == ["6th: does not look like a digit"]


def test_a_wide_refused_drawing_may_be_several_digits() -> None:
    refused = drawn(4, 0.6, Verdict.NO_DIGIT)
    assert explanation([replace(refused, box=(0, 0, 300, 200))]) == ["Several digits? Leave a gap", "Closest digit: 4"]
    assert explanation([replace(refused, box=(0, 0, 100, 200))]) == ["Closest digit: 4"]


def test_the_least_certain_digit_is_selected() -> None:
    assert least_certain(NUMBER) == 2
    assert least_certain([drawn(2), drawn(0, 0.9), drawn(1)]) == 1
    assert least_certain([drawn(2), drawn(0, 0.99, Verdict.NO_DIGIT), drawn(1, 0.95)]) == 1


def test_boxes_are_around_the_digits_of_a_number_alone() -> None:
    assert boxes([drawn(2)]) == []
    assert boxes([drawn(2, left=10), drawn(4, 0.6, Verdict.UNSURE, left=200)]) == [
        {"box": (10, 20, 60, 120), "above": "2", "below": "> 99 %"},
        {"box": (200, 20, 250, 120), "above": "?", "below": ""},
    ]


def test_a_picture_has_a_box_around_a_single_digit_too() -> None:
    assert boxes([replace(drawn(2), strokes=[])]) == [{"box": (0, 20, 50, 120), "above": "2", "below": "> 99 %"}]


@pytest.mark.parametrize(
    ("verdict", "answers"), [(Verdict.DIGIT, (4,)), (Verdict.UNSURE, (4, 5)), (Verdict.NO_DIGIT, ())]
)
def test_a_refused_digit_has_no_answer(verdict: Verdict, answers: tuple[int, ...]) -> None:
    assert named(drawn(4, 0.6, verdict)) == answers


def test_a_drawing_has_one_key_and_another_drawing_another() -> None:
    assert drawing_key(drawn(2)) == drawing_key(drawn(2))
    assert drawing_key(drawn(2)) != drawing_key(drawn(2, left=1))
    assert drawing_key(drawn(2)) != drawing_key(drawn(3))
    in_two_strokes = [stroke[i : i + 1] for stroke in drawn(2).strokes for i in range(2)]
    assert drawing_key(drawn(2)) != drawing_key(replace(drawn(2), strokes=in_two_strokes))


def test_a_stored_drawing_has_answer_and_truth() -> None:
    drawing = drawing_to_keep(drawn(4, 0.6, Verdict.UNSURE), 9, "quick")
    assert (drawing.key, drawing.answer, drawing.truth, drawing.weights) == (drawing_key(drawn(4, 0.6)), 4, 9, "quick")
    assert drawing_to_keep(drawn(4, 0.6, Verdict.NO_DIGIT), None, "quick").answer is None


def test_places_are_ordinal_numbers() -> None:
    """A picture of a page may have more than a hundred digits."""
    numbers = (1, 2, 3, 4, 11, 12, 13, 21, 101, 111, 122)
    words = "1st 2nd 3rd 4th 11th 12th 13th 21st 101st 111th 122nd"
    assert " ".join(ordinal(number - 1) for number in numbers) == words
