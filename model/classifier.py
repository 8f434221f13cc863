"""The digit classifier: pictures in, digits and probabilities out. The one thing of the network that the app calls."""

import os
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from .archive import WeightsError, brief
from .images import images_to_input
from .losses import softmax
from .network import Network
from .weights import load_network


class DigitClassifier:
    """A trained network that reads pictures of digits.

    It is never changed after loading: one serves any number of threads.

    Args:
        network: takes `(n, 28, 28, 1)`, gives ten numbers a picture, the larger the likelier.
        header: what its weights file says of it. Its `temperature`, fitted on validation images, divides the outputs
            before the softmax (Guo et al., "On Calibration of Modern Neural Networks", 2017); 1 where it is absent.
    """

    def __init__(self, network: Network, header: dict[str, Any] | None = None) -> None:
        self.network = network
        self.header = header or {}
        self.temperature = float(self.header.get("temperature", 1.0))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """The classifier in a weights file.

        Raises:
            WeightsError: the file is missing, damaged, or its network does not read 28×28 pictures into ten classes.
        """
        network, header = load_network(path)
        if (network.input_shape, network.output_shape) != ((28, 28, 1), (10,)):
            raise WeightsError(f"the network in {path} does not read 28×28 pictures as ten digits: choose another file")
        temperature = header.get("temperature", 1.0)
        if not isinstance(temperature, float) or not 0.01 <= temperature <= 100:
            raise WeightsError(
                f"{path} names the temperature {brief(temperature)}: train it again or take another copy"
            )
        return cls(network, header)

    def predict(self, images: NDArray[np.uint8]) -> NDArray[np.intp]:
        """The digit in each picture: `(n,)`, for uint8 `(n, 28, 28)`, 0 = paper, 255 = ink."""
        return self.predict_proba(images).argmax(axis=1)

    def predict_proba(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The probability of each digit: float32 `(n, 10)`, rows summing to 1, for uint8 `(n, 28, 28)`.

        Raises:
            TypeError, ValueError: the pictures have another dtype or shape.
        """
        return softmax(self.network.predict(images_to_input(images)) / np.float32(self.temperature))
