"""What a recipe learns: the digits of a data set, redrawn ones beside them, and pictures of no digit."""

import numpy as np
from numpy.typing import NDArray

from data.datasets import NO_DIGIT

from .examples.non_digits import outliers
from .examples.redrawn_digits import redraw
from .recipes import Recipe


def training_set(
    recipe: Recipe, images: NDArray[np.uint8], labels: NDArray[np.uint8], seed: int
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The images uint8 `(n, 28, 28)` to learn, and their labels `(n,)`, among which `NO_DIGIT` may be.

    All that is added is made from the images given, which are those to learn, never to validate or test on.
    """
    rng = np.random.default_rng([seed, len(images)])
    digits, others = training_set_size(recipe, len(images))
    rows = rng.integers(len(images), size=digits - len(images))
    parts = [images]
    if len(rows):
        parts.append(redraw(images[rows], labels[rows], rng))
    if others:
        parts.append(outliers(others, images, labels, rng))
    no_digit = np.full(others, NO_DIGIT, labels.dtype)
    return np.concatenate(parts), np.concatenate([labels, labels[rows], no_digit])


def training_set_size(recipe: Recipe, count: int) -> tuple[int, int]:
    """How many digits, and how many pictures of no digit, `training_set` makes of `count` images."""
    return count + round(count * recipe.redrawn), round(count * recipe.outliers)
