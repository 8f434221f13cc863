"""The batches of an epoch: shuffled, augmented, and prepared in a background thread while earlier ones are learned."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from data.datasets import NO_DIGIT

from .examples.augmentation import augment
from .recipes import Recipe

BATCHES_AHEAD = 64  # prepared together, while the 64 before are learned

Batch = tuple[NDArray[np.uint8], NDArray[np.float32]]


def epoch_batches(
    recipe: Recipe,
    images: NDArray[np.uint8],
    labels: NDArray[np.uint8],
    seed: list[int],
    done: int,
) -> Iterator[Batch]:
    """The images and targets of each step of an epoch.

    Args:
        seed: determines the order of the images and everything random in this epoch.
        done: the number of steps to skip; the other steps are the same as without skipping.
    """
    size = recipe.batch_size
    order = np.random.default_rng(seed).permutation(len(images))
    steps = -(-len(order) // size)

    def prepare(batch: int) -> Batch:
        ahead = order[batch * size : (batch + BATCHES_AHEAD) * size]
        pictures = images[ahead]
        if recipe.augmentation is not None:
            pictures = augment(pictures, size, recipe.augmentation, np.random.default_rng([*seed, batch]))
        return pictures, targets_for(labels[ahead], recipe.targets)

    skipped = done % BATCHES_AHEAD
    with ThreadPoolExecutor(1) as pool:
        first = done - skipped
        waiting = pool.submit(prepare, first)
        for batch in range(first, steps, BATCHES_AHEAD):
            pictures, targets = waiting.result()
            if batch + BATCHES_AHEAD < steps:
                waiting = pool.submit(prepare, batch + BATCHES_AHEAD)
            for start in range(skipped * size, len(pictures), size):
                yield pictures[start : start + size], targets[start : start + size]
            skipped = 0


def targets_for(labels: NDArray[np.uint8], targets: tuple[float, float]) -> NDArray[np.float32]:
    """The target of each output for each label, `(n, 10)`; `targets` are the values for wrong and right digits.

    For a non-digit image all ten are their mean, so that no answer is better than another.
    """
    wrong, right = targets
    outputs = np.where(labels[:, None] == np.arange(10), np.float32(right), np.float32(wrong))
    outputs[labels == NO_DIGIT] = (9 * wrong + right) / 10
    return outputs
