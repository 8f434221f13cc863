"""The digit classifier: pictures in, digits and probabilities out. The one thing of the network that the app calls."""

import os
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from .files import brief
from .folding import folded
from .images import images_to_input
from .layer import Array
from .losses import softmax
from .network import Network
from .pretrained import path_of
from .reading import Reading, Verdict, evidence
from .weights import WeightsError, load_network

# What a header may say of how to answer: the usual value, the lowest and the highest.
SETTINGS = {
    "temperature": (1.0, 0.01, 100.0),
    "unsure_below": (0.5, 0.0, 1.0),
    "no_digit_below": (0.0, 0.0, 1e6),  # no evidence is below 0: nothing is refused
}


class DigitClassifier:
    """A trained network that reads pictures of digits.

    It is never changed after loading: one serves any number of threads.

    Args:
        network: takes `(n, 28, 28, 1)`, gives ten numbers a picture, the larger the likelier.
        header: what its weights file says of it. Three numbers there were fitted on validation images, and have a usual
            value where they are absent: `temperature` divides the outputs before the softmax (Guo et al., "On
            Calibration of Modern Neural Networks", 2017); with less probability than `unsure_below` an answer is
            withheld, and with less evidence than `no_digit_below` a picture is refused.
    """

    def __init__(self, network: Network, header: dict[str, Any] | None = None) -> None:
        self.network = network
        self._ready = folded(network)
        self.header = header or {}
        self.temperature, self.unsure_below, self.no_digit_below = (
            float(self.header.get(name, usual)) for name, (usual, _, _) in SETTINGS.items()
        )

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """The classifier in a weights file, or in one that comes with the project: `load("best")`.

        Raises:
            WeightsError: the file is missing, damaged, or its network does not read 28×28 pictures into ten classes.
        """
        network, header = load_network(path_of(path))
        if (network.input_shape, network.output_shape) != ((28, 28, 1), (10,)):
            raise WeightsError(f"the network in {path} does not read 28×28 pictures as ten digits: choose another file")
        for name, (usual, low, high) in SETTINGS.items():
            value = header.get(name, usual)
            if type(value) not in (int, float) or not low <= value <= high:
                raise WeightsError(f"{path} names the {name} {brief(value)}: train it again or take another copy")
        return cls(network, header)

    def predict(self, images: NDArray[np.uint8]) -> NDArray[np.intp]:
        """The digit in each picture: `(n,)`, for uint8 `(n, 28, 28)`, 0 = paper, 255 = ink."""
        return self.predict_proba(images).argmax(axis=1)

    def predict_proba(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The probability of each digit: float32 `(n, 10)`, rows summing to 1, for uint8 `(n, 28, 28)`.

        Raises:
            TypeError, ValueError: the pictures have another dtype or shape.
        """
        return self._probabilities(self._logits(images))

    def read(self, images: NDArray[np.uint8]) -> list[Reading]:
        """Each picture with its probabilities and a verdict: a digit, unsure between two, or no digit.

        Raises:
            TypeError, ValueError: the pictures have another dtype or shape.
        """
        images = np.asarray(images)
        logits = self._logits(images)
        refused = (evidence(logits) < self.no_digit_below) | ~images.any(axis=(1, 2))  # a blank picture has no digit
        return [
            Reading(probabilities, Verdict.NO_DIGIT if no_digit else self._verdict(probabilities))
            for probabilities, no_digit in zip(self._probabilities(logits), refused, strict=True)
        ]

    def _verdict(self, probabilities: NDArray[np.float32]) -> Verdict:
        # What is not a number, because the network computed nonsense, is not certain either.
        return Verdict.DIGIT if probabilities.max() >= self.unsure_below else Verdict.UNSURE

    def _probabilities(self, logits: Array) -> NDArray[np.float32]:
        return softmax(logits).astype(np.float32, copy=False)

    def _logits(self, images: NDArray[np.uint8]) -> Array:
        return self._ready.predict(images_to_input(images)) / np.float32(self.temperature)
