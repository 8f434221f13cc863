"""Fine-tuning: a trained network learns one person's digits, and must not unlearn MNIST for them.

A few digits alone would be learned by heart, and all others forgotten (McCloskey & Cohen, "Catastrophic Interference in
Connectionist Networks", 1989). So each batch mixes some of them with many images of the data set that the network was
trained on, all of them moved at random as in its training. In the end the weights go only a part of the way: a mean of
the old and the new ones knows nearly all that the old knew, and most of what the new learned (Wortsman et al., "Robust
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
OWN_SHARE = 0.25  # of a batch
LEARNING_RATE = 2e-3  # the highest, of Adam
NEW_SHARE = 0.4  # how far the weights go from the old ones to those that were learned
LARGEST_FALL = 0.001  # of the accuracy on the data set's validation images


def fine_tune(
    network: Network,
    recipe: Recipe,
    dataset: Dataset,
    images: NDArray[np.uint8],
    labels: NDArray[np.integer],
    seed: int,
    threads: int,
) -> Iterator[tuple[int, float]]:
    """Let the network learn the pictures, a step each time the next of these pairs is asked for.

    Args:
        network: float32; changed in place.
        recipe: how it was trained: its loss, its targets and its augmentation are used again.
        dataset: what it was trained on; none of the images that its training held back is learned.
        images: the person's, uint8 `(n, 28, 28)`.
        labels: `(n,)`, their digits.

    Yields:
        how many steps are taken, and the loss of the last. With the last of these pairs it is done.
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
    """All rows to be learned: of the data set's `count` images some that it trains on, and its share of the `own` that
    come after them, each of these as often as the others, give or take one."""
    total = STEPS * BATCH_SIZE
    of_own = int(OWN_SHARE * total)
    train_rows, _ = split(count)
    drawn = np.random.default_rng(seed).choice(train_rows, total - of_own)
    return np.concatenate([drawn, count + np.resize(np.arange(own), of_own)])


def too_much_lost(before: int, after: int, images: int) -> bool:
    """Whether so many right answers of `images` fell too far."""
    return before - after > LARGEST_FALL * images
