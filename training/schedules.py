"""Learning rate schedules."""

import math


def one_cycle(progress: float, peak: float, warm_up: float = 0.25) -> float:
    """A linear warm-up from 1/25 of the peak, then a cosine decay to 0.

    Smith & Topin, "Super-Convergence: Very Fast Training of Neural Networks Using Large Learning Rates", 2018. The
    warm-up moves the weights to a region where the peak rate is harmless; the decay lets them converge.

    Args:
        progress: the share of all steps taken so far, 0 to 1.
        peak: the highest rate.
        warm_up: the share of all steps in the warm-up.
    """
    if progress < warm_up:
        return peak * (1 + 24 * progress / warm_up) / 25
    return peak * (1 + math.cos(math.pi * (progress - warm_up) / (1 - warm_up))) / 2
