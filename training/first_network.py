"""The article's two networks, XOR and digits, learning one sample after the other, to be looked at in between."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from data.datasets import Dataset
from model import ActivationLayer, FCLayer, Network, mse, mse_prime, tanh, tanh_prime
from model.architectures import build_network
from model.images import images_to_input
from model.layer import Array

XOR_INPUTS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
XOR_TARGETS = np.array([[0.0], [1.0], [1.0], [0.0]])
XOR_EPOCHS = 1_000
LEARNED_DIGITS, OTHER_DIGITS = 1_000, 200  # images: the first are learned, on the next the network is measured
DIGIT_EPOCHS = 5


@dataclass
class Lesson:
    """A network that learns as `Network.fit` does, but only as many samples as one asks for.

    Attributes:
        x, y: the samples `(n, *input_shape)` and their targets `(n, *output_shape)`, learned in their order.
        epochs: when the lesson ends.
        errors: E of each sample, just before it was learned.
        output: Y of the last of them `(*output_shape,)`.
    """

    network: Network
    x: Array
    y: Array
    epochs: int
    errors: list[float] = field(default_factory=list)
    output: Array | None = None

    def learn(self, samples: int, learning_rate: float) -> None:
        """Learn the next samples, each with a step of the learning rate, to the end of the lesson at most."""
        loss, loss_prime = self.network.losses()
        for _ in range(min(samples, self.samples - len(self.errors))):
            place = len(self.errors) % len(self.x)
            target = self.y[place : place + 1]
            output = self.network.forward_propagation(self.x[place : place + 1], training=True)
            self.errors.append(loss(target, output))
            self.network.backward_propagation(loss_prime(target, output), learning_rate)
            self.output = output[0]

    @property
    def samples(self) -> int:
        """How many there are to learn, each as often as there are epochs."""
        return self.epochs * len(self.x)

    @property
    def finished(self) -> bool:
        return len(self.errors) == self.samples

    @property
    def last(self) -> int | None:
        """The place of the sample that was learned last."""
        return (len(self.errors) - 1) % len(self.x) if self.errors else None

    def mean_errors(self, samples: int) -> list[float]:
        """The mean of `errors` over every so many samples, as far as these are complete."""
        complete = len(self.errors) // samples * samples
        return np.reshape(self.errors[:complete], (-1, samples)).mean(axis=1).tolist()


def xor_lesson(seed: int) -> Lesson:
    """The article's XOR network: two inputs, three hidden neurons, one output, tanh after both layers."""
    rng = np.random.default_rng(seed)
    network = Network()
    for layer in (FCLayer(2, 3, rng), ActivationLayer(tanh, tanh_prime), FCLayer(3, 1, rng)):
        network.add(layer)
    network.add(ActivationLayer(tanh, tanh_prime))
    network.use(mse, mse_prime)
    return Lesson(network, XOR_INPUTS, XOR_TARGETS, XOR_EPOCHS)


def digits_lesson(seed: int, dataset: Dataset) -> Lesson:
    """The article's network for digits: one kernel, two fully connected layers, a target of 1 for the right digit."""
    network = build_network("article", np.random.default_rng(seed), np.float64)
    network.use(mse, mse_prime)
    images, labels = dataset.train_images[:LEARNED_DIGITS], dataset.train_labels[:LEARNED_DIGITS]
    return Lesson(network, images_to_input(images).astype(np.float64), np.eye(10)[labels], DIGIT_EPOCHS)


def accuracy_on_others(network: Network, dataset: Dataset) -> float:
    """The share of the images after those that are learned which the network reads right."""
    others = slice(LEARNED_DIGITS, LEARNED_DIGITS + OTHER_DIGITS)
    answers = network.predict(images_to_input(dataset.train_images[others])).argmax(axis=1)
    return float((answers == dataset.train_labels[others]).mean())


def output_over_square(network: Network, positions: Array) -> Array:
    """Outputs of the XOR network where x₁ is each position (columns) and x₂ is (rows): `(len, len)`."""
    x1, x2 = np.meshgrid(positions, positions)
    return network.predict(np.stack([x1.ravel(), x2.ravel()], axis=1)).reshape(x1.shape)


def neuron_lines(network: Network, reach: float = 2.0) -> NDArray[np.float64]:
    """Where each hidden neuron is 0, a straight line in the square: its two ends `(neurons, 2, 2)`.

    The line X · w + b = 0 has its nearest point to the square's centre at a distance of (centre · w + b) / |w|, and
    runs at a right angle to w.
    """
    first = network.layers[0].parameters
    weights, bias = first["weights"].T, first["bias"][0]  # (neurons, 2), (neurons,)
    length = np.linalg.norm(weights, axis=1, keepdims=True)
    normal = weights / length
    centre = np.array([0.5, 0.5])
    nearest = centre - ((weights @ centre + bias)[:, np.newaxis] / length) * normal
    along = reach * np.stack([-normal[:, 1], normal[:, 0]], axis=1)
    return np.stack([nearest - along, nearest + along], axis=1)
