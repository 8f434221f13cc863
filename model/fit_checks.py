"""What `Network.fit` refuses before it changes a weight: numpy computes something from nearly any arrays."""

import math
from collections.abc import Sequence

import numpy as np

from .batch_normalization_layer import BatchNormalizationLayer
from .layer import Array, Layer
from .shapes import Shape, as_row, batch_of


def check_examples(inputs: Array, targets: Array) -> None:
    """Refuse no samples, another number of targets, and what is not finite.

    Raises:
        ValueError: it is so.
    """
    if not len(inputs):
        raise ValueError("there are no samples to learn: x_train is empty")
    if targets.shape[:1] != inputs.shape[:1]:
        raise ValueError(
            f"x_train has the shape {inputs.shape} and y_train {targets.shape}: each sample needs a target"
        )
    for name, array in (("x_train", inputs), ("y_train", targets)):
        if not np.isfinite(array).all():
            raise ValueError(f"{name} holds numbers that are not finite: leave these samples out")


def shaped_targets(targets: Array, output_shape: Shape) -> Array:
    """The targets in the shape of the outputs: the same, but for the two ways to write a row.

    Raises:
        ValueError: they have another shape, and would be broadcast.
    """
    if as_row(targets.shape[1:]) != as_row(output_shape):
        raise ValueError(
            f"the network gives {batch_of(output_shape)}, got targets of shape {targets.shape}: "
            "they need the same; for labels, np.eye(10)[labels] makes rows with a single 1"
        )
    return targets.reshape(len(targets), *output_shape)


def check_layers(layers: Sequence[Layer]) -> None:
    """Refuse batch normalization of rows, which is the same for every row that comes alone: the shift.

    Raises:
        ValueError: there is such a layer.
    """
    for number, layer in enumerate(layers):
        if isinstance(layer, BatchNormalizationLayer) and math.prod((layer.input_shape or ())[:-1]) == 1:
            raise ValueError(
                f"layer {number}, BatchNormalizationLayer, would learn nothing: fit shows it one row at a time, whose "
                "deviation from its own mean is 0. Leave it out, or train in batches, as training/ does"
            )


def not_finite(what: str, learning_rate: float) -> FloatingPointError:
    """The error that ends `fit`."""
    return FloatingPointError(f"{what}: the learning rate is {learning_rate:g}, try a smaller learning_rate")
