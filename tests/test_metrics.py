"""The numbers of a report, against examples worked out by hand."""

import numpy as np
import pytest

from model.reading import Reading, Verdict
from training.evaluation.answering import MOST_LEVELS, count_answers, risk_curve
from training.evaluation.metrics import ConfusedPair, accuracy_of_most_certain, evaluate


def rows(*answers: tuple[int, float]) -> np.ndarray:
    """A row of ten probabilities for each (answer, its probability); the other digits share what is left."""
    probabilities = np.empty((len(answers), 10))
    for row, (answer, probability) in zip(probabilities, answers, strict=True):
        row[:] = (1 - probability) / 9
        row[answer] = probability
    return probabilities


# Written 0 0 1 1 7 7, read as 0 1 1 1 1 and, where there was no ink, as nothing.
PROBABILITIES = rows((0, 0.9), (1, 0.9), (1, 0.9), (1, 0.9), (1, 0.6), (7, 1.0))
LABELS = [0, 0, 1, 1, 7, 7]
BLANK = [False] * 5 + [True]


def test_accuracy_counts_a_blank_picture_as_an_error() -> None:
    result = evaluate(PROBABILITIES, LABELS, BLANK)
    assert (result.images, result.blank, result.correct, result.accuracy) == (6, 1, 3, 0.5)
    # Wilson: ½ ± z / (1 + z²/n) · √(¼ / n + z² / 4n²), with z = 1.96 and n = 6
    assert result.accuracy_interval == pytest.approx((0.1876, 0.8124), abs=1e-4)


def test_precision_recall_and_f1_of_each_digit() -> None:
    digits = evaluate(PROBABILITIES, LABELS, BLANK).digits
    zero, one, three, seven = (digits[digit] for digit in (0, 1, 3, 7))
    assert [digit.digit for digit in digits] == list(range(10))
    assert (zero.images, zero.precision, zero.recall, zero.f1) == (2, 1.0, 0.5, pytest.approx(2 / 3))
    assert (one.images, one.precision, one.recall, one.f1) == (2, 0.5, 1.0, pytest.approx(2 / 3))
    assert (seven.images, seven.recall, seven.f1) == (2, 0.0, 0.0)
    assert seven.precision is None  # nothing was read as a 7
    assert three.images == 0
    assert three.recall is None  # nobody wrote a 3


def test_confusion_has_a_row_for_each_digit_written() -> None:
    expected = np.zeros((10, 10), int)
    expected[0, 0], expected[0, 1], expected[1, 1], expected[7, 1] = 1, 1, 2, 1
    assert evaluate(PROBABILITIES, LABELS, BLANK).confusion == expected.tolist()


def test_confused_pairs_have_the_most_frequent_first() -> None:
    probabilities = rows((9, 0.8), (4, 0.8), (9, 0.8), (9, 0.8), (3, 0.8))
    pairs = evaluate(probabilities, [4, 9, 4, 9, 8]).confused_pairs
    assert pairs == [ConfusedPair(4, 9, 2), ConfusedPair(8, 3, 1), ConfusedPair(9, 4, 1)]


def test_calibration_compares_probability_with_accuracy() -> None:
    result = evaluate(PROBABILITIES, LABELS, BLANK)
    low, high = result.calibration
    assert (low.lower, low.upper, low.images) == (pytest.approx(8 / 15), pytest.approx(9 / 15), 1)
    assert (low.probability, low.accuracy) == (pytest.approx(0.6), 0.0)
    assert (high.lower, high.upper, high.images) == (pytest.approx(13 / 15), pytest.approx(14 / 15), 4)
    assert (high.probability, high.accuracy) == (pytest.approx(0.9), 0.75)
    assert result.calibration_error == pytest.approx(1 / 5 * 0.6 + 4 / 5 * 0.15)


def test_answers_that_are_right_as_often_as_they_are_likely_are_calibrated() -> None:
    result = evaluate(rows(*[(2, 0.8)] * 5), [2, 2, 2, 2, 6])
    assert result.calibration_error == pytest.approx(0, abs=1e-12)


def test_worst_mistakes_are_the_most_confident() -> None:
    probabilities = rows((1, 0.5), (2, 0.9), (3, 0.99), (4, 0.7), (5, 1.0))
    mistakes = evaluate(probabilities, [0, 0, 3, 0, 0], [False] * 4 + [True]).mistakes
    assert [(each.index, each.truth, each.answer) for each in mistakes] == [(1, 0, 2), (3, 0, 4), (0, 0, 1)]
    assert [each.probability for each in mistakes] == pytest.approx([0.9, 0.7, 0.5])


def test_examples_of_the_confusion_matrix_are_sorted() -> None:
    probabilities = rows((1, 0.9), (1, 0.6), (1, 0.8), (1, 0.7), (1, 0.95))
    found = evaluate(probabilities, [1, 1, 0, 0, 2], [False] * 4 + [True]).examples
    assert [(each.index, each.truth, each.answer) for each in found] == [(2, 0, 1), (3, 0, 1), (1, 1, 1), (0, 1, 1)]
    many = evaluate(rows(*[(1, 0.9)] * 20), [0] * 20).examples
    assert [each.index for each in many] == list(range(12))


def test_mistakes_and_pairs_are_limited_to_what_fits_a_page() -> None:
    truth, answer = np.divmod(np.arange(100), 10)
    result = evaluate(np.eye(10)[answer], truth)
    assert (len(result.mistakes), len(result.confused_pairs)) == (24, 10)


def test_one_picture_that_is_read_right() -> None:
    result = evaluate(rows((5, 1.0)), [5])
    assert (result.accuracy, result.mistakes, result.confused_pairs) == (1.0, [], [])
    assert result.accuracy_interval[0] < 0.5  # one picture says little
    assert result.accuracy_interval[1] == pytest.approx(1)
    assert (result.calibration[0].upper, result.calibration_error) == (1.0, 0.0)


def test_float32_and_uint8_as_the_classifier_and_the_data_sets_give_them() -> None:
    result = evaluate(np.eye(10, dtype=np.float32), np.arange(10, dtype=np.uint8))
    assert result.accuracy == 1.0


def test_nothing_but_blank_pictures() -> None:
    result = evaluate(np.zeros((2, 10)), [0, 1], [True, True])
    assert (result.accuracy, result.blank, result.calibration, result.mistakes) == (0.0, 2, [], [])
    assert result.calibration_error is None


def test_no_picture_is_refused() -> None:
    with pytest.raises(ValueError, match="no images"):
        evaluate(np.zeros((0, 10)), [])


def test_withholding_the_least_certain_answers() -> None:
    probabilities, labels = rows((0, 0.9), (1, 0.8), (2, 0.7), (3, 0.6)), np.array([0, 1, 0, 3])
    assert accuracy_of_most_certain(probabilities, labels, 1) == 0.75
    assert accuracy_of_most_certain(probabilities, labels, 0.75) == pytest.approx(2 / 3)
    assert accuracy_of_most_certain(probabilities, labels, 0.5) == 1


DIGIT, UNSURE, NO_DIGIT = Verdict.DIGIT, Verdict.UNSURE, Verdict.NO_DIGIT


def read(probabilities: np.ndarray, *verdicts: Verdict) -> list[Reading]:
    return [Reading(row, verdict) for row, verdict in zip(probabilities, verdicts, strict=True)]


def test_answers_are_counted_as_the_app_gives_them() -> None:
    readings = read(PROBABILITIES, DIGIT, DIGIT, DIGIT, UNSURE, NO_DIGIT, NO_DIGIT)
    result = count_answers(readings, LABELS, np.array(BLANK))
    assert (result.right, result.wrong, result.unsure, result.refused) == (2, 1, 1, 2)
    assert result.accuracy == pytest.approx(2 / 3)
    # 4 of 6 images have the probability 0.9, one of them read wrong; the next has 0.6, and is read wrong; one is blank.
    assert [(point.coverage, point.risk) for point in result.curve] == [
        (pytest.approx(4 / 6), pytest.approx(1 / 4)),
        (pytest.approx(5 / 6), pytest.approx(2 / 5)),
    ]


def test_no_answer_has_no_accuracy() -> None:
    result = count_answers(read(rows((3, 0.9)), NO_DIGIT), [3], np.array([True]))
    assert (result.accuracy, result.refused, result.curve) == (None, 1, [])


def test_risk_falls_as_the_least_probable_answers_are_withheld() -> None:
    curve = risk_curve(np.array([0.9, 0.6, 0.8, 0.7]), np.array([True, False, True, False]), 4)
    assert [point.coverage for point in curve] == [0.25, 0.5, 0.75, 1.0]
    assert [point.risk for point in curve] == [0, 0, pytest.approx(1 / 3), 0.5]


@pytest.mark.parametrize("correct", [True, False])
def test_risk_where_all_answers_are_alike(correct: bool) -> None:
    (point,) = risk_curve(np.array([0.7, 0.7]), np.array([correct, correct]), 2)
    assert (point.coverage, point.risk) == (1.0, float(not correct))


def test_curve_of_many_images_has_few_points_from_end_to_end() -> None:
    curve = risk_curve(np.linspace(0, 1, 1000), np.arange(1000) >= 100, 1000)  # the least probable 100 are wrong
    assert len(curve) == MOST_LEVELS
    assert (curve[0].coverage, curve[-1].coverage, curve[-1].risk) == (0.001, 1.0, pytest.approx(0.1))
    assert max(point.coverage for point in curve if point.risk == 0) == pytest.approx(0.9, abs=1 / MOST_LEVELS)
