"""Calibration: making answers honest after training."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from model.losses import softmax, softmax_cross_entropy
from model.reading import evidence

UNSURE = 0.02  # the share of real digits for which an answer is withheld
REFUSED = 0.015  # the share of real digits that are refused as none: the price of refusing what is none


def calibrate(outputs: NDArray[Any], labels: NDArray[np.uint8]) -> dict[str, float]:
    """All that a classifier needs to answer honestly, as the header of its weights names it.

    Args:
        outputs: `(n, 10)`, the network's for digits that it was not trained on.
        labels: `(n,)`, these digits.
    """
    temperature = fit_temperature(outputs, labels)
    return {"temperature": temperature, **fit_thresholds(outputs, temperature)}


def fit_temperature(outputs: NDArray[Any], labels: NDArray[np.uint8]) -> float:
    """What to divide a network's outputs by, so that their softmax is as sure as it is right.

    Guo et al., "On Calibration of Modern Neural Networks", 2017: the temperature with the lowest cross-entropy on
    images that the network was not trained on. It changes no answer, only how sure the network is of it.

    Args:
        outputs: `(n, 10)`, the network's for those images.
        labels: `(n,)`, their digits.
    """
    targets = np.eye(10, dtype=outputs.dtype)[labels]
    best = minimize_scalar(
        lambda log: softmax_cross_entropy(targets, outputs / np.exp(log)), bounds=(-5, 5), method="bounded"
    )
    return float(np.exp(best.x))


def fit_thresholds(outputs: NDArray[Any], temperature: float) -> dict[str, float]:
    """Where a classifier begins to doubt, as the header of its weights names it.

    Args:
        outputs: `(n, 10)`, the network's for real digits that it was not trained on.
        temperature: what the classifier will divide them by.

    Returns:
        `unsure_below`, the probability below which the least certain of these digits lie, and `no_digit_below`, the
        evidence below which those lie that look least like a digit.
    """
    logits = outputs / temperature
    return {
        "unsure_below": float(np.quantile(softmax(logits).max(axis=1), UNSURE)),
        "no_digit_below": max(0.0, float(np.quantile(evidence(logits), REFUSED))),
    }
