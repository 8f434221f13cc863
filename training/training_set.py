"""The training set of a recipe: the digits of a data set, redrawn and written digits, and non-digit images."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from data.datasets import NO_DIGIT

from .examples.non_digits import outliers
from .examples.redrawn_digits import redraw
from .examples.written_digits import write_digits
from .examples.written_signs import write_signs
from .recipes import Recipe


class Added(NamedTuple):
    """The numbers of images that a recipe adds to a data set: two kinds of digits, and non-digit images."""

    redrawn: int
    written: int
    outliers: int


def added_images(recipe: Recipe, count: int) -> Added:
    """The numbers of images that `training_set` adds to `count` images."""
    return Added(*(round(count * share) for share in (recipe.redrawn, recipe.written, recipe.outliers)))


def training_set(
    recipe: Recipe, images: NDArray[np.uint8], labels: NDArray[np.uint8], seed: int
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The images to learn, uint8 `(n, 28, 28)`, and their labels `(n,)`: first digits, then `NO_DIGIT`.

    The added images are made only from the given ones, so never from validation or test images; or from none at all:
    of each digit, equally many are written. Half of the non-digit images are made from digits, half are signs.
    """
    rng = np.random.default_rng([seed, len(images)])
    added = added_images(recipe, len(images))
    rows = rng.integers(len(images), size=added.redrawn)
    written = (np.arange(added.written) % 10).astype(labels.dtype)
    parts = [images]
    if added.redrawn:
        parts.append(redraw(images[rows], labels[rows], rng))
    if added.written:
        parts.append(write_digits(written, rng))
    if added.outliers:
        signs = added.outliers // 2
        parts.append(outliers(added.outliers - signs, images, labels, rng))
        parts.append(write_signs(signs, rng))
    no_digit = np.full(added.outliers, NO_DIGIT, labels.dtype)
    return np.concatenate(parts), np.concatenate([labels, labels[rows], written, no_digit])
