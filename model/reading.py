"""What a picture was read as: a digit, or an honest answer that it is not certain to be one."""

from dataclasses import dataclass
from enum import Enum, auto

import numpy as np
from numpy.typing import NDArray

from .layer import Array
from .losses import less_the_largest


class Verdict(Enum):
    """How far a reading can be relied on."""

    DIGIT = auto()
    UNSURE = auto()  # between the two likeliest digits
    NO_DIGIT = auto()


@dataclass(frozen=True, eq=False)
class Reading:
    """One picture, read: the probability of each digit, float32 `(10,)`, and what to make of them."""

    probabilities: NDArray[np.float32]
    verdict: Verdict

    @property
    def digit(self) -> int:
        """The likeliest digit, whatever the verdict."""
        return int(self.probabilities.argmax())

    @property
    def probability(self) -> float:
        """Of the likeliest digit."""
        return float(self.probabilities.max())

    @property
    def second(self) -> int:
        """The next likeliest digit."""
        return int(self.probabilities.argsort()[-2])

    def __str__(self) -> str:
        """In words: "4", "Unsure: 4 or 9", "This does not look like a digit"."""
        if self.verdict is Verdict.NO_DIGIT:
            return "This does not look like a digit"
        return str(self.digit) if self.verdict is Verdict.DIGIT else f"Unsure: {self.digit} or {self.second}"


def evidence(logits: Array) -> Array:
    """How much speaks for any digit at all: the distance KL(uniform ‖ softmax) along the last axis, 0 or more.

    A network that was taught to answer what is no digit with ten equal probabilities (Hendrycks et al., "Deep Anomaly
    Detection with Outlier Exposure", 2019) gives 0 there. It is the energy log Σ exp of Liu et al., "Energy-based
    Out-of-distribution Detection", 2020, less the mean output: outputs that are all larger are not evidence. Two
    likely digits leave it large, unlike the largest probability: eight are still ruled out.
    """
    shifted = less_the_largest(logits)
    total = np.exp(shifted).sum(axis=-1)
    with np.errstate(over="ignore"):
        return np.log(total / logits.shape[-1]) - shifted.mean(axis=-1)
