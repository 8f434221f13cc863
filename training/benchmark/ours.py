"""This project's contestants in the benchmark."""

import itertools
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from data.datasets import DatasetError, load_dataset
from model.classifier import DigitClassifier
from model.conv_layer import ConvLayer
from model.fc_layer import FCLayer
from model.images import images_to_input
from model.layer import Layer
from model.losses import softmax
from model.network import Network

from ..batches import BATCHES_AHEAD, epoch_batches
from ..optimizers import Adam
from ..parallel.freed_memory import keep_freed_memory
from ..parallel.network import LARGEST_SHARD, ParallelNetwork
from ..recipes import RECIPES, Recipe
from ..runs.progress import read_history
from . import jobs
from .measure import PROCESS, Unavailable, Work
from .processes import run_python, three_runs


def training(name: str, threads: int) -> Work:
    """Whole training steps, from uint8 images to updated parameters."""
    same = learn(*jobs.deterministic_job(name), threads=1, steps=4)()
    step = learn(*jobs.job(name), threads, jobs.STEPS[name])
    return lambda: {"checksum": same, "loss": step()}


def learn(
    network: Network, images: NDArray[np.uint8], targets: NDArray[np.float32], threads: int, steps: int
) -> Callable[[], float]:
    """A function that takes `steps` steps on a batch and returns the last loss."""
    optimizer = Adam()
    parallel = PROCESS.enter_context(ParallelNetwork(network, threads))

    def work() -> float:
        for step in range(steps):
            loss, _ = parallel.learn(images, targets, [step])
            optimizer.step(network.parameters(), parallel.gradients, jobs.LEARNING_RATE)
        return loss

    return work


def passes(name: str) -> Work:
    """The seconds of each layer's forward and backward pass for a shard of 64 images, on one thread, by layer index."""
    keep_freed_memory()
    threadpool_limits(1, user_api="blas")
    network, images, targets = jobs.job(name, LARGEST_SHARD)
    network.draw_from(np.random.default_rng(0))
    _, loss_prime = network.losses()
    input = images_to_input(images)

    def work() -> dict[str, float]:
        times, output = {}, input
        for i, layer in enumerate(network.layers):
            started = time.perf_counter()
            output = layer.forward_propagation(output, training=True)
            times[f"{i} forward"] = time.perf_counter() - started
        error = loss_prime(targets, output)
        for i, layer in reversed(list(enumerate(network.layers))):
            started = time.perf_counter()
            if i:
                error = layer.backward_propagation(error)
            else:
                layer.compute_gradients(error)
            times[f"{i} backward"] = time.perf_counter() - started
        return times

    return work


def training_from_data(augmented: bool, threads: int) -> Work:
    """Training steps of `quick` including the preparation of the batches, as in a run.

    It takes twice as many batches as are prepared at once, so that half of them are prepared while others are learned.
    """
    recipe = RECIPES["quick"] if augmented else replace(RECIPES["quick"], augmentation=None)
    return epoch(recipe, 2 * BATCHES_AHEAD * jobs.BATCH, threads)


def learning(count: int, batch: int, threads: int) -> Work:
    """An epoch of `quick` over `count` images, including the preparation of the batches."""
    return epoch(replace(RECIPES["quick"], batch_size=batch), count, threads)


def epoch(recipe: Recipe, count: int, threads: int) -> Work:
    network, images, _ = jobs.job("quick", count)
    labels = np.zeros(count, np.uint8)
    optimizer = Adam()
    parallel = PROCESS.enter_context(ParallelNetwork(network, threads))

    def work() -> dict[str, float]:
        for step, (pictures, targets) in enumerate(epoch_batches(recipe, images, labels, [0], 0)):
            parallel.learn(pictures, targets, [step])
            optimizer.step(network.parameters(), parallel.gradients, jobs.LEARNING_RATE)
        return {}

    return work


def predicting_one(name: str) -> Work:
    """The probabilities for one image, a hundred times, with BLAS on one thread as in the app."""
    threadpool_limits(1, user_api="blas")
    network, images, _ = jobs.job(name)
    classifier = DigitClassifier(network)

    def work() -> dict[str, float]:
        for image in images[:100]:
            probabilities = classifier.predict_proba(image[None])
        return {"checksum": float(probabilities[0, 0])}

    return work


def predicting_many(name: str, count: int, threads: int) -> Work:
    """The outputs for many images."""
    network, images, _ = jobs.job(name, count)
    parallel = PROCESS.enter_context(ParallelNetwork(network, threads))
    return lambda: {"checksum": float(softmax(parallel.predict(images)[:1])[0, 0])}


def from_nothing(weights: Path) -> Work:
    """A new process up to its first prediction: imports, weights, one image."""
    program = (
        "import sys, numpy; from model.classifier import DigitClassifier; "
        "print(DigitClassifier.load(sys.argv[1]).predict(numpy.zeros((1, 28, 28), numpy.uint8)))"
    )
    return three_runs("-c", program, weights)


def matrix_peak() -> Work:
    """Products of single-precision matrices on all cores: the peak performance of this machine's BLAS."""
    a, b = np.random.default_rng(0).random((2, 2048, 2048), dtype=np.float32)
    product = np.empty_like(a)

    def work() -> dict[str, float]:
        for _ in range(4):
            np.matmul(a, b, out=product)
        return {"operations": 4 * 2 * 2048**3}

    return work


def operations(network: Network) -> int:
    """Multiplications and additions of a training step per image, in convolutions and fully connected layers.

    ∂E/∂W and ∂E/∂X take as many as the forward pass each; the first layer's ∂E/∂X is not computed.
    """
    forwards = [multiplications(layer) for layer in network.layers]
    return 2 * (3 * sum(forwards) - forwards[0])


def multiplications(layer: Layer) -> int:
    if isinstance(layer, ConvLayer):
        assert layer.output_shape is not None
        return layer.weights.size * layer.output_shape[0] * layer.output_shape[1]
    return layer.weights.size if isinstance(layer, FCLayer) else 0


def convolution(depth: int, size: int) -> Work:
    """Forward and backward through a single convolution, on one thread: Y, ∂E/∂W, ∂E/∂B and ∂E/∂X for ∂E/∂Y = Y."""
    keep_freed_memory()
    threadpool_limits(1, user_api="blas")
    layer, images = jobs.convolution_job(depth, size)

    def work() -> dict[str, float]:
        for _ in range(jobs.CONVOLVED // len(images)):
            output = layer.forward_propagation(images, training=True)
            input_error = layer.backward_propagation(output)
        return {"checksum": float(abs(input_error).mean() + abs(layer.gradients["weights"]).mean())}

    return work


def sprint(threads: int) -> Work:
    """A new process that trains recipe `sprint` from start to end, each time with another seed."""
    try:
        load_dataset("mnist")  # so that the decoded images are cached
    except DatasetError as error:
        raise Unavailable(str(error)) from None
    seeds = itertools.count()

    def work() -> dict[str, float]:
        with tempfile.TemporaryDirectory() as folder:
            options = ["--recipe=sprint", "--dataset=mnist", f"--seed={next(seeds)}", f"--threads={threads}"]
            run_python("-m", "training.train", *options, folder=Path(folder))
            last = read_history(Path(folder) / "runs/sprint/history.csv")[-1]
            return {"validation_accuracy": last.validation_accuracy or 0.0}

    return work
