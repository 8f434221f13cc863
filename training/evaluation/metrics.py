"""How well a network reads: numbers from its probabilities and the true digits, nothing else."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import binomtest
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from data.datasets import NO_DIGIT

DIGITS = range(10)
CALIBRATION_BINS = 15
MOST_MISTAKES = 24
MOST_PAIRS = 10
MOST_EXAMPLES = 12


@dataclass(frozen=True)
class DigitScore:
    """How one digit fares; a number is not finite where the digit was neither there nor answered."""

    digit: int
    images: int
    precision: float  # of the answers that name this digit, how many are right
    recall: float  # of the pictures of this digit, how many are read as it
    f1: float  # the harmonic mean of the two


@dataclass(frozen=True)
class ConfusedPair:
    """How often one digit is read as another."""

    truth: int
    answer: int
    images: int


@dataclass(frozen=True)
class CalibrationBin:
    """The pictures read with a probability above `lower` and up to `upper`."""

    lower: float
    upper: float
    images: int
    probability: float  # the mean of what the network gave its answers
    accuracy: float  # the share of the answers that are right


@dataclass(frozen=True)
class Answer:
    """How a picture was read; `index` is its place in the test set."""

    index: int
    truth: int
    answer: int
    probability: float  # that the network gave its answer


@dataclass(frozen=True)
class Evaluation:
    """All numbers of a report."""

    images: int
    blank: int  # pictures without ink, which count as errors
    correct: int
    accuracy: float
    accuracy_interval: tuple[float, float]  # 95 %, Wilson's
    digits: list[DigitScore]
    confusion: list[list[int]]  # a row for each true digit, a column for each answer
    confused_pairs: list[ConfusedPair]  # the most frequent first
    calibration: list[CalibrationBin]  # without empty bins
    calibration_error: float
    mistakes: list[Answer]  # the most confident first
    examples: list[Answer]  # of each cell of the confusion matrix


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
    """Precision, recall and F1 of each digit; NaN where one would divide by zero."""
    columns = precision_recall_fscore_support(labels, answers, labels=list(DIGITS), zero_division=np.nan)
    return [
        DigitScore(digit, int(images), float(precision), float(recall), float(f1))
        for digit, (precision, recall, f1, images) in enumerate(zip(*columns, strict=True))
    ]


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


def expected_calibration_error(bins: list[CalibrationBin]) -> float:
    """How far the probabilities lie from the truth: Σ (images in bin / all images) · |accuracy − probability|.

    0 is perfect: of the answers given with 80 %, 80 % are right. NaN without any bin. From Guo et al., "On Calibration
    of Modern Neural Networks", 2017, equation 3, with their 15 bins.
    """
    if not bins:
        return float("nan")
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
