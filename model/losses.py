"""Losses, each with its derivative ∂E/∂Y, where backward propagation starts.

The mean over the batch is taken here, once; layers only sum. `y_true` and `y_pred` have the same shape.
"""

from collections.abc import Callable

import numpy as np

from .layer import Array

Loss = Callable[[Array, Array], float]
LossPrime = Callable[[Array, Array], Array]


def mse(y_true: Array, y_pred: Array) -> float:
    """Mean squared error over all elements."""
    return float(np.mean((y_true - y_pred) ** 2))


def mse_prime(y_true: Array, y_pred: Array) -> Array:
    return 2 * (y_pred - y_true) / y_true.size


def softmax(logits: Array) -> Array:
    """Probabilities along the last axis. The largest logit is taken off first, so that no exponential overflows."""
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


def softmax_cross_entropy(y_true: Array, y_pred: Array) -> float:
    """Mean of −Σ y_true · log softmax(y_pred) over the samples.

    Args:
        y_true: `(n, classes)` probabilities, such as rows with a single 1.
        y_pred: `(n, classes)` logits. Softmax belongs to the loss: the derivative of the two together is simpler, and
            exact where the probabilities themselves would round to 0.
    """
    shifted = y_pred - y_pred.max(axis=-1, keepdims=True)
    log_probabilities = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return float(-(y_true * log_probabilities).sum(axis=-1).mean())


def softmax_cross_entropy_prime(y_true: Array, y_pred: Array) -> Array:
    """(softmax(y_pred) − y_true) / n, for rows of `y_true` that sum to 1."""
    samples = y_true.size // y_true.shape[-1]
    return (softmax(y_pred) - y_true) / samples


# Recipes name their loss.
LOSSES: dict[str, tuple[Loss, LossPrime]] = {
    "mse": (mse, mse_prime),
    "softmax_cross_entropy": (softmax_cross_entropy, softmax_cross_entropy_prime),
}
