"""Losses E, each with its derivative ∂E/∂Y, where backward propagation starts.

The mean over the batch is taken here, once; layers only sum. `y_true` is Y*, what the output `y_pred`, Y, should be.
Both have the same shape, else a ValueError says so: numpy would broadcast labels to one-hot rows, and the network learn
nonsense.
"""

from collections.abc import Callable

import numpy as np

from .layer import Array

Loss = Callable[[Array, Array], float]
LossPrime = Callable[[Array, Array], Array]


def mse(y_true: Array, y_pred: Array) -> float:
    """The mean squared error E = mean((Y* − Y)²), over all elements."""
    _refuse_other_shapes(y_true, y_pred)
    return float(np.mean((y_true - y_pred) ** 2))


def mse_prime(y_true: Array, y_pred: Array) -> Array:
    """∂E/∂Y = 2 (Y − Y*) / size, where size is the number of elements."""
    _refuse_other_shapes(y_true, y_pred)
    return 2 * (y_pred - y_true) / np.size(y_true)


def softmax(logits: Array) -> Array:
    """exp(Y) / Σ exp(Y) along the last axis: probabilities."""
    exponentials = np.exp(less_the_largest(logits))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


def softmax_cross_entropy(y_true: Array, y_pred: Array) -> float:
    """E = −Σ Y* · log softmax(Y), the mean over the samples.

    Args:
        y_true: `(n, classes)` probabilities, such as rows with a single 1.
        y_pred: `(n, classes)` logits. Softmax belongs to the loss: the derivative of the two together is simpler, and
            exact where the probabilities themselves would round to 0.
    """
    _refuse_other_shapes(y_true, y_pred)
    logits = less_the_largest(y_pred.astype(np.float64))
    log_probabilities = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    # Where Y* is 0 nothing is added, though the logarithm be −∞.
    terms = np.multiply(y_true, log_probabilities, out=np.zeros_like(logits), where=y_true != 0)
    return float(-terms.sum(axis=-1).mean())


def softmax_cross_entropy_prime(y_true: Array, y_pred: Array) -> Array:
    """∂E/∂Y = (softmax(Y) − Y*) / n, for rows of Y* that sum to 1."""
    _refuse_other_shapes(y_true, y_pred)
    samples = y_true.size // y_true.shape[-1]
    return (softmax(y_pred) - y_true) / samples


def _refuse_other_shapes(y_true: Array, y_pred: Array) -> None:
    if np.shape(y_true) != np.shape(y_pred):
        shapes = f"y_true {np.shape(y_true)} and y_pred {np.shape(y_pred)}"
        raise ValueError(f"a loss compares arrays of the same shape, got {shapes}")


def less_the_largest(logits: Array) -> Array:
    """Logits less the largest: their softmax is the same, and no exponential overflows.

    Where the difference itself does it is −∞, and its exponential 0.
    """
    with np.errstate(over="ignore"):
        return logits - logits.max(axis=-1, keepdims=True)


# Recipes name their loss.
LOSSES: dict[str, tuple[Loss, LossPrime]] = {
    "mse": (mse, mse_prime),
    "softmax_cross_entropy": (softmax_cross_entropy, softmax_cross_entropy_prime),
}
