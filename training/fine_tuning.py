"""Fine-tuning: a trained network learns one person's digits without forgetting MNIST.

Trained on a few digits alone, the network would memorize them and forget the others (McCloskey & Cohen, "Catastrophic
Interference in Connectionist Networks", 1989). So each batch mixes some of the digits with many images of the data set
that the network was trained on, all augmented as in its training. At the end the weights are averaged: a mean of the
old and new weights retains nearly all of the old accuracy, and gains most of the new (Wortsman et al., "Robust
Fine-Tuning of Zero-Shot Models", 2022).
"""

import dataclasses
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from data.datasets import Dataset
from model.losses import LOSSES
from model.network import Network

from .batches import epoch_batches
from .optimizers import Adam
from .parallel.network import ParallelNetwork
from .recipes import Recipe
from .schedules import one_cycle
from .trainer import settle, split

STEPS = 250
BATCH_SIZE = 128
OWN_SHARE = 0.25  # share of the person's digits in a batch
LEARNING_RATE = 2e-3  # the highest rate, for Adam
NEW_SHARE = 0.4  # weight of the new weights in the average of old and new
LARGEST_FALL = 0.001  # of the validation accuracy


def fine_tune(
    network: Network,
    recipe: Recipe,
    dataset: Dataset,
    images: NDArray[np.uint8],
    labels: NDArray[np.integer],
    seed: int,
    threads: int,
) -> Iterator[tuple[int, float]]:
    """Fine-tune the network on the images; a generator that takes one step per iteration.

    Args:
        network: float32; changed in place.
        recipe: the recipe that it was trained with: loss, targets and augmentation are used again.
        dataset: the data set that it was trained on; its validation images are not learned.
        images: the person's digits, uint8 `(n, 28, 28)`.
        labels: `(n,)`, their labels.

    Yields:
        the number of steps taken, and the loss of the last step. Fine-tuning is complete after the last pair.
    """
    network.use(*LOSSES[recipe.loss])
    optimizer = Adam()
    old = {name: parameter.copy() for name, parameter in network.parameters().items()}
    pictures = np.concatenate([dataset.train_images, images])
    digits = np.concatenate([dataset.train_labels, labels.astype(np.uint8)])
    rows = mixed_rows(len(dataset.train_images), len(images), seed)
    recipe = dataclasses.replace(recipe, batch_size=BATCH_SIZE)
    with ParallelNetwork(network, threads) as parallel:
        parameters = network.parameters()
        for step, (batch, targets) in enumerate(epoch_batches(recipe, pictures[rows], digits[rows], [seed], done=0)):
            loss, _ = parallel.learn(batch, targets, [seed, 0, step])
            optimizer.step(parameters, parallel.gradients, one_cycle(step / STEPS, LEARNING_RATE))
            if step + 1 == STEPS:
                for name, parameter in parameters.items():
                    parameter += np.float32(1 - NEW_SHARE) * (old[name] - parameter)
                settle(network, dataset)
            yield step + 1, loss


def mixed_rows(count: int, own: int, seed: int) -> NDArray[np.intp]:
    """The rows to learn: random training images of the data set's `count` images, and the `own` images that come after
    them, each equally often, give or take one."""
    total = STEPS * BATCH_SIZE
    own_total = int(OWN_SHARE * total)
    train_rows, _ = split(count)
    drawn = np.random.default_rng(seed).choice(train_rows, total - own_total)
    return np.concatenate([drawn, count + np.resize(np.arange(own), own_total)])


def fell_too_far(before: int, after: int, images: int) -> bool:
    """Whether the accuracy on `images` images, given as right answers before and after, fell too far."""
    return before - after > LARGEST_FALL * images
