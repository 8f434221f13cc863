"""What would have to change in a picture for another answer: the article's ∂E/∂X, carried on to the pixels.

Simonyan, Vedaldi & Zisserman, "Deep Inside Convolutional Networks: Visualising Image Classification Models and
Saliency Maps", 2013.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .backward_pass import error_of_outputs
from .classifier import DigitClassifier
from .images import images_to_input
from .layer import Array
from .losses import softmax
from .network import Network

STEP = 0.2  # how far a step goes, where the change of one pixel from paper to ink is 1
MOST_STEPS = 100


@dataclass(frozen=True)
class ChangedPicture:
    """A picture on its way to another answer.

    Attributes:
        image: uint8 `(28, 28)`, 0 = paper, 255 = ink.
        probabilities: what the classifier reads in it, `(10,)`.
        steps: how many steps it took.
    """

    image: NDArray[np.uint8]
    probabilities: Array
    steps: int


def saliency(classifier: DigitClassifier, image: NDArray[np.uint8], digit: int) -> Array:
    """∂E/∂X of a picture, where E = −log of the probability that it shows `digit`.

    Where it is negative more ink would make the digit likelier, where it is positive less ink would. The classifier is
    not changed: any number of threads may ask at once.

    Args:
        image: uint8 `(28, 28)`, 0 = paper, 255 = ink.

    Returns:
        `(28, 28)` in the network's dtype, for pixels from 0 to 1.
    """
    network = classifier.network.replica()
    return input_error(network, images_to_input(image[np.newaxis]), digit, classifier.temperature)[1]


def change_until(classifier: DigitClassifier, image: NDArray[np.uint8], digit: int) -> ChangedPicture:
    """Small steps along −∂E/∂X, each `STEP` long, until the picture is read as `digit` or `MOST_STEPS` are taken.

    Pixels stay between paper and ink: what can go no further does not count in a step's length. So small a change can
    be hard to see: Szegedy et al., "Intriguing properties of neural networks", 2013.
    """
    network = classifier.network.replica()
    pixels = image / 255
    for steps in range(MOST_STEPS + 1):
        changed = np.round(pixels * 255).astype(np.uint8)  # a picture like any other, not one between two shades
        probabilities, error = input_error(network, images_to_input(changed[np.newaxis]), digit, classifier.temperature)
        direction = -error.astype(np.float64)
        direction[((pixels <= 0) & (direction < 0)) | ((pixels >= 1) & (direction > 0))] = 0
        length = np.linalg.norm(direction)
        if probabilities.argmax() == digit or steps == MOST_STEPS or length == 0:
            break
        pixels = np.clip(pixels + STEP / length * direction, 0, 1)
    return ChangedPicture(changed, probabilities, steps)


def input_error(network: Network, input: Array, digit: int, temperature: float) -> tuple[Array, Array]:
    """The ten probabilities `(10,)` of one picture `(1, 28, 28, 1)`, and ∂E/∂X `(28, 28)` for that digit."""
    logits, _, output_error = error_of_outputs(network, input, digit, temperature)
    return softmax(logits)[0], network.backward_propagation(output_error)[0, :, :, 0]
