"""What would have to change in a picture for another answer: the article's ∂E/∂X, carried on to the pixels.

Simonyan, Vedaldi & Zisserman, "Deep Inside Convolutional Networks: Visualising Image Classification Models and
Saliency Maps", 2013.
"""

from dataclasses import dataclass
from functools import singledispatch

import numpy as np
from numpy.typing import NDArray

from .batch_normalization_layer import BatchNormalizationLayer
from .classifier import DigitClassifier
from .conv_layer import ConvLayer
from .dropout_layer import DropoutLayer
from .fc_layer import FCLayer
from .images import images_to_input
from .layer import Array, Layer
from .losses import softmax, softmax_cross_entropy_prime
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
    network = network_as_it_predicts(classifier.network)
    return input_error(network, images_to_input(image[np.newaxis]), digit, classifier.temperature)[1]


def change_until(classifier: DigitClassifier, image: NDArray[np.uint8], digit: int) -> ChangedPicture:
    """Small steps along −∂E/∂X, each `STEP` long, until the picture is read as `digit` or `MOST_STEPS` are taken.

    Pixels stay between paper and ink: what can go no further does not count in a step's length. So small a change can
    be hard to see: Szegedy et al., "Intriguing properties of neural networks", 2013.
    """
    network = network_as_it_predicts(classifier.network)
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


def network_as_it_predicts(network: Network) -> Network:
    """A replica whose training passes do what the network does in prediction, so that it can be run backwards."""
    replica = network.replica()
    replica.layers = [twin for layer in network.layers if (twin := as_it_predicts(layer)) is not None]
    return replica


@singledispatch
def as_it_predicts(layer: Layer) -> Layer | None:
    """A replica that does while training what the layer does in prediction; None where that is nothing."""
    return layer.replica()


@as_it_predicts.register
def _(layer: BatchNormalizationLayer) -> Layer | None:
    """A line at each depth is a kernel of one pixel, or a fully connected layer, whose neurons see one input each."""
    assert layer.input_shape is not None
    slope, offset = layer.line()
    twin = (
        ConvLayer(kernel_shape=(1, 1), layer_depth=len(slope))
        if len(layer.input_shape) == 3
        else FCLayer(output_shape=slope.shape)
    )
    twin.build(layer.input_shape, dtype=slope.dtype)
    twin.weights[...] = np.diag(slope)
    twin.bias[...] = offset
    return twin


@as_it_predicts.register
def _(layer: DropoutLayer) -> Layer | None:
    return None


def input_error(network: Network, input: Array, digit: int, temperature: float) -> tuple[Array, Array]:
    """The ten probabilities `(10,)` of one picture `(1, 28, 28, 1)`, and ∂E/∂X `(28, 28)` for that digit."""
    output = network.forward_propagation(input.astype(network.dtype), training=True) / temperature
    target = np.eye(output.shape[-1], dtype=network.dtype)[[digit]]
    output_error = softmax_cross_entropy_prime(target, output) / temperature
    return softmax(output)[0], network.backward_propagation(output_error)[0, :, :, 0]
