"""Calibration after training: reliable probabilities, and thresholds for withholding an answer."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from model.losses import softmax, softmax_cross_entropy
from model.reading import evidence

UNSURE = 0.02  # share of real digits for which the answer is withheld
REFUSED = 0.0075  # share of real digits that are refused as non-digits: the cost of refusing non-digits


def calibrate(outputs: NDArray[Any], labels: NDArray[np.uint8]) -> dict[str, float]:
    """The temperature and the thresholds of a classifier, under their names in the header of a weights file.

    Args:
        outputs: `(n, 10)`, the network's outputs for digits that it was not trained on.
        labels: `(n,)`, the labels of these digits.
    """
    temperature = fit_temperature(outputs, labels)
    return {"temperature": temperature, **fit_thresholds(outputs, temperature)}


def fit_temperature(outputs: NDArray[Any], labels: NDArray[np.uint8]) -> float:
    """The divisor of a network's outputs with which their softmax gives calibrated probabilities.

    Guo et al., "On Calibration of Modern Neural Networks", 2017: the temperature with the lowest cross-entropy on
    images that the network was not trained on. It changes no answer, only the probabilities.

    Args:
        outputs: `(n, 10)`, the network's outputs for those images.
        labels: `(n,)`, their labels.
    """
    targets = np.eye(10, dtype=outputs.dtype)[labels]
    best = minimize_scalar(
        lambda log: softmax_cross_entropy(targets, outputs / np.exp(log)), bounds=(-5, 5), method="bounded"
    )
    return float(np.exp(best.x))


def fit_thresholds(outputs: NDArray[Any], temperature: float) -> dict[str, float]:
    """The thresholds below which a classifier withholds its answer, under their names in a weights file's header.

    Args:
        outputs: `(n, 10)`, the network's outputs for real digits that it was not trained on.
        temperature: the classifier's temperature.

    Returns:
        `unsure_below`, a quantile of these digits' highest probabilities, and `no_digit_below`, a quantile of their
        evidence.
    """
    logits = outputs / temperature
    return {
        "unsure_below": float(np.quantile(softmax(logits).max(axis=1), UNSURE)),
        "no_digit_below": max(0.0, float(np.quantile(evidence(logits), REFUSED))),
    }
