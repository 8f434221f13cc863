"""The metrics of a report, as plain numbers; None if undefined, such as the recall of a digit without images."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta

from ..json_numbers import Digit, Natural

Ten = Meta(min_length=10, max_length=10)


@dataclass(frozen=True)
class DigitScore:
    """The scores of one digit."""

    digit: Digit
    images: Natural
    precision: float | None  # share of the answers with this digit that are right
    recall: float | None  # share of the images of this digit that are read right
    f1: float | None  # the harmonic mean of the two


@dataclass(frozen=True)
class ConfusedPair:
    """How often one digit is read as another."""

    truth: Digit
    answer: Digit
    images: Natural


@dataclass(frozen=True)
class CalibrationBin:
    """The images whose answer has a probability above `lower` and up to `upper`."""

    lower: float
    upper: float
    images: Natural
    probability: float  # mean probability of the answers
    accuracy: float  # share of the answers that are right

    @property
    def has_enough(self) -> bool:
        """Whether its accuracy says something: below 30 images, a single one moves it by more than 3 points."""
        return self.images >= 30


@dataclass(frozen=True)
class Answer:
    """The answer to one image; `index` is its position in the test set."""

    index: Natural
    truth: Digit
    answer: Digit
    probability: float  # of the answer


@dataclass(frozen=True)
class RiskAtCoverage:
    """One point of the risk–coverage curve."""

    coverage: float  # share of the images that are answered, the most probable answers first
    risk: float  # share of these answers that are wrong


@dataclass(frozen=True, kw_only=True)
class Answering:
    """What the app would show for the images: every image is counted once."""

    right: Natural
    wrong: Natural
    unsure: Natural  # "Unsure: 4 or 9"
    refused: Natural  # "This does not look like a digit"; images without ink, too
    accuracy: float | None  # share of the answers, right or wrong, that are right
    curve: list[RiskAtCoverage]  # coverage increases


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """All metrics of a report."""

    images: Natural
    blank: Natural  # images without ink, which count as errors
    correct: Natural
    accuracy: float
    accuracy_interval: tuple[float, float]  # 95 % confidence interval (Wilson)
    digits: Annotated[list[DigitScore], Ten]
    confusion: Annotated[list[Annotated[list[Natural], Ten]], Ten]  # one row per true digit, one column per answer
    confused_pairs: list[ConfusedPair]  # most frequent first
    calibration: list[CalibrationBin]  # without empty bins
    calibration_error: float | None
    mistakes: Sequence[Answer]  # most confident first
    examples: Sequence[Answer]  # a few of each cell of the confusion matrix
