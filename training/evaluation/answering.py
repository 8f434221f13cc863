"""How often the app would answer, and how often that answer would be right."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import confusion_matrix_at_thresholds

from model.reading import Reading, Verdict

from .scores import Answering, RiskAtCoverage

MOST_LEVELS = 200  # of probability, at which the risk is told


def count_answers(readings: Sequence[Reading], labels: ArrayLike, blank: NDArray[np.bool_]) -> Answering:
    """Count what the app shows: a digit, right or wrong; "unsure"; or "this does not look like a digit".

    Args:
        readings: one per image; at least one.
        labels: `(n,)`, the true digits.
        blank: `(n,)`, true for images without ink, which are never answered.
    """
    verdicts = [reading.verdict for reading in readings]
    correct = np.array([reading.digit for reading in readings]) == np.asarray(labels)
    answered = np.array([verdict is Verdict.DIGIT for verdict in verdicts])
    right, wrong = int((answered & correct).sum()), int((answered & ~correct).sum())
    return Answering(
        right=right,
        wrong=wrong,
        unsure=verdicts.count(Verdict.UNSURE),
        refused=verdicts.count(Verdict.NO_DIGIT),
        accuracy=right / (right + wrong) if right + wrong else None,
        curve=risk_curve(np.array([reading.probability for reading in readings])[~blank], correct[~blank], len(blank)),
    )


def risk_curve(probability: NDArray[np.floating], correct: NDArray[np.bool_], images: int) -> list[RiskAtCoverage]:
    """The risk if only answers above a probability were given, for each such probability; at most `MOST_LEVELS`.

    Geifman and El-Yaniv, "Selective Classification for Deep Neural Networks", 2017. Images with the same probability
    are answered together, since nothing distinguishes them.

    Args:
        probability: `(m,)`, of each answer.
        correct: `(m,)`, whether the answer is the true digit.
        images: the number of all images, `m` or more.
    """
    if not len(correct):
        return []
    _, wrong, _, right, _ = confusion_matrix_at_thresholds(correct, probability, pos_label=True)
    answered = right + wrong  # increases
    levels = np.searchsorted(answered, np.linspace(0, answered[-1], MOST_LEVELS))
    return [RiskAtCoverage(float(answered[i] / images), float(wrong[i] / answered[i])) for i in np.unique(levels)]
