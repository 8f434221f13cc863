"""How well a network reads: numbers from its probabilities and the true digits, nothing else."""

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
    """Compare what was read with what was written.

    A picture without ink is not shown to the network, as in the app: its answer is "no digit". A digit was to be read
    there, so it counts as an error in the accuracy and in the digit's recall. It has no place among the confusions, the
    calibration and the mistakes, as no digit was answered.

    Args:
        probabilities: `(n, 10)`, one row a picture; rows of blank pictures are not looked at.
        labels: `(n,)`, the digits written.
        blank: `(n,)`, true where a picture has no ink; none has by default.

    Raises:
        ValueError: there is no picture.
    """
    probabilities, labels = np.asarray(probabilities, np.float64), np.asarray(labels)
    blank = np.zeros(len(labels), bool) if blank is None else np.asarray(blank, bool)
    if not len(labels):
        raise ValueError("there is no picture to evaluate: choose a data set with test pictures")
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
    """Precision, recall and F1 of each digit; None where one would divide by zero."""
    columns = precision_recall_fscore_support(labels, answers, labels=list(DIGITS), zero_division=np.nan)
    return [
        DigitScore(digit, int(images), _defined(precision), _defined(recall), _defined(f1))
        for digit, (precision, recall, f1, images) in enumerate(zip(*columns, strict=True))
    ]


def _defined(share: float) -> float | None:
    return None if math.isnan(share) else float(share)


def confused_pairs(confusion: NDArray) -> list[ConfusedPair]:
    """The most frequent confusions of a truth with an answer, at most `MOST_PAIRS`."""
    pairs = [ConfusedPair(i, j, int(confusion[i, j])) for i in DIGITS for j in DIGITS if i != j and confusion[i, j]]
    return sorted(pairs, key=lambda pair: -pair.images)[:MOST_PAIRS]


def calibration(confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> list[CalibrationBin]:
    """Answers sorted into equal bins by the probability that the network gave them; empty bins are left out."""
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
    """How far the probabilities lie from the truth: Σ (images in bin / all images) · |accuracy − probability|.

    0 is perfect: of the answers given with 80 %, 80 % are right. None without any bin. From Guo et al., "On Calibration
    of Modern Neural Networks", 2017, equation 3, with their 15 bins.
    """
    if not bins:
        return None
    images = sum(bin.images for bin in bins)
    return sum(bin.images / images * abs(bin.accuracy - bin.probability) for bin in bins)


def accuracy_of_most_certain(probabilities: NDArray, labels: NDArray, share: float) -> float:
    """The accuracy on the `share` of the pictures with the largest probabilities, where all others are withheld."""
    answered = np.argsort(-probabilities.max(axis=1), kind="stable")[: round(share * len(labels))]
    return float((probabilities.argmax(axis=1) == labels)[answered].mean())


def worst_mistakes(probabilities: NDArray, labels: NDArray, answers: NDArray) -> list[Answer]:
    """Wrong answers, the most confident first, at most `MOST_MISTAKES`."""
    wrong = np.flatnonzero((answers != labels) & (answers != NO_DIGIT))
    confidence = probabilities.max(axis=1)
    worst = wrong[np.argsort(-confidence[wrong], kind="stable")][:MOST_MISTAKES]
    return [Answer(int(i), int(labels[i]), int(answers[i]), float(confidence[i])) for i in worst]


def examples(probabilities: NDArray, labels: NDArray, answers: NDArray) -> list[Answer]:
    """Of each cell of the confusion matrix at most `MOST_EXAMPLES` pictures, the most embarrassing first.

    These are the wrong answers that were given with the most confidence, and the right ones given with the least.
    """
    confidence = probabilities.max(axis=1)
    order = np.argsort(np.where(answers == labels, confidence, -confidence), kind="stable")
    readings = []
    for truth in DIGITS:
        for answer in DIGITS:
            cell = order[(labels[order] == truth) & (answers[order] == answer)][:MOST_EXAMPLES]
            readings += [Answer(int(i), truth, answer, float(confidence[i])) for i in cell]
    return readings
