"""What is measured of a network: plain numbers. Where one is not defined, as a recall without pictures, it is None."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta

from ..json_numbers import Digit, Natural

Ten = Meta(min_length=10, max_length=10)


@dataclass(frozen=True)
class DigitScore:
    """How one digit fares."""

    digit: Digit
    images: Natural
    precision: float | None  # of the answers that name this digit, how many are right
    recall: float | None  # of the pictures of this digit, how many are read as it
    f1: float | None  # the harmonic mean of the two


@dataclass(frozen=True)
class ConfusedPair:
    """How often one digit is read as another."""

    truth: Digit
    answer: Digit
    images: Natural


@dataclass(frozen=True)
class CalibrationBin:
    """The pictures read with a probability above `lower` and up to `upper`."""

    lower: float
    upper: float
    images: Natural
    probability: float  # the mean of what the network gave its answers
    accuracy: float  # the share of the answers that are right


@dataclass(frozen=True)
class Answer:
    """How a picture was read; `index` is its place in the test set."""

    index: Natural
    truth: Digit
    answer: Digit
    probability: float  # that the network gave its answer


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """All numbers of a report."""

    images: Natural
    blank: Natural  # pictures without ink, which count as errors
    correct: Natural
    accuracy: float
    accuracy_interval: tuple[float, float]  # 95 %, Wilson's
    digits: Annotated[list[DigitScore], Ten]
    confusion: Annotated[
        list[Annotated[list[Natural], Ten]], Ten
    ]  # a row for each true digit, a column for each answer
    confused_pairs: list[ConfusedPair]  # the most frequent first
    calibration: list[CalibrationBin]  # without empty bins
    calibration_error: float | None
    mistakes: Sequence[Answer]  # the most confident first
    examples: Sequence[Answer]  # of each cell of the confusion matrix
