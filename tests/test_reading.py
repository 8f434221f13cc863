"""What a reading says, and how much evidence outputs are."""

import numpy as np
import pytest

from model.reading import Reading, Verdict, evidence


def reading(verdict: Verdict) -> Reading:
    probabilities = np.full(10, 0.01, np.float32)
    probabilities[[4, 9]] = [0.5, 0.42]
    return Reading(probabilities, verdict)


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        (Verdict.DIGIT, "4"),
        (Verdict.UNSURE, "Unsure: 4 or 9"),
        (Verdict.NO_DIGIT, "This does not look like a digit"),
    ],
)
def test_a_reading_in_words(verdict: Verdict, words: str) -> None:
    assert str(reading(verdict)) == words


def test_the_likeliest_digit_and_the_next() -> None:
    four = reading(Verdict.NO_DIGIT)
    assert (four.digit, four.second) == (4, 9)
    assert four.probability == pytest.approx(0.5)


def test_evidence_is_the_distance_of_the_probabilities_from_ten_equal_ones() -> None:
    logits = np.random.default_rng(0).normal(0, 3, (50, 10))
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(evidence(logits), (0.1 * np.log(0.1 / probabilities)).sum(axis=1))
    np.testing.assert_allclose(evidence(logits + 1e6), evidence(logits), rtol=1e-6)
    assert evidence(np.full((1, 10), 7.0)) == pytest.approx(0)
    assert np.isfinite(evidence(np.array([[1e4, *[-1e4] * 9]]))).all()
