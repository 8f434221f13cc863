"""How the learning rate changes in the course of a run."""

import math


def one_cycle(progress: float, peak: float, warm_up: float = 0.25) -> float:
    """Up in a straight line from a 25th of the peak, then down a cosine to nothing.

    Smith & Topin, "Super-Convergence: Very Fast Training of Neural Networks Using Large Learning Rates", 2018. The
    small start lets the weights find a place where the peak does no harm; the small end lets them settle.

    Args:
        progress: the share of all steps that is done, 0 to 1.
        peak: the highest rate.
        warm_up: the share of all steps that goes up.
    """
    if progress < warm_up:
        return peak * (1 + 24 * progress / warm_up) / 25
    return peak * (1 + math.cos(math.pi * (progress - warm_up) / (1 - warm_up))) / 2
