"""Evaluation metrics, computed from a network's probabilities and the true labels."""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import binomtest
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from data.datasets import NO_DIGIT

from .scores import Answer, CalibrationBin, ConfusedPair, DigitScore, Evaluation

DIGITS = range(10)
CALIBRATION_BINS = 15
MOST_MISTAKES = 24
MOST_PAIRS = 10
MOST_EXAMPLES = 12


def evaluate(probabilities: ArrayLike, labels: ArrayLike, blank: ArrayLike | None = None) -> Evaluation:
    """Compare a network's answers with the true labels.

    As in the app, an image without ink is not shown to the network: the answer is "no digit". It counts as an error in
    the accuracy and in the recall of its digit, but not in the confusion matrix, the calibration and the mistakes, as
    there is no answer.

    Args:
        probabilities: `(n, 10)`, one row per image; rows of blank images are ignored.
        labels: `(n,)`, the true digits.
        blank: `(n,)`, true for images without ink; by default there are none.

    Raises:
        ValueError: there are no images.
    """
    probabilities, labels = np.asarray(probabilities, np.float64), np.asarray(labels)
    blank = np.zeros(len(labels), bool) if blank is None else np.asarray(blank, bool)
    if not len(labels):
        raise ValueError("there are no images to evaluate: choose a data set with test images")
    answers = np.where(blank, NO_DIGIT, probabilities.argmax(axis=1))
    correct = int((answers == labels).sum())
    interval = binomtest(correct, len(labels)).proportion_ci(confidence_level=0.95, method="wilson")
    confusion = confusion_matrix(labels, answers, labels=[*DIGITS, NO_DIGIT])[:10, :10]
    confidence, right = probabilities.max(axis=1)[~blank], (answers == labels)[~blank]
    bins = calibration(confidence, right)
    return Evaluation(
        images=len(labels),
        blank=int(blank.sum()),
        correct=correct,
        accuracy=correct / len(labels),
        accuracy_interval=(float(interval.low), float(interval.high)),
        digits=digit_scores(labels, answers),
        confusion=confusion.tolist(),
        confused_pairs=confused_pairs(confusion),
        calibration=bins,
        calibration_error=expected_calibration_error(bins),
        mistakes=worst_mistakes(probabilities, labels, answers),
        examples=examples(probabilities, labels, answers),
    )


def digit_scores(labels: NDArray, answers: NDArray) -> list[DigitScore]:
    """Precision, recall and F1 of each digit; None instead of a division by zero."""
    columns = precision_recall_fscore_support(labels, answers, labels=list(DIGITS), zero_division=np.nan)
    return [
        DigitScore(digit, int(images), _defined(precision), _defined(recall), _defined(f1))
        for digit, (precision, recall, f1, images) in enumerate(zip(*columns, strict=True))
    ]


def _defined(share: float) -> float | None:
    return None if math.isnan(share) else float(share)


def confused_pairs(confusion: NDArray) -> list[ConfusedPair]:
    """The most frequent pairs of true digit and wrong answer, at most `MOST_PAIRS`."""
    pairs = [ConfusedPair(i, j, int(confusion[i, j])) for i in DIGITS for j in DIGITS if i != j and confusion[i, j]]
    return sorted(pairs, key=lambda pair: -pair.images)[:MOST_PAIRS]


def calibration(confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> list[CalibrationBin]:
    """Answers in bins of equal width by their probability; empty bins are left out."""
    bin_of = np.clip(np.ceil(confidence * CALIBRATION_BINS).astype(int) - 1, 0, CALIBRATION_BINS - 1)
    return [
        CalibrationBin(
            lower=float(b) / CALIBRATION_BINS,
            upper=float(b + 1) / CALIBRATION_BINS,
            images=int((bin_of == b).sum()),
            probability=float(confidence[bin_of == b].mean()),
            accuracy=float(right[bin_of == b].mean()),
        )
        for b in np.unique(bin_of)
    ]


def expected_calibration_error(bins: list[CalibrationBin]) -> float | None:
    """The expected calibration error: Σ (images in bin / all images) · |accuracy − probability|.

    0 is perfect: of the answers with a probability of 80 %, 80 % are right. None if there are no bins. From
    Guo et al., "On Calibration of Modern Neural Networks", 2017, equation 3, with their 15 bins.
    """
    if not bins:
        return None
    images = sum(bin.images for bin in bins)
    return sum(bin.images / images * abs(bin.accuracy - bin.probability) for bin in bins)


def accuracy_of_most_certain(probabilities: NDArray, labels: NDArray, share: float) -> float:
    """The accuracy on the `share` of the images with the highest probabilities; the other answers are withheld."""
    answered = np.argsort(-probabilities.max(axis=1), kind="stable")[: round(share * len(labels))]
    return float((probabilities.argmax(axis=1) == labels)[answered].mean())


def worst_mistakes(probabilities: NDArray, labels: NDArray, answers: NDArray) -> list[Answer]:
    """Wrong answers, most confident first, at most `MOST_MISTAKES`."""
    wrong = np.flatnonzero((answers != labels) & (answers != NO_DIGIT))
    confidence = probabilities.max(axis=1)
    worst = wrong[np.argsort(-confidence[wrong], kind="stable")][:MOST_MISTAKES]
    return [Answer(int(i), int(labels[i]), int(answers[i]), float(confidence[i])) for i in worst]


def examples(probabilities: NDArray, labels: NDArray, answers: NDArray) -> list[Answer]:
    """At most `MOST_EXAMPLES` images of each cell of the confusion matrix.

    Wrong answers start with the most confident, right answers with the least confident.
    """
    confidence = probabilities.max(axis=1)
    order = np.argsort(np.where(answers == labels, confidence, -confidence), kind="stable")
    readings = []
    for truth in DIGITS:
        for answer in DIGITS:
            cell = order[(labels[order] == truth) & (answers[order] == answer)][:MOST_EXAMPLES]
            readings += [Answer(int(i), truth, answer, float(confidence[i])) for i in cell]
    return readings
