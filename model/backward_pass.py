"""One picture, backwards through the network: how wrong the answer is, what each number has to do with it; a step."""

import copy
from dataclasses import dataclass

import numpy as np

from .layer import Array, Arrays
from .losses import softmax_cross_entropy, softmax_cross_entropy_prime
from .network import Network


@dataclass(frozen=True, eq=False)
class BackwardPass:
    """What backward propagation leaves of one sample.

    Attributes:
        loss: E = −log of the probability of the right digit.
        errors: ∂E/∂X of each layer, first to last, and behind them ∂E/∂Y of the last; without the batch axis.
        gradients: of each layer, ∂E/∂ of its parameters by name.
    """

    loss: float
    errors: list[Array]
    gradients: list[Arrays]


def backward_pass(network: Network, input: Array, digit: int, temperature: float) -> BackwardPass:
    """E for the right digit, and its derivatives, in prediction state; the network is not changed.

    Nothing is dropped, and batch normalization takes the mean and deviation that it predicts with as constants: in
    training both depend on the other pictures of the batch, and errors go back through them as well.

    Args:
        input: `(1, *network.input_shape)`.
        temperature: divides the outputs before the softmax, as in the probabilities that are shown.
    """
    network = network.replica()
    logits, target, output_error = error_of_outputs(network, input, digit, temperature)
    errors = [output_error]
    for layer in reversed(network.layers):
        errors.append(layer.backward_propagation(errors[-1]))
    gradients = [layer.gradients for layer in network.layers]
    return BackwardPass(softmax_cross_entropy(target, logits), [error[0] for error in reversed(errors)], gradients)


def error_of_outputs(network: Network, input: Array, digit: int, temperature: float) -> tuple[Array, Array, Array]:
    """The logits of one picture as the network predicts, which remembers it; the target for that digit; and ∂E/∂Y.

    All three are `(1, 10)`. E = −log of the digit's probability, the softmax of the logits, which are Y / temperature.
    """
    logits = network.forward_propagation(np.asarray(input, network.dtype)) / temperature
    target = np.eye(logits.shape[-1], dtype=network.dtype)[[digit]]
    return logits, target, softmax_cross_entropy_prime(target, logits) / temperature


def after_step(network: Network, gradients: list[Arrays], learning_rate: float) -> Network:
    """A copy of the network that has taken one step of plain gradient descent: parameter − learning_rate · gradient."""
    learned = copy.deepcopy(network)
    for layer, of_layer in zip(learned.layers, gradients, strict=True):
        for name, parameter in layer.parameters.items():
            parameter -= learning_rate * of_layer[name]
    return learned
