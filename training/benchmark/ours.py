"""This project's side of the benchmark."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from model.classifier import DigitClassifier
from model.conv_layer import ConvLayer
from model.fc_layer import FCLayer
from model.images import images_to_input
from model.layer import Layer
from model.network import Network

from ..batches import epoch_batches
from ..optimizers import Adam
from ..parallel import ParallelNetwork
from ..recipes import RECIPES
from . import jobs
from .measure import Work
from .processes import first_prediction


def training(name: str, threads: int) -> Work:
    """Whole training steps, from uint8 pictures to changed parameters."""
    network, images, targets = jobs.job(name)
    assert network.loss is not None
    first_loss = network.loss(targets, network.predict(images_to_input(images)))
    optimizer = Adam()
    parallel = ParallelNetwork(network, threads).__enter__()  # for as long as the process lives

    def work() -> dict[str, float]:
        for step in range(jobs.STEPS[name]):
            loss, _ = parallel.learn(images, targets, [step])
            optimizer.step(network.parameters(), parallel.gradients, jobs.LEARNING_RATE)
        return {"first_loss": first_loss, "loss": loss}

    return work


def training_from_data(augmented: bool, threads: int) -> Work:
    """Training steps of `quick` with all that prepares their batches, as a run has them."""
    recipe = RECIPES["quick"]
    network, images, _ = jobs.job("quick", 64 * jobs.BATCH)
    images = np.tile(images, (2, 1, 1))  # two times 64 batches: one is prepared while the other is learned
    labels = np.zeros(len(images), np.uint8)
    if not augmented:
        recipe = replace(recipe, augmentation=None)
    optimizer = Adam()
    parallel = ParallelNetwork(network, threads).__enter__()

    def work() -> dict[str, float]:
        batches = epoch_batches(recipe, images, labels, [0], 0)
        for step, (pictures, targets) in enumerate(batches):
            parallel.learn(pictures, targets, [step])
            optimizer.step(network.parameters(), parallel.gradients, jobs.LEARNING_RATE)
        return {}

    return work


def predicting_one(name: str) -> Work:
    """The probabilities of one picture, a hundred times, with BLAS on one thread as in the app."""
    threadpool_limits(1, user_api="blas")
    network, images, _ = jobs.job(name)
    classifier = DigitClassifier(network)

    def work() -> dict[str, float]:
        for image in images[:100]:
            probabilities = classifier.predict_proba(image[None])
        return {"first": float(probabilities[0, 0])}

    return work


def predicting_many(name: str, count: int, threads: int) -> Work:
    """The outputs for many pictures."""
    network, images, _ = jobs.job(name, count)
    parallel = ParallelNetwork(network, threads).__enter__()
    return lambda: {"first": float(parallel.predict(images)[0, 0])}


def from_nothing(weights: Path) -> Work:
    """A fresh process to its first prediction: the imports, the weights, one picture."""
    program = (
        "import sys, numpy; from model.classifier import DigitClassifier; "
        "print(DigitClassifier.load(sys.argv[1]).predict(numpy.zeros((1, 28, 28), numpy.uint8)))"
    )
    return first_prediction([sys.executable, "-c", program, str(weights)])


def matrix_peak() -> Work:
    """Products of single-precision matrices on all cores: the most that this machine's BLAS does."""
    a, b = np.random.default_rng(0).random((2, 2048, 2048), dtype=np.float32)
    product = np.empty_like(a)

    def work() -> dict[str, float]:
        for _ in range(4):
            np.matmul(a, b, out=product)
        return {"operations": 4 * 2 * 2048**3}

    return work


def operations(network: Network) -> int:
    """Multiplications and additions of one picture's training step, in its convolutions and fully connected layers.

    As many in the weights' gradients and in ∂E/∂X as forwards; the first layer's ∂E/∂X is not computed.
    """
    forwards = [multiplications(layer) for layer in network.layers]
    return 2 * (3 * sum(forwards) - forwards[0])


def multiplications(layer: Layer) -> int:
    if isinstance(layer, ConvLayer):
        assert layer.output_shape is not None
        return layer.weights.size * layer.output_shape[0] * layer.output_shape[1]
    return layer.weights.size if isinstance(layer, FCLayer) else 0
