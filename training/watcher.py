"""Lets others watch a training: how far it is and what it makes of a dozen hard digits, written about once a second."""

import math
import time
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.images import images_to_input
from model.losses import softmax

from .pictures import to_png
from .recipes import Recipe
from .runs.progress import Progress, WatchedDigit, write_progress
from .trainer import Trainer

EVERY = 1.0  # seconds
WATCHED = 12  # digits
LOOKED_THROUGH = 1_000  # validation images, to find the hard ones among


class Watcher:
    """Writes the `progress.json` of a run, about once a second, at the end of each epoch and of the run.

    Args:
        trainer: before its first step, or its first after a pause.
    """

    def __init__(self, trainer: Trainer) -> None:
        dataset, rows = trainer.dataset, trainer.validation_rows[:LOOKED_THROUGH]
        rows = rows[hardest(dataset.train_images[rows], dataset.train_labels[rows])]
        self.images = dataset.train_images[rows]
        self.digits = [
            (int(row), int(dataset.train_labels[row]), to_png(image))
            for row, image in zip(rows, self.images, strict=True)
        ]
        self.began, self.seconds_before = time.perf_counter(), trainer.progress.seconds
        self.steps_before = trainer.steps * trainer.progress.epoch + trainer.progress.step
        self.last = -math.inf

    def __call__(self, trainer: Trainer) -> None:
        """Write, if it is time to: after every step and every epoch, the trainer calls."""
        now = time.perf_counter()
        if now - self.last < EVERY and trainer.progress.step and not trainer.stopping:
            return
        self.last = now
        with suppress(OSError):  # progress is optional: a full disk must not end training
            write_progress(trainer.folder / "progress.json", self.standing(trainer, now - self.began))

    def standing(self, trainer: Trainer, seconds: float) -> Progress:
        """What `progress.json` shall hold, when the trainer was at work for so many seconds."""
        recipe, progress = trainer.recipe, trainer.progress
        done = trainer.steps * progress.epoch + progress.step
        steps_left = trainer.steps * recipe.epochs - done
        images = min(progress.step * recipe.batch_size, trainer.images)
        probabilities = probabilities_of(trainer.network.predict(images_to_input(self.images)), recipe)
        return Progress(
            format=1,
            about=trainer.about,
            epochs=recipe.epochs,
            steps=trainer.steps,
            epoch=progress.epoch,
            step=progress.step,
            loss=float(progress.loss / max(images, 1)),
            accuracy=float(progress.correct / max(images * trainer.digits / trainer.images, 1)),  # of digits alone
            seconds=self.seconds_before + seconds,
            seconds_left=seconds * steps_left / max(done - self.steps_before, 1),
            digits=[
                WatchedDigit(*digit, row.tolist())
                for digit, row in zip(self.digits, probabilities.round(4).astype(float), strict=True)
            ],
        )


def hardest(images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> NDArray[np.intp]:
    """Rows of the `WATCHED` pictures that look most like another digit, sorted by digit: each digit's first, if it can.

    A picture is the harder, the nearer it is to the mean picture of another digit than to that of its own.

    Args:
        images: `(n, 28, 28)`.
        labels: `(n,)`.
    """
    pixels = images.reshape(len(images), -1).astype(np.float32) / 255
    distances = np.full((len(images), 10), np.inf, np.float32)
    for digit in np.unique(labels):
        distances[:, digit] = ((pixels - pixels[labels == digit].mean(axis=0)) ** 2).sum(axis=1)
    own = labels[:, None] == np.arange(10)
    order = np.argsort(np.where(own, np.inf, distances).min(axis=1) - distances[own], kind="stable")
    of_each = np.unique(labels[order], return_index=True)[1]
    chosen = order[np.concatenate([of_each, np.setdiff1d(np.arange(len(order)), of_each)])[:WATCHED]]
    return chosen[np.argsort(labels[chosen], kind="stable")]


def probabilities_of(outputs: NDArray[Any], recipe: Recipe) -> NDArray[Any]:
    """The probability of each digit `(n, 10)`, by outputs `(n, 10)` of a network that is still learning.

    Cross-entropy makes the softmax of the outputs a probability. A squared error makes each output one by itself, on
    the way from the wrong digits' target to the right one's (Richard and Lippmann, "Neural network classifiers estimate
    Bayesian a posteriori probabilities", 1991).
    """
    if recipe.loss == "mse":
        wrong, right = recipe.targets
        return np.nan_to_num((outputs - wrong) / (right - wrong)).clip(0, 1)
    with np.errstate(all="ignore"):
        return np.nan_to_num(softmax(outputs))
